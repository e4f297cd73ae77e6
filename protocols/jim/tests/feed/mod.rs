//! Feeds bytes to a decoder in pieces, as a socket would.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is for tests only"
)]
#![allow(dead_code, reason = "each test file uses its part of this")]

use bytes::BytesMut;
use std::path::PathBuf;
use tokio_util::codec::Decoder;
use tolmach_jim::{BadFrame, ClientCodec, ClientFrame, DecodeError, ServerCodec, ServerFrame};

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
    let mut buffer = BytesMut::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        if !drain(&mut outcome, || codec.decode(&mut buffer)) {
            return outcome;
        }
    }
    drain(&mut outcome, || codec.decode_eof(&mut buffer));
    assert!(
        outcome.error.is_some() || buffer.is_empty(),
        "the end of the stream left bytes behind"
    );
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
                assert!(next().is_err(), "a lost boundary stays lost");
                return false;
            }
        }
    }
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

fn one<T: std::fmt::Debug>(outcome: Outcome<T>) -> Result<T, BadFrame> {
    assert_eq!(outcome.error, None);
    let [item] = outcome.items.try_into().expect("one object is one item");
    item
}

pub(crate) fn fixtures(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/jim")
        .join(folder)
}
