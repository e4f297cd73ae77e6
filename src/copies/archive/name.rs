//! The names that parts can have; nothing in them leads anywhere else.

use std::fmt;
use std::str::FromStr;

use crate::files::is_stored_name;
use crate::model::RoomId;

/// Most characters of a name under `tls/`.
const TLS_CHARS: usize = 64;

/// What a part of an archive is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PartName {
    /// The file of the database.
    Database,
    /// The content of a file.
    File {
        /// In which room it was posted.
        room: RoomId,
        /// Under which name the file area holds it.
        stored: String,
    },
    /// A part of the gateway's own certificate, by its file's name.
    Tls(String),
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database => f.write_str("tolmach.db"),
            Self::File { room, stored } => write!(f, "files/{}/{stored}", room.0),
            Self::Tls(name) => write!(f, "tls/{name}"),
        }
    }
}

impl FromStr for PartName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "tolmach.db" {
            return Ok(Self::Database);
        }
        let name = match text.split_once('/') {
            Some(("tls", name)) if is_tls_name(name) => Self::Tls(name.to_owned()),
            Some(("files", rest)) => match rest.split_once('/') {
                Some((room, stored)) if is_stored_name(stored) => Self::File {
                    room: RoomId(room.parse().map_err(drop)?),
                    stored: stored.to_owned(),
                },
                _ => return Err(()),
            },
            _ => return Err(()),
        };
        // One name has one spelling: no sign, no zero in front.
        let is_exact = name.to_string() == text;
        let is_room = !matches!(name, Self::File { room, .. } if room.0 < 1);
        if is_exact && is_room {
            Ok(name)
        } else {
            Err(())
        }
    }
}

/// Whether a file of this name can be copied from the directory of the gateway's own certificate.
pub(in crate::copies) fn is_tls_name(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    (1..=TLS_CHARS).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(is_plain)
}
