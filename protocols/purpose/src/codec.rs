//! The two ends of the wire as `tokio_util` codecs.

use crate::client_frame::{ClientBody, ClientFrame};
use crate::error::{BadFrame, DecodeError};
use crate::framing::{Framing, Piece};
use crate::purpose::Purpose;
use crate::revision::Revision;
use crate::server_frame::{ServerBody, ServerFrame};
use crate::value::FieldText;
use bytes::BytesMut;
use std::io;
use tokio_util::codec::{Decoder, Encoder};

/// Each entry: which end it is; `Codec: Frame by function`, the frame that it reads and what reads it from a piece.
macro_rules! codecs {
    ($($(#[doc = $doc:literal])* $codec:ident: $read:ident by $reader:ident;)*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Debug)]
            pub struct $codec {
                revision: Revision,
                framing: Framing,
            }

            impl $codec {
                /// A codec that takes bodies of at most `frame_bytes` bytes; 0 is no limit.
                /// [`limits::FRAME_BYTES`](crate::limits::FRAME_BYTES) is the default of servers, whose own answers may be
                /// longer: a history is up to [`limits::HISTORY_BYTES`](crate::limits::HISTORY_BYTES).
                pub fn new(revision: Revision, frame_bytes: usize) -> Self {
                    let framing = Framing::new(frame_bytes);
                    Self { revision, framing }
                }

                /// The table of purposes that this codec reads and writes.
                pub fn revision(&self) -> Revision {
                    self.revision
                }
            }

            impl Decoder for $codec {
                type Item = Result<$read, BadFrame>;
                type Error = DecodeError;

                fn decode(
                    &mut self,
                    input: &mut BytesMut,
                ) -> Result<Option<Self::Item>, DecodeError> {
                    let piece = self.framing.next(input)?;
                    Ok(piece.map(|piece| $reader(piece, self.revision)))
                }

                fn decode_eof(
                    &mut self,
                    input: &mut BytesMut,
                ) -> Result<Option<Self::Item>, DecodeError> {
                    let piece = self.framing.last(input)?;
                    Ok(piece.map(|piece| $reader(piece, self.revision)))
                }
            }
        )*
    };
}

codecs! {
    /// The server's end: decodes what clients say, encodes what the server says.
    ///
    /// - Frames may be glued together and be cut anywhere. What comes out does not depend on the cuts.
    /// - An item is `Err` for a frame that cannot be carried out: answer it with DECLINED and read on, unless it
    ///   [is an answer](BadFrame::is_answer) or [closes](BadFrame::closes). A [`DecodeError`] is the end of the stream.
    /// - A frame that is too large is refused as soon as its header is there. Its body is dropped as it arrives.
    /// - `decode` reserves nothing: a header that announces 4 GiB costs six bytes.
    /// - Where the stream ends inside a frame, that is [`DecodeError::Unfinished`].
    ServerCodec: ClientFrame by client_frame;

    /// The client's end: decodes what a server says, encodes what the client says.
    ///
    /// It cuts the stream as [`ServerCodec`] does. An item is `Err` for a frame that cannot be understood.
    ClientCodec: ServerFrame by server_frame;
}

fn client_frame(piece: Piece, revision: Revision) -> Result<ClientFrame, BadFrame> {
    let byte = piece.header.purpose;
    let purpose = Purpose::to_server(revision, byte);
    let other = Purpose::to_client(revision, byte);
    let task = piece.header.task;
    let body = piece.read(revision, purpose, other, ClientBody::read)?;
    Ok(ClientFrame { task, body })
}

fn server_frame(piece: Piece, revision: Revision) -> Result<ServerFrame, BadFrame> {
    let byte = piece.header.purpose;
    let purpose = Purpose::to_client(revision, byte);
    let other = Purpose::to_server(revision, byte);
    let task = piece.header.task;
    let body = piece.read(revision, purpose, other, |purpose, body| {
        ServerBody::read(purpose, revision, body)
    })?;
    Ok(ServerFrame { task, body })
}

impl<T: FieldText> Encoder<&ServerFrame<T>> for ServerCodec {
    type Error = io::Error;

    /// As [`ServerFrame::write`]; fails, having written nothing, when the revision lacks the notification.
    fn encode(&mut self, frame: &ServerFrame<T>, output: &mut BytesMut) -> io::Result<()> {
        written(frame.write(self.revision, output), self.revision)
    }
}

impl<T: FieldText> Encoder<ServerFrame<T>> for ServerCodec {
    type Error = io::Error;

    /// As [`ServerFrame::write`]; fails, having written nothing, when the revision lacks the notification.
    fn encode(&mut self, frame: ServerFrame<T>, output: &mut BytesMut) -> io::Result<()> {
        self.encode(&frame, output)
    }
}

impl Encoder<&ClientFrame> for ClientCodec {
    type Error = io::Error;

    /// As [`ClientFrame::write`]; fails, having written nothing, when the revision lacks the request.
    fn encode(&mut self, frame: &ClientFrame, output: &mut BytesMut) -> io::Result<()> {
        written(frame.write(self.revision, output), self.revision)
    }
}

impl Encoder<ClientFrame> for ClientCodec {
    type Error = io::Error;

    /// As [`ClientFrame::write`]; fails, having written nothing, when the revision lacks the request.
    fn encode(&mut self, frame: ClientFrame, output: &mut BytesMut) -> io::Result<()> {
        self.encode(&frame, output)
    }
}

fn written(was_written: bool, revision: Revision) -> io::Result<()> {
    if was_written {
        return Ok(());
    }
    let reason = format!("revision {revision} has no such purpose");
    Err(io::Error::new(io::ErrorKind::Unsupported, reason))
}
