//! The hub's outcomes as uchat's errors.

use bytes::{Bytes, BytesMut};
use tolmach_uchat::{ErrorCode, Flavor, ServerFrame};

use crate::gateway::Response;
use crate::model::Error;

/// The code that an error is answered with.
pub(super) fn code(error: &Error) -> ErrorCode {
    match error {
        Error::Unauthenticated | Error::BadCredentials => ErrorCode::AuthData,
        Error::NameTaken => ErrorCode::UserExists,
        Error::AlreadyConnected => ErrorCode::ClientExists,
        Error::NotAllowed(_) | Error::Banned | Error::BadRoomPassword | Error::TooLarge { .. } => {
            ErrorCode::NotAllowed
        }
        Error::NoSuchUser | Error::NoSuchRoom | Error::NoSuchMessage | Error::RecipientOffline => {
            ErrorCode::NotFound
        }
        Error::Invalid { .. } | Error::Unsupported(_) => ErrorCode::BadRequest,
        Error::RateLimited { .. } => ErrorCode::TooMany,
        Error::Unavailable | Error::OutcomeUnknown | Error::Internal => ErrorCode::Server,
    }
}

/// A frame as the bytes that a flavor puts on the wire.
pub(super) fn frame(flavor: Flavor, frame: &ServerFrame<'_>) -> Bytes {
    let mut out = BytesMut::new();
    frame.write(flavor, &mut out);
    out.freeze()
}

/// The RQ_ERROR_MSG of a code, with a text for people.
pub(super) fn error(flavor: Flavor, code: ErrorCode, text: &str) -> Bytes {
    let text = text.into();
    frame(flavor, &ServerFrame::Error { code, text })
}

/// The RQ_ERROR_MSG that says why the hub refused something.
pub(super) fn refusal(flavor: Flavor, refused: &Error) -> Bytes {
    error(flavor, code(refused), &refused.to_string())
}

/// The answer to a request that has failed; of an outcome that is not known there is none, only a close.
pub(super) fn refused(flavor: Flavor, error: &Error) -> Response {
    match error {
        Error::OutcomeUnknown => Response::Close(Bytes::new()),
        error => Response::Answer(refusal(flavor, error)),
    }
}
