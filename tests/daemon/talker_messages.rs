//! Talker: what is said, to all and to one, and changed.

use serde_json::{Value, json};

use crate::support::{Daemon, Talker};
use tolmach::commands;

/// Anna and Boris in the room "tea", and their numbers.
async fn two(daemon: &Daemon) -> (Talker, Talker) {
    daemon.account("anna").await;
    daemon.account("boris").await;
    let mut anna = daemon.talker_in("anna", "tea").await;
    let boris = daemon.talker_in("boris", "tea").await;
    anna.sees("join", "boris").await;
    (anna, boris)
}

#[tokio::test]
async fn a_message_goes_to_all_the_sender_too() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    let echo = anna.said("hello").await;
    assert_eq!(echo["user"], json!({"id": anna.id, "name": "anna"}));
    assert!(echo["time"].as_i64().unwrap() > 1_600_000_000);
    assert!(echo["id"].as_str().unwrap().parse::<i64>().unwrap() > 0);
    assert_eq!(
        (echo.get("private"), echo.get("action"), echo.get("edit")),
        (None, None, None)
    );
    assert_eq!(boris.event("message").await, echo);
    let second = anna.said("again").await;
    let number = |event: &Value| event["id"].as_str().unwrap().parse::<i64>().unwrap();
    assert!(number(&second) > number(&echo));
}

#[tokio::test]
async fn content_that_is_no_string_is_turned_into_its_text() {
    let daemon = Daemon::start("").await;
    let (mut anna, _boris) = two(&daemon).await;
    for (content, text) in [(json!(1), "1"), (json!(true), "true"), (json!(1.5), "1.5")] {
        anna.write(json!({"type": "message", "content": content}))
            .await;
        anna.hears("anna", text).await;
    }
    anna.write(json!({"type": "message", "content": {"a": [1]}}))
        .await;
    let content = anna.event("message").await["content"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        serde_json::from_str::<Value>(&content).unwrap(),
        json!({"a": [1]})
    );
    // None at all: an error, and the connection stays.
    anna.write(json!({"type": "message"})).await;
    anna.error().await;
    anna.said("still here").await;
}

#[tokio::test]
async fn a_content_of_102_400_characters_passes_in_whatever_escapes() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    for (written, character) in [
        ("a", 'a'),
        ("\\u044b", 'ы'),
        ("\\ud83d\\ude00", '😀'),
        ("😀", '😀'),
        ("\\\\", '\\'),
    ] {
        let text: String = std::iter::repeat_n(character, 102_400).collect();
        anna.send(format!(
            "{{\"type\":\"message\",\"content\":\"{}\"}}\n",
            written.repeat(102_400)
        ))
        .await;
        for talker in [&mut anna, &mut boris] {
            let event = talker.event("message").await;
            assert!(event["content"] == text.as_str(), "{written}");
        }
    }
}

#[tokio::test]
async fn an_event_over_frame_bytes_is_an_error_and_a_close() {
    let daemon = Daemon::start("limits.frame_bytes = 1024").await;
    let (mut anna, mut boris) = two(&daemon).await;
    let empty = json!({"type": "message", "content": ""}).to_string().len();
    let fits = "x".repeat(1024 - empty);
    anna.said(&fits).await;
    boris.hears("anna", &fits).await;
    anna.say(&format!("{fits}y")).await;
    anna.error().await;
    anna.end().await;
    boris.sees("idle", "anna").await;
}

#[tokio::test]
async fn a_private_message_goes_to_its_recipient_only() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    daemon.account("clara").await;
    let mut clara = daemon.talker_in("clara", "tea").await;
    anna.sees("join", "clara").await;
    boris.sees("join", "clara").await;
    let number: i64 = boris.id.parse().unwrap();
    for to in [
        json!(boris.id),
        json!(number),
        json!("boris"),
        json!("BORIS"),
    ] {
        anna.write(json!({"type": "message", "content": "psst", "to": to}))
            .await;
        let event = boris.hears("anna", "psst").await;
        assert_eq!(
            (&event["private"], &event["user"]["id"]),
            (&json!(true), &json!(anna.id))
        );
    }
    anna.hears_nothing().await;
    clara.hears_nothing().await;
}

#[tokio::test]
async fn a_private_message_finds_its_recipient_in_every_room() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    let mut elsewhere = daemon.talker_in("boris", "coffee").await;
    anna.write(json!({"type": "message", "content": "psst", "to": "boris"}))
        .await;
    for talker in [&mut boris, &mut elsewhere] {
        assert_eq!(talker.hears("anna", "psst").await["private"], true);
    }
    anna.hears_nothing().await;
}

#[tokio::test]
async fn a_private_message_to_who_is_not_there_is_an_error_and_nothing_is_stored() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    for to in [
        json!("nobody"),
        json!(999_999),
        json!("999999"),
        json!("99999999999"),
    ] {
        anna.write(json!({"type": "message", "content": "x", "to": to}))
            .await;
        assert_eq!(anna.error().await, "no such user", "{to}");
    }
    boris.write(json!({"type": "close"})).await;
    boris.end().await;
    anna.sees_leave(&boris.id).await;
    anna.write(json!({"type": "message", "content": "x", "to": "boris"}))
        .await;
    assert_eq!(anna.error().await, "the recipient is offline");
    let pair = tolmach::model::RoomSelector::Direct("anna".to_owned(), "boris".to_owned());
    let history = tolmach::model::HistoryQuery::page(pair, None, 10);
    assert!(
        daemon
            .hub()
            .operate(commands::History(history))
            .await
            .is_err()
    );
    anna.said("the connection stays").await;
}

#[tokio::test]
async fn an_own_message_can_be_edited() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    let id = anna.said("helo").await["id"].clone();
    boris.hears("anna", "helo").await;
    let number: i64 = id.as_str().unwrap().parse().unwrap();
    for (edit, text) in [(id.clone(), "hello"), (json!(number), "hello!")] {
        anna.write(json!({"type": "message", "content": text, "edit": edit}))
            .await;
        for talker in [&mut anna, &mut boris] {
            let event = talker.hears("anna", &format!("✎ {text}")).await;
            assert_eq!((&event["edit"], event.get("id")), (&id, None), "{event}");
        }
    }
}

#[tokio::test]
async fn what_is_not_ones_own_cannot_be_edited() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    let id = anna.said("mine").await["id"].clone();
    boris.hears("anna", "mine").await;
    boris
        .write(json!({"type": "message", "content": "yours", "edit": id}))
        .await;
    assert!(boris.error().await.contains("author"));
    boris
        .write(json!({"type": "message", "content": "x", "edit": "999999"}))
        .await;
    assert_eq!(boris.error().await, "no such message");
    boris.said("the connection stays").await;
    anna.hears("boris", "the connection stays").await;
}

#[tokio::test]
async fn a_private_message_can_be_edited() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    anna.write(json!({"type": "message", "content": "helo", "to": "boris"}))
        .await;
    let id = boris.hears("anna", "helo").await["id"].clone();
    anna.write(json!({"type": "message", "content": "hello", "edit": id}))
        .await;
    let event = boris.hears("anna", "✎ hello").await;
    assert_eq!((&event["edit"], &event["private"]), (&id, &json!(true)));
    anna.hears_nothing().await;
}

#[tokio::test]
async fn an_action_is_an_emote() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    anna.write(json!({"type": "message", "content": "waves", "action": true}))
        .await;
    assert_eq!(anna.hears("anna", "waves").await["action"], true);
    assert_eq!(boris.hears("anna", "waves").await["action"], true);
    // "A text that begins with "/me "" is one, too.
    anna.say("/me bows").await;
    assert_eq!(anna.hears("anna", "bows").await["action"], true);
    boris.hears("anna", "bows").await;
    anna.write(json!({"type": "message", "content": "says", "action": false}))
        .await;
    assert_eq!(boris.hears("anna", "says").await.get("action"), None);
    anna.hears("anna", "says").await;
    // It is no emote of an emote, whether new or an edit.
    for content in ["/me bows twice", "/me\tbows twice"] {
        anna.write(json!({"type": "message", "content": content, "action": true}))
            .await;
        let told = boris.hears("anna", "bows twice").await;
        assert_eq!(told["action"], true);
        anna.hears("anna", "bows twice").await;
        let id = told["id"].clone();
        anna.write(
            json!({"type": "message", "content": "/me /me nods", "action": true, "edit": id}),
        )
        .await;
        for talker in [&mut anna, &mut boris] {
            talker.hears("anna", "✎ nods").await;
        }
    }
    anna.write(json!({"type": "message", "content": "/me", "action": true}))
        .await;
    assert!(anna.error().await.contains("nothing to see"));
}

#[tokio::test]
async fn other_properties_are_passed_on_within_bounds() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    anna.write(
        json!({"type": "message", "content": "a", "color": "red", "tags": [1, {"x": null}]}),
    )
    .await;
    let event = boris.hears("anna", "a").await;
    assert_eq!(
        (&event["color"], &event["tags"]),
        (&json!("red"), &json!([1, {"x": null}]))
    );
    anna.write(json!({"type": "message", "content": "dirty", "k\u{1b}": "a\u{9b}\r\nb"}))
        .await;
    let event = boris.hears("anna", "dirty").await;
    assert_eq!(event["k\u{fffd}"], "a\u{fffd}\nb");
    let around = "\"k\":\"\"".len();
    for (length, passed) in [(4096 - around, true), (4097 - around, false)] {
        anna.write(json!({"type": "message", "content": "b", "k": "x".repeat(length)}))
            .await;
        assert_eq!(
            boris.hears("anna", "b").await.get("k").is_some(),
            passed,
            "{length}"
        );
    }
    // What only the server says cannot be said through them.
    anna.write(json!({"type": "message", "content": "c", "user": {"id": "1"}, "time": 1, "id": "7", "private": true})).await;
    let event = boris.hears("anna", "c").await;
    assert_eq!(
        (&event["user"]["id"], event.get("private")),
        (&json!(anna.id), None)
    );
    assert_ne!(event["id"], "7");
}

#[tokio::test]
async fn text_is_kept_but_for_control_characters() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    for text in ["a\nb\tc", "👨‍👩‍👧‍👦", "שלום", " ."] {
        anna.said(text).await;
        boris.hears("anna", text).await;
    }
    anna.say("a\r\nb\rc\0\u{7f}\u{9b}").await;
    for talker in [&mut anna, &mut boris] {
        let clean = "a\nb\nc\u{fffd}\u{fffd}\u{fffd}";
        talker.hears("anna", clean).await;
    }
    for nothing in ["", " ", "\u{200b}"] {
        anna.write(json!({"type": "message", "content": nothing}))
            .await;
        assert_eq!(anna.error().await, "text: there is nothing to see in it");
    }
    boris.hears_nothing().await;
}

#[tokio::test]
async fn a_user_connected_several_times_hears_on_each_connection() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    let mut again = daemon.talker_in("anna", "tea").await;
    let mut elsewhere = daemon.talker_in("anna", "coffee").await;
    // "A user's second connection makes no `join`."
    boris.said("hello").await;
    anna.hears("boris", "hello").await;
    again.hears("boris", "hello").await;
    again.said("from the second").await;
    anna.hears("anna", "from the second").await;
    boris.hears("anna", "from the second").await;
    elsewhere.said("in another room").await;
    elsewhere.hears_nothing().await;
    for talker in [&mut anna, &mut again, &mut boris] {
        talker.hears_nothing().await;
    }
}

#[tokio::test]
async fn a_half_closed_client_gets_its_echoes_and_the_end() {
    let daemon = Daemon::start("").await;
    let (mut anna, _boris) = two(&daemon).await;
    for n in 0..50 {
        anna.say(&n.to_string()).await;
    }
    anna.finish().await;
    for n in 0..50 {
        anna.hears("anna", &n.to_string()).await;
    }
    anna.end().await;
}
