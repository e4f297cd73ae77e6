//! JIM: private and protected rooms, notices, and what an operator does.

use serde_json::json;
use tolmach::commands;
use tolmach::model::{EndReason, RoomKind, SessionId};

use crate::support::{Daemon, room, user};

#[tokio::test]
async fn a_private_room_is_entered_by_its_exact_name() {
    let daemon = Daemon::start("rooms.create_on_join = false").await;
    daemon.create_room("cellar", RoomKind::Private, None).await;
    let mut anna = daemon.guest("anna").await;
    // Who does not know of it makes no difference between it and none.
    anna.expect(404, json!({"action": "join", "room": "#cella"}))
        .await;
    assert_eq!(anna.join("#Cellar").await, 200);
    assert_eq!(anna.say("#cellar", "psst").await, 200);
}

#[tokio::test]
async fn a_protected_room_asks_for_its_password_once() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    daemon
        .create_room("vault", RoomKind::Public, Some("sesame"))
        .await;
    let mut anna = daemon.authenticated("anna").await;
    anna.expect(402, json!({"action": "join", "room": "#vault"}))
        .await;
    anna.expect(
        402,
        json!({"action": "join", "room": "#vault", "password": ""}),
    )
    .await;
    anna.expect(
        402,
        json!({"action": "join", "room": "#vault", "password": "wrong"}),
    )
    .await;
    assert_eq!(anna.say("#vault", "outside").await, 403);
    anna.expect(
        200,
        json!({"action": "join", "room": "#vault", "password": "sesame"}),
    )
    .await;
    assert_eq!(anna.say("#vault", "inside").await, 200);
    // Members enter without.
    anna.expect(200, json!({"action": "join", "room": "#vault"}))
        .await;
    anna.expect(
        200,
        json!({"action": "join", "room": "#vault", "password": "wrong"}),
    )
    .await;
    anna.leave("#vault").await;
    anna.expect(402, json!({"action": "join", "room": "#vault"}))
        .await;
    // A password given to a room without one is not looked at.
    anna.expect(
        200,
        json!({"action": "join", "room": "#lobby", "password": "x"}),
    )
    .await;
    // A new password holds for newcomers at once.
    let password = |password: &str| commands::ChangeRoom {
        password: Some(tolmach::model::Secret::password(password)),
        ..commands::ChangeRoom::of(room("vault"))
    };
    daemon.operate(password("new")).await;
    anna.expect(
        402,
        json!({"action": "join", "room": "#vault", "password": "sesame"}),
    )
    .await;
    anna.expect(
        200,
        json!({"action": "join", "room": "#vault", "password": "new"}),
    )
    .await;
    daemon.operate(password("")).await;
    let mut boris = daemon.guest("boris").await;
    boris
        .expect(200, json!({"action": "join", "room": "#vault"}))
        .await;
    // The banned are told that they are.
    daemon
        .operate(commands::Ban {
            room: room("vault"),
            user: user("boris"),
        })
        .await;
    boris.notice(101).await;
    boris
        .expect(
            403,
            json!({"action": "join", "room": "#vault", "password": "x"}),
        )
        .await;
}

#[tokio::test]
async fn important_notices_are_on_and_basic_ones_off_by_default() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    daemon
        .operate(commands::SetTitle {
            room: room("tea"),
            title: "All about tea".to_owned(),
        })
        .await;
    daemon
        .operate(commands::SetDescription {
            room: room("tea"),
            description: "Green".to_owned(),
        })
        .await;
    anna.hears_nothing().await;
    daemon
        .operate(commands::RenameRoom {
            room: room("tea"),
            name: "coffee".to_owned(),
        })
        .await;
    let text = anna.notice(101).await;
    assert!(text.contains("#tea") && text.contains("#coffee"), "{text}");
    boris.notice(101).await;
    // From now on it has its new name.
    assert_eq!(anna.say("#tea", "x").await, 404);
    assert_eq!(anna.say("#coffee", "x").await, 200);
    boris.hears("anna", "#coffee", "x").await;

    daemon
        .operate(commands::RemoveMember {
            room: room("coffee"),
            user: user("boris"),
        })
        .await;
    let text = boris.notice(101).await;
    assert!(text.contains("#coffee"), "{text}");
    assert_eq!(boris.say("#coffee", "x").await, 403);
    anna.hears_nothing().await;
    assert_eq!(boris.join("#coffee").await, 200);
    daemon
        .operate(commands::Ban {
            room: room("coffee"),
            user: user("boris"),
        })
        .await;
    boris.notice(101).await;
    boris
        .expect(403, json!({"action": "join", "room": "#coffee"}))
        .await;
    boris
        .expect(403, json!({"action": "leave", "room": "#coffee"}))
        .await;
    daemon
        .operate(commands::Unban {
            room: room("coffee"),
            user: user("boris"),
        })
        .await;
    assert_eq!(boris.join("#coffee").await, 200);
    anna.hears_nothing().await;

    daemon
        .operate(commands::DeleteRoom {
            room: room("coffee"),
        })
        .await;
    for jim in [&mut anna, &mut boris] {
        let text = jim.notice(101).await;
        assert!(text.contains("#coffee"), "{text}");
        assert_eq!(jim.say("#coffee", "x").await, 404);
    }
}

#[tokio::test]
async fn basic_notices_can_be_had() {
    let daemon = Daemon::start("jim.notices = [100, 101]").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    let text = anna.notice(100).await;
    assert!(text.contains("boris") && text.contains("#tea"), "{text}");
    boris.hears_nothing().await;
    daemon
        .operate(commands::SetTitle {
            room: room("tea"),
            title: "All about tea".to_owned(),
        })
        .await;
    assert!(anna.notice(100).await.contains("All about tea"));
    boris.notice(100).await;
    daemon
        .operate(commands::SetDescription {
            room: room("tea"),
            description: "ы".repeat(2000),
        })
        .await;
    let line = anna.line().await.unwrap();
    assert!(line.chars().count() <= 641, "{line}");
    boris.notice(100).await;
    boris.leave("#tea").await;
    assert!(anna.notice(100).await.contains("boris"));
    boris.join("#tea").await;
    anna.notice(100).await;
    boris.write(json!({"action": "quit"})).await;
    anna.notice(100).await;
}

#[tokio::test]
async fn notices_can_be_off_altogether() {
    let daemon = Daemon::start("jim.notices = []").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    daemon
        .operate(commands::RenameRoom {
            room: room("tea"),
            name: "coffee".to_owned(),
        })
        .await;
    daemon
        .operate(commands::Ban {
            room: room("coffee"),
            user: user("anna"),
        })
        .await;
    daemon
        .operate(commands::DeleteRoom {
            room: room("coffee"),
        })
        .await;
    anna.hears_nothing().await;
    let id = daemon.sessions().await[0].id;
    daemon.operate(commands::CloseSession { id }).await;
    anna.end().await;
}

#[tokio::test]
async fn a_session_that_the_operator_closes_is_told_101() {
    let daemon = Daemon::start("").await;
    daemon.account("watcher").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut watcher = daemon.talker_in("watcher", "tea").await;
    let sessions = daemon.sessions().await;
    let anna_is = sessions
        .iter()
        .find(|session| session.user.login == "anna")
        .unwrap();
    assert_eq!((&*anna_is.dialect, &*anna_is.address), ("jim", "127.0.0.1"));
    daemon
        .operate(commands::CloseSession { id: anna_is.id })
        .await;
    assert_eq!(
        anna.notice(101).await,
        EndReason::ClosedByOperator.to_string()
    );
    anna.end().await;
    watcher.sees_leave(anna_is.user.id).await;
    // It may come back at once.
    daemon.guest("anna").await;
    let closed = daemon
        .hub()
        .operate(commands::CloseSession {
            id: SessionId(999_999),
        })
        .await;
    assert!(closed.is_err());
}

#[tokio::test]
async fn a_new_password_a_removed_account_and_a_disabled_one_end_the_session() {
    let daemon = Daemon::start("").await;
    for login in ["anna", "boris", "clara"] {
        daemon.account(login).await;
    }
    let mut anna = daemon.authenticated("anna").await;
    let mut boris = daemon.authenticated("boris").await;
    let mut clara = daemon.authenticated("clara").await;
    let secret = tolmach::model::Secret::Password("another one".to_owned());
    daemon
        .operate(commands::SetPassword {
            user: user("anna"),
            secret,
        })
        .await;
    assert_eq!(
        anna.notice(101).await,
        EndReason::PasswordChanged.to_string()
    );
    anna.end().await;
    daemon
        .operate(commands::RemoveUser {
            user: user("boris"),
        })
        .await;
    assert_eq!(
        boris.notice(101).await,
        EndReason::AccountRemoved.to_string()
    );
    boris.end().await;
    daemon
        .operate(commands::SetDisabled {
            user: user("clara"),
            disabled: true,
        })
        .await;
    assert_eq!(
        clara.notice(101).await,
        EndReason::AccountDisabled.to_string()
    );
    clara.end().await;
    // A removed account's name is free.
    daemon.guest("boris").await;
}

#[tokio::test]
async fn who_is_added_to_a_room_hears_it() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut boris = daemon.guest("boris").await;
    daemon
        .operate(commands::AddMember {
            room: room("tea"),
            user: user("boris"),
        })
        .await;
    assert_eq!(anna.say("#tea", "welcome").await, 200);
    boris.hears("anna", "#tea", "welcome").await;
    assert_eq!(boris.say("#tea", "thank you").await, 200);
    anna.hears("boris", "#tea", "thank you").await;
}
