//! A database as it was at one moment, in a file of its own.

use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, params_from_iter};
use serde_json::Value;

use super::OpenError;
use super::damage::{first_damage, recovery};
use super::faults::{self, Fault};
use super::open::{STEPS, check, connection, has_log, reading};
use super::reads::{direct_room, room_by_name, user_by_login};
use super::unreadable::unreadable;
use super::values::{Sql, all};
use crate::gentle;
use crate::model::{RoomId, RoomSelector, fold_login, fold_room_name};
use crate::store::{Row, SEQUENCE};

/// A database that nobody writes, such as a copy. Nothing is made beside it.
#[derive(Debug)]
pub struct DatabaseCopy {
    conn: Connection,
    version: usize,
}

/// A file that a message in a database has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedFile {
    /// How many bytes it has.
    pub size: u64,
    /// In which room it was posted.
    pub room: RoomId,
    /// Under which name the file area holds it.
    pub stored: String,
    /// The SHA-256 of its content in hexadecimal, where that is known.
    pub sha256: Option<String>,
}

impl DatabaseCopy {
    /// Copies a database, which a gateway may be using, as it is at one moment after the call, to `to`, where `file` is, which is empty.
    /// Whoever writes there meanwhile does not wait; but the log is not begun anew before the copy is made.
    ///
    /// `told` hears how many bytes came and how many there are, and breaks off with its error.
    ///
    /// # Errors
    /// [`OpenError`], and what `told` returns, as [`OpenError::Io`].
    pub fn make(
        database: &Path,
        to: &Path,
        file: &File,
        mut told: impl FnMut(u64, u64) -> io::Result<()>,
    ) -> Result<Self, OpenError> {
        let failed = |error| OpenError::sqlite(database, error);
        let io_failed = |error| OpenError::io(to, error);
        let from = source(database)?;
        check(&from, database)?;
        // One moment for all steps: without it, the copy begins again with each commit.
        let moment = from.unchecked_transaction().map_err(failed)?;
        let tables = number(&moment, "SELECT count(*) FROM sqlite_schema");
        let page = tables.and_then(|_| number(&moment, "PRAGMA page_size"));
        let page = page.map_err(failed)?;
        let mut copy = connection(to, OpenFlags::SQLITE_OPEN_READ_WRITE)
            .map_err(|error| OpenError::sqlite(to, error))?;
        // It is of no use before it is synced as a whole.
        let unjournaled = copy.pragma_update_and_check(None, "journal_mode", "off", |_| Ok(()));
        unjournaled.map_err(failed)?;
        copy.pragma_update(None, "synchronous", "off")
            .map_err(failed)?;
        let steps = Backup::new(&moment, &mut copy).map_err(failed)?;
        let pages = i32::try_from(gentle::PIECE / page.max(1)).unwrap_or(1);
        loop {
            let came =
                steps
                    .step(pages.max(1))
                    .map_err(|error| match error.sqlite_error_code() {
                        // Only what is written can be full.
                        Some(ErrorCode::DiskFull) => io_failed(io::ErrorKind::StorageFull.into()),
                        _ => failed(error),
                    })?;
            let progress = steps.progress();
            let bytes = |pages: i32| page * u64::try_from(pages).unwrap_or_default();
            let (all, left) = (bytes(progress.pagecount), bytes(progress.remaining));
            gentle::sync(file).map_err(io_failed)?;
            told(all - left.min(all), all).map_err(io_failed)?;
            match came {
                StepResult::Done => break,
                StepResult::More => {}
                other => return Err(io_failed(io::Error::other(format!("{other:?}")))),
            }
        }
        drop(steps);
        drop(moment);
        copy.close().map_err(|(_, error)| failed(error))?;
        Self::open(to)
    }

    /// Opens a database that nobody writes.
    ///
    /// # Errors
    /// [`OpenError`]: it is none of ours, of a later version, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let conn = unwritten(path)?;
        let version = check(&conn, path)?;
        if version == 0 {
            return Err(OpenError::NotOurs {
                path: path.to_owned(),
            });
        }
        Ok(Self { conn, version })
    }

    /// What to do where the database is damaged.
    #[must_use]
    pub fn recovery(database: &Path) -> String {
        recovery(database)
    }

    /// The version of the database.
    #[must_use]
    pub fn version(&self) -> usize {
        self.version
    }

    /// The newest version of a database that this program knows.
    #[must_use]
    pub fn newest_version() -> usize {
        STEPS.len()
    }

    /// What is wrong with it first, as SQLite says, if anything is; reads all of it.
    ///
    /// # Errors
    /// [`OpenError`]: it cannot be read.
    pub fn damage(&self) -> Result<Option<String>, OpenError> {
        self.read(|conn| first_damage(conn, "PRAGMA integrity_check(1)"))
    }

    /// How many messages are in it, deleted ones too.
    ///
    /// # Errors
    /// [`OpenError`]: it cannot be read.
    pub fn messages(&self) -> Result<u64, OpenError> {
        self.read(|conn| number(conn, "SELECT count(*) FROM messages"))
    }

    /// The room that is meant, if it is there.
    ///
    /// # Errors
    /// [`OpenError`]: it cannot be read.
    pub fn room(&self, room: &RoomSelector) -> Result<Option<RoomId>, OpenError> {
        self.read(|conn| {
            let by_name = |name: &str| room_by_name(conn, &fold_room_name(name));
            let found = match room {
                RoomSelector::Id(id) => super::reads::room(conn, *id)?,
                RoomSelector::Name(name) => by_name(name)?,
                RoomSelector::NameOrPublicId(name) => match name.parse() {
                    Ok(id) => super::reads::room(conn, RoomId(id))?,
                    Err(_) => None,
                }
                .filter(|row| row.is_public())
                .map_or_else(|| by_name(name), |row| Ok(Some(row)))?,
                RoomSelector::Direct(one, other) => {
                    let user = |login: &str| match fold_login(login) {
                        Ok(folded) => user_by_login(conn, &folded),
                        Err(_) => Ok(None),
                    };
                    match (user(one)?, user(other)?) {
                        (Some(one), Some(other)) => direct_room(conn, one.user.id, other.user.id)?,
                        _ => None,
                    }
                }
            };
            Ok(found.map(|row| row.room.id))
        })
    }

    /// Whatever should hold of the rows and does not.
    ///
    /// # Errors
    /// [`OpenError`]: it cannot be read.
    pub fn faults(&self) -> Result<Vec<Fault>, OpenError> {
        self.read(|conn| {
            let mut faults = faults::faults(conn)?;
            if !faults.iter().any(Fault::is_damage) {
                let has_marks = hidden_upto(conn)? != "r.cleared";
                faults.extend(faults::gaps(conn, has_marks)?);
                // Columns of an earlier version become others when it is opened.
                if self.version == Self::newest_version() {
                    faults.extend(faults::newest_faults(conn)?);
                    faults.extend(unreadable(conn)?);
                }
            }
            Ok(faults)
        })
    }

    /// Calls `each` with every row: its table, and its columns by name, bytes as hexadecimal digits. A room comes before its messages.
    ///
    /// With `room`, only what belongs to that room, and the users in it without their secrets.
    ///
    /// # Errors
    /// [`OpenError`], as `E`; what `each` returns.
    pub fn each_row<E: From<OpenError>>(
        &self,
        room: Option<RoomId>,
        mut each: impl FnMut(&str, Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |error| OpenError::sqlite(self.path(), error);
        for (name, columns) in tables(&self.conn).map_err(failed)? {
            let Some(condition) = condition(&name, &columns, room.is_some()) else {
                continue;
            };
            let sql = format!("SELECT * FROM {name} {condition}");
            let mut statement = self.conn.prepare(&sql).map_err(failed)?;
            let mut rows = statement.query(params_from_iter(room)).map_err(failed)?;
            while let Some(found) = rows.next().map_err(failed)? {
                let mut row = Row::new();
                for (place, column) in columns.iter().enumerate() {
                    let value = match (room, &*name, &**column) {
                        (Some(_), "users", "password" | "address" | "last_login") => Value::Null,
                        (Some(_), "users", "operator") => 0.into(),
                        _ => shown(found.get_ref(place).map_err(failed)?),
                    };
                    row.insert(column.clone(), value);
                }
                let table = if name == "sqlite_sequence" {
                    SEQUENCE
                } else {
                    &name
                };
                each(table, row)?;
            }
        }
        Ok(())
    }

    /// Calls `each` for every file that its messages have and can be read of, without deleted ones and those behind the marks of a cleared
    /// history and of what is kept no longer.
    ///
    /// # Errors
    /// [`OpenError`], as `E`; what `each` returns.
    pub fn each_file<E: From<OpenError>>(
        &self,
        mut each: impl FnMut(CopiedFile) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |error| OpenError::sqlite(self.path(), error);
        let upto = hidden_upto(&self.conn).map_err(failed)?;
        let sql = format!(
            "SELECT m.room, m.file ->> 'stored', m.file ->> 'size', m.file ->> 'sha256' FROM messages m JOIN rooms r ON r.id = m.room \
            WHERE json_valid(m.file) AND m.deleted = 0 AND m.seq > {upto} ORDER BY m.id"
        );
        let mut statement = self.conn.prepare(&sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let file = (|| {
                Ok(CopiedFile {
                    room: row.get(0)?,
                    stored: row.get(1)?,
                    size: row.get::<_, i64>(2)?.try_into().unwrap_or_default(),
                    sha256: row.get(3)?,
                })
            })();
            each(file.map_err(failed)?)?;
        }
        Ok(())
    }

    pub(super) fn read<T>(&self, read: impl FnOnce(&Connection) -> Sql<T>) -> Result<T, OpenError> {
        read(&self.conn).map_err(|error| OpenError::sqlite(self.path(), error))
    }

    fn path(&self) -> &Path {
        Path::new(self.conn.path().unwrap_or_default())
    }
}

/// A connection to a database that nobody writes: nothing is made beside it, and no log is looked for.
pub(super) fn unwritten(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let conn = connection(Path::new(&immutable(path)), flags);
    conn.map_err(|error| OpenError::sqlite(path, error))
}

/// A connection to a database that is to be copied. On a file system that is mounted read-only nobody writes, and SQLite could not make what
/// it puts beside one that may be written.
fn source(database: &Path) -> Result<Connection, OpenError> {
    let path = database.to_owned();
    match fs::metadata(database) {
        Ok(found) if found.is_dir() => return Err(OpenError::Directory { path }),
        Ok(found) if found.len() == 0 => return Err(OpenError::Empty { path }),
        Ok(_) => {}
        Err(error) => return Err(OpenError::io(database, error)),
    }
    match access(database, AccessFlags::W_OK) {
        Err(Errno::EROFS) if has_log(database) => Err(OpenError::Unrecovered { path }),
        Err(Errno::EROFS) => unwritten(database),
        Ok(()) | Err(_) => reading(database),
    }
}

/// Up to where nothing of a room `r` is shown; a database of an earlier version has one mark alone.
fn hidden_upto(conn: &Connection) -> Sql<&'static str> {
    let sql = "SELECT count(*) FROM pragma_table_info('rooms') WHERE name = 'pruned'";
    Ok(match number(conn, sql)? {
        0 => "r.cleared",
        _ => "max(r.cleared, r.pruned)",
    })
}

/// All tables, and their columns in order.
fn tables(conn: &Connection) -> Sql<Vec<(String, Vec<String>)>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name = 'sqlite_sequence', rowid";
    let names: Vec<String> = all(conn, sql, [], |row| row.get(0))?;
    let columns = |name: String| {
        let sql = "SELECT name FROM pragma_table_info(?1) ORDER BY cid";
        let columns = all(conn, sql, [&name], |row| row.get(0))?;
        Ok((name, columns))
    };
    names.into_iter().map(columns).collect()
}

/// Which rows of a table are wanted; `None`: none of them. `?1` is the room, with `of_room`.
fn condition(table: &str, columns: &[String], of_room: bool) -> Option<&'static str> {
    match table {
        "secrets" => None,
        _ if !of_room => Some(""),
        "rooms" => Some("WHERE id = ?1"),
        "users" => Some(
            "WHERE id IN (SELECT user FROM members WHERE room = ?1 UNION SELECT sender FROM messages WHERE room = ?1 \
            UNION SELECT user FROM hidden WHERE room = ?1 UNION SELECT user FROM guest_bans WHERE room = ?1 \
            UNION SELECT owner FROM rooms WHERE id = ?1)",
        ),
        _ if columns.iter().any(|column| column == "room") => Some("WHERE room = ?1"),
        _ => None,
    }
}

fn shown(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(bytes) => crate::hexadecimal::hexadecimal(bytes).into(),
    }
}

fn number(conn: &Connection, sql: &str) -> Sql<u64> {
    let number: i64 = conn.query_row(sql, [], |row| row.get(0))?;
    Ok(number.try_into().unwrap_or_default())
}

/// The name by which SQLite opens a file that nobody writes: it takes no locks and looks for no log.
fn immutable(path: &Path) -> String {
    let mut uri = if path.is_absolute() {
        "file://"
    } else {
        "file:"
    }
    .to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(*byte));
            }
            other => uri.push_str(&format!("%{other:02x}")),
        }
    }
    uri + "?immutable=1"
}
