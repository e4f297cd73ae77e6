//! Answers that are made whole before they are sent: how many are made at once is bounded, and what clients have not taken yet,
//! over all connections.

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
use super::api::ROOT;
use super::connection::Connection;
use super::problem::Problem;
use crate::model::Error;
use crate::turns::{Asker, Turns};

/// Bytes of an answer that hyper is given at once; a smaller one is not counted.
const PIECE: usize = 64 * 1024;
/// Seconds after which somebody may have taken an answer.
const RETRY_AFTER: u64 = 1;

/// How many answers are made at once: what a list of all there is takes meanwhile is in no other bound.
const AT_ONCE: usize = 8;

/// Answers that are made, and the bytes of all that wait.
pub(super) struct Waiting {
    making: Turns,
    bytes: AtomicU64,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            making: Turns::new(AT_ONCE, 0),
            bytes: AtomicU64::new(0),
        }
    }
}

/// One answer's part of them, until it is dropped.
struct Held {
    all: Arc<Waiting>,
    bytes: u64,
}

impl Held {
    fn of(all: &Arc<Waiting>, bytes: u64) -> Self {
        all.bytes.fetch_add(bytes, Ordering::Relaxed);
        Self {
            all: all.clone(),
            bytes,
        }
    }

    /// Whether it is too much beside the others; 0: there is no bound. One alone never is.
    fn is_too_much(&self, bound: u64) -> bool {
        let all = self.all.bytes.load(Ordering::Relaxed);
        bound > 0 && all > bound && all > self.bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Has what only reads wait for its turn, of all networks one after the other; counts a large answer until it is sent, and refuses
/// it where too much waits already.
pub(super) async fn bounded(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let making = match reads_the_store(&request) {
        true => {
            let connection = request.extensions().get::<Arc<Connection>>();
            let address = connection.and_then(|connection| connection.address);
            match site.waiting.making.next(Asker::anybody(address)).await {
                Ok(turn) => Some(turn),
                Err(error) => return Problem::from(error).into_response(),
            }
        }
        false => None,
    };
    let answer = next.run(request).await;
    // What is read on its way has no size that is known before.
    let size = answer.body().size_hint().exact().unwrap_or_default();
    if size <= PIECE as u64 {
        return answer;
    }
    let held = Held::of(&site.waiting, size);
    drop(making);
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

/// Whether an answer is made of what the store has. What is changed waits elsewhere, and a file comes from wherever it is.
fn reads_the_store(request: &Request) -> bool {
    let path = request.uri().path().strip_prefix(ROOT);
    request.method().is_safe() && path.is_some_and(|path| !path.starts_with("/files/"))
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use axum::middleware;
    use axum::routing::get;
    use axum::{Router, http};
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;

    use super::*;
    use crate::config::Config;
    use crate::http::Http;
    use crate::hub::Hub;

    #[tokio::test(start_paused = true)]
    async fn a_few_answers_are_made_at_once_and_all_in_the_end() {
        let hub = Hub::builder().start().await.unwrap();
        let site = Http::new(hub, &Config::default()).site;
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (at_work, seen) = (now.clone(), most.clone());
        let slow = get(async move || {
            let now = at_work.fetch_add(1, Ordering::SeqCst) + 1;
            seen.fetch_max(now, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            at_work.fetch_sub(1, Ordering::SeqCst);
            "made"
        });
        let router = Router::new()
            .route("/api/v1/rooms", slow.clone())
            .route("/api/v1/files/1", slow)
            .layer(middleware::from_fn_with_state(site, bounded));
        let service = TowerToHyperService::new(router);
        for (path, at_once) in [("/api/v1/rooms", AT_ONCE), ("/api/v1/files/1", 20)] {
            let asked = (0..20).map(|_| {
                let request = http::Request::get(path).body(Body::empty()).unwrap();
                tokio::spawn(service.call(request))
            });
            for asked in asked.collect::<Vec<_>>() {
                assert_eq!(asked.await.unwrap().unwrap().status(), 200);
            }
            assert_eq!(most.swap(0, Ordering::SeqCst), at_once, "{path}");
            assert_eq!(now.load(Ordering::SeqCst), 0);
        }
    }
}
