//! An archive of all that a gateway keeps.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::archive::{self, About, ArchiveWriter, PartName};
use super::contents::{Contents, Opened};
use super::target::{Removed, Target, Unwritten};
use super::{CopyError, Places, Progress, Told};
use crate::files::Hold;
use crate::new_file;
use crate::store::{CopiedFile, DatabaseCopy};

/// What an archive holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backup {
    /// How many messages, deleted ones too.
    pub messages: u64,
    /// How many files of messages.
    pub files: u64,
    /// How many files messages have that were not there to be copied.
    pub missing: u64,
    /// How long it is, in bytes.
    pub bytes: u64,
}

/// Copies all that was committed before the call: the database, the contents of files, the gateway's own certificate.
/// A gateway may be using it, start or stop meanwhile. Blocks the thread.
///
/// # Errors
/// [`CopyError`]; nothing is left then.
pub fn backup(
    places: &Places,
    target: Target<'_>,
    progress: &dyn Progress,
) -> Result<Backup, CopyError> {
    let _hold = held(places)?;
    target.fill(|out, database| write(places, out, database, progress))
}

/// What messages have when the database is copied is there until all is.
pub(super) fn held(places: &Places) -> Result<Option<Hold>, CopyError> {
    let database = &places.database;
    if !database.try_exists().map_err(CopyError::at(database))? {
        return Err(CopyError::NoDatabase(database.clone()));
    }
    match Hold::of(&places.files) {
        Ok(hold) => Ok(Some(hold)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CopyError::at(&places.files)(error)),
    }
}

/// Writes the archive; the database is copied to `at` first.
fn write(
    places: &Places,
    out: &mut dyn Write,
    at: &Path,
    progress: &dyn Progress,
) -> Result<Backup, Unwritten> {
    let (database, content) = copied(&places.database, at, progress)?;
    if let Some(damage) = database.damage()? {
        return Err(CopyError::Damaged(damage).into());
    }
    let now = SystemTime::now();
    let about = About {
        format: archive::FORMAT,
        database: database.version(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        created: humantime::format_rfc3339_seconds(now).to_string(),
    };
    let time = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut writer =
        ArchiveWriter::begin(Counted::new(out), time, &about).map_err(Unwritten::Out)?;
    let length = content
        .metadata()
        .map_err(CopyError::at(&places.database))?
        .len();
    let told = Told {
        inner: content,
        progress,
    };
    writer
        .part(&PartName::Database, 0o600, length, told)
        .map_err(Unwritten::Out)?;
    let mut backup = Backup {
        messages: database.messages()?,
        files: 0,
        missing: 0,
        bytes: 0,
    };
    progress.begin("files", None);
    let contents = Contents::of(places)?;
    database.each_file(|CopiedFile { room, stored, .. }| {
        match contents.open(room, &stored)? {
            Some(content) => {
                backup.files += 1;
                let name = PartName::File { room, stored };
                part(&mut writer, &name, content, progress)
            }
            None => {
                backup.missing += 1;
                Ok(())
            }
        }
    })?;
    for name in certificate(&places.tls)? {
        let path = places.tls.join(&name);
        let file = File::open(&path).map_err(CopyError::at(&path))?;
        let content = Opened::of(file).map_err(CopyError::at(&path))?;
        part(&mut writer, &PartName::Tls(name), content, progress)?;
    }
    let out = writer.finish().map_err(Unwritten::Out)?;
    backup.bytes = out.count;
    Ok(backup)
}

/// The database as it is now, copied to `at` and taken away from there: both that come of it have it open, and nobody has to should
/// this process be killed.
pub(super) fn copied(
    database: &Path,
    at: &Path,
    progress: &dyn Progress,
) -> Result<(DatabaseCopy, File), CopyError> {
    let content = new_file::hold(at).map_err(CopyError::at(at))?;
    let at = Removed(at.to_owned());
    progress.begin("database", None);
    let mut told = None;
    let copy = DatabaseCopy::make(database, &at.0, &content, |came, all| {
        if told.is_none() {
            // It is read once more, when it goes where it is to go.
            progress.begin("database", Some(2 * all));
        }
        let more = came - told.unwrap_or_default();
        told = Some(came);
        progress.add(more)
    })?;
    Ok((copy, content))
}

/// Adds a file as it is.
fn part<W: Write>(
    writer: &mut ArchiveWriter<W>,
    name: &PartName,
    content: Opened,
    progress: &dyn Progress,
) -> Result<(), Unwritten> {
    let told = Told {
        inner: content.reader,
        progress,
    };
    writer
        .part(name, content.mode, content.bytes, told)
        .map_err(Unwritten::Out)
}

/// The names of what the gateway's own certificate consists of.
fn certificate(directory: &Path) -> Result<Vec<String>, CopyError> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(CopyError::at(directory))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(CopyError::at(directory))?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let name = entry.file_name().into_string();
        names.extend(
            name.ok()
                .filter(|name| is_file && archive::is_tls_name(name)),
        );
    }
    names.sort();
    Ok(names)
}

/// Counts what is written.
struct Counted<W> {
    inner: W,
    count: u64,
}

impl<W: Write> Counted<W> {
    fn new(inner: W) -> Self {
        Self { inner, count: 0 }
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(buffer)?;
        self.count += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
