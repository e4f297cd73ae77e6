//! Damage: what a database file should hold and does not. It is said once for each place, with the way back.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use super::OpenError;
use super::open::{check, connection};
use super::values::Sql;
use crate::model::RoomId;

/// How long the check at the start may take: of a database that takes longer, the rest shows when it is read.
const BUDGET: Duration = Duration::from_millis(500);
/// How often a check that is over its time is interrupted: what has not begun yet does not notice.
const AGAIN: Duration = Duration::from_millis(50);

/// What to do about a damaged database.
pub(super) fn way_back(path: &Path) -> String {
    format!("`tolmach store verify` says what is; {}", recovery(path))
}

/// The same to who asked `tolmach store verify`.
pub(super) fn recovery(path: &Path) -> String {
    let path = path.display();
    format!(
        "stop the gateway, move {path} and the files beside it away, then bring back a backup \
        (`tolmach restore`), or what can still be read: sqlite3 {path} .recover | sqlite3 recovered.db"
    )
}

/// The file is to blame: not who asked, not the moment, not the machine's memory or space.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error as E;
    const UNREADABLE: [i32; 3] = [
        ffi::SQLITE_IOERR_READ,
        ffi::SQLITE_IOERR_SHORT_READ,
        ffi::SQLITE_IOERR_CORRUPTFS,
    ];
    match error {
        E::FromSqlConversionFailure(..)
        | E::IntegralValueOutOfRange(..)
        | E::InvalidColumnType(..)
        | E::Utf8Error(..) => true,
        _ => error.sqlite_error().is_some_and(|error| {
            matches!(
                error.code,
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase
            ) || UNREADABLE.contains(&error.extended_code)
        }),
    }
}

/// What was found damaged while the database was used.
pub(super) struct Damage {
    path: PathBuf,
    /// In which rooms, or (`None`) beside them.
    found: Mutex<HashSet<Option<RoomId>>>,
}

impl Damage {
    pub(super) fn of(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            found: Mutex::default(),
        }
    }

    /// A read of this room (`None`: of something else) failed.
    pub(super) fn read_failed(&self, room: Option<RoomId>, error: &rusqlite::Error) {
        if !is_damage(error) {
            tracing::error!(%error, "a read failed");
            return;
        }
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.insert(room) {
            let room = room.map(|room| room.0);
            let advice = way_back(&self.path);
            tracing::error!(%error, room, %advice, "the database is damaged: what was asked for cannot be read; said once for each room");
        }
    }

    #[cfg(test)]
    pub(super) fn found(&self) -> HashSet<Option<RoomId>> {
        self.found.lock().unwrap().clone()
    }
}

/// Looks through a database before it is used, and leaves it as it is.
///
/// # Errors
/// It is not ours, or damaged as far as [`BUDGET`] lets one see.
pub(super) fn examine(path: &Path) -> Result<(), OpenError> {
    let failed = |error| OpenError::sqlite(path, error);
    let conn = connection(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    // Whatever is wrong must not be made worse when this is closed.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map_err(failed)?;
    look_through(&conn, path)
}

/// As [`examine`], by a connection.
pub(super) fn look_through(conn: &Connection, path: &Path) -> Result<(), OpenError> {
    check(conn, path)?;
    match within(BUDGET, conn, |conn| {
        first_damage(conn, "PRAGMA quick_check(1)")
    }) {
        Ok(None) => Ok(()),
        Ok(Some(what)) => Err(OpenError::Damaged {
            path: path.to_owned(),
            what,
        }),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
            tracing::info!(path = %path.display(), "the database is large: only its beginning was checked");
            Ok(())
        }
        Err(error) => Err(OpenError::sqlite(path, error)),
    }
}

/// What SQLite says first, by this check of its, of a database that is not whole.
pub(super) fn first_damage(conn: &Connection, check: &str) -> Sql<Option<String>> {
    let found: String = conn.query_row(check, [], |row| row.get(0))?;
    if found == "ok" {
        return Ok(None);
    }
    let root = found
        .split_once("Tree ")
        .and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next())
        .and_then(|root| root.parse::<i64>().ok());
    let sql = "SELECT type || ' ' || name FROM sqlite_schema WHERE rootpage = ?1";
    let place = root.and_then(|root| {
        let name = conn.query_row(sql, [root], |row| row.get::<_, String>(0));
        // Where the list of tables is damaged too, the number has to do.
        name.ok()
    });
    let found = found.replace('\n', " ");
    Ok(Some(match place {
        Some(place) => format!("{place}: {found}"),
        None => found,
    }))
}

/// Does something with a connection, and interrupts it when it takes longer than that.
fn within<T>(
    time: Duration,
    conn: &Connection,
    work: impl FnOnce(&Connection) -> Sql<T>,
) -> Sql<T> {
    let (done, waiting) = channel::<()>();
    let handle = conn.get_interrupt_handle();
    thread::scope(|scope| {
        let watch = move || {
            let mut left = time;
            while waiting.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
                handle.interrupt();
                left = AGAIN;
            }
        };
        let thread = thread::Builder::new().name("store-check".to_owned());
        if let Err(error) = thread.spawn_scoped(scope, watch) {
            tracing::warn!(%error, "nobody watches the time: the database is checked whole");
        }
        let result = work(conn);
        drop(done);
        result
    })
}

#[cfg(test)]
mod tests;
