//! redis: a connection subscribes to a channel and publishes there, which RESP3 allows; its own messages come to it, too.

use bytes::BytesMut;
use tolmach_load::{Heard, Wire};

use super::{Texts, lines, words};

/// A client of redis.
pub(crate) struct Redis {
    channel: String,
    texts: Texts,
}

impl Redis {
    /// One in this room.
    pub(crate) fn new(room: usize) -> Self {
        Self {
            channel: format!("room{room}"),
            texts: Texts::new(),
        }
    }
}

impl Wire for Redis {
    fn open(&mut self, out: &mut BytesMut) {
        out.extend_from_slice(b"HELLO 3\r\n");
        out.extend_from_slice(format!("SUBSCRIBE {}\r\n", self.channel).as_bytes());
    }

    fn hear(
        &mut self,
        input: &[u8],
        _: &mut BytesMut,
        heard: &mut dyn FnMut(Heard<'_>),
    ) -> Result<usize, String> {
        lines(input, |line| {
            match line {
                b"subscribe\r" => heard(Heard::Entered),
                [b'-', ..] => return Err(words(line)),
                line => {
                    if let Some(text) = self.texts.find(line) {
                        heard(Heard::Said(text));
                    }
                }
            }
            Ok(())
        })
    }

    fn say(&mut self, text: &str, out: &mut BytesMut) {
        let (channel, length) = (&self.channel, self.channel.len());
        let head = format!(
            "*3\r\n$7\r\nPUBLISH\r\n${length}\r\n{channel}\r\n${}\r\n",
            text.len()
        );
        for piece in [&head, text, "\r\n"] {
            out.extend_from_slice(piece.as_bytes());
        }
    }

    fn hears_itself(&self) -> bool {
        true
    }
}
