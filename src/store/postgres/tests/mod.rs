//! What only a database on a server can promise.

mod encrypted;
mod searches;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;

use nix::sys::signal::Signal;
use tokio::time::timeout;
use tolmach_test_servers::Postgres;

use super::*;
use crate::cluster::{Identity, Registration, Registry};
use crate::commands::{
    Actor, AddGuest, Delete, Direct, Edit, EndGuests, Hide, MarkSeen, OpenSession, Send,
};
use crate::model::{Error, HistoryQuery, NodeId, RoomSelector};
use crate::store::contract::{Bench, Gate, Recorder, Sent, Verdict, at, limits, post, texts, who};
use crate::store::{ApplyError, RowKeys, Scrub, Transaction};

/// A store on a database, as one node of several.
struct Node {
    bench: Bench,
    store: Arc<PostgresStore>,
}

fn node(database: &str) -> Node {
    opened(database, Neighbours::OnTheBus).unwrap()
}

fn opened(database: &str, neighbours: Neighbours) -> Result<Node, PostgresError> {
    let url = PostgresUrl::parse(database).unwrap();
    let sink = Arc::new(Recorder::default());
    let store = PostgresStore::open(&url, 2, neighbours, limits(), sink.clone())?;
    let store = Arc::new(store);
    let bench = Bench::over(store.clone(), sink, Arc::new(Gate::default()), true, None);
    Ok(Node { bench, store })
}

async fn history(bench: &Bench, room: RoomId) -> Vec<Arc<Message>> {
    let query = HistoryQuery::page(RoomSelector::Id(room), None, usize::MAX);
    let page = bench.store.history(room, None, &query).await.unwrap();
    page.messages
}

/// Round trips of the largest batch that comes of so many changes, each of the kind that `change` makes.
fn trips(node: &Node, count: usize, change: impl Fn(&Bench, usize) -> u64) -> u64 {
    let (trips, commits) = (node.store.round_trips(), node.store.commits());
    let tickets: Vec<u64> = (0..count).map(|place| change(&node.bench, place)).collect();
    for ticket in tickets {
        node.bench.sink.wait(ticket).0.unwrap();
    }
    let commits = node.store.commits() - commits;
    assert!(
        commits < count as u64 / 4,
        "{commits} commits for {count} changes"
    );
    (node.store.round_trips() - trips).div_ceil(commits)
}

#[test]
fn round_trips_do_not_grow_with_a_batch() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let node = node(&server.database());
    let bench = &node.bench;
    let users: Vec<UserId> = (0..20)
        .map(|n| bench.account(&format!("user{n}")))
        .collect();
    let rooms: Vec<RoomId> = users
        .iter()
        .map(|user| bench.room(&format!("room{}", user.0), *user))
        .collect();
    let pair = |place: usize| (users[place % 20], rooms[place % 20]);
    let submit = |bench: &Bench, user, change: Send| bench.submit(Actor::User(user), change).ticket;
    let said: Vec<MessageId> = (0..400)
        .map(|place| bench.say(pair(place).0, pair(place).1, "x").id)
        .collect();
    let by_number = trips(&node, 2_000, |bench, place| {
        let (user, room) = pair(place);
        submit(bench, user, post(room, "by number"))
    });
    let by_name = trips(&node, 2_000, |bench, place| {
        let (user, _) = pair(place);
        let room = RoomSelector::Name(format!("room{}", user.0));
        submit(bench, user, Send::text(room, "by name"))
    });
    for user in &users[1..] {
        let (user, create) = (who(*user), true);
        bench.by(users[0], Direct { user, create }).unwrap();
    }
    let direct = trips(&node, 2_000, |bench, place| {
        let other = who(users[1 + place % 19]);
        submit(bench, users[0], Send::text(other, "between us"))
    });
    let answers = trips(&node, 400, |bench, place| {
        let (user, room) = pair(place);
        let answer = Send {
            reply_to: Some(said[place]),
            ..post(room, "an answer")
        };
        submit(bench, user, answer)
    });
    let edits = trips(&node, 400, |bench, place| {
        let edit = Edit::text(said[place], "y");
        bench.submit(Actor::User(pair(place).0), edit).ticket
    });
    let marks = trips(&node, 2_000, |bench, place| {
        let (user, room) = pair(place);
        let at_now = Timestamp(i64::try_from(place).unwrap());
        let mark = MarkSeen {
            room: at(room),
            at: at_now,
        };
        bench.submit(Actor::User(user), mark).ticket
    });
    let hidden = trips(&node, 400, |bench, place| {
        let hide = Hide {
            message: said[place],
        };
        bench.submit(Actor::User(pair(place).0), hide).ticket
    });
    let deleted = trips(&node, 400, |bench, place| {
        let delete = Delete {
            message: said[place],
        };
        bench.submit(Actor::User(pair(place).0), delete).ticket
    });
    let seen = [
        by_number, by_name, direct, answers, edits, marks, hidden, deleted,
    ];
    assert!(seen.iter().all(|trips| *trips <= 8), "{seen:?}");
    assert!(by_number <= 3, "{seen:?}");
}

/// All others wait for logins, on all nodes.
#[test]
fn round_trips_of_logins_do_not_grow_with_what_one_is_in() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let node = node(&server.database());
    let bench = &node.bench;
    let anna = bench.account("anna");
    let users: Vec<UserId> = (0..10)
        .map(|place| bench.account(&format!("user{place}")))
        .collect();
    let rooms: Vec<RoomId> = (0..30)
        .map(|place| bench.room(&format!("room{place}"), anna))
        .collect();
    let guests: Vec<UserId> = (0..30)
        .map(|place| bench.guest(&format!("guest{place}")))
        .collect();
    for room in &rooms {
        users.iter().for_each(|user| bench.enter(*user, *room));
    }
    for guest in &guests {
        rooms[..5]
            .iter()
            .for_each(|room| bench.enter(*guest, *room));
    }
    let logins = trips(&node, 400, |bench, place| {
        let opening = OpenSession {
            user: users[place % 10],
            password: None,
            by: None,
            token: Some(format!("token{place}").as_str().into()),
            address: String::new(),
            is_login: true,
        };
        bench.submit(Actor::Operator, opening).ticket
    });
    assert!(logins <= 3, "{logins}");
    let before = node.store.round_trips();
    bench.operator(EndGuests { node: None }).unwrap();
    let ends = node.store.round_trips() - before;
    assert!(ends <= 8, "{ends}");
}

#[tokio::test]
async fn several_nodes_write_one_order() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database();
    let nodes = [node(&database), node(&database)];
    let anna = nodes[0].bench.account("anna");
    let rooms: Vec<RoomId> = (0..5)
        .map(|n| nodes[n % 2].bench.room(&format!("room{n}"), anna))
        .collect();
    thread::scope(|scope| {
        for (turn, node) in nodes.iter().enumerate() {
            let rooms = &rooms;
            scope.spawn(move || {
                let mut sent = Vec::new();
                for place in 0..2_000 {
                    // The one goes up through the rooms, the other down.
                    let room = rooms[if turn == 0 { place % 5 } else { 4 - place % 5 }];
                    sent.push(
                        node.bench
                            .submit(Actor::User(anna), post(room, &place.to_string())),
                    );
                    if place % 100 == 0 {
                        node.bench.account(&format!("user{turn}-{place}"));
                    }
                }
                for sent in sent {
                    node.bench.sink.wait_for(sent).0.unwrap();
                }
            });
        }
    });
    for room in rooms {
        let kept = history(&nodes[0].bench, room).await;
        assert_eq!(kept.len(), 800);
        assert!(
            kept.windows(2)
                .all(|pair| pair[0].id < pair[1].id && pair[0].created < pair[1].created)
        );
        let changes = nodes[1]
            .store
            .changes(room, Seq(0), usize::MAX)
            .await
            .unwrap();
        let seqs: Vec<i64> = changes.iter().map(|change| change.seq.0).collect();
        assert_eq!(
            seqs,
            (1..=i64::try_from(seqs.len()).unwrap()).collect::<Vec<_>>()
        );
        assert_eq!(kept, history(&nodes[1].bench, room).await);
    }
    assert_eq!(nodes[0].store.accounts().await.unwrap().len(), 41);
}

#[test]
fn one_that_is_to_be_alone_lets_no_other_in() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database();
    let alone = opened(&database, Neighbours::None).unwrap();
    for neighbours in [Neighbours::None, Neighbours::OnTheBus] {
        let refused = opened(&database, neighbours)
            .map(drop)
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains("another gateway uses this database"),
            "{refused}"
        );
    }
    drop(alone);
    let first = node(&database);
    let refused = opened(&database, Neighbours::None).map(drop).unwrap_err();
    assert!(refused.to_string().contains("bus.url"), "{refused}");
    drop((first, node(&database)));
    opened(&database, Neighbours::None).map(drop).unwrap();
}

#[test]
fn what_cannot_be_used_is_refused_with_words() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database();
    drop(node(&database));
    server.ask(&database, "INSERT INTO migrations (version) VALUES (99)");
    let refused = |url: &str| {
        opened(url, Neighbours::None)
            .map(drop)
            .unwrap_err()
            .to_string()
    };
    let later = refused(&database);
    assert!(later.contains("a later version of tolmach"), "{later}");
    let nowhere = database.replace("/d", "/nowhere");
    assert!(
        refused(&nowhere).contains("does not exist"),
        "{}",
        refused(&nowhere)
    );
    server.sql(
        "postgres",
        "CREATE DATABASE latin ENCODING LATIN1 LOCALE 'C' TEMPLATE template0",
    );
    let latin = format!(
        "{}latin?sslmode=disable",
        &database[..=database.rfind('/').unwrap()]
    );
    assert!(
        refused(&latin).contains("--encoding=UTF8"),
        "{}",
        refused(&latin)
    );
}

#[tokio::test]
async fn backends_that_are_terminated_are_replaced() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database();
    let node = node(&database);
    let anna = node.bench.account("anna");
    let room = node.bench.room("lobby", anna);
    for round in 0..5 {
        server.terminate(&database);
        let text = round.to_string();
        node.bench.say(anna, room, &text);
        server.terminate(&database);
        assert_eq!(history(&node.bench, room).await.len(), round + 1);
    }
}

/// What is accepted is there, and nothing else but what nobody can say of.
#[tokio::test]
async fn a_server_that_is_killed_and_comes_back_has_what_was_accepted() {
    let Some(server) = Postgres::durable() else {
        return;
    };
    let node = node(&server.database());
    let anna = node.bench.account("anna");
    let room = node.bench.room("lobby", anna);
    let (mut sure, mut unsure) = (Vec::new(), Vec::new());
    for round in 0..3 {
        let sent: Vec<_> = (0..600)
            .map(|place| {
                let text = format!("{round} {place}");
                if place == 300 {
                    server.kill();
                }
                let sent = node.bench.submit(Actor::User(anna), post(room, &text));
                (text, sent, Instant::now())
            })
            .collect();
        let mut latest = Duration::ZERO;
        for (text, sent, at) in sent {
            match node.bench.sink.wait_for(sent).0 {
                Ok(_) => sure.push(text),
                Err(Error::OutcomeUnknown) => unsure.push(text),
                Err(Error::Unavailable) => latest = latest.max(at.elapsed()),
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(latest < Duration::from_secs(9), "{latest:?}");
        server.serve();
        let back = Instant::now();
        while node.bench.by(anna, post(room, "back")).is_err() {
            assert!(back.elapsed() < Duration::from_secs(5), "it does not go on");
        }
    }
    let kept = history(&node.bench, room).await;
    let kept: Vec<&str> = texts(&kept)
        .into_iter()
        .filter(|text| *text != "back")
        .collect();
    let unexpected = kept
        .iter()
        .filter(|text| !sure.iter().any(|sure| sure == *text));
    assert!(
        unexpected
            .clone()
            .all(|text| unsure.iter().any(|unsure| unsure == text))
    );
    let certain: Vec<&&str> = kept
        .iter()
        .filter(|text| sure.iter().any(|sure| sure == *text))
        .collect();
    assert_eq!(
        certain,
        sure.iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .iter()
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_node_that_is_gone_commits_nothing() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database();
    let url = PostgresUrl::parse(&database).unwrap();
    let (identity, sink) = (Arc::<Identity>::default(), Arc::new(Recorder::default()));
    let limits = Limits {
        node: Some(identity.clone()),
        ..limits()
    };
    let store = PostgresStore::open(&url, 2, Neighbours::OnTheBus, limits, sink.clone()).unwrap();
    let bench = Bench::over(Arc::new(store), sink, Arc::new(Gate::default()), true, None);
    let registry = PostgresRegistry::open(&url).unwrap();
    let rename = |login: &str| AddGuest {
        login: login.into(),
        address: None,
        node: Some(identity.node()),
    };
    assert_eq!(
        bench.write(Actor::Operator, rename("early")).0.err(),
        Some(Error::Unavailable)
    );
    let registration = Registration {
        id: identity.node(),
        name: "n".into(),
        version: "1".into(),
        lease: Duration::from_secs(10),
    };
    registry.register(&registration).await.unwrap();
    let guest = bench.write(Actor::Operator, rename("gast")).0.unwrap();
    assert_eq!(guest.user.node, Some(identity.node()));
    registry.resign(identity.node()).await.unwrap();
    let ended = EndGuests {
        node: Some(identity.node()),
    };
    assert_eq!(
        bench.write(Actor::Operator, ended).0.err(),
        Some(Error::Unavailable)
    );
    timeout(Duration::from_secs(30), identity.was_refused())
        .await
        .unwrap();
    // Who is here ends what it has left.
    let other = node(&database);
    other
        .bench
        .operator(EndGuests {
            node: Some(NodeId(1)),
        })
        .unwrap();
    let found = other.bench.store.user_by_login("gast").await.unwrap();
    assert!(found.is_some());
    let ended = EndGuests {
        node: Some(identity.node()),
    };
    other.bench.operator(ended).unwrap();
    let found = other.bench.store.user_by_login("gast").await.unwrap();
    assert!(found.is_none());
}

/// Between a store and its server; keeps the answer to the next COMMIT back, and ends that connection.
struct Between {
    port: u16,
    cuts: Arc<AtomicBool>,
}

impl Between {
    fn start(to: u16) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let cuts = Arc::<AtomicBool>::default();
        let when = cuts.clone();
        thread::spawn(move || {
            for client in socket.incoming().flatten() {
                let server = TcpStream::connect(("127.0.0.1", to)).unwrap();
                let (from, into) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || passed(from, into, |_| true));
                let when = when.clone();
                thread::spawn(move || {
                    passed(server, client, |bytes| {
                        let is_commit = bytes.windows(7).any(|part| part == b"COMMIT\0");
                        !(is_commit && when.swap(false, Ordering::SeqCst))
                    });
                });
            }
        });
        Self { port, cuts }
    }
}

/// Passes bytes on as long as they may; then both ends are closed.
fn passed(mut from: TcpStream, mut into: TcpStream, may: impl Fn(&[u8]) -> bool) {
    let mut buffer = vec![0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if !may(&buffer[..count]) || into.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    for end in [from, into] {
        // The other side may have closed it.
        let _ = end.shutdown(Shutdown::Both);
    }
}

/// "A commit whose answer was lost is asked for before anybody is answered: known, it is told."
#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_asked_for() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database();
    let between = Between::start(server.port());
    let port = format!(":{}/", server.port());
    let way = database.replace(&port, &format!(":{}/", between.port));
    let node = node(&way);
    let anna = node.bench.account("anna");
    let room = node.bench.room("lobby", anna);
    for text in ["first", "second"] {
        between.cuts.store(true, Ordering::SeqCst);
        assert_eq!(node.bench.say(anna, room, text).text, text);
        assert!(!between.cuts.load(Ordering::SeqCst), "it was not cut");
    }
    let kept = history(&node.bench, room).await;
    assert_eq!(texts(&kept), ["first", "second"]);
    // One that did not come to its COMMIT.
    drop(node);
    let bench = Bench::in_postgres(&database, Indexing::default());
    let sent = held(&bench, anna, post(room, "third"), || {
        server.terminate(&database)
    });
    assert_eq!(bench.sink.wait_for(sent).0, Err(Error::Unavailable));
    bench.say(anna, room, "fourth");
    let kept = history(&bench, room).await;
    assert_eq!(texts(&kept), ["first", "second", "fourth"]);
}

/// Submits something, and lets this happen before its commit.
fn held(bench: &Bench, user: UserId, said: Send, meanwhile: impl FnOnce()) -> Sent<Arc<Message>> {
    bench.gate.set(Verdict::Hold);
    let sent = bench.submit(Actor::User(user), said);
    bench.gate.wait_for_commit();
    meanwhile();
    bench.gate.set(Verdict::Pass);
    sent
}

/// "Not to be known, the sender is closed without an answer", and the store goes on.
#[tokio::test]
async fn a_commit_of_which_nothing_can_be_known_stops_nothing() {
    let Some(server) = Postgres::quick() else {
        return;
    };
    let bench = Bench::in_postgres(&server.database(), Indexing::default());
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let asked = Instant::now();
    let sent = held(&bench, anna, post(room, "who knows"), || server.kill());
    assert_eq!(bench.sink.wait_for(sent).0, Err(Error::OutcomeUnknown));
    assert!(
        asked.elapsed() < Duration::from_secs(7),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!(bench.by(anna, post(room, "away")), Err(Error::Unavailable));
    assert_eq!(bench.store.room(room).await, Err(Error::Unavailable));
    server.serve();
    let back = Instant::now();
    while bench.by(anna, post(room, "back")).is_err() {
        assert!(back.elapsed() < Duration::from_secs(5), "it does not go on");
    }
    while bench.store.room(room).await.is_err() {
        assert!(back.elapsed() < Duration::from_secs(5), "it does not go on");
    }
    assert_eq!(texts(&history(&bench, room).await), ["back"]);
}

/// What had a number and was on no disk when the server crashed: the number is another's then.
#[tokio::test]
async fn a_number_that_became_another_transactions_says_nothing() {
    let Some(server) = Postgres::quick() else {
        return;
    };
    let database = server.database();
    let mut has_been_given_again = false;
    for round in 0..5 {
        let rest = Duration::from_secs(3_600);
        let indexing = Indexing {
            rest,
            ..Indexing::default()
        };
        let bench = Bench::in_postgres(&database, indexing);
        let anna = bench.account(&format!("anna{round}"));
        let room = bench.room(&format!("lobby{round}"), anna);
        let said = bench.say(anna, room, "before");
        let last = "SELECT max(backend_xid::text::int8) FROM pg_stat_activity";
        let edit = Edit::text(said.id, "never");
        bench.gate.set(Verdict::Hold);
        let sent = bench.submit(Actor::User(anna), edit);
        bench.gate.wait_for_commit();
        let held_by: i64 = server.ask(&database, last).parse().unwrap();
        server.kill();
        server.serve();
        for _ in 0..40 {
            let given = server
                .ask(&database, "SELECT pg_current_xact_id()")
                .parse::<i64>();
            match given.unwrap().cmp(&held_by) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => {
                    has_been_given_again = true;
                    break;
                }
                std::cmp::Ordering::Greater => break,
            }
        }
        bench.gate.set(Verdict::Pass);
        assert_eq!(bench.sink.wait_for(sent).0, Err(Error::Unavailable));
        assert_eq!(texts(&history(&bench, room).await), ["before"]);
    }
    assert!(has_been_given_again, "it was on disk each time");
}

/// A transaction that goes on after its COMMIT was given up is waited for.
#[tokio::test]
async fn a_commit_that_is_still_under_way_is_waited_for() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database();
    let bench = node(&database).bench;
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    // It is longer than the COMMIT may take, and shorter than it is asked what became of it.
    let slow = "CREATE FUNCTION dawdle() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(3); RETURN NULL; END $$; \
        CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON messages DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()";
    server.ask(&database, slow);
    assert_eq!(bench.say(anna, room, "late").text, "late");
    server.ask(&database, "DROP TRIGGER slow ON messages");
    assert_eq!(texts(&history(&bench, room).await), ["late"]);
}

/// One that answers no more, though its machine does.
#[tokio::test]
async fn a_server_that_is_paused_is_away() {
    let Some(server) = Postgres::quick() else {
        return;
    };
    let node = node(&server.database());
    let anna = node.bench.account("anna");
    let room = node.bench.room("lobby", anna);
    server.signal(Signal::SIGSTOP);
    for _ in 0..2 {
        let asked = Instant::now();
        assert_eq!(
            node.bench.by(anna, post(room, "paused")),
            Err(Error::Unavailable)
        );
        assert_eq!(node.store.room(room).await, Err(Error::Unavailable));
        assert!(
            asked.elapsed() < Duration::from_secs(9),
            "{:?}",
            asked.elapsed()
        );
    }
    server.signal(Signal::SIGCONT);
    let back = Instant::now();
    while node.bench.by(anna, post(room, "back")).is_err() {
        assert!(back.elapsed() < Duration::from_secs(5), "it does not go on");
    }
    while node.store.room(room).await.is_err() {
        assert!(back.elapsed() < Duration::from_secs(5), "it does not go on");
    }
    assert_eq!(texts(&history(&node.bench, room).await), ["back"]);
}

/// A node that is paused in a transaction holds up others for 2 s.
#[tokio::test]
async fn a_node_that_is_paused_holds_up_others_for_a_while_only() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database();
    let other = node(&database);
    let anna = other.bench.account("anna");
    let room = other.bench.room("lobby", anna);
    let sink = Arc::new(Recorder::default());
    let (url, gate) = (
        PostgresUrl::parse(&database).unwrap(),
        Arc::new(Gate::default()),
    );
    let inner = gate.clone();
    let around = |backend| inner.before(backend);
    let neighbours = Neighbours::OnTheBus;
    let indexing = Indexing::default();
    let sunk = sink.clone();
    let paused = PostgresStore::over(&url, 2, neighbours, limits(), sunk, indexing, around);
    let paused = Bench::over(Arc::new(paused.unwrap()), sink, gate, true, None);
    let sent = held(&paused, anna, post(room, "paused"), || {
        let asked = Instant::now();
        while other.bench.by(anna, post(room, "on")).is_err() {
            assert!(
                asked.elapsed() < Duration::from_secs(6),
                "it does not go on"
            );
        }
    });
    assert_eq!(paused.sink.wait_for(sent).0, Err(Error::Unavailable));
    assert_eq!(texts(&history(&other.bench, room).await), ["on"]);
}

/// Asks that what is gone is wiped, and tells what came of it.
struct Wipe(mpsc::Sender<Scrub>);

impl crate::store::Write for Wipe {
    fn name(&self) -> &'static str {
        "wipe"
    }

    fn rows(&self, _: &mut RowKeys) {}

    fn apply(
        &mut self,
        _: &Limits,
        rows: &mut dyn Transaction,
    ) -> std::result::Result<Vec<RoomEvent>, ApplyError> {
        self.0.send(rows.scrub()).unwrap();
        Ok(Vec::new())
    }

    fn complete(self: Box<Self>, committed: Result<()>, _: &mut dyn std::any::Any) {
        committed.unwrap();
    }
}

#[test]
fn what_is_gone_is_wiped_once_that_is_asked_for() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database();
    let node = node(&database);
    let anna = node.bench.account("anna");
    let room = node.bench.room("lobby", anna);
    let said = node.bench.say(anna, room, "a secret");
    node.bench.edit(anna, said.id, "nothing");
    let (told, hears) = mpsc::channel();
    let ask = || {
        node.store.submit(Box::new(Wipe(told.clone())));
        hears.recv().unwrap()
    };
    assert_eq!(ask(), Scrub::Asked);
    let asked = Instant::now();
    while ask() != Scrub::Done {
        assert!(asked.elapsed() < Duration::from_secs(60), "it is not done");
        thread::sleep(AGAIN);
    }
    let sql = "SELECT vacuum_count > 0 FROM pg_stat_user_tables WHERE relname = 'messages'";
    while server.ask(&database, sql) != "t" {
        assert!(
            asked.elapsed() < Duration::from_secs(60),
            "nothing was wiped"
        );
        thread::sleep(AGAIN);
    }
    assert_eq!(ask(), Scrub::Asked);
}
