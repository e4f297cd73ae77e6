//! inspircd: IRC, with `echo-message`, so that one's own messages come back.

use bytes::BytesMut;
use tolmach_load::{Heard, Wire};

use super::{Texts, lines, words};

/// A client of inspircd.
pub(crate) struct Irc {
    nick: String,
    channel: String,
    texts: Texts,
}

impl Irc {
    /// One of this number in this room.
    pub(crate) fn new(room: usize, member: usize) -> Self {
        Self {
            nick: format!("r{room}m{member}"),
            channel: format!("#room{room}"),
            texts: Texts::new(),
        }
    }
}

impl Wire for Irc {
    fn open(&mut self, out: &mut BytesMut) {
        let nick = &self.nick;
        let lines = format!(
            "CAP REQ :echo-message\r\nNICK {nick}\r\nUSER {nick} 0 * :{nick}\r\nCAP END\r\n"
        );
        out.extend_from_slice(lines.as_bytes());
    }

    fn hear(
        &mut self,
        input: &[u8],
        out: &mut BytesMut,
        heard: &mut dyn FnMut(Heard<'_>),
    ) -> Result<usize, String> {
        lines(input, |line| {
            if let Some(text) = self.texts.find(line) {
                heard(Heard::Said(text));
                return Ok(());
            }
            let mut parts = line.split(|byte| *byte == b' ');
            match (parts.next(), parts.next()) {
                (Some(b"PING"), Some(token)) => {
                    out.extend_from_slice(&[b"PONG ", token, b"\n"].concat());
                }
                // The end of the welcome, of the list of names.
                (_, Some(b"376" | b"422")) => {
                    out.extend_from_slice(format!("JOIN {}\r\n", self.channel).as_bytes());
                }
                (_, Some(b"366")) => heard(Heard::Entered),
                (_, Some([b'4' | b'5', _, _])) | (Some(b"ERROR"), _) => return Err(words(line)),
                _ => {}
            }
            Ok(())
        })
    }

    fn say(&mut self, text: &str, out: &mut BytesMut) {
        for piece in ["PRIVMSG ", &self.channel, " :", text, "\r\n"] {
            out.extend_from_slice(piece.as_bytes());
        }
    }

    fn hears_itself(&self) -> bool {
        true
    }
}
