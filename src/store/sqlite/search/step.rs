//! What a step of a search looks at.

use rusqlite::{Connection, Row, Rows, params, params_from_iter};

use super::super::changes::touched;
use super::super::history::Piece;
use super::super::reads::Senders;
use super::super::values::{DELETED, FILE, KIND, SEQ, Sql, TEXT, one};
use super::index::Index;
use super::lend::Moment;
use super::{CHUNK, Search, grams};
use crate::model::{FileInfo, HistoryOrder, MessageKind, Seq};
use crate::store::page::Findings;

/// One step of a search, under way.
pub(super) struct Step<'a> {
    pub(super) conn: &'a Connection,
    pub(super) senders: Senders,
    pub(super) search: &'a Search,
    pub(super) findings: &'a mut Findings,
    /// How many more messages to look at.
    pub(super) looks: usize,
}

impl Step<'_> {
    /// Reads a stretch of the room. Says where it stopped, unless it went through.
    pub(super) fn read(&mut self, start: Seq, end: Seq) -> Sql<Option<Seq>> {
        let piece = Piece::whole(start, end);
        let mut statement = self
            .conn
            .prepare_cached(&Piece::select(self.search.query.order))?;
        let values = piece.values(self.search.room, self.search.viewer);
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            self.look_at(row)?;
            if self.is_over() {
                return Ok(Some(row.get(SEQ)?));
            }
        }
        Ok(None)
    }

    /// Reads those of a stretch that the index names or does not know as they are now.
    pub(super) fn ask(
        &mut self,
        index: &Index,
        moment: &Moment<'_>,
        start: Seq,
        end: Seq,
    ) -> Sql<Option<Seq>> {
        let sought = &self.search.query;
        let query = grams::query(&sought.text, sought.prefix);
        let edited = self.edited_since(moment.covered, start, end)?;
        let (Some(query), Some(edited)) = (query, edited) else {
            return self.read(start, end);
        };
        let mut left = (start, end);
        let asked = (|| {
            let mut statement = moment.prepare(sought.order)?;
            let rows = statement.query(params![query, start, end])?;
            let mut candidates = Candidates::new(rows, edited, sought.order)?;
            while let Some(seq) = candidates.next()? {
                if let Err(error) = self.verify(seq) {
                    return Ok(Err(error));
                }
                left = self.search.behind(seq, left);
                if self.is_over() {
                    return Ok(Ok(Some(seq)));
                }
            }
            Ok(Ok(None))
        })();
        asked.unwrap_or_else(|error| {
            index.suspect(&error);
            self.read(left.0, left.1)
        })
    }

    /// The messages in a stretch of which the index may know another text than they have; `None`: too many.
    fn edited_since(&self, covered: Seq, start: Seq, end: Seq) -> Sql<Option<Vec<Seq>>> {
        let touched = touched(self.conn, self.search.room, covered, CHUNK)?;
        if touched.len() == CHUNK {
            return Ok(None);
        }
        let sql = "SELECT seq FROM messages WHERE id = ?1 AND seq >= ?2 AND seq < ?3";
        let mut edited = Vec::new();
        for (_, id) in touched {
            let place = params![id, start, end];
            edited.extend(one(self.conn, sql, place, |row| row.get::<_, Seq>(0))?);
        }
        edited.sort_unstable();
        edited.dedup();
        Ok(Some(edited))
    }

    fn verify(&mut self, seq: Seq) -> Sql<()> {
        let piece = Piece::whole(seq, Seq(seq.0 + 1));
        let mut statement = self
            .conn
            .prepare_cached(&Piece::select(self.search.query.order))?;
        let values = piece.values(self.search.room, self.search.viewer);
        match statement.query(params_from_iter(values))?.next()? {
            Some(row) => self.look_at(row),
            None => {
                self.looks = self.looks.saturating_sub(1);
                Ok(())
            }
        }
    }

    fn look_at(&mut self, row: &Row<'_>) -> Sql<()> {
        self.looks = self.looks.saturating_sub(1);
        if row.get(DELETED)? {
            return Ok(());
        }
        let (kind, file): (MessageKind, Option<FileInfo>) = (row.get(KIND)?, row.get(FILE)?);
        let text = kind.searched(row.get_ref(TEXT)?.as_str()?, file.as_ref());
        if self.search.is_in(&text) {
            self.findings.push(self.senders.message(self.conn, row)?);
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.looks == 0 || self.findings.are_complete()
    }
}

/// Places from two sources in one order, each once.
struct Candidates<'a> {
    rows: Rows<'a>,
    order: HistoryOrder,
    indexed: Option<Seq>,
    /// The first is the last.
    edited: Vec<Seq>,
}

impl<'a> Candidates<'a> {
    /// `edited`: the oldest first.
    fn new(rows: Rows<'a>, mut edited: Vec<Seq>, order: HistoryOrder) -> Sql<Self> {
        if order == HistoryOrder::Oldest {
            edited.reverse();
        }
        let mut candidates = Self {
            rows,
            order,
            indexed: None,
            edited,
        };
        candidates.advance()?;
        Ok(candidates)
    }

    fn advance(&mut self) -> Sql<()> {
        self.indexed = self.rows.next()?.map(|row| row.get(0)).transpose()?;
        Ok(())
    }

    fn next(&mut self) -> Sql<Option<Seq>> {
        let places = self.indexed.into_iter().chain(self.edited.last().copied());
        let next = match self.order {
            HistoryOrder::Oldest => places.min(),
            HistoryOrder::Newest => places.max(),
        };
        if next.is_some() && self.indexed == next {
            self.advance()?;
        }
        if next.is_some() && self.edited.last().copied() == next {
            self.edited.pop();
        }
        Ok(next)
    }
}
