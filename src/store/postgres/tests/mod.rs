//! What only a database on a server can promise.

mod encrypted;
mod outages;
mod searches;
mod trips;
mod unanswered;

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

/// Submits something, and lets this happen before its commit.
fn held(bench: &Bench, user: UserId, said: Send, meanwhile: impl FnOnce()) -> Sent<Arc<Message>> {
    bench.gate.set(Verdict::Hold);
    let sent = bench.submit(Actor::User(user), said);
    bench.gate.wait_for_commit();
    meanwhile();
    bench.gate.set(Verdict::Pass);
    sent
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
