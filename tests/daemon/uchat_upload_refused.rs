//! uchat: files that may not come in, and names that lead nowhere.

use serde_json::{Value, json};
use tolmach::commands;
use tolmach::model::{RoomId, RoomSelector};

use crate::support::transfer::{listed, told_of, upload};
use crate::support::uchat::DEL_ROOM;
use crate::support::{Daemon, Uchat, token, user};

/// Anna, who owns the room "Tea".
async fn anna(daemon: &Daemon) -> (Uchat, i32) {
    let mut anna = daemon.uchat_new("anna").await;
    let tea = anna.new_room("Tea", 1).await;
    (anna, tea)
}

#[tokio::test]
async fn who_may_not_post_may_not_upload_and_nothing_is_kept() {
    let daemon = Daemon::start("limits.file_bytes = 1000").await;
    let (mut anna, tea) = anna(&daemon).await;
    for login in ["boris", "clara", "dora"] {
        daemon.account(login).await;
    }
    let secret = anna.new_room("secret", 0).await;
    let room = RoomSelector::Id(RoomId(tea));
    daemon
        .operate(commands::Ban {
            room,
            user: user("clara"),
        })
        .await;
    anna.event(22).await;
    daemon
        .operate(commands::SetDisabled {
            user: user("dora"),
            disabled: true,
        })
        .await;
    let own = token("anna");
    for (code, request) in [
        (3, upload(&token("boris"), tea, "a", 5)),
        (3, upload(&token("clara"), tea, "a", 5)),
        (0, upload(&token("dora"), tea, "a", 5)),
        (4, upload(&token("boris"), secret, "a", 5)),
        (4, upload(&own, 999_999, "a", 5)),
        (0, upload("", tea, "a", 5)),
        (0, upload(&"0".repeat(64), tea, "a", 5)),
        (3, upload(&own, tea, "a", 1001)),
        (3, upload(&own, tea, "a", usize::MAX)),
        (5, upload(&own, tea, &"я".repeat(256), 5)),
    ] {
        let mut client = daemon.for_file().await;
        client.turned_away(code, request).await;
    }
    daemon.until_listed(&[]).await;
    anna.hears_nothing().await;
    daemon.upload("anna", tea, "a", &[0; 1000]).await;
    told_of(&mut anna, tea, "a", 1000).await;
    // What is no request is answered, and the connection stays.
    let mut client = daemon.for_file().await;
    for (key, value) in [
        ("name", json!(1)),
        ("size", json!(-1)),
        ("size", json!("5")),
        ("room_id", Value::Null),
    ] {
        let mut request = upload(&own, tea, "a", 5);
        request[key] = value;
        assert!(client.refused(5, request).await.contains(key));
    }
    client.begin_upload(upload(&own, tea, "a", 5)).await;
}

#[tokio::test]
async fn what_ends_the_right_to_post_ends_the_upload() {
    let daemon = Daemon::start("").await;
    let mut owner = daemon.uchat_new("owner").await;
    for (n, code) in [0, 0, 3, 4, 3].into_iter().enumerate() {
        let tea = owner.new_room("Tea", 1).await;
        let login = format!("anna{n}");
        let mut anna = daemon.uchat_new(&login).await;
        anna.join(tea).await;
        owner.event(21).await;
        let mut client = daemon.for_file().await;
        client
            .begin_upload(upload(&token(&login), tea, "a", 10))
            .await;
        client.send("12345").await;
        let (room, user) = (RoomSelector::Id(RoomId(tea)), user(&login));
        daemon
            .operate::<commands::AnyCommand>(match n {
                0 => commands::RevokeToken { user, id: None }.into(),
                1 => commands::SetDisabled {
                    user,
                    disabled: true,
                }
                .into(),
                2 => commands::Ban { room, user }.into(),
                3 => commands::DeleteRoom { room }.into(),
                _ => commands::RemoveMember { room, user }.into(),
            })
            .await;
        client.send("67890").await;
        client.error(code).await;
        client.end().await;
        daemon.until_listed(&[]).await;
        if n == 2 {
            owner.event(22).await;
        }
        if n == 3 {
            owner
                .is_told(json!({"type": DEL_ROOM, "room_id": tea}))
                .await;
        }
        owner.hears_nothing().await;
    }
}

#[tokio::test]
async fn no_name_leads_out_of_the_area() {
    let daemon = Daemon::start("").await;
    let (mut anna, tea) = anna(&daemon).await;
    let long = "n".repeat(255);
    for (given, shown) in [
        ("../../x", "x"),
        ("a/b", "b"),
        ("/etc/passwd", "passwd"),
        ("..", "file"),
        (".", "file"),
        ("", "file"),
        ("../", "file"),
        ("C:\\dir\\y.txt", "y.txt"),
        ("..\\..\\z", "z"),
        ("a\u{0}b", "a\u{FFFD}b"),
        ("a\nb\tc\u{7}", "a b c\u{FFFD}"),
        (".hidden", ".hidden"),
        ("кот 🐈.png", "кот 🐈.png"),
        ("a.exe/../../../b.sh", "b.sh"),
        (long.as_str(), long.as_str()),
    ] {
        daemon.upload("anna", tea, given, b"content").await;
        let (message, stored) = told_of(&mut anna, tea, shown, 7).await;
        assert!(
            stored
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'.'),
            "{stored}"
        );
        assert_eq!(
            daemon.download("anna", tea, message).await,
            (shown.to_owned(), b"content".to_vec())
        );
    }
    // There is a directory of the room with the 15 files, and nothing else anywhere.
    let all = listed(&daemon.area());
    assert_eq!(all.len(), 1 + 15);
    assert!(
        all.iter().all(|path| path.starts_with(&format!("{tea}/"))),
        "{all:?}"
    );
    let mut beside: Vec<_> = std::fs::read_dir(daemon.area().parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.contains("lock") && !name.contains("sock"))
        .collect();
    beside.sort();
    let certificate = cfg!(feature = "tls").then_some("tls");
    let expected = ["memory.files"].into_iter().chain(certificate);
    assert_eq!(beside, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn a_connection_that_is_logged_in_is_not_for_files() {
    let daemon = Daemon::start("").await;
    let (mut anna, tea) = anna(&daemon).await;
    anna.turned_away(5, upload(&token("anna"), tea, "a", 5))
        .await;
    daemon.until_listed(&[]).await;
}
