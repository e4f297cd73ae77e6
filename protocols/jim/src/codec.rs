//! The codecs of both ends: bytes into frames and back.

use crate::client_frame::{ClientFrame, ClientRequest};
use crate::compat;
use crate::document;
use crate::error::{BadFrame, DecodeError};
use crate::server_frame::ServerFrame;
use crate::spelling::{Flavor, Mirror};
use crate::splitter::{Piece, Splitter};
use bytes::{Buf, BytesMut};
use std::borrow::Borrow;
use std::io;
use tokio_util::codec::{Decoder, Encoder};

/// The server's end: decodes what clients say, encodes what the server says.
///
/// An item is `Err` where one frame cannot be carried out: it is to be answered with 400 and the error's text,
/// and the stream goes on. One codec belongs to one stream, as it remembers how far it has looked.
#[derive(Debug, Default)]
pub struct ServerCodec {
    splitter: Splitter,
    flavor: Flavor,
    /// How the client spells messages, as far as it has shown.
    mirror: Mirror,
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
    /// A codec for a new stream of a client that keeps to the document.
    pub fn new() -> Self {
        Self::default()
    }

    /// A codec for a new stream of one of these clients. In [`Flavor::Compat`] it writes messages as the client spells its own.
    ///
    /// ```
    /// use bytes::BytesMut;
    /// use tokio_util::codec::Decoder;
    /// use tolmach_jim::{ClientFrame, Flavor, ServerCodec, TextKey};
    ///
    /// let mut codec = ServerCodec::of(Flavor::Compat);
    /// let mut wire = BytesMut::from(r#"{"action":"message","sender":"anna","mess_text":"hi"}"#);
    /// let Some(Ok(ClientFrame::CompatMsg(msg))) = codec.decode(&mut wire)? else { panic!() };
    /// assert_eq!((msg.from.as_deref(), msg.to, msg.message.as_str()), (Some("anna"), None, "hi"));
    /// assert_eq!((msg.spelling.message, msg.spelling.text), (true, TextKey::MessText));
    /// # Ok::<(), tolmach_jim::DecodeError>(())
    /// ```
    pub fn of(flavor: Flavor) -> Self {
        Self {
            flavor,
            ..Self::default()
        }
    }

    /// Where the stream comes in messages, as over WebSocket, one ended here: `decode` took all that it could. What is no
    /// object ends with it; an object may go on in the next one.
    pub fn end_message(&mut self, src: &mut BytesMut) -> Option<Result<ClientFrame, BadFrame>> {
        let piece = self.splitter.end_message()?;
        Some(self.read(piece, src))
    }

    fn read(&mut self, piece: Piece, src: &mut BytesMut) -> Result<ClientFrame, BadFrame> {
        let read = match self.flavor {
            Flavor::Document => document::read_client_frame,
            Flavor::Compat => compat::read_client_frame,
        };
        let frame = frame(&mut self.splitter, piece, src, read);
        if let Ok(frame) = &frame {
            self.mirror.hear(frame);
        }
        frame
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
        Ok(piece.map(|piece| self.read(piece, src)))
    }

    /// What is unended at the end of the stream is one [`BadFrame`].
    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, DecodeError> {
        let piece = self.splitter.finish(src)?;
        Ok(piece.map(|piece| self.read(piece, src)))
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
    read: fn(&mut [u8]) -> Result<T, BadFrame>,
) -> Result<T, BadFrame> {
    let length = match piece {
        Piece::Run => return Err(BadFrame::NotAnObject),
        Piece::Unfinished => return Err(BadFrame::Unfinished),
        Piece::Object(length) => length,
    };
    let frame = read(&mut src[..length]);
    src.advance(length);
    if frame.as_ref().err().is_none_or(BadFrame::was_json) {
        splitter.good();
    }
    frame
}

/// As [`ServerFrame::write`], in [`Flavor::Compat`] as [`ServerFrame::write_compat`]; never fails.
impl<F: Borrow<ServerFrame>> Encoder<F> for ServerCodec {
    type Error = io::Error;

    fn encode(&mut self, frame: F, dst: &mut BytesMut) -> io::Result<()> {
        match self.flavor {
            Flavor::Document => frame.borrow().write(dst),
            Flavor::Compat => frame.borrow().write_compat(self.mirror.spelling(), dst),
        }
        Ok(())
    }
}

/// As [`ClientRequest::write`]; never fails.
impl<R: Borrow<ClientRequest>> Encoder<R> for ClientCodec {
    type Error = io::Error;

    fn encode(&mut self, request: R, dst: &mut BytesMut) -> io::Result<()> {
        request.borrow().write(dst);
        Ok(())
    }
}
