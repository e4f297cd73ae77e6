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
use super::history::bounds;
use super::reads::Senders;
use super::values::Sql;
use crate::model::{RoomId, Seq, UserId, fold_text};
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
    pub(super) folded: String,
    /// At the beginning only.
    pub(super) prefix: bool,
}

impl Search {
    fn is_in(&self, text: &str) -> bool {
        let text = fold_text(text);
        if self.prefix {
            text.starts_with(&self.folded)
        } else {
            text.contains(&self.folded)
        }
    }
}

/// One step of a search, newest first, from before `end` on. Says where to go on, if there is more.
pub(super) fn step(
    conn: &Connection,
    index: &Index,
    senders: Senders,
    search: &Search,
    end: Seq,
    findings: &mut Findings,
) -> Sql<Option<Seq>> {
    index.with_moment(search.room, |moment| {
        let Some((cleared, _)) = bounds(conn, search.room, search.viewer)? else {
            return Ok(None);
        };
        let mut step = Step {
            conn,
            senders,
            search,
            findings,
            looks: CHUNK,
        };
        let first = Seq(cleared.0 + 1);
        let Some(moment) = moment else {
            return step.read(first, end);
        };
        let tail = Seq(moment.covered.0 + 1).max(first);
        match step.read(tail, end)? {
            Some(next) => Ok(Some(next)),
            None => step.ask(index, &moment, first, end.min(tail)),
        }
    })
}
