//! The writer's connection: transactions, counters that go to their rows once per batch, and the checkpoint's last pass.

use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, ffi, params};

use super::cache::{Cache, CachedRoom};
use super::checkpoint::{Checkpoints, is_harmless, passive};
use super::damage::{is_damage, way_back};
use super::search::{Due, Index};
use super::times::falls;
use super::values::{self, ROOM, ROOM_COLUMNS, Sql, USER, failed, one, run};
use crate::free_space::FreeSpace;
use crate::model::{RoomId, UserId, UserRef};
use crate::store::batch::{Backend, CommitError};
use crate::store::{RowsError, Scrub, Transaction, UserRow, Write};

/// The newest message's number, also of one that is gone with its room.
pub(super) const LAST_MESSAGE: &str = "SELECT max(value, coalesce((SELECT max(id) FROM messages), 0)) FROM counters WHERE name = 'message'";

pub(in crate::store) struct SqliteBackend {
    path: PathBuf,
    pub(super) conn: Connection,
    pub(super) cache: Cache,
    /// The user with the number 0, who has no row.
    pub(super) gateway: Arc<UserRef>,
    checkpoints: Arc<Checkpoints>,
    pub(super) index: Arc<Index>,
    /// What this transaction leaves the index to do.
    pub(super) due: Due,
    space: FreeSpace,
    /// What it said when the transaction began.
    pub(super) has_room: bool,
    /// Whether what is gone is to be wiped, or was.
    pub(super) scrub: Option<Scrub>,
}

impl SqliteBackend {
    pub(super) fn new(
        path: &Path,
        conn: Connection,
        gateway: Arc<UserRef>,
        checkpoints: Arc<Checkpoints>,
        index: Arc<Index>,
        space: FreeSpace,
    ) -> Self {
        Self {
            path: path.to_owned(),
            conn,
            cache: Cache::default(),
            gateway,
            checkpoints,
            index,
            due: Due::default(),
            space,
            has_room: true,
            scrub: None,
        }
    }

    pub(super) fn cached_user(&mut self, id: UserId) -> Sql<Option<Arc<UserRow>>> {
        if let Some(row) = self.cache.users.lookup(&id) {
            return Ok(Some(row.clone()));
        }
        let row = one(
            &self.conn,
            &format!("SELECT {USER} FROM users WHERE id = ?1"),
            [id],
            values::user,
        )?;
        if let Some(row) = &row {
            self.cache.users.keep(id, row.clone());
        }
        Ok(row)
    }

    pub(super) fn cached_room(&mut self, id: RoomId) -> Sql<Option<&mut CachedRoom>> {
        if self.cache.rooms.lookup(&id).is_none() {
            let sql = format!("SELECT {ROOM}, r.messages FROM rooms r WHERE id = ?1");
            let room = one(&self.conn, &sql, [id], |row| {
                Ok((values::room(row)?, row.get(ROOM_COLUMNS)?))
            })?;
            let Some((row, messages)) = room else {
                return Ok(None);
            };
            let falls = falls(&self.conn, id)?;
            self.keep_room(CachedRoom::new(row, messages, falls))?;
        }
        Ok(self.cache.rooms.lookup_mut(&id))
    }

    /// Keeps a room whose counters are those of its row; before a full cache is emptied, its counters are written.
    pub(super) fn keep_room(&mut self, room: CachedRoom) -> Sql<()> {
        if self.cache.rooms.is_full() {
            self.write_counters()?;
        }
        self.cache.rooms.keep(room.row.room.id, room);
        Ok(())
    }

    fn write_counters(&mut self) -> Sql<()> {
        let mut ahead: Vec<RoomId> = self.cache.ahead.drain().collect();
        ahead.sort_unstable();
        for id in ahead {
            if let Some(room) = self.cache.rooms.lookup(&id) {
                let sql =
                    "UPDATE rooms SET seq = ?2, last_message = ?3, messages = ?4 WHERE id = ?1";
                run(
                    &self.conn,
                    sql,
                    params![id, room.seq, room.last_message, room.messages],
                )?;
                if room.messages >= self.index.threshold() {
                    self.due.changed.insert(id);
                }
            }
        }
        Ok(())
    }
}

impl Backend for SqliteBackend {
    fn begin(&mut self, _: &[Box<dyn Write>]) -> Result<(), RowsError> {
        self.has_room = self.space.has_room();
        if !self.conn.is_autocommit() {
            // The one before could not be ended then.
            self.rollback();
        }
        let begun = run(&self.conn, "BEGIN IMMEDIATE", []);
        begun.map(drop).map_err(failed)
    }

    fn rows(&mut self) -> &mut dyn Transaction {
        self
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        self.write_counters()
            .map_err(|error| CommitError::NothingKept(failed(error)))?;
        match run(&self.conn, "COMMIT", []) {
            Ok(_) => {
                self.checkpoints.written();
                self.index.committed(mem::take(&mut self.due));
                Ok(())
            }
            Err(error) if keeps_nothing(&error) => Err(CommitError::NothingKept(failed(error))),
            Err(error) if is_undone(&error) => Err(CommitError::Undone(failed(error))),
            Err(error) => {
                // The log ends in what may or may not be there: nothing may be copied from it now.
                self.checkpoints.set_broken();
                Err(CommitError::Unknown(failed(error)))
            }
        }
    }

    fn damage(&self, error: &RowsError) -> Option<String> {
        let error = error.0.downcast_ref::<rusqlite::Error>()?;
        is_damage(error).then(|| way_back(&self.path))
    }

    fn rollback(&mut self) {
        self.cache = Cache::default();
        self.due = Due::default();
        // Some errors have ended the transaction by themselves.
        if !self.conn.is_autocommit()
            && let Err(error) = run(&self.conn, "ROLLBACK", [])
        {
            tracing::error!(%error, "the rollback failed");
        }
    }

    fn between_batches(&mut self) -> Result<(), RowsError> {
        if self.checkpoints.is_broken() {
            return Err(RowsError("a checkpoint failed".into()));
        }
        if self.checkpoints.last_pass_due() {
            match passive(&self.conn) {
                Err(error) if !is_harmless(&error) => {
                    self.checkpoints.set_broken();
                    return Err(failed(error));
                }
                _ => {}
            }
        }
        if self.scrub == Some(Scrub::Asked) {
            self.scrub = Some(match self.wipe() {
                Ok(()) => Scrub::Done,
                Err(error) => {
                    tracing::error!(%error, "what was erased cannot be wiped from the disk yet");
                    Scrub::Failed
                }
            });
        }
        Ok(())
    }
}

impl SqliteBackend {
    /// Writes the database anew without what is gone, and empties the log: else parts of pages would keep copies of it.
    fn wipe(&mut self) -> Sql<()> {
        self.conn.execute_batch("VACUUM")?;
        let busy: bool = self
            .conn
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        self.index.begin_anew();
        match busy {
            true => Err(rusqlite::Error::SqliteFailure(
                ffi::Error::new(ffi::SQLITE_BUSY),
                Some("the log is read".to_owned()),
            )),
            false => Ok(()),
        }
    }
}

/// A COMMIT that fails like this has written nothing that counts; any other failure may have.
fn keeps_nothing(error: &rusqlite::Error) -> bool {
    use ErrorCode::{ConstraintViolation, DatabaseBusy, DatabaseLocked, DiskFull};
    matches!(
        error.sqlite_error_code(),
        Some(DiskFull | DatabaseBusy | DatabaseLocked | ConstraintViolation)
    )
}

/// A COMMIT that fails like this may have written all of its pages to the log, but not where the log ends, in the index that
/// this process goes by (for which a full disk has no room): SQLite has undone it, and the next commit is written over it.
/// After a sync that failed nothing is known of what the log holds.
fn is_undone(error: &rusqlite::Error) -> bool {
    const BEFORE_THE_END: [i32; 3] = [
        ffi::SQLITE_IOERR_WRITE,
        ffi::SQLITE_IOERR_SHMSIZE,
        ffi::SQLITE_IOERR_SHMMAP,
    ];
    error
        .sqlite_error()
        .is_some_and(|error| BEFORE_THE_END.contains(&error.extended_code))
}
