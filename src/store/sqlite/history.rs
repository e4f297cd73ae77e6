//! Histories and searches.
//!
//! Within a room `id` and `created` rise with `seq`, so every bound on them is found by a binary search over
//! (room, seq). A history "created or edited between" is then three pieces that do not overlap, in the order of `seq`:
//! those edited in time before the ones created in time, these, and those edited in time after them.

use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::reads::Senders;
use super::values::{CREATED, DELETED, KIND, MESSAGE, SEQ, Sql, TEXT, count, one};
use crate::model::{
    HistoryOrder, HistoryQuery, Message, MessageId, MessageKind, RoomId, Seq, Timestamp, UserId,
    fold_text,
};
use crate::store::Page;
use crate::store::page::Filling;

/// How many messages one step of a search looks at: it must not hold a moment's rows for long.
const CHUNK: usize = 2_000;

/// A piece's rows. What the viewer hid is left out; nobody (NULL) hid anything.
const WHOLE: &str = "FROM messages m WHERE m.room = ?1 AND m.seq >= ?2 AND m.seq < ?3 AND NOT EXISTS \
    (SELECT 1 FROM hidden h WHERE h.user = ?4 AND h.room = ?1 AND h.message = m.id)";
const EDITED: &str = "FROM messages m INDEXED BY messages_updated \
    WHERE m.room = ?1 AND m.updated BETWEEN ?5 AND ?6 AND m.seq >= ?2 AND m.seq < ?3 AND NOT EXISTS \
    (SELECT 1 FROM hidden h WHERE h.user = ?4 AND h.room = ?1 AND h.message = m.id)";
/// How many rows a whole piece has: by the numbers of the first and the last, without those between.
const COUNT: &str = "SELECT coalesce( \
    (SELECT number FROM messages WHERE room = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq DESC LIMIT 1) - \
    (SELECT number FROM messages WHERE room = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq LIMIT 1) + 1, 0) \
    - (SELECT count(*) FROM hidden h JOIN messages m ON m.id = h.message \
    WHERE h.user = ?4 AND h.room = ?1 AND m.seq >= ?2 AND m.seq < ?3)";

/// A stretch of a room's history, `end` not in it.
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: Seq,
    end: Seq,
    /// Only what was edited or deleted from the one time to the other.
    edited: Option<(Timestamp, Timestamp)>,
}

impl Piece {
    fn select(&self, order: HistoryOrder) -> String {
        let source = if self.edited.is_some() { EDITED } else { WHOLE };
        let direction = match order {
            HistoryOrder::Oldest => "ASC",
            HistoryOrder::Newest => "DESC",
        };
        format!("SELECT {MESSAGE} {source} ORDER BY m.seq {direction}")
    }

    fn values(&self, room: RoomId, viewer: Option<UserId>) -> Vec<Value> {
        let viewer = viewer.map_or(Value::Null, |viewer| viewer.0.into());
        let mut values: Vec<Value> = vec![
            room.0.into(),
            self.start.0.into(),
            self.end.0.into(),
            viewer,
        ];
        if let Some((from, to)) = self.edited {
            values.extend([Value::from(from.0), Value::from(to.0)]);
        }
        values
    }

    fn count(&self, conn: &Connection, room: RoomId, viewer: Option<UserId>) -> Sql<u64> {
        let sql = if self.edited.is_some() {
            format!("SELECT count(*) {EDITED}")
        } else {
            COUNT.to_owned()
        };
        count(conn, &sql, params_from_iter(self.values(room, viewer)))
    }
}

pub(super) fn history(
    conn: &Connection,
    mut senders: Senders,
    room: RoomId,
    viewer: Option<UserId>,
    query: &HistoryQuery,
) -> Sql<Page> {
    let mut pieces = pieces(conn, room, query)?;
    if query.order == HistoryOrder::Newest {
        pieces.reverse();
    }
    let mut page = Filling::new(query);
    for piece in &pieces {
        let mut statement = conn.prepare_cached(&piece.select(query.order))?;
        let mut rows = statement.query(params_from_iter(piece.values(room, viewer)))?;
        while let Some(row) = rows.next()? {
            let created = row.get(CREATED)?;
            if !page.takes(created) {
                let total = pieces
                    .iter()
                    .map(|piece| piece.count(conn, room, viewer))
                    .sum::<Sql<u64>>()?;
                return Ok(page.ended_of(total));
            }
            page.push(senders.message(conn, row)?);
        }
    }
    Ok(page.complete())
}

/// The pieces of a history, oldest first.
fn pieces(conn: &Connection, room: RoomId, query: &HistoryQuery) -> Sql<Vec<Piece>> {
    let Some((cleared, last)) = bounds(conn, room)? else {
        return Ok(Vec::new());
    };
    let (mut start, mut end) = (Seq(cleared.0 + 1), Seq(last.0 + 1));
    end = end.min(query.upto.map_or(end, |upto| Seq(upto.0.saturating_add(1))));
    if let Some(after) = query.after {
        start = boundary(conn, room, start, end, |id, _| id <= after)?;
    }
    if let Some(before) = query.before {
        end = boundary(conn, room, start, end, |id, _| id < before)?;
    }
    let from = query.from.unwrap_or(Timestamp(i64::MIN));
    let to = query.to.unwrap_or(Timestamp(i64::MAX));
    let first = boundary(conn, room, start, end, |_, created| created < from)?;
    let past = boundary(conn, room, first, end, |_, created| created <= to)?;
    let created = Piece {
        start: first,
        end: past,
        edited: None,
    };
    if !query.touched {
        return Ok(vec![created]);
    }
    let edited = |start, end| Piece {
        start,
        end,
        edited: Some((from, to)),
    };
    Ok(vec![edited(start, first), created, edited(past, end)])
}

/// The mark of a cleared history, and the last change's place.
fn bounds(conn: &Connection, room: RoomId) -> Sql<Option<(Seq, Seq)>> {
    one(
        conn,
        "SELECT cleared, seq FROM rooms WHERE id = ?1",
        [room],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// The place from which on no message holds, between `low` and `high`; those that hold come before all others.
fn boundary(
    conn: &Connection,
    room: RoomId,
    mut low: Seq,
    mut high: Seq,
    holds: impl Fn(MessageId, Timestamp) -> bool,
) -> Sql<Seq> {
    let sql = "SELECT seq, id, created FROM messages WHERE room = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq LIMIT 1";
    while low < high {
        let middle = Seq(low.0 + (high.0 - low.0) / 2);
        let decode =
            |row: &rusqlite::Row<'_>| Ok((row.get::<_, Seq>(0)?, holds(row.get(1)?, row.get(2)?)));
        match one(conn, sql, params![room, middle, high], decode)? {
            Some((seq, true)) => low = Seq(seq.0 + 1),
            _ => high = middle,
        }
    }
    Ok(low)
}

/// What is searched for.
#[derive(Debug)]
pub(super) struct Needle {
    pub(super) folded: String,
    /// At the beginning only.
    pub(super) prefix: bool,
}

impl Needle {
    fn is_in(&self, text: &str) -> bool {
        let text = fold_text(text);
        if self.prefix {
            text.starts_with(&self.folded)
        } else {
            text.contains(&self.folded)
        }
    }
}

/// One step of a search, newest first: what was found before `end`, at most `limit`, and where to go on, if there is more.
pub(super) fn search_chunk(
    conn: &Connection,
    mut senders: Senders,
    room: RoomId,
    viewer: Option<UserId>,
    needle: &Needle,
    end: Seq,
    limit: usize,
) -> Sql<(Vec<Arc<Message>>, Option<Seq>)> {
    let Some((cleared, _)) = bounds(conn, room)? else {
        return Ok((Vec::new(), None));
    };
    let piece = Piece {
        start: Seq(cleared.0 + 1),
        end,
        edited: None,
    };
    let mut statement = conn.prepare_cached(&piece.select(HistoryOrder::Newest))?;
    let mut rows = statement.query(params_from_iter(piece.values(room, viewer)))?;
    let mut found = Vec::new();
    let mut looked_at = 0;
    while let Some(row) = rows.next()? {
        let is_text = row.get::<_, MessageKind>(KIND)? == MessageKind::Text
            && !row.get::<_, bool>(DELETED)?;
        if is_text && needle.is_in(row.get_ref(TEXT)?.as_str()?) {
            found.push(senders.message(conn, row)?);
        }
        looked_at += 1;
        if looked_at == CHUNK || found.len() == limit {
            return Ok((found, Some(row.get(SEQ)?)));
        }
    }
    Ok((found, None))
}
