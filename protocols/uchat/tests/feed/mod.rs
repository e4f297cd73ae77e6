//! Feeds a decoder as a socket does: in pieces, then the end of the stream.
#![allow(dead_code, reason = "each test file uses some of it")]

use bytes::BytesMut;
use std::fmt::Display;
use tokio_util::codec::Decoder;

/// What came out: the items, and the error that ended the stream.
pub(crate) type Outcome<T> = (Vec<T>, Option<String>);

/// Gives `codec` the pieces one after the other, then the end.
pub(crate) fn feed<'a, D>(
    mut codec: D,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome<D::Item>
where
    D: Decoder<Error: Display>,
{
    let (mut input, mut items) = (BytesMut::new(), Vec::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            match codec.decode(&mut input) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(error) => return (items, Some(error.to_string())),
            }
        }
    }
    loop {
        match codec.decode_eof(&mut input) {
            Ok(Some(item)) => items.push(item),
            Ok(None) => return (items, None),
            Err(error) => return (items, Some(error.to_string())),
        }
    }
}

/// Feeds `bytes` whole, byte by byte and cut once at every place; all must come to the same.
pub(crate) fn feed_every_way<D>(codec: impl Fn() -> D, bytes: &[u8]) -> Outcome<D::Item>
where
    D: Decoder<Error: Display, Item: PartialEq + std::fmt::Debug>,
{
    let whole = feed(codec(), [bytes]);
    assert_eq!(
        feed(codec(), bytes.chunks(1)),
        whole,
        "byte by byte: {}",
        bytes.escape_ascii()
    );
    for at in 0..=bytes.len() {
        let (first, second) = bytes.split_at(at);
        assert_eq!(
            feed(codec(), [first, second]),
            whole,
            "cut at {at}: {}",
            bytes.escape_ascii()
        );
    }
    whole
}
