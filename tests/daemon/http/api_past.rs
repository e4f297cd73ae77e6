//! Streams of events that go on after one is out of a room, or in other rooms.

use serde_json::{Value, json};

use super::api::{Asking, HTTP, each};
use super::api_events::{Listening, events};
use crate::support::Daemon;

const OWN: &str = "/rooms/tea/members/boris";

/// Anna, and Boris, who is in a room of hers of this kind, and in another one.
async fn two(daemon: &Daemon, kind: &str) -> (Asking, Asking) {
    let mut anna = Asking::account(daemon, "anna").await;
    let boris = Asking::account(daemon, "boris").await;
    for (name, kind) in [("tea", kind), ("den", "public")] {
        anna.post("/rooms", json!({"name": name, "kind": kind}))
            .await;
        let path = format!("/rooms/{name}/members/boris");
        anna.done("PUT", &path, None).await;
    }
    (anna, boris)
}

/// Where Boris is now.
async fn place(daemon: &Daemon) -> String {
    events(daemon, "boris").await.place().await
}

async fn again(daemon: &Daemon, path: &str, place: &str) -> Listening {
    Listening::begin(daemon, "boris", path, Some(place)).await
}

/// What comes until Anna's word in the other room, by its kind and text.
async fn all(heard: &mut Listening, anna: &mut Asking) -> Vec<String> {
    heard.place().await;
    anna.say("den", "that was all").await;
    let mut all = Vec::new();
    loop {
        let (kind, data) = heard.next().await.unwrap();
        match data["text"].as_str() {
            Some("that was all") => return all,
            Some(text) => all.push(text.to_owned()),
            None => all.push(kind),
        }
    }
}

#[tokio::test]
async fn who_is_out_by_now_hears_what_happened_until_then_and_nothing_after() {
    let daemon = Daemon::start(HTTP).await;
    let (mut anna, mut boris) = two(&daemon, "public").await;
    for (method, path, ended) in [
        ("DELETE", OWN, "member_removed"),
        ("OWN", OWN, "member_left"),
        ("PUT", "/rooms/tea/bans/boris", "member_banned"),
    ] {
        let place = place(&daemon).await;
        anna.say("tea", "before").await;
        match method {
            "OWN" => boris.done("DELETE", path, None).await,
            _ => anna.done(method, path, None).await,
        }
        anna.say("tea", "after").await;
        let mut heard = again(&daemon, "events", &place).await;
        assert_eq!(all(&mut heard, &mut anna).await, ["before", ended]);
        // It is not told twice.
        let last = heard.id.clone();
        let mut heard = again(&daemon, "events", &last).await;
        assert_eq!(all(&mut heard, &mut anna).await, [""; 0]);
        // And to who listens to this room alone, too.
        let mut heard = again(&daemon, "events?room=tea", &place).await;
        heard.hears_text("before").await;
        let told = heard.hears(ended).await;
        assert_eq!(told["user"], "boris");
        assert_eq!(
            (&told["room"], &told["room_id"]),
            (&json!("tea"), &json!(2))
        );
        if method != "PUT" {
            anna.done("PUT", OWN, None).await;
        }
    }
}

#[tokio::test]
async fn what_becomes_of_who_is_out_already_is_not_told() {
    let daemon = Daemon::start(HTTP).await;
    let (mut anna, mut boris) = two(&daemon, "public").await;
    let place = place(&daemon).await;
    anna.say("tea", "before").await;
    boris.done("DELETE", OWN, None).await;
    anna.say("tea", "after").await;
    anna.done("PUT", "/rooms/tea/bans/boris", None).await;
    let mut heard = again(&daemon, "events", &place).await;
    assert_eq!(all(&mut heard, &mut anna).await, ["before", "member_left"]);
}

#[tokio::test]
async fn a_room_that_is_gone_is_told_as_ended() {
    let daemon = Daemon::start(HTTP).await;
    let (mut anna, _boris) = two(&daemon, "public").await;
    let place = place(&daemon).await;
    anna.say("tea", "lost with it").await;
    anna.done("DELETE", "/rooms/tea", None).await;
    let mut heard = again(&daemon, "events", &place).await;
    let told = heard.hears("room_deleted").await;
    assert_eq!((&told["room"], &told["room_id"]), (&Value::Null, &json!(2)));
    let last = heard.id.clone();
    let mut heard = again(&daemon, "events", &last).await;
    assert_eq!(all(&mut heard, &mut anna).await, [""; 0]);
}

#[tokio::test]
async fn what_holds_since_is_nothing_to_who_is_out() {
    let daemon = Daemon::start(HTTP).await;
    let (mut anna, _boris) = two(&daemon, "private").await;
    let place = place(&daemon).await;
    anna.say("tea", "as it was").await;
    let edited = anna.say("tea", "one text").await;
    anna.done("DELETE", OWN, None).await;
    let path = format!("/rooms/tea/messages/{edited}");
    let text = json!({"text": "for members"});
    anna.json("PATCH", &path, Some(text), 200).await;
    let name = json!({"name": "hidden"});
    anna.json("PATCH", "/rooms/tea", Some(name), 200).await;
    let mut heard = again(&daemon, "events", &place).await;
    assert_eq!(heard.hears_text("as it was").await["room"], "");
    let told = heard.hears("member_removed").await;
    assert_eq!((&told["room"], &told["room_id"]), (&json!(""), &json!(2)));
    assert_eq!(all(&mut heard, &mut anna).await, [""; 0]);
}

#[tokio::test]
async fn of_several_stays_each_is_told() {
    let daemon = Daemon::start(HTTP).await;
    let (mut anna, mut boris) = two(&daemon, "public").await;
    let place = place(&daemon).await;
    for text in ["one", "two", "three"] {
        anna.say("tea", text).await;
        boris.done("DELETE", OWN, None).await;
        anna.say("tea", "without him").await;
        if text != "three" {
            boris.done("PUT", OWN, None).await;
        }
    }
    let mut heard = again(&daemon, "events", &place).await;
    let expected = [
        "one",
        "member_left",
        "member_joined",
        "two",
        "member_left",
        "member_joined",
        "three",
        "member_left",
    ];
    assert_eq!(all(&mut heard, &mut anna).await, expected);
    // From wherever it was cut.
    let mut place = place;
    for told in 1..expected.len() {
        let mut heard = again(&daemon, "events?room=tea", &place).await;
        heard.next().await.unwrap();
        place = heard.id.clone();
        let mut heard = again(&daemon, "events?room=tea", &place).await;
        for kind in &expected[told..] {
            let (heard, data) = heard.next().await.unwrap();
            let heard = data["text"].as_str().map_or(heard, str::to_owned);
            assert_eq!(heard, *kind, "{told}");
        }
    }
}

#[tokio::test]
async fn of_a_private_room_that_was_left_and_entered_again_each_stay_is_told() {
    let daemon = Daemon::start(HTTP).await;
    let (mut anna, mut boris) = two(&daemon, "private").await;
    let place = place(&daemon).await;
    for text in ["one", "two"] {
        anna.say("tea", text).await;
        boris.done("DELETE", OWN, None).await;
        anna.say("tea", "without him").await;
        boris.done("PUT", OWN, None).await;
    }
    anna.say("tea", "three").await;
    let mut heard = again(&daemon, "events", &place).await;
    let expected = [
        "one",
        "member_left",
        "member_joined",
        "two",
        "member_left",
        "member_joined",
        "three",
    ];
    assert_eq!(all(&mut heard, &mut anna).await, expected);
    let mut place = place;
    for kind in expected {
        let mut heard = again(&daemon, "events?room=tea", &place).await;
        let (told, data) = heard.next().await.unwrap();
        let told = data["text"].as_str().map_or(told, str::to_owned);
        assert_eq!(told, kind);
        place = heard.id.clone();
    }
}

#[tokio::test]
async fn what_was_edited_and_then_deleted_is_told_as_deleted_once() {
    let daemon = Daemon::start(HTTP).await;
    let (mut anna, mut boris) = two(&daemon, "public").await;
    let place = place(&daemon).await;
    let said = anna.say("tea", "first").await;
    let path = format!("/rooms/tea/messages/{said}");
    for text in ["second", "third"] {
        anna.json("PATCH", &path, Some(json!({"text": text})), 200)
            .await;
    }
    anna.done("DELETE", &path, None).await;
    let mut heard = again(&daemon, "events", &place).await;
    assert_eq!(all(&mut heard, &mut anna).await, ["", ""]);
    boris.done("DELETE", OWN, None).await;
    let mut heard = again(&daemon, "events?room=tea", &place).await;
    for kind in ["posted", "deleted", "member_left"] {
        assert_eq!(heard.next().await.unwrap().0, kind);
    }
}

#[tokio::test]
async fn rooms_are_chosen_by_any_name_and_the_place_is_of_those_alone() {
    let daemon = Daemon::start(HTTP).await;
    let (mut anna, mut boris) = two(&daemon, "public").await;
    let comma = anna.post("/rooms", json!({"name": "a,b"})).await;
    boris.done("PUT", "/rooms/a,b/members/boris", None).await;
    let id = comma["id"].as_i64().unwrap();
    anna.say("@anna,boris", "psst").await;
    let begin = async |query: &str| {
        let mut heard = Listening::begin(&daemon, "boris", &format!("events?{query}"), None).await;
        heard.place().await;
        heard
    };
    for query in [
        "room=tea,a%2Cb",
        "room=tea&room=a%2Cb",
        &format!("room=%23{id},tea"),
        "room=@boris,anna,a%2cb",
    ] {
        let mut heard = begin(query).await;
        anna.say("den", "not asked for").await;
        anna.say("a,b", "asked for").await;
        heard.hears_text("asked for").await;
    }
    boris
        .refused("GET", "/events?room=tea,a,b", None, (404, "NoSuchRoom"))
        .await;
    // Of a room that was not among those one listens from now on.
    let place = begin("room=tea").await.id;
    anna.say("tea", "one").await;
    anna.say("den", "before").await;
    for path in ["events?room=tea,den", "events"] {
        let mut heard = again(&daemon, path, &place).await;
        assert_eq!(all(&mut heard, &mut anna).await, ["one"], "{path}");
    }
    let names = each(&boris.get("/rooms").await, "name");
    assert!(names.contains(&json!("a,b")), "{names:?}");
}

#[tokio::test]
async fn a_place_holds_after_a_restart_and_nobody_can_write_one() {
    let dir = tempfile::tempdir().unwrap();
    let daemon = Daemon::on_disk(dir.path(), HTTP).await;
    let (mut anna, boris) = two(&daemon, "public").await;
    let first = place(&daemon).await;
    anna.say("tea", "one").await;
    drop((anna, boris));
    daemon.stop().await;
    let daemon = Daemon::on_disk(dir.path(), HTTP).await;
    again(&daemon, "events", &first)
        .await
        .hears_text("one")
        .await;
    // Each of its letters counts; another store has another key.
    let other = Daemon::start(HTTP).await;
    two(&other, "public").await;
    let mut wrong = first.clone().into_bytes();
    wrong[2] = if wrong[2] == b'A' { b'B' } else { b'A' };
    let wrong = String::from_utf8(wrong).unwrap();
    for (daemon, place) in [(&daemon, &wrong), (&other, &first)] {
        let header = format!("Last-Event-ID: {place}");
        let mut boris = Asking::by(daemon, "token-boris").await.with(&header);
        boris
            .refused("GET", "/events", None, (400, "Invalid"))
            .await;
    }
}
