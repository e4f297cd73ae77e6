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

/// Each entry: which end it is; `Codec: Frame by function`, the frame that it reads and what reads it from a line.
macro_rules! codecs {
    ($($(#[doc = $doc:literal])* $codec:ident: $read:ident $(<$life:lifetime>)? by $reader:ident;)*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Debug)]
            pub struct $codec {
                framing: Framing,
                flavor: Flavor,
            }

            impl $codec {
                /// A codec for this flavor that reads lines of at most `frame_bytes` bytes, counted without the `\n`
                /// ([`limits::FRAME_BYTES`](crate::limits::FRAME_BYTES) is the default of servers). A server's lists may
                /// be long: a page of history holds hundreds of messages.
                pub fn new(flavor: Flavor, frame_bytes: usize) -> Self {
                    let framing = Framing::new(frame_bytes);
                    Self { framing, flavor }
                }

                /// The same, with at most `levels` objects and arrays open at once instead of
                /// [`limits::NESTING`](crate::limits::NESTING); the frame itself is the first.
                pub fn with_nesting(mut self, levels: usize) -> Self {
                    self.framing.set_nesting(levels);
                    self
                }

                /// From here on the stream holds `size` raw bytes, which are given as `Raw` in pieces of at most
                /// [`limits::RAW_BYTES`](crate::limits::RAW_BYTES), then lines again: PROTOCOL.md 8.
                ///
                /// To be called between the frame that announces them, [`Request::Upload`] or [`ServerFrame::Download`],
                /// and the next `decode`. With 0 nothing changes, and no `Raw` comes. What the stream lacks at its end is
                /// [`raw_left`](Self::raw_left).
                pub fn expect_raw(&mut self, size: u64) {
                    self.framing.expect_raw(size);
                }

                /// How many raw bytes are still to come.
                pub fn raw_left(&self) -> u64 {
                    self.framing.raw_left()
                }

                /// The spelling of servers that this codec reads or writes.
                pub fn flavor(&self) -> Flavor {
                    self.flavor
                }

                /// Where the stream comes in messages, as over WebSocket, one ended behind `input`, of which `decode` took all
                /// that it could. An object that is whole there is a frame, though its `\n` was left away; one that is not
                /// may go on in the next message.
                ///
                /// # Errors
                /// As of `decode`.
                pub fn end_message(
                    &mut self,
                    input: &mut BytesMut,
                ) -> Result<Option<<Self as Decoder>::Item>, DecodeError> {
                    let line = self.framing.end_message(input);
                    self.read(line.map(Piece::Line))
                }

                fn read(
                    &self,
                    piece: Option<Piece>,
                ) -> Result<Option<<Self as Decoder>::Item>, DecodeError> {
                    match piece {
                        None => Ok(None),
                        Some(Piece::Raw(bytes)) => Ok(Some(Ok($read::Raw(bytes)))),
                        Some(Piece::Line(line)) => {
                            let fields = Fields::of_line(&line, self.framing.nesting())?;
                            Ok(Some($reader(fields, self.flavor)))
                        }
                    }
                }
            }

            impl Decoder for $codec {
                type Item = Result<$read $(<$life>)?, BadFrame>;
                type Error = DecodeError;

                fn decode(
                    &mut self,
                    input: &mut BytesMut,
                ) -> Result<Option<Self::Item>, DecodeError> {
                    let piece = self.framing.next(input)?;
                    self.read(piece)
                }

                fn decode_eof(
                    &mut self,
                    input: &mut BytesMut,
                ) -> Result<Option<Self::Item>, DecodeError> {
                    let piece = self.framing.last(input)?;
                    self.read(piece)
                }
            }
        )*
    };
}

codecs! {
    /// The server's end: reads what clients say, writes what servers say.
    ///
    /// - A frame is a line that ends with `\n` or `\r\n`; blank lines are ignored. Where the stream ends, what is
    ///   there is a line too. What comes out does not depend on how the network cuts the stream.
    /// - An item is `Err` for a frame that cannot be understood: answer it and read on. A [`DecodeError`] is the end of
    ///   the stream.
    /// - `decode` takes nothing from `input` but the frame that it gives, so that raw bytes may follow at once, and
    ///   looks at each byte of an unfinished line once; it fails as soon as `input` holds one byte more of it than
    ///   allowed.
    ServerCodec: ClientFrame by client_frame;

    /// The client's end: reads what servers say, and writes what clients say.
    ///
    /// It cuts the stream as [`ServerCodec`] does, and reads one [`Flavor`] only: where the two differ, a server of the
    /// other one is not understood. What servers add to the document (PROTOCOL.md 3.4) may be absent.
    ClientCodec: ServerFrame<'static> by server_frame;
}

fn client_frame(fields: Fields<'_>, _: Flavor) -> Result<ClientFrame, BadFrame> {
    Request::read(fields).map(ClientFrame::Request)
}

fn server_frame(fields: Fields<'_>, flavor: Flavor) -> Result<ServerFrame<'static>, BadFrame> {
    ServerFrame::read(fields, flavor)
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
