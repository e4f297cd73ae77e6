//! Searches: "contains, without regard to case", exact at every length of the needle, and the index that makes them fast.
//!
//! A room with many messages has a table in a file beside the database that says which messages may hold a needle. The
//! file is filled by a thread behind the commits, so it is always behind. No answer depends on how far:
//!
//! ```text
//!   the room's changes, by seq ─────────────────────────────────────▶
//!   ├──────────────── covered ────────────────┤├──── the tail ─────┤
//!     the candidates that the index names,        read, newest first
//!     and what was edited in the tail
//! ```
//!
//! Every candidate is held against its row as it is now. Without an index the whole room is tail.

mod feed;
mod file;
mod grams;
mod index;
mod indexer;
mod lend;
mod moment;
mod step;
#[cfg(test)]
mod tests;

use std::path::Path;

use rusqlite::Connection;

pub(super) use self::index::{Due, Index};
pub(super) use self::indexer::Indexer;
pub use self::moment::IndexMoment;

use self::step::Step;
use super::history::{between, bounds};
use super::reads::Senders;
use super::values::Sql;
use crate::model::{HistoryOrder, RoomId, SearchQuery, Seq, UserId, fold_text};
use crate::store::page::Findings;

/// A room with so many messages is indexed: fewer are read as fast.
const THRESHOLD: i64 = 2_000;
/// How many messages one step of a search looks at: it must not hold a moment's rows for long.
const CHUNK: usize = 2_000;

impl Index {
    /// The index of a database, with nothing in it yet.
    pub(super) fn beside(database: &Path, threshold: Option<i64>) -> Self {
        Self::new(file::path_of(database), threshold.unwrap_or(THRESHOLD))
    }
}

/// What is searched for, and by whom.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) room: RoomId,
    pub(super) viewer: Option<UserId>,
    pub(super) query: SearchQuery,
}

/// A stretch of a room's changes, its end not in it.
pub(super) type Stretch = (Seq, Seq);

/// The stretch from a room's first message to its last.
pub(super) const ALL: Stretch = (Seq(0), Seq(i64::MAX));

impl Search {
    fn is_in(&self, text: &str) -> bool {
        let text = fold_text(text);
        match self.query.prefix {
            true => text.starts_with(&self.query.text),
            false => text.contains(&self.query.text),
        }
    }

    /// What is left of a stretch once it was read up to this place.
    fn behind(&self, place: Seq, (start, end): Stretch) -> Stretch {
        match self.query.order {
            HistoryOrder::Oldest => (Seq(place.0 + 1), end),
            HistoryOrder::Newest => (start, place),
        }
    }
}

/// What the index says of a part of a room.
enum Half {
    /// It names the candidates.
    Covered,
    /// The index says nothing of what is left: each message is looked at.
    Tail,
}

/// One step of a search through what is left of the room. Says what is left then, if there is more.
pub(super) fn step(
    conn: &Connection,
    index: &Index,
    senders: Senders,
    search: &Search,
    left: Stretch,
    findings: &mut Findings,
) -> Sql<Option<Stretch>> {
    index.with_moment(search.room, |moment| {
        let Some((cleared, last)) = bounds(conn, search.room, search.viewer)? else {
            return Ok(None);
        };
        let window = (left.0.max(Seq(cleared.0 + 1)), left.1.min(Seq(last.0 + 1)));
        let query = &search.query;
        let (start, end) = between(conn, search.room, window, (query.after, query.before))?;
        let mut step = Step {
            conn,
            senders,
            search,
            findings,
            looks: CHUNK,
        };
        let Some(moment) = moment else {
            let stopped = step.read(start, end)?;
            return Ok(stopped.map(|place| search.behind(place, (start, end))));
        };
        let tail = Seq(moment.covered.0 + 1).min(end).max(start);
        let halves = match query.order {
            HistoryOrder::Oldest => [Half::Covered, Half::Tail],
            HistoryOrder::Newest => [Half::Tail, Half::Covered],
        };
        for half in halves {
            let stopped = match half {
                Half::Covered => step.ask(index, &moment, start, tail)?,
                Half::Tail => step.read(tail, end)?,
            };
            if let Some(place) = stopped {
                return Ok(Some(search.behind(place, (start, end))));
            }
        }
        Ok(None)
    })
}
