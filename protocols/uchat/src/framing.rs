//! Cuts a stream of bytes into lines and raw pieces: the part of decoding that both ends share.
//!
//! ```text
//!             expect_raw(n), n > 0
//!          ┌───────────────────────┐
//!          │                       ▼
//!        Lines                    Raw { left }
//!          ▲                       │
//!          └───────────────────────┘
//!            n bytes have been given
//! ```

use crate::error::DecodeError;
use crate::limits;
use bytes::{Bytes, BytesMut};
use tolmach_json::{Scanner, StreamStart, mend_surrogates, skip_white_space};

/// A part of the stream.
pub(crate) enum Piece {
    /// A line that is not blank, without its end, with U+FFFD for halves of surrogate pairs.
    Line(BytesMut),
    /// Bytes of a file, at least one.
    Raw(Bytes),
}

/// Where in the stream a decoder is.
#[derive(Debug)]
pub(crate) struct Framing {
    start: StreamStart,
    /// Most bytes of a line. This and the next two are small, as there is one of each for each connection.
    frame_bytes: u32,
    /// How many levels an object may have.
    nesting: u32,
    /// How many bytes of an unended line were searched for its end.
    searched: u32,
    /// How many raw bytes are still to come before the next line.
    raw_left: u64,
    /// Looks for the end of the object that an unended line begins with, once a message ended in it.
    object: Option<Box<Scanner>>,
}

impl Framing {
    pub(crate) fn new(frame_bytes: usize) -> Self {
        Self {
            start: StreamStart::default(),
            frame_bytes: small(frame_bytes),
            nesting: limits::NESTING as u32,
            searched: 0,
            raw_left: 0,
            object: None,
        }
    }

    pub(crate) fn set_nesting(&mut self, levels: usize) {
        self.nesting = small(levels);
    }

    pub(crate) fn nesting(&self) -> usize {
        self.nesting as usize
    }

    pub(crate) fn expect_raw(&mut self, size: u64) {
        self.begin_line();
        self.raw_left = size;
    }

    pub(crate) fn raw_left(&self) -> u64 {
        self.raw_left
    }

    /// Takes the next piece out of `input`; `None` when it is not there yet.
    pub(crate) fn next(&mut self, input: &mut BytesMut) -> Result<Option<Piece>, DecodeError> {
        if self.raw_left > 0 {
            return Ok(self.raw(input));
        }
        if !self.start.pass(input) {
            return Ok(None);
        }
        while let Some(length) = self.find(input)? {
            let mut line = input.split_to(length + 1);
            line.truncate(length);
            if !is_blank(&line) {
                mend_surrogates(&mut line);
                return Ok(Some(Piece::Line(line)));
            }
        }
        Ok(None)
    }

    /// Like [`next`](Self::next) when nothing more will come: what is there is the last line.
    pub(crate) fn last(&mut self, input: &mut BytesMut) -> Result<Option<Piece>, DecodeError> {
        self.start.end();
        if let Some(piece) = self.next(input)? {
            return Ok(Some(piece));
        }
        self.begin_line();
        let mut line = input.split();
        mend_surrogates(&mut line);
        Ok(Some(line).filter(|line| !is_blank(line)).map(Piece::Line))
    }

    /// A message of the wire below ended, and [`next`](Self::next) took all that it could: the object that is whole here is a
    /// line without its end, and so is what cannot become an object. `None` inside of one.
    pub(crate) fn end_message(&mut self, input: &mut BytesMut) -> Option<BytesMut> {
        if self.raw_left > 0 || !self.start.pass(input) {
            return None;
        }
        let nesting = self.nesting();
        let object = self
            .object
            .get_or_insert_with(|| Box::new(Scanner::new(nesting)));
        if object.is_idle() {
            skip_white_space(input);
        }
        let length = match object.scan(input) {
            Ok(found) => found,
            Err(_) => Some(input.len()),
        };
        let line = length.map(|length| input.split_to(length));
        if line.is_some() {
            self.begin_line();
        }
        // There is no line end in it.
        self.searched = small(input.len());
        line.map(|mut line| {
            mend_surrogates(&mut line);
            line
        })
    }

    fn begin_line(&mut self) {
        (self.searched, self.object) = (0, None);
    }

    fn raw(&mut self, input: &mut BytesMut) -> Option<Piece> {
        let wanted = usize::try_from(self.raw_left).unwrap_or(usize::MAX);
        let length = input.len().min(wanted).min(limits::RAW_BYTES);
        self.raw_left -= length as u64;
        (length > 0).then(|| Piece::Raw(input.split_to(length).freeze()))
    }

    /// The length of the line that `input` begins with, if its end has come; each byte is looked at once.
    fn find(&mut self, input: &BytesMut) -> Result<Option<usize>, DecodeError> {
        let limit = self.frame_bytes as usize;
        let window = &input[..input.len().min(limit.saturating_add(1))];
        let searched = (self.searched as usize).min(window.len());
        match memchr::memchr(b'\n', &window[searched..]) {
            Some(after) => {
                let length = searched + after;
                self.begin_line();
                Ok(Some(length))
            }
            None if input.len() > limit => Err(DecodeError::TooLong { limit }),
            None => {
                self.searched = small(window.len());
                Ok(None)
            }
        }
    }
}

/// What is beyond is as much as there can be: no buffer is that long.
fn small(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

/// Whether there is nothing but white space, which the end `\r\n` leaves too.
fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}
