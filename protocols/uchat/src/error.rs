//! What can be wrong with what arrives: [`DecodeError`] ends the connection, [`BadFrame`] only one frame.

use crate::request_type::RequestType;
use std::fmt;

/// The stream cannot be read any further.
///
/// It is answered by RQ_ERROR_MSG and a close: PROTOCOL.md 1.2. The `Display` of each variant is
/// fit to be the `msg` of it; it shows nothing of what came.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The transport failed. A codec never makes this one; `Framed` does.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The line is no JSON object, or not UTF-8; or the stream ended inside one.
    #[error("the line is not a JSON object")]
    InvalidJson,
    /// The line has more than `limit` bytes before its `\n`.
    #[error("the line is longer than {limit} bytes")]
    TooLong {
        /// The greatest length in bytes that is accepted.
        limit: usize,
    },
    /// More than `limit` objects and arrays stand open at once.
    #[error("the line is nested deeper than {limit} levels")]
    TooDeep {
        /// The greatest depth that is accepted, the frame itself counted.
        limit: usize,
    },
}

/// One frame cannot be understood; those after it can.
///
/// It is answered by an RQ_ERROR_MSG that names the member, and the connection goes on: PROTOCOL.md 1.3. The
/// `Display` is fit to be its `msg`; it shows nothing of what came but the number of an unknown type.
///
/// ```
/// use tolmach_uchat::{BadFrame, Reason, RequestType};
///
/// let request = Some(RequestType::JoinRoom);
/// let bad = BadFrame { request, field: "room_id", reason: Reason::Missing("a number") };
/// assert_eq!(bad.to_string(), "RQ_JOIN_ROOM: `room_id` is missing, it must be a number");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFrame {
    /// The frame's type, where it could be told.
    pub request: Option<RequestType>,
    /// The name of the first field that is wrong.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: Reason,
}

impl fmt::Display for BadFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(request) = self.request {
            write!(f, "{request}: ")?;
        }
        write!(f, "`{}` {}", self.field, self.reason)
    }
}

impl std::error::Error for BadFrame {}

/// What is wrong with a field. The texts say what would be right, as in "it must be …".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The field is not there, or `null`.
    Missing(&'static str),
    /// The field is there, but something else.
    Wrong(&'static str),
    /// A `type` that this end does not read.
    UnknownType(i64),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(right) => write!(f, "is missing, it must be {right}"),
            Self::Wrong(right) => write!(f, "must be {right}"),
            Self::UnknownType(number) => write!(f, "{number} is unknown here"),
        }
    }
}
