//! Cuts a stream of bytes into lines: the part of decoding that both ends share.

use bytes::{Buf, BytesMut};

use crate::client_line::BadLine;

/// "Interpret as command": begins what telnet says to telnet. UTF-8 has no such byte.
const IAC: u8 = 255;
/// Ends what SB begins: RFC 854.
const SE: u8 = 240;
/// Begins a subnegotiation, which is skipped up to its SE: RFC 854.
const SB: u8 = 250;
/// The commands that an option follows, from WILL to DONT.
const WILL: u8 = 251;
const DONT: u8 = 254;

/// Where in the stream a decoder is. It keeps no more than one line of at most `limit` bytes; of what is skipped, nothing.
#[derive(Debug)]
pub(crate) struct Lines {
    limit: usize,
    line: Vec<u8>,
    is_too_long: bool,
    telnet: Telnet,
}

/// ```text
///  Text ──IAC──▶ Command ──WILL, WONT, DO, DONT──▶ Option ──any──▶ Text
///                   │ └──any other──▶ Text
///                   SB──▶ Inside ──IAC──▶ InsideCommand ──SE──▶ Text
///                            ◀──any other──┘
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telnet {
    Text,
    Command,
    Option,
    Inside,
    InsideCommand,
}

impl Lines {
    /// Lines of at most so many bytes, their end left out.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            is_too_long: false,
            telnet: Telnet::Text,
        }
    }

    /// Takes the next whole line that is not blank out of `input`; `None` when all of it is taken.
    pub(crate) fn next(&mut self, input: &mut BytesMut) -> Option<Result<String, BadLine>> {
        let mut taken = 0;
        let mut found = None;
        for byte in input.iter().copied() {
            taken += 1;
            found = self.take(byte);
            if found.is_some() {
                break;
            }
        }
        input.advance(taken);
        found
    }

    /// Like [`next`](Self::next) when nothing more will come: the stream's end ends its last line.
    pub(crate) fn last(&mut self, input: &mut BytesMut) -> Option<Result<String, BadLine>> {
        self.next(input).or_else(|| self.end())
    }

    fn take(&mut self, byte: u8) -> Option<Result<String, BadLine>> {
        let was = self.telnet;
        self.telnet = was.after(byte);
        match (was, self.telnet) {
            (Telnet::Text, Telnet::Text) => self.add(byte),
            _ => None,
        }
    }

    fn add(&mut self, byte: u8) -> Option<Result<String, BadLine>> {
        match byte {
            b'\n' | b'\r' => return self.end(),
            // A telnet client without lines of its own ends them by CR NUL.
            0 => {}
            _ if self.line.len() >= self.limit => self.is_too_long = true,
            _ => self.line.push(byte),
        }
        None
    }

    /// The line that is there; none where it is blank.
    fn end(&mut self) -> Option<Result<String, BadLine>> {
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.is_too_long) {
            return Some(Err(BadLine::TooLong { limit: self.limit }));
        }
        match String::from_utf8(line) {
            Ok(line) if line.trim().is_empty() => None,
            Ok(line) => Some(Ok(line)),
            Err(_) => Some(Err(BadLine::NotUtf8)),
        }
    }
}

impl Telnet {
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Text, IAC) => Self::Command,
            (Self::Command, WILL..=DONT) => Self::Option,
            (Self::Command, SB) => Self::Inside,
            (Self::Inside, IAC) => Self::InsideCommand,
            (Self::InsideCommand, SE) | (Self::Text | Self::Command | Self::Option, _) => {
                Self::Text
            }
            (Self::Inside | Self::InsideCommand, _) => Self::Inside,
        }
    }
}
