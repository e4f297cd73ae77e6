//! Cuts a stream of bytes into objects: the part of decoding that both ends share.

use crate::error::DecodeError;
use crate::limits;
use bytes::{Buf, BytesMut};
use tolmach_json::{Fault, Scanner, StreamStart, mend_surrogates, skip_white_space};

/// Where in the stream a decoder is.
#[derive(Debug)]
pub(crate) struct Framing {
    start: StreamStart,
    scanner: Scanner,
    frame_bytes: usize,
    nesting: usize,
}

impl Framing {
    /// Framing of objects of at most `frame_bytes` bytes and [`limits::NESTING`] levels.
    pub(crate) fn new(frame_bytes: usize) -> Self {
        Self {
            start: StreamStart::default(),
            scanner: Scanner::new(limits::NESTING),
            frame_bytes,
            nesting: limits::NESTING,
        }
    }

    /// The same with another bound on nesting, from the next object on.
    pub(crate) fn with_nesting(self, nesting: usize) -> Self {
        Self {
            scanner: Scanner::new(nesting),
            nesting,
            ..self
        }
    }

    /// Takes the next whole object out of `input` and reads it; `None` when it is not whole yet.
    pub(crate) fn next<T>(
        &mut self,
        input: &mut BytesMut,
        read: impl FnOnce(&str) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        let Some(length) = self.find(input)? else {
            return Ok(None);
        };
        // PROTOCOL.md 1.3.
        mend_surrogates(&mut input[..length]);
        let item = match std::str::from_utf8(&input[..length]) {
            Ok(text) => read(text),
            Err(_) => Err(DecodeError::InvalidJson),
        };
        input.advance(length);
        item.map(Some)
    }

    /// Like [`next`](Self::next) when nothing more will come: an object that is not whole is an error.
    pub(crate) fn last<T>(
        &mut self,
        input: &mut BytesMut,
        read: impl FnOnce(&str) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        self.start.end();
        match self.next(input, read)? {
            None if !input.is_empty() => {
                input.clear();
                self.scanner = Scanner::new(self.nesting);
                Err(DecodeError::InvalidJson)
            }
            item => Ok(item),
        }
    }

    /// Drops white space before the object, then looks for its end.
    fn find(&mut self, input: &mut BytesMut) -> Result<Option<usize>, DecodeError> {
        if !self.start.pass(input) {
            return Ok(None);
        }
        if self.scanner.is_idle() {
            skip_white_space(input);
        }
        let window = &input[..input.len().min(self.frame_bytes)];
        match self.scanner.scan(window) {
            Ok(None) if input.len() > self.frame_bytes => Err(DecodeError::TooLong {
                limit: self.frame_bytes,
            }),
            Ok(found) => Ok(found),
            Err(Fault::Invalid) => Err(DecodeError::InvalidJson),
            Err(Fault::TooDeep) => Err(DecodeError::TooDeep {
                limit: self.nesting,
            }),
        }
    }
}
