//! The JIM chat protocol (JSON instant messaging): frame types and codecs for both ends of the wire.
//!
//! Bytes go in, frames come out, and back. There is no I/O here, no clock and no runtime: the codecs are
//! [`tokio_util::codec`] ones, so they serve a socket, a bot, a test or a fuzzer alike.
//!
//! ```
//! use bytes::BytesMut;
//! use tokio_util::codec::{Decoder, Encoder};
//! use tolmach_jim::{Answer, ClientFrame, ServerCodec, ServerFrame};
//!
//! let mut codec = ServerCodec::new();
//! let mut wire = BytesMut::from(r##"{"action":"join","time":1,"room":"#lobby"}{"acti"##);
//! let frame = codec.decode(&mut wire)?;
//! assert_eq!(frame, Some(Ok(ClientFrame::Join { room: "#lobby".into(), password: None })));
//! assert_eq!(codec.decode(&mut wire)?, None); // the second object is still on its way
//!
//! let mut out = BytesMut::new();
//! codec.encode(ServerFrame::Answer(Answer { code: 200, time: 2, text: None }), &mut out)?;
//! assert_eq!(out, "{\"response\":200,\"time\":2}\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The wire is specified, by numbered sections, in [PROTOCOL.md](https://docs.rs/crate/tolmach-jim/latest/source/PROTOCOL.md),
//! beside this source.
//!
//! # How to read the source
//! 1. [`ClientFrame`] and [`ServerFrame`]: what can be said.
//! 2. `splitter`: where an object begins and ends in a stream without delimiters.
//! 3. `object`: an object's members, validated and borrowed; `field`: one member as text, within its limit.
//! 4. `document`: the frames as the protocol's document spells them, decoding beside encoding. Another
//!    spelling of the same frames is another such module, and a choice in the codec.
//! 5. `compat`: the same frames as published clients spell them, for a codec of [`Flavor::Compat`].
//! 6. [`ServerCodec`] and [`ClientCodec`] put these together.
#![forbid(unsafe_code)]

mod ascii;
mod characters;
mod client;
mod client_frame;
mod codec;
mod compat;
mod document;
mod encoding;
mod error;
mod extra;
mod field;
pub mod limits;
mod object;
mod server_frame;
mod spelling;
mod splitter;

pub use ascii::ascii_bytes;
pub use client::{Client, Event, Message};
pub use client_frame::{ClientFrame, ClientRequest, CompatMsg};
pub use codec::{ClientCodec, ServerCodec};
pub use encoding::Encoding;
pub use error::{BadFrame, DecodeError};
pub use extra::Extra;
pub use server_frame::{Answer, ServerFrame};
pub use spelling::{Flavor, Mirror, Spelling, TextKey};
pub use tolmach_json::Secret;
