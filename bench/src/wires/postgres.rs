//! PostgreSQL: each message is an INSERT, which is answered once it is committed; nobody hears it.

use bytes::{Buf, BufMut, BytesMut};
use tolmach_load::{Heard, Wire};

use super::words;

/// What messages are put into.
pub(crate) const TABLE: &str = "CREATE TABLE messages (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, room integer NOT NULL, \
    created timestamptz NOT NULL DEFAULT now(), text text NOT NULL);";
/// Version 3.0 of the protocol.
const PROTOCOL: u32 = 196_608;
/// Bytes of a message's kind and length.
const HEAD: usize = 5;

/// A connection that prepares its statement and carries it out for each message.
pub(crate) struct Postgres {
    room: String,
    /// The statement is known.
    is_prepared: bool,
    has_entered: bool,
}

impl Postgres {
    /// What the first answer of a server that lets one in begins with.
    pub(crate) const LET_IN: u8 = b'R';

    /// One in this room.
    pub(crate) fn new(room: usize) -> Self {
        Self {
            room: room.to_string(),
            is_prepared: false,
            has_entered: false,
        }
    }
}

/// A message of the protocol: its kind, and what is in it.
fn message(kind: u8, out: &mut BytesMut, body: impl FnOnce(&mut BytesMut)) {
    out.put_u8(kind);
    let at = out.len();
    out.put_u32(0);
    body(out);
    let length = (out.len() - at) as u32;
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

impl Wire for Postgres {
    fn open(&mut self, out: &mut BytesMut) {
        let parameters = b"user\0postgres\0database\0postgres\0\0";
        out.put_u32((8 + parameters.len()) as u32);
        out.put_u32(PROTOCOL);
        out.put_slice(parameters);
        message(b'P', out, |out| {
            out.put_slice(
                b"say\0INSERT INTO messages (room, text) VALUES ($1::text::integer, $2)\0",
            );
            out.put_u16(0);
        });
        message(b'S', out, |_| {});
    }

    fn hear(
        &mut self,
        input: &[u8],
        _out: &mut BytesMut,
        heard: &mut dyn FnMut(Heard<'_>),
    ) -> Result<usize, String> {
        let mut rest = input;
        while rest.len() >= HEAD {
            let length = 1 + (&rest[1..]).get_u32() as usize;
            let Some(whole) = rest.get(..length) else {
                break;
            };
            match whole[0] {
                b'E' => return Err(words(&whole[HEAD..])),
                b'1' => self.is_prepared = true,
                // What was asked for is committed.
                b'Z' if self.has_entered => heard(Heard::Accepted),
                b'Z' if self.is_prepared => {
                    self.has_entered = true;
                    heard(Heard::Entered);
                }
                _ => {}
            }
            rest = &rest[length..];
        }
        Ok(input.len() - rest.len())
    }

    fn say(&mut self, text: &str, out: &mut BytesMut) {
        message(b'B', out, |out| {
            out.put_slice(b"\0say\0");
            out.put_u16(0);
            out.put_u16(2);
            for value in [self.room.as_str(), text] {
                out.put_u32(value.len() as u32);
                out.put_slice(value.as_bytes());
            }
            out.put_u16(0);
        });
        message(b'E', out, |out| {
            out.put_u8(0);
            out.put_u32(0);
        });
        message(b'S', out, |_| {});
    }

    fn hears_itself(&self) -> bool {
        false
    }
}
