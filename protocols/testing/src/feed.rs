//! Bytes for a decoder, in pieces.

use bytes::BytesMut;
use proptest::sample::Index;
use std::fmt::{Debug, Display};
use tokio_util::codec::Decoder;

/// What came out of a stream: its items, and the text of the error that ended it if one did.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome<T> {
    /// All that was decoded, in order.
    pub items: Vec<T>,
    /// Why the stream could not be read any further.
    pub error: Option<String>,
}

impl<T> Outcome<T> {
    /// These items, and then the end of the stream.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, error: None }
    }
}

/// Gives `codec` the pieces one after the other, then the end of the stream.
///
/// # Panics
/// Bytes are left at the end of a good stream.
pub fn feed<'a, D>(mut codec: D, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome<D::Item>
where
    D: Decoder<Error: Display>,
{
    let mut outcome = Outcome::whole(Vec::new());
    let mut input = BytesMut::new();
    for piece in pieces {
        input.extend_from_slice(piece);
        if !drain(&mut outcome, || codec.decode(&mut input)) {
            return outcome;
        }
    }
    if drain(&mut outcome, || codec.decode_eof(&mut input)) {
        assert!(input.is_empty(), "the end of the stream left bytes behind");
    }
    outcome
}

/// False when an error ended the stream.
fn drain<T, E: Display>(
    outcome: &mut Outcome<T>,
    mut next: impl FnMut() -> Result<Option<T>, E>,
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

/// Feeds `bytes` whole and byte by byte.
///
/// # Panics
/// The two do not come to the same.
pub fn feed_whole_and_bytewise<D>(codec: impl Fn() -> D, bytes: &[u8]) -> Outcome<D::Item>
where
    D: Decoder<Error: Display, Item: PartialEq + Debug>,
{
    let whole = feed(codec(), [bytes]);
    let bytewise = feed(codec(), bytes.chunks(1));
    assert_eq!(bytewise, whole, "byte by byte: {}", bytes.escape_ascii());
    whole
}

/// Feeds `bytes` whole, byte by byte, and cut once at every place.
///
/// # Panics
/// They do not all come to the same.
pub fn feed_every_way<D>(codec: impl Fn() -> D, bytes: &[u8]) -> Outcome<D::Item>
where
    D: Decoder<Error: Display, Item: PartialEq + Debug>,
{
    let whole = feed_whole_and_bytewise(&codec, bytes);
    for at in 0..=bytes.len() {
        let (first, second) = bytes.split_at(at);
        let cut = feed(codec(), [first, second]);
        assert_eq!(cut, whole, "cut at {at}: {}", bytes.escape_ascii());
    }
    whole
}

/// `bytes` cut at `cuts`.
pub fn pieces<'a>(bytes: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    ends.extend([0, bytes.len()]);
    ends.sort_unstable();
    let ends = ends.windows(2);
    ends.map(|ends| &bytes[ends[0]..ends[1]]).collect()
}

/// A decoder that has lost the boundary between frames for good once it has given an error.
///
/// # Panics
/// It is asked again after an error, and gives something else.
#[derive(Debug)]
pub struct StaysLost<D>(pub D);

impl<D: Decoder> Decoder for StaysLost<D> {
    type Item = D::Item;
    type Error = D::Error;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<D::Item>, D::Error> {
        let decoded = self.0.decode(src);
        assert!(decoded.is_ok() || self.0.decode(src).is_err());
        decoded
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<D::Item>, D::Error> {
        let decoded = self.0.decode_eof(src);
        assert!(decoded.is_ok() || self.0.decode_eof(src).is_err());
        decoded
    }
}
