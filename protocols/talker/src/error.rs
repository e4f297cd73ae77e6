//! What can be wrong with what arrives: [`DecodeError`] ends the connection, [`BadFrame`] only one event.

use crate::kind::EventKind;
use std::fmt;

/// The stream cannot be read any further.
///
/// The server says why and closes: PROTOCOL.md 1.3 and 1.4. The `Display` of each variant is the `message` of that error.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The transport failed. A codec never makes this one; `Framed` does.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Not JSON, not an object, not UTF-8, or a stream that ended inside an event.
    #[error("Invalid JSON")]
    InvalidJson,
    /// The `type` is none that this end reads. Holds the `type` as it came, shortened; a `type` that is no
    /// string as its JSON text; `(none)` where there is none.
    #[error("Unknown event type: {0}")]
    UnknownType(String),
    /// The event has more than `limit` bytes from its `{` to its `}`.
    #[error("Event is longer than {limit} bytes")]
    TooLong {
        /// The greatest length in bytes that is accepted.
        limit: usize,
    },
    /// More than `limit` objects and arrays stand open at once.
    #[error("Event is nested deeper than {limit} levels")]
    TooDeep {
        /// The greatest depth that is accepted, the event itself counted.
        limit: usize,
    },
    /// A server's event of a known type lacks a field. Only [`ClientCodec`](crate::ClientCodec) says so;
    /// [`ServerCodec`](crate::ServerCodec) gives the [`BadFrame`] as an item.
    #[error("{0}")]
    BadFrame(#[from] BadFrame),
}

/// One event of a known type cannot be understood; those after it can.
///
/// Answer with an `error` event whose `message` is this `Display`, and read on: PROTOCOL.md 2.2.
///
/// ```
/// use tolmach_talker::{BadFrame, EventKind, Reason};
///
/// let bad = BadFrame { event: EventKind::Message, field: "content", reason: Reason::Missing("a text") };
/// assert_eq!(bad.to_string(), "message: `content` is missing, it must be a text");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{event}: `{field}` {reason}")]
pub struct BadFrame {
    /// The type of the event that is wrong.
    pub event: EventKind,
    /// The name of the first field that is wrong.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a field. Each variant holds what would be right, as in "it must be …".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The field is not there, or `null`.
    Missing(&'static str),
    /// The field is there, but something else.
    Wrong(&'static str),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(right) => write!(f, "is missing, it must be {right}"),
            Self::Wrong(right) => write!(f, "must be {right}"),
        }
    }
}
