//! The hub's outcomes as JIM's codes.

use bytes::{Bytes, BytesMut};
use tolmach_jim::{Answer, ServerFrame};

use crate::gateway::Step;
use crate::model::{Error, Timestamp};

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

/// An answer's bytes; `text` may be empty.
pub(super) fn answer(code: u16, text: impl Into<String>, at: Timestamp) -> Bytes {
    let text = Some(text.into()).filter(|text| !text.is_empty());
    let mut out = BytesMut::new();
    ServerFrame::Answer(Answer {
        code,
        time: at.seconds(),
        text,
    })
    .write(&mut out);
    out.freeze()
}

/// An error's answer.
pub(super) fn refusal(error: &Error, at: Timestamp) -> Bytes {
    answer(code(error), error.to_string(), at)
}

/// The answer to a request that has failed; of an outcome that is not known there is none, only a close.
pub(super) fn refused(error: &Error, at: Timestamp) -> Step {
    match error {
        Error::OutcomeUnknown => Step::Close(Bytes::new()),
        error => Step::Answer(refusal(error, at)),
    }
}
