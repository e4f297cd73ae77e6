//! What is over age, and its end.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::history::{FIRST, boundary};
use super::reads;
use super::times::falls;
use super::values::{Sql, all, count, millis, one, run};
use crate::model::{MessageId, RoomId, Seq, Timestamp};

/// The rooms where the first message that is shown is over age or ahead of the clock, or where something is left up to the mark.
const PRUNABLE: &str = "SELECT id FROM rooms r WHERE pruned > 0 AND \
        (EXISTS (SELECT 1 FROM messages WHERE room = r.id AND seq <= r.pruned) \
        OR EXISTS (SELECT 1 FROM changes WHERE room = r.id AND seq <= r.pruned)) \
    OR coalesce(keep, ?2) > 0 AND (SELECT created < ?1 - coalesce(r.keep, ?2) OR created > ?1 \
        FROM messages WHERE room = r.id AND seq > r.pruned ORDER BY seq LIMIT 1) ORDER BY id";

pub(super) fn prunable(conn: &Connection, now: Timestamp, keep: Duration) -> Sql<Vec<RoomId>> {
    all(conn, PRUNABLE, params![now, millis(keep)], |row| row.get(0))
}

pub(super) fn removed_rooms(conn: &Connection) -> Sql<Vec<RoomId>> {
    let sql = "SELECT id FROM removed_rooms ORDER BY id";
    all(conn, sql, [], |row| row.get(0))
}

/// Within a stretch between two falls of the time the over-aged come first, then those that are kept, then those ahead of the
/// clock.
pub(super) fn over_age(
    conn: &Connection,
    room: RoomId,
    before: Timestamp,
    now: Timestamp,
) -> Sql<Option<Seq>> {
    let Some((mark, last)) = marks(conn, room)? else {
        return Ok(None);
    };
    let (mut start, mut aged) = (Seq(mark.0 + 1), None);
    let falls = falls(conn, room)?.into_iter().map(|fall| fall.seq);
    for end in falls.chain([Seq(last.0 + 1)]) {
        let past = boundary(conn, room, start, end, |place| place.created < before)?;
        if past > start {
            aged = Some(Seq(past.0 - 1));
        }
        let kept = one(conn, FIRST, params![room, past, end], |row| {
            row.get::<_, Timestamp>(2)
        })?;
        if kept.is_some_and(|created| created <= now) {
            break;
        }
        start = start.max(end);
    }
    Ok(aged)
}

/// Up to where messages are kept no longer, and where the last one is.
fn marks(conn: &Connection, room: RoomId) -> Sql<Option<(Seq, Seq)>> {
    let sql = "SELECT r.pruned, m.seq FROM rooms r JOIN messages m ON m.room = r.id WHERE r.id = ?1 ORDER BY m.seq DESC LIMIT 1";
    one(conn, sql, [room], |row| Ok((row.get(0)?, row.get(1)?)))
}

pub(super) fn messages_left(conn: &Connection, room: RoomId) -> Sql<u64> {
    let sql = "SELECT count(*) FROM rooms r JOIN messages m ON m.room = r.id AND m.seq > r.pruned WHERE r.id = ?1";
    count(conn, sql, [room])
}

/// How much of a room's past was removed.
pub(super) struct Forgot {
    /// Up to where nothing is left.
    pub(super) upto: Seq,
    /// That is up to the mark.
    pub(super) all: bool,
    pub(super) files: bool,
}

pub(super) fn forget(conn: &Connection, room: RoomId, limit: usize) -> Sql<Forgot> {
    let pruned = match reads::room(conn, room)? {
        Some(row) => row.room.pruned,
        None => {
            let sql = "SELECT count(*) FROM removed_rooms WHERE id = ?1";
            let is_removed = count(conn, sql, [room])? > 0;
            Seq(if is_removed { i64::MAX } else { 0 })
        }
    };
    let mut upto = pruned;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    for table in ["messages", "changes"] {
        let sql = format!(
            "SELECT seq FROM {table} WHERE room = ?1 AND seq <= ?2 ORDER BY seq LIMIT 1 OFFSET ?3"
        );
        let next: Option<Seq> = one(conn, &sql, params![room, upto, limit], |row| row.get(0))?;
        upto = next.map_or(upto, |next| Seq(next.0 - 1));
    }
    let sql = "SELECT max(id), max(file IS NOT NULL) FROM messages WHERE room = ?1 AND seq <= ?2";
    let found = one(conn, sql, params![room, upto], |row| {
        Ok((
            row.get::<_, Option<MessageId>>(0)?,
            row.get::<_, Option<bool>>(1)?,
        ))
    })?;
    let (last, files) = found.unwrap_or_default();
    if let Some(last) = last {
        let sql = "DELETE FROM hidden WHERE room = ?1 AND message <= ?2";
        run(conn, sql, params![room, last])?;
    }
    for table in ["messages", "changes", "falls"] {
        let sql = format!("DELETE FROM {table} WHERE room = ?1 AND seq <= ?2");
        run(conn, &sql, params![room, upto])?;
    }
    if upto.0 == i64::MAX {
        for table in ["hidden WHERE room", "removed_rooms WHERE id"] {
            run(conn, &format!("DELETE FROM {table} = ?1"), [room])?;
        }
    }
    Ok(Forgot {
        upto,
        all: upto == pruned,
        files: files.unwrap_or_default(),
    })
}
