//! Standard input, and where in it a frame begins.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};
use std::thread;

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

use crate::dialects::client::Places;

/// How much is read at once.
const PIECE_BYTES: usize = 16 * 1024;
/// Pieces that were read and not yet taken.
const MAX_PIECES_AHEAD: usize = 2;

/// Reads on a thread of its own: nothing can interrupt such a read, and nobody has to wait for it at the end.
pub(super) fn read(
    mut from: impl Read + Send + 'static,
) -> io::Result<mpsc::Receiver<io::Result<Bytes>>> {
    let (sender, receiver) = mpsc::channel(MAX_PIECES_AHEAD);
    thread::Builder::new().spawn(move || {
        let mut space = vec![0; PIECE_BYTES];
        loop {
            let piece = match from.read(&mut space) {
                Ok(0) => return,
                Ok(length) => Ok(Bytes::copy_from_slice(&space[..length])),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            if sender.blocking_send(piece).is_err() {
                return;
            }
        }
    })?;
    Ok(receiver)
}

/// What was read and is not yet understood, and its place.
#[derive(Debug, Default)]
pub(super) struct Unread {
    /// The bytes; whoever understands some takes them off the front.
    pub(super) bytes: BytesMut,
    /// How many bytes there were until now.
    total: u64,
    /// Where the line ends are that are not yet behind.
    line_ends: VecDeque<u64>,
    /// How many line ends are.
    lines: u64,
}

impl Unread {
    pub(super) fn add(&mut self, piece: &[u8], places: Places) {
        if places == Places::Lines {
            let ends = piece
                .iter()
                .zip(self.total..)
                .filter(|(byte, _)| **byte == b'\n');
            self.line_ends.extend(ends.map(|(_, at)| at));
        }
        self.total += piece.len() as u64;
        self.bytes.extend_from_slice(piece);
    }

    /// Where the next frame begins, if some of it is there.
    pub(super) fn place(&mut self, places: Places) -> Option<Place> {
        let behind = self.total.saturating_sub(self.bytes.len() as u64);
        if places == Places::Bytes {
            return (!self.bytes.is_empty()).then_some(Place::Byte(behind));
        }
        let white = self
            .bytes
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace());
        let white = white.count();
        if white == self.bytes.len() {
            return None;
        }
        let start = behind.saturating_add(white as u64);
        if places == Places::Text {
            return Some(Place::Byte(start));
        }
        while self.line_ends.front().is_some_and(|end| *end < start) {
            self.line_ends.pop_front();
            self.lines += 1;
        }
        Some(Place::Line(self.lines + 1))
    }
}

/// Where a frame begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In this line, counted from 1.
    Line(u64),
    /// Behind so many bytes.
    Byte(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Byte(offset) => write!(f, "byte {offset}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Buf;

    use super::*;

    #[test]
    fn lines_are_counted_over_pieces_and_white_space() {
        let mut unread = Unread::default();
        assert_eq!(unread.place(Places::Lines), None);
        unread.add(b"\n\n  ", Places::Lines);
        assert_eq!(unread.place(Places::Lines), None);
        unread.add(b"{}{\n}", Places::Lines);
        assert_eq!(unread.place(Places::Lines), Some(Place::Line(3)));
        unread.bytes.advance(6);
        assert_eq!(unread.place(Places::Lines), Some(Place::Line(3)));
        unread.bytes.advance(3);
        unread.add(b"\n{", Places::Lines);
        assert_eq!(unread.place(Places::Lines), Some(Place::Line(5)));
        assert_eq!(Place::Line(5).to_string(), "line 5");
    }

    #[test]
    fn bytes_are_counted_from_0() {
        let mut unread = Unread::default();
        assert_eq!(unread.place(Places::Bytes), None);
        unread.add(b"\n\n\n\n", Places::Bytes);
        assert_eq!(unread.place(Places::Bytes), Some(Place::Byte(0)));
        unread.bytes.advance(3);
        assert_eq!(unread.place(Places::Bytes), Some(Place::Byte(3)));
        assert_eq!(unread.place(Places::Text), None);
        unread.add(b" {", Places::Text);
        assert_eq!(unread.place(Places::Text), Some(Place::Byte(5)));
        assert_eq!(Place::Byte(3).to_string(), "byte 3");
    }

    #[tokio::test]
    async fn all_is_read() {
        let text = "ж".repeat(PIECE_BYTES * 3);
        let mut pieces = read(io::Cursor::new(text.clone().into_bytes())).unwrap();
        let mut all = Vec::new();
        while let Some(piece) = pieces.recv().await {
            all.extend_from_slice(&piece.unwrap());
        }
        assert_eq!(all, text.into_bytes());
    }
}
