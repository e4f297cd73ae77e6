#![forbid(unsafe_code)]
//! Frames and codecs of the talker chat protocol, for both ends of the wire.
//!
//! On the wire an event is a JSON object with a `type`. What is written ends with `\n`; what is read may
//! end with `\n`, `\r\n` or nothing at all, and may be cut anywhere by the network.
//!
//! ```text
//!            ClientCodec::encode                       ServerCodec::decode
//! ClientFrame ─────────────────▶ {"type":"ping"}\n ─────────────────▶ Result<ClientFrame, BadFrame>
//!            ClientCodec::decode                       ServerFrame::write
//! ServerFrame ◀───────────────── {"type":"join",…}\n ◀──────────────── ServerFrame
//! ```
//!
//! The wire is specified, by numbered sections, in [PROTOCOL.md](https://docs.rs/crate/tolmach-talker/latest/source/PROTOCOL.md),
//! beside this source.
//!
//! The crate does no I/O, has no clock and knows no hub. Read it in this order: [`ClientFrame`] and
//! [`ServerFrame`] (what can be said), [`ServerCodec`] (how it is read), then `framing` (where an event ends).
//!
//! ```
//! use bytes::BytesMut;
//! use tokio_util::codec::Decoder;
//! use tolmach_talker::{ClientFrame, Flavor, ServerCodec, ServerFrame, limits};
//!
//! let mut codec = ServerCodec::new(limits::FRAME_BYTES, Flavor::Document);
//! let mut input = BytesMut::from(r#"{"type":"ping"}{"type":"mess"#);
//! assert_eq!(codec.decode(&mut input)?, Some(Ok(ClientFrame::Ping)));
//! assert_eq!(codec.decode(&mut input)?, None); // the rest is still to come
//!
//! let mut output = BytesMut::new();
//! ServerFrame::Error { message: "Authentication failed".into() }.write(Flavor::Document, &mut output);
//! assert_eq!(output, "{\"type\":\"error\",\"message\":\"Authentication failed\"}\n");
//! # Ok::<(), tolmach_talker::DecodeError>(())
//! ```

mod client;
mod client_frame;
mod codec;
mod error;
mod event;
mod extra;
mod flavor;
mod framing;
mod kind;
pub mod limits;
mod server;
mod user;
mod value;

pub use client::{Client, Event, Present};
pub use client_frame::{ClientFrame, EventId, Recipient, RoomSelector};
pub use codec::{ClientCodec, ServerCodec};
pub use error::{BadFrame, DecodeError, Reason};
pub use extra::Extra;
pub use flavor::Flavor;
pub use kind::EventKind;
pub use server::{Message, ServerFrame};
pub use tolmach_json::Secret;
pub use user::User;
