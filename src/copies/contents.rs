//! The contents of files, wherever they lie, for whoever may block the thread.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
#[cfg(feature = "s3")]
use {
    super::staging::gone,
    super::verify::hash_of,
    crate::files::{Bucket, Reading, S3Options},
    std::sync::Arc,
    tokio::io::AsyncReadExt,
    tokio::runtime::{Builder, Runtime},
};

use super::target::sync_directory_of;
use super::{CopyError, Places};
use crate::files::is_stored_name;
use crate::model::RoomId;

/// The contents of a store's files, in a directory or in a bucket.
pub(super) struct Contents<'a> {
    /// Their directory, where they are in one.
    directory: &'a Path,
    #[cfg(feature = "s3")]
    bucket: Option<(Bucket, &'a S3Options, Arc<Runtime>)>,
}

/// One that is being read.
pub(super) struct Opened {
    pub(super) reader: Box<dyn Read>,
    /// How long it is.
    pub(super) bytes: u64,
    /// Who may read it, as a file's mode.
    pub(super) mode: u32,
}

impl Opened {
    /// Reads a file of a directory as a content.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub(super) fn of(file: File) -> io::Result<Self> {
        let about = file.metadata()?;
        Ok(Self {
            reader: Box::new(file),
            bytes: about.len(),
            mode: about.permissions().mode(),
        })
    }
}

impl<'a> Contents<'a> {
    /// # Errors
    /// What is said of a bucket cannot be.
    pub(super) fn of(places: &'a Places) -> Result<Self, CopyError> {
        Ok(Self {
            directory: &places.files,
            #[cfg(feature = "s3")]
            bucket: match &places.bucket {
                Some(options) => {
                    let runtime = Builder::new_current_thread().enable_all().build();
                    let runtime = runtime.map_err(CopyError::at(&places.files))?;
                    let bucket = runtime.block_on(async { Bucket::new(options) })?;
                    Some((bucket, options, Arc::new(runtime)))
                }
                None => None,
            },
        })
    }

    /// Whether they are in a directory.
    #[cfg(feature = "postgres")]
    pub(super) fn is_directory(&self) -> bool {
        #[cfg(feature = "s3")]
        return self.bucket.is_none();
        #[cfg(not(feature = "s3"))]
        true
    }

    /// Where one lies, as people are told.
    pub(super) fn place(&self, room: RoomId, stored: &str) -> PathBuf {
        #[cfg(feature = "s3")]
        if let Some((_, options, _)) = &self.bucket {
            return format!("{options}/{room}/{stored}").into();
        }
        self.directory.join(room.0.to_string()).join(stored)
    }

    /// Begins to read one; `None`: it is not there.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn open(&self, room: RoomId, stored: &str) -> Result<Option<Opened>, CopyError> {
        if !is_stored_name(stored) {
            return Ok(None);
        }
        match self.opened(room, stored) {
            Ok(opened) => Ok(Some(opened)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(CopyError::at(&self.place(room, stored))(error)),
        }
    }

    fn opened(&self, room: RoomId, stored: &str) -> io::Result<Opened> {
        #[cfg(feature = "s3")]
        if let Some((bucket, _, runtime)) = &self.bucket {
            return runtime.block_on(async {
                let bytes = bucket.size(room, stored).await?;
                let reader = Remote {
                    reading: bucket.read(room, stored, 0..bytes).await?,
                    runtime: runtime.clone(),
                };
                Ok(Opened {
                    reader: Box::new(reader),
                    bytes,
                    mode: 0o600,
                })
            });
        }
        Opened::of(File::open(self.place(room, stored))?)
    }

    /// Brings all that lies in the rooms' directories of `staged` to its place, where nothing is that a message has.
    ///
    /// # Errors
    /// It cannot be brought there.
    pub(super) fn take_over(&self, staged: &Path) -> Result<(), CopyError> {
        #[cfg(feature = "s3")]
        if let Some((bucket, _, runtime)) = &self.bucket {
            each(staged, |room, stored, path| {
                let file = File::open(path).map_err(CopyError::at(path))?;
                let bytes = file.metadata().map_err(CopyError::at(path))?.len();
                let sha256 = hash_of(file).map_err(CopyError::at(path))?;
                let sent = runtime.block_on(bucket.put(room, stored, path, bytes, &sha256));
                sent.map_err(CopyError::at(&self.place(room, stored)))
            })?;
            return gone(fs::remove_dir_all(staged)).map_err(CopyError::at(staged));
        }
        match fs::rename(staged, self.directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(CopyError::at(self.directory)(error))
            }
            Ok(()) | Err(_) => sync_directory_of(self.directory),
        }
    }
}

/// All files in the rooms' directories below one.
#[cfg(feature = "s3")]
fn each(
    directory: &Path,
    mut visit: impl FnMut(RoomId, &str, &Path) -> Result<(), CopyError>,
) -> Result<(), CopyError> {
    let below = |path: &Path| match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries.and_then(|entries| entries.collect::<io::Result<Vec<_>>>()),
    };
    for of_room in below(directory).map_err(CopyError::at(directory))? {
        let room = of_room
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        let Some(room) = room.map(RoomId) else {
            continue;
        };
        let path = of_room.path();
        for file in below(&path).map_err(CopyError::at(&path))? {
            if let Some(stored) = file.file_name().to_str() {
                visit(room, stored, &file.path())?;
            }
        }
    }
    Ok(())
}

/// What comes over a network.
#[cfg(feature = "s3")]
struct Remote {
    reading: Reading,
    runtime: Arc<Runtime>,
}

#[cfg(feature = "s3")]
impl Read for Remote {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.runtime.block_on(self.reading.read(buffer))
    }
}
