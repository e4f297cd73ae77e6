//! What can be wrong with bytes: a frame that is answered and skipped, or a boundary that is lost.

use crate::limits::SKIPPED_BYTES;
use crate::purpose::{ACCEPTED, DECLINED};
use std::{fmt, io};

/// A frame that cannot be carried out. The stream goes on with the next one, unless it [closes](Self::closes).
///
/// A server answers it with DECLINED and this `Display`, unless it [is an answer](Self::is_answer) itself. The
/// text names the purpose, the field and what is wrong with it; it holds nothing of what the field contained.
///
/// ```
/// use bytes::BytesMut;
/// use tokio_util::codec::Decoder;
/// use tolmach_purpose::{Revision, ServerCodec, limits};
///
/// let mut codec = ServerCodec::new(Revision::Two, limits::FRAME_BYTES);
/// let mut wire = BytesMut::from(&b"\x06\0\0\0\x21\x07anna\0x"[..]);
/// let bad = codec.decode(&mut wire)?.expect("a whole frame").expect_err("a bad one");
/// assert_eq!(bad.to_string(), "LOGIN: password: no NUL at the end");
/// assert_eq!(bad.task, 7);
/// # Ok::<(), tolmach_purpose::DecodeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFrame {
    /// The frame's task id.
    pub task: u8,
    /// The frame's purpose byte.
    pub purpose: u8,
    /// The purpose's name in PROTOCOL.md; none when this end does not take it.
    pub name: Option<&'static str>,
    /// What is wrong with the frame.
    pub reason: Reason,
}

impl BadFrame {
    /// Whether the frame is an ACCEPTED or DECLINED: there is nobody to answer, it is to be ignored.
    pub fn is_answer(&self) -> bool {
        matches!(self.purpose, ACCEPTED | DECLINED)
    }

    /// Whether the stream ends with this frame: its body is too long even to be skipped, and the next call of
    /// `decode` is [`DecodeError::TooLong`].
    pub fn closes(&self) -> bool {
        matches!(self.reason, Reason::TooLarge { bytes, .. } if !is_skipped(bytes))
    }
}

/// Whether a body of this length is skipped when it is too large to be taken.
pub(crate) fn is_skipped(bytes: u32) -> bool {
    bytes as usize <= SKIPPED_BYTES
}

impl fmt::Display for BadFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::TooLarge { bytes, limit } => write!(
                f,
                "frame too large: a body of {bytes} bytes, at most {limit} are taken"
            ),
            Reason::Unknown => write!(f, "unknown purpose 0x{:02X}", self.purpose),
            Reason::Misdirected(name) => write!(
                f,
                "0x{:02X} ({name}) is a purpose of the other side",
                self.purpose
            ),
            Reason::Body(bad) => match self.name {
                Some(name) => write!(f, "{name}: {bad}"),
                None => bad.fmt(f),
            },
        }
    }
}

impl std::error::Error for BadFrame {}

/// Why a [`BadFrame`] is bad.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The body is longer than the codec takes. It is skipped, or the stream [closes](BadFrame::closes).
    TooLarge {
        /// The body's length by the header.
        bytes: u32,
        /// The longest body that is taken.
        limit: usize,
    },
    /// The revision has no such purpose.
    Unknown,
    /// It is a purpose, but this end of the wire is the one that sends it. Holds its name.
    Misdirected(&'static str),
    /// The body is not what the purpose asks for.
    Body(BadBody),
}

/// A body that is not what its purpose asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadBody {
    /// Which element it is, counted from 1, when the field belongs to one of a list up to the end.
    pub item: Option<usize>,
    /// The name of the first field that is wrong; for [`Problem::LeftOver`] the last one that was read, empty
    /// when the body should have been.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: Problem,
}

impl fmt::Display for BadBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Problem::LeftOver(bytes) = self.problem {
            let s = if bytes == 1 { "" } else { "s" };
            return match self.field {
                "" => write!(
                    f,
                    "{bytes} byte{s} left over in a body that should be empty"
                ),
                field => write!(f, "{bytes} byte{s} left over after {field}"),
            };
        }
        if let Some(item) = self.item {
            write!(f, "item {item}: ")?;
        }
        write!(f, "{}: {}", self.field, self.problem)
    }
}

impl std::error::Error for BadBody {}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The body ends inside the field, or before it.
    #[error("{have} of {need} bytes")]
    Short {
        /// The bytes that are there.
        have: usize,
        /// The bytes that the field has.
        need: usize,
    },
    /// A text has no NUL at its end: PROTOCOL.md 2.2.
    #[error("no NUL at the end")]
    NoNul,
    /// The text is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// A bool has this value.
    #[error("{0} is neither 0 nor 1")]
    NotBool(u8),
    /// A message's status has this value.
    #[error("{0} is none of 0 (sent), 1 (seen), 2 (deleted)")]
    NotStatus(u8),
    /// So many bytes follow the last field.
    #[error("{0} bytes left over")]
    LeftOver(usize),
}

/// The boundary between frames is lost, or the stream ended inside a frame: nothing more can be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The transport failed. A codec never makes this one; `Framed` does.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The frame before, given as a [`BadFrame`], is longer than what is [skipped](SKIPPED_BYTES).
    #[error("a frame too large to be skipped: the connection is closed")]
    TooLong,
    /// The stream ended inside a frame.
    #[error("the stream ended inside a frame")]
    Unfinished,
}
