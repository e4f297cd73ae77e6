//! How each server is spoken to.
//!
//! What comes is looked at no more than it has to be: where the protocol consists of lines, the text is looked for in them.

mod bare;
mod dialect;
mod irc;
mod jetstream;
mod mqtt;
mod nats;
mod postgres;
mod redis;

use memchr::{memchr_iter, memmem};
use tolmach_load::Stamp;

pub(crate) use bare::Bare;
pub(crate) use dialect::DialectWire;
pub(crate) use irc::Irc;
pub(crate) use jetstream::JetStream;
pub(crate) use mqtt::Mqtt;
pub(crate) use nats::Nats;
pub(crate) use postgres::{Postgres, TABLE};
pub(crate) use redis::Redis;

/// Bytes of every text.
pub(crate) const TEXT_BYTES: usize = 100;

/// Hands out the whole lines that bytes begin with, each without its end; how many bytes they are.
fn lines(input: &[u8], mut each: impl FnMut(&[u8]) -> Result<(), String>) -> Result<usize, String> {
    let mut at = 0;
    for end in memchr_iter(b'\n', input) {
        each(&input[at..end])?;
        at = end + 1;
    }
    Ok(at)
}

/// Finds the texts in lines.
struct Texts(memmem::Finder<'static>);

impl Texts {
    fn new() -> Self {
        Self(memmem::Finder::new(Stamp::MARK))
    }

    /// The text in a line, as far as it is there.
    fn find<'a>(&self, line: &'a [u8]) -> Option<&'a [u8]> {
        let text = &line[self.0.find(line)?..];
        Some(text.get(..TEXT_BYTES).unwrap_or(text))
    }
}

/// A line, for people.
fn words(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}
