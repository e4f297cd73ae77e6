//! Private messages for somebody who was away: who comes in by JIM or Talker is told that they wait, and reads them there.

use serde_json::json;
use tolmach::commands;

use crate::support::{Daemon, Jim, int, text, user};

/// What the gateway says to who asks it, without the times.
async fn asks(jim: &mut Jim, said: &str, lines: usize) -> Vec<String> {
    assert_eq!(jim.say("tolmach", said).await, 200);
    let mut told = Vec::new();
    for _ in 0..lines {
        let line = jim.heard().await["message"].as_str().unwrap().to_owned();
        told.push(
            line.split_once(" <")
                .map_or(line.clone(), |(_, rest)| format!("<{rest}")),
        );
    }
    jim.hears_nothing().await;
    told
}

/// Says things to somebody over the purpose dialect; the chat.
async fn writes(daemon: &Daemon, from: &str, to: i32, texts: &[&str]) -> i32 {
    let mut client = daemon.purpose_of(2, from).await;
    let chat = client.accepted("START_CHAT", int(to)).await;
    let chat = i32::from_le_bytes(chat[..4].try_into().unwrap());
    for said in texts {
        client
            .does("SEND_CHAT_MSG", [int(chat), text(said)].concat())
            .await;
    }
    chat
}

#[tokio::test]
async fn what_came_while_one_was_away_is_said_at_the_next_login_until_it_is_read() {
    let daemon = Daemon::start("").await;
    let boris = daemon.account("boris").await;
    for login in ["anna", "clara"] {
        daemon.account(login).await;
    }
    let chat = writes(&daemon, "anna", boris, &["one"]).await;
    writes(&daemon, "clara", boris, &["three"]).await;
    let mut anna = daemon.uchat_of("anna").await;
    anna.said(chat, "two").await;

    let word = "3 private messages are waiting: anna (2), clara (1); say to me: history @anna";
    let mut talker = daemon.talker_in("boris", "lobby").await;
    let told = talker.hears("tolmach", word).await;
    assert_eq!(told["private"], true);
    talker.write(json!({"type": "close"})).await;
    talker.end().await;
    let mut jim = daemon.authenticated("boris").await;
    assert_eq!(jim.heard().await["message"], word);
    assert_eq!(
        asks(&mut jim, "history @Anna", 2).await,
        ["<anna> one", "<anna> two"]
    );
    // They are seen.
    let seen = anna_sees(&daemon, chat).await;
    assert!(seen > 0, "the seen mark has moved");
    // What comes while one is there does not wait.
    anna.said(chat, "three").await;
    jim.hears("anna", "boris", "three").await;
    jim.write(json!({"action": "quit"})).await;
    jim.end().await;

    let mut jim = daemon.authenticated("boris").await;
    let word = "1 private message is waiting: clara (1); say to me: history @clara";
    assert_eq!(jim.heard().await["message"], word);
    assert_eq!(
        asks(&mut jim, "history @clara 5", 1).await,
        ["<clara> three"]
    );
    assert_eq!(
        asks(&mut jim, "history @boris", 1).await,
        ["nothing was said there"]
    );
    assert_eq!(asks(&mut jim, "history @nobody", 1).await, ["no such user"]);
    jim.write(json!({"action": "quit"})).await;
    jim.end().await;
    let mut jim = daemon.authenticated("boris").await;
    jim.hears_nothing().await;
}

/// Up to when boris has seen the direct room.
async fn anna_sees(daemon: &Daemon, chat: i32) -> i64 {
    let room = tolmach::model::RoomSelector::Id(tolmach::model::RoomId(chat));
    let members = daemon.operate(commands::Members { room }).await;
    let boris = daemon
        .operate(commands::FindUser {
            user: user("boris"),
        })
        .await;
    let own = members.iter().find(|(member, _)| member.user == boris.id);
    own.unwrap().0.seen.0
}

#[tokio::test]
async fn what_was_read_elsewhere_waits_no_more() {
    let daemon = Daemon::start("").await;
    let boris = daemon.account("boris").await;
    daemon.account("anna").await;
    let chat = writes(&daemon, "anna", boris, &["one", "two"]).await;
    let mut uchat = daemon.uchat_of("boris").await;
    assert_eq!(uchat.newer(chat, 0, 10).await.len(), 2);
    drop(uchat);
    let mut jim = daemon.authenticated("boris").await;
    jim.hears_nothing().await;
}

#[tokio::test]
async fn what_somebody_said_who_is_gone_is_read_under_a_number() {
    let daemon = Daemon::start("").await;
    let boris = daemon.account("boris").await;
    let anna = daemon.account("anna").await;
    writes(&daemon, "anna", boris, &["last words"]).await;
    let user = user("anna");
    daemon.operate(commands::RemoveUser { user }).await;
    for login in ["anna", "clara"] {
        daemon.account(login).await;
    }
    let mut jim = daemon.authenticated("boris").await;
    let word = format!(
        "1 private message is waiting: #{anna} anna, who is gone (1); say to me: history @#{anna}"
    );
    assert_eq!(jim.heard().await["message"], word);
    // The login is somebody else's now.
    let none = ["nothing was said there"];
    assert_eq!(asks(&mut jim, "history @anna", 1).await, none);
    for (asked, told) in [
        (format!("search @#{anna} last"), "<anna> last words"),
        ("search @clara last".to_owned(), "nothing was found"),
        ("search @nobody last".to_owned(), "no such user"),
        (format!("history @#{anna}"), "<anna> last words"),
    ] {
        assert_eq!(asks(&mut jim, &asked, 1).await, [told], "{asked}");
    }
    jim.write(json!({"action": "quit"})).await;
    jim.end().await;
    let mut jim = daemon.authenticated("boris").await;
    jim.hears_nothing().await;
}
