//! Why a copy was not made, or not brought back.

use std::io;
use std::path::{Path, PathBuf};

use super::archive::ArchiveError;
use super::export::ImportError;
use crate::refusal::of_file;
use crate::store::OpenError;

/// Why a copy was not made, or not brought back. Nothing half-done is left.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// There is something in the way, which is not replaced.
    #[error("{} is there already; remove it or name another file", .0.display())]
    Exists(PathBuf),
    /// Another process is at the same.
    #[error("another copy to {} is under way", .0.display())]
    UnderWay(PathBuf),
    /// Another process takes a room in.
    #[error("another import of a room is under way (in {}); try again when it is done", .0.display())]
    Importing(PathBuf),
    /// There is no database to copy.
    #[error("there is no database {}; name the configuration (-c) or data_dir of the gateway that is meant", .0.display())]
    NoDatabase(PathBuf),
    /// There is nothing in a database on a server yet.
    #[cfg(feature = "postgres")]
    #[error(
        "there is no store at {0}, and only `tolmach serve` makes one; name the configuration (-c) of the gateway that is meant"
    )]
    NoStore(String),
    /// Something is where all would be put.
    #[error("{} is not empty ({found}): move what is there away, or name another data_dir", place.display())]
    NotEmpty {
        /// The directory that should be empty.
        place: PathBuf,
        /// The names of what is there, with commas; the first few of many.
        found: String,
    },
    /// The database to be copied is damaged.
    #[error(
        "the database is damaged ({0}), so no copy of it was made; `tolmach store verify` says all that is, and `tolmach restore` brings back an earlier copy"
    )]
    Damaged(String),
    /// The database was written by a later version of this program.
    #[error(
        "the database in this archive has version {found}, this tolmach knows versions up to {known}; use a newer tolmach"
    )]
    NewerDatabase {
        /// The version of the database.
        found: usize,
        /// The newest version this program knows.
        known: usize,
    },
    /// The database cannot be opened or read.
    #[error(transparent)]
    Database(OpenError),
    /// A database on a server cannot be used.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Server(#[from] crate::store::PostgresError),
    /// What is said of the bucket for files cannot be.
    #[cfg(feature = "s3")]
    #[error(transparent)]
    Bucket(#[from] crate::files::S3Fault),
    /// There is no such room to export.
    #[error("there is no such room; `tolmach room list` shows them")]
    NoSuchRoom,
    /// An export of one room is no store.
    #[error("this export holds one room; name the room that it becomes: --room NAME")]
    OneRoom,
    /// An export of everything is no room.
    #[error(
        "this export holds everything; write one of the room that is meant (`tolmach export --room`)"
    )]
    NotOneRoom,
    /// A store that is used is not replaced.
    #[error("the store {} is used already: an export of everything goes into an empty one; move this one away, or name another data_dir", .0.display())]
    NotUnused(PathBuf),
    /// The export cannot be taken in.
    #[error("{0}")]
    Import(#[from] ImportError),
    /// The archive cannot be used.
    #[error(transparent)]
    Archive(ArchiveError),
    /// It was broken off by whoever asked for it.
    #[error("broken off")]
    BrokenOff,
    /// The system does not let something be read or written.
    #[error("{}", of_file(.path, .error))]
    Io {
        /// What should be read or written.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl From<OpenError> for CopyError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io { source, .. } if is_broken_off(&source) => Self::BrokenOff,
            OpenError::Damaged { what, .. } => Self::Damaged(what),
            other => Self::Database(other),
        }
    }
}

impl From<ArchiveError> for CopyError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Read(error) | ArchiveError::Write(error) if is_broken_off(&error) => {
                Self::BrokenOff
            }
            other => Self::Archive(other),
        }
    }
}

impl CopyError {
    /// What the system says of a path.
    pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| {
            if is_broken_off(&error) {
                return Self::BrokenOff;
            }
            let path = path.to_owned();
            Self::Io { path, error }
        }
    }
}

/// What [`Progress::add`](super::Progress::add) returns where no more is wanted.
#[derive(Debug, thiserror::Error)]
#[error("broken off")]
pub struct BrokenOff;

impl From<BrokenOff> for io::Error {
    fn from(error: BrokenOff) -> Self {
        Self::other(error)
    }
}

fn is_broken_off(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<BrokenOff>())
}
