//! The API: what dialects and the command line can ask, as JSON over HTTP.
//!
//! A request is answered as the account that asks; an operator's reads show all there is, and where its own rights do not
//! reach what it does is done as the command line does it, and logged. Each family of requests has a file, which says of each
//! what it takes and is answered: [`document`] serves and describes them in one.

mod bans;
mod cursor;
mod dialects;
mod document;
mod events;
mod files;
mod input;
mod login;
mod me;
mod members;
mod messages;
mod page;
mod past;
mod rooms;
mod sessions;
pub(super) mod stats;
mod tap;
mod tokens;
mod users;

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, CONTENT_TYPE, ORIGIN, VARY,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;

use super::connection::Connection;
use super::problem::Problem;
use super::{Site, origin};
pub(super) use document::ROOT;
use document::{Api, Operation, Who};

/// What a request is answered with, 200, or why not.
type Answer<T> = Result<axum::Json<T>, Problem>;

/// What a request has made, 201, or why not.
type Made<T> = Result<(StatusCode, axum::Json<T>), Problem>;

/// Done; there is nothing to say.
type Done = Result<StatusCode, Problem>;

fn answer<T: Serialize>(value: T) -> Answer<T> {
    Ok(axum::Json(value))
}

fn made<T: Serialize>(value: T) -> Made<T> {
    Ok((StatusCode::CREATED, axum::Json(value)))
}

fn done() -> Done {
    Ok(StatusCode::NO_CONTENT)
}

/// All requests of the API.
pub(super) fn routes() -> Router<Arc<Site>> {
    let router = requests().into_router();
    router.route("/files/{id}", get(files::fetch_file))
}

fn requests() -> Api {
    let api = [
        login::requests,
        me::requests,
        users::requests,
        tokens::requests,
        rooms::requests,
        members::requests,
        bans::requests,
        messages::requests,
        files::requests,
        sessions::requests,
        events::requests,
        tap::requests,
        dialects::requests,
        stats::requests,
    ]
    .into_iter()
    .fold(Api::new(), |api, more| more(api));
    let described = Operation::new(Who::Anyone, "This document").answered(
        StatusCode::OK,
        "application/json",
        json!({"schema": {"type": "object"}}),
    );
    api.serve(Method::GET, "/openapi.json", show_document, described)
}

/// What describes all of it, as JSON, once somebody has asked for it: most gateways never need it. As a text it is a fraction
/// of the tree, and holds what can be written.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| {
    let document = requests().into_document();
    Bytes::from(serde_json::to_vec(&document).unwrap_or_default())
});

async fn show_document() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.clone())
}

/// Lets the pages of `http.origins` read the answers of the API.
pub(super) async fn across_origins(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if !path.starts_with(ROOT) && !path.starts_with("/files/") {
        return next.run(request).await;
    }
    let asked_from = request.headers().get(ORIGIN).cloned();
    let connection = request.extensions().get::<Arc<Connection>>();
    let is_encrypted = connection.is_some_and(|connection| connection.is_encrypted);
    let is_welcome = origin::is_welcome(&site.said().options, request.headers(), is_encrypted);
    let welcome = asked_from.filter(|_| is_welcome);
    let headers = request.headers();
    let is_preflight = *request.method() == Method::OPTIONS
        && welcome.is_some()
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut answer = match is_preflight {
        true => preflight(),
        false => next.run(request).await,
    };
    let headers = answer.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = welcome {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
        let shown = "Content-Disposition, Content-Range, Location, Retry-After";
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(shown),
        );
    }
    answer
}

/// What a browser asks before it lets a page of another origin ask.
fn preflight() -> Response {
    let allowed = [
        (
            ACCESS_CONTROL_ALLOW_METHODS,
            "GET, POST, PUT, PATCH, DELETE",
        ),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, Last-Event-ID, Range, X-Requested-With",
        ),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, allowed).into_response()
}
