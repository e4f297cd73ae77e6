//! JIM in the field: the room that everyone is in, and the ways in and out of others.

use serde_json::json;
use tolmach::commands;
use tolmach::model::{RoomKind, RoomSelector};

use crate::support::{PASSWORD, room, user, with_field};

#[tokio::test(start_paused = true)]
async fn who_says_something_to_nobody_says_it_to_everyone() {
    let daemon = with_field("", "").await;
    let mut anna = daemon.field_guest("anna").await;
    let mut boris = daemon.field_guest("boris").await;
    for to in [
        "#", "all", "ALL", "#all", "#All", "@all", "@All", "*", "EVERYONE", "Everyone", "",
    ] {
        anna.expect(200, json!({"action": "msg", "to": to, "message": "hello"}))
            .await;
        boris
            .hears(json!({"to": "#lobby", "from": "anna", "message": "hello"}))
            .await;
    }
    for nobody in [
        json!({"action": "msg", "message": "x"}),
        json!({"action": "msg", "to": null, "message": "x"}),
    ] {
        anna.expect(200, nobody).await;
        boris.hears(json!({"to": "#lobby", "message": "x"})).await;
    }
    assert_eq!(daemon.history(room("lobby")).await.len(), 13);
}

#[tokio::test(start_paused = true)]
async fn what_was_meant_for_one_is_never_told_to_everyone() {
    let daemon = with_field("", "").await;
    daemon.account("vera").await;
    let mut anna = daemon.field_guest("anna").await;
    let mut boris = daemon.field_guest("boris").await;
    for (key, whom) in [
        ("whom", json!("vera")),
        ("room", json!("Boris")),
        ("user_id", json!("@boris")),
        ("k", json!(["nobody", {"name": "boris"}])),
        ("k", json!("tolmach")),
    ] {
        let mut said = json!({"action": "msg", "from": "anna", "message": "psst"});
        said[key] = whom;
        let answer = anna.expect(400, said).await;
        let error = answer["error"].as_str().unwrap();
        assert!(error.starts_with(&format!("{key}: ")), "{error}");
    }
    // A first message, too.
    let mut dora = daemon.field();
    dora.expect(
        400,
        json!({"action": "msg", "from": "dora", "message": "psst", "whom": "vera"}),
    )
    .await;
    boris.hears_nothing().await;
    assert!(daemon.history(room("lobby")).await.is_empty());
    // One's own name, and what is nobody's, mean nothing.
    anna.expect(
        200,
        json!({"action": "msg", "user": {"account_name": "anna"}, "mood": "good", "message": "x"}),
    )
    .await;
    boris.hears(json!({"to": "#lobby", "message": "x"})).await;
}

#[tokio::test(start_paused = true)]
async fn everyones_room_is_told_of_under_the_address_that_one_uses() {
    let daemon = with_field("", "").await;
    let mut anna = daemon.field_guest("anna").await;
    let mut boris = daemon.field_guest("boris").await;
    daemon.create_room("tea", RoomKind::Public, None).await;
    for to in ["#", "all", "#all", "@all", "*", "EVERYONE", "aLL"] {
        anna.expect(200, json!({"action": "msg", "to": to, "message": "hello"}))
            .await;
        boris.hears(json!({"to": "#lobby"})).await;
        boris
            .expect(200, json!({"action": "msg", "message": "hi"}))
            .await;
        anna.hears(json!({"to": to, "from": "boris", "message": "hi"}))
            .await;
    }
    // Other rooms keep their names, and so does this one for who uses it again.
    for room in ["#tea", "#lobby"] {
        boris
            .expect(200, json!({"action": "join", "room": room}))
            .await;
        anna.expect(200, json!({"action": "msg", "to": room, "message": "x"}))
            .await;
        boris.hears(json!({"to": room, "from": "anna"})).await;
        boris
            .expect(200, json!({"action": "msg", "to": room, "message": "y"}))
            .await;
        anna.hears(json!({"to": room, "from": "boris"})).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_not_spoken_and_said_no_status_knows_only_message() {
    let daemon = with_field("", "").await;
    let mut anna = daemon.field();
    anna.expect(200, json!({"action": "presence", "user": "anna"}))
        .await;
    let mut boris = daemon.field_guest("boris").await;
    let both = json!({"action": "message", "sender": "boris", "destination": "anna",
        "mess_text": "hi", "message_text": "hi"});
    for to in ["all", "anna"] {
        boris
            .expect(200, json!({"action": "msg", "to": to, "message": "hi"}))
            .await;
        let told = anna.hears(both.clone()).await;
        assert_eq!(told.as_object().unwrap().len(), 6, "{told}");
    }
    boris
        .expect(201, json!({"action": "join", "room": "tea"}))
        .await;
    anna.expect(200, json!({"action": "join", "room": "tea"}))
        .await;
    boris
        .expect(200, json!({"action": "msg", "to": "#tea", "message": "hi"}))
        .await;
    anna.hears(json!({"destination": "#tea", "mess_text": "hi"}))
        .await;
    // It speaks, and is answered in kind from then on.
    anna.expect(200, json!({"action": "msg", "to": "#tea", "text": "x"}))
        .await;
    boris.hears(json!({"to": "#tea", "from": "anna"})).await;
    boris
        .expect(200, json!({"action": "msg", "to": "all", "message": "hi"}))
        .await;
    anna.hears(json!({"action": "msg", "to": "#lobby", "text": "hi"}))
        .await;
    // With a status it keeps to the document from the start.
    let mut dora = daemon.field();
    for status in [None, Some("here")] {
        let user = json!({"account_name": "dora", "status": status});
        dora.expect(200, json!({"action": "presence", "user": user}))
            .await;
    }
    boris
        .expect(200, json!({"action": "msg", "to": "all", "message": "hi"}))
        .await;
    dora.hears(json!({"action": "msg", "to": "#lobby", "message": "hi"}))
        .await;
}

#[tokio::test(start_paused = true)]
async fn everyones_room_is_the_listeners_and_made_if_absent() {
    let off = "rooms.create = []\nrooms.create_on_join = false";
    let daemon = with_field(off, "everyone = 'hall'").await;
    daemon.account("vera").await;
    let mut anna = daemon.field();
    anna.expect(
        200,
        json!({"action": "msg", "from": "anna", "message": "first"}),
    )
    .await;
    let mut vera = daemon.field();
    vera.expect(
        200,
        json!({"action": "authenticate", "account_name": "vera", "password": PASSWORD}),
    )
    .await;
    anna.expect(
        200,
        json!({"action": "message", "to": "all", "message": "second"}),
    )
    .await;
    vera.hears(json!({"to": "#hall", "message": "second"}))
        .await;
    // Other rooms obey the configuration.
    anna.expect(404, json!({"action": "msg", "to": "#tea", "message": "x"}))
        .await;
    anna.expect(404, json!({"action": "join", "room": "tea"}))
        .await;
    // It is made again, too.
    daemon
        .operate(commands::DeleteRoom { room: room("hall") })
        .await;
    for client in [&mut anna, &mut vera] {
        client.code(101).await;
    }
    anna.expect(200, json!({"action": "msg", "message": "third"}))
        .await;
    assert_eq!(daemon.history(room("hall")).await, ["third"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_to_a_room_not_joined_joins_it() {
    let daemon = with_field("", "").await;
    daemon
        .create_room("secret", RoomKind::Public, Some("word"))
        .await;
    let mut anna = daemon.field_guest("anna").await;
    let mut boris = daemon.document("jim");
    boris.hello("boris").await;
    boris.join("#tea").await;
    anna.expect(
        200,
        json!({"action": "msg", "to": "#Tea", "message": "hello"}),
    )
    .await;
    boris.hears("anna", "#tea", "hello").await;
    boris.say("#tea", "hi").await;
    anna.hears(json!({"to": "#tea", "from": "boris"})).await;
    anna.expect(
        402,
        json!({"action": "msg", "to": "#secret", "message": "x"}),
    )
    .await;
    anna.expect(400, json!({"action": "msg", "to": "#a b", "message": "x"}))
        .await;
    let ban = commands::Ban {
        room: room("tea"),
        user: user("anna"),
    };
    daemon.operate(ban).await;
    anna.code(101).await;
    anna.expect(403, json!({"action": "msg", "to": "#tea", "message": "x"}))
        .await;
}

#[tokio::test(start_paused = true)]
async fn join_and_leave_without_a_hash_and_leave_without_a_room() {
    let daemon = with_field("", "").await;
    let mut anna = daemon.field();
    anna.expect(401, json!({"action": "leave"})).await;
    let user = json!({"account_name": "anna", "status": "here"});
    anna.expect(200, json!({"action": "presence", "user": user}))
        .await;
    anna.expect(201, json!({"action": "join", "room": "tea"}))
        .await;
    anna.expect(201, json!({"action": "join", "room": "#milk"}))
        .await;
    anna.expect(201, json!({"action": "join", "room": "coffee"}))
        .await;
    anna.expect(200, json!({"action": "join", "room": "tea"}))
        .await;
    anna.expect(200, json!({"action": "leave", "room": "coffee"}))
        .await;
    anna.expect(403, json!({"action": "leave", "room": "#coffee"}))
        .await;
    anna.expect(404, json!({"action": "leave", "room": "nowhere"}))
        .await;
    let mut boris = daemon.field_guest("boris").await;
    let rooms = ["tea", "milk", "lobby"];
    for left in 1..=3 {
        anna.expect(200, json!({"action": "leave"})).await;
        // Those joined later are left, the others not.
        for (place, name) in rooms.iter().enumerate() {
            boris
                .expect(
                    200,
                    json!({"action": "msg", "to": format!("#{name}"), "message": "hi"}),
                )
                .await;
            if place >= left {
                anna.hears(json!({"to": format!("#{name}")})).await;
            }
        }
    }
    anna.expect(403, json!({"action": "leave"})).await;
    // Saying something to everyone brings one back.
    anna.expect(200, json!({"action": "msg", "message": "back"}))
        .await;
    boris
        .hears(json!({"to": "#lobby", "message": "back"}))
        .await;
    anna.expect(200, json!({"action": "leave"})).await;
}

#[tokio::test(start_paused = true)]
async fn a_bare_end_of_stream_is_a_farewell() {
    let daemon = with_field("presence.grace = '1h'", "").await;
    daemon.account("vera").await;
    let mut vera = daemon.talker_in("vera", "lobby").await;
    for round in 0..2 {
        let mut anna = daemon.field_guest("anna").await;
        let join = vera.sees("join", "anna").await;
        // What was said before is done first.
        anna.say(json!({"action": "msg", "message": "bye"})).await;
        anna.hang_up().await;
        anna.code(200).await;
        anna.end().await;
        vera.hears("anna", "bye").await;
        vera.sees_leave(join["user"]["id"].as_str().unwrap()).await;
        assert_eq!(daemon.sessions().await.len(), 1, "round {round}");
    }
    // In the other flavor one is idle for a while.
    let mut boris = daemon.guest_in("boris", "#lobby").await;
    vera.sees("join", "boris").await;
    boris.finish().await;
    vera.sees("idle", "boris").await;
}

#[tokio::test(start_paused = true)]
async fn who_is_banned_from_everyones_room_comes_in_all_the_same() {
    let daemon = with_field("", "").await;
    daemon.account("anna").await;
    let ban = commands::Ban {
        room: room("lobby"),
        user: user("anna"),
    };
    daemon.operate(ban).await;
    let mut anna = daemon.field();
    anna.expect(
        200,
        json!({"action": "authenticate", "user": {"account_name": "anna", "password": PASSWORD}}),
    )
    .await;
    anna.expect(403, json!({"action": "msg", "message": "hello"}))
        .await;
    anna.expect(201, json!({"action": "join", "room": "tea"}))
        .await;
    let lobby = RoomSelector::Name("lobby".to_owned());
    assert!(daemon.history(lobby).await.is_empty());
}
