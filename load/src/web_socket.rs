//! Any protocol in the messages of WebSocket (RFC 6455).

use bytes::{BufMut, BytesMut};

use crate::wire::{Heard, Wire};

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const IS_FINAL: u8 = 0x80;
const IS_MASKED: u8 = 0x80;

/// Speaks a protocol over WebSocket: what is said at once is one message; texts that are heard are lines.
pub struct WebSocket {
    wire: Box<dyn Wire>,
    path: String,
    /// Whether the server has agreed to speak WebSocket.
    is_open: bool,
    /// What was heard and is not whole for the protocol.
    heard: Vec<u8>,
    said: BytesMut,
}

impl WebSocket {
    /// Over the connection, once hands are shaken for this path.
    #[must_use]
    pub fn new(wire: Box<dyn Wire>, path: &str) -> Self {
        Self {
            wire,
            path: path.to_owned(),
            is_open: false,
            heard: Vec::new(),
            said: BytesMut::new(),
        }
    }

    /// The handshake's answer: how long it is, once it is whole.
    fn shake_hands(&mut self, input: &[u8]) -> Result<usize, String> {
        let end = input.windows(4).position(|four| four == b"\r\n\r\n");
        match end {
            None => Ok(0),
            Some(end) if input.starts_with(b"HTTP/1.1 101 ") => {
                self.is_open = true;
                self.wire.open(&mut self.said);
                Ok(end + 4)
            }
            Some(end) => Err(String::from_utf8_lossy(&input[..end]).into_owned()),
        }
    }

    /// Takes the frame that `input` begins with: its length, once it is whole.
    fn frame(&mut self, input: &[u8], out: &mut BytesMut) -> Result<usize, String> {
        let Some((head, length)) = head(input) else {
            return Ok(0);
        };
        let Some(payload) = input.get(head..head + length) else {
            return Ok(0);
        };
        match input[0] & 0x0F {
            TEXT => {
                self.heard.extend_from_slice(payload);
                self.heard.push(b'\n');
            }
            BINARY => self.heard.extend_from_slice(payload),
            PING => write_frame(PONG, payload, out),
            CLOSE => return Err(format!("closed: {payload:?}")),
            other => return Err(format!("a frame of kind {other}")),
        }
        Ok(head + length)
    }

    fn send(&mut self, out: &mut BytesMut) {
        if !self.said.is_empty() {
            write_frame(BINARY, &self.said, out);
            self.said.clear();
        }
    }
}

impl Wire for WebSocket {
    fn open(&mut self, out: &mut BytesMut) {
        let path = &self.path;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        out.put_slice(request.as_bytes());
    }

    fn hear(
        &mut self,
        input: &[u8],
        out: &mut BytesMut,
        heard: &mut dyn FnMut(Heard<'_>),
    ) -> Result<usize, String> {
        let mut taken = 0;
        if !self.is_open {
            taken = self.shake_hands(input)?;
        }
        while self.is_open {
            match self.frame(&input[taken..], out)? {
                0 => break,
                length => taken += length,
            }
        }
        let whole = self.wire.hear(&self.heard, &mut self.said, heard)?;
        self.heard.drain(..whole);
        self.send(out);
        Ok(taken)
    }

    fn say(&mut self, text: &str, out: &mut BytesMut) {
        self.wire.say(text, &mut self.said);
        self.send(out);
    }

    fn keep_alive(&mut self, out: &mut BytesMut) {
        self.wire.keep_alive(&mut self.said);
        self.send(out);
    }

    fn hears_itself(&self) -> bool {
        self.wire.hears_itself()
    }
}

/// How long a server's frame's header is, and how long its payload.
fn head(input: &[u8]) -> Option<(usize, usize)> {
    let (head, length) = match (input.get(1)?, input.get(2..)?) {
        (126, [high, low, ..]) => (4, u64::from(u16::from_be_bytes([*high, *low]))),
        (127, rest) => (10, u64::from_be_bytes(*rest.first_chunk()?)),
        (126, _) => return None,
        (short, _) => (2, u64::from(*short)),
    };
    Some((head, usize::try_from(length).ok()?))
}

/// A client's frame, whose mask changes nothing.
fn write_frame(kind: u8, payload: &[u8], out: &mut BytesMut) {
    out.put_u8(IS_FINAL | kind);
    match payload.len() {
        short @ 0..126 => out.put_u8(IS_MASKED | short as u8),
        long @ 126..0x10000 => {
            out.put_u8(IS_MASKED | 126);
            out.put_u16(long as u16);
        }
        longer => {
            out.put_u8(IS_MASKED | 127);
            out.put_u64(longer as u64);
        }
    }
    out.put_u32(0);
    out.put_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Enters as soon as the connection stands, and hears lines.
    struct Lines;

    impl Wire for Lines {
        fn open(&mut self, out: &mut BytesMut) {
            out.put_slice(b"hello\n");
        }

        fn hear(
            &mut self,
            input: &[u8],
            _: &mut BytesMut,
            heard: &mut dyn FnMut(Heard<'_>),
        ) -> Result<usize, String> {
            let Some(end) = input.iter().position(|byte| *byte == b'\n') else {
                return Ok(0);
            };
            heard(Heard::Said(&input[..end]));
            Ok(end + 1)
        }

        fn say(&mut self, text: &str, out: &mut BytesMut) {
            out.put_slice(text.as_bytes());
        }

        fn hears_itself(&self) -> bool {
            true
        }
    }

    #[test]
    fn it_shakes_hands_then_speaks_and_hears_in_messages() {
        let (mut wire, mut out) = (
            WebSocket::new(Box::new(Lines), "/ws/lines"),
            BytesMut::new(),
        );
        wire.open(&mut out);
        assert!(out.split().starts_with(b"GET /ws/lines HTTP/1.1\r\n"));
        let mut said = Vec::new();
        let mut hear = |wire: &mut WebSocket, input: &[u8], out: &mut BytesMut| {
            let mut note = |heard: Heard<'_>| {
                if let Heard::Said(text) = heard {
                    said.push(text.to_vec());
                }
            };
            wire.hear(input, out, &mut note)
        };
        let answer = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
        assert_eq!(hear(&mut wire, &answer[..9], &mut out), Ok(0));
        assert_eq!(hear(&mut wire, answer, &mut out), Ok(answer.len()));
        assert_eq!(out.split(), b"\x82\x86\0\0\0\0hello\n"[..]);
        assert_eq!(hear(&mut wire, b"\x81\x02h", &mut out), Ok(0));
        assert_eq!(hear(&mut wire, b"\x81\x02hi\x89\x00\x81", &mut out), Ok(6));
        assert_eq!(out.split(), b"\x8A\x80\0\0\0\0"[..]);
        // A length is written as short as it can be.
        for (length, head) in [
            (125, &b"\x82\xFD\0\0\0\0"[..]),
            (126, b"\x82\xFE\0\x7E\0\0\0\0"),
            (65_536, b"\x82\xFF\0\0\0\0\0\x01\0\0\0\0\0\0"),
        ] {
            wire.say(&"x".repeat(length), &mut out);
            assert_eq!(out.split()[..head.len()], *head);
        }
        wire.say("yes", &mut out);
        assert_eq!(out.split(), b"\x82\x83\0\0\0\0yes"[..]);
        assert!(hear(&mut wire, b"\x88\x02\x03\xE8", &mut out).is_err());
        assert_eq!(said, [b"hi"]);
        let mut refused = WebSocket::new(Box::new(Lines), "/ws/lines");
        let refused = refused.hear(b"HTTP/1.1 404 Not Found\r\n\r\n", &mut out, &mut |_| ());
        assert_eq!(refused.unwrap_err(), "HTTP/1.1 404 Not Found");
    }
}
