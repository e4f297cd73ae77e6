//! A content while it comes in.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt;

use super::{FileArea, Locked, gone, make_directory};
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
    area: FileArea,
    room: RoomId,
    name: String,
    bytes: u64,
    sha256: String,
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
        let path = area.incoming().join(&name);
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

    /// All is there: it is brought to the disk and to its room.
    ///
    /// # Errors
    /// The disk does not take it.
    pub async fn place(mut self, room: RoomId) -> io::Result<Placed> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        let placed = self.moved(room).await?;
        // A new name lasts once its directory is on the disk, and a new directory once its own is.
        sync_directory(&placed.area.directory(room)).await?;
        sync_directory(&placed.area.shared.root).await?;
        Ok(placed)
    }

    async fn moved(mut self, room: RoomId) -> io::Result<Placed> {
        let directory = self.area.directory(room);
        let to = directory.join(&self.name);
        let locked = self.file.into_std().await;
        if let Some(part) = &self.part.0 {
            move_into(part, &directory, &to)?;
        }
        self.part.0 = None;
        Ok(Placed {
            area: self.area,
            room,
            name: self.name,
            bytes: self.bytes,
            sha256: hexadecimal(&self.hash.finalize()),
            file: Removed(Some(to)),
            path: None,
            _locked: Locked(locked),
        })
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
        self.path = self.file.0.take();
    }

    /// The store refused the message: nobody has the content.
    pub fn refused(mut self) {
        self.file.0 = self.path.take();
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        if self.file.0.is_some() {
            drop(std::mem::replace(&mut self.file, Removed(None)));
            self.area.tidy(self.room);
        }
    }
}

async fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory).await?.sync_all().await
}
