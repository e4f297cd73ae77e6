//! What is over age, and its end.

use super::backend::PostgresBackend;
use super::session::query;
use super::values::{Columns, Sql, at_most_one, first, limit};
use crate::model::{MessageId, RoomId, Seq, Timestamp};

/// The rooms where the first message that is shown is over age or ahead of the clock, or where something is left up to the mark.
pub(super) const PRUNABLE: &str = "SELECT id FROM rooms r WHERE pruned > 0 AND \
        (EXISTS (SELECT 1 FROM messages WHERE room = r.id AND seq <= r.pruned) \
        OR EXISTS (SELECT 1 FROM changes WHERE room = r.id AND seq <= r.pruned)) \
    OR coalesce(keep, $2) > 0 AND (SELECT created < $1 - coalesce(r.keep, $2) OR created > $1 \
        FROM messages WHERE room = r.id AND seq > r.pruned ORDER BY seq LIMIT 1) ORDER BY id";

/// Within a stretch between two falls of the time the over-aged come first, then those that are kept, then those ahead of the
/// clock.
pub(super) fn over_age(
    rows: &mut PostgresBackend,
    room: RoomId,
    before: Timestamp,
    now: Timestamp,
) -> Sql<Option<Seq>> {
    let sql = "SELECT r.pruned, m.seq FROM rooms r JOIN messages m ON m.room = r.id WHERE r.id = $1 ORDER BY m.seq DESC LIMIT 1";
    let marks = rows.fetch(query!(sql, room))?;
    let marks = at_most_one(&marks, |row| {
        Ok((row.value::<Seq>(0)?, row.value::<Seq>(1)?))
    })?;
    let Some((mark, last)) = marks else {
        return Ok(None);
    };
    let (mut start, mut aged) = (Seq(mark.0 + 1), None);
    let falls = rows.known_room(room)?.map(|room| room.falls.clone());
    let falls = falls.unwrap_or_default().into_iter().map(|fall| fall.seq);
    for end in falls.chain([Seq(last.0 + 1)]) {
        let past = rows.boundary(room, (start, end), "created", before.0)?;
        if past > start {
            aged = Some(Seq(past.0 - 1));
        }
        let sql = "SELECT created FROM messages WHERE room = $1 AND seq >= $2 AND seq < $3 ORDER BY seq LIMIT 1";
        let kept: Option<Timestamp> = first(&rows.fetch(query!(sql, room, past, end))?)?;
        if kept.is_some_and(|created| created <= now) {
            break;
        }
        start = start.max(end);
    }
    Ok(aged)
}

/// How much of a room's past was removed.
pub(super) struct Forgot {
    /// Up to where nothing is left.
    pub(super) upto: Seq,
    /// That is up to the mark.
    pub(super) all: bool,
    pub(super) files: bool,
}

pub(super) fn forget(rows: &mut PostgresBackend, room: RoomId, most: usize) -> Sql<Forgot> {
    let pruned = match rows.known_room(room)? {
        Some(known) => known.row.room.pruned,
        None => {
            let sql = "SELECT 1 FROM removed_rooms WHERE id = $1";
            let is_removed = !rows.fetch(query!(sql, room))?.is_empty();
            Seq(if is_removed { i64::MAX } else { 0 })
        }
    };
    let mut upto = pruned;
    for table in ["messages", "changes"] {
        let sql = format!(
            "SELECT seq FROM {table} WHERE room = $1 AND seq <= $2 ORDER BY seq LIMIT 1 OFFSET $3"
        );
        let next: Option<Seq> = first(&rows.fetch(query!(sql, room, upto, limit(most)))?)?;
        upto = next.map_or(upto, |next| Seq(next.0 - 1));
    }
    let sql = "SELECT max(id), coalesce(bool_or(file IS NOT NULL), false) FROM messages WHERE room = $1 AND seq <= $2";
    let found = rows.fetch(query!(sql, room, upto))?;
    let found = at_most_one(&found, |row| {
        Ok((row.value::<Option<MessageId>>(0)?, row.value::<bool>(1)?))
    })?;
    let (last, files) = found.unwrap_or_default();
    if let Some(last) = last {
        let sql = "DELETE FROM hidden WHERE room = $1 AND message <= $2";
        rows.rows.write(query!(sql, room, last));
    }
    for table in ["messages", "changes", "falls"] {
        let sql = format!("DELETE FROM {table} WHERE room = $1 AND seq <= $2");
        rows.rows.write(query!(sql, room, upto));
    }
    // Of a room that is there the indexer takes care.
    if pruned.0 == i64::MAX {
        let sql = "DELETE FROM searches WHERE room = $1 AND first <= $2";
        rows.rows.write(query!(sql, room, upto));
    }
    if upto.0 == i64::MAX {
        for table in ["hidden WHERE room", "removed_rooms WHERE id"] {
            let sql = format!("DELETE FROM {table} = $1");
            rows.rows.write(query!(sql, room));
        }
    }
    rows.rows.forget_messages(room, upto);
    Ok(Forgot {
        upto,
        all: upto == pruned,
        files,
    })
}
