//! Talker: what becomes of the room and of one's place in it.

use serde_json::json;
use tolmach::commands;
use tolmach::model::RoomKind;

use crate::support::{Daemon, Talker, room, user};

async fn two(daemon: &Daemon) -> (Talker, Talker) {
    daemon.account("anna").await;
    daemon.account("boris").await;
    let mut anna = daemon.talker_in("anna", "tea").await;
    let boris = daemon.talker_in("boris", "tea").await;
    anna.sees("join", "boris").await;
    (anna, boris)
}

#[tokio::test]
async fn a_new_title_description_and_name_are_messages_from_the_gateway() {
    let daemon = Daemon::start("name = 'desk'").await;
    let (mut anna, mut boris) = two(&daemon).await;
    daemon
        .operate(commands::SetTitle {
            room: room("tea"),
            title: "All about tea".to_owned(),
        })
        .await;
    daemon
        .operate(commands::SetDescription {
            room: room("tea"),
            description: "Green and black".to_owned(),
        })
        .await;
    daemon
        .operate(commands::RenameRoom {
            room: room("tea"),
            name: "coffee".to_owned(),
        })
        .await;
    for talker in [&mut anna, &mut boris] {
        for part in ["All about tea", "Green and black", "coffee"] {
            let event = talker.event("message").await;
            assert_eq!(event["user"], json!({"id": "0", "name": "desk"}));
            assert!(event["content"].as_str().unwrap().contains(part), "{event}");
            assert_eq!(event.get("id"), None);
        }
    }
    // The connections are still in it.
    anna.said("hello").await;
    boris.hears("anna", "hello").await;
}

#[tokio::test]
async fn a_deleted_room_is_an_error_and_a_close() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    let mut elsewhere = daemon.talker_in("anna", "coffee").await;
    daemon
        .operate(commands::DeleteRoom { room: room("tea") })
        .await;
    for talker in [&mut anna, &mut boris] {
        talker.refused("The room was deleted").await;
    }
    elsewhere.said("not concerned").await;
    // The name is free; a room of that name is another.
    let mut again = daemon.talker().await;
    assert_eq!(again.enter("boris", "tea").await.len(), 1);
}

#[tokio::test]
async fn a_banned_user_is_told_and_closed_and_the_others_see_it_leave() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    let mut again = daemon.talker_in("boris", "tea").await;
    let mut elsewhere = daemon.talker_in("boris", "coffee").await;
    daemon
        .operate(commands::Ban {
            room: room("tea"),
            user: user("boris"),
        })
        .await;
    boris.refused("You were banned from this room").await;
    again.refused("You were banned from this room").await;
    anna.sees_leave(&boris.id).await;
    elsewhere.said("not concerned").await;
    let mut back = daemon.talker().await;
    back.write(json!({"type": "connect", "room": "tea", "token": "token-boris"}))
        .await;
    back.refused("Authentication failed").await;
    daemon
        .operate(commands::Unban {
            room: room("tea"),
            user: user("boris"),
        })
        .await;
    daemon.talker_in("boris", "tea").await;
    anna.sees("join", "boris").await;
}

#[tokio::test]
async fn a_removed_user_is_told_and_closed_but_may_come_back() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    daemon
        .operate(commands::RemoveMember {
            room: room("tea"),
            user: user("boris"),
        })
        .await;
    boris.refused("You were removed from this room").await;
    anna.sees_leave(&boris.id).await;
    daemon.talker_in("boris", "tea").await;
    anna.sees("join", "boris").await;
}

#[tokio::test]
async fn an_idle_user_who_is_banned_leaves_too() {
    let daemon = Daemon::start("").await;
    let (mut anna, boris) = two(&daemon).await;
    let id = boris.id.clone();
    drop(boris);
    anna.sees("idle", "boris").await;
    daemon
        .operate(commands::Ban {
            room: room("tea"),
            user: user("boris"),
        })
        .await;
    anna.sees_leave(id).await;
    anna.hears_nothing().await;
}

#[tokio::test]
async fn what_talker_cannot_say_is_left_out() {
    let daemon = Daemon::start("").await;
    let (mut anna, _boris) = two(&daemon).await;
    daemon.account("clara").await;
    daemon
        .operate(commands::AddMember {
            room: room("tea"),
            user: user("clara"),
        })
        .await;
    daemon
        .operate(commands::SetRole {
            room: room("tea"),
            user: user("clara"),
            role: tolmach::model::Role::Admin,
        })
        .await;
    daemon
        .operate(commands::ChangeRoom {
            password: Some(tolmach::model::Secret::password("x")),
            private: Some(true),
            ..commands::ChangeRoom::of(room("tea"))
        })
        .await;
    daemon
        .operate(commands::RemoveMember {
            room: room("tea"),
            user: user("clara"),
        })
        .await;
    daemon
        .operate(commands::ClearHistory { room: room("tea") })
        .await;
    anna.hears_nothing().await;
}

#[tokio::test]
async fn an_operator_ends_a_session_with_an_error() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    let id = daemon
        .sessions()
        .await
        .iter()
        .find(|session| session.user.login == "boris")
        .unwrap()
        .id;
    daemon.operate(commands::CloseSession { id }).await;
    boris
        .refused("The session was closed by the operator")
        .await;
    anna.sees_leave(&boris.id).await;
    daemon
        .operate(commands::RemoveUser { user: user("anna") })
        .await;
    // Its membership of the room ends with the account; either reason is true.
    let text = anna.error().await;
    assert!(
        ["The account was removed", "You were removed from this room"].contains(&&*text),
        "{text}"
    );
    anna.end().await;
    let id = daemon.create_room("other", RoomKind::Public, None).await;
    assert!(id > 0);
}
