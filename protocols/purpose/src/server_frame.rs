//! Frames that servers send.

use crate::body::Body;
use crate::error::BadBody;
use crate::notification::Notification;
use crate::purpose::Purpose;
use crate::revision::Revision;
use crate::text::Text;
use crate::value::FieldText;
use crate::writer::FrameWriter;
use bytes::{Bytes, BytesMut};
use std::fmt;

/// A frame that a server sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFrame<T = Text> {
    /// Of an answer the client's number for its request, else the server's own. The two
    /// number independently: PROTOCOL.md 2.3.
    pub task: u8,
    /// What it says: its purpose and body.
    pub body: ServerBody<T>,
}

/// What a server's frame says.
#[derive(Clone, PartialEq, Eq)]
pub enum ServerBody<T = Text> {
    /// The request of the same task id was carried out. Holds the content, which
    /// [`Answer::read`](crate::Answer::read) reads and [`Answer::write`](crate::Answer::write) writes.
    Accepted(Bytes),
    /// It was not. Holds the reason, which may be empty.
    Declined(T),
    /// Are you there? Holds the body for the ACCEPTED: empty, or one text with its NUL.
    Heartbeat(Bytes),
    /// The server wants to close.
    Disconnect,
    /// What the server tells.
    Notification(Notification<T>),
}

/// The content of an ACCEPTED may be a session's hash: only its length is shown.
impl<T: fmt::Debug> fmt::Debug for ServerBody<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted(content) => write!(f, "Accepted({} bytes)", content.len()),
            Self::Declined(reason) => f.debug_tuple("Declined").field(reason).finish(),
            Self::Heartbeat(body) => f.debug_tuple("Heartbeat").field(body).finish(),
            Self::Disconnect => f.write_str("Disconnect"),
            Self::Notification(told) => f.debug_tuple("Notification").field(told).finish(),
        }
    }
}

impl<T: FieldText> ServerFrame<T> {
    /// Writes the frame. Returns whether it did: nothing is written when the revision lacks the notification.
    #[must_use]
    pub fn write(&self, revision: Revision, out: &mut BytesMut) -> bool {
        let Some(byte) = self.body.purpose().byte(revision) else {
            return false;
        };
        let mut frame = FrameWriter::begin(byte, self.task, out);
        match &self.body {
            ServerBody::Accepted(bytes) | ServerBody::Heartbeat(bytes) => {
                frame.raw(bytes);
            }
            ServerBody::Declined(reason) => {
                frame.text(reason);
            }
            ServerBody::Disconnect => {}
            ServerBody::Notification(told) => told.write_body(revision, &mut frame),
        }
        frame.finish();
        true
    }
}

impl<T> ServerBody<T> {
    /// What the frame is for.
    pub fn purpose(&self) -> Purpose {
        match self {
            Self::Accepted(_) => Purpose::Accepted,
            Self::Declined(_) => Purpose::Declined,
            Self::Heartbeat(_) => Purpose::Heartbeat,
            Self::Disconnect => Purpose::Disconnect,
            Self::Notification(told) => Purpose::Notification(told.kind()),
        }
    }
}

impl ServerBody {
    /// Reads the body of a purpose; `None` when it is a client's.
    pub(crate) fn read(
        purpose: Purpose,
        revision: Revision,
        body: Bytes,
    ) -> Option<Result<Self, BadBody>> {
        let mut body = Body::new(body);
        let read = match purpose {
            Purpose::Accepted => Ok(Self::Accepted(body.rest())),
            Purpose::Declined => body.reason().map(Self::Declined),
            Purpose::Heartbeat => body.heartbeat().map(Self::Heartbeat),
            Purpose::Disconnect => Ok(Self::Disconnect),
            Purpose::Notification(kind) => {
                Notification::read(kind, revision, &mut body).map(Self::Notification)
            }
            Purpose::Request(_) => return None,
        };
        Some(read.and_then(|read| body.end(read)))
    }
}
