//! A content while it comes in.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt;

use super::directory::{Directory, Locked, gone, make_directory};
#[cfg(feature = "s3")]
use super::s3::{OnItsWay, S3};
use super::{FileArea, Place};
use crate::hexadecimal::hexadecimal;
use crate::model::RoomId;

/// How often a directory may be taken away between its making and the move into it.
const TAKEN_AWAY: usize = 100;

/// A content that is coming in. Dropped, nothing of it is left.
#[derive(Debug)]
pub struct Upload {
    area: FileArea,
    file: File,
    part: Removed,
    name: String,
    bytes: u64,
    hash: Sha256,
}

/// A content that lies in its room, for a message that is about to be committed. Dropped before it was
/// [submitted](Placed::submitted), nothing of it is left.
#[derive(Debug)]
pub struct Placed {
    name: String,
    bytes: u64,
    sha256: String,
    lies: Lies,
}

/// Where a content lies that is nobody's yet; no sweep takes it.
#[derive(Debug)]
enum Lies {
    InDirectory(InDirectory),
    #[cfg(feature = "s3")]
    InS3(OnItsWay),
}

#[derive(Debug)]
struct InDirectory {
    directory: Directory,
    room: RoomId,
    file: Removed,
    /// Where it lies, once it is submitted.
    path: Option<PathBuf>,
    /// Locked: no sweep takes it for what nobody has.
    _locked: Locked,
}

/// A file that is removed when this is dropped, unless it was given up.
#[derive(Debug)]
struct Removed(Option<PathBuf>);

impl Drop for Removed {
    fn drop(&mut self) {
        if let Some(path) = self.0.take()
            && let Err(error) = gone(std::fs::remove_file(&path))
        {
            tracing::warn!(%error, path = %path.display(), "a file that nobody has stays behind");
        }
    }
}

impl Upload {
    pub(super) async fn begin(area: FileArea, name: String) -> io::Result<Self> {
        let path = area.directory().incoming().join(&name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = options.open(&path).await?.into_std().await;
        // Another process that starts removes what is not locked there.
        file.try_lock()?;
        Ok(Self {
            area,
            file: File::from_std(file),
            part: Removed(Some(path)),
            name,
            bytes: 0,
            hash: Sha256::new(),
        })
    }

    /// Takes in what comes next.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await?;
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
        Ok(())
    }

    /// Bytes taken in so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// All is there: it is brought to its room, to stay.
    ///
    /// # Errors
    /// The place does not take it.
    pub async fn place(mut self, room: RoomId) -> io::Result<Placed> {
        self.file.flush().await?;
        match self.area.place.clone() {
            Place::Directory(directory) => self.synced(directory, room).await,
            #[cfg(feature = "s3")]
            Place::S3(s3) => self.sent(&s3, room).await,
        }
    }

    async fn synced(self, directory: Directory, room: RoomId) -> io::Result<Placed> {
        self.file.sync_all().await?;
        let placed = self.moved(directory.clone(), room).await?;
        // A new name lasts once its directory is on the disk, and a new directory once its own is.
        sync_directory(&directory.directory(room)).await?;
        sync_directory(directory.root()).await?;
        Ok(placed)
    }

    async fn moved(mut self, directory: Directory, room: RoomId) -> io::Result<Placed> {
        let into = directory.directory(room);
        let to = into.join(&self.name);
        let locked = self.file.into_std().await;
        if let Some(part) = &self.part.0 {
            move_into(part, &into, &to)?;
        }
        self.part.0 = None;
        Ok(Placed {
            name: self.name,
            bytes: self.bytes,
            sha256: hexadecimal(&self.hash.finalize()),
            lies: Lies::InDirectory(InDirectory {
                directory,
                room,
                file: Removed(Some(to)),
                path: None,
                _locked: Locked(locked),
            }),
        })
    }

    #[cfg(feature = "s3")]
    async fn sent(self, s3: &S3, room: RoomId) -> io::Result<Placed> {
        let sha256 = self.hash.finalize();
        let placed = Placed {
            lies: Lies::InS3(s3.on_its_way(room, &self.name)),
            name: self.name,
            bytes: self.bytes,
            sha256: hexadecimal(&sha256),
        };
        if let Some(part) = &self.part.0 {
            s3.bucket()
                .put(room, &placed.name, part, placed.bytes, &sha256)
                .await?;
        }
        Ok(placed)
    }
}

/// Moves a file into a directory, which is made where there is none: also where somebody takes an empty one away meanwhile.
fn move_into(file: &Path, directory: &Path, to: &Path) -> io::Result<()> {
    let move_now = || make_directory(directory).and_then(|()| std::fs::rename(file, to));
    let mut moved = move_now();
    for _ in 0..TAKEN_AWAY {
        match &moved {
            Err(error) if was_taken_away(error) => moved = move_now(),
            Ok(()) | Err(_) => break,
        }
    }
    moved
}

fn was_taken_away(error: &io::Error) -> bool {
    // What was there while it was made, and is not any more, is said to be there.
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists
    )
}

impl Placed {
    /// Under which name the area holds it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes of it have come so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The SHA-256 of it, in hexadecimal.
    pub(crate) fn sha256(&self) -> String {
        self.sha256.clone()
    }

    /// A message that has it is handed to the store: from now on it stays, whatever becomes of this.
    pub fn submitted(&mut self) {
        match &mut self.lies {
            Lies::InDirectory(lies) => lies.path = lies.file.0.take(),
            #[cfg(feature = "s3")]
            Lies::InS3(lies) => lies.keep(),
        }
    }

    /// The store refused the message: nobody has the content.
    pub fn refused(self) {
        match self.lies {
            Lies::InDirectory(mut lies) => lies.file.0 = lies.path.take(),
            #[cfg(feature = "s3")]
            Lies::InS3(lies) => lies.give_up(),
        }
    }
}

impl Drop for InDirectory {
    fn drop(&mut self) {
        if self.file.0.is_some() {
            drop(std::mem::replace(&mut self.file, Removed(None)));
            self.directory.tidy(self.room);
        }
    }
}

async fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory).await?.sync_all().await
}
