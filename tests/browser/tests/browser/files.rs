//! What a page sends and fetches over the API: files, private messages, presence.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use tolmach::commands::RenameRoom;
use tolmach::model::RoomSelector;

use crate::{in_lobby, stage};

/// A picture of one pixel.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_sent_is_seen() {
    let Some((gateway, browser)) = stage().await else {
        return;
    };
    let anna = in_lobby(&gateway, &browser, "anna").await;
    let boris = in_lobby(&gateway, &browser, "boris").await;
    let dir = tempfile::tempdir().unwrap();
    let picture = dir.path().join("pixel.png");
    std::fs::write(&picture, STANDARD.decode(PIXEL).unwrap()).unwrap();
    anna.control("button", "Attach file").await;
    anna.choose(picture.to_str().unwrap()).await;
    for page in [&anna, &boris] {
        page.control("image", "pixel.png").await;
        page.until("document.querySelector('.picture').naturalWidth === 1")
            .await;
    }
    for page in [anna, boris] {
        page.close(&[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pasted_and_what_is_dropped_is_sent() {
    let Some((gateway, browser)) = stage().await else {
        return;
    };
    let anna = in_lobby(&gateway, &browser, "anna").await;
    let boris = in_lobby(&gateway, &browser, "boris").await;
    let carry = "const carried = new DataTransfer(); \
         carried.items.add(new File(['abc'], name)); \
         const event = make(carried); place.dispatchEvent(event); return event.defaultPrevented";
    let paste = "const place = document.getElementById('text'); const name = 'pasted.txt'; \
         const make = (clipboardData) => new ClipboardEvent('paste', {clipboardData, bubbles: true, cancelable: true});";
    let drop = "const place = document.getElementById('messages'); const name = 'dropped.txt'; \
         const make = (dataTransfer) => new DragEvent('drop', {dataTransfer, bubbles: true, cancelable: true});";
    for (act, name) in [(paste, "pasted.txt"), (drop, "dropped.txt")] {
        let taken = anna.js(&format!("{act} {carry}")).await;
        assert_eq!(taken, true, "the browser does nothing of its own");
        for page in [&anna, &boris] {
            page.sees(name).await;
        }
        // It goes into the same room, whatever that is called.
        let renamed = RenameRoom {
            room: RoomSelector::name("lobby"),
            name: "hall".to_owned(),
        };
        if name == "pasted.txt" {
            gateway.operate(renamed).await;
        }
    }
    anna.until("document.querySelectorAll('#uploads li').length === 0")
        .await;
    // What is pasted without a file is text, and the browser's own.
    let text = "const carried = new DataTransfer(); carried.setData('text/plain', 'only text'); \
         const event = new ClipboardEvent('paste', {clipboardData: carried, bubbles: true, cancelable: true}); \
         document.getElementById('text').dispatchEvent(event); return event.defaultPrevented";
    assert_eq!(anna.js(text).await, false);
    for page in [anna, boris] {
        page.close(&[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_shown_with_presence_and_written_to() {
    let Some((gateway, browser)) = stage().await else {
        return;
    };
    let anna = in_lobby(&gateway, &browser, "anna").await;
    let boris = in_lobby(&gateway, &browser, "boris").await;
    anna.click("button", "Members").await;
    anna.sees("online, member").await;
    anna.until("document.querySelectorAll('.member').length === 2")
        .await;
    anna.until("document.querySelectorAll('.presence.online').length === 2")
        .await;
    anna.click("button", "Close this column").await;
    anna.click("button", "Private message").await;
    anna.fill("textbox", "To", "BORIS").await;
    anna.fill("textbox", "Text", "Between us").await;
    anna.click("button", "Send privately").await;
    anna.control("heading", "@boris").await;
    anna.sees("Between us").await;
    boris.control("button", "anna 1 unread").await;
    boris.reload().await;
    boris.click("button", "anna 1 unread").await;
    boris.sees("Between us").await;
    boris.say("Nobody else").await;
    anna.sees("Nobody else").await;
    for page in [anna, boris] {
        page.close(&[]).await;
    }
}
