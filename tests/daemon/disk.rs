//! Where the disk has no room, what would be kept is refused in each dialect's word; the rest goes on.

use tempfile::TempDir;
use tolmach::commands;
use tolmach::model::RoomKind;

use crate::support::uchat::{LOG_OUT, msg, new_room, sign_up};
use crate::support::{Daemon, int, presence, room, text, transfer, user};

/// Anna and Boris are members of a room where something was said; from now on the disk has no room.
async fn full() -> (Daemon, i32, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let daemon = Daemon::on_disk(dir.path(), "").await;
    for login in ["anna", "boris"] {
        daemon.account(login).await;
    }
    let tea = daemon.create_room("tea", RoomKind::Public, None).await;
    daemon.talker_in("boris", "tea").await.said("before").await;
    daemon.authenticated("anna").await.join("#tea").await;
    daemon.stop().await;
    let daemon = Daemon::on_disk(dir.path(), "limits.disk_free = 9000000000000000000").await;
    (daemon, tea, dir)
}

#[tokio::test]
async fn jim_answers_503_and_reading_leaving_and_presence_go_on() {
    let (daemon, _, _dir) = full().await;
    let mut guest = daemon.jim().await;
    guest.expect(503, presence("mallory")).await;
    let mut anna = daemon.authenticated("anna").await;
    assert_eq!(anna.say("#tea", "lost").await, 503);
    let made = serde_json::json!({"action": "join", "room": "#new"});
    anna.expect(503, made).await;
    assert_eq!(daemon.history(room("tea")).await, ["before"]);
    assert!(daemon.hub().readiness().await.store.is_err());
    assert_eq!(daemon.sessions().await.len(), 1);
    anna.leave("#tea").await;
    let members = daemon.operate(commands::Members { room: room("tea") });
    assert_eq!(members.await.len(), 1);
}

#[tokio::test]
async fn talker_says_an_error_and_presence_goes_on() {
    let (daemon, _, _dir) = full().await;
    let mut boris = daemon.talker_in("boris", "tea").await;
    let mut anna = daemon.talker_in("anna", "tea").await;
    boris.sees("join", "anna").await;
    anna.say("lost").await;
    assert!(anna.error().await.contains("unavailable"));
    boris.hears_nothing().await;
}

#[tokio::test]
async fn purpose_declines_and_shows_what_there_is() {
    let (daemon, tea, _dir) = full().await;
    let mut anna = daemon.purpose_of(2, "anna").await;
    let said = [int(tea), text("lost")].concat();
    let reason = anna.declined("SEND_CHAT_MSG", said).await;
    assert!(reason.contains("unavailable"), "{reason}");
    assert_eq!(anna.history(tea, 0).await.len(), 1);
    anna.accepted("LEAVE_CHAT", int(tea)).await;
}

#[tokio::test]
async fn uchat_says_error_7_for_messages_rooms_accounts_and_files() {
    let (daemon, tea, _dir) = full().await;
    let mut anna = daemon.uchat_of("anna").await;
    anna.refused(7, msg(tea, "lost")).await;
    anna.send(new_room("new", "", 1)).await;
    anna.error(7).await;
    let mut file = daemon.for_file().await;
    let request = transfer::upload(&anna.token, tea, "a.txt", 10);
    file.turned_away(7, request).await;
    daemon.uchat().await.refused(7, sign_up("clara")).await;
    assert_eq!(anna.newer(tea, 0, 10).await.len(), 1);
    anna.write(serde_json::json!({"type": LOG_OUT})).await;
    daemon
        .operate(commands::RemoveUser { user: user("anna") })
        .await;
}
