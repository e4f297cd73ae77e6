//! `talker.flavor = "talkerapp"`: what the service's own application needs.

use serde_json::{Value, json};

use crate::support::{Daemon, Talker, token};

const APP: &str = "talker.flavor = 'talkerapp'";

async fn daemon() -> Daemon {
    let daemon = Daemon::start(APP).await;
    for login in ["anna", "boris"] {
        daemon.account(login).await;
    }
    daemon
}

/// Connects as the application does: without a newline.
async fn connect(daemon: &Daemon, login: &str) -> (Talker, Vec<Value>) {
    let mut talker = daemon.talker().await;
    talker
        .send(json!({"type": "connect", "room": "tea", "token": token(login)}).to_string())
        .await;
    let mut events = vec![talker.next().await];
    while events.last().unwrap()["type"] != "users" {
        events.push(talker.next().await);
    }
    (talker, events)
}

fn kinds(events: &[Value]) -> Vec<&str> {
    let kinds = events.iter().map(|event| event["type"].as_str().unwrap());
    kinds.collect()
}

#[tokio::test]
async fn ids_are_numbers_and_the_new_one_gets_its_own_join_before_users() {
    let daemon = daemon().await;
    let (mut anna, events) = connect(&daemon, "anna").await;
    assert_eq!(kinds(&events), ["connected", "join", "users"]);
    for event in &events[..2] {
        assert_eq!(
            (&event["user"]["id"], &event["user"]["name"]),
            (&json!(1), &json!("anna"))
        );
    }
    assert_eq!(events[2]["users"][0]["id"], 1);
    let (mut boris, _) = connect(&daemon, "boris").await;
    let join = anna.sees("join", "boris").await;
    assert_eq!(join["user"]["id"], 2);
    boris.send(r#"{"type":"message","content":"hi"}"#).await;
    for client in [&mut anna, &mut boris] {
        let message = client.hears("boris", "hi").await;
        assert_eq!(message["user"]["id"], 2);
        assert!(message["id"].is_string(), "{message}");
    }
    boris.send(r#"{"type":"close"}"#).await;
    boris.end().await;
    let leave = anna.sees("leave", "boris").await;
    assert_eq!(leave["user"]["id"], 2);
}

#[tokio::test]
async fn a_second_connection_makes_no_join_and_close_ends_it_with_the_first() {
    let daemon = daemon().await;
    let (mut anna, _) = connect(&daemon, "anna").await;
    let (mut first, _) = connect(&daemon, "boris").await;
    let (mut second, events) = connect(&daemon, "boris").await;
    assert_eq!(kinds(&events), ["connected", "users"]);
    let mut jim = daemon.authenticated("boris").await;
    anna.sees("join", "boris").await;
    first.send(r#"{"type":"close"}"#).await;
    first.end().await;
    second.refused("Connection closed").await;
    // Sessions of other dialects go on, and boris with them.
    assert_eq!(jim.say("#tea", "still here").await, 200);
    anna.hears("boris", "still here").await;
}

#[tokio::test]
async fn close_in_one_room_leaves_the_connection_to_another_alone() {
    let daemon = daemon().await;
    let (mut tea, _) = connect(&daemon, "anna").await;
    let mut milk = daemon.talker().await;
    milk.write(json!({"type": "connect", "room": "milk", "token": token("anna")}))
        .await;
    for kind in ["connected", "join", "users"] {
        milk.event(kind).await;
    }
    tea.send(r#"{"type":"close"}"#).await;
    tea.end().await;
    milk.said("here").await;
}
