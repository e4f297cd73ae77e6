//! The file of the index: one full-text table for each room that has one, and up to where each is filled.
//!
//! A table holds, for every message of the room up to `covered` that a search could find, its runs of characters under
//! its `seq`; the texts themselves are not in it. Everything in the file can be made again from the database.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use super::super::history::direction;
use super::super::open::connection;
use super::super::values::{Sql, all, one, run};
use super::feed::Batch;
use super::grams;
use crate::model::{HistoryOrder, MessageId, RoomId, Seq, Timestamp, fold_text};
use crate::new_file;

/// "tols": says in the file's header what it is.
const APPLICATION: i32 = 0x746f_6c73;
/// Of the tables, and of what they hold of a text.
const VERSION: i32 = 5;

/// How many bytes of a batch may wait in memory.
const PENDING: i64 = 32 * 1024 * 1024;
/// Part of a table is written anew once so many percent of its messages were taken out. With SQLite's own 10 a room whose oldest
/// messages go is written anew again and again, at thirty times the cost.
const MERGED: i64 = 50;
/// How many messages one transaction takes out.
const FORGOTTEN: i64 = 2_000;

const SCHEMA: &str = "
CREATE TABLE about (binding TEXT NOT NULL) STRICT;
CREATE TABLE rooms (
    room    INTEGER PRIMARY KEY,
    first   INTEGER NOT NULL,          -- no message before this one is in the table
    covered INTEGER NOT NULL,          -- every change of the room up to this one is in the table
    message INTEGER NOT NULL,          -- the newest message among them, and its time
    created INTEGER NOT NULL
) STRICT;";

/// Where a database's index is.
pub(super) fn path_of(database: &Path) -> PathBuf {
    beside(database, "-search")
}

pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut place = OsString::from(path);
    place.push(ending);
    place.into()
}

/// The file as its readers see it.
pub(super) fn reading(path: &Path) -> Sql<Connection> {
    connection(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// What an index must be bound to: a database, and the way this program folds texts.
fn binding(identity: i64) -> String {
    let (major, minor, update) = char::UNICODE_VERSION;
    format!("{identity} Unicode {major}.{minor}.{update}")
}

/// The index of the database with this identity, to be filled; `None`: there is none, or it is something else.
pub(super) fn existing(path: &Path, identity: i64) -> Sql<Option<Connection>> {
    if !path.exists() {
        return Ok(None);
    }
    let conn = connection(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let number = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i32>(0));
    if number("PRAGMA application_id")? != APPLICATION || number("PRAGMA user_version")? != VERSION
    {
        return Ok(None);
    }
    let found: Option<String> = one(&conn, "SELECT binding FROM about", [], |row| row.get(0))?;
    if found != Some(binding(identity)) {
        return Ok(None);
    }
    prepare(&conn)?;
    Ok(Some(conn))
}

/// An empty index in place of whatever is there; nobody may have that open.
pub(super) fn fresh(path: &Path, identity: i64) -> Sql<Connection> {
    let made = remove(path).and_then(|()| new_file::create(path));
    made.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let mut conn = connection(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    prepare(&conn)?;
    let made = conn.transaction()?;
    made.execute_batch(SCHEMA)?;
    run(&made, "INSERT INTO about VALUES (?1)", [binding(identity)])?;
    made.pragma_update(None, "application_id", APPLICATION)?;
    made.pragma_update(None, "user_version", VERSION)?;
    made.commit()?;
    Ok(conn)
}

fn prepare(conn: &Connection) -> Sql<()> {
    conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "normal")?;
    // Merging is faster with more of the file at hand.
    conn.pragma_update(None, "cache_size", -16_000)
}

fn remove(path: &Path) -> io::Result<()> {
    for ending in ["", "-wal", "-shm"] {
        match fs::remove_file(beside(path, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Up to where a room's table is filled; `None`: it has none.
pub(super) fn covered(conn: &Connection, room: RoomId) -> Sql<Option<Seq>> {
    let sql = "SELECT covered FROM rooms WHERE room = ?1";
    one(conn, sql, [room], |row| row.get(0))
}

/// From where on a room's table is filled.
pub(super) fn first(conn: &Connection, room: RoomId) -> Sql<Seq> {
    let sql = "SELECT first FROM rooms WHERE room = ?1";
    Ok(one(conn, sql, [room], |row| row.get(0))?.unwrap_or(Seq(0)))
}

/// Takes from a room's table some of what is before its first message now, oldest first. Says whether that was all.
pub(super) fn forget_before(conn: &mut Connection, room: RoomId, now: Seq) -> Sql<bool> {
    let first = first(conn, room)?;
    let change = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let next = format!(
        "SELECT rowid FROM room_{} WHERE rowid >= ?1 AND rowid < ?2 ORDER BY rowid LIMIT 1 OFFSET ?3",
        room.0
    );
    let next = one(&change, &next, params![first, now, FORGOTTEN], |row| {
        row.get(0)
    })?;
    let end = next.unwrap_or(now);
    let delete = format!(
        "DELETE FROM room_{} WHERE rowid >= ?1 AND rowid < ?2",
        room.0
    );
    run(&change, &delete, params![first, end])?;
    let sql = "UPDATE rooms SET first = ?2 WHERE room = ?1";
    run(&change, sql, params![room, end])?;
    change.commit()?;
    Ok(end == now)
}

/// What is said of the room that has a table.
#[derive(Debug)]
pub(super) struct Covered {
    pub(super) room: RoomId,
    pub(super) upto: Seq,
    pub(super) newest: (MessageId, Timestamp),
}

pub(super) fn rooms(conn: &Connection) -> Sql<Vec<Covered>> {
    let sql = "SELECT room, covered, message, created FROM rooms";
    all(conn, sql, [], |row| {
        Ok(Covered {
            room: row.get(0)?,
            upto: row.get(1)?,
            newest: (row.get(2)?, row.get(3)?),
        })
    })
}

/// The places that a query names between `start` and `end` (not in it).
pub(super) fn select(room: RoomId, order: HistoryOrder) -> String {
    format!(
        "SELECT rowid FROM room_{0} WHERE room_{0} MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid {1}",
        room.0,
        direction(order)
    )
}

/// Adds to a room's table what a batch holds.
pub(super) fn write(conn: &mut Connection, room: RoomId, batch: &Batch) -> Sql<()> {
    let change = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if covered(&change, room)?.is_none() {
        change.execute_batch(&format!(
            "CREATE VIRTUAL TABLE room_{} USING fts5(runs, content='', contentless_delete=1, detail=none, tokenize=ascii)",
            room.0
        ))?;
        let set = format!(
            "INSERT INTO room_{0} (room_{0}, rank) VALUES (?1, ?2)",
            room.0
        );
        // Otherwise a batch is written in many small pieces, to be merged again and again.
        run(&change, &set, params!["hashsize", PENDING])?;
        run(&change, &set, params!["deletemerge", MERGED])?;
    }
    let delete = format!("DELETE FROM room_{} WHERE rowid = ?1", room.0);
    for entry in &batch.changed {
        run(&change, &delete, [entry.seq])?;
    }
    let insert = format!("INSERT INTO room_{} (rowid, runs) VALUES (?1, ?2)", room.0);
    for entry in batch.changed.iter().chain(&batch.said) {
        if let Some(text) = &entry.text {
            let runs = grams::of_text(&fold_text(text));
            run(&change, &insert, params![entry.seq, runs])?;
        }
    }
    let sql = "INSERT INTO rooms VALUES (?1, 0, ?2, coalesce(?3, 0), coalesce(?4, 0)) ON CONFLICT DO UPDATE \
        SET covered = ?2, message = coalesce(?3, message), created = coalesce(?4, created)";
    let (message, created) = batch.newest.unzip();
    run(&change, sql, params![room, batch.upto, message, created])?;
    change.commit()
}

/// Removes a room's table.
pub(super) fn forget(conn: &mut Connection, room: RoomId) -> Sql<()> {
    let change = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    change.execute_batch(&format!("DROP TABLE IF EXISTS room_{}", room.0))?;
    run(&change, "DELETE FROM rooms WHERE room = ?1", [room])?;
    change.commit()
}

#[cfg(test)]
mod tests {
    use super::super::feed::Entry;
    use super::*;

    const ROOM: RoomId = RoomId(1);
    const MESSAGES: i64 = 9_000;

    /// An index of one room with so many messages.
    fn filled(directory: &Path) -> Connection {
        let mut conn = fresh(&directory.join("index"), 1).unwrap();
        let text = |seq: i64| (0..8).map(move |word| format!("{:x} ", seq * 7919 * (word + 1)));
        let entry = |seq| Entry {
            seq: Seq(seq),
            text: Some(text(seq).collect()),
        };
        for from in (1..=MESSAGES).step_by(1_000) {
            let batch = Batch {
                upto: Seq(from + 999),
                is_last: true,
                said: (from..from + 1_000).map(entry).collect(),
                changed: Vec::new(),
                newest: None,
                first: Seq(1),
            };
            write(&mut conn, ROOM, &batch).unwrap();
        }
        conn
    }

    fn left(conn: &Connection) -> i64 {
        let sql = "SELECT count(*) FROM room_1";
        one(conn, sql, [], |row| row.get(0)).unwrap().unwrap()
    }

    #[test]
    fn what_is_gone_is_taken_out_a_little_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let mut conn = filled(directory.path());
        let now = Seq(5_001);
        for (all, rest) in [(false, 7_000), (false, 5_000), (true, 4_000), (true, 4_000)] {
            assert_eq!(forget_before(&mut conn, ROOM, now).unwrap(), all);
            assert_eq!(left(&conn), rest);
        }
        assert_eq!(first(&conn, ROOM).unwrap(), now);
    }

    /// What is written anew each time a few go is what that costs: it must not be the whole table, again and again.
    #[test]
    fn a_table_whose_oldest_messages_go_is_written_anew_but_a_few_times() {
        let directory = tempfile::tempdir().unwrap();
        let mut conn = filled(directory.path());
        let pages = |conn: &Connection| -> i64 {
            conn.query_row("PRAGMA page_count", [], |row| row.get(0))
                .unwrap()
        };
        // What is written from here on stays in the log, one frame a page.
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .unwrap();
        conn.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))
            .unwrap();
        let table = pages(&conn) * 4096;
        for gone in (100..=MESSAGES * 9 / 10).step_by(100) {
            assert!(forget_before(&mut conn, ROOM, Seq(gone + 1)).unwrap());
        }
        let log = beside(&directory.path().join("index"), "-wal");
        let written = fs::metadata(log).unwrap().len();
        assert!(
            written < 4 * u64::try_from(table).unwrap(),
            "{written} of {table}"
        );
    }
}
