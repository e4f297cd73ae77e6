//! nats-server: a connection subscribes to a subject and publishes there; its own messages come to it, too.

use bytes::BytesMut;
use tolmach_load::{Heard, Wire};

use super::{Texts, lines, words};

/// A client of nats-server.
pub(crate) struct Nats {
    subject: String,
    texts: Texts,
}

impl Nats {
    /// One in this room.
    pub(crate) fn new(room: usize) -> Self {
        Self {
            subject: format!("room{room}"),
            texts: Texts::new(),
        }
    }
}

impl Wire for Nats {
    fn open(&mut self, out: &mut BytesMut) {
        let subject = &self.subject;
        let lines = format!("CONNECT {{\"verbose\":false}}\r\nSUB {subject} 1\r\nPING\r\n");
        out.extend_from_slice(lines.as_bytes());
    }

    fn hear(
        &mut self,
        input: &[u8],
        out: &mut BytesMut,
        heard: &mut dyn FnMut(Heard<'_>),
    ) -> Result<usize, String> {
        lines(input, |line| {
            match line {
                b"PONG\r" => heard(Heard::Entered),
                b"PING\r" => out.extend_from_slice(b"PONG\r\n"),
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
        let length = text.len().to_string();
        for piece in ["PUB ", &self.subject, " ", &length, "\r\n", text, "\r\n"] {
            out.extend_from_slice(piece.as_bytes());
        }
    }

    fn hears_itself(&self) -> bool {
        true
    }
}
