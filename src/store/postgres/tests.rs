//! What only a database on a server can promise.

use std::sync::Arc;

use tokio::time::timeout;
use tolmach_test_servers::Postgres;

use super::*;
use crate::cluster::{Identity, Registration, Registry};
use crate::commands::{Actor, Delete, Direct, Edit, EndGuests, Hide, MarkSeen, Send};
use crate::model::{Error, HistoryQuery, NodeId, RoomSelector};
use crate::store::contract::{Bench, Gate, Recorder, at, limits, post, texts, who};

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
    let rename = |login: &str| crate::commands::AddGuest {
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
