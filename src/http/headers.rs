//! What every answer says beside its own.

use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::response::Response;

/// A page loads what this gateway serves and nothing else, and runs no script or style that stands in it; pictures may also
/// be made by its scripts.
pub(super) const CONTENT_SECURITY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The answer with what it lacks.
pub(super) async fn secured(mut answer: Response) -> Response {
    let is_bare = answer.status().is_informational() || answer.status() == 204;
    let headers = answer.headers_mut();
    // What is called by its hash may be kept for ever, and nothing else.
    let is_kept = headers
        .get(CACHE_CONTROL)
        .is_some_and(|said| said.as_bytes().ends_with(b"immutable"));
    if !is_kept {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let mut set = |name, value| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(CONTENT_SECURITY_POLICY, CONTENT_SECURITY);
    set(REFERRER_POLICY, "no-referrer");
    set(X_FRAME_OPTIONS, "DENY");
    if !is_bare {
        set(CONTENT_TYPE, "text/plain; charset=utf-8");
    }
    answer
}
