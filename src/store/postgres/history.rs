//! Histories.
//!
//! Within a room `id` rises with `seq`, and `created` does between two falls of the time, so every bound on them is found by
//! binary searches over (room, seq). A history "created or edited between" is then, for each stretch between two falls, three
//! pieces that do not overlap, in the order of `seq`: those edited in time before the ones created in time, these, and those
//! edited in time after them.

use std::sync::Arc;

use super::overlay::Fall;
use super::readers::Moment;
use super::session::{Query, query};
use super::values::{
    self, Columns, MEMBER, MESSAGE, MESSAGES, ROOM, Sql, at_most_one, count, every, first, limit,
};
use crate::model::{
    HistoryOrder, HistoryQuery, MessageId, RoomId, Seq, Timestamp, UserId, UserRef,
};
use crate::store::page::Filling;
use crate::store::{Page, RoomRow, RowsError};

/// What the viewer hid is left out; nobody (NULL) hid anything.
const SHOWN: &str = "m.room = $1 AND m.seq >= $2 AND m.seq < $3 AND NOT EXISTS \
    (SELECT 1 FROM hidden h WHERE h.\"user\" = $4 AND h.room = $1 AND h.message = m.id)";
/// How many rows a whole piece has: by the numbers of the first and the last, without those between.
const COUNT: &str = "SELECT coalesce( \
    (SELECT number FROM messages WHERE room = $1 AND seq >= $2 AND seq < $3 ORDER BY seq DESC LIMIT 1) - \
    (SELECT number FROM messages WHERE room = $1 AND seq >= $2 AND seq < $3 ORDER BY seq LIMIT 1) + 1, 0) \
    - (SELECT count(*) FROM hidden h JOIN messages m ON m.id = h.message \
    WHERE h.\"user\" = $4 AND h.room = $1 AND m.seq >= $2 AND m.seq < $3)";
/// How many rows are read at a time.
const CHUNK: usize = 256;

/// A stretch of a room's history, `end` not in it.
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: Seq,
    end: Seq,
    /// Only what was edited or deleted from the one time to the other.
    edited: Option<(Timestamp, Timestamp)>,
}

impl Piece {
    fn count(&self, room: RoomId, viewer: Option<UserId>) -> Query {
        match self.edited {
            None => query!(COUNT, room, self.start, self.end, viewer),
            Some((from, to)) => {
                let sql = format!(
                    "SELECT count(*) FROM messages m WHERE {SHOWN} AND m.updated BETWEEN $5 AND $6"
                );
                query!(sql, room, self.start, self.end, viewer, from, to)
            }
        }
    }

    fn select(
        &self,
        room: RoomId,
        viewer: Option<UserId>,
        order: HistoryOrder,
        most: usize,
    ) -> Query {
        let direction = direction(order);
        let (most, start, end) = (limit(most), self.start, self.end);
        match self.edited {
            None => {
                let sql = format!(
                    "SELECT {MESSAGE} FROM {MESSAGES} WHERE {SHOWN} ORDER BY m.seq {direction} LIMIT $5"
                );
                query!(sql, room, start, end, viewer, most)
            }
            Some((from, to)) => {
                let sql = format!(
                    "SELECT {MESSAGE} FROM {MESSAGES} WHERE {SHOWN} AND m.updated BETWEEN $6 AND $7 ORDER BY m.seq {direction} LIMIT $5"
                );
                query!(sql, room, start, end, viewer, most, from, to)
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

pub(super) async fn history(
    moment: &mut Moment,
    gateway: &Arc<UserRef>,
    room: RoomId,
    viewer: Option<UserId>,
    query: &HistoryQuery,
) -> Sql<Page> {
    let mut pieces = pieces(moment, room, viewer, query).await?;
    if query.order == HistoryOrder::Newest {
        pieces.reverse();
    }
    let mut page = Filling::new(query.limit);
    for piece in &pieces {
        let mut left = *piece;
        loop {
            let most = query
                .limit
                .saturating_sub(page.len())
                .saturating_add(1)
                .min(CHUNK);
            let rows = moment
                .ask(left.select(room, viewer, query.order, most))
                .await?;
            let is_last = rows.len() < most;
            for message in every(&rows, |row| values::message(row, gateway))? {
                if page.is_full() {
                    let counts = pieces.iter().map(|piece| piece.count(room, viewer));
                    let counts = moment.ask_all(counts.collect()).await?;
                    let total = counts.iter().map(|rows| count(rows)).sum::<Sql<u64>>()?;
                    return Ok(page.ended_of(total));
                }
                match query.order {
                    HistoryOrder::Oldest => left.start = Seq(message.seq.0 + 1),
                    HistoryOrder::Newest => left.end = message.seq,
                }
                page.push(Arc::new(message));
            }
            if is_last {
                break;
            }
        }
    }
    Ok(page.complete())
}

/// The pieces of a history, oldest first.
async fn pieces(
    moment: &mut Moment,
    room: RoomId,
    viewer: Option<UserId>,
    query: &HistoryQuery,
) -> Sql<Vec<Piece>> {
    let Some((row, hidden)) = bounds(moment, room, viewer).await? else {
        return Ok(Vec::new());
    };
    let (mut start, mut end) = (Seq(hidden.0 + 1), Seq(row.room.seq.0 + 1));
    end = end.min(query.upto.map_or(end, |upto| Seq(upto.0.saturating_add(1))));
    (start, end) = between(moment, room, (start, end), (query.after, query.before)).await?;
    if query.from.is_none() && query.to.is_none() {
        let edited = None;
        return Ok(vec![Piece { start, end, edited }]);
    }
    let mut pieces = Vec::new();
    for fall in falls(moment, room).await? {
        let middle = fall.seq.clamp(start, end.max(start));
        add_rising(moment, room, query, (start, middle), &mut pieces).await?;
        start = middle;
    }
    add_rising(moment, room, query, (start, end), &mut pieces).await?;
    Ok(pieces)
}

/// The part of a stretch whose messages have an id between these two.
pub(super) async fn between(
    moment: &mut Moment,
    room: RoomId,
    (mut start, mut end): (Seq, Seq),
    (after, before): (Option<MessageId>, Option<MessageId>),
) -> Sql<(Seq, Seq)> {
    if let Some(after) = after {
        let past = after.0.saturating_add(1);
        start = boundary(moment, room, (start, end), "id", past).await?;
    }
    if let Some(before) = before {
        end = boundary(moment, room, (start, end), "id", before.0).await?;
    }
    Ok((start, end))
}

/// The pieces of a stretch in which the time does not fall.
async fn add_rising(
    moment: &mut Moment,
    room: RoomId,
    query: &HistoryQuery,
    (start, end): (Seq, Seq),
    pieces: &mut Vec<Piece>,
) -> Sql<()> {
    let from = query.from.unwrap_or(Timestamp(i64::MIN));
    let to = query.to.unwrap_or(Timestamp(i64::MAX));
    let first = boundary(moment, room, (start, end), "created", from.0).await?;
    let past = match to.0.checked_add(1) {
        Some(later) => boundary(moment, room, (first, end), "created", later).await?,
        None => end.max(first),
    };
    let edited = |start, end| Piece {
        start,
        end,
        edited: Some((from, to)),
    };
    if query.touched {
        pieces.push(edited(start, first));
    }
    pieces.push(Piece {
        edited: None,
        ..edited(first, past)
    });
    if query.touched {
        pieces.push(edited(past, end));
    }
    Ok(())
}

/// The room, and up to which place nothing is shown to the viewer.
pub(super) async fn bounds(
    moment: &mut Moment,
    room: RoomId,
    viewer: Option<UserId>,
) -> Sql<Option<(Arc<RoomRow>, Seq)>> {
    let sql = format!("SELECT {ROOM} FROM rooms r WHERE id = $1");
    let member = format!("SELECT {MEMBER} FROM members m WHERE m.room = $1 AND m.\"user\" = $2");
    let asked = vec![query!(sql, room), query!(member, room, viewer)];
    let answers = moment.ask_all(asked).await?;
    let [rooms, members] = answers.as_slice() else {
        return Err(RowsError("an answer is missing".into()));
    };
    let viewer = at_most_one(members, values::member)?;
    let row = at_most_one(rooms, values::room)?;
    Ok(row.map(|row| {
        let hidden = row.room.hidden_upto(viewer.as_ref());
        (row, hidden)
    }))
}

async fn falls(moment: &mut Moment, room: RoomId) -> Sql<Vec<Fall>> {
    let sql = "SELECT seq, last FROM falls WHERE room = $1 ORDER BY seq";
    let rows = moment.ask(query!(sql, room)).await?;
    every(&rows, |row| {
        Ok(Fall {
            seq: row.value(0)?,
            last: row.value(1)?,
        })
    })
}

/// The place from which on no message of a stretch has a value below `bound`; those that have come before all others.
async fn boundary(
    moment: &mut Moment,
    room: RoomId,
    (start, end): (Seq, Seq),
    by: &'static str,
    bound: i64,
) -> Sql<Seq> {
    let sql = "SELECT message_boundary($1, $2, $3, $4, $5)";
    let rows = moment.ask(query!(sql, room, start, end, by, bound)).await?;
    first(&rows)?.ok_or_else(|| RowsError("no place was found".into()))
}
