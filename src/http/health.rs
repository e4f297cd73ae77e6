//! For machines that watch: whether it serves, and whether it can do what it is for.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::Site;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/healthz", get(async || "ok"))
}
