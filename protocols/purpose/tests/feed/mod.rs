//! What either end makes of a stream, and the bytes of a frame.
#![allow(clippy::expect_used, reason = "this is for tests only")]
#![allow(dead_code, reason = "each test file uses its part of this")]

use tolmach_protocol_testing::{Outcome, feed_whole_and_bytewise};
use tolmach_purpose::{BadFrame, ClientCodec, ClientFrame, Revision, ServerCodec, ServerFrame};

/// What a server makes of a stream.
pub(crate) fn to_server(
    revision: Revision,
    bytes: &[u8],
) -> Outcome<Result<ClientFrame, BadFrame>> {
    feed_whole_and_bytewise(|| ServerCodec::new(revision, 0), bytes)
}

/// What a client makes of a stream.
pub(crate) fn to_client(
    revision: Revision,
    bytes: &[u8],
) -> Outcome<Result<ServerFrame, BadFrame>> {
    feed_whole_and_bytewise(|| ClientCodec::new(revision, 0), bytes)
}

/// The bytes of a frame.
pub(crate) fn frame(purpose: u8, task: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("tests have short bodies");
    [&length.to_le_bytes()[..], &[purpose, task], body].concat()
}
