//! Requests over HTTP, with rustls and the provider of all other connections, each with an end.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::{Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector as Connect, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, Sleep, timeout};

/// For how long a server may take nothing, or say nothing, before it counts as away.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);
/// How often in that time it is looked whether it took something.
const LOOKS: u32 = 8;
/// For how long one may not be reached.
const CONNECT: Duration = Duration::from_secs(2);
/// For how long a connection is kept that nothing is asked on.
const IDLE: Duration = Duration::from_secs(20);

/// What a request brings.
pub(super) type Payload = BoxBody<Bytes, io::Error>;

/// A handle: clones share their connections.
#[derive(Clone, Debug)]
pub(super) struct Http(Client<HttpsConnector<HttpConnector>, Payload>);

impl Http {
    /// Takes the system's authorities from disk, or those of `SSL_CERT_FILE`.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub(super) fn new() -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        Ok(Self(client))
    }

    /// Sends a request; the beginning of what is answered. `sent` rises while its payload goes.
    ///
    /// # Errors
    /// The server cannot be reached, or did nothing for [`PATIENCE`].
    pub(super) async fn send(
        &self,
        request: Request<Payload>,
        sent: &AtomicU64,
    ) -> Result<Response<HttpResponseBody>, HttpError> {
        let mut answer = self.0.request(request);
        let (mut before, mut idle) = (0, 0);
        let answer = loop {
            match timeout(PATIENCE / LOOKS, &mut answer).await {
                Ok(answer) => break answer,
                Err(_) => {
                    let now = sent.load(Ordering::Relaxed);
                    idle = if now == before { idle + 1 } else { 0 };
                    before = now;
                }
            }
            if idle == LOOKS {
                return Err(silent());
            }
        };
        let answer = answer.map_err(|error| {
            let kind = match error.is_connect() {
                true => HttpErrorKind::Connect,
                false => HttpErrorKind::Interrupted,
            };
            HttpError::new(kind, error)
        })?;
        Ok(answer.map(|body| HttpResponseBody::new(Patient::new(body))))
    }
}

#[async_trait]
impl HttpService for Http {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = request.map(|body| body.map_err(io::Error::other).boxed());
        self.send(request, &AtomicU64::new(0)).await
    }
}

impl Connect for Http {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

fn silent() -> HttpError {
    let error = io::Error::new(io::ErrorKind::TimedOut, "it does not answer");
    HttpError::new(HttpErrorKind::Timeout, error)
}

/// An answer whose next part does not take longer than [`PATIENCE`], once it is waited for.
struct Patient {
    body: Incoming,
    until: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    fn new(body: Incoming) -> Self {
        Self { body, until: None }
    }
}

impl Body for Patient {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.until = None;
            let broken = |error| HttpError::new(HttpErrorKind::Interrupted, error);
            return Poll::Ready(frame.map(|frame| frame.map_err(broken)));
        }
        let begin = || Box::pin(tokio::time::sleep_until(Instant::now() + PATIENCE));
        ready!(self.until.get_or_insert_with(begin).as_mut().poll(context));
        Poll::Ready(Some(Err(silent())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What is at the bottom of an error.
pub(super) fn cause<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause
}
