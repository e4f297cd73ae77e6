//! Two stores that are told the same agree in everything that can be read: one in memory, and one in a file that is closed and
//! opened between any two commands.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;

use crate::commands::{
    self, Actor, Ban, Change, ChangeRoom, ClearHistory, DeleteRoom, Direct, Forget, Hide, Leave,
    MarkAged, MarkSeen, Send, SetTitle, Unban,
};
use crate::model::{
    FileInfo, HistoryOrder, HistoryQuery, MessageId, MessageKind, RoomId, RoomKind, SearchQuery,
    Seq, Timestamp, UserId,
};
use crate::store::contract::{
    Bench, Gate, Recorder, all_said, at, create_room, enter, limits, post, who,
};
use crate::store::time::AHEAD;
use crate::store::{DatabaseCopy, MemoryStore, OpenError, SqliteStore};

const USERS: Range<usize> = 0..3;
const ROOMS: Range<usize> = 0..3;
const TEXTS: [&str; 5] = ["tea", "Milk and TEA", "ὈΔΥΣΣΕΎΣ", "a\ntea", "x"];

/// Something that is asked of both, by places in the lists of what there is.
#[derive(Debug, Clone)]
enum Step {
    Say(usize, usize, MessageKind, &'static str),
    Edit(usize, usize, &'static str),
    Delete(usize, usize),
    Hide(usize, usize),
    Enter(usize, usize),
    Leave(usize, usize),
    Ban(usize, usize, usize),
    Unban(usize, usize, usize),
    Title(usize, usize, &'static str),
    Slow(usize, usize, Duration),
    Seen(usize, usize, i64),
    Clear(usize, usize),
    /// What is older than so many milliseconds, and so many messages of it.
    Prune(usize, i64, usize),
    Direct(usize, usize),
    Remake(usize),
    Clock(i64),
    Restart,
    Compare(Look),
}

/// What is read of both.
#[derive(Debug, Clone)]
struct Look {
    viewer: Option<usize>,
    limit: usize,
    window: Option<(i64, i64)>,
    touched: bool,
    needle: &'static str,
    prefix: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let text = || select(&TEXTS[..]);
    let kind = select(vec![
        MessageKind::Text,
        MessageKind::Text,
        MessageKind::Emote,
        MessageKind::Sticker,
        MessageKind::File,
    ]);
    let clock = prop_oneof![
        4 => 1..500_i64,
        2 => -200..1_i64,
        1 => Just(3 * AHEAD),
        1 => Just(-3 * AHEAD),
    ];
    let window = prop::option::of((-4 * AHEAD..4 * AHEAD, 0..6 * AHEAD));
    let look = (
        prop::option::of(USERS),
        1..12_usize,
        window,
        any::<bool>(),
        select(vec!["tea", "me ", ":", "σ", "tea.txt", ""]),
        any::<bool>(),
    );
    let look = look.prop_map(|(viewer, limit, window, touched, needle, prefix)| Look {
        viewer,
        limit,
        window,
        touched,
        needle,
        prefix,
    });
    prop_oneof![
        30 => (USERS, ROOMS, kind, text()).prop_map(|(u, r, k, t)| Step::Say(u, r, k, t)),
        6 => (USERS, 0..40_usize, text()).prop_map(|(u, m, t)| Step::Edit(u, m, t)),
        4 => (USERS, 0..40_usize).prop_map(|(u, m)| Step::Delete(u, m)),
        3 => (USERS, 0..40_usize).prop_map(|(u, m)| Step::Hide(u, m)),
        6 => (USERS, ROOMS).prop_map(|(u, r)| Step::Enter(u, r)),
        2 => (USERS, ROOMS).prop_map(|(u, r)| Step::Leave(u, r)),
        2 => (USERS, ROOMS, USERS).prop_map(|(u, r, o)| Step::Ban(u, r, o)),
        2 => (USERS, ROOMS, USERS).prop_map(|(u, r, o)| Step::Unban(u, r, o)),
        3 => (USERS, ROOMS, text()).prop_map(|(u, r, t)| Step::Title(u, r, t)),
        2 => (USERS, ROOMS, select(vec![0, 0, 300, 3 * AHEAD / 2])).prop_map(|(u, r, p)| Step::Slow(u, r, Duration::from_millis(p.unsigned_abs()))),
        3 => (USERS, ROOMS, -AHEAD..AHEAD).prop_map(|(u, r, at)| Step::Seen(u, r, at)),
        1 => (USERS, ROOMS).prop_map(|(u, r)| Step::Clear(u, r)),
        3 => (ROOMS, select(vec![0, 1, 500, 3 * AHEAD]), 0..9_usize).prop_map(|(r, age, limit)| Step::Prune(r, age, limit)),
        1 => (USERS, USERS).prop_map(|(u, o)| Step::Direct(u, o)),
        1 => ROOMS.prop_map(Step::Remake),
        12 => clock.prop_map(Step::Clock),
        3 => Just(Step::Restart),
        8 => look.prop_map(Step::Compare),
    ]
}

fn memory() -> Bench {
    let sink = Arc::new(Recorder::default());
    let store = Arc::new(MemoryStore::open(limits(), sink.clone()));
    Bench::over(store, sink, Arc::new(Gate::default()), false, None)
}

fn file(path: &Path) -> Bench {
    let sink = Arc::new(Recorder::default());
    // Rooms are indexed from few messages on.
    let store = SqliteStore::over(path, limits(), sink.clone(), Some(6), |backend| backend);
    let store = Arc::new(store.unwrap());
    Bench::over(store, sink, Arc::new(Gate::default()), true, None)
}

/// The two, and what they have in common.
struct Twins<'a> {
    memory: Bench,
    /// Gone while it is opened again.
    file: Option<Bench>,
    path: &'a Path,
    now: i64,
    users: Vec<UserId>,
    rooms: Vec<RoomId>,
    said: Vec<MessageId>,
}

impl<'a> Twins<'a> {
    fn new(path: &'a Path) -> Self {
        let mut twins = Self {
            memory: memory(),
            file: Some(file(path)),
            path,
            now: 100 * AHEAD,
            users: Vec::new(),
            rooms: Vec::new(),
            said: Vec::new(),
        };
        for login in ["anna", "boris", "Clara"] {
            let [ours, theirs] = twins.both().map(|bench| bench.account(login));
            assert_eq!(ours, theirs);
            twins.users.push(ours);
        }
        for number in ROOMS {
            let kind = [RoomKind::Public, RoomKind::Private][number % 2];
            let owner = twins.users[number];
            let [ours, theirs] = twins.both().map(|bench| {
                let made = bench.by(owner, create_room(&format!("room{number}"), kind));
                made.unwrap().room.room.id
            });
            assert_eq!(ours, theirs);
            twins.rooms.push(ours);
        }
        twins
    }

    fn both(&self) -> [&Bench; 2] {
        [&self.memory, self.file.as_ref().unwrap()]
    }

    /// Has both do it at this time: they refuse the same, and tell the same. What a room's row in an outcome says of its last
    /// change depends on when the row was loaded.
    fn do_it<C: Change + Clone>(&self, user: usize, change: C) -> Option<C::Outcome> {
        let actor = Actor::User(self.users[user]);
        let done = self
            .both()
            .map(|bench| bench.at(self.now).write(actor, change.clone()));
        let [(ours, our_events), (theirs, their_events)] = done;
        assert_eq!(ours.as_ref().err(), theirs.as_ref().err());
        assert_eq!(our_events, their_events);
        ours.ok()
    }

    async fn take(&mut self, step: Step) {
        let message = |place: usize| {
            let count = self.said.len();
            self.said.get(count.saturating_sub(1 + place)).copied()
        };
        match step {
            Step::Say(user, room, kind, text) => {
                let file = (kind == MessageKind::File).then(|| FileInfo {
                    name: "Tea.txt".to_owned(),
                    size: 3,
                    stored: format!("{}", self.said.len()),
                    sha256: None,
                });
                let said = Send {
                    kind,
                    file,
                    ..post(self.rooms[room], text)
                };
                let said = self.do_it(user, said);
                self.said.extend(said.map(|message| message.id));
            }
            Step::Edit(user, place, text) => {
                if let Some(message) = message(place) {
                    self.do_it(user, commands::Edit::text(message, text));
                }
            }
            Step::Delete(user, place) => {
                if let Some(message) = message(place) {
                    self.do_it(user, commands::Delete { message });
                }
            }
            Step::Hide(user, place) => {
                if let Some(message) = message(place) {
                    self.do_it(user, Hide { message });
                }
            }
            Step::Enter(user, room) => drop(self.do_it(user, enter(self.rooms[room]))),
            Step::Leave(user, room) => {
                let room = at(self.rooms[room]);
                self.do_it(user, Leave { room });
            }
            Step::Ban(user, room, other) => {
                let (room, user_meant) = (at(self.rooms[room]), who(self.users[other]));
                self.do_it(
                    user,
                    Ban {
                        room,
                        user: user_meant,
                    },
                );
            }
            Step::Unban(user, room, other) => {
                let (room, user_meant) = (at(self.rooms[room]), who(self.users[other]));
                self.do_it(
                    user,
                    Unban {
                        room,
                        user: user_meant,
                    },
                );
            }
            Step::Title(user, room, title) => {
                let (room, title) = (at(self.rooms[room]), title.replace('\n', " "));
                self.do_it(user, SetTitle { room, title });
            }
            Step::Slow(user, room, pause) => {
                let change = ChangeRoom {
                    slow: Some(pause),
                    ..ChangeRoom::of(at(self.rooms[room]))
                };
                self.do_it(user, change);
            }
            Step::Seen(user, room, by) => {
                let (room, at) = (at(self.rooms[room]), Timestamp(self.now + by));
                self.do_it(user, MarkSeen { room, at });
            }
            Step::Clear(user, room) => {
                let room = at(self.rooms[room]);
                self.do_it(user, ClearHistory { room });
            }
            Step::Prune(room, age, limit) => self.prune(self.rooms[room], age, limit).await,
            Step::Direct(user, other) => {
                let user_meant = who(self.users[other]);
                self.do_it(
                    user,
                    Direct {
                        user: user_meant,
                        create: true,
                    },
                );
            }
            Step::Remake(room) => {
                let (place, owner) = (room, room);
                self.do_it(
                    owner,
                    DeleteRoom {
                        room: at(self.rooms[place]),
                    },
                );
                let made = create_room(&format!("room{}", self.said.len()), RoomKind::Public);
                if let Some(made) = self.do_it(owner, made) {
                    self.rooms[place] = made.room.room.id;
                }
            }
            Step::Clock(by) => self.now += by,
            Step::Restart => {
                drop(self.file.take());
                self.file = Some(file(self.path));
            }
            Step::Compare(look) => self.compare(&look).await,
        }
    }

    async fn prune(&self, room: RoomId, age: i64, limit: usize) {
        let (now, keep) = (
            Timestamp(self.now),
            Duration::from_millis(age.unsigned_abs()),
        );
        let [ours, theirs] = self.both().map(|bench| bench.store.clone());
        let leaves = theirs.removed_rooms().await.unwrap().contains(&room);
        let prunable = ours.prunable(now, keep).await;
        assert_eq!(prunable, theirs.prunable(now, keep).await);
        for bench in self.both() {
            let (rooms, now) = (vec![room], now);
            bench.operator(MarkAged { rooms, keep, now }).unwrap();
        }
        let forgot = self
            .both()
            .map(|bench| bench.operator(Forget { room, limit }));
        let [ours, theirs] = forgot.map(|forgot| forgot.map(|forgot| (forgot.all, forgot.files)));
        // Of a removed room nothing is left in memory.
        if !leaves {
            assert_eq!(ours, theirs);
        }
    }

    /// What is in memory, written as a database, has the rows that the file has.
    async fn compare_written(&self) {
        let [_, file] = self.both();
        for room in file.store.removed_rooms().await.unwrap() {
            let limit = 3;
            while !file.operator(Forget { room, limit }).unwrap().all {}
        }
        let copied = self.path.with_extension("copy");
        let file = std::fs::File::create(&copied).unwrap();
        let file = DatabaseCopy::make(self.path, &copied, &file, |_, _| Ok(())).unwrap();
        let written = self.path.with_extension("memory");
        std::fs::write(&written, "").unwrap();
        self.memory.store.write_to(&written).unwrap();
        let memory = DatabaseCopy::open(&written).unwrap();
        assert_eq!(memory.faults().unwrap(), []);
        assert_eq!(rows(&memory), rows(&file));
    }

    async fn compare(&self, look: &Look) {
        let [ours, theirs] = self.both().map(|bench| bench.store.clone());
        let viewer = look.viewer.map(|user| self.users[user]);
        macro_rules! same {
            ($method:ident($($argument:expr),*)) => {{
                let (ours, theirs) = (ours.$method($($argument),*).await, theirs.$method($($argument),*).await);
                assert_eq!(ours, theirs);
                ours.unwrap()
            }};
        }
        for user in &self.users {
            same!(rooms_of(*user));
            same!(hidden_by(*user));
            // What is left of removed rooms is looked at, too, and shown to nobody.
            let [ours, theirs] = self.both().map(|bench| all_said(bench, *user, look.limit));
            assert_eq!(ours.await, theirs.await);
        }
        same!(rooms());
        same!(last_message_id());
        for message in &self.said {
            same!(message(*message));
            same!(is_hidden(self.users[0], *message));
        }
        for room in self.rooms.iter().copied() {
            same!(members(room));
            same!(seen_marks(room));
            same!(files(room));
            let mut after = Seq(0);
            while let Some(last) = same!(changes(room, after, look.limit)).last() {
                assert!(last.seq > after);
                after = last.seq;
            }
            for order in [HistoryOrder::Oldest, HistoryOrder::Newest] {
                let sought = SearchQuery {
                    prefix: look.prefix,
                    order,
                    ..SearchQuery::containing(look.needle, look.limit)
                };
                same!(search(room, viewer, &sought));
                let mut query = HistoryQuery::page(at(room), None, look.limit);
                (query.order, query.touched) = (order, look.touched);
                (query.from, query.to) = look
                    .window
                    .map(|(from, length)| {
                        let from = self.now + from;
                        (Timestamp(from), Timestamp(from + length))
                    })
                    .unzip();
                loop {
                    let page = same!(history(room, viewer, &query));
                    let Some(last) = page.messages.last() else {
                        break;
                    };
                    match order {
                        HistoryOrder::Oldest => query.after = Some(last.id),
                        HistoryOrder::Newest => query.before = Some(last.id),
                    }
                }
            }
        }
    }
}

/// All rows, in some order. How many messages there were before the first that is kept is known to the file alone, and so are what
/// tells it from others and where the time fell between a message that is kept no longer and the first that is; it writes the last
/// number of a message down only where the message goes.
fn rows(database: &DatabaseCopy) -> Vec<String> {
    let mut rows = Vec::new();
    let (mut first, mut falls) = (BTreeMap::new(), Vec::new());
    let read = database.each_row::<OpenError>(None, |table, mut row| {
        let place = (row.get("room").cloned(), row.get("seq").cloned());
        let place = (
            place.0.and_then(|room| room.as_i64()),
            place.1.and_then(|seq| seq.as_i64()),
        );
        match table {
            "messages" => {
                row.remove("number");
                let first = first.entry(place.0).or_insert(place.1);
                *first = place.1.min(*first);
            }
            "falls" => {
                falls.push((place, format!("falls {}", serde_json::Value::Object(row))));
                return Ok(());
            }
            "rooms" => drop(row.remove("messages")),
            "counters" => return Ok(()),
            _ => {}
        }
        rows.push(format!("{table} {}", serde_json::Value::Object(row)));
        Ok(())
    });
    read.unwrap();
    falls.retain(|((room, seq), _)| first.get(room).is_some_and(|first| seq > first));
    rows.extend(falls.into_iter().map(|(_, fall)| fall));
    rows.sort();
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_both_are_told_both_know(steps in prop::collection::vec(step(), 20..120)) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tolmach.db");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut twins = Twins::new(&path);
            for step in steps {
                twins.take(step).await;
            }
            let whole = Look {
                viewer: None,
                limit: 7,
                window: None,
                touched: false,
                needle: "tea",
                prefix: false,
            };
            twins.compare(&whole).await;
            twins.take(Step::Restart).await;
            twins.compare(&whole).await;
            twins.compare_written().await;
        });
    }
}
