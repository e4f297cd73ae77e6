//! Searches: "contains, without regard to case", over the text that is kept folded, in either order.
//!
//! The nearest messages are read, and as many more as finds what is said often. In a large room that is indexed, entries of
//! neighbouring messages lead to the rest; what is not indexed yet is read, too. Newest first:
//!
//! ```text
//!   the room's changes, by seq ──────────────────────────────────────────────▶
//!   ├────────── by entries ──────────┤├─ not indexed yet ─┤├─── nearest ────┤
//! ```
//!
//! Each message is held against the needle, whatever led to it.

use std::sync::Arc;

use super::history::{between, bounds, direction};
use super::indexer::Indexing;
use super::readers::Moment;
use super::session::query;
use super::values::{self, Columns, MESSAGE, MESSAGES, Sql, at_most_one, every, limit, text};
use crate::model::{HistoryOrder, Message, RoomId, SearchQuery, Seq, UserId, UserRef, fold_text};
use crate::store::page::Findings;

/// How many rows are read at a time.
const CHUNK: usize = 256;
/// How many entries are asked for at a time.
const ENTRIES: usize = 1_000;
/// How many entries' messages are read at a time.
const READ: usize = 64;
/// Up to where a room is indexed, where there is something in the needle to be led by.
const INDEXED: &str = "SELECT upto FROM indexed WHERE room = $1 AND $2::text ~ $3::text";
/// That is three letters or digits; the first one does at the beginning of a message.
const LEADING: [&str; 2] = ["[[:alnum:]]{3}", "^[[:alnum:]]"];

/// [`MESSAGES`] in entries, which are few of a long stretch.
const LED: &str = "unnest($7::int8[], $8::int8[]) AS e (first, last) CROSS JOIN LATERAL \
    (SELECT * FROM messages WHERE room = $1 AND seq BETWEEN e.first AND e.last OFFSET 0) AS m LEFT JOIN users s ON s.id = m.sender";

/// What is searched for, and by whom.
#[derive(Debug)]
pub(super) struct Search<'a> {
    pub(super) room: RoomId,
    pub(super) viewer: Option<UserId>,
    pub(super) query: &'a SearchQuery,
    pub(super) indexing: Indexing,
}

/// From the first place to before the second.
type Stretch = (Seq, Seq);

/// A search under way.
struct Run<'a> {
    search: &'a Search<'a>,
    moment: &'a mut Moment,
    gateway: &'a Arc<UserRef>,
    findings: Findings,
}

impl Search<'_> {
    pub(super) async fn run(
        &self,
        moment: &mut Moment,
        gateway: &Arc<UserRef>,
    ) -> Sql<Vec<Arc<Message>>> {
        let Some((row, hidden)) = bounds(moment, self.room, self.viewer).await? else {
            return Ok(Vec::new());
        };
        let all = (Seq(hidden.0 + 1), Seq(row.room.seq.0 + 1));
        let ids = (self.query.after, self.query.before);
        let all = between(moment, self.room, all, ids).await?;
        let mut run = Run {
            search: self,
            moment,
            gateway,
            findings: Findings::new(self.query.limit),
        };
        let mut rest = all;
        loop {
            let nearest = self.nearest(rest);
            run.read(nearest).await?;
            rest = self.past(rest, nearest);
            if !run.is_to_go_on(rest) || !run.is_said_often(all, rest) {
                break;
            }
        }
        if run.is_to_go_on(rest) {
            let upto = run.indexed().await?.unwrap_or(Seq(0));
            let edge = Seq(upto.0 + 1).clamp(rest.0, rest.1);
            let (led, tail) = ((rest.0, edge), (edge, rest.1));
            match self.query.order {
                HistoryOrder::Oldest => {
                    run.be_led(led).await?;
                    run.read(tail).await?;
                }
                HistoryOrder::Newest => {
                    run.read(tail).await?;
                    run.be_led(led).await?;
                }
            }
        }
        Ok(run.findings.into_messages())
    }

    /// What of a stretch is read first, and at a time.
    fn nearest(&self, (first, end): Stretch) -> Stretch {
        let large = self.indexing.large;
        match self.query.order {
            HistoryOrder::Oldest => (first, end.min(Seq(first.0 + large))),
            HistoryOrder::Newest => (first.max(Seq(end.0 - large)), end),
        }
    }

    /// What of a stretch is left after this.
    fn past(&self, (first, end): Stretch, done: Stretch) -> Stretch {
        match self.query.order {
            HistoryOrder::Oldest => (done.1, end),
            HistoryOrder::Newest => (first, done.0),
        }
    }

    /// What LIKE takes for it, in a message or in an entry, where each message is behind a line feed.
    fn pattern(&self, in_entry: bool) -> String {
        let mut pattern = String::from(match (self.query.prefix, in_entry) {
            (true, true) => "%\n",
            (true, false) => "",
            (false, _) => "%",
        });
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

impl Run<'_> {
    fn is_to_go_on(&self, left: Stretch) -> bool {
        left.0 < left.1 && !self.findings.are_complete()
    }

    /// Whether reading on costs less than being led, if all is as what was read: to hold an entry against the needle costs as
    /// much as to read its messages.
    fn is_said_often(&self, all: Stretch, rest: Stretch) -> bool {
        let (found, wanted) = (self.findings.len(), self.search.query.limit);
        let length = |(first, end): Stretch| (end.0 - first.0) as f64;
        let read = length(all) - length(rest);
        let to_read = (wanted - found) as f64 * read / found as f64;
        let to_be_led = found as f64 * length(rest) / read * self.search.indexing.entry as f64;
        found > 0 && to_read <= to_be_led
    }

    async fn read(&mut self, mut left: Stretch) -> Sql<()> {
        while self.is_to_go_on(left) {
            let done = self.take(self.search.nearest(left), &[]).await?;
            left = self.search.past(left, done);
        }
        Ok(())
    }

    /// Reads what the index leads to, or what has changed since.
    async fn be_led(&mut self, mut left: Stretch) -> Sql<()> {
        let order = self.search.query.order;
        let entries = "SELECT first, last FROM searches WHERE room = $1 AND last >= $2 AND first < $3 AND text";
        let sql = format!(
            "{entries} LIKE $4 UNION ALL {entries} IS NULL ORDER BY first {} LIMIT $5",
            direction(order)
        );
        while self.is_to_go_on(left) {
            let (room, pattern) = (self.search.room, self.search.pattern(true));
            let most = limit(ENTRIES);
            let asked = query!(sql.clone(), room, left.0, left.1, pattern, most);
            let entries = every(&self.moment.ask(asked).await?, |row| {
                Ok((row.value(0)?, row.value(1)?))
            })?;
            for entries in entries.chunks(READ) {
                let firsts = entries.iter().map(|(first, _)| *first);
                let ends = entries.iter().map(|(_, last): &Stretch| Seq(last.0 + 1));
                let mut part = (
                    firsts.min().unwrap_or(left.0).max(left.0),
                    ends.max().unwrap_or(left.1).min(left.1),
                );
                left = self.search.past(left, part);
                while self.is_to_go_on(part) {
                    let done = self.take(part, entries).await?;
                    part = self.search.past(part, done);
                }
            }
            if entries.len() < ENTRIES {
                break;
            }
        }
        Ok(())
    }

    /// Takes in what is found in a stretch, in these entries if some are named. Says how much of it was looked through.
    async fn take(&mut self, (start, stop): Stretch, entries: &[Stretch]) -> Sql<Stretch> {
        let Search { room, viewer, .. } = *self.search;
        let from = if entries.is_empty() { MESSAGES } else { LED };
        let order = self.search.query.order;
        let sql = format!(
            "SELECT {MESSAGE} FROM {from} WHERE m.room = $1 AND m.seq >= $2 AND m.seq < $3 AND NOT EXISTS \
                (SELECT 1 FROM hidden h WHERE h.\"user\" = $4 AND h.room = $1 AND h.message = m.id) \
                AND NOT m.deleted AND m.searched LIKE $5 ORDER BY m.seq {} LIMIT $6",
            direction(order)
        );
        let (pattern, most) = (self.search.pattern(false), limit(CHUNK));
        let asked = if entries.is_empty() {
            query!(sql, room, start, stop, viewer, pattern, most)
        } else {
            let (firsts, lasts): (Vec<Seq>, Vec<Seq>) = entries.iter().copied().unzip();
            query!(sql, room, start, stop, viewer, pattern, most, firsts, lasts)
        };
        let rows = self.moment.ask(asked).await?;
        let is_through = rows.len() < CHUNK;
        let mut done = (start, stop);
        for message in every(&rows, |row| values::message(row, self.gateway))? {
            if self.findings.are_complete() {
                break;
            }
            if !is_through {
                match order {
                    HistoryOrder::Oldest => done.1 = Seq(message.seq.0 + 1),
                    HistoryOrder::Newest => done.0 = message.seq,
                }
            }
            if self.search.is_in(&message) {
                self.findings.push(Arc::new(message));
            }
        }
        Ok(done)
    }

    /// Up to where entries can lead.
    async fn indexed(&mut self) -> Sql<Option<Seq>> {
        let query = self.search.query;
        let leading = LEADING[usize::from(query.prefix)];
        let asked = query!(INDEXED, self.search.room, text(&query.text), leading);
        at_most_one(&self.moment.ask(asked).await?, |row| row.value(0))
    }
}
