//! Who hears of what, in which order, and what each form makes of it.

use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use tolmach::commands;
use tolmach::hub::{
    Audience, ConnectionInfo, Delivery, Encoded, Encoding, EventEncoder, Events, Overflow, Scope,
    SharedEncoder, Sink,
};
use tolmach::model::{EndReason, Event, Role, RoomChange, RoomId, RoomKind};

use crate::support::{
    BOUNDS, Client, World, by_id, create_room, login, name, register, say, to_user,
};

/// The numbers of a room's changes that a session was told, and the texts it was told.
fn seqs(events: &[Event]) -> Vec<i64> {
    let seq = |event: &Event| match event {
        Event::Room(event) => Some(event.seq.0),
        _ => None,
    };
    events.iter().filter_map(seq).collect()
}

#[tokio::test]
async fn a_message_reaches_the_sessions_of_the_members_and_no_other() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris, mut outsider] =
            world.accounts(["anna", "boris", "outsider"]).await;
        world
            .room(
                "tea",
                RoomKind::Public,
                [("anna", Role::Member), ("boris", Role::Member)],
            )
            .await;
        world
            .room(
                "coffee",
                RoomKind::Public,
                [("outsider", Role::Member), ("boris", Role::Member)],
            )
            .await;
        let mut annas = world.again("anna").await;
        let mut elsewhere = world
            .seat(world.client_over("one", false, Scope::OneRoom), "boris")
            .await;
        elsewhere.enter(name("coffee")).await;
        for client in [
            &mut anna,
            &mut boris,
            &mut outsider,
            &mut annas,
            &mut elsewhere,
        ] {
            client.told();
        }
        anna.say(name("tea"), "hello").await;
        for client in [&mut anna, &mut annas, &mut boris] {
            assert_eq!(client.heard(), ["#tea anna: hello"]);
        }
        for client in [&mut outsider, &mut elsewhere] {
            assert_eq!(client.heard(), [""; 0]);
        }
    }
}

#[tokio::test]
async fn all_sessions_see_all_changes_once_in_one_order() {
    for world in World::of_each_kind().await {
        let room = world.room("tea", RoomKind::Public, []).await;
        let mut clients: Vec<Client> = world.accounts(["a", "b", "c", "d"]).await.into();
        for client in &mut clients {
            client.enter(name("tea")).await;
        }
        let mut listener = world.account("listener").await;
        listener.enter(name("tea")).await;
        clients.iter_mut().for_each(|client| drop(client.told()));
        listener.told();
        let from = world.stored(room.id).await.seq.0;
        let mut talking = tokio::task::JoinSet::new();
        for (number, mut client) in clients.into_iter().enumerate() {
            talking.spawn(async move {
                for turn in 0..50 {
                    let message = client.say(name("tea"), &format!("{number}.{turn}")).await;
                    if turn % 10 == 0 {
                        client.ok(commands::Edit::text(message.id, "edited")).await;
                    }
                }
                client
            });
        }
        let mut clients = talking.join_all().await;
        world.settled().await;
        let heard = listener.told();
        let expected: Vec<i64> = (from + 1..=from + 4 * 55).collect();
        assert_eq!(seqs(&heard), expected);
        for client in &mut clients {
            assert_eq!(client.told(), heard);
        }
        world.assert_gapless(room.id).await;
    }
}

#[tokio::test]
async fn who_comes_while_others_talk_hears_just_what_comes_after() {
    for world in World::of_each_kind().await {
        let room = world.room("tea", RoomKind::Public, []).await;
        let mut anna = world.account("anna").await;
        anna.enter(name("tea")).await;
        world.op(register("boris")).await;
        let mut late = Vec::new();
        for _ in 0..4 {
            late.push(
                world
                    .seat(world.client_over("one", false, Scope::OneRoom), "boris")
                    .await,
            );
        }
        let talking = tokio::spawn(async move {
            for turn in 0..200 {
                anna.say(name("tea"), &turn.to_string()).await;
            }
        });
        let mut coming = tokio::task::JoinSet::new();
        for (number, mut client) in late.into_iter().enumerate() {
            coming.spawn(async move {
                for _ in 0..number * 20 {
                    tokio::task::yield_now().await;
                }
                let (_, seq, _) = client.enter(name("tea")).await;
                (client, seq)
            });
        }
        let came = coming.join_all().await;
        talking.await.unwrap();
        world.settled().await;
        let last = world.stored(room.id).await.seq.0;
        for (mut client, seq) in came {
            assert_eq!(seqs(&client.told()), (seq.0 + 1..=last).collect::<Vec<_>>());
        }
    }
}

#[tokio::test]
async fn a_session_that_opens_while_others_talk_misses_nothing_between_history_and_events() {
    for world in World::of_each_kind().await {
        let [mut anna, boris] = world.accounts(["anna", "boris"]).await;
        drop(boris);
        world
            .room(
                "tea",
                RoomKind::Public,
                [("anna", Role::Member), ("boris", Role::Member)],
            )
            .await;
        let talking = tokio::spawn(async move {
            for turn in 0..200 {
                anna.say(name("tea"), &turn.to_string()).await;
            }
        });
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        let mut boris = world.again("boris").await;
        let history = boris.texts(name("tea")).await;
        talking.await.unwrap();
        world.settled().await;
        let heard: Vec<String> = boris
            .heard()
            .iter()
            .filter_map(|line| Some(line.strip_prefix("#tea anna: ")?.to_owned()))
            .collect();
        let first: usize = heard.first().map_or(200, |text| text.parse().unwrap());
        assert!(first <= history.len(), "{first} {}", history.len());
        assert_eq!(
            heard,
            (first..200)
                .map(|turn| turn.to_string())
                .collect::<Vec<_>>()
        );
    }
}

#[tokio::test]
async fn a_command_is_answered_after_its_events_are_told() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
    for client in [&mut anna, &mut boris] {
        client.enter(name("tea")).await;
    }
    anna.told();
    boris.told();
    for turn in 0..10 {
        anna.say(name("tea"), &turn.to_string()).await;
        assert_eq!(boris.heard(), [format!("#tea anna: {turn}")]);
    }
}

/// Writes down how a session stands to each event; ends its session where it is told that its user was removed.
#[derive(Default)]
struct Notes(Mutex<Vec<(String, Audience)>>);

impl EventEncoder for Notes {
    fn encode(&self, event: &Arc<Event>, out: &mut Encoding) {
        let Event::Room(event) = &**event else {
            return;
        };
        let mine = [Audience::Own, Audience::Origin];
        let what = match &event.change {
            RoomChange::Posted(message) => message.text.clone(),
            RoomChange::MemberJoined { user } => format!("joined {}", user.login),
            RoomChange::MemberRemoved { user } => format!("removed {}", user.login),
            _ => return,
        };
        let note = |audience| {
            let what = what.clone();
            move |out: &mut BytesMut| {
                self.0.lock().unwrap().push((what, audience));
                let frame = format!("{audience:?};");
                out.extend_from_slice(frame.as_bytes());
                Encoded::frames(1)
            }
        };
        out.all(note(Audience::Other));
        if matches!(event.change, RoomChange::MemberRemoved { .. }) {
            out.instead(&mine, |_| Encoded::ending(EndReason::Removed));
        } else {
            for audience in mine {
                out.instead(&[audience], note(audience));
            }
        }
    }

    fn encode_end(&self, reason: EndReason, out: &mut BytesMut) {
        out.extend_from_slice(format!("{reason:?}.").as_bytes());
    }
}

/// Bytes as they come.
#[derive(Default)]
struct Bytes(Mutex<(Vec<u8>, bool)>);

impl Sink for Bytes {
    fn push(&self, _: RoomId, delivery: Delivery) -> Result<bool, Overflow> {
        self.0.lock().unwrap().0.extend_from_slice(&delivery.bytes);
        Ok(false)
    }

    fn flush(&self) {}

    fn close(&self, _: EndReason, last: bytes::Bytes) {
        let mut told = self.0.lock().unwrap();
        told.0.extend_from_slice(&last);
        told.1 = true;
    }

    fn was_closed(&self) -> bool {
        self.0.lock().unwrap().1
    }
}

/// A connection whose bytes are looked at as they are.
struct Raw {
    session: tolmach::hub::Session,
    bytes: Arc<Bytes>,
}

impl Raw {
    async fn open(world: &World, encoder: &SharedEncoder, user: &str) -> Self {
        let bytes = Arc::new(Bytes::default());
        let connection = ConnectionInfo {
            dialect: "raw",
            address: None,
            exclusive: false,
            scope: Scope::AllRooms,
            encoder: encoder.clone(),
            sink: bytes.clone(),
        };
        let (_, events) = Events::channel(BOUNDS);
        let client = Client {
            session: world.hub.connect(connection),
            events,
        };
        Self {
            session: world.seat(client, user).await.session,
            bytes,
        }
    }

    fn heard(&mut self) -> String {
        let bytes = std::mem::take(&mut self.bytes.0.lock().unwrap().0);
        String::from_utf8(bytes).unwrap()
    }
}

#[tokio::test]
async fn an_event_is_written_once_for_all_to_whom_it_is_the_same() {
    let world = World::new().await;
    for login in ["anna", "boris", "clara"] {
        world.op(register(login)).await;
    }
    let members = [
        ("anna", Role::Admin),
        ("boris", Role::Member),
        ("clara", Role::Member),
    ];
    world.room("tea", RoomKind::Public, members).await;
    let notes = Arc::new(Notes::default());
    let encoder = SharedEncoder(notes.clone());
    let mut anna = Raw::open(&world, &encoder, "anna").await;
    let mut annas = Raw::open(&world, &encoder, "anna").await;
    let mut boris = Raw::open(&world, &encoder, "boris").await;
    let mut clara = Raw::open(&world, &encoder, "clara").await;
    anna.session.call(say(name("tea"), "hello")).await.unwrap();
    assert_eq!(
        [&mut anna, &mut annas, &mut boris, &mut clara].map(Raw::heard),
        ["Origin;", "Own;", "Other;", "Other;"]
    );
    let others = notes
        .0
        .lock()
        .unwrap()
        .iter()
        .filter(|(_, audience)| *audience == Audience::Other)
        .count();
    assert_eq!(others, 1, "two heard the same bytes");

    // Several in one go: each gets its own parts among the shared ones.
    let posts = ["one", "two", "three"].map(|text| say(name("tea"), text));
    let [first, second, third] = posts;
    let (a, b, c) = tokio::join!(
        anna.session.call(first),
        boris.session.call(second),
        annas.session.call(third)
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(
        [&mut anna, &mut annas, &mut boris, &mut clara].map(Raw::heard),
        [
            "Origin;Other;Own;",
            "Own;Other;Origin;",
            "Other;Origin;Other;",
            "Other;Other;Other;"
        ]
    );

    // It happens to somebody: that one's sessions are told otherwise, and a form may end them.
    anna.session
        .call(commands::RemoveMember {
            room: name("tea"),
            user: login("boris"),
        })
        .await
        .unwrap();
    assert_eq!(
        [&mut anna, &mut boris, &mut clara].map(Raw::heard),
        ["Other;", "Removed.", "Other;"]
    );
    let still = world.op(commands::Sessions).await.sessions;
    let sessions = still;
    assert!(sessions.len() == 3);
}

#[tokio::test]
async fn in_a_direct_room_each_is_told_as_it_stands_to_it() {
    let world = World::new().await;
    for login in ["anna", "boris"] {
        world.op(register(login)).await;
    }
    let encoder = SharedEncoder(Arc::new(Notes::default()));
    let mut anna = Raw::open(&world, &encoder, "anna").await;
    let mut annas = Raw::open(&world, &encoder, "anna").await;
    let mut boris = Raw::open(&world, &encoder, "boris").await;
    anna.session
        .call(to_user(login("boris"), "hello"))
        .await
        .unwrap();
    assert_eq!(
        [&mut anna, &mut annas, &mut boris].map(Raw::heard),
        ["Origin;", "Own;", "Other;"]
    );
}

#[tokio::test]
async fn other_sessions_of_a_user_hear_what_it_does() {
    let world = World::new().await;
    let mut anna = world.account("anna").await;
    let mut again = world.again("anna").await;
    let room = anna.ok(create_room("tea", RoomKind::Public)).await.room;
    anna.say(by_id(room.id), "hello").await;
    anna.ok(commands::SetTitle {
        room: by_id(room.id),
        title: "Tea".into(),
    })
    .await;
    anna.ok(commands::Leave {
        room: by_id(room.id),
    })
    .await;
    let all = [
        "#tea online anna",
        "#tea joined anna",
        "#tea anna: hello",
        "#tea titled",
        "#tea left anna",
    ];
    assert_eq!(anna.heard(), all);
    assert_eq!(again.heard(), all[1..]);
}
