//! The purpose-byte chat protocol: frames and codecs for both ends of the wire, in both revisions, and a client. The wire
//! is specified in [`specification`], which is `PROTOCOL.md` in the repository.
//!
//! A frame is a header of six bytes (the body's length, the purpose, a task id) and a body of packed
//! little-endian fields. Bytes go in, frames come out, and back. There is no I/O here, no clock and no runtime:
//! the codecs are [`tokio_util::codec`] ones.
//!
//! ```text
//!             ClientCodec::encode                     ServerCodec::decode
//! ClientFrame ───────────────────▶ 02000000 20 01 … ───────────────────▶ Result<ClientFrame, BadFrame>
//!             ClientCodec::decode                     ServerFrame::write, Answer::write
//! ServerFrame ◀─────────────────── 00000000 00 01   ◀─────────────────── ServerFrame, Answer
//! ```
//!
//! ```
//! use bytes::BytesMut;
//! use tokio_util::codec::Decoder;
//! use tolmach_purpose::{Answer, ClientBody, ClientFrame, Request, Revision, ServerCodec, limits};
//!
//! let mut codec = ServerCodec::new(Revision::Two, limits::FRAME_BYTES);
//! let mut wire = BytesMut::from(&b"\x02\0\0\0\x20\x01\x00\x01\x04\0\0\0\x39"[..]);
//! let body = ClientBody::Request(Request::Hello { major: 0, minor: 1 });
//! assert_eq!(codec.decode(&mut wire)?, Some(Ok(ClientFrame { task: 1, body })));
//! assert_eq!(codec.decode(&mut wire)?, None); // the second frame is still on its way
//!
//! let mut out = BytesMut::new();
//! Answer::<&str>::Nothing.write(Revision::Two, 1, &mut out);
//! assert_eq!(out[..], [0, 0, 0, 0, 0x00, 1]);
//! # Ok::<(), tolmach_purpose::DecodeError>(())
//! ```
//!
//! Where a revision lacks a purpose, `write` says so; where it only lacks a field, the field is not written, and
//! reads as 0 or empty.
//!
//! # How to read the source
//! 1. [`purpose`]: the table of purposes; [`Request`] is its rows to the server, one entry each,
//!    [`Notification`] those to the client, [`Answer`] what an ACCEPTED contains.
//! 2. `value`: a field read from a `body`, and written with a [`FrameWriter`]; `structures` is the table of what bodies
//!    are made of.
//! 3. [`ClientFrame`] and [`ServerFrame`]: a task id, and all that can be said under it.
//! 4. `framing`: where a frame ends in the stream, and what happens to one that is too large.
//! 5. [`ServerCodec`] and [`ClientCodec`] put these together.
//! 6. [`Client`]: what a bot, or any other client, does with them.
#![forbid(unsafe_code)]

mod answer;
mod body;
mod client;
mod client_frame;
mod codec;
mod error;
mod framing;
mod header;
pub mod limits;
mod notification;
pub mod purpose;
mod request;
mod revision;
mod server_frame;
#[doc = include_str!("../PROTOCOL.md")]
pub mod specification {}
mod structures;
mod text;
mod value;
mod writer;

pub use answer::{Answer, AnswerKind};
pub use client::{Client, Credentials, Event};
pub use client_frame::{ClientBody, ClientFrame};
pub use codec::{ClientCodec, ServerCodec};
pub use error::{BadBody, BadFrame, DecodeError, Problem, Reason};
pub use header::{frame_length, purpose_of, set_task, task_of};
pub use notification::{Notification, NotificationKind};
pub use purpose::{Purpose, State};
pub use request::{Request, RequestKind};
pub use revision::Revision;
pub use server_frame::{ServerBody, ServerFrame};
pub use structures::{ChatInfo, Message, SessionInfo, Status, UserInfo};
pub use text::{Secret, Text};
pub use value::FieldText;
pub use writer::FrameWriter;
