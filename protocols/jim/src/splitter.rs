//! Where an object begins and ends in a stream that promises no delimiter.
//!
//! ```text
//!              {                      its }
//!   Between ───────▶ Object ─────────────────────▶ Between
//!      │               └─── too long without it ─▶ Lost
//!      │ neither { nor white space
//!      └───────────▶ Run ─── { or newline ───────▶ Between, or Lost after the third in a row
//!                      └─── too long without it ─▶ Lost
//! ```
//!
//! Every byte is looked at once, however the stream is cut, and what comes out does not depend on the cuts.

use crate::error::DecodeError;
use crate::limits::{BAD_RUNS, UNENDED_BYTES};
use bytes::{Buf, BytesMut};
use memchr::memchr2;
use tolmach_json::{BraceScanner, StreamStart, skip_white_space};

/// What the stream is made of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// The next so many bytes are an object (PROTOCOL.md 1.3); they are
    /// still in the buffer, and whoever asked takes them out before asking again.
    Object(usize),
    /// A run of something else was skipped.
    Run,
    /// The stream ended inside an object, which was dropped.
    Unfinished,
}

/// Finds the pieces of one stream.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    start: StreamStart,
    state: State,
    /// Runs since the last good object.
    bad_runs: u8,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Between,
    /// The buffer begins with an object's `{`.
    Object(BraceScanner),
    /// So many bytes of a run were skipped, and its end has not been seen.
    Run {
        skipped: usize,
    },
    Lost(Lost),
}

/// Why there is no way on.
#[derive(Debug, Clone, Copy)]
enum Lost {
    Unended,
    TooManyBadRuns,
}

impl Splitter {
    /// The next piece, or `None` until more bytes have come.
    ///
    /// # Errors
    /// The boundary is lost; asking again gives the same error.
    pub(crate) fn next(&mut self, src: &mut BytesMut) -> Result<Option<Piece>, DecodeError> {
        if !self.start.pass(src) || (matches!(self.state, State::Between) && !self.begin(src)) {
            return Ok(None);
        }
        match self.state {
            State::Between => Ok(None),
            State::Object(_) => self.object(src),
            State::Run { skipped } => self.run(src, skipped),
            State::Lost(lost) => self.lose(lost),
        }
    }

    /// As [`next`](Self::next), when the stream has ended: what is unended ends here.
    pub(crate) fn finish(&mut self, src: &mut BytesMut) -> Result<Option<Piece>, DecodeError> {
        self.start.end();
        if let Some(piece) = self.next(src)? {
            return Ok(Some(piece));
        }
        match self.state {
            State::Object(_) => {
                src.clear();
                self.state = State::Between;
                Ok(Some(Piece::Unfinished))
            }
            State::Run { .. } => Ok(Some(self.end_run())),
            State::Between | State::Lost(_) => Ok(None),
        }
    }

    /// A message of the wire below ended: what is no object ends with it, and an object goes on.
    pub(crate) fn end_message(&mut self) -> Option<Piece> {
        matches!(self.state, State::Run { .. }).then(|| self.end_run())
    }

    /// A good object came: runs are counted anew.
    pub(crate) fn good(&mut self) {
        self.bad_runs = 0;
    }

    /// White space between objects means nothing: PROTOCOL.md 1.2. False when there was nothing else.
    fn begin(&mut self, src: &mut BytesMut) -> bool {
        skip_white_space(src);
        match src.first() {
            None => return false,
            Some(b'{') => self.state = State::Object(BraceScanner::default()),
            Some(_) => self.state = State::Run { skipped: 0 },
        }
        true
    }

    fn object(&mut self, src: &BytesMut) -> Result<Option<Piece>, DecodeError> {
        let State::Object(scanner) = &mut self.state else {
            return Ok(None);
        };
        match scanner.scan(&src[..src.len().min(UNENDED_BYTES)]) {
            Some(end) => {
                self.state = State::Between;
                Ok(Some(Piece::Object(end)))
            }
            None if src.len() > UNENDED_BYTES => self.lose(Lost::Unended),
            None => Ok(None),
        }
    }

    /// Skips a run, up to the next `{` or line feed, and tells of it once: PROTOCOL.md 1.5.
    fn run(&mut self, src: &mut BytesMut, skipped: usize) -> Result<Option<Piece>, DecodeError> {
        let end = memchr2(b'{', b'\n', src);
        let length = end.unwrap_or(src.len());
        src.advance(length);
        if skipped + length > UNENDED_BYTES {
            return self.lose(Lost::Unended);
        }
        if end.is_some() {
            return Ok(Some(self.end_run()));
        }
        self.state = State::Run {
            skipped: skipped + length,
        };
        Ok(None)
    }

    /// After the third run in a row the boundary is lost; the third is still told: PROTOCOL.md 1.6.
    fn end_run(&mut self) -> Piece {
        self.bad_runs += 1;
        self.state = if self.bad_runs < BAD_RUNS {
            State::Between
        } else {
            State::Lost(Lost::TooManyBadRuns)
        };
        Piece::Run
    }

    fn lose(&mut self, lost: Lost) -> Result<Option<Piece>, DecodeError> {
        self.state = State::Lost(lost);
        Err(match lost {
            Lost::Unended => DecodeError::Unended,
            Lost::TooManyBadRuns => DecodeError::TooManyBadRuns,
        })
    }
}
