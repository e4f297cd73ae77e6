//! Frames that clients send.

use crate::body::Body;
use crate::error::BadBody;
use crate::purpose::Purpose;
use crate::request::Request;
use crate::revision::Revision;
use crate::text::Text;
use crate::writer::FrameWriter;
use bytes::{Bytes, BytesMut};

/// A frame that a client sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFrame {
    /// The client's number for its request; of an answer, the server's for its notification. The two
    /// number independently: PROTOCOL.md 2.3.
    pub task: u8,
    /// What it says: its purpose and body.
    pub body: ClientBody,
}

/// What a client's frame says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientBody {
    /// The notification or HEARTBEAT of the same task id was taken. Holds the content: the HEARTBEAT's bytes, else
    /// nothing.
    Accepted(Bytes),
    /// It was not. Holds the reason, which may be empty.
    Declined(Text),
    /// Are you there? Holds the body for the ACCEPTED: empty, or one text with its NUL.
    Heartbeat(Bytes),
    /// The client wants to close.
    Disconnect,
    /// What the client asks.
    Request(Request),
}

impl ClientFrame {
    /// Writes the frame. Returns whether it did: nothing is written when the revision lacks the request.
    #[must_use]
    pub fn write(&self, revision: Revision, out: &mut BytesMut) -> bool {
        let Some(byte) = self.body.purpose().byte(revision) else {
            return false;
        };
        let mut frame = FrameWriter::begin(byte, self.task, out);
        match &self.body {
            ClientBody::Accepted(bytes) | ClientBody::Heartbeat(bytes) => {
                frame.raw(bytes);
            }
            ClientBody::Declined(reason) => {
                frame.text(reason);
            }
            ClientBody::Disconnect => {}
            ClientBody::Request(request) => request.write_body(&mut frame),
        }
        frame.finish();
        true
    }
}

impl ClientBody {
    /// What the frame is for.
    pub fn purpose(&self) -> Purpose {
        match self {
            Self::Accepted(_) => Purpose::Accepted,
            Self::Declined(_) => Purpose::Declined,
            Self::Heartbeat(_) => Purpose::Heartbeat,
            Self::Disconnect => Purpose::Disconnect,
            Self::Request(request) => Purpose::Request(request.kind()),
        }
    }

    /// Reads the body of a purpose; `None` when it is a server's.
    pub(crate) fn read(purpose: Purpose, body: Bytes) -> Option<Result<Self, BadBody>> {
        let mut body = Body::new(body);
        let read = match purpose {
            Purpose::Accepted => Ok(Self::Accepted(body.rest())),
            Purpose::Declined => body.reason().map(Self::Declined),
            Purpose::Heartbeat => body.heartbeat().map(Self::Heartbeat),
            Purpose::Disconnect => Ok(Self::Disconnect),
            Purpose::Request(kind) => Request::read(kind, &mut body).map(Self::Request),
            Purpose::Notification(_) => return None,
        };
        Some(read.and_then(|read| body.end(read)))
    }
}
