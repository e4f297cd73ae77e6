//! The purpose-byte protocol: sessions that outlive connections, and their end.

use std::time::Duration;

use tolmach::commands;
use tolmach::model::{Secret, TokenId};

use crate::support::{Daemon, Fields, Purpose, byte_of, int, reason, text, token, user};

/// A connection that has said HELLO.
async fn greeted(daemon: &Daemon, revision: u8) -> Purpose {
    let mut client = daemon.purpose(revision).await;
    client.hello().await;
    client
}

/// Restores a session on a connection of its own.
async fn restored(daemon: &Daemon, of: &Purpose) -> Purpose {
    let mut client = greeted(daemon, of.revision).await;
    client.accepted("RESTORE_SESSION", of.restoring()).await;
    (client.session, client.id) = (of.session.clone(), of.id);
    client
}

async fn refused(daemon: &Daemon, of: &Purpose) {
    let mut client = greeted(daemon, of.revision).await;
    client.declined("RESTORE_SESSION", of.restoring()).await;
}

#[tokio::test]
async fn a_session_is_restored_by_its_id_and_its_hash_only() {
    let daemon = Daemon::start("").await;
    for login in ["anna", "boris"] {
        daemon.account(login).await;
    }
    for revision in [1, 2] {
        let anna = daemon.purpose_of(revision, "anna").await;
        let boris = daemon.purpose_of(revision, "boris").await;
        let mut client = greeted(&daemon, revision).await;
        let (id, hash) = anna.session.clone();
        for (id, hash) in [
            (id + 1000, hash.clone()),
            (boris.session.0, hash.clone()),
            (0, hash.clone()),
            (-1, hash.clone()),
            (id, boris.session.1.clone()),
            (id, hash.to_uppercase()),
            (id, String::new()),
        ] {
            let body = [int(id), text(&hash)].concat();
            client.declined("RESTORE_SESSION", body).await;
        }
        let answer = client.accepted("RESTORE_SESSION", anna.restoring()).await;
        let expected = if revision == 2 { int(anna.id) } else { vec![] };
        assert_eq!(answer, expected);
        // Both connections are of this session now.
        client.chat("lobby").await;
    }
}

#[tokio::test]
async fn a_session_outlives_its_connection_and_the_daemon_but_no_logoff() {
    let dir = tempfile::tempdir().unwrap();
    let daemon = Daemon::on_disk(dir.path(), "rooms.create = ['tea']").await;
    daemon.account("anna").await;
    daemon.account("boris").await;
    let mut gone = daemon.purpose_of(2, "anna").await;
    let tea = gone.chat("tea").await;
    gone.does("JOIN_CHAT", int(tea)).await;
    gone.does("DISCONNECT", "").await;
    gone.closed().await;
    let broken = daemon.purpose_of(1, "anna").await;
    let mut ended = daemon.purpose_of(2, "anna").await;
    ended.does("LOGOFF", "").await;
    restored(&daemon, &gone).await;
    daemon.stop().await;
    let daemon = Daemon::on_disk(dir.path(), "rooms.create = ['tea']").await;
    let mut anna = restored(&daemon, &gone).await;
    restored(&daemon, &broken).await;
    refused(&daemon, &ended).await;
    // It is in its chats as before.
    let mut boris = daemon.purpose_in(2, "boris", tea).await;
    boris.say(tea, "hello").await;
    anna.hears(boris.id, tea, "hello").await;
    daemon.stop().await;
}

#[tokio::test]
async fn logoff_ends_the_session_for_all_its_connections() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut anna = daemon.purpose_of(2, "anna").await;
    let mut other = restored(&daemon, &anna).await;
    anna.does("LOGOFF", "").await;
    let told = other.told("DEAUTH").await;
    assert!(reason(&told).contains("revoked"), "{told:?}");
    other.closed().await;
    anna.log_in_again("anna").await;
}

#[tokio::test]
async fn an_unused_session_is_gone_after_session_life_and_an_open_one_is_used() {
    let daemon = Daemon::start("accounts.session_life = '1s'").await;
    daemon.account("anna").await;
    let open = daemon.purpose_of(2, "anna").await;
    let mut closed = daemon.purpose_of(2, "anna").await;
    closed.does("DISCONNECT", "").await;
    closed.closed().await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    restored(&daemon, &open).await;
    refused(&daemon, &closed).await;
}

#[tokio::test]
async fn the_sessions_of_an_account_are_listed() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    daemon.account("boris").await;
    let one = daemon.purpose_of(1, "anna").await;
    daemon.purpose_of(2, "boris").await;
    let mut two = daemon.purpose_of(2, "anna").await;
    let answer = two.accepted("GET_SESSIONS", "").await;
    let mut fields = Fields(&answer);
    let mut ids = Vec::new();
    while !fields.0.is_empty() {
        ids.push(fields.int());
        // 127.0.0.1, in the order of the network.
        assert_eq!(fields.int().to_le_bytes(), [127, 0, 0, 1]);
        let now = std::time::SystemTime::UNIX_EPOCH
            .elapsed()
            .unwrap()
            .as_secs() as i64;
        assert!((now - 60..=now).contains(&fields.long()));
        assert_eq!(fields.int(), two.id);
    }
    assert_eq!(ids, [one.session.0, two.session.0]);
    // An API token is none, though it opens one.
    let tokens = daemon
        .operate(commands::Tokens { user: user("anna") })
        .await;
    let api = tokens
        .iter()
        .find(|token| !ids.contains(&token.id.0))
        .unwrap();
    two.session = (api.id.0, token("anna"));
    let mut by_api = restored(&daemon, &two).await;
    assert_eq!(by_api.accepted("GET_SESSIONS", "").await, answer);
}

#[tokio::test]
async fn logoff_ends_no_api_token_though_it_opened_the_session() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let user = user("anna");
    let tokens = daemon.operate(commands::Tokens { user }).await;
    let mut anna = daemon.purpose(2).await;
    anna.hello().await;
    anna.session = (tokens[0].id.0, token("anna"));
    let mut talker = daemon.talker_in("anna", "lobby").await;
    let restoring = anna.restoring();
    anna.accepted("RESTORE_SESSION", &restoring).await;
    anna.does("LOGOFF", "").await;
    assert_eq!(anna.declined("GET_USR_CHATS", "").await, "log in first");
    talker.said("still here").await;
    anna.accepted("RESTORE_SESSION", &restoring).await;
}

#[tokio::test]
async fn who_is_no_longer_authorized_is_told_so_and_closed() {
    let daemon = Daemon::start("").await;
    for revision in [1, 2] {
        let login = format!("anna{revision}");
        daemon.account(&login).await;
        let (user, other) = (user(&login), Secret::Password("another one".to_owned()));
        let mut by_password = daemon.purpose_of(revision, &login).await;
        let change = commands::SetPassword {
            user: user.clone(),
            secret: other.clone(),
        };
        daemon.operate(change).await;
        let told = by_password.told("DEAUTH").await;
        match revision {
            1 => assert_eq!(told.body, b""),
            _ => assert!(reason(&told).contains("password was changed"), "{told:?}"),
        }
        by_password.closed().await;
        refused(&daemon, &by_password).await;
        let again = Secret::Password(crate::support::PASSWORD.to_owned());
        daemon
            .operate(commands::SetPassword {
                user: user.clone(),
                secret: again,
            })
            .await;

        let mut revoked = daemon.purpose_of(revision, &login).await;
        let id = Some(TokenId(revoked.session.0));
        daemon
            .operate(commands::RevokeToken {
                user: user.clone(),
                id,
            })
            .await;
        revoked.told("DEAUTH").await;
        revoked.closed().await;
        refused(&daemon, &revoked).await;

        let mut closed = daemon.purpose_of(revision, &login).await;
        let id = daemon.sessions().await[0].id;
        daemon.operate(commands::CloseSession { id }).await;
        closed.told("DEAUTH").await;
        closed.closed().await;

        let mut disabled = daemon.purpose_of(revision, &login).await;
        daemon
            .operate(commands::SetDisabled {
                user: user.clone(),
                disabled: true,
            })
            .await;
        disabled.told("DEAUTH").await;
        disabled.closed().await;
        refused(&daemon, &disabled).await;
    }
    assert_eq!(byte_of("GET_SESSIONS", 1), None);
}

#[tokio::test]
async fn a_shutdown_is_a_disconnect() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut one = daemon.purpose_of(1, "anna").await;
    let mut two = daemon.purpose(2).await;
    two.hello().await;
    let stopping = tokio::spawn(daemon.stop());
    one.disconnected().await;
    two.disconnected().await;
    drop((one, two));
    stopping.await.unwrap();
}
