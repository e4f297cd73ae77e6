//! The one form of an error: RFC 9457.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use serde::Serialize;

use super::headers::CONTENT_SECURITY;
use crate::model::{EndReason, Error};

/// The media type of a [`Problem`], RFC 9457.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not carried out.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    /// Which value was wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Whole seconds until it may be tried again.
    #[serde(skip)]
    retry_after: Option<u64>,
    /// Nobody can say whether it was.
    #[serde(skip)]
    is_unknown: bool,
}

/// In place of an answer, which would have to say whether something was done: the connection ends without one.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("whether it was done is not known")]
pub(super) struct NotKnown;

impl Problem {
    pub(super) fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            r#type: "about:blank",
            title,
            status: status.as_u16(),
            detail: detail.into(),
            field: None,
            retry_after: None,
            is_unknown: false,
        }
    }

    /// It may be tried again after so many seconds.
    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The answer that says it.
    pub(super) fn answer(&self) -> Response {
        let mut answer = Response::new(Body::from(self.json()));
        if let Ok(status) = StatusCode::from_u16(self.status) {
            *answer.status_mut() = status;
        }
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.is_unknown {
            answer.extensions_mut().insert(NotKnown);
        }
        answer
    }

    /// The answer as bytes; the connection ends with it.
    pub(super) fn last_answer(&self) -> BytesMut {
        let body = self.json();
        let status = StatusCode::from_u16(self.status).unwrap_or_default();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {PROBLEM_JSON}\r\ncontent-length: {}\r\ncache-control: no-store\r\n\
             x-content-type-options: nosniff\r\ncontent-security-policy: {CONTENT_SECURITY}\r\nreferrer-policy: no-referrer\r\n\
             x-frame-options: DENY\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let mut answer = BytesMut::from(head.as_bytes());
        answer.extend_from_slice(&body);
        answer
    }

    fn json(&self) -> Vec<u8> {
        // Texts and a number can always be written.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let mut problem = Self::new(status(&error), error.name(), error.to_string());
        match error {
            Error::Invalid { field, .. } => problem.field = Some(field),
            Error::RateLimited { retry_after } => {
                let seconds = retry_after.as_millis().div_ceil(1000).max(1);
                problem.retry_after = u64::try_from(seconds).ok();
            }
            Error::OutcomeUnknown => problem.is_unknown = true,
            _ => {}
        }
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.answer()
    }
}

fn status(error: &Error) -> StatusCode {
    match error {
        Error::Unauthenticated | Error::BadCredentials => StatusCode::UNAUTHORIZED,
        Error::NotAllowed(_) | Error::Banned | Error::BadRoomPassword => StatusCode::FORBIDDEN,
        Error::NoSuchUser | Error::NoSuchRoom | Error::NoSuchMessage => StatusCode::NOT_FOUND,
        Error::NameTaken | Error::AlreadyConnected => StatusCode::CONFLICT,
        Error::RecipientOffline => StatusCode::GONE,
        Error::Invalid { .. } | Error::Unsupported(_) => StatusCode::BAD_REQUEST,
        Error::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Error::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Unavailable | Error::OutcomeUnknown => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What a connection is told that is turned away before it is read: a whole answer.
pub(super) fn refusal(reason: EndReason) -> BytesMut {
    let (status, title) = match reason {
        EndReason::AddressBanned | EndReason::BannedFromGateway => {
            (StatusCode::FORBIDDEN, "Banned")
        }
        EndReason::TlsRequired => (StatusCode::BAD_REQUEST, "Unsupported"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "Unavailable"),
    };
    Problem::new(status, title, reason.to_string()).last_answer()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_error_says_its_name_its_status_and_the_field() {
        let problem = Problem::from(Error::invalid("login", "too long"));
        let json: serde_json::Value = serde_json::from_slice(&problem.json()).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "type": "about:blank",
                "title": "Invalid",
                "status": 400,
                "detail": "login: too long",
                "field": "login",
            })
        );
    }

    #[test]
    fn who_is_too_fast_is_told_when_to_come_again() {
        let retry_after = Duration::from_millis(1200);
        let answer = Problem::from(Error::RateLimited { retry_after }).answer();
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.headers()[RETRY_AFTER], "2");
    }

    #[test]
    fn a_refusal_is_a_whole_answer() {
        let refusal = refusal(EndReason::TooManyConnections);
        let text = std::str::from_utf8(&refusal).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"),
            "{head}"
        );
        assert!(
            head.contains(&format!("content-length: {}\r\n", body.len())),
            "{head}"
        );
    }
}
