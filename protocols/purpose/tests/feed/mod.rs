//! Feeds bytes to a decoder in pieces, as a socket would.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is for tests only"
)]
#![allow(dead_code, reason = "each test file uses its part of this")]

use bytes::BytesMut;
use std::fmt::Debug;
use tokio_util::codec::Decoder;
use tolmach_purpose::{
    BadFrame, ClientCodec, ClientFrame, DecodeError, Revision, ServerCodec, ServerFrame,
};

/// What came out of a stream: its items, and the error that ended it if one did.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome<T> {
    pub(crate) items: Vec<Result<T, BadFrame>>,
    pub(crate) error: Option<String>,
}

/// Decodes pieces one after another, and then the end of the stream, with a new codec.
pub(crate) fn feed<'a, D, T>(mut codec: D, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome<T>
where
    D: Decoder<Item = Result<T, BadFrame>, Error = DecodeError>,
{
    let mut outcome = Outcome {
        items: Vec::new(),
        error: None,
    };
    let mut input = BytesMut::new();
    for piece in pieces {
        input.extend_from_slice(piece);
        if !drain(&mut outcome, || codec.decode(&mut input)) {
            return outcome;
        }
    }
    drain(&mut outcome, || codec.decode_eof(&mut input));
    assert!(input.is_empty(), "the end of the stream left bytes behind");
    outcome
}

/// False when an error ended the stream.
fn drain<T>(
    outcome: &mut Outcome<T>,
    mut next: impl FnMut() -> Result<Option<Result<T, BadFrame>>, DecodeError>,
) -> bool {
    loop {
        match next() {
            Ok(Some(item)) => outcome.items.push(item),
            Ok(None) => return true,
            Err(error) => {
                outcome.error = Some(error.to_string());
                return false;
            }
        }
    }
}

/// Feeds `bytes` whole and byte by byte; both must come to the same.
pub(crate) fn feed_both_ways<D, T>(codec: impl Fn() -> D, bytes: &[u8]) -> Outcome<T>
where
    D: Decoder<Item = Result<T, BadFrame>, Error = DecodeError>,
    T: Debug + PartialEq,
{
    let whole = feed(codec(), [bytes]);
    let single = feed(codec(), bytes.chunks(1));
    assert_eq!(single, whole, "byte by byte: {}", bytes.escape_ascii());
    whole
}

/// The same, and cut once at every place.
pub(crate) fn feed_every_way<D, T>(codec: impl Fn() -> D, bytes: &[u8]) -> Outcome<T>
where
    D: Decoder<Item = Result<T, BadFrame>, Error = DecodeError>,
    T: Debug + PartialEq,
{
    let whole = feed_both_ways(&codec, bytes);
    for at in 0..=bytes.len() {
        let (first, second) = bytes.split_at(at);
        let cut = feed(codec(), [first, second]);
        assert_eq!(cut, whole, "cut at {at}: {}", bytes.escape_ascii());
    }
    whole
}

/// What a server makes of a stream.
pub(crate) fn to_server(revision: Revision, bytes: &[u8]) -> Outcome<ClientFrame> {
    feed_both_ways(|| ServerCodec::new(revision, 0), bytes)
}

/// What a client makes of a stream.
pub(crate) fn to_client(revision: Revision, bytes: &[u8]) -> Outcome<ServerFrame> {
    feed_both_ways(|| ClientCodec::new(revision, 0), bytes)
}

/// The bytes of a frame.
pub(crate) fn frame(purpose: u8, task: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("tests have short bodies");
    [&length.to_le_bytes()[..], &[purpose, task], body].concat()
}
