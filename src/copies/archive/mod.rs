//! The archive of a copy: a plain tar file, so that other programs can look into it.
//!
//! | entry | what |
//! |---|---|
//! | `tolmach-backup.json` | [`About`]: the format's version, the database's, the program's, the time |
//! | `tolmach.db` | the database |
//! | `files/ROOM/NAME` | the contents of messages' files |
//! | `tls/NAME` | the certificate that the gateway made for itself, and its key |
//! | `SHA256SUMS` | a line for each entry before, in their order, as `sha256sum` writes them: nothing is whole without it |
//!
//! Every byte counts: a header is what [`ArchiveWriter`] makes of its name, mode, length and time, what pads is zero, and
//! after the last entry come two blocks of zeros and the end. So a single bit that is not as it was written is found.

mod name;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

use std::io;

use serde::{Deserialize, Serialize};

use crate::hexadecimal::hexadecimal;
use crate::refusal::words;

pub use name::PartName;
#[cfg(feature = "sqlite")]
pub(super) use name::is_tls_name;
pub use reader::{ArchiveReader, Part};
pub use writer::ArchiveWriter;

/// The version of the format; a later one is refused.
pub const FORMAT: u32 = 1;

const BLOCK: usize = 512;
const ABOUT: &str = "tolmach-backup.json";
const SUMS: &str = "SHA256SUMS";
/// Most bytes of [`ABOUT`].
const ABOUT_BYTES: u64 = 4096;

/// What an archive says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The version of the archive's format.
    pub format: u32,
    /// The version of the database in it.
    pub database: usize,
    /// The version of the program that made it.
    pub program: String,
    /// When it was made, in RFC 3339.
    pub created: String,
}

/// Why an archive cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// There is nothing in it.
    #[error("it is empty; name the file that `tolmach backup` made")]
    Empty,
    /// It is something else.
    #[error("this is no backup of tolmach's")]
    NotABackup,
    /// A later program made it.
    #[error(
        "this backup has format {found} (made by tolmach {program}), this tolmach knows formats up to {FORMAT}; use a newer tolmach"
    )]
    Newer {
        /// The version of the format that it has.
        found: u32,
        /// Which program made it.
        program: String,
    },
    /// It ends too early.
    #[error("this backup was cut off: it ends within {0}")]
    CutOff(String),
    /// It is not as it was written.
    #[error("this backup is damaged: {0}")]
    Damaged(String),
    /// It cannot be read.
    #[error("it cannot be read: {}", words(.0))]
    Read(io::Error),
    /// What was read cannot be written.
    #[error("{}", words(.0))]
    Write(io::Error),
}

/// The one header that a part of this name, mode, length and time can have.
fn header(name: &str, mode: u32, length: u64, time: u64) -> io::Result<tar::Header> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name)?;
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(length);
    header.set_mtime(time);
    header.set_cksum();
    Ok(header)
}

/// How many zeros follow a content.
fn padding(length: u64) -> usize {
    let over = (length % BLOCK as u64) as usize;
    (BLOCK - over) % BLOCK
}

/// A line of [`SUMS`].
fn sum_line(hash: impl AsRef<[u8]>, name: &str) -> String {
    hexadecimal(hash.as_ref()) + "  " + name + "\n"
}
