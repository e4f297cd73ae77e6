//! A directory that holds the contents of files.
//!
//! ```text
//!  ROOT/incoming/NAME   under way: nobody's yet, gone when it breaks off
//!  ROOT/ROOM/NAME       whole and on the disk: a message of the room has it, or is about to
//! ```
//!
//! Several processes, also on several machines, may have one. What one of them is about to give to a message it keeps
//! locked (`flock`), so that no other takes it for what nobody has; a lock ends with its process.
//! Whoever copies an area, in this process or another, [holds](Hold) it meanwhile.

use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(feature = "sqlite")]
use super::{is_stored_name, stored_name};
use crate::dial::Dial;
use crate::free_space::FreeSpace;
use crate::model::RoomId;

/// Where what is under way lies.
pub(super) const INCOMING: &str = "incoming";

/// Makes a directory, and those that lead to it, that only this user can enter.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// See the module. A handle: clones are the same directory.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    /// Its end takes the directory with it.
    temporary: bool,
    space: FreeSpace,
}

/// Keeps what messages have had in an area there, until it is dropped or its process ends. It is a lock on the directory, which a
/// network's file system does not show to other machines.
#[derive(Debug)]
pub struct Hold {
    _locked: Locked,
}

impl Hold {
    /// Holds the area in a directory; others may hold it, too. Blocks the thread while a sweep removes something.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] where there is no such directory; it cannot be locked.
    pub fn of(root: &Path) -> io::Result<Self> {
        let file = File::open(root)?;
        file.lock_shared()?;
        Ok(Self {
            _locked: Locked(file),
        })
    }
}

/// What no message of a room had when it was looked for, locked so that nobody gives it to one.
#[derive(Debug)]
pub(super) struct Suspects {
    area: Directory,
    room: RoomId,
    locked: Vec<(String, Locked)>,
}

impl Suspects {
    /// Removes those that no message has; `had` was read after they were locked. `false`: not now, the area is [held](Hold).
    ///
    /// # Errors
    /// A file cannot be removed.
    pub(super) fn remove(self, had: &HashSet<String>) -> io::Result<bool> {
        // Who holds the area from here on finds what messages have from here on.
        let Some(_unheld) = self.area.unheld()? else {
            return Ok(false);
        };
        let directory = self.area.directory(self.room);
        let not_had = self.locked.iter().filter(|(name, _)| !had.contains(name));
        for (name, _) in not_had {
            gone(std::fs::remove_file(directory.join(name)))?;
        }
        Ok(true)
    }
}

impl Directory {
    /// The area in a directory, which is made where there is none; what was under way when a process ended is gone.
    ///
    /// `temporary`: the directory is removed when the last handle is dropped. `disk_free`: bytes that are left free on its
    /// disk; 0: none.
    ///
    /// # Errors
    /// The directory cannot be made or written.
    pub(super) fn open(
        root: &Path,
        temporary: bool,
        disk_free: impl Into<Dial>,
    ) -> io::Result<Self> {
        let incoming = root.join(INCOMING);
        make_directory(&incoming)?;
        for name in names(&incoming)? {
            let path = incoming.join(name);
            // It is nobody's, unless whoever takes it in has it locked.
            if let Some(_locked) = locked(&path)? {
                gone(std::fs::remove_file(&path))?;
            }
        }
        let shared = Shared {
            root: root.to_owned(),
            temporary,
            space: FreeSpace::new(root, disk_free),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Whether the disk has room for another content.
    pub(super) fn has_room(&self) -> bool {
        self.shared.space.has_room()
    }

    /// A content, from its beginning.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] where there is none of that name.
    pub(super) async fn find(&self, room: RoomId, stored: &str) -> io::Result<tokio::fs::File> {
        tokio::fs::File::open(self.directory(room).join(stored)).await
    }

    /// Moves all that lies in a directory to a room, for messages that are about to be committed. No directory
    /// is an empty one. Until the answer is dropped nothing of it is swept.
    ///
    /// # Errors
    /// A name that cannot be here; it cannot be moved.
    #[cfg(feature = "sqlite")]
    pub(super) fn take_in(&self, room: RoomId, from: &Path) -> io::Result<Hold> {
        let (hold, names) = (Hold::of(&self.shared.root)?, names(from)?);
        if names.is_empty() {
            return Ok(hold);
        }
        let to = self.directory(room);
        make_directory(&to)?;
        for name in names {
            if !is_stored_name(&name) {
                return Err(io::ErrorKind::InvalidFilename.into());
            }
            self.bring(&from.join(&name), &to.join(&name))?;
        }
        File::open(&to)?.sync_all()?;
        File::open(&self.shared.root)?.sync_all()?;
        Ok(hold)
    }

    /// Moves a file, from another disk, too.
    #[cfg(feature = "sqlite")]
    fn bring(&self, from: &Path, to: &Path) -> io::Result<()> {
        match std::fs::rename(from, to) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
            moved => return moved,
        }
        let part = self.incoming().join(stored_name(""));
        std::fs::copy(from, &part)
            .and_then(|_| File::open(&part)?.sync_all())
            .and_then(|()| std::fs::rename(&part, to))
            .inspect_err(|_| {
                // The next start removes what stays.
                let _ = std::fs::remove_file(&part);
            })?;
        std::fs::remove_file(from)
    }

    /// Makes an empty file that only this user can read, for something that is under way; it is gone at the next start, unless it
    /// is removed before.
    ///
    /// # Errors
    /// It cannot be made.
    #[cfg(feature = "sqlite")]
    pub(super) fn new_file(&self) -> io::Result<PathBuf> {
        let path = self.incoming().join(stored_name(""));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path)?;
        Ok(path)
    }

    /// The rooms that have files.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub(super) fn rooms(&self) -> io::Result<Vec<RoomId>> {
        let names = names(&self.shared.root)?;
        let rooms = names
            .iter()
            .filter_map(|name| name.parse().ok().map(RoomId));
        Ok(rooms.collect())
    }

    /// What lies in a room, or is about to be a message's there.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub(super) fn contents(&self, room: RoomId) -> io::Result<Vec<String>> {
        names(&self.directory(room))
    }

    /// Locks these, which no message of the room had; without those that somebody is about to give to a message.
    /// `None`: not now, the area is [held](Hold).
    ///
    /// # Errors
    /// They cannot be locked.
    pub(super) fn suspect(&self, room: RoomId, names: Vec<String>) -> io::Result<Option<Suspects>> {
        // What was taken in under a hold is had by messages once that is over.
        if self.unheld()?.is_none() {
            return Ok(None);
        }
        let directory = self.directory(room);
        let mut suspects = Vec::new();
        for name in names {
            suspects.extend(locked(&directory.join(&name))?.map(|file| (name, file)));
        }
        Ok(Some(Suspects {
            area: self.clone(),
            room,
            locked: suspects,
        }))
    }

    /// That nobody holds the area, as long as this is not dropped.
    fn unheld(&self) -> io::Result<Option<Locked>> {
        lock_alone(File::open(&self.shared.root)?)
    }

    /// Where nothing is left in a room's directory it goes, too; where something is, it stays.
    pub(super) fn tidy(&self, room: RoomId) {
        let _ = std::fs::remove_dir(self.directory(room));
    }

    pub(super) fn root(&self) -> &Path {
        &self.shared.root
    }

    pub(super) fn directory(&self, room: RoomId) -> PathBuf {
        self.shared.root.join(room.0.to_string())
    }

    pub(super) fn incoming(&self) -> PathBuf {
        self.shared.root.join(INCOMING)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = gone(std::fs::remove_dir_all(&self.root))
        {
            tracing::warn!(%error, path = %self.root.display(), "temporary files stay behind");
        }
    }
}

/// The names in a directory; none where there is no directory.
pub(super) fn names(directory: &Path) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let name = |entry: io::Result<std::fs::DirEntry>| Ok(entry?.file_name().into_string().ok());
    entries
        .filter_map(|entry| name(entry).transpose())
        .collect()
}

/// A file that is locked until this is dropped, even where a process that was begun meanwhile has it open, too.
#[derive(Debug)]
pub(super) struct Locked(pub(super) File);

impl Drop for Locked {
    fn drop(&mut self) {
        // It is closed next, which unlocks it at the latest when the others close it.
        let _ = self.0.unlock();
    }
}

/// A file that nobody else has locked, locked until it is dropped. `None`: somebody has, or it is gone.
fn locked(path: &Path) -> io::Result<Option<Locked>> {
    match File::options().read(true).write(true).open(path) {
        Ok(file) => lock_alone(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The file, locked for this one alone until it is dropped; `None`: others have it locked. Some file systems lock so only what
/// was opened for writing.
fn lock_alone(file: File) -> io::Result<Option<Locked>> {
    match file.try_lock() {
        Ok(()) => Ok(Some(Locked(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// What is not there needs not be removed.
pub(super) fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
