//! Talker: recovering by `last_event_id`.

use serde_json::{Value, json};
use tolmach::commands;
use tolmach::model::MessageId;

use crate::support::{Daemon, Talker, room, token};

async fn recover(daemon: &Daemon, last: Value) -> Talker {
    let mut talker = daemon.talker().await;
    talker.write(json!({"type": "connect", "room": "tea", "token": token("anna"), "last_event_id": last})).await;
    talker.connected().await;
    talker
}

#[tokio::test]
async fn what_came_since_is_replayed_oldest_first() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    daemon.account("boris").await;
    let mut boris = daemon.talker_in("boris", "tea").await;
    let last = boris.said("zero").await["id"].clone();
    let one = boris.said("one").await;
    boris
        .write(json!({"type": "message", "content": "waves", "action": true, "color": "red"}))
        .await;
    let two = boris.event("message").await;
    boris
        .write(json!({"type": "message", "content": "psst", "to": "boris"}))
        .await;
    assert_eq!(boris.event("message").await["private"], true);
    let number: i64 = last.as_str().unwrap().parse().unwrap();
    // Just as they were, before anything new.
    for last in [last, json!(number)] {
        let mut anna = recover(&daemon, last).await;
        assert_eq!(anna.event("message").await, one);
        assert_eq!(anna.event("message").await, two);
        anna.hears_nothing().await;
        anna.write(json!({"type": "close"})).await;
        anna.end().await;
        boris.sees("join", "anna").await;
        boris.sees_leave(&anna.id).await;
    }
    // Nothing came since the last.
    let newest = boris.said("newest").await["id"].clone();
    let mut anna = recover(&daemon, newest).await;
    anna.hears_nothing().await;
    // From the very beginning, also what was said before one was there.
    let mut anna = recover(&daemon, json!(0)).await;
    for content in ["zero", "one", "waves", "newest"] {
        assert_eq!(anna.event("message").await["content"], content);
    }
    anna.hears_nothing().await;
}

#[tokio::test]
async fn the_newest_are_replayed_and_the_number_of_the_others_is_told() {
    let daemon = Daemon::start("talker.replay = 3").await;
    daemon.account("anna").await;
    daemon.account("boris").await;
    let mut boris = daemon.talker_in("boris", "tea").await;
    let last = boris.said("0").await["id"].clone();
    for n in 1..=3 {
        boris.said(&n.to_string()).await;
    }
    let mut anna = recover(&daemon, last.clone()).await;
    for n in 1..=3 {
        anna.hears("boris", &n.to_string()).await;
    }
    anna.hears_nothing().await;
    boris.next().await;
    for n in 4..=8 {
        boris.said(&n.to_string()).await;
    }
    let mut anna = recover(&daemon, last).await;
    let notice = anna.event("message").await;
    assert_eq!(
        (&notice["user"]["id"], notice.get("id")),
        (&json!("0"), None)
    );
    assert_eq!(notice["user"]["name"], "tolmach");
    assert!(
        notice["content"].as_str().unwrap().contains('5'),
        "{notice}"
    );
    for n in 6..=8 {
        anna.hears("boris", &n.to_string()).await;
    }
    anna.hears_nothing().await;
}

#[tokio::test]
async fn what_is_edited_deleted_and_cleared_is_replayed_as_it_is() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    daemon.account("boris").await;
    let mut boris = daemon.talker_in("boris", "tea").await;
    let edited = boris.said("edited").await["id"].clone();
    let deleted: i64 = boris.said("deleted").await["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    boris.said("kept").await;
    boris
        .write(json!({"type": "message", "content": "edited twice", "edit": edited}))
        .await;
    boris.event("message").await;
    daemon
        .operate(commands::Delete {
            message: MessageId(deleted),
        })
        .await;
    // A deletion is not told in Talker.
    boris.hears_nothing().await;
    let mut anna = recover(&daemon, json!(0)).await;
    assert_eq!(anna.hears("boris", "edited twice").await["id"], edited);
    anna.hears("boris", "kept").await;
    anna.hears_nothing().await;
    daemon
        .operate(commands::ClearHistory { room: room("tea") })
        .await;
    boris.sees("join", "anna").await;
    boris.said("after").await;
    let mut anna = recover(&daemon, json!(0)).await;
    anna.hears("boris", "after").await;
    anna.hears_nothing().await;
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_between_replay_and_what_comes() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    daemon.account("boris").await;
    let mut boris = daemon.talker_in("boris", "tea").await;
    let mut last = boris.said("begin").await["id"].clone();
    let speaking = tokio::spawn(async move {
        for n in 0..400 {
            boris.say(&n.to_string()).await;
        }
        boris
    });
    let mut next = 0;
    while next < 400 {
        let mut anna = recover(&daemon, last.clone()).await;
        // A few, then the connection breaks.
        for _ in 0..(400 - next).min(37) {
            let event = anna.hears("boris", &next.to_string()).await;
            last = event["id"].clone();
            next += 1;
        }
    }
    drop(speaking.await.unwrap());
}
