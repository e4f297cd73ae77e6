//! What the index takes from the database, a batch at a time.

use rusqlite::{Connection, Row, params};

use super::super::changes::touched;
use super::super::values::{Sql, all, one};
use crate::model::{FileInfo, MessageId, MessageKind, RoomId, Seq, Timestamp};

/// Most messages, and most edits, in one batch.
const MESSAGES: usize = 8_000;
/// After so many bytes of text a batch ends, too.
const BYTES: usize = 2 * 1024 * 1024;

/// A message for the index.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) seq: Seq,
    /// What searches look for their needle in; `None`: none may find it.
    pub(super) text: Option<String>,
}

/// Some of a room's changes in a row, with the texts as they are now.
#[derive(Debug)]
pub(super) struct Batch {
    /// The last change in it.
    pub(super) upto: Seq,
    /// The room has no later ones.
    pub(super) is_last: bool,
    pub(super) said: Vec<Entry>,
    /// Older messages that were edited or deleted.
    pub(super) changed: Vec<Entry>,
    /// The newest message of `said`.
    pub(super) newest: Option<(MessageId, Timestamp)>,
    /// Before this place there is no message.
    pub(super) first: Seq,
}

/// What comes after a change; `None`: the room is gone.
pub(super) fn after(conn: &mut Connection, room: RoomId, covered: Seq) -> Sql<Option<Batch>> {
    let conn = conn.transaction()?;
    let sql = "SELECT seq FROM rooms WHERE id = ?1";
    let Some(last) = one(&conn, sql, [room], |row| row.get::<_, Seq>(0))? else {
        return Ok(None);
    };
    let sql = "SELECT seq FROM messages WHERE room = ?1 ORDER BY seq LIMIT 1";
    let first = one(&conn, sql, [room], |row| row.get(0))?.unwrap_or(Seq(last.0 + 1));
    let mut upto = last;
    let changes = touched(&conn, room, covered, MESSAGES)?;
    if let Some((seq, _)) = changes.last().filter(|_| changes.len() == MESSAGES) {
        upto = *seq;
    }
    let (said, newest, end) = said(&conn, room, covered, upto)?;
    upto = end;
    let mut changed = Vec::new();
    for (_, id) in changes.iter().filter(|(seq, _)| *seq <= upto) {
        let sql = "SELECT seq, id, created, kind, deleted, text, file FROM messages WHERE id = ?1 AND seq <= ?2";
        changed.extend(one(&conn, sql, params![id, covered], entry)?);
    }
    changed.sort_by_key(|entry: &Entry| entry.seq);
    changed.dedup_by_key(|entry| entry.seq);
    Ok(Some(Batch {
        upto,
        is_last: upto == last,
        said,
        changed,
        newest,
        first,
    }))
}

type Said = (Vec<Entry>, Option<(MessageId, Timestamp)>, Seq);

/// The messages after one place up to another, or up to where a batch ends.
fn said(conn: &Connection, room: RoomId, covered: Seq, upto: Seq) -> Sql<Said> {
    let sql = "SELECT seq, id, created, kind, deleted, text, file FROM messages \
        WHERE room = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params![room, covered, upto])?;
    let (mut said, mut newest, mut bytes) = (Vec::new(), None, 0);
    while let Some(row) = rows.next()? {
        let entry = entry(row)?;
        let place = entry.seq;
        bytes += entry.text.as_ref().map_or(0, String::len);
        newest = Some((row.get(1)?, row.get(2)?));
        said.push(entry);
        if said.len() == MESSAGES || bytes >= BYTES {
            return Ok((said, newest, place));
        }
    }
    Ok((said, newest, upto))
}

fn entry(row: &Row<'_>) -> Sql<Entry> {
    let text = if row.get(4)? {
        None
    } else {
        let (kind, file): (MessageKind, Option<FileInfo>) = (row.get(3)?, row.get(6)?);
        let text = kind.searched(row.get_ref(5)?.as_str()?, file.as_ref());
        Some(text.into_owned())
    };
    Ok(Entry {
        seq: row.get(0)?,
        text,
    })
}

/// The rooms with at least so many messages.
pub(super) fn long_rooms(conn: &Connection, messages: i64) -> Sql<Vec<RoomId>> {
    let sql = "SELECT id FROM rooms WHERE messages >= ?1";
    all(conn, sql, [messages], |row| row.get(0))
}

/// The number that tells this database from others.
pub(super) fn identity(conn: &Connection) -> Sql<i64> {
    let sql = "SELECT value FROM counters WHERE name = 'identity'";
    Ok(one(conn, sql, [], |row| row.get(0))?.unwrap_or_default())
}

/// Whether the room's changes reach so far, and its newest message there is this one.
pub(super) fn agrees(
    conn: &Connection,
    room: RoomId,
    upto: Seq,
    (id, created): (MessageId, Timestamp),
) -> Sql<bool> {
    let reaches = one(
        conn,
        "SELECT 1 FROM rooms WHERE id = ?1 AND seq >= ?2",
        params![room, upto],
        |_| Ok(()),
    )?;
    let sql =
        "SELECT id, created FROM messages WHERE room = ?1 AND seq <= ?2 ORDER BY seq DESC LIMIT 1";
    let newest = one(conn, sql, params![room, upto], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let none = (MessageId(0), Timestamp(0));
    Ok(reaches.is_some() && newest.unwrap_or(none) == (id, created))
}
