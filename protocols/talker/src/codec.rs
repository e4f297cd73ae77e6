//! The two ends of the wire as `tokio_util` codecs.

use crate::client_frame::ClientFrame;
use crate::error::{BadFrame, DecodeError};
use crate::flavor::Flavor;
use crate::framing::Framing;
use crate::server::ServerFrame;
use bytes::BytesMut;
use std::borrow::Borrow;
use std::io;
use tokio_util::codec::{Decoder, Encoder};

/// The server's end: reads what clients say, writes what servers say.
///
/// - Objects may be glued together, end with `\n`, `\r\n` or nothing, and be cut anywhere; white space between
///   them is ignored. What comes out does not depend on the cuts.
/// - An item is `Err` for an event of a known type that lacks something: answer it and read on. An
///   [`DecodeError`] is the end of the stream.
/// - Where the stream ends, an object that is whole is given, and one that is not is [`DecodeError::InvalidJson`].
/// - `decode` buffers nothing itself and looks at each byte once; it fails as soon as `input` holds one byte more
///   of an unfinished event than allowed.
#[derive(Debug)]
pub struct ServerCodec {
    framing: Framing,
    flavor: Flavor,
}

impl ServerCodec {
    /// A codec that reads events of at most `max_frame_bytes` bytes ([`limits::FRAME_BYTES`] is the page's
    /// default), counted from `{` to `}`, and writes in `flavor`.
    ///
    /// [`limits::FRAME_BYTES`]: crate::limits::FRAME_BYTES
    pub fn new(max_frame_bytes: usize, flavor: Flavor) -> Self {
        Self {
            framing: Framing::new(max_frame_bytes),
            flavor,
        }
    }

    /// The same, fresh, with at most `levels` objects and arrays open at once instead of
    /// [`limits::NESTING`](crate::limits::NESTING); the event itself is the first.
    pub fn with_nesting(self, levels: usize) -> Self {
        Self {
            framing: self.framing.with_nesting(levels),
            ..self
        }
    }

    /// The spelling that this codec writes.
    pub fn flavor(&self) -> Flavor {
        self.flavor
    }
}

impl Decoder for ServerCodec {
    type Item = Result<ClientFrame, BadFrame>;
    type Error = DecodeError;

    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Self::Item>, DecodeError> {
        self.framing.next(input, ClientFrame::read)
    }

    fn decode_eof(&mut self, input: &mut BytesMut) -> Result<Option<Self::Item>, DecodeError> {
        self.framing.last(input, ClientFrame::read)
    }
}

/// Never fails; see [`ServerFrame::write`].
impl<F: Borrow<ServerFrame>> Encoder<F> for ServerCodec {
    type Error = io::Error;

    fn encode(&mut self, frame: F, output: &mut BytesMut) -> io::Result<()> {
        frame.borrow().write(self.flavor, output);
        Ok(())
    }
}

/// The client's end: reads what servers say, in both [`Flavor`]s, and writes what clients say.
///
/// It cuts the stream as [`ServerCodec`] does. A server's event that lacks a field is an error.
#[derive(Debug)]
pub struct ClientCodec {
    framing: Framing,
}

impl ClientCodec {
    /// A codec that reads events of at most `max_frame_bytes` bytes, counted from `{` to `}`. A server's `users`
    /// may be long: it grows with the room.
    pub fn new(max_frame_bytes: usize) -> Self {
        Self {
            framing: Framing::new(max_frame_bytes),
        }
    }

    /// The same, fresh, with at most `levels` objects and arrays open at once instead of
    /// [`limits::NESTING`](crate::limits::NESTING); the event itself is the first.
    pub fn with_nesting(self, levels: usize) -> Self {
        Self {
            framing: self.framing.with_nesting(levels),
        }
    }
}

impl Decoder for ClientCodec {
    type Item = ServerFrame;
    type Error = DecodeError;

    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<ServerFrame>, DecodeError> {
        self.framing.next(input, ServerFrame::read)
    }

    fn decode_eof(&mut self, input: &mut BytesMut) -> Result<Option<ServerFrame>, DecodeError> {
        self.framing.last(input, ServerFrame::read)
    }
}

/// Never fails; see [`ClientFrame::write`].
impl<F: Borrow<ClientFrame>> Encoder<F> for ClientCodec {
    type Error = io::Error;

    fn encode(&mut self, frame: F, output: &mut BytesMut) -> io::Result<()> {
        frame.borrow().write(output);
        Ok(())
    }
}
