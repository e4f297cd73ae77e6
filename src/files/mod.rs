//! The contents of messages' files, beside the store: in a directory, or in a bucket of S3 as `PREFIX/ROOM/NAME`.
//!
//! Names are made here, of random digits; nothing that a client says becomes a part of a path but a short extension of
//! letters and digits. A content is never held in memory whole: it comes in to a directory, where nobody looks, and is brought
//! to its place when all of it is there.
//!
//! The order that keeps a message and its file together: the content lies in its place to stay, then the message is committed. What
//! breaks off before the commit leaves at most a content that no message has, which [`Suspects::remove`] removes.

mod directory;
#[cfg(feature = "s3")]
mod s3;
mod upload;

use std::collections::HashSet;
use std::io::{self, SeekFrom};
use std::ops::Range;
use std::path::Path;
#[cfg(feature = "sqlite")]
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt};

use directory::Directory;
pub use directory::Hold;
#[cfg(feature = "s3")]
pub(crate) use s3::Bucket;
#[cfg(feature = "s3")]
use s3::{S3, TooLong};
#[cfg(feature = "s3")]
pub use s3::{S3Fault, S3Options};
pub use upload::{Placed, Upload};

use crate::dial::Dial;
use crate::model::{RoomId, last_component};

/// How many contents one sweep has in hand at a time.
const AT_ONCE: usize = 64;
/// Most characters of an extension that is kept.
const EXTENSION_CHARS: usize = 10;
/// Most characters of a name here: 32 digits, a dot, an extension.
const STORED_CHARS: usize = 32 + 1 + EXTENSION_CHARS;

/// A content that is being read.
pub type Reading = Box<dyn AsyncRead + Send + Sync + Unpin>;

/// See the module. A handle: clones are the same area.
#[derive(Clone, Debug)]
pub struct FileArea {
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Directory(Directory),
    #[cfg(feature = "s3")]
    S3(S3),
}

/// A content that is there.
#[derive(Debug)]
pub struct Found(Source);

#[derive(Debug)]
enum Source {
    File(tokio::fs::File),
    #[cfg(feature = "s3")]
    Object {
        bucket: Bucket,
        room: RoomId,
        stored: String,
    },
}

impl Found {
    /// So many of its bytes, from there.
    ///
    /// # Errors
    /// It cannot be read; [`io::ErrorKind::NotFound`] where it is gone by now.
    pub async fn read(self, part: Range<u64>) -> io::Result<Reading> {
        match self.0 {
            Source::File(mut file) => {
                if part.start > 0 {
                    file.seek(SeekFrom::Start(part.start)).await?;
                }
                let bytes = part.end.saturating_sub(part.start);
                Ok(Box::new(file.take(bytes)))
            }
            #[cfg(feature = "s3")]
            Source::Object {
                bucket,
                room,
                stored,
            } => bucket.read(room, &stored, part).await,
        }
    }
}

/// What lies in a room, or is about to be a message's there.
#[derive(Debug, Default)]
pub struct Contents {
    /// The contents that are nobody's, by their names.
    pub names: Vec<String>,
    /// What another process may be about to give to a message, and for how long nobody can know.
    pub young: Vec<(String, Duration)>,
}

/// What no message of a room had when it was looked for, and nobody gives to one.
#[derive(Debug)]
pub struct Suspects(Suspected);

#[derive(Debug)]
enum Suspected {
    Locked(directory::Suspects),
    #[cfg(feature = "s3")]
    Named {
        bucket: Bucket,
        room: RoomId,
        names: Vec<String>,
    },
}

impl Suspects {
    /// Removes those that no message has; `had` was read after they were suspected. `false`: not now, the area is [held](Hold).
    ///
    /// # Errors
    /// One cannot be removed.
    pub async fn remove(self, had: HashSet<String>) -> io::Result<bool> {
        match self.0 {
            Suspected::Locked(suspects) => on_disk(move || suspects.remove(&had)).await,
            #[cfg(feature = "s3")]
            Suspected::Named {
                bucket,
                room,
                names,
            } => {
                let not_had = names.into_iter().filter(|name| !had.contains(name));
                bucket.remove(room, not_had.collect()).await?;
                Ok(true)
            }
        }
    }
}

impl FileArea {
    /// The area in a directory, which is made where there is none; what was under way when a process ended is gone.
    ///
    /// `temporary`: the directory is removed when the last handle is dropped. `disk_free`: bytes that are left free on its
    /// disk; 0: none.
    ///
    /// # Errors
    /// The directory cannot be made or written.
    pub fn open(root: &Path, temporary: bool, disk_free: impl Into<Dial>) -> io::Result<Self> {
        let place = Place::Directory(Directory::open(root, temporary, disk_free)?);
        Ok(Self { place })
    }

    /// The area in a bucket, of which nothing is asked yet. What comes in is in this directory of the node's own until it is
    /// whole. `is_shared`: other processes have the area, too.
    ///
    /// # Errors
    /// The directory cannot be made or written.
    #[cfg(feature = "s3")]
    pub(crate) fn in_s3(
        bucket: Bucket,
        is_shared: bool,
        incoming: &Path,
        disk_free: impl Into<Dial>,
    ) -> io::Result<Self> {
        let incoming = Directory::open(incoming, false, disk_free)?;
        let place = Place::S3(S3::new(bucket, incoming, is_shared));
        Ok(Self { place })
    }

    /// Waits until the place is known to take contents; 10 s for an answer, then it goes on without, and the log says so. A directory was
    /// tried when it was opened.
    ///
    /// # Errors
    /// The place answers, and takes none.
    #[cfg(feature = "s3")]
    pub async fn tried(&self) -> Result<(), S3Fault> {
        match &self.place {
            Place::Directory(_) => Ok(()),
            Place::S3(s3) => s3.bucket().tried_until_it_answers().await,
        }
    }

    /// Whether it is worth waiting until all that nobody has is swept, before the first is served: not where each step goes over a network.
    pub(crate) fn is_near(&self) -> bool {
        match &self.place {
            Place::Directory(_) => true,
            #[cfg(feature = "s3")]
            Place::S3(_) => false,
        }
    }

    /// Where what comes in lies, and perhaps all.
    fn directory(&self) -> &Directory {
        match &self.place {
            Place::Directory(directory) => directory,
            #[cfg(feature = "s3")]
            Place::S3(s3) => s3.incoming(),
        }
    }

    /// Whether the disk has room for another content.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.directory().has_room()
    }

    /// Begins to take in a content; `name` is what its sender calls it.
    ///
    /// # Errors
    /// The file cannot be made.
    pub async fn receive(&self, name: &str) -> io::Result<Upload> {
        Upload::begin(self.clone(), stored_name(name)).await
    }

    /// Opens a content, to be read.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] where there is none of that name, or no such name can be.
    pub async fn find(&self, room: RoomId, stored: &str) -> io::Result<Found> {
        if !is_stored_name(stored) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Found(match &self.place {
            Place::Directory(directory) => Source::File(directory.find(room, stored).await?),
            #[cfg(feature = "s3")]
            Place::S3(s3) => {
                s3.bucket().size(room, stored).await?;
                Source::Object {
                    bucket: s3.bucket().clone(),
                    room,
                    stored: stored.to_owned(),
                }
            }
        }))
    }

    /// Whether what lies in a directory can be [taken in](FileArea::take_in): into a bucket only nothing can. Blocks the thread.
    ///
    /// # Errors
    /// The directory cannot be read.
    #[cfg(feature = "sqlite")]
    #[cfg_attr(
        not(feature = "s3"),
        expect(unused_variables, reason = "a directory is never asked what it holds")
    )]
    pub(crate) fn can_take_in(&self, from: &Path) -> io::Result<bool> {
        match &self.place {
            Place::Directory(_) => Ok(true),
            #[cfg(feature = "s3")]
            Place::S3(_) => directory::names(from).map(|names| names.is_empty()),
        }
    }

    /// Moves all that lies in a directory to a room, for messages that are about to be committed. No directory
    /// is an empty one. Until the answer is dropped nothing of it is swept. Blocks the thread.
    ///
    /// # Errors
    /// A name that cannot be here; it cannot be moved.
    #[cfg(feature = "sqlite")]
    pub(crate) fn take_in(&self, room: RoomId, from: &Path) -> io::Result<Hold> {
        self.directory().take_in(room, from)
    }

    /// Makes an empty file that only this user can read, for something that is under way; it is gone at the next start, unless it
    /// is removed before. Blocks the thread.
    ///
    /// # Errors
    /// It cannot be made.
    #[cfg(feature = "sqlite")]
    pub(crate) fn new_file(&self) -> io::Result<PathBuf> {
        self.directory().new_file()
    }

    /// The rooms that have files.
    ///
    /// # Errors
    /// They cannot be listed.
    pub async fn rooms(&self) -> io::Result<Vec<RoomId>> {
        match &self.place {
            Place::Directory(directory) => {
                let directory = directory.clone();
                on_disk(move || directory.rooms()).await
            }
            #[cfg(feature = "s3")]
            Place::S3(s3) => s3.bucket().rooms().await,
        }
    }

    /// What lies in a room.
    ///
    /// # Errors
    /// It cannot be listed.
    pub async fn contents(&self, room: RoomId) -> io::Result<Contents> {
        match &self.place {
            Place::Directory(directory) => {
                let directory = directory.clone();
                let names = on_disk(move || directory.contents(room)).await?;
                Ok(Contents {
                    names,
                    young: Vec::new(),
                })
            }
            #[cfg(feature = "s3")]
            Place::S3(s3) => s3.contents(room).await,
        }
    }

    /// The first of these, which no message of the room had; without those that somebody is about to give to a message. They
    /// are taken from `names`. `None`: not now, the area is [held](Hold).
    ///
    /// # Errors
    /// They cannot be locked.
    pub async fn suspect(
        &self,
        room: RoomId,
        names: &mut Vec<String>,
    ) -> io::Result<Option<Suspects>> {
        let first = names[..names.len().min(AT_ONCE)].to_vec();
        let count = first.len();
        let suspected = match &self.place {
            Place::Directory(directory) => {
                let directory = directory.clone();
                let suspected = on_disk(move || directory.suspect(room, first)).await?;
                suspected.map(Suspected::Locked)
            }
            #[cfg(feature = "s3")]
            Place::S3(s3) => Some(Suspected::Named {
                bucket: s3.bucket().clone(),
                room,
                names: first,
            }),
        };
        if suspected.is_some() {
            names.drain(..count);
        }
        Ok(suspected.map(Suspects))
    }

    /// Where nothing is left in a room's directory it goes, too; where something is, it stays.
    pub fn tidy(&self, room: RoomId) {
        self.directory().tidy(room);
    }
}

/// Whether the log has said already that the place does not answer.
pub(crate) fn is_told(error: &io::Error) -> bool {
    match error.get_ref() {
        #[cfg(feature = "s3")]
        Some(inner) => inner.is::<S3Fault>(),
        #[cfg(not(feature = "s3"))]
        Some(_) => false,
        None => false,
    }
}

/// How many bytes the place takes at most, where it said that a content has more.
pub(crate) fn limit_in(error: &io::Error) -> Option<u64> {
    match error.get_ref() {
        #[cfg(feature = "s3")]
        Some(inner) => inner.downcast_ref().map(|TooLong { limit }| *limit),
        #[cfg(not(feature = "s3"))]
        Some(_) => None,
        None => None,
    }
}

/// Work with the disk, away from what must not wait for it.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(io::Error::other)?
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

#[cfg(test)]
#[cfg(feature = "s3")]
mod contract;
#[cfg(test)]
mod tests;
