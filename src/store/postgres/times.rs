//! The times of a room's messages: where they are, and which are free.

use super::backend::PostgresBackend;
use super::overlay::Fall;
use super::session::query;
use super::values::{Columns, Sql, at_most_one, first};
use crate::model::{RoomId, Seq, Timestamp};
use crate::store::{RowsError, time};

impl PostgresBackend {
    /// The first message's place in a stretch of a room that has no value below `bound`.
    pub(super) fn boundary(
        &mut self,
        room: RoomId,
        (start, end): (Seq, Seq),
        by: &'static str,
        bound: i64,
    ) -> Sql<Seq> {
        let sql = "SELECT message_boundary($1, $2, $3, $4, $5)";
        let found = self.fetch(query!(sql, room, start, end, by, bound))?;
        first(&found)?.ok_or_else(|| RowsError("no place was found".into()))
    }

    /// The first time from `at` on that no message before these falls bears.
    pub(super) fn free(&mut self, room: RoomId, falls: &[Fall], at: Timestamp) -> Sql<Timestamp> {
        let mut free = at;
        loop {
            let (tried, mut start) = (free, Seq(0));
            for fall in falls {
                if fall.last >= free {
                    free = self.free_in(room, (start, fall.seq), free)?;
                }
                start = fall.seq;
            }
            if free == tried {
                return Ok(free);
            }
        }
    }

    /// The same within one stretch, where times rise by no less than the messages' numbers do.
    fn free_in(&mut self, room: RoomId, stretch: (Seq, Seq), at: Timestamp) -> Sql<Timestamp> {
        let place = self.boundary(room, stretch, "created", at.0)?;
        let sql = "SELECT created, created - number FROM messages WHERE room = $1 AND seq >= $2 AND seq < $3 ORDER BY seq LIMIT 1";
        let found = self.fetch(query!(sql, room, place, stretch.1))?;
        let found = at_most_one(&found, |row| {
            Ok((row.value::<Timestamp>(0)?, row.value::<i64>(1)?))
        })?;
        let Some((_, lead)) = found.filter(|(created, _)| *created == at) else {
            return Ok(at);
        };
        // Without a gap between them all have the same lead.
        let past = self.boundary(room, (place, stretch.1), "lead", lead.saturating_add(1))?;
        let sql =
            "SELECT created FROM messages WHERE room = $1 AND seq < $2 ORDER BY seq DESC LIMIT 1";
        let last = first(&self.fetch(query!(sql, room, past))?)?;
        Ok(time::after(last.unwrap_or(at)))
    }
}
