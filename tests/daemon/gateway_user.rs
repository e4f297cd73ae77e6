//! The gateway's own user: what JIM and Talker have no frames for, by private messages to it.

use serde_json::json;
use tolmach::commands;
use tolmach::model::UserKind;

use crate::support::uchat::{
    DEL_ROOM, GET_MEMBERS, JOIN_ROOM, MEMBER_INFO, SEARCH_CH, is_message, is_room, msg,
};
use crate::support::{Daemon, Jim, PASSWORD, Talker, room, user};

/// What JIM is answered: 200, then so many lines.
async fn asks_jim(jim: &mut Jim, said: &str, lines: usize) -> Vec<String> {
    assert_eq!(jim.say("tolmach", said).await, 200);
    let mut told = Vec::new();
    for _ in 0..lines {
        let msg = jim.heard().await;
        assert_eq!(msg["from"], "tolmach", "{msg}");
        told.push(msg["message"].as_str().unwrap().to_owned());
    }
    jim.hears_nothing().await;
    told
}

async fn asks_talker(talker: &mut Talker, said: &str, lines: usize) -> Vec<String> {
    talker
        .write(json!({"type": "message", "content": said, "to": "0"}))
        .await;
    let mut told = Vec::new();
    for _ in 0..lines {
        let event = talker.event("message").await;
        assert_eq!(
            (&event["user"]["id"], &event["private"]),
            (&json!("0"), &json!(true)),
            "{event}"
        );
        told.push(event["content"].as_str().unwrap().to_owned());
    }
    talker.hears_nothing().await;
    told
}

/// A line of a history without its time, which has the form `2026-01-31 23:59:59`.
fn untimed(line: &str) -> &str {
    let (time, rest) = line.split_at(20);
    let digits = time.replace(|c: char| c.is_ascii_digit(), "0");
    assert_eq!(digits, "0000-00-00 00:00:00 ", "{line}");
    rest
}

#[tokio::test]
async fn what_it_answers_is_alike_in_both() {
    let daemon = Daemon::start("rooms.create = ['lobby', 'tea']").await;
    daemon.account("anna").await;
    let mut guest = daemon.guest_in("guest", "#tea").await;
    let mut anna = daemon.talker_in("anna", "tea").await;
    anna.said("one").await;
    guest.hears("anna", "#tea", "one").await;
    guest.say("#tea", "two 100%").await;
    anna.hears("guest", "two 100%").await;
    for said in [
        "help",
        "who #tea",
        "search #tea TWO",
        "history tea 1",
        "rooms",
        "who",
        "what?",
    ] {
        let lines = if said == "help" {
            10
        } else if said == "rooms" {
            2
        } else {
            1
        };
        let told = asks_jim(&mut guest, said, lines).await;
        assert_eq!(told, asks_talker(&mut anna, said, lines).await, "{said}");
        match said {
            "help" => assert!(told[3].starts_with("history #room 20 — "), "{told:?}"),
            "who #tea" => assert_eq!(told, ["anna, guest"]),
            "rooms" => assert_eq!(told, ["#lobby", "#tea (you are in it)"]),
            "who" => assert_eq!(told, ["say it so: who #room — who is in a room"]),
            "what?" => assert_eq!(told, ["I do not understand that; say: help"]),
            _ => assert_eq!(untimed(&told[0]), "<guest> two 100%"),
        }
    }
    let told = asks_jim(&mut guest, "history #tea", 2).await;
    assert_eq!(
        [untimed(&told[0]), untimed(&told[1])],
        ["<anna> one", "<guest> two 100%"]
    );
    guest.say("#tea", "un cafe\u{301}").await;
    anna.hears("guest", "un cafe\u{301}").await;
    let told = asks_jim(&mut guest, "search #tea CAFÉ", 1).await;
    assert_eq!(told, asks_talker(&mut anna, "search #tea café", 1).await);
    assert_eq!(untimed(&told[0]), "<guest> un cafe\u{301}");
    assert_eq!(
        asks_jim(&mut guest, "history #lobby", 1).await,
        ["not allowed: join the room first"]
    );
    assert_eq!(
        asks_jim(&mut guest, "history #nowhere", 1).await,
        ["no such room"]
    );
    assert_eq!(
        asks_jim(&mut guest, "search #tea %two", 1).await,
        ["nothing was found"]
    );
    for usage in [
        "history #tea 0",
        "history #tea 101",
        "history #tea x",
        "search #tea",
        "register",
    ] {
        let told = asks_jim(&mut guest, usage, 1).await;
        assert!(told[0].starts_with("say it so: "), "{told:?}");
    }
}

#[tokio::test]
async fn a_guest_that_registers_becomes_the_account_and_keeps_its_number() {
    let daemon = Daemon::start("").await;
    let mut guest = daemon.guest_in("Guest", "#tea").await;
    let number = async || {
        let user = user("guest");
        let user = daemon.operate(commands::FindUser { user }).await;
        (user.id, user.kind)
    };
    let (id, kind) = number().await;
    assert_eq!(kind, UserKind::Guest);
    assert_eq!(
        asks_jim(&mut guest, "token", 1).await,
        ["only accounts have tokens; say: register PASSWORD"]
    );
    let told = asks_jim(&mut guest, &format!("REGISTER {PASSWORD}"), 1).await;
    assert_eq!(
        told,
        ["Guest is an account now; its password is the one you gave"]
    );
    assert_eq!(number().await, (id, UserKind::Account));
    assert_eq!(
        asks_jim(&mut guest, "register again", 1).await,
        ["Guest is an account already"]
    );
    guest.say("#tea", "as an account").await;
    let token = asks_jim(&mut guest, "token", 1).await.remove(0);
    let mut talker = daemon.talker().await;
    talker
        .write(json!({"type": "connect", "room": "tea", "token": token}))
        .await;
    talker.connected().await;
    assert_eq!(talker.id, id.to_string());
    drop(guest);
    assert_eq!(
        daemon.history(room("tea")).await,
        ["as an account"],
        "nothing said to the gateway is stored"
    );
}

#[tokio::test]
async fn where_registration_is_closed_it_says_so() {
    let daemon = Daemon::start("accounts.registration = 'closed'").await;
    let mut guest = daemon.guest_in("guest", "#tea").await;
    assert_eq!(
        asks_jim(&mut guest, "register secret", 1).await,
        ["not allowed: accounts are made by the operator here"]
    );
}

#[tokio::test]
async fn a_long_line_comes_in_pieces_to_jim() {
    let daemon = Daemon::start("name = 'Door'").await;
    daemon.account("anna").await;
    let mut guest = daemon.guest_in("guest", "#tea").await;
    let mut anna = daemon.talker_in("anna", "tea").await;
    anna.said(&"word ".repeat(150)).await;
    for _ in 0..2 {
        guest.heard().await;
    }
    assert_eq!(guest.say("DOOR", "history #tea 1").await, 200);
    for _ in 0..2 {
        let piece = guest.heard().await;
        assert_eq!(piece["from"], "Door");
        assert!(piece["message"].as_str().unwrap().chars().count() <= 500);
    }
    guest.hears_nothing().await;
}

#[tokio::test]
async fn who_is_nobody_is_told_nothing() {
    let daemon = Daemon::start("").await;
    let mut jim = daemon.jim().await;
    assert_eq!(jim.say("tolmach", "rooms").await, 401);
}

/// Neither JIM's guests nor Talker's clients have a frame for a room that they are not in now.
#[tokio::test]
async fn a_room_can_be_left_by_it() {
    let daemon = Daemon::start("rooms.create = ['lobby', 'tea', 'den']").await;
    daemon.account("anna").await;
    drop(daemon.talker_in("anna", "tea").await);
    let mut anna = daemon.talker_in("anna", "den").await;
    let left = asks_talker(&mut anna, "leave #tea", 1).await;
    assert_eq!(left, ["you are no member of #tea any more"]);
    let rooms = asks_talker(&mut anna, "rooms", 3).await;
    assert_eq!(rooms, ["#lobby", "#tea", "#den (you are in it)"]);
    let again = asks_talker(&mut anna, "leave #tea", 1).await;
    assert!(again[0].contains("not in this room"), "{again:?}");
    let nowhere = asks_talker(&mut anna, "leave #nowhere", 1).await;
    assert_eq!(nowhere, ["no such room"]);
    let usage = asks_talker(&mut anna, "leave", 1).await;
    assert!(usage[0].starts_with("say it so: leave #room"), "{usage:?}");
}

/// uchat has no request to leave a room: its users find the gateway as a direct room.
#[tokio::test]
async fn in_uchat_one_leaves_a_room_by_the_gateways_own() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.uchat_new("anna").await;
    let mut boris = daemon.uchat_new("boris").await;
    let tea = anna.new_room("tea", 1).await;
    boris.join(tea).await;
    anna.sees_member(tea, boris.id, "boris").await;
    let found = anna
        .answer(json!({"type": SEARCH_CH, "name": "Tolm"}))
        .await;
    let room = &found["rooms"].as_array().unwrap()[0];
    is_room(room, Some(2));
    assert_eq!((&room["id"], &room["name"]), (&json!(0), &json!("tolmach")));
    let joined = anna.answer(json!({"type": JOIN_ROOM, "room_id": 0})).await;
    is_room(&joined, Some(JOIN_ROOM));
    let members = anna
        .answer(json!({"type": GET_MEMBERS, "room_id": 0}))
        .await;
    assert_eq!(
        members["members"],
        json!([{"id": 0, "login": "tolmach", "type": 0}, {"id": anna.id, "login": "anna", "type": 3}])
    );
    let info = anna
        .answer(json!({"type": MEMBER_INFO, "user_id": 0}))
        .await;
    assert_eq!(
        (&info["login"], &info["desc"]),
        (&json!("tolmach"), &json!(""))
    );
    anna.write(msg(0, "leave #tea")).await;
    // The room's end is an event, which may come before the answer or behind it.
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(anna.next().await);
    }
    told.sort_by_key(|object| object["type"] == DEL_ROOM);
    let answer = "you are no member of #tea any more";
    for (said, (user, text)) in told.iter().zip([(anna.id, "leave #tea"), (0, answer)]) {
        is_message(said);
        assert_eq!(
            (&said["user_id"], &said["message"]),
            (&json!(user), &json!(text))
        );
    }
    assert_eq!(told[2], json!({"type": DEL_ROOM, "room_id": tea}));
    boris.said(tea, "still here").await;
    anna.hears_nothing().await;
    boris.hears_nothing().await;
    assert!(anna.newer(0, 0, 5).await.is_empty());
    assert!(anna.older(0, i64::MAX, 5).await.is_empty());
    anna.refused(4, json!({"type": DEL_ROOM, "room_id": 0}))
        .await;
}
