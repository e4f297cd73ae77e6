//! The contents of messages' files, in a directory beside the store.
//!
//! ```text
//!  ROOT/incoming/NAME   under way: nobody's yet, gone when it breaks off
//!  ROOT/ROOM/NAME       whole and on the disk: a message of the room has it, or is about to
//! ```
//!
//! Names are made here, of random digits; nothing that a client says becomes a part of a path but a short extension of
//! letters and digits. A content is never held in memory whole.
//!
//! The order that keeps a message and its file together: the content is written and synced, moved to its room, then the
//! message is committed. What breaks off before the commit leaves at most a file that no message has, which
//! [`FileArea::sweep`] removes. Whoever copies an area, in this process or another, [holds](Hold) it meanwhile.

mod upload;

use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use upload::{Placed, Upload};

use crate::dial::Dial;
use crate::free_space::FreeSpace;
use crate::model::RoomId;

/// Where what is under way lies.
const INCOMING: &str = "incoming";
/// Most characters of an extension that is kept.
const EXTENSION_CHARS: usize = 10;
/// Most characters of a name here: 32 digits, a dot, an extension.
const STORED_CHARS: usize = 32 + 1 + EXTENSION_CHARS;

/// Makes a directory, and those that lead to it, that only this user can enter.
fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// See the module. A handle: clones are the same area.
#[derive(Clone, Debug)]
pub struct FileArea {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    /// Its end takes the directory with it.
    temporary: bool,
    space: FreeSpace,
    /// In their rooms already, but not yet told of by any message.
    placed: Mutex<HashSet<(RoomId, String)>>,
}

/// Keeps what messages have had in an area there, until it is dropped or its process ends.
#[derive(Debug)]
pub struct Hold {
    _directory: File,
}

impl Hold {
    /// Holds the area in a directory; others may hold it, too. Blocks the thread while a sweep removes something.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] where there is no such directory; it cannot be locked.
    pub fn of(root: &Path) -> io::Result<Self> {
        let directory = File::open(root)?;
        directory.lock_shared()?;
        Ok(Self {
            _directory: directory,
        })
    }
}

impl FileArea {
    /// The area in a directory, which is made where there is none; what was under way at the last end is gone.
    ///
    /// `temporary`: the directory is removed when the last handle is dropped. `disk_free`: bytes that are left free on its
    /// disk; 0: none.
    ///
    /// # Errors
    /// The directory cannot be made or written.
    pub fn open(root: &Path, temporary: bool, disk_free: impl Into<Dial>) -> io::Result<Self> {
        let incoming = root.join(INCOMING);
        match std::fs::remove_dir_all(&incoming) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => make_directory(&incoming)?,
        }
        let shared = Shared {
            root: root.to_owned(),
            temporary,
            space: FreeSpace::new(root, disk_free),
            placed: Mutex::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Whether the disk has room for another content.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.shared.space.has_room()
    }

    /// Begins to take in a content; `name` is what its sender calls it.
    ///
    /// # Errors
    /// The file cannot be made.
    pub async fn receive(&self, name: &str) -> io::Result<Upload> {
        Upload::begin(self.clone(), stored_name(name)).await
    }

    /// A content, from its beginning.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] where there is none of that name, or no such name can be.
    pub async fn read(&self, room: RoomId, stored: &str) -> io::Result<tokio::fs::File> {
        if !is_stored_name(stored) {
            return Err(io::ErrorKind::NotFound.into());
        }
        tokio::fs::File::open(self.directory(room).join(stored)).await
    }

    /// Moves all that lies in a directory of the same disk to a room, for messages that are about to be committed. No directory
    /// is an empty one.
    ///
    /// # Errors
    /// A name that cannot be here; it cannot be moved.
    #[cfg(feature = "sqlite")]
    pub(crate) fn take_in(&self, room: RoomId, from: &Path) -> io::Result<()> {
        let (names, to) = (names(from)?, self.directory(room));
        if names.is_empty() {
            return Ok(());
        }
        // No sweep takes the directory away meanwhile.
        let marks = self.placed();
        make_directory(&to)?;
        for name in names {
            if !is_stored_name(&name) {
                return Err(io::ErrorKind::InvalidFilename.into());
            }
            std::fs::rename(from.join(&name), to.join(&name))?;
        }
        drop(marks);
        File::open(&to)?.sync_all()?;
        File::open(&self.shared.root)?.sync_all()
    }

    /// Makes an empty file that only this user can read, for something that is under way; it is gone at the next start, unless it
    /// is removed before.
    ///
    /// # Errors
    /// It cannot be made.
    #[cfg(feature = "sqlite")]
    pub(crate) fn new_file(&self) -> io::Result<PathBuf> {
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
    pub fn rooms(&self) -> io::Result<Vec<RoomId>> {
        let names = names(&self.shared.root)?;
        let rooms = names
            .iter()
            .filter_map(|name| name.parse().ok().map(RoomId));
        Ok(rooms.collect())
    }

    /// What a sweep of a room would remove, unless a message has it.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn candidates(&self, room: RoomId) -> io::Result<HashSet<String>> {
        let mut names: HashSet<String> = names(&self.directory(room))?.into_iter().collect();
        let placed = self.placed();
        names.retain(|name| !placed.contains(&(room, name.clone())));
        Ok(names)
    }

    /// Removes those of the candidates ([`FileArea::candidates`]) that no message has; `had` was read after them.
    /// `false`: not now, the area is [held](Hold).
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn sweep(
        &self,
        room: RoomId,
        candidates: HashSet<String>,
        had: &HashSet<String>,
    ) -> io::Result<bool> {
        let directory = self.directory(room);
        let mut unheld = None;
        for name in candidates.difference(had) {
            if unheld.is_none() {
                let root = File::open(&self.shared.root)?;
                match root.try_lock() {
                    Ok(()) => unheld = Some(root),
                    Err(TryLockError::WouldBlock) => return Ok(false),
                    Err(TryLockError::Error(error)) => return Err(error),
                }
            }
            gone(std::fs::remove_file(directory.join(name)))?;
        }
        self.tidy(room);
        Ok(true)
    }

    /// Where nothing is left in a room's directory it goes, too; where something is, it stays.
    fn tidy(&self, room: RoomId) {
        // Nothing is moved there meanwhile.
        let _marks = self.placed();
        let _ = std::fs::remove_dir(self.directory(room));
    }

    fn directory(&self, room: RoomId) -> PathBuf {
        self.shared.root.join(room.0.to_string())
    }

    fn incoming(&self) -> PathBuf {
        self.shared.root.join(INCOMING)
    }

    fn placed(&self) -> MutexGuard<'_, HashSet<(RoomId, String)>> {
        self.shared
            .placed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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

/// The last component of a name that a client gave: nothing of it leads anywhere.
#[must_use]
pub fn last_component(name: &str) -> &str {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    match last {
        "" | "." | ".." => "file",
        last => last,
    }
}

/// Whether a content can lie in an area under this name.
#[must_use]
pub fn is_stored_name(name: &str) -> bool {
    (1..=STORED_CHARS).contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
}

/// A new name, with the extension of the one that the sender gave, where that is a plain one.
fn stored_name(name: &str) -> String {
    let number: u128 = rand::random();
    let is_plain = |extension: &&str| {
        (1..=EXTENSION_CHARS).contains(&extension.len())
            && extension.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    match last_component(name)
        .rsplit_once('.')
        .map(|(_, extension)| extension)
        .filter(is_plain)
    {
        Some(extension) => format!("{number:032x}.{}", extension.to_ascii_lowercase()),
        None => format!("{number:032x}"),
    }
}

/// The names in a directory; none where there is no directory.
fn names(directory: &Path) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let name = |entry: io::Result<std::fs::DirEntry>| Ok(entry?.file_name().into_string().ok());
    entries
        .filter_map(|entry| name(entry).transpose())
        .collect()
}

/// What is not there needs not be removed.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
