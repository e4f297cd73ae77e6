//! One connection that speaks HTTP.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::{self, Parts};
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;

use super::body::Timed;
use super::problem::{NotKnown, Problem, refusal};
use super::stream::{Answered, HttpStream, Turn};
use crate::gateway::{ByteStream, Limits, Permit, Transport};
use crate::hub::{Hub, Session};
use crate::model::{EndReason, Target, User};

/// Within which a request's headers must be there, counted from when the connection is ready for it.
const HEADERS: Duration = Duration::from_secs(10);
/// Most bytes of a request's headers.
const MAX_HEADERS: usize = 64 * 1024;

/// The connection that a request came by; an extension of each request.
pub(super) struct Connection {
    /// The other side, where it has an address.
    pub(super) address: Option<IpAddr>,
    pub(super) is_encrypted: bool,
    /// What connections that were made when it was may take.
    pub(super) limits: Limits,
    /// Why it ends, once the gateway stops, or does not listen here any more.
    pub(super) shutdown: watch::Receiver<Option<EndReason>>,
    permit: Mutex<Option<Permit>>,
    /// Whether a whole head of a request has come.
    was_asked: AtomicBool,
}

impl Connection {
    /// What lets it be one of all connections: whoever takes it goes on with the connection, after an upgrade.
    pub(super) fn take_permit(&self) -> Option<Permit> {
        let mut permit = self.permit.lock().unwrap_or_else(PoisonError::into_inner);
        permit.take()
    }

    /// Waits until the next message of a user is due in the room that it goes to: over all connections of the user together.
    /// Waits where the user says more than its pace lets it; whether it did.
    pub(super) async fn keep_pace(&self, session: &mut Session, user: &User, to: &Target) -> bool {
        let Some((_, room)) = session.speaks_in(to).await else {
            return false;
        };
        let due = {
            let permit = self.permit.lock().unwrap_or_else(PoisonError::into_inner);
            permit
                .as_ref()
                .and_then(|permit| permit.message_due(user, room, self.address))
        };
        if let Some(due) = due {
            tokio::select! {
                _ = self.ending() => {}
                () = tokio::time::sleep_until(due) => {}
            }
        }
        due.is_some()
    }

    /// Why it is to end, if it is.
    pub(super) fn end_reason(&self) -> Option<EndReason> {
        *self.shutdown.borrow()
    }

    /// Is done once it is to end: why.
    pub(super) async fn ending(&self) -> EndReason {
        // A channel whose sender is gone has said it before.
        let _ = self.shutdown.clone().wait_for(Option::is_some).await;
        self.end_reason().unwrap_or(EndReason::Shutdown)
    }
}

/// Serves a connection until its end, or until it is upgraded to another protocol.
pub(super) async fn serve(
    router: Router,
    transport: Transport,
    hub: Hub,
    limits: Limits,
    mut shutdown: watch::Receiver<Option<EndReason>>,
    permit: Permit,
) {
    let address = transport.peer();
    let mut stream = ByteStream::new(transport);
    let opened = tokio::select! {
        biased;
        opened = tokio::time::timeout(HEADERS, stream.open()) => opened.ok(),
        _ = shutdown.wait_for(Option::is_some) => None,
    };
    if opened != Some(Ok(())) {
        // Nobody is there to be told of what fails here.
        if let Some(Err(reason)) = opened {
            let _ = stream.write_all(&refusal(reason)).await;
        }
        let _ = stream.shutdown().await;
        return;
    }
    let connection = Arc::new(Connection {
        address,
        is_encrypted: stream.is_encrypted(),
        limits,
        shutdown,
        permit: Mutex::new(Some(permit)),
        was_asked: AtomicBool::new(false),
    });
    let turn = Arc::<Turn>::default();
    let stream = HttpStream::new(stream, hub, turn.clone());
    let requests = Requests {
        router: TowerToHyperService::new(router),
        connection: connection.clone(),
        turn,
    };
    let mut served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), requests)
        .with_upgrades();
    let outcome = tokio::select! {
        biased;
        outcome = &mut served => Some(outcome),
        _ = connection.ending() => match connection.was_asked.load(Ordering::Relaxed) {
            // Hyper would wait for its first request.
            false => None,
            true => {
                Pin::new(&mut served).graceful_shutdown();
                Some((&mut served).await)
            }
        }
    };
    let failed = match outcome {
        Some(Ok(())) => return,
        Some(Err(error)) => Some(error),
        None => None,
    };
    if let Some(error) = &failed {
        let peer = address.map(tracing::field::display);
        tracing::debug!(%error, peer, "an HTTP connection broke off");
    }
    if let Some(Parts { io, read_buf, .. }) = served.into_parts() {
        let mut stream = io.into_inner();
        let is_late = failed.is_some_and(|error| error.is_timeout());
        if is_late && !read_buf.is_empty() {
            // Nobody is there to be told of what fails here, either.
            let _ = stream.write_all(&late().last_answer()).await;
        }
        // Hyper leaves it open, and who speaks TLS would take that for a connection that was cut.
        let _ = stream.shutdown().await;
    }
}

/// What somebody is told whose request did not come whole, but in part.
fn late() -> Problem {
    let detail = format!("the headers did not come within {} s", HEADERS.as_secs());
    Problem::new(StatusCode::REQUEST_TIMEOUT, "RequestTimeout", detail)
}

/// Hands requests on with the connection that they came by.
struct Requests {
    router: TowerToHyperService<Router>,
    connection: Arc<Connection>,
    turn: Arc<Turn>,
}

impl Service<Request<Incoming>> for Requests {
    type Response = hyper::Response<Answered>;
    type Error = NotKnown;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, NotKnown>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.connection.was_asked.store(true, Ordering::Relaxed);
        let mut request = request.map(|body| Body::new(Timed::new(body)));
        request.extensions_mut().insert(self.connection.clone());
        self.turn.begin();
        let (answer, turn) = (self.router.call(request), self.turn.clone());
        Box::pin(async {
            let Ok(answer) = answer.await;
            if answer.extensions().get::<NotKnown>().is_some() {
                return Err(NotKnown);
            }
            Ok(answer.map(|body| Answered::new(body, turn)))
        })
    }
}
