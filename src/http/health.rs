//! For machines that watch: whether it serves, and whether it can do what it is for.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use super::Site;

/// What a part is that is ready.
const READY: &str = "ready";

/// Whether the gateway can be used, and each part that it needs: `ready`, or why it is not.
#[derive(Debug, Serialize)]
struct Ready {
    ready: bool,
    store: String,
    bus: &'static str,
}

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready))
}

async fn ready(State(site): State<Arc<Site>>) -> Response {
    let is = site.hub.readiness().await;
    let ready = Ready {
        ready: is.store.is_ok() && is.is_bus_connected,
        store: is.store.map_or_else(
            |error| format!("no write can be committed: {}", error.name()),
            |()| READY.to_owned(),
        ),
        bus: match is.is_bus_connected {
            true => READY,
            false => "not connected",
        },
    };
    let status = match ready.ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(ready)).into_response()
}
