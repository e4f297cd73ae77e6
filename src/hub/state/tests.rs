//! The machine by itself, on a made-up clock.

use bytes::Bytes;

use super::*;
use crate::hub::sink::Delivery;
use crate::hub::{Events, Overflow};
use crate::model::{Event, PresenceChange, RoomKind, TokenId};

const GRACE: Duration = Duration::from_secs(30);

/// Takes everything; what it takes is looked at on its way.
struct Nowhere;

impl Sink for Nowhere {
    fn push(&self, _: RoomId, _: Delivery) -> Result<bool, Overflow> {
        Ok(false)
    }

    fn flush(&self) {}

    fn close(&self, _: EndReason, _: Bytes) {}

    fn was_closed(&self) -> bool {
        false
    }
}

struct Machine {
    state: HubState,
    now: Moment,
}

/// What is to be done.
#[derive(Default)]
struct Done {
    /// `2: online 1`: session 2 is told that user 1 is there; `2 ends Displaced`.
    told: Vec<String>,
    effects: Effects,
}

impl Machine {
    fn new() -> Self {
        let instant = Instant::now();
        let now = Moment {
            instant,
            at: Timestamp(1_000),
        };
        let state = HubState::new(
            NodeId(1),
            Tap::new(Arc::new(crate::hub::SystemClock)),
            GRACE,
            now,
        );
        Self { state, now }
    }

    fn pass(&mut self, time: Duration) {
        self.now.instant += time;
        self.now.at.0 += i64::try_from(time.as_millis()).unwrap();
    }

    fn tell(&mut self, work: impl FnOnce(&mut HubState, Moment)) -> Done {
        self.state.begin(self.now);
        work(&mut self.state, self.now);
        let mut told = Vec::new();
        loop {
            let outgoing = self.state.take_outgoing();
            if outgoing.is_empty() {
                let effects = self.state.finish();
                return Done { told, effects };
            }
            told.extend(outgoing.iter().flat_map(lines));
        }
    }

    fn open(&mut self, user: i32, kind: UserKind) -> SessionId {
        let entry = entry(user, kind);
        let mut opened = SessionId(0);
        self.tell(|state, _| opened = state.open_exclusive_entry(entry, None).unwrap());
        opened
    }

    fn join(&mut self, session: SessionId) -> Vec<String> {
        let attach = |state: &mut HubState, _| {
            state.attach(session, &room(), Seq(0));
        };
        self.tell(attach).told
    }

    fn break_off(&mut self, session: SessionId) -> Done {
        self.tell(|state, _| state.remove_entry(session, Some(Duration::ZERO)))
    }

    fn depart(&mut self) -> Done {
        self.tell(|state, _| state.depart())
    }
}

fn lines(outgoing: &Outgoing) -> Vec<String> {
    match outgoing {
        Outgoing::Push {
            session, delivery, ..
        } => {
            let events = delivery.events.iter();
            events
                .map(|event| format!("{session}: {}", line(event)))
                .collect()
        }
        Outgoing::Close { reason, .. } => vec![format!("closed: {reason:?}")],
        Outgoing::ChangeReader(_) => vec!["another reader".to_owned()],
        Outgoing::Flush(_) => Vec::new(),
    }
}

fn line(event: &Event) -> String {
    match event {
        Event::Presence(event) => {
            let what = match event.change {
                PresenceChange::Online => "online",
                PresenceChange::Idle => "idle",
                PresenceChange::Back => "back",
                PresenceChange::Offline => "offline",
            };
            format!("{what} {}", event.who.user.id)
        }
        other => format!("{other:?}"),
    }
}

fn room() -> Arc<RoomRef> {
    Arc::new(RoomRef {
        id: RoomId(7),
        name: "tea".into(),
        title: String::new(),
        description: String::new(),
        kind: RoomKind::Public,
        protected: false,
        owner: None,
        pair: None,
        created: Timestamp(1),
        updated: Timestamp(1),
    })
}

fn entry(id: i32, kind: UserKind) -> SessionEntry {
    let user = User {
        id: UserId(id),
        login: format!("user{id}"),
        name: String::new(),
        description: String::new(),
        kind,
        created: Timestamp(1),
        disabled: false,
        operator: false,
    };
    let user = Arc::new(user);
    SessionEntry {
        current: CurrentUser::new(user.clone()),
        reference: Arc::new(user.to_ref()),
        user,
        sink: Arc::new(Nowhere),
        encoder: Events::encoder(),
        scope: Scope::AllRooms,
        dialect: "x",
        number: Default::default(),
        address: None,
        since: Timestamp(1),
        exclusive: true,
        token: Some(TokenId(id)),
        password_mark: 0,
        by_api_token: false,
        silent: false,
        rooms: BTreeSet::new(),
        known: BTreeSet::new(),
    }
}

#[test]
fn who_breaks_off_is_idle_for_the_grace_then_absent() {
    let mut machine = Machine::new();
    let (anna, boris) = (
        machine.open(1, UserKind::Account),
        machine.open(2, UserKind::Account),
    );
    assert_eq!(machine.join(anna), ["1: online 1"]);
    assert_eq!(machine.join(boris), ["1: online 2", "2: online 2"]);
    let done = machine.break_off(boris);
    assert_eq!(done.told, ["1: idle 2"]);
    assert_eq!(done.effects.used_tokens, [TokenId(2)]);
    assert!(done.effects.is_due_sooner);
    machine.pass(GRACE / 2);
    assert!(machine.depart().told.is_empty());
    // Back in time, nobody hears that it was away for good.
    let again = machine.open(2, UserKind::Account);
    assert_eq!(machine.join(again), ["1: back 2", "3: back 2"]);
    machine.break_off(again);
    machine.pass(GRACE);
    assert_eq!(machine.depart().told, ["1: offline 2"]);
    assert!(!machine.state.online.contains_key(&UserId(2)));
}

#[test]
fn a_silent_session_is_idle_until_it_says_something() {
    let mut machine = Machine::new();
    let anna = machine.open(1, UserKind::Account);
    machine.join(anna);
    for (silent, told) in [
        (true, vec!["1: idle 1"]),
        (true, vec![]),
        (false, vec!["1: back 1"]),
    ] {
        let done = machine.tell(|state, _| state.set_silent(anna, silent));
        assert_eq!(done.told, told);
    }
}

#[test]
fn a_connection_that_is_silent_is_displaced_and_one_that_speaks_is_not() {
    let mut machine = Machine::new();
    let old = machine.open(1, UserKind::Account);
    let refused = machine
        .state
        .open_exclusive_entry(entry(1, UserKind::Account), None);
    assert_eq!(refused, Err(crate::model::Error::AlreadyConnected));
    machine.tell(|state, _| state.set_silent(old, true));
    let done = machine.tell(|state, _| {
        let new = state.open_exclusive_entry(entry(1, UserKind::Account), None);
        assert_eq!(new, Ok(SessionId(2)));
    });
    assert_eq!(done.told, ["closed: Displaced"]);
    assert_eq!(machine.state.sessions.len(), 1);
}

#[test]
fn a_guest_that_left_is_to_be_ended_in_the_store() {
    let mut machine = Machine::new();
    let guest = machine.open(5, UserKind::Guest);
    machine.join(guest);
    let done = machine.tell(|state, _| state.remove_entry(guest, None));
    assert_eq!(done.effects.gone_guests, [UserId(5)]);
    assert!(machine.state.live_rooms.is_empty());
    let done = machine.tell(|state, _| state.unended_guests.push(UserId(5)));
    assert!(done.effects.is_due_sooner, "it is tried again");
}

#[test]
fn who_is_too_slow_is_ended_and_idle_for_the_others() {
    let mut machine = Machine::new();
    let (anna, boris) = (
        machine.open(1, UserKind::Account),
        machine.open(2, UserKind::Account),
    );
    machine.join(anna);
    machine.join(boris);
    let done = machine.tell(|state, _| state.overflowed(boris));
    assert_eq!(done.told, ["closed: TooSlow", "1: idle 2"]);
}

#[test]
fn what_is_kept_of_a_session_is_small() {
    let sizes = [
        size_of::<SessionEntry>(),
        size_of::<OnlineUser>(),
        size_of::<Subscriber>(),
        size_of::<PresenceEntry>(),
    ];
    let most = [168, 112, 48, 16];
    let mut pairs = sizes.iter().zip(&most);
    assert!(pairs.all(|(size, most)| size <= most), "{sizes:?}");
}
