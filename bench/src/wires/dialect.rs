//! tolmach's dialects: the client of the scenarios comes in; then lines are looked at for texts alone.

use bytes::BytesMut;
use tolmach_load::{Heard, Wire};
use tolmach_reliability::client::{Client, Deed, Dialect, Happened, Room};
use tolmach_reliability::server::Account;

use super::{Texts, lines, words};

/// What lines begin with that say no; of JIM what is no yes.
const ERRORS: [&[u8]; 3] = [br#"{"response":"#, br#"{"type":"error""#, br#"{"type":9,"#];

/// A client of a dialect.
pub(crate) struct DialectWire {
    dialect: Dialect,
    client: Box<dyn Client>,
    has_entered: bool,
    /// What the client has not read yet.
    input: BytesMut,
    texts: Texts,
}

impl DialectWire {
    /// One who is this, on the way to this room.
    pub(crate) fn new(dialect: Dialect, who: &Account, room: &Room) -> Self {
        Self {
            dialect,
            client: dialect.client(who, room),
            has_entered: false,
            input: BytesMut::new(),
            texts: Texts::new(),
        }
    }

    /// Whether a line is looked at, and not read by the client.
    fn is_looked_at(&self) -> bool {
        let has_lines = match self.dialect {
            Dialect::Jim | Dialect::Talker | Dialect::Uchat => true,
            Dialect::Purpose => false,
        };
        has_lines && self.has_entered && self.input.is_empty()
    }

    fn read(&mut self, out: &mut BytesMut, heard: &mut dyn FnMut(Heard<'_>)) -> Result<(), String> {
        let broken = |error: Box<dyn std::error::Error + Send + Sync>| error.to_string();
        while let Some(all) = self.client.next(&mut self.input, out).map_err(broken)? {
            for happened in all {
                match happened {
                    Happened::Entered if self.has_entered => {}
                    Happened::Entered => {
                        self.has_entered = true;
                        heard(Heard::Entered);
                    }
                    Happened::Heard(text) => heard(Heard::Said(text.as_bytes())),
                    Happened::Answered(Ok(_)) => heard(Heard::Accepted),
                    Happened::Answered(Err(reason)) => return Err(reason),
                    Happened::Told(_) => {}
                }
            }
        }
        Ok(())
    }
}

impl Wire for DialectWire {
    fn open(&mut self, out: &mut BytesMut) {
        self.client.open(out);
    }

    fn hear(
        &mut self,
        input: &[u8],
        out: &mut BytesMut,
        heard: &mut dyn FnMut(Heard<'_>),
    ) -> Result<usize, String> {
        if !self.is_looked_at() {
            self.input.extend_from_slice(input);
            self.read(out, heard)?;
            return Ok(input.len());
        }
        lines(input, |line| {
            if let Some(text) = self.texts.find(line) {
                heard(Heard::Said(text));
            } else if line.starts_with(br#"{"response":2"#) {
                heard(Heard::Accepted);
            } else if ERRORS.iter().any(|error| line.starts_with(error)) {
                return Err(words(line));
            }
            Ok(())
        })
    }

    fn say(&mut self, text: &str, out: &mut BytesMut) {
        if self.is_looked_at() {
            self.client.frame(text, out);
        } else {
            // Each dialect has messages.
            let _ = self.client.ask(Deed::Say(text), out);
        }
    }

    fn hears_itself(&self) -> bool {
        matches!(self.dialect, Dialect::Talker | Dialect::Uchat)
    }
}
