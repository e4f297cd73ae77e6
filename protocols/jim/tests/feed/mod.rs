//! What either end makes of whole streams and of single objects.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is for tests only"
)]
#![allow(dead_code, reason = "each test file uses its part of this")]

use std::fmt::Debug;
use std::path::PathBuf;
use tokio_util::codec::Decoder;
use tolmach_jim::{BadFrame, ClientCodec, ClientFrame, DecodeError, ServerCodec, ServerFrame};
use tolmach_protocol_testing::StaysLost;

pub(crate) type Outcome<T> = tolmach_protocol_testing::Outcome<Result<T, BadFrame>>;

/// Decodes pieces one after another, and then the end of the stream; a boundary that is lost stays lost.
pub(crate) fn feed<'a, D, T>(codec: D, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome<T>
where
    D: Decoder<Item = Result<T, BadFrame>, Error = DecodeError>,
{
    tolmach_protocol_testing::feed(StaysLost(codec), pieces)
}

/// What a server makes of a whole stream.
pub(crate) fn to_server(bytes: &[u8]) -> Outcome<ClientFrame> {
    feed(ServerCodec::new(), [bytes])
}

/// What a client makes of a whole stream.
pub(crate) fn to_client(bytes: &[u8]) -> Outcome<ServerFrame> {
    feed(ClientCodec::new(), [bytes])
}

/// What a server makes of one whole object.
pub(crate) fn client_frame(json: &str) -> Result<ClientFrame, BadFrame> {
    one(to_server(json.as_bytes()))
}

/// What a client makes of one whole object.
pub(crate) fn server_frame(json: &str) -> Result<ServerFrame, BadFrame> {
    one(to_client(json.as_bytes()))
}

/// The text of the 400 with which a server answers one object.
pub(crate) fn refusal(json: &str) -> String {
    match client_frame(json) {
        Ok(frame) => panic!("{json} was taken as {frame:?}"),
        Err(bad) => bad.to_string(),
    }
}

fn one<T: Debug>(outcome: Outcome<T>) -> Result<T, BadFrame> {
    assert_eq!(outcome.error, None);
    let [item] = outcome.items.try_into().expect("one object is one item");
    item
}

pub(crate) fn fixtures(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/jim")
        .join(folder)
}
