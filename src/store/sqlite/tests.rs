//! What only a file can promise.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rusqlite::Connection;

use super::backend::SqliteBackend;
use super::*;
use crate::commands::{Actor, DeleteRoom, EndGuests};
use crate::model::{Error, RoomKind, RoomSelector, Timestamp};
use crate::store::batch::CommitError;
use crate::store::contract::{
    Bench, Gate, Recorder, Verdict, at, create_room, limits, post, texts,
};
use crate::store::{RowsError, Transaction};

fn bench(path: &Path) -> Bench {
    over(path, |backend| backend)
}

fn over<B: Backend + 'static>(path: &Path, wrap: impl FnOnce(SqliteBackend) -> B) -> Bench {
    let sink = Arc::new(Recorder::default());
    let store = SqliteStore::over(path, limits(), sink.clone(), None, wrap).unwrap();
    Bench::over(Arc::new(store), sink, Arc::new(Gate::default()), true, None)
}

/// Leaves one number for users and one for rooms.
pub(in crate::store) fn use_up_numbers(path: &Path) {
    let conn = Connection::open(path).unwrap();
    let sql = "UPDATE sqlite_sequence SET seq = ?1 WHERE name IN ('users', 'rooms')";
    assert_eq!(conn.execute(sql, [i32::MAX - 1]).unwrap(), 2);
}

async fn history(bench: &Bench, room: RoomId) -> Vec<Arc<Message>> {
    let query = HistoryQuery::page(RoomSelector::Id(room), None, usize::MAX);
    bench
        .store
        .history(room, None, &query)
        .await
        .unwrap()
        .messages
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tolmach.db");
    let first = bench(&path);
    let (anna, guest) = (first.account("Анна"), first.guest("guest"));
    let (room, gone) = (first.room("lobby", anna), first.room("gone", anna));
    first.enter(guest, room);
    let said = [first.say(anna, room, "one"), first.say(guest, room, "two")];
    let last = first.say(anna, gone, "the newest, in a room that is deleted");
    first.by(anna, DeleteRoom { room: at(gone) }).unwrap();
    let before = (
        first.store.room(room).await,
        first.store.members(room).await,
        first.store.accounts().await,
    );
    drop(first);
    assert!(
        !path.with_extension("db-wal").exists(),
        "a clean end leaves one file"
    );

    let second = bench(&path);
    let after = (
        second.store.room(room).await,
        second.store.members(room).await,
        second.store.accounts().await,
    );
    assert_eq!(after, before);
    assert_eq!(history(&second, room).await, said);
    assert_eq!(second.store.last_message_id().await.unwrap(), last.id);
    let next = second.at(1).say(anna, room, "three");
    assert_eq!(
        (next.seq.0, next.id.0, next.created),
        (
            said[1].seq.0 + 1,
            last.id.0 + 1,
            Timestamp(said[1].created.0 + 1)
        )
    );
    assert!(second.room("new", anna) > gone);
    second.operator(EndGuests { node: None }).unwrap();
    assert!(
        second.store.user(guest).await.unwrap().is_some(),
        "it spoke, before the restart"
    );
}

#[tokio::test]
async fn what_was_acknowledged_is_in_a_copy_made_at_any_moment() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tolmach.db");
    let live = bench(&path);
    let anna = live.account("anna");
    let room = live.room("lobby", anna);
    for number in 0..4_000 {
        live.submit(Actor::User(anna), post(room, &number.to_string()));
    }
    for round in [500, 2_000] {
        live.sink.wait_for_count(round);
        let acknowledged = live.sink.tickets().len() - 2;
        let copy = directory.path().join(format!("copy{round}.db"));
        // Another process, as a kill would be: closing a descriptor in this one would drop SQLite's locks. The log last.
        for ending in ["", "-wal"] {
            let from = format!("{}{ending}", path.display());
            assert!(
                Command::new("cp")
                    .args([from, format!("{}{ending}", copy.display())])
                    .status()
                    .unwrap()
                    .success()
            );
        }
        let found = history(&bench(&copy), room).await;
        assert!(
            found.len() >= acknowledged,
            "{} of {acknowledged}",
            found.len()
        );
        assert!(
            found
                .iter()
                .enumerate()
                .all(|(number, message)| message.text == number.to_string())
        );
    }
}

#[tokio::test]
async fn many_submitters_share_commits() {
    let directory = tempfile::tempdir().unwrap();
    let sink = Arc::new(Recorder::default());
    let gate = Arc::new(Gate::default());
    let inner = gate.clone();
    let path = directory.path().join("tolmach.db");
    let store = Arc::new(
        SqliteStore::over(&path, limits(), sink.clone(), None, |backend| {
            inner.before(backend)
        })
        .unwrap(),
    );
    let bench = Bench::over(store.clone(), sink.clone(), gate, true, None);
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let (commits, told) = (store.commits(), sink.tickets().len());
    bench.gate.set(Verdict::Hold);
    bench.submit(Actor::User(anna), post(room, "held"));
    bench.gate.wait_for_commit();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..10 {
                    bench.submit(Actor::User(anna), post(room, "shared"));
                }
            });
        }
    });
    bench.gate.set(Verdict::Pass);
    sink.wait_for_count(told + 161);
    assert_eq!(
        store.commits() - commits,
        2,
        "what waited behind the first is in the second"
    );
    assert_eq!(history(&bench, room).await.len(), 161);
}

#[tokio::test]
async fn an_unknown_outcome_is_known_after_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tolmach.db");
    let gate = Arc::new(Gate::default());
    let inner = gate.clone();
    let first = over(&path, |backend| inner.before(backend));
    let anna = first.account("anna");
    let room = first.room("lobby", anna);
    gate.set(Verdict::Hide);
    assert_eq!(
        first.by(anna, post(room, "who knows")),
        Err(Error::OutcomeUnknown)
    );
    drop(first);
    let second = bench(&path);
    assert_eq!(texts(&history(&second, room).await), ["who knows"]);
    second.say(anna, room, "writes go on");
}

/// An empty database of version 4.
fn at_version_4(path: &Path) -> Connection {
    let conn = Connection::open(path).unwrap();
    for step in [
        include_str!("schema1.sql"),
        include_str!("schema2.sql"),
        include_str!("schema3.sql"),
        include_str!("schema4.sql"),
    ] {
        conn.execute_batch(step).unwrap();
    }
    let marks = "PRAGMA user_version = 4; PRAGMA application_id = 0x746f6c6d";
    conn.execute_batch(marks).unwrap();
    conn
}

/// A database as version 4 left it: anna owns a private room, boris came into it by its name, and both have spoken.
fn of_version_4(path: &Path) {
    at_version_4(path)
        .execute_batch(
        "INSERT INTO users VALUES (1, 'anna', 'anna', 'anna', '', 'account', 0, 1, '$x', 1);
        INSERT INTO users VALUES (2, 'boris', 'boris', 'boris', '', 'account', 0, 1, '$x', 1);
        INSERT INTO rooms VALUES (1, 'cellar', 'cellar', 'cellar', 'cellar', '', 'private', NULL, 1, NULL, NULL,
            1, 1, 5, 0, 3, 2);
        INSERT INTO members VALUES (1, 1, 'owner', 1, 0), (1, 2, 'member', 2, 7);
        INSERT INTO messages VALUES (1, 1, 3, 1, 'text', 'before', NULL, 2, NULL, 0, NULL, '', 1);
        INSERT INTO messages VALUES (2, 1, 5, 2, 'text', 'since', NULL, 3, NULL, 0, NULL, '', 2);",
    )
    .unwrap();
}

#[tokio::test]
async fn what_an_older_version_kept_is_there_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tolmach.db");
    of_version_4(&path);
    let bench = bench(&path);
    let room = RoomId(1);
    let query = HistoryQuery::page(RoomSelector::Id(room), None, usize::MAX);
    // Who is a member already sees all, however it came.
    for viewer in [UserId(1), UserId(2)] {
        let page = bench.store.history(room, Some(viewer), &query).await;
        assert_eq!(texts(&page.unwrap().messages), ["before", "since"]);
    }
    let member = bench.store.member(room, UserId(2)).await.unwrap().unwrap();
    assert_eq!((member.seen.0, member.since), (7, Seq(0)));
    assert_eq!(bench.store.guest_bans(room).await.unwrap(), []);
    assert_eq!(bench.say(UserId(2), room, "next").seq, Seq(6));
}

/// Neither at the start nor every hour are all users or tokens looked through.
#[test]
fn what_is_looked_for_by_itself_has_an_index() {
    let directory = tempfile::tempdir().unwrap();
    let conn = open::writing(&directory.path().join("tolmach.db")).unwrap();
    let plan = |sql: &str| -> String {
        let explained = format!("EXPLAIN QUERY PLAN {sql}");
        conn.query_row(&explained, [], |row| row.get(3)).unwrap()
    };
    for (sql, index) in [
        (rows::EXPIRE_TOKENS.replace("?1", "7"), "tokens_age"),
        (reads::ERASING_ACCOUNTS.to_owned(), "users_erasing"),
        (rows::GUESTS.to_owned(), "users_guests"),
    ] {
        let plan = plan(&sql);
        assert!(plan.contains(&format!("INDEX {index}")), "{plan}");
    }
}

#[test]
fn what_cannot_be_opened_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tolmach.db");
    let open = |path: &Path| {
        SqliteStore::open(path, limits(), Arc::new(Recorder::default()))
            .err()
            .unwrap()
    };

    drop(bench(&path));
    let conn = Connection::open(&path).unwrap();
    conn.pragma_update(None, "user_version", 41).unwrap();
    drop(conn);
    let error = open(&path);
    let OpenError::Newer { found, known, .. } = error else {
        panic!("{error:?}");
    };
    let versions = [found, known].map(|version| format!("{version}"));
    assert_eq!(versions[0], "41");
    let said = error.to_string();
    assert!(
        said.contains("version 41") && said.contains(&format!("up to {};", versions[1])),
        "{said}"
    );

    let text = directory.path().join("notes.txt");
    std::fs::write(
        &text,
        "not a database, but long enough to be taken for one: ".repeat(40),
    )
    .unwrap();
    assert!(matches!(open(&text), OpenError::NotADatabase { .. }));
    assert!(
        std::fs::read_to_string(&text)
            .unwrap()
            .starts_with("not a database"),
        "left as it was"
    );

    let foreign = directory.path().join("foreign.db");
    Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    assert!(matches!(open(&foreign), OpenError::NotOurs { .. }));

    let nowhere = open(&directory.path().join("absent/tolmach.db"));
    assert!(matches!(nowhere, OpenError::Io { .. }), "{nowhere:?}");
    assert!(
        nowhere.to_string().contains("absent/tolmach.db"),
        "{nowhere}"
    );
}

#[tokio::test]
async fn messages_of_one_millisecond_are_spread_when_an_old_database_is_opened() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tolmach.db");
    let conn = at_version_4(&path);
    conn.execute_batch(
        "INSERT INTO users VALUES (1, 'anna', 'anna', '', '', 'account', 0, 0, NULL, 1);
        INSERT INTO rooms VALUES (1, 'one', 'one', '', '', '', 'public', NULL, 1, NULL, NULL, 0, 0, 6, 0, 9000, 6);
        INSERT INTO members VALUES (1, 1, 'owner', 0, 0), (2, 1, 'owner', 0, 0);
        INSERT INTO rooms VALUES (2, 'two', 'two', '', '', '', 'public', NULL, 1, NULL, NULL, 0, 0, 6, 0, 9000, 6);",
    )
    .unwrap();
    let times = [1_000, 5_000, 5_000, 5_000, 5_001, 9_000];
    for (room, number) in (1..=2).flat_map(|room| (1..=6).map(move |number| (room, number))) {
        let (id, at) = (
            room * 10 + number,
            times[usize::try_from(number - 1).unwrap()],
        );
        let sql = "INSERT INTO messages VALUES (?1, ?2, ?3, 1, 'text', 'x', NULL, ?4, NULL, 0, NULL, '', ?3)";
        conn.execute(sql, [id, room, number, at]).unwrap();
    }
    drop(conn);
    let bench = bench(&path);
    for room in [RoomId(1), RoomId(2)] {
        let said = history(&bench, room).await;
        let times: Vec<i64> = said.iter().map(|said| said.created.0).collect();
        assert_eq!(times, [1_000, 5_000, 5_001, 5_002, 5_003, 9_000]);
        let next = bench.at(9_000).say(UserId(1), room, "x");
        assert_eq!(next.created, Timestamp(9_001));
    }
}

/// Lets the database have only so many pages.
struct Small {
    inner: SqliteBackend,
    pages: Arc<AtomicI64>,
}

impl Backend for Small {
    fn begin(&mut self, writes: &[Box<dyn Write>]) -> Result<(), RowsError> {
        let pages = self.pages.load(Ordering::SeqCst);
        self.inner
            .conn
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .map_err(values::failed)?;
        self.inner.begin(writes)
    }

    fn rows(&mut self) -> &mut dyn Transaction {
        self.inner.rows()
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        self.inner.commit()
    }

    fn rollback(&mut self) {
        self.inner.rollback();
    }
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_service_returns_with_space() {
    let directory = tempfile::tempdir().unwrap();
    let pages = Arc::new(AtomicI64::new(1_000_000));
    let limit = pages.clone();
    let bench = over(&directory.path().join("tolmach.db"), |inner| Small {
        inner,
        pages: limit,
    });
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    pages.store(1, Ordering::SeqCst);
    let mut kept = 0;
    let big = "x".repeat(3_000);
    let refused = loop {
        match bench.by(anna, post(room, &big)) {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(refused, Error::Unavailable);
    assert_eq!(history(&bench, room).await.len(), kept, "reads go on");
    pages.store(1_000_000, Ordering::SeqCst);
    bench.say(anna, room, "there is space again");
    assert_eq!(history(&bench, room).await.len(), kept + 1);
}

#[tokio::test]
async fn the_log_is_begun_anew_while_writes_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tolmach.db");
    let bench = bench(&path);
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let log = Connection::open(&path).unwrap();
    let big = "x".repeat(100_000);
    let (mut longest, mut said) = (0, 0);
    loop {
        let last = (0..20)
            .map(|_| bench.submit(Actor::User(anna), post(room, &big)))
            .last();
        bench.sink.wait_for(last.unwrap()).0.unwrap();
        said += 20;
        let (frames, _) = checkpoint::log_state(&log).unwrap();
        if frames < longest {
            break;
        }
        longest = frames;
        assert!(
            frames < 10 * checkpoint::FRAMES,
            "the log only grows: {frames}"
        );
    }
    assert!(longest > checkpoint::FRAMES);
    drop(log);
    let query = HistoryQuery::page(RoomSelector::Id(room), None, 1);
    let page = bench.store.history(room, None, &query).await.unwrap();
    assert_eq!(page.messages.len() as u64 + page.omitted, said);
}

#[tokio::test]
async fn caches_that_overflow_lose_no_counter() {
    let directory = tempfile::tempdir().unwrap();
    let bench = bench(&directory.path().join("tolmach.db"));
    let anna = bench.account("anna");
    let kept = bench.room("kept", anna);
    let mut last = 0;
    // More rooms than the cache holds, with a message in the first among them again and again.
    for number in 0..10_500 {
        let room = create_room(&format!("r{number}"), RoomKind::Public);
        last = bench.submit(Actor::User(anna), room).ticket;
        if number % 7 == 0 {
            bench.submit(Actor::User(anna), post(kept, "x"));
        }
    }
    bench.sink.wait(last).0.unwrap();
    let seqs: Vec<i64> = history(&bench, kept)
        .await
        .iter()
        .map(|message| message.seq.0)
        .collect();
    assert_eq!(seqs.len(), 1_500);
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1));
    assert_eq!(
        bench.store.room(kept).await.unwrap().unwrap().room.seq.0,
        seqs[1_499]
    );
}

#[test]
fn a_database_is_opened_by_one_store_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tolmach.db");
    let open = || SqliteStore::open(&path, limits(), Arc::new(Recorder::default()));
    let first = open().unwrap();
    let error = open().err().unwrap();
    assert!(matches!(error, OpenError::InUse { .. }), "{error:?}");
    drop(first);
    open().unwrap();
}

#[cfg(unix)]
#[test]
fn a_link_to_a_database_is_the_same_database() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tolmach.db");
    let link = directory.path().join("link.db");
    let first = bench(&path);
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let open = || SqliteStore::open(&link, limits(), Arc::new(Recorder::default()));
    assert!(matches!(open(), Err(OpenError::InUse { .. })));
    drop(first);
    drop(open().unwrap());
}

#[test]
fn a_database_is_free_at_once_while_programs_are_started() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tolmach.db");
    let done = std::sync::atomic::AtomicBool::new(false);
    let mut taken = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                Command::new("true").status().unwrap();
            }
        });
        for _ in 0..2_000 {
            drop(Lock::acquire(&path).unwrap());
            let beside = directory.path().join("tolmach.db-lock");
            let file = std::fs::File::open(beside).unwrap();
            let free = file.try_lock().is_ok();
            taken += usize::from(!free);
            file.unlock().unwrap();
        }
        done.store(true, Ordering::SeqCst);
    });
    assert_eq!(taken, 0);
}
