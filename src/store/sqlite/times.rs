//! Where the times of a room fall: within a stretch between two falls `created` rises with `seq`, each millisecond once.

use rusqlite::{Connection, params};

use super::history::boundary;
use super::values::{Sql, all, one};
use crate::model::{RoomId, Seq, Timestamp};
use crate::store::time;

/// The clock was believed again, though a message with a later time was there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fall {
    /// The first message after it.
    pub(super) seq: Seq,
    /// The last time before it.
    pub(super) last: Timestamp,
}

/// A room's falls, in order.
pub(super) fn falls(conn: &Connection, room: RoomId) -> Sql<Vec<Fall>> {
    let sql = "SELECT seq, last FROM falls WHERE room = ?1 ORDER BY seq";
    all(conn, sql, [room], |row| {
        Ok(Fall {
            seq: row.get(0)?,
            last: row.get(1)?,
        })
    })
}

/// The first time from `at` on that no message before these falls bears.
pub(super) fn free(
    conn: &Connection,
    room: RoomId,
    falls: &[Fall],
    at: Timestamp,
) -> Sql<Timestamp> {
    let mut free = at;
    loop {
        let (tried, mut start) = (free, Seq(0));
        for fall in falls {
            if fall.last >= free {
                free = free_in(conn, room, start, fall.seq, free)?;
            }
            start = fall.seq;
        }
        if free == tried {
            return Ok(free);
        }
    }
}

/// The same within one stretch, where times rise by no less than the messages' numbers do.
fn free_in(conn: &Connection, room: RoomId, start: Seq, end: Seq, at: Timestamp) -> Sql<Timestamp> {
    let sql = "SELECT created, created - number FROM messages WHERE room = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq LIMIT 1";
    let first = boundary(conn, room, start, end, |place| place.created < at)?;
    let found = one(conn, sql, params![room, first, end], |row| {
        Ok((row.get::<_, Timestamp>(0)?, row.get::<_, i64>(1)?))
    })?;
    let Some((_, lead)) = found.filter(|(created, _)| *created == at) else {
        return Ok(at);
    };
    // Without a gap between them all have the same lead.
    let past = boundary(conn, room, first, end, |place| place.lead <= lead)?;
    let sql = "SELECT created FROM messages WHERE room = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT 1";
    let last = one(conn, sql, params![room, past], |row| row.get(0))?;
    Ok(time::after(last.unwrap_or(at)))
}
