//! Names, roles and the order in which keys reach things, by the browser's accessibility tree.

use tolmach_browser_tests::Page;

use crate::{in_lobby, stage};

/// Roles of what people act on or enter things in.
const ACTED_ON: [&str; 6] = [
    "button",
    "link",
    "textbox",
    "searchbox",
    "radio",
    "combobox",
];

/// What Tab reaches, in order, from the start of the page.
async fn reached(page: &Page, most: usize) -> Vec<String> {
    page.js("document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')")
        .await;
    let mut names = Vec::new();
    for _ in 0..most {
        page.press("Tab").await;
        let controls = page.controls().await;
        let is_one = |role: &str| ACTED_ON.contains(&role) || role == "group";
        let mut focused = controls
            .iter()
            .filter(|control| control.is_focused && is_one(&control.role));
        let Some(control) = focused.next() else {
            continue;
        };
        names.push(control.name.clone());
    }
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn the_login_is_reached_in_its_order() {
    let Some((gateway, browser)) = stage().await else {
        return;
    };
    let page = browser.page().await;
    page.open(&gateway.url("/")).await;
    page.control("textbox", "Login").await;
    assert_eq!(
        reached(&page, 4).await,
        ["Login", "Password", "Log in", "Sign up"]
    );
    page.close(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_control_has_its_name_and_role_and_keys_reach_it() {
    let Some((gateway, browser)) = stage().await else {
        return;
    };
    let page = in_lobby(&gateway, &browser, "anna").await;
    page.say("Something to act on").await;
    page.sees("Something to act on").await;
    for name in [
        "Find rooms",
        "New room",
        "Private message",
        "Log out",
        "Search",
        "Members",
        "Reply",
        "Edit",
        "Delete",
        "Attach file",
        "Send",
    ] {
        page.control("button", name).await;
    }
    page.control("textbox", "Message").await;
    for name in ["Rooms", "Messages"] {
        page.control("list", name).await;
    }
    let controls = page.controls().await;
    let nameless: Vec<_> = controls
        .iter()
        .filter(|control| ACTED_ON.contains(&control.role.as_str()) && control.name.is_empty())
        .collect();
    assert!(nameless.is_empty(), "{nameless:#?}");
    let order = reached(&page, 13).await;
    assert_eq!(
        order,
        [
            "lobby",
            "Find rooms",
            "New room",
            "Private message",
            "Notifications",
            "Log out",
            "Search",
            "Members",
            "About",
            "History; arrow keys go from message to message",
            "Attach file",
            "Message",
            "Send",
        ]
    );
    page.click("button", "New room").await;
    page.control("textbox", "Name").await;
    page.press("Escape").await;
    page.until("document.activeElement.id === 'new-room'").await;
    page.close(&[]).await;
}
