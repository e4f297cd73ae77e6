//! The two ends of the wire as `tokio_util` codecs.

use crate::client_frame::ClientFrame;
use crate::error::{BadFrame, DecodeError};
use crate::fields::Fields;
use crate::flavor::Flavor;
use crate::framing::{Framing, Piece};
use crate::request::Request;
use crate::server::ServerFrame;
use bytes::BytesMut;
use std::io;
use tokio_util::codec::{Decoder, Encoder};

/// The server's end: reads what clients say, writes what servers say.
///
/// - A frame is a line that ends with `\n` or `\r\n`; blank lines are ignored. Where the stream ends, what is
///   there is a line too. What comes out does not depend on how the network cuts the stream.
/// - An item is `Err` for a frame that cannot be understood: answer it and read on. A [`DecodeError`] is the end of
///   the stream.
/// - `decode` takes nothing from `input` but the frame that it gives, so that raw bytes may follow at once, and
///   looks at each byte of an unfinished line once; it fails as soon as `input` holds one byte more of it than
///   allowed.
#[derive(Debug)]
pub struct ServerCodec {
    framing: Framing,
    flavor: Flavor,
}

impl ServerCodec {
    /// A codec that writes in `flavor` and reads lines of at most `frame_bytes` bytes
    /// ([`limits::FRAME_BYTES`](crate::limits::FRAME_BYTES) is the default), counted without the `\n`.
    pub fn new(flavor: Flavor, frame_bytes: usize) -> Self {
        let framing = Framing::new(frame_bytes);
        Self { framing, flavor }
    }

    /// The same, with at most `levels` objects and arrays open at once instead of
    /// [`limits::NESTING`](crate::limits::NESTING); the frame itself is the first.
    pub fn with_nesting(mut self, levels: usize) -> Self {
        self.framing.nesting = levels;
        self
    }

    /// From here on the stream holds `size` raw bytes, which are given as [`ClientFrame::Raw`] in pieces of at most
    /// [`limits::RAW_BYTES`](crate::limits::RAW_BYTES), then lines again.
    ///
    /// To be called between a [`Request::Upload`] and the next `decode`: PROTOCOL.md 8.2. With 0 nothing changes, and no
    /// `Raw` comes. What the stream lacks at its end is [`raw_left`](Self::raw_left).
    pub fn expect_raw(&mut self, size: u64) {
        self.framing.expect_raw(size);
    }

    /// How many raw bytes are still to come.
    pub fn raw_left(&self) -> u64 {
        self.framing.raw_left()
    }

    /// The spelling that this codec writes.
    pub fn flavor(&self) -> Flavor {
        self.flavor
    }

    fn read(&self, piece: Option<Piece>) -> Result<Option<<Self as Decoder>::Item>, DecodeError> {
        match piece {
            None => Ok(None),
            Some(Piece::Raw(bytes)) => Ok(Some(Ok(ClientFrame::Raw(bytes)))),
            Some(Piece::Line(line)) => {
                let fields = Fields::of_line(&line, self.framing.nesting)?;
                Ok(Some(Request::read(fields).map(ClientFrame::Request)))
            }
        }
    }
}

impl Decoder for ServerCodec {
    type Item = Result<ClientFrame, BadFrame>;
    type Error = DecodeError;

    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Self::Item>, DecodeError> {
        let piece = self.framing.next(input)?;
        self.read(piece)
    }

    fn decode_eof(&mut self, input: &mut BytesMut) -> Result<Option<Self::Item>, DecodeError> {
        let piece = self.framing.last(input)?;
        self.read(piece)
    }
}

/// Never fails; see [`ServerFrame::write`].
impl Encoder<&ServerFrame<'_>> for ServerCodec {
    type Error = io::Error;

    fn encode(&mut self, frame: &ServerFrame<'_>, output: &mut BytesMut) -> io::Result<()> {
        frame.write(self.flavor, output);
        Ok(())
    }
}

/// Never fails; see [`ServerFrame::write`].
impl Encoder<ServerFrame<'_>> for ServerCodec {
    type Error = io::Error;

    fn encode(&mut self, frame: ServerFrame<'_>, output: &mut BytesMut) -> io::Result<()> {
        self.encode(&frame, output)
    }
}

/// The client's end: reads what servers say, and writes what clients say.
///
/// It cuts the stream as [`ServerCodec`] does, and reads one [`Flavor`] only: where the two differ, a server of the
/// other one is not understood. What servers add to the document (PROTOCOL.md 3.4) may be absent.
#[derive(Debug)]
pub struct ClientCodec {
    framing: Framing,
    flavor: Flavor,
}

impl ClientCodec {
    /// A codec that reads `flavor`, lines of at most `frame_bytes` bytes without the `\n`. A server's lists may be
    /// long: a page of history holds hundreds of messages.
    pub fn new(flavor: Flavor, frame_bytes: usize) -> Self {
        let framing = Framing::new(frame_bytes);
        Self { framing, flavor }
    }

    /// The same, with at most `levels` objects and arrays open at once instead of
    /// [`limits::NESTING`](crate::limits::NESTING); the frame itself is the first.
    pub fn with_nesting(mut self, levels: usize) -> Self {
        self.framing.nesting = levels;
        self
    }

    /// From here on the stream holds `size` raw bytes, given as [`ServerFrame::Raw`]; see
    /// [`ServerCodec::expect_raw`]. To be called when [`ServerFrame::Download`] came: PROTOCOL.md 8.4.
    pub fn expect_raw(&mut self, size: u64) {
        self.framing.expect_raw(size);
    }

    /// How many raw bytes are still to come.
    pub fn raw_left(&self) -> u64 {
        self.framing.raw_left()
    }

    fn read(&self, piece: Option<Piece>) -> Result<Option<<Self as Decoder>::Item>, DecodeError> {
        match piece {
            None => Ok(None),
            Some(Piece::Raw(bytes)) => Ok(Some(Ok(ServerFrame::Raw(bytes)))),
            Some(Piece::Line(line)) => {
                let fields = Fields::of_line(&line, self.framing.nesting)?;
                Ok(Some(ServerFrame::read(fields, self.flavor)))
            }
        }
    }
}

impl Decoder for ClientCodec {
    type Item = Result<ServerFrame<'static>, BadFrame>;
    type Error = DecodeError;

    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Self::Item>, DecodeError> {
        let piece = self.framing.next(input)?;
        self.read(piece)
    }

    fn decode_eof(&mut self, input: &mut BytesMut) -> Result<Option<Self::Item>, DecodeError> {
        let piece = self.framing.last(input)?;
        self.read(piece)
    }
}

/// Never fails; see [`ClientFrame::write`].
impl Encoder<&ClientFrame> for ClientCodec {
    type Error = io::Error;

    fn encode(&mut self, frame: &ClientFrame, output: &mut BytesMut) -> io::Result<()> {
        frame.write(output);
        Ok(())
    }
}

/// Never fails; see [`ClientFrame::write`].
impl Encoder<ClientFrame> for ClientCodec {
    type Error = io::Error;

    fn encode(&mut self, frame: ClientFrame, output: &mut BytesMut) -> io::Result<()> {
        self.encode(&frame, output)
    }
}
