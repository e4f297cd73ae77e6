//! What is brought back, beside the places where it belongs, until it is whole.
//!
//! ```text
//!  DATABASE-restoring is made ──▶ files-restoring, tls-restoring ──▶ all is checked, on the disk
//!    ──▶ files and tls get their names ──▶ DATABASE gets its name
//! ```
//!
//! So where there is a `DATABASE-restoring` and no `DATABASE`, one was broken off: no gateway starts there, and the next
//! one begins by removing what is left. It was begun where no store was, so the files that are there are its own.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::contents::Contents;
use super::target::{beside, sync_directory_of};
use super::{CopyError, Places};
use crate::model::RoomId;

/// What an empty data directory may hold: the lock of whoever looks, what a file system has by itself.
const NOTHING: [&str; 2] = ["lock", "lost+found"];
/// How many of the things that are in the way are named.
const NAMED: usize = 3;

/// See the module. Dropped before it is finished, nothing of it is left.
#[derive(Debug)]
pub(super) struct Staging {
    places: Places,
    /// Those that are made, last first, to be synced.
    directories: Vec<PathBuf>,
    is_finished: bool,
}

/// Whether something was being brought back here and was broken off.
pub(crate) fn is_broken_off(places: &Places) -> bool {
    !places.database.exists() && staged(&places.database).exists()
}

fn staged(path: &Path) -> PathBuf {
    beside(path, "-restoring")
}

impl Staging {
    /// Makes place. The caller holds the lock on the data directory.
    ///
    /// # Errors
    /// [`CopyError::NotEmpty`], [`CopyError::Io`].
    pub(super) fn begin(places: &Places) -> Result<Self, CopyError> {
        let broken_off = is_broken_off(places);
        if broken_off {
            clear(places)?;
            gone(fs::remove_dir_all(&places.files)).map_err(CopyError::at(&places.files))?;
        }
        Self::begin_where(places, broken_off)
    }

    /// As [`Staging::begin`], where a store that was not used has been taken away.
    pub(super) fn begin_anew(places: &Places) -> Result<Self, CopyError> {
        gone(fs::remove_dir_all(&places.files)).map_err(CopyError::at(&places.files))?;
        Self::begin_where(places, true)
    }

    /// `has_own`: what a gateway makes for itself may be there.
    fn begin_where(places: &Places, has_own: bool) -> Result<Self, CopyError> {
        refuse_unless_empty(places, has_own)?;
        let staging = Self {
            places: places.clone(),
            directories: Vec::new(),
            is_finished: false,
        };
        staging.create(&staging.database(), 0o600)?;
        sync_directory_of(&places.database)?;
        Ok(staging)
    }

    /// Where the database is put.
    pub(super) fn database(&self) -> PathBuf {
        staged(&self.places.database)
    }

    /// The file for a room's file.
    pub(super) fn file(
        &mut self,
        room: RoomId,
        stored: &str,
        mode: u32,
    ) -> Result<File, CopyError> {
        let directory = self.files(room);
        self.directory(&directory)?;
        self.create(&directory.join(stored), mode)
    }

    /// Whether a room's file was put there.
    pub(super) fn has_file(&self, room: RoomId, stored: &str) -> bool {
        self.files(room).join(stored).exists()
    }

    /// Where a room's files are put.
    pub(super) fn files(&self, room: RoomId) -> PathBuf {
        staged(&self.places.files).join(room.0.to_string())
    }

    /// The file for a part of the gateway's own certificate.
    pub(super) fn tls(&mut self, name: &str, mode: u32) -> Result<File, CopyError> {
        let directory = staged(&self.places.tls);
        self.directory(&directory)?;
        self.create(&directory.join(name), mode)
    }

    /// All is there and on the disk: it gets its names.
    ///
    /// # Errors
    /// [`CopyError::Io`].
    pub(super) fn finish(mut self) -> Result<(), CopyError> {
        let (places, directories) = (&self.places, &self.directories);
        for directory in directories {
            let synced = File::open(directory).and_then(|directory| directory.sync_all());
            synced.map_err(CopyError::at(directory))?;
        }
        if staged(&places.tls).exists() {
            // One that was broken off may have brought it there.
            gone(fs::remove_dir_all(&places.tls)).map_err(CopyError::at(&places.tls))?;
        }
        Contents::of(places)?.take_over(&staged(&places.files))?;
        match fs::rename(staged(&places.tls), &places.tls) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(CopyError::at(&places.tls)(error));
            }
            Ok(()) | Err(_) => sync_directory_of(&places.tls)?,
        }
        let database = &places.database;
        fs::rename(self.database(), database).map_err(CopyError::at(database))?;
        self.is_finished = true;
        sync_directory_of(&self.places.database)
    }

    /// A new file; one of its name is there only where a name came twice.
    fn create(&self, path: &Path, mode: u32) -> Result<File, CopyError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(mode);
        options.open(path).map_err(CopyError::at(path))
    }

    fn directory(&mut self, path: &Path) -> Result<(), CopyError> {
        if self.directories.first().is_some_and(|last| last == path) || path.is_dir() {
            return Ok(());
        }
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(path).map_err(CopyError::at(path))?;
        self.directories.insert(0, path.to_owned());
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.is_finished
            && let Err(error) = clear(&self.places)
        {
            tracing::warn!(%error, "what could not be brought back stays behind; the next restore removes it");
        }
    }
}

/// Removes what was staged; last what says that it was broken off.
fn clear(places: &Places) -> Result<(), CopyError> {
    for directory in [staged(&places.files), staged(&places.tls)] {
        gone(fs::remove_dir_all(&directory)).map_err(CopyError::at(&directory))?;
    }
    let database = staged(&places.database);
    gone(fs::remove_file(&database)).map_err(CopyError::at(&database))
}

pub(super) fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn refuse_unless_empty(places: &Places, has_own: bool) -> Result<(), CopyError> {
    let lock = beside(&places.database, "-lock");
    let own = [&places.tls, &lock].map(|path| path.file_name().and_then(|name| name.to_str()));
    let is_own = |name: &str| has_own && own.contains(&Some(name));
    let mut found = Vec::new();
    let entries = match fs::read_dir(&places.data_dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        entries => Some(entries.map_err(CopyError::at(&places.data_dir))?),
    };
    for entry in entries.into_iter().flatten() {
        let entry = entry.map_err(CopyError::at(&places.data_dir))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !NOTHING.contains(&name.as_str()) && !is_own(&name) {
            found.push(name);
        }
    }
    found.sort();
    let place = if found.is_empty() {
        // They may lie elsewhere.
        let wal = beside(&places.database, "-wal");
        let elsewhere = [&places.database, &wal, &places.files].into_iter();
        let there = elsewhere.filter(|path| path.symlink_metadata().is_ok());
        found.extend(there.map(|path| path.display().to_string()));
        places.database.parent().unwrap_or(&places.data_dir)
    } else {
        &places.data_dir
    };
    if found.is_empty() {
        return Ok(());
    }
    let more = found.len().saturating_sub(NAMED);
    let mut names = found;
    names.truncate(NAMED);
    let mut found = names.join(", ");
    if more > 0 {
        found += &format!(" and {more} more");
    }
    Err(CopyError::NotEmpty {
        place: place.to_owned(),
        found,
    })
}
