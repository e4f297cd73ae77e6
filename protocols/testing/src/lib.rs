#![forbid(unsafe_code)]
//! What the tests and benches of the protocol crates share: decoders fed as a socket feeds them ([`feed`]), and codecs
//! measured in frames and in bytes ([`mod@bench`]). It is not published; protocols depend on it for their tests alone.

pub mod bench;
mod feed;

pub use feed::{Outcome, StaysLost, feed, feed_every_way, feed_whole_and_bytewise, pieces};
