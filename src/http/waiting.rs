//! Answers that are made whole before they are sent: what clients have not taken yet is bounded, over all connections.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Body as _, Frame, SizeHint};

use super::Site;
use super::problem::Problem;
use crate::model::Error;

/// Bytes of an answer that hyper is given at once; a smaller one is not counted.
const PIECE: usize = 64 * 1024;
/// Seconds after which somebody may have taken an answer.
const RETRY_AFTER: u64 = 1;

/// Bytes of all answers that wait.
#[derive(Debug, Default)]
pub(super) struct Waiting(AtomicU64);

/// One answer's part of them, until it is dropped.
#[derive(Debug)]
struct Held {
    all: Arc<Waiting>,
    bytes: u64,
}

impl Held {
    fn of(all: &Arc<Waiting>, bytes: u64) -> Self {
        all.0.fetch_add(bytes, Ordering::Relaxed);
        Self {
            all: all.clone(),
            bytes,
        }
    }

    /// Whether it is too much beside the others; 0: there is no bound. One alone never is.
    fn is_too_much(&self, bound: u64) -> bool {
        let all = self.all.0.load(Ordering::Relaxed);
        bound > 0 && all > bound && all > self.bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Counts a large answer until it is sent, and refuses it where too much waits already.
pub(super) async fn bounded(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let answer = next.run(request).await;
    // What is read on its way has no size that is known before.
    let size = answer.body().size_hint().exact().unwrap_or_default();
    if size <= PIECE as u64 {
        return answer;
    }
    let held = Held::of(&site.waiting, size);
    if held.is_too_much(site.hub.options().queue_total_bytes as u64) {
        let problem = Problem::from(Error::Unavailable);
        return problem.retry_after(RETRY_AFTER).into_response();
    }
    answer.map(|body| {
        Body::new(Piecewise {
            body,
            rest: Bytes::new(),
            _held: held,
        })
    })
}

/// A body that goes piece by piece: hyper takes the next when the one before is on its way.
struct Piecewise {
    body: Body,
    /// Of what it gave last.
    rest: Bytes,
    _held: Held,
}

impl hyper::body::Body for Piecewise {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (left, mut hint) = (self.rest.len() as u64, self.body.size_hint());
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + left);
        }
        hint.set_lower(hint.lower() + left);
        hint
    }
}
