//! The frames of a client.

use crate::request::Request;
use bytes::{Bytes, BytesMut};

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientFrame {
    /// What it asks, by a line of JSON.
    Request(Request),
    /// A piece of an upload, no frame at all: some of the raw bytes that
    /// [`ServerCodec::expect_raw`](crate::ServerCodec::expect_raw) announced.
    Raw(Bytes),
}

impl ClientFrame {
    /// Appends the request, or the raw bytes as they are, to `out`. Never fails.
    pub fn write(&self, out: &mut BytesMut) {
        match self {
            Self::Request(request) => request.write(out),
            Self::Raw(bytes) => out.extend_from_slice(bytes),
        }
    }
}

impl From<Request> for ClientFrame {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}
