//! What can be wrong with bytes: a frame that is answered and skipped, or a boundary that is lost.

use std::io;

/// A frame that cannot be carried out. It is answered with 400 and this error's text; the connection stays.
///
/// The text says which field is meant, what is wrong with it, and what would be right. It is short and
/// printable whatever the client sent, so that the answer keeps to the limits of the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadFrame {
    /// A run of bytes outside any object was skipped: PROTOCOL.md 1.5.
    #[error("this is not a JSON object: an object reaches from {{ to its }}")]
    NotAnObject,

    /// The stream ended inside an object.
    #[error("the stream ended inside an object")]
    Unfinished,

    /// The whole object is longer than [`OBJECT_CHARS`](crate::limits::OBJECT_CHARS).
    #[error("the object has {characters} characters, at most {limit} are allowed")]
    ObjectTooLong {
        /// Its length in characters, as the wire counts them.
        characters: usize,
        /// The most that is allowed.
        limit: usize,
    },

    /// What is between the braces is not JSON or not UTF-8.
    #[error("this is not valid JSON: {reason}")]
    NotJson {
        /// What is wrong, and where.
        reason: String,
    },

    /// A field that must be there is not.
    #[error("{field} is missing: {right}")]
    Missing {
        /// The field, with the object it is in: `user.account_name`.
        field: &'static str,
        /// What would be right.
        right: &'static str,
    },

    /// A field is of another JSON type than it should be.
    #[error("{field} is {found}: {right}")]
    WrongType {
        /// The field, with the object it is in.
        field: &'static str,
        /// What is there instead: "a number", "null".
        found: &'static str,
        /// What would be right.
        right: &'static str,
    },

    /// A field is longer than the wire allows.
    #[error("{field} has {characters} characters, at most {limit} are allowed")]
    TooLong {
        /// The field, with the object it is in.
        field: &'static str,
        /// Its length in characters, for a room's name without the `#`.
        characters: usize,
        /// The most that is allowed.
        limit: usize,
    },

    /// A room's name lacks the `#` in front.
    #[error("{field} does not begin with #: {right}")]
    NoHash {
        /// The field, as `room`.
        field: &'static str,
        /// What would be right.
        right: &'static str,
    },

    /// `action` is none that this end of the wire takes.
    #[error("action {action} is unknown: {right}")]
    UnknownAction {
        /// The action, at most 15 characters, control characters replaced.
        action: String,
        /// What would be right.
        right: &'static str,
    },

    /// `encoding` is neither ASCII nor UTF-8.
    #[error("encoding {encoding} is unknown: it must be \"ascii\" or \"utf-8\"")]
    UnknownEncoding {
        /// The encoding, at most 15 characters, control characters replaced.
        encoding: String,
    },

    /// `response` is not a code of three digits.
    #[error("response is not a code: it must be three digits, 100 to 999")]
    BadCode,
}

impl BadFrame {
    /// Whether the bytes were one whole JSON object all the same, so that the boundary is proven not lost.
    pub(crate) fn was_json(&self) -> bool {
        !matches!(
            self,
            Self::NotAnObject
                | Self::Unfinished
                | Self::ObjectTooLong { .. }
                | Self::NotJson { .. }
        )
    }
}

/// The boundary between frames is lost: nothing that follows can be understood.
///
/// The connection is to be closed. After [`Unended`](DecodeError::Unended) a 400 with this error's text comes
/// first; before [`TooManyBadRuns`](DecodeError::TooManyBadRuns) each run was already given as a [`BadFrame`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The transport failed. A codec never makes this one; `Framed` does.
    #[error(transparent)]
    Io(#[from] io::Error),

    /// An object, or a run that is none, did not end within [`UNENDED_BYTES`](crate::limits::UNENDED_BYTES).
    #[error("no end within {} KiB: the connection is closed", crate::limits::UNENDED_BYTES / 1024)]
    Unended,

    /// [`BAD_RUNS`](crate::limits::BAD_RUNS) runs that are no objects came in a row.
    #[error(
        "{} times in a row this was not a JSON object: the connection is closed",
        crate::limits::BAD_RUNS
    )]
    TooManyBadRuns,
}
