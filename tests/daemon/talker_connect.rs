//! Talker: `connect`, and what is refused before and after it.

use serde_json::{Value, json};
use tolmach::commands;
use tolmach::model::RoomKind;

use crate::support::{Daemon, room, token, user};

const FAILED: &str = "Authentication failed";

async fn connects(daemon: &Daemon, room: Value) -> Vec<Value> {
    let mut talker = daemon.talker().await;
    talker
        .write(json!({"type": "connect", "room": room, "token": token("anna")}))
        .await;
    talker.connected().await
}

async fn fails(daemon: &Daemon, room: Value, token: &str) {
    let mut talker = daemon.talker().await;
    talker
        .write(json!({"type": "connect", "room": room, "token": token}))
        .await;
    talker.refused(FAILED).await;
}

#[tokio::test]
async fn connected_then_users_then_events() {
    let daemon = Daemon::start("").await;
    let anna = daemon.account("anna").await;
    let boris = daemon.account("boris").await;
    let mut first = daemon.talker().await;
    first
        .write(json!({"type": "connect", "room": "tea", "token": token("anna")}))
        .await;
    let id = anna.to_string();
    let connected = first.event("connected").await;
    assert_eq!(connected["user"], json!({"id": id, "name": "anna"}));
    let users = first.event("users").await;
    assert_eq!(users["users"], json!([{"id": id, "name": "anna"}]));
    let mut second = daemon.talker_in("boris", "TEA").await;
    let join = first.sees("join", "boris").await;
    assert_eq!(
        join["user"],
        json!({"id": boris.to_string(), "name": "boris"})
    );
    // The new one gets no `join` of its own.
    second.hears_nothing().await;
    first.hears_nothing().await;
}

#[tokio::test]
async fn a_room_is_found_by_name_number_and_public_id() {
    let daemon = Daemon::start("rooms.create_on_join = false").await;
    daemon.account("anna").await;
    let id = daemon.create_room("tea", RoomKind::Public, None).await;
    let secret = daemon.create_room("cellar", RoomKind::Private, None).await;
    let _in_it = daemon.talker_in("anna", "tea").await;
    for room in [json!("tea"), json!("Tea"), json!(id), json!(id.to_string())] {
        assert_eq!(connects(&daemon, room.clone()).await.len(), 1, "{room}");
    }
    // A room of that very name comes second, whoever made it.
    daemon.account("boris").await;
    daemon
        .create_room(&id.to_string(), RoomKind::Public, None)
        .await;
    let mut boris = daemon.talker().await;
    boris
        .write(json!({"type": "connect", "room": id, "token": token("boris")}))
        .await;
    assert_eq!(boris.connected().await.len(), 2);
    // A number that is no public room's is a name.
    daemon.create_room("4711", RoomKind::Public, None).await;
    connects(&daemon, json!(4711)).await;
    daemon
        .create_room(&secret.to_string(), RoomKind::Public, None)
        .await;
    connects(&daemon, json!(secret)).await;
    daemon
        .operate(commands::DeleteRoom {
            room: room(&secret.to_string()),
        })
        .await;
    // A private one is entered by its exact name only.
    fails(&daemon, json!(secret), &token("anna")).await;
    connects(&daemon, json!("cellar")).await;
}

#[tokio::test]
async fn a_token_may_be_written_as_a_number() {
    let daemon = Daemon::start("").await;
    for (login, value) in [("anna", "20261126"), ("boris", "0.50")] {
        daemon.account(login).await;
        let value = Some(value.to_owned().into());
        let user = user(login);
        daemon.operate(commands::CreateToken { user, value }).await;
    }
    for connect in [
        r#"{"type":"connect","room":"tea","token":20261126}"#,
        r#"{"type":"connect","room":"tea","token":0.50}"#,
    ] {
        let mut talker = daemon.talker().await;
        talker.send(connect).await;
        talker.connected().await;
    }
    fails(&daemon, json!("tea"), "20261127").await;
    let mut stranger = daemon.talker().await;
    stranger
        .send(r#"{"type":"connect","room":"tea","token":0.5}"#)
        .await;
    stranger.refused(FAILED).await;
}

#[tokio::test]
async fn a_room_that_does_not_exist_is_made() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    connects(&daemon, json!("new")).await;
    connects(&daemon, json!(12345)).await;
    let jim = daemon.guest("boris").await.join("#12345").await;
    assert_eq!(jim, 200);
}

#[tokio::test]
async fn authentication_fails_for_many_reasons_in_one_way() {
    let daemon = Daemon::start("rooms.create_on_join = false").await;
    daemon.account("anna").await;
    daemon.account("boris").await;
    daemon
        .create_room("vault", RoomKind::Public, Some("sesame"))
        .await;
    daemon.create_room("tea", RoomKind::Public, None).await;
    daemon
        .operate(commands::Ban {
            room: room("tea"),
            user: user("anna"),
        })
        .await;
    let token = token("anna");
    fails(&daemon, json!("lobby"), "unknown token").await;
    fails(&daemon, json!("lobby"), "").await;
    fails(&daemon, json!("nowhere"), &token).await;
    fails(&daemon, json!(4_000_000), &token).await;
    fails(&daemon, json!("99999999999999999999"), &token).await;
    fails(&daemon, json!("tea"), &token).await;
    fails(&daemon, json!("vault"), &token).await;
    for bad in ["", "two words", "#tea", &"x".repeat(26)] {
        fails(&daemon, json!(bad), &token).await;
    }
    daemon
        .operate(commands::SetDisabled {
            user: user("boris"),
            disabled: true,
        })
        .await;
    fails(&daemon, json!("lobby"), &crate::support::token("boris")).await;
    daemon
        .operate(commands::RevokeToken {
            user: user("anna"),
            id: None,
        })
        .await;
    fails(&daemon, json!("lobby"), &token).await;
}

#[tokio::test]
async fn a_member_enters_a_protected_room() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    daemon
        .create_room("vault", RoomKind::Public, Some("sesame"))
        .await;
    daemon
        .operate(commands::AddMember {
            room: room("vault"),
            user: user("anna"),
        })
        .await;
    connects(&daemon, json!("vault")).await;
}

#[tokio::test]
async fn a_connect_that_lacks_something_is_an_error_and_a_close() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    for bad in [
        json!({}),
        json!({"room": "tea"}),
        json!({"token": token("anna")}),
        json!({"room": [], "token": "x"}),
    ] {
        let mut event = bad;
        event["type"] = json!("connect");
        let mut talker = daemon.talker().await;
        talker.write(event).await;
        talker.error().await;
        talker.end().await;
    }
}

#[tokio::test]
async fn a_second_connect_is_an_error_and_a_close() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut talker = daemon.talker_in("anna", "tea").await;
    talker
        .write(json!({"type": "connect", "room": "coffee", "token": token("anna")}))
        .await;
    talker.error().await;
    talker.end().await;
}

#[tokio::test]
async fn nothing_but_connect_is_taken_before_it() {
    let daemon = Daemon::start("").await;
    for event in [
        json!({"type": "message", "content": "x"}),
        json!({"type": "ping"}),
        json!({"type": "close"}),
        json!({"type": "message"}),
    ] {
        let mut talker = daemon.talker().await;
        talker.write(event).await;
        talker.refused("Not connected to a room").await;
    }
}

#[tokio::test]
async fn an_unknown_type_and_invalid_json_are_errors_and_a_close() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let cases = [
        (r#"{"type":"dance"}"#, "Unknown event type: dance"),
        (r#"{"type":"connected"}"#, "Unknown event type: connected"),
        ("{\"type\":}", "Invalid JSON"),
        ("[]", "Invalid JSON"),
        ("\"text\"", "Invalid JSON"),
        ("GET / HTTP/1.1\r\n", "Invalid JSON"),
        ("}", "Invalid JSON"),
    ];
    for (room, (bytes, text)) in ["a", "b", "c", "d", "e", "f", "g"].into_iter().zip(cases) {
        let mut stranger = daemon.talker().await;
        stranger.send(bytes).await;
        stranger.refused(text).await;
        // What came before is carried out.
        let mut talker = daemon.talker_in("anna", room).await;
        talker
            .send(format!(r#"{{"type":"message","content":"before"}}{bytes}"#))
            .await;
        talker.hears("anna", "before").await;
        talker.refused(text).await;
    }
}

#[tokio::test]
async fn objects_need_no_newline_and_may_be_cut_anywhere() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let stream = format!(
        "{}{}\r\n{}  {}\n\n{}",
        json!({"type": "connect", "room": "tea", "token": token("anna")}),
        json!({"type": "message", "content": "one } {"}),
        json!({"type": "ping"}),
        json!({"type": "message", "content": "два 😀"}),
        json!({"type": "close"}),
    );
    for bytes in [1, 2, 3, 7, 4096] {
        let (mut reader, mut writer) = tokio::io::split(daemon.duplex("talker", bytes));
        let stream = stream.clone();
        let writing = tokio::spawn(async move {
            // The server closes; it does not matter whether it is before the last byte.
            let _ = tokio::io::AsyncWriteExt::write_all(&mut writer, stream.as_bytes()).await;
        });
        let mut told = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut reader, &mut told)
            .await
            .unwrap();
        writing.await.unwrap();
        let told: Vec<Value> = told
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let kinds: Vec<_> = told
            .iter()
            .map(|event| event["type"].as_str().unwrap())
            .collect();
        assert_eq!(
            kinds,
            ["connected", "users", "message", "message"],
            "by {bytes}"
        );
        assert_eq!(
            (&told[2]["content"], &told[3]["content"]),
            (&json!("one } {"), &json!("два 😀"))
        );
    }
}

#[tokio::test]
async fn attributes_of_the_user_are_shown_to_others() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    daemon.account("boris").await;
    let mut first = daemon.talker_in("anna", "tea").await;
    let mut second = daemon.talker().await;
    let profile =
        json!({"id": 77, "name": "somebody else", "color": "red", "picture": {"url": "x"}});
    second
        .write(json!({"type": "connect", "room": "tea", "token": token("boris"), "user": profile}))
        .await;
    let users = second.connected().await;
    let join = first.event("join").await;
    let shown = users.iter().find(|user| user["name"] == "boris").unwrap();
    for seen in [shown, &join["user"]] {
        assert_eq!(
            (&seen["name"], &seen["color"], &seen["picture"]["url"]),
            (&json!("boris"), &json!("red"), &json!("x"))
        );
        assert_eq!(seen["id"], second.id.as_str());
    }
    // A connection that says nothing of its user takes nothing back.
    let users = daemon.talker().await.enter("boris", "tea").await;
    let shown = users.iter().find(|user| user["name"] == "boris").unwrap();
    assert_eq!(shown["color"], "red");
    // In messages there is only who it is.
    second.say("hello").await;
    assert_eq!(
        first.hears("boris", "hello").await["user"],
        json!({"id": second.id, "name": "boris"})
    );
}

#[tokio::test]
async fn limits_on_rooms_are_an_error() {
    let daemon = Daemon::start("limits.rooms_per_user = 1").await;
    daemon.account("anna").await;
    let _talker = daemon.talker_in("anna", "tea").await;
    let mut second = daemon.talker().await;
    second
        .write(json!({"type": "connect", "room": "coffee", "token": token("anna")}))
        .await;
    assert_ne!(second.error().await, FAILED);
    second.end().await;
}
