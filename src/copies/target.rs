//! Where a copy goes: to a file that has its name only once it is whole, or to whoever reads it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::CopyError;
use crate::{gentle, new_file};

/// Where a copy goes.
pub enum Target<'a> {
    /// To a file that is not there yet, which has its name only once it is whole.
    File(&'a Path),
    /// To whoever reads it there.
    Stream(&'a mut dyn Write),
}

impl Target<'_> {
    /// Has it written; the second argument is where a copy of the database can lie meanwhile.
    pub(super) fn fill<T>(
        self,
        write: impl FnOnce(&mut dyn Write, &Path) -> Result<T, Unwritten>,
    ) -> Result<T, CopyError> {
        match self {
            Self::File(path) => {
                let partial = Partial::create(path)?;
                let mut out = Syncing::new(&partial.file);
                let database = beside(path, ".partial-db");
                // Whoever has the other file has this one.
                new_file::remove_left(&database).map_err(CopyError::at(&database))?;
                let written = write(&mut out, &database);
                let flushed =
                    written.and_then(|it| out.flush().map(|()| it).map_err(Unwritten::Out));
                let it = flushed.map_err(|error| error.named(&partial.path))?;
                drop(out);
                partial.file.sync_all().map_err(CopyError::at(path))?;
                partial.finish(path)?;
                Ok(it)
            }
            Self::Stream(out) => {
                let written = write(out, &temporary());
                written.map_err(|error| error.named(Path::new("standard output")))
            }
        }
    }
}

/// Why a copy was not written.
pub(super) enum Unwritten {
    /// Where it goes does not take it.
    Out(io::Error),
    Copy(CopyError),
}

impl Unwritten {
    fn named(self, out: &Path) -> CopyError {
        match self {
            Self::Out(error) => CopyError::at(out)(error),
            Self::Copy(error) => error,
        }
    }
}

impl<E: Into<CopyError>> From<E> for Unwritten {
    fn from(error: E) -> Self {
        Self::Copy(error.into())
    }
}

/// A file beside `path`.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut place = path.as_os_str().to_owned();
    place.push(ending);
    place.into()
}

/// What the names of copies in the temporary directory begin with.
const TEMPORARY: &str = "tolmach-copy-";

/// A place in the temporary directory that nobody can foresee. What processes of this user that were killed have left there is removed.
pub(crate) fn temporary() -> PathBuf {
    let directory = std::env::temp_dir();
    for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(TEMPORARY.as_bytes())
        {
            // Another process may be at it.
            let _ = new_file::remove_left(&entry.path());
        }
    }
    directory.join(format!("{TEMPORARY}{:032x}", rand::random::<u128>()))
}

/// A file that is removed when this is dropped.
pub(super) struct Removed(pub(super) PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        // It may not have been made yet.
        let _ = fs::remove_file(&self.0);
    }
}

/// A file until it is whole; it is removed if it never is.
struct Partial {
    path: PathBuf,
    file: File,
    is_whole: bool,
}

impl Partial {
    /// What an earlier try that was killed has left goes.
    fn create(path: &Path) -> Result<Self, CopyError> {
        if path.symlink_metadata().is_ok() {
            return Err(CopyError::Exists(path.to_owned()));
        }
        let partial = beside(path, ".partial");
        let held = new_file::remove_left(&partial).and_then(|()| new_file::hold(&partial));
        let file = held.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => CopyError::UnderWay(path.to_owned()),
            _ => CopyError::at(&partial)(error),
        })?;
        Ok(Self {
            path: partial,
            file,
            is_whole: false,
        })
    }

    /// It gets its name.
    fn finish(mut self, path: &Path) -> Result<(), CopyError> {
        if path.symlink_metadata().is_ok() {
            return Err(CopyError::Exists(path.to_owned()));
        }
        fs::rename(&self.path, path).map_err(CopyError::at(path))?;
        self.is_whole = true;
        sync_directory_of(path)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_whole {
            // What stays is not under the archive's name.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The names in the directory of `path` last.
pub(super) fn sync_directory_of(path: &Path) -> Result<(), CopyError> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let directory = parent.unwrap_or(Path::new("."));
    let synced = File::open(directory).and_then(|directory| directory.sync_all());
    synced.map_err(CopyError::at(directory))
}

/// A file that is brought to the disk as it grows.
struct Syncing<'a> {
    file: &'a File,
    buffer: BufWriter<&'a File>,
    unsynced: u64,
}

impl<'a> Syncing<'a> {
    fn new(file: &'a File) -> Self {
        Self {
            file,
            buffer: BufWriter::with_capacity(64 * 1024, file),
            unsynced: 0,
        }
    }
}

impl Write for Syncing<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.buffer.write(buffer)?;
        self.unsynced += count as u64;
        if self.unsynced >= gentle::PIECE {
            self.buffer.flush()?;
            gentle::sync(self.file)?;
            self.unsynced = 0;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.buffer.flush()
    }
}
