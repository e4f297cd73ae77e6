//! Histories.
//!
//! Within a room `id` rises with `seq`, and `created` does between two falls of the time, so every bound on them is found by
//! binary searches over (room, seq). A history "created or edited between" is then, for each stretch between two falls, three
//! pieces that do not overlap, in the order of `seq`: those edited in time before the ones created in time, these, and those
//! edited in time after them.

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::reads::{self, Senders};
use super::times::falls;
use super::values::{MESSAGE, Sql, count, one};
use crate::model::{HistoryOrder, HistoryQuery, MessageId, RoomId, Seq, Timestamp, UserId};
use crate::store::Page;
use crate::store::page::Filling;

/// A piece's rows. What the viewer hid is left out; nobody (NULL) hid anything.
const WHOLE: &str = "FROM messages m WHERE m.room = ?1 AND m.seq >= ?2 AND m.seq < ?3 AND NOT EXISTS \
    (SELECT 1 FROM hidden h WHERE h.user = ?4 AND h.room = ?1 AND h.message = m.id)";
/// What was edited in a piece: where.
const EDITED: &str = "FROM messages INDEXED BY messages_updated \
    WHERE room = ?1 AND updated BETWEEN ?4 AND ?5 AND seq >= ?2 AND seq < ?3";
/// How many of them somebody hid.
const HIDDEN: &str = "(SELECT count(*) FROM hidden h CROSS JOIN messages m ON m.id = h.message \
    WHERE h.user = ?6 AND h.room = ?1 AND m.updated BETWEEN ?4 AND ?5 AND m.seq >= ?2 AND m.seq < ?3)";
/// How many rows a whole piece has: by the numbers of the first and the last, without those between.
const COUNT: &str = "SELECT coalesce( \
    (SELECT number FROM messages WHERE room = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq DESC LIMIT 1) - \
    (SELECT number FROM messages WHERE room = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq LIMIT 1) + 1, 0) \
    - (SELECT count(*) FROM hidden h CROSS JOIN messages m ON m.id = h.message \
    WHERE h.user = ?4 AND h.room = ?1 AND m.seq >= ?2 AND m.seq < ?3)";
/// The first message of a stretch.
pub(super) const FIRST: &str = "SELECT seq, id, created, created - number FROM messages WHERE room = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq LIMIT 1";

/// A stretch of a room's history, `end` not in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    start: Seq,
    end: Seq,
    /// Only what was edited or deleted from the one time to the other.
    edited: Option<(Timestamp, Timestamp)>,
}

impl Piece {
    /// All of the stretch.
    pub(super) fn whole(start: Seq, end: Seq) -> Self {
        Self {
            start,
            end,
            edited: None,
        }
    }

    /// The rows of [`Piece::whole`].
    pub(super) fn select(order: HistoryOrder) -> String {
        format!(
            "SELECT {MESSAGE} {WHOLE} ORDER BY m.seq {}",
            direction(order)
        )
    }

    pub(super) fn values(&self, room: RoomId, viewer: Option<UserId>) -> [Value; 4] {
        let viewer = viewer.map_or(Value::Null, |viewer| viewer.0.into());
        [
            room.0.into(),
            self.start.0.into(),
            self.end.0.into(),
            viewer,
        ]
    }

    fn count(&self, conn: &Connection, room: RoomId, viewer: Option<UserId>) -> Sql<u64> {
        match self.edited {
            None => count(conn, COUNT, params_from_iter(self.values(room, viewer))),
            Some((from, to)) => {
                let sql = format!("SELECT count(*) - {HIDDEN} {EDITED}");
                count(
                    conn,
                    &sql,
                    params![room, self.start, self.end, from, to, viewer],
                )
            }
        }
    }
}

pub(super) fn direction(order: HistoryOrder) -> &'static str {
    match order {
        HistoryOrder::Oldest => "ASC",
        HistoryOrder::Newest => "DESC",
    }
}

pub(super) fn history(
    conn: &Connection,
    senders: Senders,
    room: RoomId,
    viewer: Option<UserId>,
    query: &HistoryQuery,
) -> Sql<Page> {
    let mut pieces = pieces(conn, room, viewer, query)?;
    if query.order == HistoryOrder::Newest {
        pieces.reverse();
    }
    let mut reading = Reading {
        conn,
        senders,
        room,
        viewer,
        order: query.order,
        page: Filling::new(query.limit),
    };
    for piece in &pieces {
        if !reading.take(piece)? {
            let totals = pieces.iter().map(|piece| piece.count(conn, room, viewer));
            let total = totals.sum::<Sql<u64>>()?;
            return Ok(reading.page.ended_of(total));
        }
    }
    Ok(reading.page.complete())
}

/// A history while it is read.
struct Reading<'a> {
    conn: &'a Connection,
    senders: Senders,
    room: RoomId,
    viewer: Option<UserId>,
    order: HistoryOrder,
    page: Filling,
}

impl Reading<'_> {
    /// Takes a piece. `false`: the page is full, and there was more.
    fn take(&mut self, piece: &Piece) -> Sql<bool> {
        let Some((from, to)) = piece.edited else {
            return self.take_whole(piece);
        };
        let sql = format!("SELECT seq {EDITED} ORDER BY seq {}", direction(self.order));
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut places = statement.query(params![self.room, piece.start, piece.end, from, to])?;
        while let Some(place) = places.next()? {
            let seq: Seq = place.get(0)?;
            if !self.take_whole(&Piece::whole(seq, Seq(seq.0 + 1)))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn take_whole(&mut self, piece: &Piece) -> Sql<bool> {
        let mut statement = self.conn.prepare_cached(&Piece::select(self.order))?;
        let mut rows = statement.query(params_from_iter(piece.values(self.room, self.viewer)))?;
        while let Some(row) = rows.next()? {
            if self.page.is_full() {
                return Ok(false);
            }
            self.page.push(self.senders.message(self.conn, row)?);
        }
        Ok(true)
    }
}

/// The pieces of a history, oldest first.
fn pieces(
    conn: &Connection,
    room: RoomId,
    viewer: Option<UserId>,
    query: &HistoryQuery,
) -> Sql<Vec<Piece>> {
    let Some((hidden, last)) = bounds(conn, room, viewer)? else {
        return Ok(Vec::new());
    };
    let (mut start, mut end) = (Seq(hidden.0 + 1), Seq(last.0 + 1));
    end = end.min(query.upto.map_or(end, |upto| Seq(upto.0.saturating_add(1))));
    (start, end) = between(conn, room, (start, end), (query.after, query.before))?;
    if query.from.is_none() && query.to.is_none() {
        return Ok(vec![Piece::whole(start, end)]);
    }
    let mut pieces = Vec::new();
    for fall in falls(conn, room)? {
        let middle = fall.seq.clamp(start, end.max(start));
        add_rising(conn, room, query, (start, middle), &mut pieces)?;
        start = middle;
    }
    add_rising(conn, room, query, (start, end), &mut pieces)?;
    Ok(pieces)
}

/// The part of a stretch whose messages have an id between these two.
pub(super) fn between(
    conn: &Connection,
    room: RoomId,
    (mut start, mut end): (Seq, Seq),
    (after, before): (Option<MessageId>, Option<MessageId>),
) -> Sql<(Seq, Seq)> {
    if let Some(after) = after {
        start = boundary(conn, room, start, end, |place| place.id <= after)?;
    }
    if let Some(before) = before {
        end = boundary(conn, room, start, end, |place| place.id < before)?;
    }
    Ok((start, end))
}

/// The pieces of a stretch in which the time does not fall.
fn add_rising(
    conn: &Connection,
    room: RoomId,
    query: &HistoryQuery,
    (start, end): (Seq, Seq),
    pieces: &mut Vec<Piece>,
) -> Sql<()> {
    let from = query.from.unwrap_or(Timestamp(i64::MIN));
    let to = query.to.unwrap_or(Timestamp(i64::MAX));
    let first = boundary(conn, room, start, end, |place| place.created < from)?;
    let past = boundary(conn, room, first, end, |place| place.created <= to)?;
    let edited = |start, end| Piece {
        start,
        end,
        edited: Some((from, to)),
    };
    if query.touched {
        pieces.push(edited(start, first));
    }
    pieces.push(Piece::whole(first, past));
    if query.touched {
        pieces.push(edited(past, end));
    }
    Ok(())
}

/// Up to which place nothing is shown to the viewer, and the last change's.
pub(super) fn bounds(
    conn: &Connection,
    room: RoomId,
    viewer: Option<UserId>,
) -> Sql<Option<(Seq, Seq)>> {
    let Some(row) = reads::room(conn, room)? else {
        return Ok(None);
    };
    let viewer = match viewer {
        Some(viewer) => reads::member(conn, room, viewer)?,
        None => None,
    };
    Ok(Some((row.room.hidden_upto(viewer.as_ref()), row.room.seq)))
}

/// Where a message is, to be held against a bound.
pub(super) struct Place {
    seq: Seq,
    pub(super) id: MessageId,
    pub(super) created: Timestamp,
    /// By how much its time is greater than its number in the room.
    pub(super) lead: i64,
}

/// The place from which on no message holds, between `low` and `high`; those that hold come before all others.
pub(super) fn boundary(
    conn: &Connection,
    room: RoomId,
    mut low: Seq,
    mut high: Seq,
    holds: impl Fn(&Place) -> bool,
) -> Sql<Seq> {
    while low < high {
        let middle = Seq(low.0 + (high.0 - low.0) / 2);
        let found = one(conn, FIRST, params![room, middle, high], |row| {
            Ok(Place {
                seq: row.get(0)?,
                id: row.get(1)?,
                created: row.get(2)?,
                lead: row.get(3)?,
            })
        })?;
        match found.filter(&holds) {
            Some(place) => low = Seq(place.seq.0 + 1),
            None => high = middle,
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::super::open::writing;
    use super::*;

    /// How SQLite would go about it.
    fn plan(conn: &Connection, sql: &str) -> Vec<String> {
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let nothing = vec![Value::Null; statement.parameter_count()];
        let steps = statement.query_map(params_from_iter(nothing), |row| row.get(3));
        steps.unwrap().collect::<Sql<_>>().unwrap()
    }

    #[test]
    fn every_bound_is_a_range_of_an_index() {
        let directory = tempfile::tempdir().unwrap();
        let conn = writing(&directory.path().join("tolmach.db")).unwrap();
        let by_place = "USING INDEX messages_seq (room=? AND seq>? AND seq<?)";
        for order in [HistoryOrder::Oldest, HistoryOrder::Newest] {
            let steps = plan(&conn, &Piece::select(order));
            assert!(steps[0].contains(by_place), "{steps:?}");
            assert!(
                !steps.iter().any(|step| step.contains("B-TREE")),
                "{steps:?}"
            );
        }
        let by_time = "USING COVERING INDEX messages_updated (room=? AND updated>? AND updated<?)";
        let edited = [
            format!("SELECT seq {EDITED} ORDER BY seq"),
            format!("SELECT count(*) - {HIDDEN} {EDITED}"),
        ];
        for sql in &edited {
            assert!(
                plan(&conn, sql)[0].contains(by_time),
                "{:?}",
                plan(&conn, sql)
            );
        }
        assert!(plan(&conn, FIRST)[0].contains(by_place));
        assert!(
            plan(&conn, COUNT)
                .iter()
                .any(|step| step.contains(by_place))
        );
        for sql in [
            &Piece::select(HistoryOrder::Oldest),
            FIRST,
            COUNT,
            &edited[0],
            &edited[1],
        ] {
            let steps = plan(&conn, sql);
            let scan = |step: &String| step.contains("SCAN") && !step.contains("CONSTANT ROW");
            assert!(!steps.iter().any(scan), "{steps:?}");
        }
    }
}
