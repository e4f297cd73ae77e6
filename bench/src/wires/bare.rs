//! The bare loop's lines.

use bytes::BytesMut;
use tolmach_load::{Heard, Wire};

use super::{Texts, lines, words};
use crate::bare::{ACCEPTED, JOIN, READ};

/// A client of the bare loop.
pub(crate) struct Bare {
    room: String,
    echo: bool,
    /// Whether it answers each line.
    answers: bool,
    texts: Texts,
}

impl Bare {
    /// One in this room; whether it is to hear itself, and to answer what it hears.
    pub(crate) fn new(room: usize, echo: bool, answers: bool) -> Self {
        Self {
            room: room.to_string(),
            echo,
            answers,
            texts: Texts::new(),
        }
    }
}

impl Wire for Bare {
    fn open(&mut self, out: &mut BytesMut) {
        for piece in [JOIN, b" ", self.room.as_bytes(), b"\n"] {
            out.extend_from_slice(piece);
        }
    }

    fn hear(
        &mut self,
        input: &[u8],
        out: &mut BytesMut,
        heard: &mut dyn FnMut(Heard<'_>),
    ) -> Result<usize, String> {
        lines(input, |line| {
            match line {
                ACCEPTED => heard(Heard::Accepted),
                JOIN => heard(Heard::Entered),
                line => {
                    let text = self.texts.find(line).ok_or_else(|| words(line))?;
                    heard(Heard::Said(text));
                    if self.answers {
                        out.extend_from_slice(READ);
                        out.extend_from_slice(b"\n");
                    }
                }
            }
            Ok(())
        })
    }

    fn say(&mut self, text: &str, out: &mut BytesMut) {
        for piece in [&self.room, " ", text, "\n"] {
            out.extend_from_slice(piece.as_bytes());
        }
    }

    fn hears_itself(&self) -> bool {
        self.echo
    }
}
