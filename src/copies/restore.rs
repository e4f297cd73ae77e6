//! An archive is checked whole, then put in place.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use super::archive::{ArchiveError, ArchiveReader, Part, PartName};
use super::staging::Staging;
use super::{CopyError, Places, Progress, Told};
use crate::store::{CopiedFile, DatabaseCopy, OpenError};

/// What was brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// When the archive was made, in RFC 3339.
    pub created: String,
    /// How many messages, deleted ones too.
    pub messages: u64,
    /// How many files of messages.
    pub files: u64,
    /// How many files messages have that are not in the archive.
    pub missing: u64,
}

/// Brings back what an archive holds, where nothing is yet. The caller holds the lock on the data directory. Blocks the
/// thread.
///
/// # Errors
/// [`CopyError`]; nothing is left then.
pub fn restore(
    places: &Places,
    archive: impl Read,
    progress: &dyn Progress,
) -> Result<Restored, CopyError> {
    let archive = Told {
        inner: archive,
        progress,
    };
    let (mut reader, about) = ArchiveReader::begin(archive)?;
    let known = DatabaseCopy::newest_version();
    if about.database > known {
        let found = about.database;
        return Err(CopyError::NewerDatabase { found, known });
    }
    let mut staging = Staging::begin(places)?;
    let mut restored = Restored {
        created: about.created,
        messages: 0,
        files: 0,
        missing: 0,
    };
    let mut has_database = false;
    while let Some(part) = reader.next()? {
        let Part { name, mode, .. } = part;
        let file = match &name {
            PartName::Database if !has_database => {
                has_database = true;
                let path = staging.database();
                let opened = OpenOptions::new().write(true).open(&path);
                opened.map_err(CopyError::at(&path))
            }
            PartName::Database => return Err(twice(&name)),
            PartName::File { room, stored } => {
                restored.files += 1;
                staging.file(*room, stored, mode)
            }
            PartName::Tls(name) => staging.tls(name, mode),
        };
        let file = file.map_err(|error| match error {
            CopyError::Io { error, .. } if error.kind() == io::ErrorKind::AlreadyExists => {
                twice(&name)
            }
            other => other,
        })?;
        let mut out = BufWriter::new(&file);
        reader.copy(&mut out).map_err(|error| match error {
            ArchiveError::Write(error) => CopyError::at(&places.data_dir)(error),
            other => other.into(),
        })?;
        out.flush()
            .and_then(|()| file.sync_all())
            .map_err(CopyError::at(&places.data_dir))?;
    }
    if !has_database {
        return Err(ArchiveError::Damaged("it has no database".to_owned()).into());
    }
    progress.begin("checking", None);
    let database = open(&staging.database())?;
    restored.messages = database.messages()?;
    database.each_file(|CopiedFile { room, stored, .. }| {
        if !staging.has_file(room, &stored) {
            restored.missing += 1;
        }
        Ok::<(), CopyError>(())
    })?;
    drop(database);
    staging.finish()?;
    Ok(restored)
}

/// The database of an archive, which is whole.
fn open(path: &Path) -> Result<DatabaseCopy, CopyError> {
    let database = DatabaseCopy::open(path).map_err(|error| match error {
        OpenError::Newer { found, known, .. } => CopyError::NewerDatabase { found, known },
        OpenError::NotADatabase { .. } | OpenError::NotOurs { .. } | OpenError::Empty { .. } => {
            ArchiveError::Damaged("what should be its database is none of tolmach's".to_owned())
                .into()
        }
        OpenError::Damaged { what, .. } => damaged(&what),
        other => other.into(),
    })?;
    match database.damage()? {
        Some(what) => Err(damaged(&what)),
        None => Ok(database),
    }
}

fn damaged(what: &str) -> CopyError {
    ArchiveError::Damaged(format!("its database: {what}")).into()
}

fn twice(name: &PartName) -> CopyError {
    ArchiveError::Damaged(format!("{name} is there twice")).into()
}
