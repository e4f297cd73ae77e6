//! The chat.

use serde_json::json;
use tolmach_browser_tests::{PASSWORD, Peer};

use crate::{in_lobby, signed_up, stage};

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_and_two_other_dialects_hear_each_other() {
    let Some((gateway, browser)) = stage().await else {
        return;
    };
    gateway.account("tara").await;
    let mut tara = Peer::talker(&gateway, "tara", "lobby").await;
    let mut jim = Peer::jim(&gateway, "jimmy", "lobby").await;
    let anna = in_lobby(&gateway, &browser, "anna").await;
    let boris = in_lobby(&gateway, &browser, "boris").await;
    anna.say("Hello from a page").await;
    for page in [&anna, &boris] {
        page.sees("Hello from a page").await;
    }
    tara.hears("Hello from a page").await;
    jim.hears("Hello from a page").await;
    tara.say(&json!({"type": "message", "content": "waves", "action": true}))
        .await;
    jim.say(
        &json!({"action": "msg", "time": 1, "to": "#lobby", "from": "jimmy", "message": "By JIM"}),
    )
    .await;
    for page in [&anna, &boris] {
        page.until("[...document.querySelectorAll('.emote')].some((one) => one.textContent === 'tara waves')")
            .await;
        page.sees("By JIM").await;
    }
    anna.say("https://a.example/b_(c), (https://d.example/e)")
        .await;
    boris
        .until("[...document.querySelectorAll('#messages a')].map((link) => link.href).join(' ') === 'https://a.example/b_(c) https://d.example/e'")
        .await;
    for page in [anna, boris] {
        page.close(&[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_is_edited_answered_found_and_deleted() {
    let Some((gateway, browser)) = stage().await else {
        return;
    };
    let anna = in_lobby(&gateway, &browser, "anna").await;
    let boris = in_lobby(&gateway, &browser, "boris").await;
    anna.say("The ketle is on").await;
    boris.sees("The ketle is on").await;
    anna.press("ArrowUp").await;
    anna.sees("Edit your message").await;
    anna.say("The kettle is on").await;
    boris.sees("The kettle is on").await;
    boris.sees("edited").await;
    boris.click("button", "Reply").await;
    boris.say("Two sugars").await;
    anna.until("document.querySelector('.quote')?.innerText.includes('The kettle is on')")
        .await;
    anna.sees("Two sugars").await;
    anna.click("button", "Search").await;
    anna.fill("searchbox", "Search for", "KETTLE").await;
    anna.press("Enter").await;
    anna.sees("2 found").await;
    anna.until("document.querySelector('#messages mark')?.textContent === 'kettle'")
        .await;
    anna.click("button", "Search").await;
    anna.click("button", "Delete").await;
    anna.sees("Message deleted").await;
    anna.click("button", "Undo").await;
    anna.sees("The kettle is on").await;
    boris.click("button", "Reply").await;
    boris.sees("Reply to anna").await;
    anna.click("button", "Delete").await;
    boris
        .until("document.querySelectorAll('#messages li').length === 1")
        .await;
    boris.sees("Two sugars").await;
    boris
        .sees("The message that you were answering was deleted")
        .await;
    boris.say("Three sugars").await;
    anna.sees("Three sugars").await;
    anna.until("document.querySelectorAll('.quote').length === 1")
        .await;
    for page in [anna, boris] {
        page.close(&[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_comes_back_with_the_page_and_ends_by_logging_out() {
    let Some((gateway, browser)) = stage().await else {
        return;
    };
    let page = in_lobby(&gateway, &browser, "anna").await;
    page.say("Still here").await;
    page.sees("Still here").await;
    page.reload().await;
    page.control("heading", "#lobby").await;
    page.sees("Still here").await;
    let second = browser.page().await;
    second.open(&gateway.url("/")).await;
    second.fill("textbox", "Login", "anna").await;
    second.fill("textbox", "Password", PASSWORD).await;
    second.click("button", "Log in").await;
    second.sees("perhaps in another tab").await;
    second.close(&[]).await;
    page.click("button", "Delete").await;
    page.control("button", "Undo").await;
    page.click("button", "Log out").await;
    page.control("button", "Log in").await;
    page.reload().await;
    page.fill("textbox", "Login", "anna").await;
    page.fill("textbox", "Password", "not the password").await;
    page.click("button", "Log in").await;
    page.sees("wrong login or password").await;
    page.fill("textbox", "Password", PASSWORD).await;
    page.press("Enter").await;
    page.click("button", "lobby").await;
    page.sees("Nothing was said here yet").await;
    page.close(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_comes_back_by_itself_with_what_it_missed() {
    let Some((mut gateway, browser)) = stage().await else {
        return;
    };
    gateway.account("tara").await;
    let page = in_lobby(&gateway, &browser, "anna").await;
    page.say("Before").await;
    page.sees("Before").await;
    let mut tara = Peer::talker(&gateway, "tara", "lobby").await;
    tara.say(&json!({"type": "message", "content": "Not edited yet"}))
        .await;
    page.sees("Not edited yet").await;
    gateway.stop().await;
    page.sees("The connection is lost").await;
    gateway.run().await;
    let mut tara = Peer::talker(&gateway, "tara", "lobby").await;
    tara.say(&json!({"type": "message", "content": "Edited meanwhile", "edit": "2"}))
        .await;
    tara.say(&json!({"type": "message", "content": "While it was away"}))
        .await;
    page.sees("While it was away").await;
    page.sees("Edited meanwhile").await;
    page.say("After").await;
    tara.hears("After").await;
    // The browser itself says there that nobody listened for a while.
    page.close(&["WebSocket connection to"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_are_made_counted_and_changed() {
    let Some((gateway, browser)) = stage().await else {
        return;
    };
    let anna = signed_up(&gateway, &browser, "anna").await;
    anna.click("button", "New room").await;
    anna.fill("textbox", "Name", "Tea at five").await;
    anna.click("button", "Make room").await;
    anna.control("heading", "#Tea at five").await;
    anna.say("First").await;
    let boris = in_lobby(&gateway, &browser, "boris").await;
    boris.click("button", "Find rooms").await;
    boris.fill("searchbox", "Name begins with", "tea").await;
    boris
        .until("document.querySelectorAll('.found li').length === 1")
        .await;
    boris.control("button", "Enter").await;
    boris.press("Tab").await;
    boris.press("Enter").await;
    boris.sees("First").await;
    boris.until("document.activeElement.id === 'text'").await;
    boris.click("button", "lobby").await;
    anna.say("Second").await;
    boris.control("button", "Tea at five 1 unread").await;
    anna.click("button", "About").await;
    anna.fill("textbox", "Name", "Tea at six").await;
    anna.click("button", "Save").await;
    boris.control("button", "Tea at six 1 unread").await;
    anna.js("[...document.querySelectorAll('.tools button')].findLast((one) => one.textContent === 'Delete').click()")
        .await;
    boris.control("button", "Tea at six").await;
    boris.click("button", "Tea at six").await;
    boris.click("button", "About").await;
    boris.click("button", "Leave room").await;
    boris.sees_no_more("Tea at six").await;
    boris.click("button", "lobby").await;
    anna.click("button", "About").await;
    let long = "x".repeat(100);
    anna.fill("textbox", "Name", &long).await;
    anna.click("button", "Save").await;
    anna.control("heading", &format!("#{long}")).await;
    anna.click("button", "About").await;
    anna.control("button", "Delete room").await;
    anna.until("document.querySelector('dialog').scrollWidth <= document.querySelector('dialog').clientWidth")
        .await;
    anna.click("button", "Delete room").await;
    anna.click("button", "Delete room").await;
    anna.sees("Nothing is open").await;
    for page in [anna, boris] {
        page.close(&[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_elsewhere_is_notified_where_that_is_wanted() {
    let Some((gateway, browser)) = stage().await else {
        return;
    };
    let anna = in_lobby(&gateway, &browser, "anna").await;
    let boris = in_lobby(&gateway, &browser, "boris").await;
    // Counts what the browser is asked to show; it is asked as ever.
    let count = "window.told = []; const Own = Notification; \
         window.Notification = class extends Own { \
             constructor(title, options) { super(title, options); window.told.push(`${title}: ${options.body}`); } }";
    anna.js(count).await;
    boris.say("Before it is wanted").await;
    anna.sees("Before it is wanted").await;
    anna.grant("notifications").await;
    anna.click("button", "Notifications").await;
    anna.until("document.getElementById('notify').getAttribute('aria-pressed') === 'true'")
        .await;
    anna.js("document.hasFocus = () => false").await;
    boris.say("While anna looks elsewhere").await;
    anna.until("window.told.length === 2").await;
    let told = anna.js("return window.told[1]").await;
    assert_eq!(told, "#lobby: boris: While anna looks elsewhere");
    anna.say("Of one's own nothing is told").await;
    anna.js("document.hasFocus = () => true").await;
    boris.say("While anna looks here").await;
    anna.sees("While anna looks here").await;
    assert_eq!(anna.js("return window.told.length").await, 2);
    anna.click("button", "Notifications").await;
    anna.until("document.getElementById('notify').getAttribute('aria-pressed') === 'false'")
        .await;
    for page in [anna, boris] {
        page.close(&[]).await;
    }
}
