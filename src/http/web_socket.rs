//! `/ws/NAME`: a dialect in WebSocket messages. After the handshake the connection is the connection driver's.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Path, RawQuery, Request, State};
use axum::http::header::{
    CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tungstenite::handshake::derive_accept_key;

use super::Site;
use super::connection::Connection;
use super::origin;
use super::problem::Problem;
use super::stream::HttpStream;
use crate::config::Config;
use crate::gateway::{Permit, Serve};
use crate::hub::Hub;
use crate::model::Error;

/// The version of the protocol that is spoken: RFC 6455.
const WIRE_VERSION: HeaderValue = HeaderValue::from_static("13");

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/ws/{dialect}", get(upgrade))
}

/// A dialect as it is spoken over WebSocket, in each of its revisions, the first one first.
pub(super) struct Spoken {
    dialect: &'static str,
    revisions: Vec<Arc<dyn Serve>>,
}

impl Spoken {
    /// The dialects of the first listeners of their names.
    pub(super) fn of(config: &Config) -> Vec<Self> {
        let options = config.dialect_options();
        let mut all: Vec<Self> = Vec::new();
        for listener in &config.listeners {
            let settings = &listener.settings;
            let dialect = settings.dialect();
            if all.iter().any(|spoken| spoken.dialect == dialect) {
                continue;
            }
            let revisions = match settings.kind().revisions() {
                0 | 1 => vec![settings.serve(&options)],
                last => (1..=last)
                    .map(|revision| settings.clone().with_revision(revision).serve(&options))
                    .collect(),
            };
            all.push(Self { dialect, revisions });
        }
        all
    }

    /// As the query wants it: the last revision where it names none.
    fn revision(&self, query: &str) -> Result<Arc<dyn Serve>, Error> {
        let all = &self.revisions;
        let named = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("revision="));
        let index = match named {
            None => all.len().checked_sub(1),
            Some(_) if all.len() < 2 => {
                let reason = format!("{} has no revisions to choose from", self.dialect);
                return Err(Error::invalid("revision", reason));
            }
            Some(named) => named
                .parse()
                .ok()
                .and_then(|number: usize| number.checked_sub(1)),
        };
        let found = index.and_then(|index| all.get(index));
        found.cloned().ok_or_else(|| {
            let reason = format!("{} has the revisions 1 to {}", self.dialect, all.len());
            Error::invalid("revision", reason)
        })
    }
}

async fn upgrade(
    State(site): State<Arc<Site>>,
    Extension(connection): Extension<Arc<Connection>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    mut request: Request,
) -> Response {
    let query = query.unwrap_or_default();
    let (dialect, accept) = match agree(&site, &connection, &name, &query, &request) {
        Ok(agreed) => agreed,
        Err(problem) => return refused(&problem),
    };
    let Some(permit) = connection.take_permit() else {
        return Problem::from(Error::Internal).answer();
    };
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(serve(
        dialect,
        upgraded,
        site.hub.clone(),
        connection,
        permit,
    ));
    let headers = [
        (UPGRADE, HeaderValue::from_static("websocket")),
        (CONNECTION, HeaderValue::from_static("upgrade")),
        (SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// What is to be spoken, and the answer to the client's key; else why not.
fn agree(
    site: &Site,
    connection: &Connection,
    name: &str,
    query: &str,
    request: &Request,
) -> Result<(Arc<dyn Serve>, HeaderValue), Problem> {
    let said = site.said();
    let mut all = said.spoken.iter();
    let Some(spoken) = all.find(|spoken| spoken.dialect == name) else {
        let detail = format!("no listener speaks {name:?}");
        return Err(Problem::new(StatusCode::NOT_FOUND, "NotFound", detail));
    };
    let headers = request.headers();
    if !origin::is_welcome(&said.options, headers, connection.is_encrypted) {
        let error = Error::NotAllowed("the page's origin is not one of http.origins".into());
        return Err(error.into());
    }
    let broken = |reason: &str| Problem::from(Error::invalid("handshake", reason));
    if request.method() != Method::GET || request.version() != Version::HTTP_11 {
        return Err(broken("it must be a GET of HTTP/1.1"));
    }
    if !has_token(headers, UPGRADE, "websocket") || !has_token(headers, CONNECTION, "upgrade") {
        return Err(broken(
            "the headers Upgrade: websocket and Connection: Upgrade are missing",
        ));
    }
    if headers.get(SEC_WEBSOCKET_VERSION) != Some(&WIRE_VERSION) {
        let detail = "the header Sec-WebSocket-Version must be 13";
        return Err(Problem::new(
            StatusCode::UPGRADE_REQUIRED,
            "Unsupported",
            detail,
        ));
    }
    let mut keys = headers.get_all(SEC_WEBSOCKET_KEY).iter();
    let key = match (keys.next(), keys.next()) {
        (Some(key), None) if is_key(key.as_bytes()) => key.as_bytes(),
        _ => {
            return Err(broken(
                "the header Sec-WebSocket-Key must be 16 bytes in base64",
            ));
        }
    };
    let dialect = spoken.revision(query)?;
    let accept = HeaderValue::try_from(derive_accept_key(key)).map_err(|_| Error::Internal)?;
    Ok((dialect, accept))
}

/// Who speaks another version is told which one would be understood.
fn refused(problem: &Problem) -> Response {
    let mut answer = problem.answer();
    if answer.status() == StatusCode::UPGRADE_REQUIRED {
        answer
            .headers_mut()
            .insert(SEC_WEBSOCKET_VERSION, WIRE_VERSION);
    }
    answer
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|said| said.trim().eq_ignore_ascii_case(token))
}

/// Whether it may stand for 16 bytes.
fn is_key(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24
        && key
            .strip_suffix(b"==")
            .is_some_and(|digits| digits.iter().all(is_digit))
}

/// Hands the connection over, once the client has been told.
async fn serve(
    dialect: Arc<dyn Serve>,
    upgraded: OnUpgrade,
    hub: Hub,
    connection: Arc<Connection>,
    permit: Permit,
) {
    let upgraded = match upgraded.await {
        Ok(upgraded) => upgraded,
        Err(error) => {
            tracing::debug!(%error, "a WebSocket connection ended with its handshake");
            return;
        }
    };
    let Ok(parts) = Upgraded::downcast::<TokioIo<HttpStream>>(upgraded) else {
        tracing::error!("a connection's stream is none of the gateway's");
        return;
    };
    let transport = parts.io.into_inner().into_inner();
    let transport = transport.into_web_socket(parts.read_buf);
    let (limits, shutdown) = (connection.limits, connection.shutdown.clone());
    dialect.serve(transport, &hub, limits, shutdown, permit);
}
