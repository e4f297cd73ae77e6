//! Metrics, the API, WebSocket and the pages: one more listener of the gateway, whose connections speak HTTP.
//!
//! ```text
//!  gateway's listener ─▶ Http ─▶ hyper ─▶ Router ─▶ handlers ─▶ hub
//!   (TLS, limits, bans)                     └─ /ws/NAME ─▶ the dialect's own connection driver
//! ```
//!
//! A handler gets at the hub as an adapter or the control socket does, by commands and sessions, and knows no more of it.

mod admission;
mod api;
mod authentication;
mod body;
mod connection;
mod family;
mod headers;
mod health;
mod metrics;
mod origin;
mod pages;
mod problem;
mod process;
mod stream;
mod waiting;
mod web_socket;

use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware;
use axum::response::Response;
use bytes::BytesMut;
use tokio::sync::{OnceCell, Semaphore, watch};

use crate::config::{self, Config};
use crate::control::MAX_WATCHING;
use crate::gateway::{Limits, Permit, Serve, Transport};
use crate::hub::Hub;
use crate::model::EndReason;
use crate::store::SecretBytes;
use api::stats::{Samples, take_samples};
use problem::Problem;
use waiting::Waiting;
use web_socket::Spoken;

/// What all that answers requests shares.
pub(crate) struct Site {
    /// As a dialect has it.
    hub: Hub,
    /// What the configuration says now; read anew for each request.
    said: RwLock<Arc<Said>>,
    /// Who may watch the tap.
    viewers: Arc<Semaphore>,
    /// How it went in the last hour.
    samples: Samples,
    /// Answers that clients have not taken yet.
    waiting: Arc<Waiting>,
    /// What places in streams of events are signed by, once that was needed.
    cursor_key: OnceCell<SecretBytes>,
}

/// What the configuration says.
struct Said {
    /// The section `[http]` of the configuration.
    options: config::Http,
    /// What is spoken over WebSocket.
    spoken: Vec<Spoken>,
    /// Bytes of one uploaded file, at most; 0: there is no limit.
    file_bytes: u64,
}

impl Said {
    fn by(config: &Config) -> Arc<Self> {
        Arc::new(Self {
            options: config.http.clone(),
            spoken: Spoken::of(config),
            file_bytes: config.limits.file_bytes,
        })
    }
}

impl Site {
    fn said(&self) -> Arc<Said> {
        self.said
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Speaks HTTP on a gateway's listener.
pub(crate) struct Http {
    site: Arc<Site>,
    router: Router,
}

impl Http {
    /// What `[http]` of a configuration describes, over a hub. Must be called in a tokio runtime.
    pub(crate) fn new(hub: Hub, config: &Config) -> Self {
        let site = Arc::new(Site {
            hub,
            said: RwLock::new(Said::by(config)),
            viewers: Arc::new(Semaphore::new(MAX_WATCHING)),
            samples: Samples::default(),
            waiting: Arc::default(),
            cursor_key: OnceCell::new(),
        });
        tokio::spawn(take_samples(Arc::downgrade(&site)));
        Self {
            router: router(&site).with_state(site.clone()),
            site,
        }
    }

    /// What is asked from now on, over connections that are open too, is answered as this configuration says.
    pub(crate) fn set(&self, config: &Config) {
        let said = Said::by(config);
        let now = self.site.said.write();
        *now.unwrap_or_else(PoisonError::into_inner) = said;
    }
}

/// All that is served.
fn router(site: &Arc<Site>) -> Router<Arc<Site>> {
    Router::new()
        .merge(api::routes())
        .merge(health::routes())
        .merge(metrics::routes())
        .merge(pages::routes())
        .merge(web_socket::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn_with_state(
            site.clone(),
            waiting::bounded,
        ))
        .layer(middleware::from_fn_with_state(
            site.clone(),
            api::across_origins,
        ))
        .layer(middleware::from_fn(admission::admitted))
        .layer(middleware::map_response(headers::secured))
}

async fn not_found(request: Request) -> Response {
    let path = request.uri().path();
    Problem::new(
        StatusCode::NOT_FOUND,
        "NotFound",
        format!("there is nothing at {path}"),
    )
    .answer()
}

async fn not_allowed(method: Method, request: Request) -> Response {
    let path = request.uri().path();
    let detail = format!("{path} does not take {method}; the header Allow says what it takes");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", detail).answer()
}

impl Serve for Http {
    fn serve(
        &self,
        transport: Transport,
        hub: &Hub,
        limits: Limits,
        shutdown: watch::Receiver<Option<EndReason>>,
        permit: Permit,
    ) {
        let router = self.router.clone();
        let hub = hub.clone();
        tokio::spawn(connection::serve(
            router, transport, hub, limits, shutdown, permit,
        ));
    }

    fn name(&self) -> &'static str {
        config::HTTP
    }

    fn label(&self) -> &str {
        config::HTTP
    }

    fn refusal(&self, reason: EndReason) -> BytesMut {
        problem::refusal(reason)
    }

    #[cfg(test)]
    fn idle_bytes(&self) -> [usize; 2] {
        [0, 0]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
    use tokio::time::Instant;

    use super::*;
    use crate::gateway::Gateway;

    async fn connected() -> (Gateway, DuplexStream) {
        let hub = Hub::builder().start().await.unwrap();
        let http = Arc::new(Http::new(hub.clone(), &Config::default()));
        let gateway = Gateway::builder(hub).start().await.unwrap();
        let (near, far) = tokio::io::duplex(1024);
        gateway.connect(http, Transport::memory(far));
        (gateway, near)
    }

    #[tokio::test(start_paused = true)]
    async fn headers_that_do_not_come_are_not_waited_for() {
        let (_gateway, mut near) = connected().await;
        near.write_all(b"GET /healthz HTTP/1.1\r\nHost:")
            .await
            .unwrap();
        let begun = Instant::now();
        let mut all = Vec::new();
        near.read_to_end(&mut all).await.unwrap();
        assert_eq!(begun.elapsed().as_secs(), 10);
        let told = String::from_utf8(all).unwrap();
        assert!(told.starts_with("HTTP/1.1 408 "), "{told}");
        assert!(told.contains(r#""title":"RequestTimeout""#), "{told}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_nothing_more_is_left_without_a_word() {
        let (_gateway, mut near) = connected().await;
        near.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let mut all = Vec::new();
        near.read_to_end(&mut all).await.unwrap();
        assert!(all.ends_with(b"\r\n\r\nok"), "{all:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_nothing_does_not_hold_up_the_end() {
        const ASKED: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
        for said in ["", "GET /he", ASKED, &format!("{ASKED}GET /he")] {
            let (gateway, mut near) = connected().await;
            near.write_all(said.as_bytes()).await.unwrap();
            if said.starts_with(ASKED) {
                let mut answer = Vec::new();
                while !answer.ends_with(b"\r\n\r\nok") {
                    assert!(near.read_buf(&mut answer).await.unwrap() > 0);
                }
            }
            let begun = Instant::now();
            gateway.close().await;
            assert!(begun.elapsed() < Duration::from_secs(1), "{said:?}");
            assert_eq!(near.read(&mut [0; 16]).await.unwrap(), 0, "{said:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_is_not_waited_for() {
        let (_gateway, mut near) = connected().await;
        let begun = Instant::now();
        assert_eq!(near.read(&mut [0; 16]).await.unwrap(), 0);
        assert!(begun.elapsed() < Duration::from_secs(11));
    }
}
