//! The index of large rooms' texts.

use std::sync::atomic::AtomicBool;

use super::super::indexer::Keeper;
use super::*;
use crate::commands::{ClearHistory, DeleteRoom, Forget};
use crate::store::contract::Trial;

/// Small enough for a test to be in all of it. The thread of its own does nothing here.
const SMALL: Indexing = Indexing {
    large: 7,
    entry: 3,
    rest: Duration::from_secs(3_600),
};
/// What entries say that their messages do not say.
const WRONG: &str = "SELECT count(*) FROM searches s WHERE text IS NOT NULL AND text IS DISTINCT FROM ( \
    SELECT string_agg(E'\\n' || searched, '' ORDER BY seq) FROM messages m \
    WHERE m.room = s.room AND m.seq BETWEEN s.first AND s.last)";

async fn keeper(database: &str) -> Keeper {
    let url = PostgresUrl::parse(database).unwrap();
    let session = Connector::new(&url).unwrap().connect().await.unwrap();
    let mut keeper = Keeper::new(session, SMALL);
    assert!(keeper.prepare().await.unwrap());
    keeper
}

#[tokio::test]
async fn what_the_index_leads_to_agrees_with_a_plain_filter() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    for seed in 1..=4 {
        let database = server.database();
        let bench = Bench::in_postgres(&database, SMALL);
        let mut keeper = keeper(&database).await;
        let mut trial = Trial::new(seed, &bench);
        for round in 0..250 {
            trial.change(&bench);
            // Now it is behind, and now it is not.
            if round % 40 < 20 && round % 3 == 0 {
                keeper.look().await.unwrap();
            }
            trial.search(&bench).await;
            trial.search(&bench).await;
        }
        keeper.look().await.unwrap();
        for _ in 0..100 {
            trial.search(&bench).await;
        }
        assert_eq!(server.ask(&database, WRONG), "0");
        assert_ne!(
            server.ask(&database, "SELECT count(text) FROM searches"),
            "0"
        );
    }
}

/// Where the extension is not there and must not be made.
#[tokio::test]
async fn who_may_not_have_the_extension_searches_without() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database();
    server.ask(
        &database,
        "CREATE ROLE plain LOGIN; GRANT CREATE ON SCHEMA public TO plain",
    );
    let plain = database.replace("tolmach@", "plain@");
    let bench = Bench::in_postgres(&plain, SMALL);
    let url = PostgresUrl::parse(&plain).unwrap();
    let session = Connector::new(&url).unwrap().connect().await.unwrap();
    assert!(!Keeper::new(session, SMALL).prepare().await.unwrap());
    let mut trial = Trial::new(5, &bench);
    for _ in 0..150 {
        trial.change(&bench);
        trial.search(&bench).await;
    }
    assert_eq!(server.ask(&database, "SELECT count(*) FROM indexed"), "0");
    // An operator who makes it later has an index.
    server.ask(&database, "CREATE EXTENSION pg_trgm");
    let session = Connector::new(&url).unwrap().connect().await.unwrap();
    let mut keeper = Keeper::new(session, SMALL);
    assert!(keeper.prepare().await.unwrap());
    keeper.look().await.unwrap();
    assert_ne!(server.ask(&database, "SELECT count(*) FROM searches"), "0");
    for _ in 0..50 {
        trial.search(&bench).await;
    }
}

/// Whoever changes a message while its entry is made.
#[test]
fn an_entry_says_at_every_moment_what_its_messages_say() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database();
    let node = node(&database);
    let anna = node.bench.account("anna");
    let room = node.bench.room("lobby", anna);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut said = Vec::new();
            for round in 0..600_usize {
                said.push(node.bench.say(anna, room, &format!("said {round}")).id);
                let chosen = said[round * 7 % said.len()];
                node.bench.edit(anna, chosen, &format!("edited {round}"));
                if round % 5 == 0 {
                    let last = said.pop().unwrap();
                    node.bench.delete(anna, last);
                }
            }
            is_over.store(true, Ordering::SeqCst);
        });
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                assert_eq!(server.ask(&database, WRONG), "0");
            }
        });
        scope.spawn(|| {
            let runtime = Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let (mut keeper, mut looks) = (keeper(&database).await, 0);
                while !is_over.load(Ordering::SeqCst) {
                    keeper.look().await.unwrap();
                    looks += 1;
                }
                assert!(looks > 10, "{looks}");
            });
        });
    });
    assert_eq!(server.ask(&database, WRONG), "0");
}

#[tokio::test]
async fn nothing_that_is_gone_stays_in_the_index() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database();
    let bench = Bench::in_postgres(&database, SMALL);
    let mut keeper = keeper(&database).await;
    let anna = bench.account("anna");
    let (room, other) = (bench.room("lobby", anna), bench.room("other", anna));
    let said: Vec<MessageId> = (0..20)
        .map(|place| bench.say(anna, room, &format!("secret{place}")).id)
        .collect();
    for place in 0..20 {
        bench.say(anna, other, &format!("secret{place}"));
    }
    keeper.look().await.unwrap();
    let stays = |text: &str| {
        let sql = format!("SELECT count(*) FROM searches WHERE text LIKE '%{text}%'");
        server.ask(&database, &sql)
    };
    assert_eq!(
        (stays("secret0"), stays("secret4")),
        ("2".into(), "2".into())
    );
    bench.delete(anna, said[0]);
    bench.edit(anna, said[4], "nothing");
    assert_eq!(
        (stays("secret0"), stays("secret4")),
        ("1".into(), "1".into())
    );
    keeper.look().await.unwrap();
    assert_eq!(stays("nothing"), "1");
    bench.operator(DeleteRoom { room: at(other) }).unwrap();
    let forget = || {
        let (room, limit) = (other, 8);
        bench.operator(Forget { room, limit }).unwrap().all
    };
    assert!(!forget());
    assert_eq!(
        (stays("secret0"), stays("secret17")),
        ("0".into(), "2".into())
    );
    while !forget() {}
    assert_eq!(stays("secret17"), "1");
    bench.operator(ClearHistory { room: at(room) }).unwrap();
    // A version that knows nothing of all this.
    server.ask(&database, "DELETE FROM messages; DELETE FROM rooms");
    assert_eq!(stays("secret"), "0");
    keeper.look().await.unwrap();
    let left = "SELECT (SELECT count(*) FROM searches) + (SELECT count(*) FROM indexed)";
    assert_eq!(server.ask(&database, left), "0");
}
