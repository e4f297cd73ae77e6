//! What every request must be, whatever it asks for.

use axum::extract::Request;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderValue, Method, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::Body as _;

use super::body;
use super::problem::Problem;
use crate::model::Error;

/// Most bytes of a body that is no file.
pub(super) const MAX_BODY: u64 = 64 * 1024;

/// Answers what is not to be handed on. What is has its body whole, but for a file's: so nobody is asked who it is before all
/// is there by which it acts, and rights that were withdrawn meanwhile are withdrawn.
pub(super) async fn admitted(request: Request, next: Next) -> Response {
    let mut encodings = request.headers().get_all(TRANSFER_ENCODING).iter();
    let chunked = |encoding: &HeaderValue| encoding.as_bytes().eq_ignore_ascii_case(b"chunked");
    if !encodings.next().is_none_or(chunked) || encodings.next().is_some() {
        let wrong = Error::invalid("Transfer-Encoding", "chunked alone, once");
        // Others may see another end of the body.
        return ([(CONNECTION, "close")], Problem::from(wrong)).into_response();
    }
    match admit(request).await {
        Ok(request) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn admit(request: Request) -> Result<Request, Problem> {
    if request.version() == Version::HTTP_11 && request.headers().get_all(HOST).iter().count() != 1
    {
        return Err(Error::invalid("Host", "say it once").into());
    }
    if is_upload(&request) {
        return Ok(request);
    }
    check_length(request.headers(), MAX_BODY)?;
    let (head, content) = request.into_parts();
    let content = match content.is_end_stream() {
        true => content,
        false => body::whole(content, MAX_BODY).await?.into(),
    };
    Ok(Request::from_parts(head, content))
}

/// Whether a file comes with it, which has a bound of its own.
fn is_upload(request: &Request) -> bool {
    request.method() == Method::POST && request.uri().path().ends_with("/files")
}

/// Refuses a body that says that it is larger; 0: there is no limit.
pub(super) fn check_length(headers: &HeaderMap, limit: u64) -> Result<(), Error> {
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    let length: u64 = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    match limit > 0 && length > limit {
        true => Err(Error::TooLarge { limit }),
        false => Ok(()),
    }
}
