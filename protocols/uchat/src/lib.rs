#![forbid(unsafe_code)]
//! Frames and codecs of the uchat (RQ_*) chat protocol, for both ends of the wire, and a client. The wire is specified in
//! [`specification`], which is `PROTOCOL.md` in the repository.
//!
//! On the wire a frame is a JSON object on a line of its own, with the number of its request in `type`. A file
//! goes as raw bytes over a connection of its own, after such frames.
//!
//! ```text
//!            ClientCodec::encode                            ServerCodec::decode
//! Request ─────────────────────▶ {"type":14,"room_id":7}\n ─────────────────▶ Result<ClientFrame, BadFrame>
//!            ClientCodec::decode                            ServerFrame::write
//! ServerFrame ◀───────────────── {"type":13,"room_id":7}\n ◀───────────────── ServerFrame
//! ```
//!
//! The crate does no I/O, has no clock and knows no hub. Read it in this order: [`Request`] and
//! [`ServerFrame`] (tables of what can be said), [`ServerCodec`] (how it is read), then `framing` (where a frame ends,
//! and where raw bytes do) and `fields` (what a frame holds).
//!
//! ```
//! use bytes::BytesMut;
//! use tokio_util::codec::Decoder;
//! use tolmach_uchat::{ErrorCode, Flavor, Request, ServerCodec, ServerFrame, limits};
//!
//! let mut codec = ServerCodec::new(Flavor::Field, limits::FRAME_BYTES);
//! let mut input = BytesMut::from("{\"type\":14,\"room_id\":7}\n{\"type\":3,\"mess");
//! assert_eq!(codec.decode(&mut input)?, Some(Ok(Request::JoinRoom { room: 7 }.into())));
//! assert_eq!(codec.decode(&mut input)?, None); // the rest is still to come
//!
//! let mut output = BytesMut::new();
//! let error = ServerFrame::Error { code: ErrorCode::NotFound, text: "there is no such room".into() };
//! error.write(Flavor::Field, &mut output);
//! assert_eq!(output, "{\"type\":9,\"error_code\":4,\"msg\":\"there is no such room\"}\n");
//! # Ok::<(), tolmach_uchat::DecodeError>(())
//! ```

mod client;
mod client_frame;
mod codec;
mod error;
mod fields;
mod flavor;
mod framing;
mod json;
mod key;
pub mod limits;
mod number;
mod object;
mod request;
mod request_type;
mod secret;
mod server;
#[doc = include_str!("../PROTOCOL.md")]
pub mod specification {}
mod value;

pub use client::{Client, Credentials, Event, Refusal};
pub use client_frame::ClientFrame;
pub use codec::{ClientCodec, ServerCodec};
pub use error::{BadFrame, DecodeError, Reason};
pub use flavor::Flavor;
pub use limits::{sendable_text, valid_login, valid_room_name};
pub use number::{ErrorCode, MemberType, MessageStatus, MessageType, RoomType};
pub use request::{Request, State};
pub use request_type::RequestType;
pub use secret::Secret;
pub use server::{Member, Message, Page, Room, ServerFrame};

/// The id of a user, a room or a message, never negative where it was read: PROTOCOL.md 2.3.
pub type Id = i32;
