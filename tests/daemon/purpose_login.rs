//! The purpose-byte protocol: HELLO, LOGIN, LOGOFF, REGISTER_USER, and who one is.

use std::time::Duration;

use tokio::time::Instant;

use crate::support::{Daemon, PASSWORD, Purpose, authenticate, byte_of, int, login, long, text};

const LONG: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn the_bytes_of_a_login_are_the_pages() {
    let daemon = Daemon::start("").await;
    let anna = daemon.account("anna").await;
    for revision in [1, 2] {
        let mut client = daemon.client(&format!("purpose.{revision}")).await;
        client.send(b"\x02\0\0\0\x20\x07\x00\x01").await;
        assert_eq!(client.bytes(6).await.unwrap(), b"\0\0\0\0\x00\x07");
        let login = format!("anna\0{PASSWORD}\0");
        client
            .send(
                [
                    &[login.len() as u8, 0, 0, 0, 0x21, 0xff][..],
                    login.as_bytes(),
                ]
                .concat(),
            )
            .await;
        // 64 digits, then the login.
        let length = 4 + 64 + 4 + 1 + if revision == 2 { 4 } else { 0 };
        let header = client.bytes(6).await.unwrap();
        assert_eq!(header, [length, 0, 0, 0, 0x00, 0xff]);
        let body = client.bytes(length as usize).await.unwrap();
        assert!(i32::from_le_bytes(*body.first_chunk().unwrap()) > 0);
        assert!(body[4..68].iter().all(u8::is_ascii_hexdigit));
        assert_eq!(&body[68..73], b"anna\0");
        if revision == 2 {
            assert_eq!(body[73..], anna.to_le_bytes());
        }
        client.send(b"\0\0\0\0\x22\0").await;
        assert_eq!(client.bytes(6).await.unwrap(), b"\0\0\0\0\x00\0");
    }
}

#[tokio::test]
async fn anything_but_heartbeat_and_disconnect_waits_for_hello() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    for revision in [1, 2] {
        let mut anna = daemon.purpose(revision).await;
        for (name, body) in [
            ("LOGIN", login("anna")),
            ("RESTORE_SESSION", [int(1), text("x")].concat()),
            ("SEND_CHAT_MSG", [int(1), text("x")].concat()),
        ] {
            let reason = anna.declined(name, body).await;
            assert!(reason.contains("HELLO"), "{reason}");
        }
        if revision == 2 {
            anna.declined("REGISTER_USER", login("other")).await;
        }
        anna.hears_nothing().await;
        let reason = anna.declined("HELLO", [1, 0]).await;
        assert!(reason.contains("1.0") && reason.contains("0.1"), "{reason}");
        anna.declined("LOGIN", login("anna")).await;
        anna.does("HELLO", [0, 200]).await;
        anna.log_in_again("anna").await;
        // Once more does no harm.
        anna.does("HELLO", [0, 1]).await;
        anna.chat("lobby").await;
        let mut other = daemon.purpose(revision).await;
        other.does("DISCONNECT", "").await;
        other.closed().await;
    }
}

#[tokio::test]
async fn what_needs_a_session_is_declined_without_one() {
    let daemon = Daemon::start("").await;
    for revision in [1, 2] {
        let mut nobody = daemon.purpose(revision).await;
        nobody.hello().await;
        for (name, body) in [
            ("LOGOFF", vec![]),
            ("GET_USER_ID", text("anna")),
            ("GET_CHAT_ID", text("lobby")),
            ("JOIN_CHAT", int(1)),
            ("SEND_CHAT_MSG", [int(1), text("x")].concat()),
            ("REQUEST_CHAT_MSG", [int(1), long(0)].concat()),
            ("MARK_SEEN", [int(1), long(0)].concat()),
            ("GET_USR_CHATS", vec![]),
            ("GET_SESSIONS", vec![]),
            ("GET_USR_PR_DATA", vec![]),
        ] {
            if byte_of(name, revision).is_some() {
                assert_eq!(nobody.declined(name, body).await, "log in first", "{name}");
            }
        }
    }
}

#[tokio::test]
async fn wrong_credentials_are_declined_alike() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut nobody = daemon.purpose(2).await;
    nobody.hello().await;
    let wrong = nobody
        .declined("LOGIN", [text("anna"), text("x")].concat())
        .await;
    assert_eq!(nobody.declined("LOGIN", login("boris")).await, wrong);
    assert_eq!(nobody.declined("LOGIN", login("")).await, wrong);
    let session = [int(1), text("nothing")].concat();
    assert_eq!(nobody.declined("RESTORE_SESSION", session).await, wrong);
    nobody.log_in_again("anna").await;
}

#[tokio::test]
async fn too_many_wrong_passwords_are_declined_with_the_time_to_wait() {
    let daemon = Daemon::start("limits.failed_logins = 3").await;
    daemon.account("anna").await;
    let mut nobody = daemon.purpose(2).await;
    nobody.hello().await;
    for _ in 0..3 {
        nobody
            .declined("LOGIN", [text("anna"), text("x")].concat())
            .await;
    }
    let reason = nobody.declined("LOGIN", login("anna")).await;
    assert!(reason.contains("try again in"), "{reason}");
}

#[tokio::test]
async fn who_logs_in_twice_has_two_sessions_and_hears_once() {
    let daemon = Daemon::start("rooms.create = ['tea']").await;
    for login in ["anna", "boris"] {
        daemon.account(login).await;
    }
    let mut anna = daemon.purpose_of(2, "anna").await;
    let tea = anna.chat("tea").await;
    anna.does("JOIN_CHAT", int(tea)).await;
    let first = anna.session.clone();
    anna.log_in_again("anna").await;
    assert_ne!(anna.session, first);
    let mut boris = daemon.purpose_in(2, "boris", tea).await;
    boris.say(tea, "hello").await;
    anna.hears(boris.id, tea, "hello").await;
    anna.hears_nothing().await;
    assert_eq!(daemon.sessions().await.len(), 2);
    // The first one can still be restored, until somebody ends it.
    let mut again = daemon.purpose(2).await;
    again.hello().await;
    again.session = first;
    let restoring = again.restoring();
    assert_eq!(
        again.accepted("RESTORE_SESSION", restoring).await,
        int(anna.id)
    );
}

#[tokio::test]
async fn who_logs_in_as_somebody_else_is_that_one_from_then_on() {
    let daemon = Daemon::start("rooms.create = ['tea', 'coffee']").await;
    for login in ["anna", "boris", "clara"] {
        daemon.account(login).await;
    }
    let mut speaker = daemon.purpose_of(2, "clara").await;
    let (tea, coffee) = (speaker.chat("tea").await, speaker.chat("coffee").await);
    for chat in [tea, coffee] {
        speaker.does("JOIN_CHAT", int(chat)).await;
    }
    let mut client = daemon.purpose_in(2, "anna", tea).await;
    let anna = client.id;
    let _other = daemon.purpose_in(2, "boris", coffee).await;
    client.log_in_again("boris").await;
    assert_ne!(client.id, anna);
    speaker.say(tea, "to anna").await;
    speaker.say(coffee, "to boris").await;
    client.hears(speaker.id, coffee, "to boris").await;
    client.hears_nothing().await;
    client
        .declined("SEND_CHAT_MSG", [int(tea), text("x")].concat())
        .await;
    // A login that is declined changes nothing.
    client
        .declined("LOGIN", [text("anna"), text("x")].concat())
        .await;
    client.say(coffee, "still boris").await;
    speaker.hears(client.id, coffee, "still boris").await;
}

#[tokio::test]
async fn after_logoff_one_is_nobody_and_hears_nothing() {
    let daemon = Daemon::start("rooms.create = ['tea']").await;
    for login in ["anna", "boris"] {
        daemon.account(login).await;
    }
    for revision in [1, 2] {
        let mut anna = daemon.purpose_of(revision, "anna").await;
        let tea = anna.chat("tea").await;
        anna.does("JOIN_CHAT", int(tea)).await;
        let mut boris = daemon.purpose_in(2, "boris", tea).await;
        anna.does("LOGOFF", "").await;
        boris.say(tea, "are you there?").await;
        assert_eq!(anna.declined("LOGOFF", "").await, "log in first");
        let restoring = anna.restoring();
        anna.declined("RESTORE_SESSION", restoring).await;
        anna.hears_nothing().await;
        anna.log_in_again("anna").await;
        boris.say(tea, "and now?").await;
        anna.hears(boris.id, tea, "and now?").await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_to_log_in_counts_from_the_logoff() {
    let daemon = Daemon::start("limits.login_timeout = '50s'").await;
    daemon.account("anna").await;
    let client = daemon.memory("purpose.2", 65536).patient(LONG);
    let mut anna = Purpose::new(client, 2);
    anna.log_in("anna").await;
    tokio::time::sleep(Duration::from_secs(55)).await;
    anna.does("LOGOFF", "").await;
    tokio::time::sleep(Duration::from_secs(40)).await;
    anna.log_in_again("anna").await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    anna.does("LOGOFF", "").await;
    let begun = Instant::now();
    anna.disconnected().await;
    assert_eq!(begun.elapsed().as_secs(), 50);
}

#[tokio::test]
async fn whoever_registers_is_an_account_in_every_dialect() {
    let daemon = Daemon::start("").await;
    let mut nobody = daemon.purpose(2).await;
    nobody.hello().await;
    nobody.does("REGISTER_USER", login("anna")).await;
    nobody.declined("REGISTER_USER", login("Anna")).await;
    nobody.declined("REGISTER_USER", login("12345")).await;
    nobody
        .declined("REGISTER_USER", login(&"x".repeat(26)))
        .await;
    // It is not logged in by that.
    assert_eq!(nobody.declined("GET_USR_CHATS", "").await, "log in first");
    nobody.log_in_again("anna").await;
    daemon
        .jim()
        .await
        .expect(200, authenticate("anna", PASSWORD))
        .await;
    let mut one = daemon.purpose_of(1, "anna").await;
    assert_eq!(
        one.accepted("GET_USER_ID", text("ANNA")).await,
        int(nobody.id)
    );

    let closed = Daemon::start("accounts.registration = 'closed'").await;
    let mut nobody = closed.purpose(2).await;
    nobody.hello().await;
    nobody.declined("REGISTER_USER", login("anna")).await;
}

#[tokio::test]
async fn users_are_told_of_by_id_and_by_name() {
    let daemon = Daemon::start("").await;
    let boris = daemon.account("boris").await;
    daemon.account("anna").await;
    let guest = daemon.guest("guest").await;
    let mut anna = daemon.purpose_of(2, "anna").await;
    let info = [int(boris), text("boris"), text("boris")].concat();
    assert_eq!(anna.accepted("GET_USR_DATA", int(boris)).await, info);
    assert_eq!(
        anna.accepted("GET_USR_DATA_NAME", text("Boris")).await,
        info
    );
    assert_eq!(
        anna.accepted("GET_USER_ID", text("boris")).await,
        int(boris)
    );
    let own = [int(anna.id), text("anna"), text("anna"), text("")].concat();
    assert_eq!(anna.accepted("GET_USR_PR_DATA", "").await, own);
    let gateway = [int(0), text("tolmach"), text("tolmach")].concat();
    assert_eq!(anna.accepted("GET_USR_DATA", int(0)).await, gateway);
    assert_eq!(anna.accepted("GET_USER_ID", text("Tolmach")).await, int(0));
    anna.accepted("GET_USER_ID", text(&guest.name)).await;
    for nobody in [-1, i32::MAX, i32::MIN] {
        anna.declined("GET_USR_DATA", int(nobody)).await;
    }
    anna.declined("GET_USR_DATA_NAME", text("nobody")).await;
    anna.declined("GET_USER_ID", text("")).await;
}
