//! Codecs, both ends: what comes out does not depend on how the stream is cut, and what was understood can be written
//! and is understood the same again.

pub mod jim;
pub mod purpose;
pub mod talker;
pub mod uchat;

use std::fmt::{Debug, Display};

use bytes::BytesMut;
use tokio_util::codec::Decoder;
use tolmach_protocol_testing::{Outcome, feed, feed_whole_and_bytewise};

/// Feeds the bytes whole, byte by byte and cut in unequal pieces.
fn every_way<D>(codec: impl Fn() -> D, bytes: &[u8]) -> Vec<D::Item>
where
    D: Decoder<Error: Display, Item: PartialEq + Debug>,
{
    let whole = feed_whole_and_bytewise(&codec, bytes);
    let uneven = bytes.chunk_by(|one, next| (one ^ next) & 0b110 != 0);
    assert_eq!(feed(codec(), uneven), whole, "cut unevenly");
    whole.items
}

/// What is written for these frames is read as just these frames.
fn comes_back<D>(codec: D, wire: &BytesMut, frames: Vec<D::Item>)
where
    D: Decoder<Error: Display, Item: PartialEq + Debug>,
{
    let read = feed(codec, [&wire[..]]);
    assert_eq!(read, Outcome::whole(frames), "{}", wire.escape_ascii());
}
