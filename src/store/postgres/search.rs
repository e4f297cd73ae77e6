//! Searches: "contains, without regard to case", over the text that is kept folded, in either order.

use std::sync::Arc;

use super::history::{between, bounds, direction};
use super::readers::Moment;
use super::session::query;
use super::values::{self, MESSAGE, MESSAGES, Sql, every, limit, text};
use crate::model::{HistoryOrder, Message, RoomId, SearchQuery, Seq, UserId, UserRef, fold_text};
use crate::store::page::Findings;

/// How many changes of a room one step looks through.
const STRETCH: i64 = 10_000;
/// How many rows are read at a time.
const CHUNK: usize = 256;

/// What is searched for, and by whom.
#[derive(Debug)]
pub(super) struct Search<'a> {
    pub(super) room: RoomId,
    pub(super) viewer: Option<UserId>,
    pub(super) query: &'a SearchQuery,
}

impl Search<'_> {
    pub(super) async fn run(
        &self,
        moment: &mut Moment,
        gateway: &Arc<UserRef>,
    ) -> Sql<Vec<Arc<Message>>> {
        let mut findings = Findings::new(self.query.limit);
        let Some((row, hidden)) = bounds(moment, self.room, self.viewer).await? else {
            return Ok(Vec::new());
        };
        let all = (Seq(hidden.0 + 1), Seq(row.room.seq.0 + 1));
        let ids = (self.query.after, self.query.before);
        let (mut first, mut end) = between(moment, self.room, all, ids).await?;
        let order = self.query.order;
        let sql = format!(
            "SELECT {MESSAGE} FROM {MESSAGES} WHERE m.room = $1 AND m.seq >= $2 AND m.seq < $3 AND NOT EXISTS \
                (SELECT 1 FROM hidden h WHERE h.\"user\" = $4 AND h.room = $1 AND h.message = m.id) \
                AND NOT m.deleted AND m.searched LIKE $5 ORDER BY m.seq {} LIMIT $6",
            direction(order)
        );
        while first < end && !findings.are_complete() {
            let (start, stop) = match order {
                HistoryOrder::Oldest => (first, end.min(Seq(first.0 + STRETCH))),
                HistoryOrder::Newest => (first.max(Seq(end.0 - STRETCH)), end),
            };
            let pattern = self.pattern();
            let asked = query!(
                sql.clone(),
                self.room,
                start,
                stop,
                self.viewer,
                pattern,
                limit(CHUNK)
            );
            let rows = moment.ask(asked).await?;
            let is_through = rows.len() < CHUNK;
            match order {
                HistoryOrder::Oldest => first = stop,
                HistoryOrder::Newest => end = start,
            }
            for message in every(&rows, |row| values::message(row, gateway))? {
                if findings.are_complete() {
                    break;
                }
                if !is_through {
                    match order {
                        HistoryOrder::Oldest => first = Seq(message.seq.0 + 1),
                        HistoryOrder::Newest => end = message.seq,
                    }
                }
                if self.is_in(&message) {
                    findings.push(Arc::new(message));
                }
            }
        }
        Ok(findings.into_messages())
    }

    /// What LIKE takes for it.
    fn pattern(&self) -> String {
        let mut pattern = String::from(if self.query.prefix { "" } else { "%" });
        for c in text(&self.query.text).chars() {
            if matches!(c, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        pattern + "%"
    }

    /// The text may have been folded by other rules.
    fn is_in(&self, message: &Message) -> bool {
        let shown = message.kind.searched(&message.text, message.file.as_ref());
        let shown = fold_text(&shown);
        match self.query.prefix {
            true => shown.starts_with(&self.query.text),
            false => shown.contains(&self.query.text),
        }
    }
}
