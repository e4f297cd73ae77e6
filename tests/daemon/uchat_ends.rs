//! uchat: sessions that the server ends.

use serde_json::json;
use tolmach::commands;
use tolmach::model::{Secret, TokenId};

use crate::support::uchat::{LOG_OUT, TOKEN, log_in};
use crate::support::{Daemon, Uchat, token, user};

/// Anna by her password.
async fn anna(daemon: &Daemon) -> Uchat {
    let mut client = daemon.uchat().await;
    client.log_in("anna").await;
    client
}

/// Whether a token still lets in.
async fn lets_in(daemon: &Daemon, token: &str) -> bool {
    let mut client = daemon.uchat().await;
    client.write(json!({"type": TOKEN, "token": token})).await;
    client.next().await["type"] == TOKEN
}

async fn session(daemon: &Daemon) -> tolmach::model::SessionId {
    daemon.sessions().await[0].id
}

#[tokio::test]
async fn the_operators_close_is_an_rq_log_out_unasked() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut client = anna(&daemon).await;
    let id = session(&daemon).await;
    daemon.operate(commands::CloseSession { id }).await;
    client.is_ended().await;
}

#[tokio::test]
async fn a_revoked_token_is_an_rq_log_out_unasked() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut client = anna(&daemon).await;
    let tokens = daemon
        .operate(commands::Tokens { user: user("anna") })
        .await;
    let newest = tokens.iter().map(|token| token.id).max();
    revoke(&daemon, newest).await;
    client.is_ended().await;
    assert!(!lets_in(&daemon, &client.token).await);
    // An imported one, too, and it is told as it was given.
    let mut client = daemon.uchat_of("anna").await;
    assert_eq!(client.token, token("anna"));
    revoke(&daemon, None).await;
    client.is_ended().await;
    assert!(!lets_in(&daemon, &token("anna")).await);
}

async fn revoke(daemon: &Daemon, id: Option<TokenId>) {
    let user = user("anna");
    daemon.operate(commands::RevokeToken { user, id }).await;
}

#[tokio::test]
async fn a_new_password_ends_what_came_by_the_old_one() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut client = anna(&daemon).await;
    let new = || commands::SetPassword {
        user: user("anna"),
        secret: Secret::Password("brand new".to_owned()),
    };
    daemon.operate(new()).await;
    client.is_ended().await;
    assert!(!lets_in(&daemon, &client.token).await);
    // "Not API tokens."
    let mut by_api_token = daemon.uchat_of("anna").await;
    daemon.operate(new()).await;
    by_api_token.hears_nothing().await;
}

#[tokio::test]
async fn a_disabled_account_is_out_and_stays_out() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut client = daemon.uchat_of("anna").await;
    let disable = commands::SetDisabled {
        user: user("anna"),
        disabled: true,
    };
    daemon.operate(disable).await;
    client.is_ended().await;
    let mut again = daemon.uchat().await;
    again.refused(0, log_in("anna")).await;
    again
        .refused(0, json!({"type": TOKEN, "token": token("anna")}))
        .await;
}

#[tokio::test]
async fn a_removed_account_is_told_too() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut client = anna(&daemon).await;
    let user = user("anna");
    daemon.operate(commands::RemoveUser { user }).await;
    client.is_ended().await;
}

#[tokio::test]
async fn a_shutdown_is_a_close_without_a_word() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut client = anna(&daemon).await;
    let mut stranger = daemon.uchat().await;
    stranger.hears_error_0().await;
    let stopped = tokio::spawn(daemon.stop());
    client.end().await;
    stranger.end().await;
    drop((client, stranger));
    stopped.await.unwrap();
}

#[tokio::test]
async fn who_does_not_read_is_closed_with_error_7_and_comes_back() {
    let daemon = Daemon::start("[limits]\nqueue_bytes = 50000\nqueue_events = 0").await;
    let mut speaker = daemon.uchat_new("speaker").await;
    let tea = speaker.new_room("Tea", 1).await;
    daemon.account("stuck").await;
    let mut stuck = Uchat::new(daemon.memory("uchat", 4096));
    stuck.by_token("stuck").await;
    stuck.join(tea).await;
    speaker.event(21).await;
    let text = "x".repeat(800);
    let mut said = 0;
    while daemon.sessions().await.len() == 2 {
        speaker.said(tea, &text).await;
        said += 1;
    }
    let mut rest = stuck.rest().await;
    let last = rest.pop().unwrap();
    assert_eq!((&last["type"], &last["error_code"]), (&json!(9), &json!(7)));
    assert!(rest.len() < said && rest.iter().all(|told| told["type"] == 3));
    let mut again = daemon.uchat_of("stuck").await;
    assert_eq!(again.newer(tea, 0, 500).await.len(), said.min(500));
}

#[tokio::test]
async fn a_session_token_outlives_the_connection_and_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let daemon = Daemon::on_disk(dir.path(), "").await;
    daemon.account("anna").await;
    let client = anna(&daemon).await;
    daemon.stop().await;
    let daemon = Daemon::on_disk(dir.path(), "").await;
    assert!(lets_in(&daemon, &client.token).await);
    daemon.stop().await;
}

#[tokio::test]
async fn after_a_log_out_a_new_login_parts_with_its_own_token() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut client = anna(&daemon).await;
    let first = client.token.clone();
    client
        .answer(json!({"type": LOG_OUT, "token": first}))
        .await;
    client.log_in("anna").await;
    assert_ne!(client.token, first);
    let id = session(&daemon).await;
    daemon.operate(commands::CloseSession { id }).await;
    client.is_ended().await;
}

impl Uchat {
    async fn hears_error_0(&mut self) {
        self.refused(0, json!({"type": 11, "date": 0})).await;
    }
}
