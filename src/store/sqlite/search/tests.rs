//! The index: behind, gone, broken, of another database; no answer depends on it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rusqlite::Connection;

use super::file;
use crate::commands::{Actor, DeleteRoom, Edit, Hide};
use crate::model::{HistoryQuery, MessageId, RoomId, RoomSelector, SearchQuery, Seq, UserId};
use crate::store::contract::at;
use crate::store::contract::{Bench, Gate, Recorder, Trial, limits, post, texts};
use crate::store::{SqliteStore, Store};

/// A store whose rooms are indexed from ten messages on.
struct Open {
    store: Arc<SqliteStore>,
    bench: Bench,
}

fn open(path: &Path) -> Open {
    let sink = Arc::new(Recorder::default());
    let store = SqliteStore::over(path, limits(), sink.clone(), Some(10), |backend| backend);
    let store = Arc::new(store.unwrap());
    let bench = Bench::over(store.clone(), sink, Arc::new(Gate::default()), true, None);
    Open { store, bench }
}

impl Open {
    /// A room with messages "word 0" to "word 19".
    fn filled_room(&self) -> (UserId, RoomId, Vec<MessageId>) {
        let anna = self.bench.account("anna");
        let room = self.bench.room("lobby", anna);
        let say = |number| self.bench.say(anna, room, &format!("Word {number}")).id;
        let ids = (0..20).map(say).collect();
        assert!(self.store.wait_for_index());
        (anna, room, ids)
    }

    async fn found(&self, room: RoomId, needle: &str) -> Vec<String> {
        let found = self
            .store
            .search(room, None, &SearchQuery::containing(needle, 100))
            .await
            .unwrap();
        texts(&found).into_iter().map(str::to_owned).collect()
    }

    fn covered(&self, room: RoomId) -> Option<Seq> {
        self.store
            .index
            .with_moment(room, |moment| moment.map(|moment| moment.covered))
    }
}

fn files() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tolmach.db");
    let index = file::path_of(&path);
    (directory, path, index)
}

/// Takes a message out of an index, which no index would do: what searches say then shows whether they use it.
fn falsify(index: &Path, room: RoomId, seq: Seq) {
    let conn = Connection::open(index).unwrap();
    let sql = format!("DELETE FROM room_{} WHERE rowid = ?1", room.0);
    conn.execute(&sql, [seq]).unwrap();
}

#[tokio::test]
async fn a_search_asks_the_index() {
    let (_directory, path, index) = files();
    let first = open(&path);
    let (_, room, ids) = first.filled_room();
    let seq = first.store.message(ids[7]).await.unwrap().unwrap().seq;
    assert_eq!(first.found(room, "word 7").await, ["Word 7"]);
    #[cfg(unix)]
    for path in [&path, &index, &file::beside(&index, "-wal")] {
        let is = std::fs::metadata(path).unwrap();
        let mode = std::os::unix::fs::MetadataExt::mode(&is) & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
    }
    drop(first);
    assert!(
        !file::beside(&index, "-wal").exists(),
        "a clean end leaves one file"
    );
    falsify(&index, room, seq);
    let second = open(&path);
    assert_eq!(second.found(room, "word 7").await, [""; 0]);
    for needle in ["w", "wo", "wor"] {
        assert_eq!(second.found(room, needle).await.len(), 19);
    }
    assert_eq!(second.found(room, "").await.len(), 20, "nothing to ask for");
}

#[tokio::test]
async fn short_rooms_have_no_index() {
    let (_directory, path, index) = files();
    let open = open(&path);
    let anna = open.bench.account("anna");
    let room = open.bench.room("lobby", anna);
    (0..9).for_each(|_| drop(open.bench.say(anna, room, "x")));
    assert!(open.store.wait_for_index());
    assert!(!index.exists());
    open.bench.say(anna, room, "x");
    assert!(open.store.wait_for_index());
    assert!(index.exists() && open.covered(room).is_some());
}

#[tokio::test]
async fn an_index_that_is_behind_changes_no_answer() {
    let (_directory, path, _) = files();
    let open = open(&path);
    let (anna, room, ids) = open.filled_room();
    let covered = open.covered(room);
    open.store.index.hold(true);
    open.bench.edit(anna, ids[3], "another text");
    open.bench.edit(anna, ids[4], "another word 15");
    open.bench.delete(anna, ids[15]);
    open.bench.by(anna, Hide { message: ids[11] }).unwrap();
    let new = open.bench.say(anna, room, "new word 15");
    open.bench.edit(anna, new.id, "newer word 15");
    for _ in 0..2 {
        assert_eq!(
            open.found(room, "word 15").await,
            ["newer word 15", "another word 15"]
        );
        assert_eq!(
            open.found(room, "another").await,
            ["another word 15", "another text"]
        );
        assert_eq!(open.found(room, "word 3").await, [""; 0]);
        if open.covered(room) == covered {
            open.store.index.hold(false);
            assert!(open.store.wait_for_index());
        }
    }
    let seq = open.store.room(room).await.unwrap().unwrap().room.seq;
    assert_eq!(open.covered(room), Some(seq));
}

#[tokio::test]
async fn more_edits_than_one_step_looks_at_are_found_too() {
    let (_directory, path, _) = files();
    let open = open(&path);
    let (anna, room, ids) = open.filled_room();
    open.store.index.hold(true);
    let mut last = 0;
    for number in 0..super::CHUNK + 10 {
        let (message, text) = (ids[number % 20], format!("text {number}"));
        let edit = Edit::text(message, &text);
        last = open.bench.submit(Actor::User(anna), edit).ticket;
    }
    open.bench.sink.wait(last).0.unwrap();
    assert_eq!(open.found(room, "text").await.len(), 20);
    open.store.index.hold(false);
    assert!(open.store.wait_for_index());
    assert_eq!(open.found(room, "text").await.len(), 20);
    assert_eq!(open.found(room, "word").await, [""; 0]);
}

#[tokio::test]
async fn any_search_agrees_whether_the_index_is_held_or_not() {
    for seed in 1..4 {
        let (_directory, path, _) = files();
        let mut opened = open(&path);
        let mut trial = Trial::new(seed, &opened.bench);
        for round in 0..600 {
            opened.store.index.hold(round % 150 < 50);
            trial.change(&opened.bench);
            if round % 150 > 120 {
                assert!(opened.store.wait_for_index());
            }
            trial.search(&opened.bench).await;
            trial.search(&opened.bench).await;
        }
        opened.store.index.hold(true);
        (0..30).for_each(|_| trial.change(&opened.bench));
        // The end comes when the index is behind.
        drop(opened);
        opened = open(&path);
        for _ in 0..200 {
            trial.search(&opened.bench).await;
        }
        assert!(opened.store.wait_for_index());
        for _ in 0..200 {
            trial.search(&opened.bench).await;
        }
    }
}

/// What can be found wrong with an index at the next start.
fn spoilt(index: &Path, how: &str) {
    let conn = || Connection::open(index).unwrap();
    match how {
        "gone" => std::fs::remove_file(index).unwrap(),
        "not a database" => std::fs::write(index, "x".repeat(9_000)).unwrap(),
        "empty" => std::fs::write(index, "").unwrap(),
        "cut off" => {
            let file = std::fs::OpenOptions::new().write(true).open(index).unwrap();
            file.set_len(2 * 4096).unwrap();
        }
        "garbage" => {
            let mut bytes = std::fs::read(index).unwrap();
            bytes[4096..].fill(0x5a);
            std::fs::write(index, bytes).unwrap();
        }
        "another version" => conn().pragma_update(None, "user_version", 99).unwrap(),
        "an older version" => {
            // It knew texts alone, and nothing of this one.
            let conn = conn();
            conn.execute("DELETE FROM room_1 WHERE rowid > 3", [])
                .unwrap();
            conn.pragma_update(None, "user_version", 1).unwrap();
        }
        "another database's" => {
            let sql = "UPDATE about SET binding = 'other'; DELETE FROM room_1_docsize; DELETE FROM room_1_data";
            conn().execute_batch(sql).unwrap();
        }
        "a table is broken" => conn().execute_batch("DELETE FROM room_1_data").unwrap(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn an_index_that_is_no_good_is_made_anew() {
    for how in [
        "gone",
        "not a database",
        "empty",
        "cut off",
        "garbage",
        "another version",
        "an older version",
        "another database's",
        "a table is broken",
    ] {
        let (_directory, path, index) = files();
        let (_, room, _) = open(&path).filled_room();
        spoilt(&index, how);
        let second = open(&path);
        for _ in 0..2 {
            assert_eq!(second.found(room, "word 7").await, ["Word 7"], "{how}");
            assert_eq!(second.found(room, "d 1").await.len(), 11, "{how}");
            assert!(second.store.wait_for_index(), "{how}");
        }
        let seq = second.store.room(room).await.unwrap().unwrap().room.seq;
        assert_eq!(second.covered(room), Some(seq), "{how}");
        drop(second);
        falsify(&index, room, seq);
        let third = open(&path);
        assert_eq!(
            third.found(room, "word").await.len(),
            19,
            "{how}: it is used again"
        );
    }
}

#[tokio::test]
async fn an_index_that_breaks_while_it_is_used_is_made_anew() {
    let (_directory, path, index) = files();
    let open = open(&path);
    let (anna, room, _) = open.filled_room();
    spoilt(&index, "a table is broken");
    assert_eq!(open.found(room, "word 7").await, ["Word 7"]);
    open.bench.say(anna, room, "one more word 7");
    assert!(open.store.wait_for_index());
    assert_eq!(
        open.found(room, "word 7").await,
        ["one more word 7", "Word 7"]
    );
    let seq = open.store.room(room).await.unwrap().unwrap().room.seq;
    assert_eq!(open.covered(room), Some(seq));
}

#[tokio::test]
async fn a_file_that_cannot_be_made_stops_nothing() {
    let (_directory, path, index) = files();
    std::fs::create_dir_all(index.join("in the way")).unwrap();
    let open = open(&path);
    let anna = open.bench.account("anna");
    let room = open.bench.room("lobby", anna);
    (0..20).for_each(|_| drop(open.bench.say(anna, room, "word")));
    assert!(!open.store.wait_for_index());
    open.bench.say(anna, room, "one more word");
    assert_eq!(open.found(room, "word").await.len(), 21);
}

#[tokio::test]
async fn an_index_that_knows_more_than_the_database_is_not_believed() {
    let (_directory, path, _) = files();
    let copy = path.with_extension("copy");
    let first = open(&path);
    let (anna, room, ids) = first.filled_room();
    drop(first);
    std::fs::copy(&path, &copy).unwrap();
    let second = open(&path);
    second.bench.edit(anna, ids[7], "a text that is undone");
    second.bench.say(anna, room, "undone");
    assert!(second.store.wait_for_index());
    drop(second);
    std::fs::copy(&copy, &path).unwrap();
    let third = open(&path);
    assert_eq!(third.found(room, "word 7").await, ["Word 7"]);
    third.bench.at(2_000).say(anna, room, "other");
    third.bench.say(anna, room, "others");
    assert!(third.store.wait_for_index());
    assert_eq!(third.found(room, "word 7").await, ["Word 7"]);
    assert_eq!(third.found(room, "other").await, ["others", "other"]);
    assert_eq!(third.found(room, "undone").await, [""; 0]);
}

#[tokio::test]
async fn a_deleted_room_leaves_the_index() {
    let (_directory, path, index) = files();
    let open = open(&path);
    let (anna, room, _) = open.filled_room();
    let other = open.bench.room("other", anna);
    for _ in 0..20 {
        open.bench.say(anna, other, "word");
    }
    assert!(open.store.wait_for_index() && open.covered(room).is_some());
    open.bench.by(anna, DeleteRoom { room: at(room) }).unwrap();
    assert_eq!(open.found(room, "word").await, [""; 0]);
    assert!(open.store.wait_for_index());
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'room_' || ?1 || '%'";
    let conn = Connection::open(&index).unwrap();
    let count = |room: RoomId| {
        conn.query_row(tables, [room], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!((count(room), open.covered(room)), (0, None));
    assert!(count(other) > 0 && open.found(other, "word").await.len() == 20);
}

#[tokio::test]
async fn a_write_that_came_to_nothing_is_not_indexed() {
    let (_directory, path, _) = files();
    let open = open(&path);
    let (anna, room, _) = open.filled_room();
    let covered = open.covered(room);
    assert!(open.bench.by(anna, post(RoomId(99), "nowhere")).is_err());
    assert!(open.store.wait_for_index());
    assert_eq!(open.covered(room), covered);
}

#[tokio::test]
async fn a_kill_at_any_moment_leaves_an_index_that_is_right() {
    let (directory, path, index) = files();
    let live = open(&path);
    let (anna, room, ids) = live.filled_room();
    for number in 0..3_000 {
        let (message, text) = (ids[number % 20], format!("Word {}", number % 50));
        let (bench, anna) = (&live.bench, Actor::User(anna));
        if number % 3 == 0 {
            bench.submit(anna, Edit::text(message, &text));
        } else {
            bench.submit(anna, post(room, &text));
        }
    }
    for round in [500, 2_500] {
        live.bench.sink.wait_for_count(round);
        let copy = directory.path().join(format!("copy{round}.db"));
        // The index first: it must not know more than the database.
        for (from, to) in [(&index, &file::path_of(&copy)), (&path, &copy)] {
            for ending in ["", "-wal"] {
                let from = file::beside(from, ending);
                // Another process: closing a descriptor in this one would drop SQLite's locks.
                let copied = Command::new("cp")
                    .args([from, file::beside(to, ending)])
                    .status();
                assert!(copied.unwrap().success());
            }
        }
        let killed = open(&copy);
        let query = HistoryQuery::page(RoomSelector::Id(room), None, usize::MAX);
        let all = killed
            .store
            .history(room, None, &query)
            .await
            .unwrap()
            .messages;
        for _ in 0..2 {
            for needle in ["word 7", "word 49", "d 4"] {
                let holds = |text: &&str| text.to_lowercase().contains(needle);
                let expected = texts(&all).into_iter().filter(holds).count();
                let found = killed
                    .store
                    .search(room, None, &SearchQuery::containing(needle, 9_999))
                    .await
                    .unwrap();
                assert_eq!(found.len(), expected, "{needle} {round}");
            }
            assert!(killed.store.wait_for_index());
        }
    }
}
