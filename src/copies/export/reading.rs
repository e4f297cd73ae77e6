//! Taking in an export.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{BufRead, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::keeping::Keeping;
use super::{About, End, FORMAT, Piece};
use crate::copies::archive::ArchiveError;
use crate::copies::staging::{Staging, gone};
use crate::copies::target::beside;
use crate::copies::{CopyError, Places, Progress, Told};
use crate::files::is_stored_name;
use crate::hexadecimal::hexadecimal;
use crate::hub::Hub;
use crate::model::{Error, RoomId, clean_json, without_mark};
use crate::store::{CopiedFile, DatabaseBuilder, DatabaseCopy, Fault, OpenError, SqliteStore};

/// Most bytes of a line: the longest text there can be, in JSON, is shorter.
const LONGEST: u64 = 64 * 1024 * 1024;

/// What was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// When the export was made, in RFC 3339.
    pub created: String,
    /// How many messages, deleted ones too.
    pub messages: u64,
    /// How many files of messages.
    pub files: u64,
    /// How many files messages have that are not in the export.
    pub missing: u64,
}

/// Why an export cannot be taken in.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is something else.
    #[error("this is no export of tolmach's")]
    NotAnExport,
    /// A later program made it.
    #[error(
        "this export has format {found} (made by tolmach {program}), this tolmach knows formats up to {FORMAT}; use a newer tolmach"
    )]
    Newer {
        /// The version of the format that it has.
        found: u64,
        /// Which program made it.
        program: String,
    },
    /// It ends without its last line.
    #[error("this export was cut off: line {0} is its last, and says no end")]
    CutOff(u64),
    /// A line is not as it should be.
    #[error("line {line}: {what}")]
    Line {
        /// The number of the line, from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// All lines can be read, but they contradict each other.
    #[error("{0}")]
    Fault(Fault),
    /// There are files that no message has.
    #[error("{0} of its files belong to no message")]
    Stray(u64),
}

/// Takes in an export of everything, where nothing is yet but a store that was never used, with rooms of these
/// names; `gateway` is what the gateway there is called. The caller holds the lock on the data directory. Blocks the thread.
///
/// What is taken in is what a hub would have kept: texts are made clean, and what a hub would have refused is refused.
///
/// # Errors
/// [`CopyError`]; nothing is left then.
pub fn import(
    places: &Places,
    rooms: &[String],
    gateway: &str,
    export: impl BufRead,
    progress: &dyn Progress,
) -> Result<Imported, CopyError> {
    let mut lines = Lines::begin(Told {
        inner: export,
        progress,
    })?;
    if lines.about.room.is_some() {
        return Err(CopyError::OneRoom);
    }
    let mut staging = if !places.database.exists() {
        Staging::begin(places)?
    } else if SqliteStore::remove_unused(&places.database, rooms)? {
        Staging::begin_anew(places)?
    } else {
        return Err(CopyError::NotUnused(places.database.clone()));
    };
    let end = lines.take_in(gateway, &mut staging)?;
    progress.begin("checking", None);
    let missing = check(&staging, &end)?;
    let path = staging.database();
    let synced = File::open(&path).and_then(|database| database.sync_all());
    synced.map_err(CopyError::at(&path))?;
    staging.finish()?;
    Ok(lines.imported(&end, missing))
}

/// An export of one room, checked and brought beside a store that is there. Dropped, nothing of it is left there but what was taken
/// in.
pub struct StagedRoom {
    staging: Staging,
    room: RoomId,
    imported: Imported,
    _aside: Aside,
}

impl StagedRoom {
    /// Brings an export beside the store whose places these are. Blocks the thread.
    ///
    /// # Errors
    /// [`CopyError`]; nothing is left then.
    pub fn begin(
        places: &Places,
        gateway: &str,
        export: impl BufRead,
        progress: &dyn Progress,
    ) -> Result<Self, CopyError> {
        let mut lines = Lines::begin(Told {
            inner: export,
            progress,
        })?;
        let Some(room) = lines.about.room else {
            return Err(CopyError::NotOneRoom);
        };
        let aside = Aside::begin(&places.database)?;
        let mut staging = Staging::begin(&Places {
            data_dir: aside.path.clone(),
            database: aside.path.join("room.db"),
            files: aside.path.join("files"),
            #[cfg(feature = "s3")]
            bucket: None,
            tls: aside.path.join("tls"),
        })?;
        let end = lines.take_in(gateway, &mut staging)?;
        let missing = check(&staging, &end)?;
        Ok(Self {
            staging,
            room: RoomId(room),
            imported: lines.imported(&end, missing),
            _aside: aside,
        })
    }

    /// What a hub over that store is to take in under this name.
    #[must_use]
    pub fn named(&self, name: &str) -> BroughtRoom {
        BroughtRoom {
            name: name.to_owned(),
            room: self.room,
            database: self.staging.database(),
            files: self.staging.files(self.room),
        }
    }

    /// How many of each kind were brought.
    #[must_use]
    pub fn into_imported(self) -> Imported {
        self.imported.clone()
    }
}

/// A room that lies beside a store, to be taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroughtRoom {
    /// What it is to be called.
    pub name: String,
    /// Its number in its database.
    pub room: RoomId,
    /// Where the database lies.
    pub database: PathBuf,
    /// The directory of its files.
    pub files: PathBuf,
}

impl BroughtRoom {
    /// Has it taken in, as a new room; its number.
    ///
    /// # Errors
    /// Those of [`Hub::adopt_room`]; [`Error::Invalid`] where the database cannot be read, or is of another version.
    pub async fn take_in(self, hub: &Hub) -> Result<RoomId, Error> {
        let open = move || DatabaseCopy::open(&self.database).map_err(|error| error.to_string());
        let opened = tokio::task::spawn_blocking(open).await;
        let opened = opened.map_err(|_| Error::Internal)?;
        let same = |from: &DatabaseCopy| from.version() == DatabaseCopy::newest_version();
        let other = "the command and the gateway are of different versions of tolmach";
        let opened = opened.and_then(|from| Some(from).filter(same).ok_or(other.to_owned()));
        let from = opened.map_err(|reason| Error::invalid("export", reason))?;
        hub.adopt_room(from, self.room, self.name, self.files).await
    }
}

/// What contradicts itself is not taken in. How many files messages have that did not come.
fn check(staging: &Staging, end: &End) -> Result<u64, CopyError> {
    let database = DatabaseCopy::open(&staging.database())?;
    if let Some(fault) = database.faults()?.into_iter().next() {
        return Err(ImportError::Fault(fault).into());
    }
    let (mut missing, mut stray) = (0, end.files);
    database.each_file(|CopiedFile { room, stored, .. }| {
        match staging.has_file(room, &stored) {
            true => stray = stray.saturating_sub(1),
            false => missing += 1,
        }
        Ok::<(), CopyError>(())
    })?;
    match stray {
        0 => Ok(missing),
        stray => Err(ImportError::Stray(stray).into()),
    }
}

/// A directory beside a database, for one at a time, that goes when this is dropped.
struct Aside {
    path: PathBuf,
    _lock: File,
}

impl Aside {
    fn begin(database: &Path) -> Result<Self, CopyError> {
        let path = beside(database, "-importing");
        let failed = |error| CopyError::at(&path)(error);
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&path).map_err(failed)?;
        let lock = File::open(&path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(CopyError::Importing(path)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // What one that was killed has left.
        for entry in fs::read_dir(&path).map_err(failed)? {
            let left = entry.map_err(failed)?.path();
            let removed = match left.is_dir() {
                true => fs::remove_dir_all(&left),
                false => fs::remove_file(&left),
            };
            gone(removed).map_err(failed)?;
        }
        Ok(Self { path, _lock: lock })
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // The next one removes what stays.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// An export that is being read.
struct Lines<R> {
    input: R,
    about: About,
    line: u64,
    text: Vec<u8>,
}

/// A file that is coming in.
struct Incoming {
    room: i32,
    stored: String,
    file: File,
    hash: Sha256,
}

impl<R: BufRead> Lines<R> {
    fn begin(input: R) -> Result<Self, CopyError> {
        let about = About {
            export: 0,
            database: 0,
            program: String::new(),
            created: String::new(),
            room: None,
        };
        let mut lines = Self {
            input,
            about,
            line: 0,
            text: Vec::new(),
        };
        let first = match lines.next() {
            Err(CopyError::Import(_)) => None,
            first => first?,
        };
        let Some(about) = first.filter(|(what, _)| what == "tolmach").map(|it| it.1) else {
            return Err(ImportError::NotAnExport.into());
        };
        // A later format may say other things beside its number.
        let found = about["export"].as_u64().unwrap_or_default();
        if found > u64::from(FORMAT) {
            let program = about["program"].as_str().unwrap_or_default().to_owned();
            return Err(ImportError::Newer { found, program }.into());
        }
        lines.about = lines.value(about)?;
        Ok(lines)
    }

    fn imported(&self, end: &End, missing: u64) -> Imported {
        Imported {
            created: self.about.created.clone(),
            messages: end.rows.get("messages").copied().unwrap_or_default(),
            files: end.files,
            missing,
        }
    }

    /// Brings the rows into the database that is being made, and the files to theirs.
    fn take_in(&mut self, gateway: &str, staging: &mut Staging) -> Result<End, CopyError> {
        let database = DatabaseBuilder::begin(&staging.database(), self.about.database);
        let mut database = database.map_err(|error| match error {
            OpenError::Newer { found, known, .. } => CopyError::NewerDatabase { found, known },
            other => other.into(),
        })?;
        let mut keeping = Keeping::new(self.about.database, gateway);
        let (mut counted, mut incoming) = (End::default(), None);
        loop {
            let Some((what, value)) = self.next()? else {
                return Err(ImportError::CutOff(self.line).into());
            };
            if incoming.is_some() && what != "file" {
                return Err(self.wrong("a file is not whole before it").into());
            }
            match what.as_str() {
                "end" => {
                    let end: End = self.value(value)?;
                    if end != counted {
                        return Err(self.wrong("it counts other lines than there are").into());
                    }
                    break;
                }
                "file" => {
                    let piece = self.value(value)?;
                    incoming = self.piece(staging, incoming, piece)?;
                    counted.files += u64::from(incoming.is_none());
                }
                table => {
                    let Value::Object(mut row) = value else {
                        return Err(self.wrong("a row is an object").into());
                    };
                    let kept = keeping.keep(table, &mut row, self.line);
                    kept.map_err(|error| self.wrong(error))?;
                    let inserted = database.insert(table, &row);
                    inserted.map_err(|error| self.wrong(error))?;
                    *counted.rows.entry(what).or_default() += 1;
                }
            }
        }
        if self.next()?.is_some() {
            return Err(self.wrong("something follows the end").into());
        }
        database.finish()?;
        Ok(counted)
    }

    /// Takes in some bytes of a file; gives it back unless these are its last.
    fn piece(
        &self,
        staging: &mut Staging,
        incoming: Option<Incoming>,
        piece: Piece,
    ) -> Result<Option<Incoming>, CopyError> {
        let Piece {
            room,
            stored,
            data,
            sha256,
        } = piece;
        if room < 1 || !is_stored_name(&stored) {
            return Err(self.wrong(format!("no file can be {room}/{stored}")).into());
        }
        let mut incoming = match incoming {
            Some(one) if (one.room, &one.stored) == (room, &stored) => one,
            Some(_) => return Err(self.wrong("a file is not whole before it").into()),
            None => Incoming {
                file: staging.file(RoomId(room), &stored, 0o600)?,
                room,
                stored,
                hash: Sha256::new(),
            },
        };
        let bytes = STANDARD.decode(data);
        let bytes = bytes.map_err(|error| self.wrong(format!("data: {error}")))?;
        incoming.hash.update(&bytes);
        let written = incoming.file.write_all(&bytes);
        written.map_err(CopyError::at(&staging.database()))?;
        let Some(sha256) = sha256 else {
            return Ok(Some(incoming));
        };
        if hexadecimal(&incoming.hash.finalize()) != sha256 {
            let name = format!("{}/{}", incoming.room, incoming.stored);
            return Err(self
                .wrong(format!("the file {name} does not have its checksum"))
                .into());
        }
        let synced = incoming.file.sync_all();
        synced.map_err(CopyError::at(&staging.database()))?;
        Ok(None)
    }

    /// The next line: what it is, and its value. `None`: there is no more.
    fn next(&mut self) -> Result<Option<(String, Value)>, CopyError> {
        self.text.clear();
        let read = (&mut self.input)
            .take(LONGEST)
            .read_until(b'\n', &mut self.text);
        read.map_err(|error| CopyError::from(ArchiveError::Read(error)))?;
        if self.text.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        if self.text.pop() != Some(b'\n') {
            return Err(ImportError::CutOff(self.line).into());
        }
        let text = str::from_utf8(&self.text).map_err(|_| self.wrong("this is not UTF-8"))?;
        let text = if self.line == 1 {
            without_mark(text)
        } else {
            text
        };
        let read: serde_json::Result<Map<String, Value>> = serde_json::from_str(&clean_json(text));
        let object = read
            .map_err(|error| self.wrong(format!("column {}: this is not JSON", error.column())))?;
        let mut members = object.into_iter();
        match (members.next(), members.next()) {
            (Some(one), None) => Ok(Some(one)),
            _ => Err(self.wrong("a line is an object with one member").into()),
        }
    }

    fn value<T: DeserializeOwned>(&self, value: Value) -> Result<T, CopyError> {
        serde_json::from_value(value).map_err(|error| self.wrong(error).into())
    }

    fn wrong(&self, what: impl ToString) -> ImportError {
        ImportError::Line {
            line: self.line,
            what: what.to_string(),
        }
    }
}
