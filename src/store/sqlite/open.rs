//! Opening a database: what must hold of the file, and how its connections are set.

use std::collections::HashMap;
use std::error::Error;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::unistd::{AccessFlags, access};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use rusqlite_migration::{M, Migrations};

use super::damage::{is_damage, way_back};
use super::refold;
use super::values::{all, count};
use crate::model::fold_room_name;
use crate::new_file;
use crate::refusal::of_file;

/// "tolm": says in the file's header whose it is.
const APPLICATION: i32 = 0x746f_6c6d;

/// Each brings a database from one version to the next; the version of a database is how many were run.
pub(super) static STEPS: LazyLock<Vec<M<'_>>> = LazyLock::new(|| {
    vec![
        M::up(include_str!("schema1.sql")),
        M::up(include_str!("schema2.sql")),
        M::up(include_str!("schema3.sql")),
        M::up(include_str!("schema4.sql")),
        M::up(include_str!("schema5.sql")),
        M::up(include_str!("schema6.sql")),
        M::up_with_hook("", refold::room_names),
        M::up_with_hook(include_str!("schema8.sql"), refold::titles),
        M::up(include_str!("schema9.sql")),
        M::up(include_str!("schema10.sql")),
        M::up(include_str!("schema11.sql")),
        M::up(include_str!("schema12.sql")),
        M::up(include_str!("schema13.sql")),
        M::up(include_str!("schema14.sql")),
        M::up(include_str!("schema15.sql")),
        M::up(include_str!("schema16.sql")),
    ]
});

/// From which version on the names of rooms are such as hold now.
pub(super) const ROOMS_RENAMED: usize = 7;

/// How long to wait for another that has the database: one that ends may still be closing it.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often to look.
const STEP: Duration = Duration::from_millis(10);

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file holds nothing: it was cut short, or made by hand.
    #[error(
        "{}: the file is empty; remove it, and bring back a backup (`tolmach restore`) or begin a new store",
        path.display()
    )]
    Empty {
        /// The database file that was to be opened.
        path: PathBuf,
    },
    /// There is a directory in its place.
    #[error("{}: this is a directory, where a file of the database has to be; move it away, or name another database (store.url)", path.display())]
    Directory {
        /// The database file that was to be opened, or one that lies beside it.
        path: PathBuf,
    },
    /// The file was a database of ours, and not all of it is there.
    #[error("{}: the database is damaged ({what}); {}", path.display(), way_back(path))]
    Damaged {
        /// The database file that was to be opened.
        path: PathBuf,
        /// What SQLite says of it.
        what: String,
    },
    /// The file system is read-only, and there is a log that belongs to the database.
    #[error(
        "{}: its file system is mounted read-only, and what was said last is still in the log beside it (-wal); mount it for writing, or copy the database with its log elsewhere and name that",
        path.display()
    )]
    Unrecovered {
        /// The database file that was to be opened.
        path: PathBuf,
    },
    /// The file is something else.
    #[error(
        "{}: this is not a SQLite database, or its beginning is damaged; move it away and bring back a backup (`tolmach restore`), or name another file",
        path.display()
    )]
    NotADatabase {
        /// The database file that was to be opened.
        path: PathBuf,
    },
    /// The file is another program's database.
    #[error("{}: this is another program's database; name another file", path.display())]
    NotOurs {
        /// The database file that was to be opened.
        path: PathBuf,
    },
    /// A later tolmach has written the file.
    #[error("{}: the database has version {found}, this tolmach knows versions up to {known}; use a newer tolmach", path.display())]
    Newer {
        /// The database file that was to be opened.
        path: PathBuf,
        /// The version of the file.
        found: usize,
        /// The version this program would make of it.
        known: usize,
    },
    /// Another process, or another store in this one, has the file.
    #[error(
        "{}: another tolmach uses this database; if it is a running gateway, give the same configuration (-c) or data_dir",
        path.display()
    )]
    InUse {
        /// The database file that was to be opened.
        path: PathBuf,
    },
    /// SQLite could not open or prepare the file.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// The database file that was to be opened.
        path: PathBuf,
        /// What SQLite says of it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The database could not be brought to this version.
    #[error("{}: the database cannot be brought to version {known}: {source}", path.display())]
    Migration {
        /// The database file that was to be opened.
        path: PathBuf,
        /// The version this program would make of it.
        known: usize,
        /// What the migration says of it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The file or the store's threads could not be had from the system.
    #[error("{}", of_file(.path, .source))]
    Io {
        /// The database file that was to be opened.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl OpenError {
    pub(super) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        let code = source.sqlite_error_code();
        match code {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase { path },
            _ if is_damage(&source) => Self::Damaged {
                path,
                what: source.to_string(),
            },
            // It does not say what the system said.
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                match OpenOptions::new().read(true).write(true).open(&path) {
                    Ok(_) => Self::Sqlite {
                        path,
                        source: source.into(),
                    },
                    Err(source) => Self::Io { path, source },
                }
            }
            _ => Self::Sqlite {
                path,
                source: source.into(),
            },
        }
    }

    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// Looks at what lies in the places of a database and of what SQLite puts beside it, before it would answer with less than the system
/// says, or make files there that nobody can write.
///
/// # Errors
/// There is a directory, or a file that this user cannot write; the database is empty.
pub(super) fn usable(path: &Path) -> Result<(), OpenError> {
    for ending in ["", "-lock", "-wal", "-shm"] {
        let place = beside(path, ending);
        match fs::metadata(&place) {
            Err(_) => continue,
            Ok(found) if found.is_dir() => return Err(OpenError::Directory { path: place }),
            Ok(found) if found.len() == 0 && ending.is_empty() => {
                return Err(OpenError::Empty { path: place });
            }
            Ok(_) => {}
        }
        access(&place, AccessFlags::R_OK | AccessFlags::W_OK)
            .map_err(|error| OpenError::io(&place, error.into()))?;
    }
    Ok(())
}

/// Whether another process has the [`Lock`]. Makes nothing, and keeps nobody out for longer than the look takes.
pub(super) fn is_locked(path: &Path) -> bool {
    let file = lock_path(path).and_then(File::open);
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// A file beside the database.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut place = path.as_os_str().to_owned();
    place.push(ending);
    place.into()
}

/// Whether a log was left behind, in which there may be what the database's file does not hold.
pub(super) fn has_log(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// The right to use a database, given back when this is dropped or the process ends, however it ends.
///
/// It is a lock on a file beside the database, which stays: on the database itself SQLite has locks of its own.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Waits a moment for another that has it; blocks the thread meanwhile.
    pub(super) fn acquire(path: &Path) -> Result<Self, OpenError> {
        let place = lock_path(path).map_err(|error| OpenError::io(path, error))?;
        let failed = |error| OpenError::io(&place, error);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&place).map_err(failed)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file }),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(STEP),
                Err(TryLockError::WouldBlock) => {
                    let path = path.to_owned();
                    return Err(OpenError::InUse { path });
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is not enough: a child that was just forked holds it until it runs its program.
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "the lock on the database is given back late");
        }
    }
}

/// Where a database's lock is: beside it, whatever link or way leads there.
fn lock_path(path: &Path) -> io::Result<PathBuf> {
    let mut place = match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let nameless = || io::Error::from(io::ErrorKind::InvalidFilename);
            let name = path.file_name().ok_or_else(nameless)?;
            let directory = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty())
                .unwrap_or(Path::new("."));
            OsString::from(fs::canonicalize(directory)?.join(name))
        }
        found => OsString::from(found?),
    };
    place.push("-lock");
    Ok(place.into())
}

/// A connection that writes, to a database of this version: made or brought forward where it is not.
pub(super) fn writing(path: &Path) -> Result<Connection, OpenError> {
    let failed = |error| OpenError::sqlite(path, error);
    let mut conn = connection(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    )
    .map_err(failed)?;
    let found = check(&conn, path)?;
    conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))
        .map_err(failed)?;
    conn.pragma_update(None, "synchronous", "full")
        .map_err(failed)?;
    // What is deleted, or edited, leaves no text behind in the file.
    conn.pragma_update_and_check(None, "secure_delete", "on", |_| Ok(()))
        .map_err(failed)?;
    // The checkpointer does it.
    conn.pragma_update(None, "wal_autocheckpoint", 0)
        .map_err(failed)?;
    if found < STEPS.len() {
        bring_forward(&mut conn, path)?;
    }
    Ok(conn)
}

/// Makes a database where there is no file: whole, or not at all, whenever the process is killed.
///
/// Must hold the [`Lock`]: what another has left half made is removed.
pub(super) fn make(path: &Path) -> Result<(), OpenError> {
    let io_failed = |error| OpenError::io(path, error);
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io_failed(error)),
        Ok(_) => return Ok(()),
    }
    let new = beside(path, "-new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_failed(error)),
        Ok(()) | Err(_) => {}
    }
    // What SQLite puts beside it has the same mode.
    let file = new_file::create(&new).map_err(io_failed)?;
    let failed = |error| OpenError::sqlite(path, error);
    let mut conn = connection(&new, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    // It is of no use before it is synced as a whole.
    conn.pragma_update_and_check(None, "journal_mode", "off", |_| Ok(()))
        .map_err(failed)?;
    conn.pragma_update(None, "synchronous", "off")
        .map_err(failed)?;
    bring_forward(&mut conn, path)?;
    conn.close().map_err(|(_, error)| failed(error))?;
    file.sync_all().map_err(io_failed)?;
    fs::rename(&new, path).map_err(io_failed)?;
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(io_failed)
}

pub(super) fn bring_forward(conn: &mut Connection, path: &Path) -> Result<(), OpenError> {
    conn.pragma_update(None, "application_id", APPLICATION)
        .map_err(|error| OpenError::sqlite(path, error))?;
    Migrations::from_slice(&STEPS)
        .to_latest(conn)
        .map_err(|source| OpenError::Migration {
            path: path.to_owned(),
            known: STEPS.len(),
            source: Box::new(source),
        })
}

/// See [`SqliteStore::remove_unused`](super::SqliteStore::remove_unused). Must hold the [`Lock`].
pub(super) fn remove_unused(path: &Path, rooms: &[String]) -> Result<bool, OpenError> {
    let failed = |error| OpenError::sqlite(path, error);
    let conn = reading(path)?;
    check(&conn, path)?;
    let folded: Vec<String> = rooms.iter().map(|name| fold_room_name(name)).collect();
    let is_other = |name: &Option<String>| name.as_ref().is_none_or(|name| !folded.contains(name));
    let found = all(&conn, "SELECT folded FROM rooms", [], |row| row.get(0)).map_err(failed)?;
    let sql = "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM messages) + (SELECT count(*) FROM bans)";
    let others = count(&conn, sql, []).map_err(failed)?;
    if others > 0 || found.iter().any(is_other) {
        return Ok(false);
    }
    drop(conn);
    for ending in ["-wal", "-shm", "-search", "-search-wal", "-search-shm", ""] {
        match fs::remove_file(beside(path, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(OpenError::io(path, error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(true)
}

/// A connection that only reads, to a database that is open for writing already.
pub(super) fn reading(path: &Path) -> Result<Connection, OpenError> {
    connection(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|error| OpenError::sqlite(path, error))
}

pub(super) fn connection(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(Duration::from_secs(5))?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

/// The version of a database that is ours, or empty.
pub(super) fn check(conn: &Connection, path: &Path) -> Result<usize, OpenError> {
    let number = |sql: &str| {
        conn.query_row(sql, [], |row| row.get::<_, i64>(0))
            .map_err(|error| OpenError::sqlite(path, error))
    };
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if tables > 0 && number("PRAGMA application_id")? != i64::from(APPLICATION) {
        return Err(OpenError::NotOurs {
            path: path.to_owned(),
        });
    }
    let found = usize::try_from(number("PRAGMA user_version")?).unwrap_or(usize::MAX);
    if found > STEPS.len() {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known: STEPS.len(),
        });
    }
    Ok(found)
}

/// As [`check`], by the header of a file that is not opened as a database
/// (<https://www.sqlite.org/fileformat2.html#the_database_header>).
///
/// Must not be called while this process has the database open: see [`sync_handle`].
pub(super) fn check_header(path: &Path) -> Result<(), OpenError> {
    let mut header = Vec::new();
    let read = File::open(path).and_then(|file| file.take(100).read_to_end(&mut header));
    use io::ErrorKind::{NotADirectory, NotFound};
    match read {
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => return Ok(()),
        Err(error) => return Err(OpenError::io(path, error)),
        Ok(_) => {}
    }
    let path = path.to_owned();
    if !header.starts_with(b"SQLite format 3\0") {
        return Err(OpenError::NotADatabase { path });
    }
    // The header that holds may be in the log.
    if has_log(&path) {
        return Ok(());
    }
    let number = |at: usize| {
        header.get(at..at + 4).map(|bytes| {
            bytes
                .iter()
                .fold(0, |number, byte| number << 8 | i64::from(*byte))
        })
    };
    if number(68) != Some(APPLICATION.into()) {
        return Err(OpenError::NotOurs { path });
    }
    let found = number(60).and_then(|found| usize::try_from(found).ok());
    let (found, known) = (found.unwrap_or(usize::MAX), STEPS.len());
    match found > known {
        true => Err(OpenError::Newer { path, found, known }),
        false => Ok(()),
    }
}

/// The database file, for syncs beside SQLite's own.
///
/// It is opened once and never closed: closing any descriptor of a file drops the locks that this process, and so SQLite,
/// holds on it.
pub(super) fn sync_handle(path: &Path) -> io::Result<Arc<File>> {
    static OPENED: LazyLock<Mutex<HashMap<FileKey, Arc<File>>>> = LazyLock::new(Mutex::default);
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let key = file_key(path)?;
    if let Some(file) = opened.get(&key) {
        return Ok(file.clone());
    }
    let file = Arc::new(OpenOptions::new().read(true).write(true).open(path)?);
    opened.insert(key, file.clone());
    Ok(file)
}

/// A file's identity, found without opening it: device and number. An open file's is not given to another.
#[cfg(unix)]
type FileKey = (u64, u64);
#[cfg(not(unix))]
type FileKey = PathBuf;

#[cfg(unix)]
fn file_key(path: &Path) -> io::Result<FileKey> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn file_key(path: &Path) -> io::Result<FileKey> {
    fs::canonicalize(path)
}
