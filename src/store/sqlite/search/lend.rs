//! The index as searches see it: a moment of the file, by a connection that is lent.

use rusqlite::{CachedStatement, Connection};

use super::super::values::{Sql, run};
use super::file;
use super::index::Index;
use crate::model::{HistoryOrder, RoomId, Seq};

impl Index {
    /// Answers with what the index says of a room from now on, if it says anything. To be called before the rows are read
    /// that it is to be held against: what it covers must not be newer than they.
    pub(super) fn with_moment<T>(
        &self,
        room: RoomId,
        answer: impl FnOnce(Option<Moment<'_>>) -> T,
    ) -> T {
        let Some(idle) = self.lend() else {
            return answer(None);
        };
        // Given back last.
        let _lent = Lent(self);
        let conn = match idle.map_or_else(|| file::reading(self.path()), Ok) {
            Ok(conn) => conn,
            Err(error) => {
                self.suspect(&error);
                return answer(None);
            }
        };
        let answer = answer(self.moment(&conn, room));
        self.take_back(conn);
        answer
    }

    fn moment<'a>(&self, conn: &'a Connection, room: RoomId) -> Option<Moment<'a>> {
        let begun = run(conn, "BEGIN", []).and_then(|_| file::covered(conn, room));
        match begun {
            Ok(covered) => covered.map(|covered| Moment {
                conn,
                room,
                covered,
            }),
            Err(error) => {
                self.suspect(&error);
                None
            }
        }
    }

    /// `None`: searches must not use the file.
    fn lend(&self) -> Option<Option<Connection>> {
        let mut state = self.lock();
        if !state.readable {
            return None;
        }
        state.lent += 1;
        Some(state.idle.pop())
    }

    fn take_back(&self, conn: Connection) {
        let ended = conn.is_autocommit() || run(&conn, "ROLLBACK", []).is_ok();
        let mut state = self.lock();
        if ended && state.readable {
            state.idle.push(conn);
        }
    }
}

/// A connection is lent, until this is dropped.
struct Lent<'a>(&'a Index);

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.0.returned();
    }
}

/// The index at one moment, for one room.
pub(super) struct Moment<'a> {
    conn: &'a Connection,
    room: RoomId,
    /// Every change of the room up to this one is in it, and maybe the texts of later ones.
    pub(super) covered: Seq,
}

impl Moment<'_> {
    /// The statement of the places that a query names; see [`file::select`].
    pub(super) fn prepare(&self, order: HistoryOrder) -> Sql<CachedStatement<'_>> {
        self.conn.prepare_cached(&file::select(self.room, order))
    }
}
