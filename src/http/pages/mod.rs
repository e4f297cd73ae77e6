//! The chat and the console in a browser, as they are in the program: plain pages and modules, which nothing was made from.

mod assets;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;

use super::{Site, not_found};
use assets::{Asset, prefix};

/// What stands in a page for the folder of what it loads.
const FOLDER: &str = "{assets}";

/// The pages, and under one folder for each version of them all, named for what is in it, what they load.
pub(super) fn routes() -> Router<Arc<Site>> {
    let folder = prefix();
    let chat = page(include_str!("chat/index.html"), &folder);
    let console = page(include_str!("console/index.html"), &folder);
    let pages = Router::new()
        .route(
            "/",
            get(async move |State(site): State<Arc<Site>>, request| {
                shown(site.said().options.chat, chat, request).await
            }),
        )
        .route(
            "/console",
            get(async move |State(site): State<Arc<Site>>, request| {
                shown(site.said().options.console, console, request).await
            }),
        );
    assets::all().fold(pages, |router, asset: Asset| {
        let path = format!("{folder}/{}", asset.path);
        router.route(&path, get(async move || asset))
    })
}

fn page(html: &str, folder: &str) -> Bytes {
    html.replace(FOLDER, folder).into()
}

/// A page, unless it is switched off.
async fn shown(is_on: bool, page: Bytes, request: Request) -> Response {
    match is_on {
        true => ([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response(),
        false => not_found(request).await,
    }
}
