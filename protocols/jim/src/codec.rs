//! The codecs of both ends: bytes into frames and back.

use crate::client_frame::{ClientFrame, ClientRequest};
use crate::document;
use crate::error::{BadFrame, DecodeError};
use crate::server_frame::ServerFrame;
use crate::splitter::{Piece, Splitter};
use bytes::{Buf, BytesMut};
use std::io;
use tokio_util::codec::{Decoder, Encoder};

/// The server's end: decodes what clients say, encodes what the server says.
///
/// An item is `Err` where one frame cannot be carried out: it is to be answered with 400 and the error's text,
/// and the stream goes on. One codec belongs to one stream, as it remembers how far it has looked.
#[derive(Debug, Default)]
pub struct ServerCodec {
    splitter: Splitter,
}

/// The client's end: decodes what a server says, encodes what the client says.
///
/// It takes more than a server of this protocol sends: objects of any length up to
/// [`UNENDED_BYTES`](crate::limits::UNENDED_BYTES), names and texts of any length, a `time` that is missing or
/// fractional, a `response` in quotes.
#[derive(Debug, Default)]
pub struct ClientCodec {
    splitter: Splitter,
}

impl ServerCodec {
    /// A codec for a new stream.
    pub fn new() -> Self {
        Self::default()
    }
}

impl ClientCodec {
    /// A codec for a new stream.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Decoder for ServerCodec {
    type Item = Result<ClientFrame, BadFrame>;
    type Error = DecodeError;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, DecodeError> {
        let piece = self.splitter.next(src)?;
        Ok(piece.map(|piece| frame(&mut self.splitter, piece, src, document::read_client_frame)))
    }

    /// What is unended at the end of the stream is one [`BadFrame`].
    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, DecodeError> {
        let piece = self.splitter.finish(src)?;
        Ok(piece.map(|piece| frame(&mut self.splitter, piece, src, document::read_client_frame)))
    }
}

impl Decoder for ClientCodec {
    type Item = Result<ServerFrame, BadFrame>;
    type Error = DecodeError;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, DecodeError> {
        let piece = self.splitter.next(src)?;
        Ok(piece.map(|piece| frame(&mut self.splitter, piece, src, document::read_server_frame)))
    }

    /// What is unended at the end of the stream is one [`BadFrame`].
    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, DecodeError> {
        let piece = self.splitter.finish(src)?;
        Ok(piece.map(|piece| frame(&mut self.splitter, piece, src, document::read_server_frame)))
    }
}

/// The frame that a piece holds; an object is taken out of `src`.
fn frame<T>(
    splitter: &mut Splitter,
    piece: Piece,
    src: &mut BytesMut,
    read: fn(&[u8]) -> Result<T, BadFrame>,
) -> Result<T, BadFrame> {
    let length = match piece {
        Piece::Run => return Err(BadFrame::NotAnObject),
        Piece::Unfinished => return Err(BadFrame::Unfinished),
        Piece::Object(length) => length,
    };
    let frame = read(&src[..length]);
    src.advance(length);
    if frame.as_ref().err().is_none_or(BadFrame::was_json) {
        splitter.good();
    }
    frame
}

impl Encoder<&ServerFrame> for ServerCodec {
    type Error = io::Error;

    /// As [`ServerFrame::write`]; never fails.
    fn encode(&mut self, frame: &ServerFrame, dst: &mut BytesMut) -> io::Result<()> {
        frame.write(dst);
        Ok(())
    }
}

impl Encoder<ServerFrame> for ServerCodec {
    type Error = io::Error;

    /// As [`ServerFrame::write`]; never fails.
    fn encode(&mut self, frame: ServerFrame, dst: &mut BytesMut) -> io::Result<()> {
        self.encode(&frame, dst)
    }
}

impl Encoder<&ClientRequest> for ClientCodec {
    type Error = io::Error;

    /// As [`ClientRequest::write`]; never fails.
    fn encode(&mut self, request: &ClientRequest, dst: &mut BytesMut) -> io::Result<()> {
        request.write(dst);
        Ok(())
    }
}

impl Encoder<ClientRequest> for ClientCodec {
    type Error = io::Error;

    /// As [`ClientRequest::write`]; never fails.
    fn encode(&mut self, request: ClientRequest, dst: &mut BytesMut) -> io::Result<()> {
        self.encode(&request, dst)
    }
}
