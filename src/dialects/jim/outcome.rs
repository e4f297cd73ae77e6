//! The hub's outcomes as JIM's codes.

use bytes::{Bytes, BytesMut};
use tolmach_jim::{Answer, ServerFrame, Spelling, ascii_bytes, limits};

use crate::dialects::text::{cut, cut_by};
use crate::gateway::Response;
use crate::model::{Error, Timestamp};

/// "At most 8 pieces of 500 characters."
const PIECES: usize = 8;

/// The code that an error is answered with.
pub(super) fn code(error: &Error) -> u16 {
    match error {
        Error::Invalid { .. } | Error::Unsupported(_) => 400,
        Error::Unauthenticated => 401,
        Error::BadCredentials | Error::BadRoomPassword => 402,
        Error::NotAllowed(_) | Error::Banned | Error::TooLarge { .. } => 403,
        Error::NoSuchUser | Error::NoSuchRoom | Error::NoSuchMessage => 404,
        Error::AlreadyConnected | Error::NameTaken => 409,
        Error::RecipientOffline => 410,
        Error::RateLimited { .. } => 429,
        Error::Internal | Error::OutcomeUnknown => 500,
        Error::Unavailable => 503,
    }
}

/// How a connection is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// As the document has it.
    Document,
    /// As published clients read it, messages spelled like theirs.
    Compat(Spelling),
}

impl Style {
    /// Appends a frame as the flavor writes it.
    pub(super) fn write(self, frame: &ServerFrame, out: &mut BytesMut) {
        match self {
            Self::Document => frame.write(out),
            Self::Compat(spelling) => frame.write_compat(spelling, out),
        }
    }

    /// Appends a text as the frames that `frame` makes of its pieces; how many. "Longer text is cut into several `msg` objects."
    ///
    /// In the flavor `compat` a piece "is cut further where it must be": the text is first cut as for the document, into at most 8
    /// pieces of which the last one says how much is missing, and each of these then into as many objects as its bytes
    /// need. So both flavors tell the same text.
    pub(super) fn write_said(
        self,
        text: &str,
        frame: impl Fn(String) -> ServerFrame,
        out: &mut BytesMut,
    ) -> usize {
        let mut pieces = cut(text, limits::MESSAGE_CHARS, PIECES);
        if let Self::Compat(spelling) = self {
            let room = frame(String::new()).compat_text_bytes(spelling);
            let further = |piece: String| cut_by(&piece, room, usize::MAX, ascii_bytes);
            pieces = pieces.into_iter().flat_map(further).collect();
        }
        let frames = pieces.len();
        for piece in pieces {
            self.write(&frame(piece), out);
        }
        frames
    }

    /// Appends an answer or notice, its text cut where it would be too long; `text` may be empty.
    pub(super) fn write_answer(self, code: u16, text: &str, at: Timestamp, out: &mut BytesMut) {
        // "Answers 200 and 201 bear an `alert`."
        let text = match (self, code, text) {
            (Self::Compat(_), 200 | 201, "") => "OK",
            _ => text,
        };
        let text = (!text.is_empty()).then(|| cut(text, limits::MESSAGE_CHARS, 1).pop());
        let mut answer = Answer {
            code,
            time: at.seconds(),
            text: text.flatten(),
        };
        if let (Self::Compat(spelling), Some(text)) = (self, answer.text.clone()) {
            let room = ServerFrame::Answer(answer.clone()).compat_text_bytes(spelling);
            answer.text = cut_by(&text, room, 1, ascii_bytes).pop();
        }
        self.write(&ServerFrame::Answer(answer), out);
    }

    /// An answer's bytes; `text` may be empty.
    pub(super) fn answer(self, code: u16, text: impl AsRef<str>, at: Timestamp) -> Bytes {
        let mut out = BytesMut::new();
        self.write_answer(code, text.as_ref(), at, &mut out);
        out.freeze()
    }

    /// The answer with the code and the text of an error.
    pub(super) fn refusal(self, error: &Error, at: Timestamp) -> Bytes {
        self.answer(code(error), error.to_string(), at)
    }

    /// The answer to a request that has failed; of an outcome that is not known there is none, only a close.
    pub(super) fn refused(self, error: &Error, at: Timestamp) -> Response {
        match error {
            Error::OutcomeUnknown => Response::Close(Bytes::new()),
            error => Response::Answer(self.refusal(error, at)),
        }
    }
}
