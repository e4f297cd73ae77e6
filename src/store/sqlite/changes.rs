//! A room's changes, read again: the messages, and what else happened between them.

use std::sync::Arc;

use rusqlite::{Connection, Row, Rows, params};

use super::reads::{Senders, hidden_from, members, message, room, seen_marks};
use super::values::{MESSAGE, Sql, all, run, unlike};
use crate::model::{Message, MessageId, RoomEvent, RoomId, RoomKind, Seq, UserRef};
use crate::store::logged::{Logged, as_shown, peer_of, posted};
use crate::store::page::Allowance;

const LOGGED: &str = "SELECT seq, change FROM changes WHERE room = ?1 AND seq > ?2 ORDER BY seq";

pub(super) fn changes(
    conn: &Connection,
    mut senders: Senders,
    id: RoomId,
    after: Seq,
    limit: usize,
) -> Sql<Vec<RoomEvent>> {
    let Some(room) = room(conn, id)? else {
        return Ok(Vec::new());
    };
    let (reference, hidden) = (&room.reference, room.room.hidden_from_all());
    let marks = seen_marks(conn, id)?;
    let members = match room.room.kind {
        RoomKind::Private => members(conn, id)?,
        RoomKind::Public | RoomKind::Direct => Vec::new(),
    };
    let sql = format!("SELECT {MESSAGE} FROM messages m WHERE room = ?1 AND seq > ?2 ORDER BY seq");
    let (mut said, mut done) = (conn.prepare_cached(&sql)?, conn.prepare_cached(LOGGED)?);
    let (mut said, mut done) = (
        said.query(params![id, after])?,
        done.query(params![id, after])?,
    );
    let mut next_said = next_message(conn, &mut senders, &mut said)?;
    let mut next_done = next_logged(&mut done)?;
    let (mut events, mut allowance) = (Vec::new(), Allowance::new(limit));
    while !allowance.is_used_up() {
        let said_first = match (&next_said, &next_done) {
            (Some(message), Some((seq, _))) => message.seq < *seq,
            (said, _) => said.is_some(),
        };
        let mut event = if said_first {
            let Some(message) = next_said else { break };
            next_said = next_message(conn, &mut senders, &mut said)?;
            posted(reference.clone(), as_shown(message, hidden))
        } else {
            let Some((seq, logged)) = next_done else {
                break;
            };
            next_done = next_logged(&mut done)?;
            let actor = senders.lookup(conn, logged.actor.id)?;
            let message = match logged.message() {
                Some(id) => {
                    message(conn, &mut senders, id)?.map(|message| as_shown(message, hidden))
                }
                None => None,
            };
            logged.into_event(reference.clone(), seq, actor, message)
        };
        event.tell_seen(&marks);
        if let Some((said, message)) = event.change.message().map(|said| (said.seq, said.id)) {
            let hidden_from = hidden_from(conn, id, message)?;
            event.tell_unaware(said, hidden_from, members.iter().map(|(member, _)| member));
        }
        if let Some(peer) = peer_of(&event) {
            event.peer = senders.lookup(conn, peer)?;
        }
        allowance.use_for(&event);
        events.push(event);
    }
    Ok(events)
}

fn next_message(
    conn: &Connection,
    senders: &mut Senders,
    rows: &mut Rows<'_>,
) -> Sql<Option<Arc<Message>>> {
    let row = rows.next()?;
    row.map(|row| senders.message(conn, row)).transpose()
}

fn next_logged(rows: &mut Rows<'_>) -> Sql<Option<(Seq, Logged)>> {
    rows.next()?.map(logged).transpose()
}

pub(super) fn logged(row: &Row<'_>) -> Sql<(Seq, Logged)> {
    let read = serde_json::from_str(row.get_ref(1)?.as_str()?);
    Ok((row.get(0)?, read.map_err(|error| unlike(1, error))?))
}

/// The first edits and deletions after a place, at most `limit`: where they are, and of which message.
pub(super) fn touched(
    conn: &Connection,
    room: RoomId,
    after: Seq,
    limit: usize,
) -> Sql<Vec<(Seq, MessageId)>> {
    let mut statement = conn.prepare_cached(LOGGED)?;
    let mut rows = statement.query(params![room, after])?;
    let mut touched = Vec::new();
    while touched.len() < limit {
        let Some((seq, logged)) = next_logged(&mut rows)? else {
            break;
        };
        touched.extend(logged.message().map(|message| (seq, message)));
    }
    Ok(touched)
}

/// Gives a user this name in what was logged after a place, of at most `looks` changes; where to go on.
pub(super) fn rename(
    conn: &Connection,
    user: &Arc<UserRef>,
    (room, seq): (RoomId, Seq),
    looks: usize,
) -> Sql<Option<(RoomId, Seq)>> {
    let sql = "SELECT seq, change, room FROM changes WHERE (room, seq) > (?1, ?2) ORDER BY room, seq LIMIT ?3";
    let limit = i64::try_from(looks).unwrap_or(i64::MAX);
    let found = all(conn, sql, params![room, seq, limit], |row| {
        Ok((row.get::<_, RoomId>(2)?, logged(row)?))
    })?;
    let last = found.last().map(|(room, (seq, _))| (*room, *seq));
    let next = last.filter(|_| found.len() == looks);
    for (room, (seq, mut logged)) in found {
        if logged.rename(user) {
            let json = serde_json::to_string(&logged)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            let sql = "UPDATE changes SET change = ?3 WHERE room = ?1 AND seq = ?2";
            run(conn, sql, params![room, seq, json])?;
        }
    }
    Ok(next)
}
