//! A request's body, whose pauses are bounded.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::http::StatusCode;
use bytes::Bytes;
use futures_util::TryStreamExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use super::problem::Problem;
use crate::model::Error;

/// How long a body may pause.
const PAUSE: Duration = Duration::from_secs(30);

/// That a body paused for too long.
#[derive(Debug, thiserror::Error)]
#[error("the body paused for more than {} s", PAUSE.as_secs())]
pub(super) struct Paused;

/// All of a body of this many bytes at most.
pub(super) async fn whole(body: axum::body::Body, limit: u64) -> Result<Bytes, Problem> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.try_next().await.map_err(cut)? {
        if (bytes.len() + chunk.len()) as u64 > limit {
            return Err(Error::TooLarge { limit }.into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.into())
}

/// A body that did not come whole, or is none.
pub(super) fn cut(error: axum::Error) -> Problem {
    let first: &(dyn std::error::Error + 'static) = &error;
    let mut causes = std::iter::successors(Some(first), |error| error.source());
    let cause = causes.find_map(|cause| cause.downcast_ref::<io::Error>());
    if let Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) =
        cause.map(io::Error::kind)
    {
        return Error::invalid("body", "its chunks or its trailers are malformed").into();
    }
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "RequestTimeout",
        format!("the body did not come whole: {error}"),
    )
}

/// A body that fails where it pauses for longer than [`PAUSE`].
pub(super) struct Timed {
    body: Incoming,
    /// There while something is waited for.
    patience: Option<Pin<Box<Sleep>>>,
}

impl Timed {
    pub(super) fn new(body: Incoming) -> Self {
        Self {
            body,
            patience: None,
        }
    }
}

impl Body for Timed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Self { body, patience } = &mut *self;
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) {
            if let Some(patience) = patience {
                patience.as_mut().reset(Instant::now() + PAUSE);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)));
        }
        let patience = patience.get_or_insert_with(|| Box::pin(sleep(PAUSE)));
        ready!(patience.as_mut().poll(cx));
        Poll::Ready(Some(Err(Paused.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
