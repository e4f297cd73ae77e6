//! The console.

use serde_json::json;
use tolmach::commands::{AddMember, ClearHistory, RenameRoom, SetOperator};
use tolmach::model::{RoomSelector, UserSelector};
use tolmach_browser_tests::{Browser, Gateway, PASSWORD, Page, Peer};

use crate::{in_lobby, stage};

/// A page on which an operator has come in.
async fn operating(gateway: &Gateway, browser: &Browser) -> Page {
    gateway.operator("olga").await;
    let page = browser.page().await;
    page.open(&gateway.url("/console#rooms")).await;
    page.fill("textbox", "Login", "olga").await;
    page.fill("textbox", "Password", PASSWORD).await;
    page.click("button", "Log in").await;
    page.control("link", "Rooms").await;
    page
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_does_is_seen_by_the_page() {
    let Some((gateway, browser)) = stage().await else {
        return;
    };
    let anna = in_lobby(&gateway, &browser, "anna").await;
    anna.say("Buy now").await;
    let olga = operating(&gateway, &browser).await;
    olga.click("link", "lobby").await;
    olga.sees("Buy now").await;
    olga.click("button", "Delete").await;
    anna.sees_no_more("Buy now").await;
    anna.fill("textbox", "Message", "Half written").await;
    olga.click("button", "Ban").await;
    anna.sees("You are banned from #lobby.").await;
    anna.control("textbox", "You were writing").await;
    anna.until("document.activeElement.value === 'Half written'")
        .await;
    anna.click("button", "Close").await;
    anna.until("document.activeElement.id === 'find-rooms'")
        .await;
    anna.sees("Nothing is open").await;
    olga.until("document.activeElement.textContent === 'Unban'")
        .await;
    olga.press("Enter").await;
    olga.sees("Nobody is in this room.").await;
    olga.until("document.activeElement.ariaLabel === 'Search members'")
        .await;
    olga.click("link", "Sessions").await;
    olga.click("button", "Close session").await;
    olga.click("button", "Close").await;
    anna.control("button", "Log in").await;
    for page in [anna, olga] {
        page.close(&[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_have_tokens_and_the_tap_shows_what_is_said() {
    let Some((gateway, browser)) = stage().await else {
        return;
    };
    gateway.account("tara").await;
    let mut tara = Peer::talker(&gateway, "tara", "lobby").await;
    let olga = operating(&gateway, &browser).await;
    olga.click("link", "Users").await;
    olga.click("link", "tara").await;
    olga.control("button", "New token").await;
    olga.click("link", "Tap").await;
    olga.control("button", "Save transcript").await;
    olga.control("button", "Pause").await;
    olga.sees("Waiting for the first frame").await;
    tara.say(&json!({"type": "message", "content": "Seen in the tap"}))
        .await;
    olga.sees("posted by tara").await;
    olga.reload().await;
    olga.control("heading", "Tap").await;
    olga.close(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_and_the_table_of_translations_are_shown() {
    let Some((gateway, browser)) = stage().await else {
        return;
    };
    gateway.account("tara").await;
    let mut tara = Peer::talker(&gateway, "tara", "lobby").await;
    let mut jim = Peer::jim(&gateway, "jimmy", "lobby").await;
    let olga = operating(&gateway, &browser).await;
    olga.click("link", "Now").await;
    olga.until("document.querySelectorAll('svg.plot').length === 5")
        .await;
    olga.sees("Slow clients closed").await;
    olga.click("link", "Dialects").await;
    olga.control("button", "message in a room in jim: native, 0 times")
        .await;
    tara.say(&json!({"type": "message", "content": "Across dialects"}))
        .await;
    jim.hears("Across dialects").await;
    olga.click("button", "message in a room in jim: native, 1 times")
        .await;
    olga.until("document.querySelectorAll('.pair .frames').length === 2")
        .await;
    olga.close(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_followed_whatever_it_is_called_and_gets_its_owner_back() {
    let Some((gateway, browser)) = stage().await else {
        return;
    };
    let room = || RoomSelector::name(".");
    gateway.account("tara").await;
    let olga = operating(&gateway, &browser).await;
    olga.until("document.activeElement.id === 'view'").await;
    olga.js("location.hash = '#rooms/%'").await;
    olga.click("button", "New room").await;
    olga.fill("textbox", "Name", ".").await;
    olga.click("button", "Make room").await;
    olga.click("link", ".").await;
    olga.control("combobox", "Role of olga").await;
    let user = UserSelector::login("tara");
    gateway.operate(AddMember { room: room(), user }).await;
    olga.control("combobox", "Role of tara").await;
    olga.click("button", "Ban").await;
    let is = |login: &str, role: &str| {
        format!("document.querySelector('[aria-label=\"Role of {login}\"]')?.value === '{role}'")
    };
    olga.until(&is("tara", "owner")).await;
    olga.click("button", "Undo").await;
    olga.until(&is("olga", "owner")).await;
    olga.until(&is("tara", "member")).await;
    let mut tara = Peer::talker(&gateway, "tara", ".").await;
    tara.say(&json!({"type": "message", "content": "Soon forgotten"}))
        .await;
    olga.sees("Soon forgotten").await;
    gateway.operate(ClearHistory { room: room() }).await;
    olga.sees("Nothing was said here").await;
    let renamed = RenameRoom {
        room: room(),
        name: "hall".to_owned(),
    };
    gateway.operate(renamed).await;
    olga.control("heading", "hall").await;
    let user = UserSelector::login("olga");
    let operator = false;
    gateway.operate(SetOperator { user, operator }).await;
    olga.sees("olga is no operator").await;
    // Who is no operator is not left logged in, neither now nor by trying.
    let ask = "fetch('/api/v1/me').then(({ status }) => (window.answered = status))";
    let is_out = format!("({ask}, window.answered === 401)");
    olga.until(&is_out).await;
    olga.fill("textbox", "Login", "tara").await;
    olga.fill("textbox", "Password", PASSWORD).await;
    olga.click("button", "Log in").await;
    olga.sees("tara is no operator").await;
    olga.js("window.answered = 0").await;
    olga.until(&is_out).await;
    olga.close(&["401"]).await;
}
