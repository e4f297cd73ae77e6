//! Cuts a stream of bytes into frames: the part of decoding that both ends share.

use crate::error::{BadBody, BadFrame, DecodeError, Reason, is_skipped};
use crate::header::Header;
use crate::limits::HEADER_BYTES;
use crate::purpose::Purpose;
use crate::revision::Revision;
use bytes::{Buf, Bytes, BytesMut};

/// Where in the stream a decoder is.
///
/// ```text
///          N within the limit: a frame
///            ┌──────┐
///            │      ▼     N over it, up to 16 MiB
///            └─ Frame ──────────────────────────▶ Skipping
///                 │  ▲                               │
///   N over 16 MiB │  └───────────────────────────────┘ the last byte arrived
///                 ▼
///               Lost
/// ```
#[derive(Debug, Clone, Copy)]
enum Place {
    /// A frame begins here.
    Frame,
    /// So many bytes of a body that is not taken are still to come.
    Skipping(usize),
    /// In a body too long even to be skipped.
    Lost,
}

/// What was cut off: a header, and the body unless it is too large to be taken.
pub(crate) struct Piece {
    pub(crate) header: Header,
    body: Result<Bytes, Reason>,
}

impl Piece {
    /// What `read` makes of the body, for the purpose that this end takes, if it does. `other` is what the other
    /// end would take the purpose byte for.
    pub(crate) fn read<B>(
        self,
        revision: Revision,
        purpose: Option<Purpose>,
        other: Option<Purpose>,
        read: impl FnOnce(Purpose, Bytes) -> Option<Result<B, BadBody>>,
    ) -> Result<B, BadFrame> {
        let known = |bytes| purpose.and_then(|purpose| read(purpose, bytes));
        let reason = match self.body.map(known) {
            Ok(Some(Ok(body))) => return Ok(body),
            Ok(Some(Err(bad))) => Reason::Body(bad),
            Ok(None) => match other {
                Some(other) => Reason::Misdirected(other.name(revision)),
                None => Reason::Unknown,
            },
            Err(too_large) => too_large,
        };
        Err(BadFrame {
            task: self.header.task,
            purpose: self.header.purpose,
            name: purpose.map(|purpose| purpose.name(revision)),
            reason,
        })
    }
}

/// Takes frames off a buffer. It reserves nothing: the buffer grows as bytes arrive, whatever a header says.
#[derive(Debug)]
pub(crate) struct Framing {
    limit: usize,
    place: Place,
}

impl Framing {
    /// Framing of bodies of at most `limit` bytes; 0 is no limit.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit: if limit == 0 { usize::MAX } else { limit },
            place: Place::Frame,
        }
    }

    /// The next piece; `None` when it is not whole yet.
    pub(crate) fn next(&mut self, input: &mut BytesMut) -> Result<Option<Piece>, DecodeError> {
        match self.place {
            Place::Frame => {}
            Place::Skipping(rest) => {
                let here = rest.min(input.len());
                input.advance(here);
                if here < rest {
                    self.place = Place::Skipping(rest - here);
                    return Ok(None);
                }
                self.place = Place::Frame;
            }
            Place::Lost => {
                input.clear();
                return Err(DecodeError::TooLong);
            }
        }
        Ok(Header::read(input).and_then(|header| self.cut(header, input)))
    }

    fn cut(&mut self, header: Header, input: &mut BytesMut) -> Option<Piece> {
        let length = header.body as usize;
        if length > self.limit {
            input.advance(HEADER_BYTES);
            self.place = if is_skipped(header.body) {
                Place::Skipping(length)
            } else {
                Place::Lost
            };
            let reason = Reason::TooLarge {
                bytes: header.body,
                limit: self.limit,
            };
            return Some(Piece {
                header,
                body: Err(reason),
            });
        }
        if input.len() - HEADER_BYTES < length {
            return None;
        }
        input.advance(HEADER_BYTES);
        let body = Ok(input.split_to(length).freeze());
        Some(Piece { header, body })
    }

    /// Like [`next`](Self::next) when nothing more will come: a frame that is not whole is an error.
    pub(crate) fn last(&mut self, input: &mut BytesMut) -> Result<Option<Piece>, DecodeError> {
        if let Some(piece) = self.next(input)? {
            return Ok(Some(piece));
        }
        if input.is_empty() && matches!(self.place, Place::Frame) {
            return Ok(None);
        }
        input.clear();
        self.place = Place::Frame;
        Err(DecodeError::Unfinished)
    }
}
