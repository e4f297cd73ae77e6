//! Moving what is committed from the write-ahead log into the database, beside the writer.
//!
//! A PASSIVE checkpoint under load never reaches the end of the log, so it never syncs the file, and the log is never
//! begun anew. So the checkpointer copies and syncs nearly everything in two passes of its own, and the writer does a
//! last, short pass between two batches.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{io, mem};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};

use super::values::Sql;
use crate::store::worker::Worker;

/// The log is left to grow to so many pages.
pub(super) const FRAMES: i64 = 16_000;
/// The least time between two looks at the log.
const PAUSE: Duration = Duration::from_millis(50);

/// What writer and checkpointer say to each other.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    state: Mutex<State>,
    changed: Condvar,
    last_pass: AtomicBool,
    broken: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    written: bool,
    stop: bool,
}

impl Checkpoints {
    /// The writer has committed something.
    pub(super) fn written(&self) {
        let mut state = self.lock();
        if !mem::replace(&mut state.written, true) {
            self.changed.notify_one();
        }
    }

    /// The writer should do the last pass now.
    pub(super) fn last_pass_due(&self) -> bool {
        self.last_pass.load(Ordering::Relaxed) && self.last_pass.swap(false, Ordering::Relaxed)
    }

    /// A sync failed: what the database file holds is not known. The log holds everything; it must stay as it is.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    pub(super) fn set_broken(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something written. `false`: stop.
    fn wait_for_writes(&self) -> bool {
        let idle = |state: &mut State| !state.stop && !state.written;
        let mut state = self
            .changed
            .wait_while(self.lock(), idle)
            .unwrap_or_else(PoisonError::into_inner);
        state.written = false;
        !state.stop
    }

    fn pause(&self) {
        let going = |state: &mut State| !state.stop;
        drop(self.changed.wait_timeout_while(self.lock(), PAUSE, going));
    }
}

/// The checkpointer's thread, with the connection that is closed last of all and so empties the log.
pub(super) struct Checkpointer {
    checkpoints: Arc<Checkpoints>,
    thread: Worker,
}

impl Checkpointer {
    pub(super) fn start(
        conn: Connection,
        file: Arc<File>,
        checkpoints: Arc<Checkpoints>,
    ) -> io::Result<Self> {
        let mine = checkpoints.clone();
        let work = move || {
            while mine.wait_for_writes() && !mine.is_broken() {
                relieve(&conn, &file, &mine);
                mine.pause();
            }
            if mine.is_broken()
                && conn
                    .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
                    .is_err()
            {
                // Left open, it does no harm: the next start recovers from the log.
                mem::forget(conn);
            }
        };
        Ok(Self {
            checkpoints,
            thread: Worker::start("store-checkpoint", work)?,
        })
    }
}

impl Checkpointer {
    /// Ends the thread and closes its connection.
    pub(super) fn close(&self) {
        self.checkpoints.lock().stop = true;
        self.checkpoints.changed.notify_one();
        self.thread.join();
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.close();
    }
}

/// Copies the log into the database once it is long.
fn relieve(conn: &Connection, file: &File, checkpoints: &Checkpoints) {
    let done = (|| -> io::Result<bool> {
        let (frames, copied) = log_state(conn).map_err(io::Error::other)?;
        if frames <= FRAMES || copied >= frames {
            return Ok(false);
        }
        for _ in 0..2 {
            match passive(conn) {
                Ok(()) => file.sync_data()?,
                Err(error) if is_harmless(&error) => {
                    tracing::warn!(%error, "the checkpoint waits");
                    return Ok(false);
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(true)
    })();
    match done {
        Ok(copied) => checkpoints.last_pass.fetch_or(copied, Ordering::Relaxed),
        Err(error) => {
            tracing::error!(%error, "a checkpoint failed");
            checkpoints.set_broken();
            false
        }
    };
}

/// Copies what nobody stands in the way of.
pub(super) fn passive(conn: &Connection) -> Sql<()> {
    conn.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?
        .query_row([], |_| Ok(()))
}

/// How many pages the log has, and how many of them the database has too.
pub(super) fn log_state(conn: &Connection) -> Sql<(i64, i64)> {
    conn.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?
        .query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
}

/// The log stays whole and can be copied later: the disk is full, or another is at it.
pub(super) fn is_harmless(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

#[cfg(test)]
mod tests {
    use super::super::open::{sync_handle, writing};
    use super::*;

    #[test]
    fn a_long_log_is_copied_whole_and_the_writer_called_for_the_last_pass() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tolmach.db");
        let (writer, conn) = (writing(&path).unwrap(), writing(&path).unwrap());
        let (file, checkpoints) = (sync_handle(&path).unwrap(), Checkpoints::default());
        writer.execute_batch("CREATE TABLE big (x BLOB)").unwrap();
        relieve(&conn, &file, &checkpoints);
        assert!(
            !checkpoints.last_pass_due() && log_state(&conn).unwrap().1 == 0,
            "a short one is left alone"
        );
        writer
            .execute("INSERT INTO big VALUES (zeroblob(?1))", [FRAMES * 4096])
            .unwrap();
        relieve(&conn, &file, &checkpoints);
        let (frames, copied) = log_state(&conn).unwrap();
        assert!(frames > FRAMES && copied == frames, "{copied} of {frames}");
        assert!(
            checkpoints.last_pass_due() && !checkpoints.last_pass_due() && !checkpoints.is_broken()
        );
        relieve(&conn, &file, &checkpoints);
        assert!(!checkpoints.last_pass_due(), "nothing is left to copy");
    }
}
