//! What every request must be, whatever it asks for.

use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, HOST};
use axum::http::{HeaderMap, Method, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use crate::model::{Error, Result};

/// Most bytes of a body that is no file.
pub(super) const MAX_BODY: u64 = 64 * 1024;

/// Answers what is not to be handed on.
pub(super) async fn admitted(request: Request, next: Next) -> Response {
    if request.version() == Version::HTTP_11 && request.headers().get_all(HOST).iter().count() != 1
    {
        let wrong = Error::invalid("Host", "say it once");
        return Problem::from(wrong).into_response();
    }
    // Who reads a body bounds it; not everybody does.
    if !is_upload(&request)
        && let Err(error) = check_length(request.headers(), MAX_BODY)
    {
        return Problem::from(error).into_response();
    }
    next.run(request).await
}

/// Whether a file comes with it, which has a bound of its own.
fn is_upload(request: &Request) -> bool {
    request.method() == Method::POST && request.uri().path().ends_with("/files")
}

/// Refuses a body that says that it is larger; 0: there is no limit.
pub(super) fn check_length(headers: &HeaderMap, limit: u64) -> Result<()> {
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    let length: u64 = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    match limit > 0 && length > limit {
        true => Err(Error::TooLarge { limit }),
        false => Ok(()),
    }
}
