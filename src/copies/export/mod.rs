//! All that is kept, or a room, as lines of JSON, which another store can take in; docs/export-format.md has the format.

mod keeping;
mod reading;
mod writing;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use reading::{BroughtRoom, ImportError, Imported, StagedRoom, import};
pub use writing::{Exported, export};

/// The version of the format; a later one is refused.
const FORMAT: u32 = 1;

/// How many bytes of a file are in a line at most; base64 makes 64 KiB of them.
const PIECE: usize = 48 * 1024;

/// The first line of an export: what follows, and who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct About {
    /// The version of the format.
    export: u32,
    /// The version of the database whose rows these are.
    database: usize,
    /// The version of the program that wrote it.
    program: String,
    /// When, in RFC 3339.
    created: String,
    /// The number of the room that was asked for; else all is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    room: Option<i32>,
}

/// Some bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Piece {
    room: i32,
    stored: String,
    /// The bytes, in base64.
    data: String,
    /// Of the whole file, in hexadecimal digits; in its last piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

/// The last line: how many of each there were.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct End {
    rows: BTreeMap<String, u64>,
    files: u64,
}
