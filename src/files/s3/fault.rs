//! Why a bucket does not do what is asked of it.

use std::error::Error;

use hyper::StatusCode;
use object_store::client::{HttpError, HttpErrorKind};

use super::http::cause;

/// Why a bucket does not do what is asked of it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{url}: {what}; {}", self.to_do())]
pub struct S3Fault {
    pub(super) url: String,
    pub(super) what: String,
    /// It did not answer, or could not do it now.
    pub(super) is_away: bool,
}

impl S3Fault {
    fn to_do(&self) -> &'static str {
        match self.is_away {
            true => "look whether the server is there and can be reached (its endpoint)",
            false => {
                "look at the bucket's name, its region and endpoint, and what the access key may do"
            }
        }
    }
}

/// The server was not there, or could not do it now: that may pass by itself.
pub(super) fn is_away(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<HttpError>() {
            return !matches!(error.kind(), HttpErrorKind::Decode | HttpErrorKind::Unknown);
        }
        next = error.source();
    }
    let said = cause(error).to_string();
    let status = said
        .split_once("status code: ")
        .and_then(|(_, rest)| rest.get(..3));
    let status = status.and_then(|status| StatusCode::from_bytes(status.as_bytes()).ok());
    status.is_some_and(is_passing)
}

pub(super) fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// What the server or the system says.
pub(super) fn words(error: &(dyn Error + 'static)) -> String {
    let said = cause(error).to_string();
    said_in(&said).unwrap_or(said)
}

/// The code and the message of an answer of S3.
pub(super) fn said_in(answer: &str) -> Option<String> {
    let code = between(answer, "<Code>", "</Code>")?;
    Some(match between(answer, "<Message>", "</Message>") {
        Some(message) => format!("{code} ({message})"),
        None => code,
    })
}

pub(super) fn between(text: &str, from: &str, to: &str) -> Option<String> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to).map(|(text, _)| text.to_owned())
}
