//! What one dialect says, as the other tells it: the rows of the design's section 3 that concern these two.

use serde_json::json;
use tolmach::commands;
use tolmach::model::{FileInfo, MessageId, MessageKind, Role, RoomId, Target};

use crate::support::{Daemon, Jim, Talker, int, room, text};

/// Anna by JIM and Boris by Talker in the room "tea".
async fn two(daemon: &Daemon) -> (Jim, Talker) {
    for login in ["anna", "boris"] {
        daemon.account(login).await;
    }
    let mut anna = daemon.authenticated("anna").await;
    anna.join("#tea").await;
    (anna, daemon.talker_in("boris", "tea").await)
}

#[tokio::test]
async fn a_message_crosses_in_both_directions() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    assert_eq!(anna.say("#tea", "привет\n👋").await, 200);
    let event = boris.hears("anna", "привет\n👋").await;
    assert!(event["id"].is_string());
    boris.said("and you").await;
    anna.hears("boris", "#tea", "and you").await;
    anna.hears_nothing().await;
    boris.hears_nothing().await;
}

#[tokio::test]
async fn an_emote_is_each_dialects_own() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    assert_eq!(anna.say("#tea", "/me waves").await, 200);
    assert_eq!(boris.hears("anna", "waves").await["action"], true);
    boris
        .write(json!({"type": "message", "content": "bows", "action": true}))
        .await;
    anna.hears("boris", "#tea", "/me bows").await;
}

#[tokio::test]
async fn a_private_message_crosses_in_both_directions() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    let mut elsewhere = daemon.guest("clara").await;
    assert_eq!(anna.say("boris", "psst").await, 200);
    assert_eq!(boris.hears("anna", "psst").await["private"], true);
    boris
        .write(json!({"type": "message", "content": "yes?", "to": "anna"}))
        .await;
    anna.hears("boris", "anna", "yes?").await;
    // From outside the room, and answered there.
    assert_eq!(elsewhere.say("boris", "me too").await, 200);
    let event = boris.hears("clara", "me too").await;
    boris
        .write(json!({"type": "message", "content": "welcome", "to": event["user"]["id"]}))
        .await;
    elsewhere.hears("boris", "clara", "welcome").await;
    for jim in [&mut anna, &mut elsewhere] {
        jim.hears_nothing().await;
    }
    boris.hears_nothing().await;
}

#[tokio::test]
async fn a_private_message_goes_to_its_recipients_connections_only() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    let mut annas = daemon.talker_in("anna", "tea").await;
    let mut boriss = daemon.authenticated("boris").await;
    assert_eq!(anna.say("boris", "psst").await, 200);
    boris.hears("anna", "psst").await;
    boriss.hears("anna", "boris", "psst").await;
    annas.hears_nothing().await;
    annas
        .write(json!({"type": "message", "content": "again", "to": "boris"}))
        .await;
    boris.hears("anna", "again").await;
    boriss.hears("anna", "boris", "again").await;
    // "`msg` … to a user: to that user."
    anna.hears_nothing().await;
}

#[tokio::test]
async fn an_edit_is_a_new_msg_in_jim() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    let id = boris.said("helo").await["id"].clone();
    anna.hears("boris", "#tea", "helo").await;
    boris
        .write(json!({"type": "message", "content": "hello", "edit": id}))
        .await;
    anna.hears("boris", "#tea", "✎ hello").await;
    boris.hears("boris", "✎ hello").await;
    let number = id.as_str().unwrap().parse().unwrap();
    daemon
        .operate(commands::Delete {
            message: MessageId(number),
        })
        .await;
    anna.hears_nothing().await;
    boris.hears_nothing().await;
}

#[tokio::test]
async fn a_long_text_is_several_msg_in_jim() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    let words = "слово ".repeat(200);
    boris.said(words.trim_end()).await;
    let mut heard = Vec::new();
    for _ in 0..3 {
        let msg = anna.heard().await;
        assert_eq!(
            (&msg["from"], &msg["to"]),
            (&json!("boris"), &json!("#tea"))
        );
        heard.push(msg["message"].as_str().unwrap().to_owned());
    }
    assert!(
        heard
            .iter()
            .all(|piece| piece.chars().count() <= 500 && !piece.ends_with(' '))
    );
    assert_eq!(heard.join(" "), words.trim_end());
    // Between graphemes.
    let family = "👨‍👩‍👧‍👦";
    boris.said(&family.repeat(100)).await;
    let mut heard = String::new();
    for _ in 0..2 {
        let piece = anna.heard().await["message"].as_str().unwrap().to_owned();
        assert!(piece.chars().count() <= 500 && piece.starts_with('👨'));
        heard += &piece;
    }
    assert_eq!(heard, family.repeat(100));
    // At most eight, and the last one says how much is missing.
    boris.say(&"x".repeat(102_400)).await;
    let mut shown = 0;
    for n in 1..=8 {
        let piece = anna.heard().await["message"].as_str().unwrap().to_owned();
        assert!(piece.chars().count() <= 500);
        shown += piece.chars().filter(|c| *c == 'x').count();
        if n == 8 {
            assert!(
                piece.contains(&(102_400 - shown).to_string()),
                "{shown}: {piece}"
            );
        }
    }
    anna.hears_nothing().await;
}

#[tokio::test]
async fn extra_fields_stay_in_their_dialect() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    let mut msg = anna.msg("#tea", "from jim");
    msg["color"] = json!("red");
    anna.expect(200, msg).await;
    assert_eq!(boris.hears("anna", "from jim").await.get("color"), None);
    boris
        .write(json!({"type": "message", "content": "from talker", "color": "red"}))
        .await;
    assert_eq!(anna.heard().await.get("color"), None);
}

#[tokio::test]
async fn files_and_stickers_read_as_text() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    let say = |kind, text: &str, file| {
        let mut draft = commands::Send::text(Target::Room(room("tea")), text);
        (draft.kind, draft.file) = (kind, file);
        draft
    };
    let sent = daemon
        .hub()
        .operate(say(MessageKind::Sticker, "smile", None))
        .await;
    if sent.is_ok() {
        anna.hears("tolmach", "#tea", ":smile:").await;
        boris.hears("tolmach", ":smile:").await;
        let file = FileInfo {
            name: "tea.png".to_owned(),
            size: 1_234_567,
            stored: "x".to_owned(),
            sha256: None,
        };
        daemon.operate(say(MessageKind::File, "", Some(file))).await;
        anna.hears("tolmach", "#tea", "[file] tea.png (1.2 MB)")
            .await;
        boris.hears("tolmach", "[file] tea.png (1.2 MB)").await;
    }
}

#[tokio::test]
async fn a_guest_of_jim_is_a_user_to_talker_and_leaves_at_once_by_quit() {
    let daemon = Daemon::start("").await;
    let (_anna, mut boris) = two(&daemon).await;
    let mut guest = daemon.guest_in("guest", "#tea").await;
    let join = boris.sees("join", "guest").await;
    guest.write(json!({"action": "quit"})).await;
    guest.end().await;
    boris.sees_leave(join["user"]["id"].as_str().unwrap()).await;
    // A message to one who is gone.
    boris
        .write(json!({"type": "message", "content": "x", "to": join["user"]["id"]}))
        .await;
    assert_eq!(boris.error().await, "no such user");
}

#[tokio::test]
async fn a_protected_room_is_entered_over_jim_and_then_over_talker() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    daemon
        .create_room("vault", tolmach::model::RoomKind::Public, Some("sesame"))
        .await;
    let mut talker = daemon.talker().await;
    talker
        .write(json!({"type": "connect", "room": "vault", "token": "token-anna"}))
        .await;
    talker.refused("Authentication failed").await;
    let mut jim = daemon.authenticated("anna").await;
    jim.expect(
        200,
        json!({"action": "join", "room": "#vault", "password": "sesame"}),
    )
    .await;
    daemon.talker_in("anna", "vault").await;
}

#[tokio::test]
async fn an_owner_who_left_by_one_dialect_is_the_owner_again_in_another() {
    let daemon = Daemon::start("").await;
    for login in ["anna", "boris"] {
        daemon.account(login).await;
    }
    let mut purpose = daemon.purpose_of(2, "anna").await;
    let made = purpose.accepted("CREATE_CHAT", text("tea")).await;
    let mut jim = daemon.authenticated("anna").await;
    let tea = RoomId(purpose.chat("tea").await);
    assert!(!made.is_empty());
    let join = json!({"action": "join", "room": "#tea"});
    let leave = json!({"action": "leave", "room": "#tea"});
    for round in 0..4 {
        match round {
            0 => purpose.does("LEAVE_CHAT", int(tea.0)).await,
            _ => drop(jim.expect(200, leave.clone()).await),
        }
        match round {
            0 => drop(jim.expect(200, join.clone()).await),
            1 => daemon.uchat_of("anna").await.join(tea.0).await,
            2 => purpose.does("JOIN_CHAT", int(tea.0)).await,
            _ => drop(daemon.talker_in("anna", "tea").await),
        }
        let room = daemon
            .operate(commands::Members { room: room("tea") })
            .await;
        let roles: Vec<Role> = room.iter().map(|(one, _)| one.role).collect();
        assert_eq!(roles, [Role::Owner], "{round}");
    }
}
