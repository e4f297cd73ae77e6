//! Messages that are kept no longer, as each dialect shows what is left.

use std::time::Duration;

use serde_json::{Value, json};
use tolmach::commands;
use tolmach::model::Timestamp;

use crate::support::uchat::{DEL_MSG, EDIT_MSG, SEARCH_MSGS};
use crate::support::{Daemon, PATIENCE, Past, room, token};

const DAY: i64 = 24 * 3600 * 1000;

fn contents(page: &[Value]) -> Vec<&str> {
    page.iter()
        .map(|one| one["message"].as_str().unwrap())
        .collect()
}

/// Waits until the history of "tea" is this.
async fn becomes(daemon: &Daemon, left: &[&str]) {
    let becomes = async {
        while daemon.history(room("tea")).await != left {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, becomes).await.unwrap();
}

#[tokio::test]
async fn reading_over_the_edge_gives_what_is_left_in_every_dialect() {
    let now = Timestamp::now().0;
    let mut past = Past::in_memory().await;
    for n in 0..5 {
        past.say(now - 20 * DAY + n, format!("old {n}"));
    }
    for n in 0..3 {
        past.say(now - 5 * DAY + n, format!("new {n}"));
    }
    let first = past.stored().await;
    let (daemon, tea) = (&past.daemon, past.tea);
    let mut uchat = daemon.uchat_of("anna").await;
    let keep = Some(commands::Keep::For(Duration::from_secs(10 * 24 * 3600)));
    daemon
        .operate(commands::ChangeRoom {
            keep,
            ..commands::ChangeRoom::of(room("tea"))
        })
        .await;
    let left = ["new 0", "new 1", "new 2"];
    becomes(daemon, &left).await;
    // Nobody is told.
    uchat.hears_nothing().await;
    let newest = ["new 2", "new 1", "new 0"];
    assert_eq!(contents(&uchat.older(tea, i64::MAX, 100).await), newest);
    assert_eq!(contents(&uchat.newer(tea, 0, 100).await), newest);
    assert_eq!(
        contents(&uchat.newer(tea, now - 20 * DAY + 2, 2).await),
        ["new 2", "new 1"]
    );
    assert_eq!(uchat.older(tea, now - 15 * DAY, 10).await, [] as [Value; 0]);
    for (needle, expected) in [("old", 0), ("new", 3)] {
        let asked = json!({"type": SEARCH_MSGS, "room_id": tea, "msg": needle});
        let found = uchat.answer(asked).await;
        assert_eq!(found["msgs"].as_array().unwrap().len(), expected);
    }
    // What is gone is as what never was.
    for request in [
        json!({"type": EDIT_MSG, "room_id": tea, "msg": "again"}),
        json!({"type": DEL_MSG, "room_id": tea}),
    ] {
        let mut refusals = Vec::new();
        for id in [first, 4711] {
            let mut request = request.clone();
            request["msg_id"] = id.into();
            refusals.push(uchat.refused(4, request).await);
        }
        assert_eq!(refusals[0], refusals[1]);
    }
    uchat.said(tea, "live").await;

    let mut purpose = daemon.purpose_of(2, "anna").await;
    for from in [0, (now - 20 * DAY) / 1000] {
        let told = purpose.history(tea, from).await;
        let told: Vec<&str> = told.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(told, ["new 0", "new 1", "new 2", "live"]);
    }

    let mut talker = daemon.talker().await;
    let connect =
        json!({"type": "connect", "room": "tea", "token": token("anna"), "last_event_id": first});
    talker.write(connect).await;
    talker.connected().await;
    for content in ["new 0", "new 1", "new 2", "live"] {
        assert_eq!(talker.event("message").await["content"], content);
    }
    let mut jim = daemon.authenticated("anna").await;
    assert_eq!(jim.say("tolmach", "history #tea 20").await, 200);
    for content in ["new 0", "new 1", "new 2", "live"] {
        let line = jim.heard().await["message"].as_str().unwrap().to_owned();
        assert!(line.ends_with(content), "{line}");
    }
    assert_eq!(jim.say("tolmach", "search #tea old").await, 200);
    assert_eq!(jim.heard().await["message"], "nothing was found");
}

#[tokio::test]
async fn a_file_goes_after_its_message() {
    let dir = tempfile::tempdir().unwrap();
    let daemon = Daemon::on_disk(dir.path(), "").await;
    let mut uchat = daemon.uchat_new("anna").await;
    let tea = uchat.new_room("tea", 1).await;
    daemon.upload("anna", tea, "cat.png", b"meow").await;
    let keep = Some(commands::Keep::For(Duration::from_millis(1)));
    // What is not over age at the first look would be found by the next one, 20 s later.
    let posted = Timestamp::now().0;
    while Timestamp::now().0 <= posted + 1 {
        tokio::task::yield_now().await;
    }
    daemon
        .operate(commands::ChangeRoom {
            keep,
            ..commands::ChangeRoom::of(room("tea"))
        })
        .await;
    becomes(&daemon, &[]).await;
    let area = daemon.hub().files().unwrap().clone();
    let gone = async {
        while !area.rooms().await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
}
