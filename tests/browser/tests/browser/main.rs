//! What people do on the pages of a running gateway, in a real browser.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod accessibility;
mod chat;
mod console;
mod files;

use tolmach_browser_tests::{Browser, Gateway, PASSWORD, Page};

/// A gateway, and a browser for its pages; none where there is no browser.
async fn stage() -> Option<(Gateway, Browser)> {
    let browser = Browser::start()?;
    Some((Gateway::start().await, browser))
}

/// A page on which somebody new has come in.
async fn signed_up(gateway: &Gateway, browser: &Browser, login: &str) -> Page {
    let page = browser.page().await;
    page.open(&gateway.url("/")).await;
    page.fill("textbox", "Login", login).await;
    page.fill("textbox", "Password", PASSWORD).await;
    page.click("button", "Sign up").await;
    page.control("button", "Find rooms").await;
    page
}

/// As [`signed_up`], and in the lobby.
async fn in_lobby(gateway: &Gateway, browser: &Browser, login: &str) -> Page {
    let page = signed_up(gateway, browser, login).await;
    page.click("button", "Find rooms").await;
    page.click("button", "Enter").await;
    page.control("heading", "#lobby").await;
    page
}
