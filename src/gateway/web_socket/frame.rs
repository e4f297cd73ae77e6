//! One frame of what is sent: a header, and bytes that lie elsewhere.

use bytes::Bytes;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// The longest header of an unmasked frame.
const MAX_HEAD: usize = 10;
/// Most bytes of a control frame's payload.
pub(super) const MAX_CONTROL: usize = 125;

/// A frame as far as it is still to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    head: [u8; MAX_HEAD],
    /// Which bytes of `head` are to be written.
    from: u8,
    to: u8,
    /// Bytes of the payload that are to be written.
    pub(super) payload: usize,
    /// Bytes behind them that are left out.
    behind: usize,
}

impl Frame {
    /// A header of no bytes, behind which nothing comes.
    pub(super) const NONE: Self = Self {
        head: [0; MAX_HEAD],
        from: 0,
        to: 0,
        payload: 0,
        behind: 0,
    };

    /// A whole message of so many bytes.
    pub(super) fn message(kind: Data, payload: usize) -> Self {
        let mut frame = Self {
            payload,
            ..Self::NONE
        };
        let length = write_head(OpCode::Data(kind), payload, &mut frame.head);
        frame.to = length as u8;
        frame
    }

    /// A message of what the line holds that `bytes` begin with; an empty line is none.
    pub(super) fn line(bytes: &[u8]) -> Self {
        let (text, behind) = match memchr::memchr(b'\n', bytes) {
            None => (bytes.len(), 0),
            Some(end) if bytes[..end].ends_with(b"\r") => (end - 1, 2),
            Some(end) => (end, 1),
        };
        let frame = match text {
            0 => Self::NONE,
            length => Self::message(Data::Text, length),
        };
        Self { behind, ..frame }
    }

    /// How many of the writer's bytes it takes.
    pub(super) fn length(&self) -> usize {
        self.payload + self.behind
    }

    /// What goes before the payload.
    pub(super) fn head(&self) -> &[u8] {
        &self.head[usize::from(self.from)..usize::from(self.to)]
    }

    /// So many bytes were written, of it and of what comes behind it: how many of them were not of it, and how many of the writer's
    /// bytes are done with.
    pub(super) fn advance(&mut self, written: usize) -> (usize, usize) {
        let head = written.min(self.head().len());
        self.from += head as u8;
        let payload = (written - head).min(self.payload);
        self.payload -= payload;
        let behind = if self.is_written() { self.behind } else { 0 };
        (written - head - payload, payload + behind)
    }

    /// Whether nothing of it is left to be written.
    pub(super) fn is_written(&self) -> bool {
        self.from == self.to && self.payload == 0
    }

    /// Whether the peer has got the beginning of it, and not the end.
    pub(super) fn is_begun(&self) -> bool {
        self.from > 0 && !self.is_written()
    }
}

/// A control frame, whole.
pub(super) fn control(kind: Control, payload: &[u8]) -> Bytes {
    let payload = &payload[..payload.len().min(MAX_CONTROL)];
    let mut head = [0; MAX_HEAD];
    let length = write_head(OpCode::Control(kind), payload.len(), &mut head);
    [&head[..length], payload].concat().into()
}

fn write_head(opcode: OpCode, payload: usize, head: &mut [u8; MAX_HEAD]) -> usize {
    let header = FrameHeader {
        opcode,
        ..FrameHeader::default()
    };
    let mut room = &mut head[..];
    // There is room for the longest.
    let _ = header.format(payload as u64, &mut room);
    MAX_HEAD - room.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_how_long_its_frame_is() {
        for (length, head) in [
            (0, &[0x82, 0][..]),
            (125, &[0x82, 125]),
            (126, &[0x82, 126, 0, 126]),
            (0xFFFF, &[0x82, 126, 0xFF, 0xFF]),
            (0x10000, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let frame = Frame::message(Data::Binary, length);
            assert_eq!((frame.head(), frame.length()), (head, length));
        }
        assert_eq!(control(Control::Ping, b"x")[..], [0x89, 1, b'x']);
    }

    #[test]
    fn a_line_is_a_message_without_its_end() {
        let mut frame = Frame::line(b"ab\ncd\n");
        assert_eq!((frame.head(), frame.length()), (&[0x81, 2][..], 3));
        assert_eq!(frame.advance(1), (0, 0));
        assert!(frame.is_begun());
        assert_eq!(frame.advance(2), (0, 1));
        assert_eq!(frame.advance(9), (8, 2));
        assert!(frame.is_written() && !frame.is_begun());
        assert_eq!(Frame::line(b"cd").length(), 2);
        let ended = Frame::line(b"cd\r\nef");
        assert_eq!((ended.payload, ended.length()), (2, 4));
        let mut empty = Frame::line(b"\n\n");
        assert_eq!((empty.head().len(), empty.advance(0)), (0, (0, 1)));
    }
}
