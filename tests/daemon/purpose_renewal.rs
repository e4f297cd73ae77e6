//! The purpose-byte protocol: SESSION_DATA in the second half of a session's life.

use std::time::Duration;

use crate::support::{Daemon, Fields, Frame, Purpose};

const LIFE: &str = "accounts.session_life = '2s'";

/// Anna's connection, whose session is in the second half of its life; she is there, so that it does not end.
async fn old(daemon: &Daemon, revision: u8) -> Purpose {
    daemon.account("anna").await;
    let anna = daemon.purpose_of(revision, "anna").await;
    tokio::time::sleep(Duration::from_millis(1010)).await;
    anna
}

/// Restores a session; whether it was let in.
async fn restore(daemon: &Daemon, revision: u8, session: &(i32, String)) -> (Purpose, bool) {
    let mut client = daemon.purpose(revision).await;
    client.hello().await;
    client.session = session.clone();
    let restoring = client.restoring();
    let answer = client.ask("RESTORE_SESSION", restoring).await;
    (client, answer.purpose == 0)
}

async fn holds(daemon: &Daemon, client: &Purpose, session: &(i32, String)) -> bool {
    restore(daemon, client.revision, session).await.1
}

/// The next notification is SESSION_DATA; it, and the session it tells of.
async fn renewed(client: &mut Purpose) -> (Frame, (i32, String)) {
    let told = client.told("SESSION_DATA").await;
    let mut fields = Fields(&told.body);
    let session = (fields.int(), fields.text());
    fields.end();
    assert_ne!(session, client.session);
    (told, session)
}

#[tokio::test]
async fn a_young_session_is_not_renewed() {
    let daemon = Daemon::start("accounts.session_life = '1h'").await;
    daemon.account("anna").await;
    let anna = daemon.purpose_of(2, "anna").await;
    let (mut again, true) = restore(&daemon, 2, &anna.session).await else {
        panic!("declined")
    };
    again.hears_nothing().await;
}

#[tokio::test]
async fn the_old_hash_ends_when_the_new_one_is_accepted() {
    for revision in [1, 2] {
        let daemon = Daemon::start(LIFE).await;
        let mut anna = old(&daemon, revision).await;
        let (mut again, _) = restore(&daemon, revision, &anna.session).await;
        let (told, session) = renewed(&mut again).await;
        again.accept(&told).await;
        again.hears_nothing().await;
        assert!(!holds(&daemon, &anna, &anna.session).await);
        assert!(holds(&daemon, &anna, &session).await);
        // The connection that was of the old session goes on, and a logoff ends the new one.
        anna.hears_nothing().await;
        anna.chat("lobby").await;
        again.does("LOGOFF", "").await;
        assert!(!holds(&daemon, &anna, &session).await);
    }
}

#[tokio::test]
async fn the_old_hash_stays_when_the_new_one_is_declined() {
    let daemon = Daemon::start(LIFE).await;
    let anna = old(&daemon, 2).await;
    let (mut again, _) = restore(&daemon, 2, &anna.session).await;
    let (told, session) = renewed(&mut again).await;
    again.decline(&told).await;
    // It is no reason to be told nothing more.
    again.hears_nothing().await;
    again.chat("lobby").await;
    assert!(!holds(&daemon, &anna, &session).await);
    assert!(holds(&daemon, &anna, &anna.session).await);
}

#[tokio::test]
async fn both_hashes_hold_while_nothing_is_answered() {
    let daemon = Daemon::start(LIFE).await;
    let anna = old(&daemon, 2).await;
    let (mut again, _) = restore(&daemon, 2, &anna.session).await;
    let (_, session) = renewed(&mut again).await;
    drop(again);
    assert!(holds(&daemon, &anna, &anna.session).await);
    assert!(holds(&daemon, &anna, &session).await);
}

#[tokio::test]
async fn an_answer_that_comes_after_another_login_ends_nothing() {
    let daemon = Daemon::start(LIFE).await;
    let anna = old(&daemon, 2).await;
    let (mut again, _) = restore(&daemon, 2, &anna.session).await;
    let (told, session) = renewed(&mut again).await;
    again.log_in_again("anna").await;
    again.accept(&told).await;
    again.hears_nothing().await;
    for session in [&anna.session, &session, &again.session] {
        assert!(holds(&daemon, &anna, session).await);
    }
}

#[tokio::test]
async fn a_logoff_ends_the_hash_that_was_told_and_not_answered_too() {
    let daemon = Daemon::start(LIFE).await;
    let anna = old(&daemon, 2).await;
    let (mut again, _) = restore(&daemon, 2, &anna.session).await;
    let (_, session) = renewed(&mut again).await;
    again.does("LOGOFF", "").await;
    assert!(!holds(&daemon, &anna, &anna.session).await);
    assert!(!holds(&daemon, &anna, &session).await);
}
