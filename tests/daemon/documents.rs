//! The example objects of the two documents, word for word (with a time where the document has a placeholder).

use serde_json::json;

use crate::support::{Daemon, PASSWORD, token};

const AUTHENTICATE: &str = r#"{
        "action": "authenticate",
        "time": 1700000000,
        "user": {
                "account_name":  "C0deMaver1ck",
                "password":      "CorrectHorseBatteryStaple"
        }
}"#;

const FIRST_AUTHENTICATE: &str = r#"{
 "action": "authenticate",
 "time": 1700000000,
        "user": {
                "account_name": "C0deMaver1ck",
                "password":     "CorrectHorseBatterStaple"
        }
}"#;

const QUIT: &str = r#"{
    "action": "quit"
}"#;

const PRESENCE: &str = r#"{
        "action": "presence",
        "time": 1700000000,
        "type": "status",
        "user": {
                "account_name":  "C0deMaver1ck",
                "status":      "Yep, I am here!"
        }
}"#;

const PROBE: &str = r#"{
        "action": "probe",
        "time": 1700000000,
}"#;

const TO_USER: &str = r#"{
    "action": "msg",
    "time": 1700000000,
    "to": "account_name",
    "from": "account_name",
    "encoding": "ascii",
    "message": "message"
}"#;

const TO_ROOM: &str = r##"{
    "action": "msg",
    "time": 1700000000,
    "to": "#room_name",
    "from": "account_name",
    "message": "Hello World"
}"##;

const JOIN: &str = r##"{
    "action": "join",
    "time": 1700000000,
    "room": "#room_name"
}"##;

const LEAVE: &str = r##"{
    "action": "leave",
    "time": 1700000000,
    "room": "#room_name"
}"##;

#[tokio::test]
async fn jims() {
    let daemon = Daemon::start("").await;
    daemon.account("C0deMaver1ck").await;
    daemon.account("other").await;
    let mut jim = daemon.jim().await;
    // The document's first example has another password than its second.
    jim.send(FIRST_AUTHENTICATE).await;
    assert_eq!(jim.code().await, 402);
    jim.send(AUTHENTICATE).await;
    assert_eq!(jim.code().await, 200);
    let mut second = daemon.jim().await;
    second.send(AUTHENTICATE).await;
    assert_eq!(second.code().await, 409);
    jim.send(PRESENCE).await;
    assert_eq!(jim.code().await, 200);
    jim.send(PROBE).await;
    assert_eq!(jim.code().await, 400);
    jim.send(JOIN).await;
    assert_eq!(jim.code().await, 201);
    jim.send(TO_ROOM).await;
    assert_eq!(jim.code().await, 403, "the sender is not account_name");
    jim.send(LEAVE).await;
    assert_eq!(jim.code().await, 200);

    // The same, by who it is.
    let mut other = daemon.guest_in("other_name", "#room_name").await;
    let mut named = daemon.guest("account_name").await;
    named.send(JOIN).await;
    assert_eq!(named.code().await, 200);
    named.send(TO_ROOM).await;
    assert_eq!(named.code().await, 200);
    other
        .hears("account_name", "#room_name", "Hello World")
        .await;
    other
        .send(TO_USER.replace("\"from\": \"account_name\"", "\"from\": \"other_name\""))
        .await;
    assert_eq!(other.code().await, 200);
    named.hears("other_name", "account_name", "message").await;
    named.send(TO_USER).await;
    assert_eq!(named.code().await, 200);
    named.hears("account_name", "account_name", "message").await;
    named.send(LEAVE).await;
    assert_eq!(named.code().await, 200);
    for jim in [&mut jim, &mut other, &mut named] {
        jim.send(QUIT).await;
        jim.end().await;
    }
}

#[tokio::test]
async fn jims_answers_look_as_printed() {
    let daemon = Daemon::start("").await;
    let mut jim = daemon.jim().await;
    let answer = jim
        .expect(402, crate::support::authenticate("nobody", PASSWORD))
        .await;
    let mut keys: Vec<_> = answer
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    assert_eq!(keys, ["error", "response", "time"]);
    let answer = jim.expect(200, crate::support::presence("anna")).await;
    let keys: Vec<_> = answer
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert!(
        keys.iter()
            .all(|key| ["alert", "response", "time"].contains(key)),
        "{answer}"
    );
}

#[tokio::test]
async fn talkers() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    daemon.account("boris").await;
    // The document's strings, where they are placeholders, replaced by what they stand for.
    let connect = r#"{"type":"connect","room":"unique room id","token":"user secret token"}"#;
    let connect = |login: &str| {
        let connect = connect.replace("unique room id", "tea");
        connect.replace("user secret token", &token(login)) + "\n"
    };
    let mut stranger = daemon.talker().await;
    stranger
        .send(r#"{"type":"connect","room":"unique room id","token":"user secret token"}"#)
        .await;
    let line = stranger.line().await.unwrap();
    assert_eq!(
        line,
        "{\"type\":\"error\",\"message\":\"Authentication failed\"}\n"
    );
    stranger.end().await;

    let mut anna = daemon.talker().await;
    anna.send(connect("anna")).await;
    let connected = anna.event("connected").await;
    let id = connected["user"]["id"].clone();
    assert_eq!(
        connected,
        json!({"type": "connected", "user": {"id": id, "name": "anna"}})
    );
    let users = anna.event("users").await;
    assert_eq!(
        users,
        json!({"type": "users", "users": [{"id": id, "name": "anna"}]})
    );
    let mut boris = daemon.talker().await;
    boris.send(connect("boris")).await;
    boris.connected().await;
    let join = anna.event("join").await;
    let user = json!({"id": boris.id, "name": "boris"});
    assert_eq!(
        join,
        json!({"type": "join", "user": user, "time": join["time"]})
    );

    boris
        .send("{\"type\":\"message\",\"content\":\"message to send\"}\n")
        .await;
    let message = anna.event("message").await;
    let expected = json!({"type": "message", "content": "message to send", "user": user, "time": message["time"], "id": message["id"]});
    assert_eq!(message, expected);
    boris.event("message").await;
    let private = r#"{"type":"message","content":"message to send","to":"recipient unique id"}"#;
    boris
        .send(private.replace("recipient unique id", id.as_str().unwrap()))
        .await;
    let message = anna.event("message").await;
    let expected = json!({"type": "message", "content": "message to send", "user": user, "private": true,
        "time": message["time"], "id": message["id"]});
    assert_eq!(message, expected);
    boris.send("{\"type\":\"ping\"}\n").await;
    boris.send("{\"type\":\"close\"}\n").await;
    boris.end().await;
    let leave = anna.event("leave").await;
    assert_eq!(
        leave,
        json!({"type": "leave", "user": boris.id, "time": leave["time"]})
    );
}
