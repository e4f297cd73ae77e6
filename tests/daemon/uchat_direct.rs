//! uchat: private messages, which are rooms of type 2.

use serde_json::json;

use crate::support::transfer::{download, upload};
use crate::support::uchat::{
    BAN_MEMBER, DEL_HIST, DEL_ROOM, GET_MEMBERS, GET_NEW_MSGS, GET_ROOMS, JOIN_ROOM, MSG, OLD_MSGS,
    SEARCH_CH, SEARCH_MSGS, UPD_ROOM_DESC, UPD_ROOM_NAME, is_room, msg, number,
};
use crate::support::{Daemon, Uchat, int, text, token};

/// The next object announces a direct room with this title; its number.
async fn announced(client: &mut Uchat, title: &str) -> i32 {
    let room = client.event(JOIN_ROOM).await;
    is_room(&room, Some(JOIN_ROOM));
    assert_eq!(
        (&room["name"], &room["customer_id"]),
        (&json!(title), &json!(0)),
        "{room}"
    );
    number(&room["id"])
}

#[tokio::test]
async fn a_private_message_of_any_dialect_announces_its_room_first() {
    let daemon = Daemon::start("rooms.create = ['tea']").await;
    let mut boris = daemon.uchat_new("boris").await;
    let jims = daemon.account("jim").await;
    let mut jim = daemon.authenticated("jim").await;
    assert_eq!(jim.say("boris", "psst").await, 200);
    let by_jim = announced(&mut boris, "jim").await;
    boris.hears(jims, by_jim, "psst").await;
    let talkers = daemon.account("talker").await;
    let mut talker = daemon.talker_in("talker", "tea").await;
    talker
        .write(json!({"type": "message", "content": "me too", "to": "boris"}))
        .await;
    let by_talker = announced(&mut boris, "talker").await;
    boris.hears(talkers, by_talker, "me too").await;
    daemon.account("two").await;
    let mut two = daemon.purpose_of(2, "two").await;
    two.accepted("START_CHAT", int(boris.id)).await;
    let by_two = announced(&mut boris, "two").await;
    two.does("SEND_CHAT_MSG", [int(by_two), text("and I")].concat())
        .await;
    boris.hears(two.id, by_two, "and I").await;
    let mut guest = daemon.guest("guest").await;
    assert_eq!(guest.say("boris", "hi").await, 200);
    let by_guest = announced(&mut boris, "guest").await;
    assert_eq!(boris.event(MSG).await["room_id"], by_guest);
    // Once: the second message has its room already.
    assert_eq!(jim.say("boris", "again").await, 200);
    boris.hears(jims, by_jim, "again").await;
    // And back.
    boris.said(by_jim, "yes?").await;
    jim.hears("boris", "jim", "yes?").await;
    boris.said(by_talker, "yes?").await;
    assert_eq!(talker.hears("boris", "yes?").await["private"], true);
    boris.said(by_two, "yes?").await;
    two.hears(boris.id, by_two, "yes?").await;
    boris.said(by_guest, "yes?").await;
    guest.hears("boris", "guest", "yes?").await;
    boris.hears_nothing().await;
    let rooms = boris.answer(json!({"type": GET_ROOMS, "date": 0})).await;
    let rooms = rooms["rooms"].as_array().unwrap();
    for ((room, id), title) in rooms
        .iter()
        .zip([by_jim, by_talker, by_two, by_guest])
        .zip(["jim", "talker", "two", "guest"])
    {
        is_room(room, Some(2));
        assert_eq!((&room["id"], &room["name"]), (&json!(id), &json!(title)));
    }
    assert_eq!(rooms.len(), 4);
}

/// Anna and Boris over uchat, and the direct room of the two, made from JIM.
async fn two(daemon: &Daemon) -> (Uchat, Uchat, i32) {
    let mut anna = daemon.uchat_new("anna").await;
    let mut boris = daemon.uchat_new("boris").await;
    let mut jim = daemon.authenticated("anna").await;
    assert_eq!(jim.say("boris", "psst").await, 200);
    // The sender's other connection is told as anyone.
    let room = announced(&mut anna, "boris").await;
    anna.hears(anna.id, room, "psst").await;
    assert_eq!(announced(&mut boris, "anna").await, room);
    boris.hears(anna.id, room, "psst").await;
    (anna, boris, room)
}

#[tokio::test]
async fn a_direct_room_is_a_room_but_cannot_be_ruled() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris, room) = two(&daemon).await;
    let id = boris.said(room, "yes?").await;
    anna.event(MSG).await;
    for request in [
        json!({"type": 4, "room_id": room, "msg_id": id, "msg": "yes!", "power": 4}),
        json!({"type": 5, "room_id": room, "msg_id": id}),
    ] {
        boris.write(request.clone()).await;
        boris.is_told(request.clone()).await;
        anna.is_told(request).await;
    }
    assert_eq!(anna.newer(room, 0, 5).await.len(), 1);
    let members = anna
        .answer(json!({"type": GET_MEMBERS, "room_id": room}))
        .await;
    assert_eq!(
        members["members"],
        json!([{"id": anna.id, "login": "anna", "type": 3},
        {"id": boris.id, "login": "boris", "type": 3}])
    );
    // Joining one's own changes nothing.
    let answer = anna
        .answer(json!({"type": JOIN_ROOM, "room_id": room}))
        .await;
    assert_eq!(answer["name"], "boris");
    for request in [
        json!({"type": DEL_ROOM, "room_id": room}),
        json!({"type": DEL_HIST, "room_id": room}),
        json!({"type": UPD_ROOM_NAME, "room_id": room, "room_name": "x"}),
        json!({"type": UPD_ROOM_DESC, "room_id": room, "desc": "x"}),
        json!({"type": BAN_MEMBER, "room_id": room, "user_id": boris.id}),
    ] {
        anna.refused(3, request).await;
    }
    let found = anna.answer(json!({"type": SEARCH_CH, "name": ""})).await;
    assert!(
        found["rooms"]
            .as_array()
            .unwrap()
            .iter()
            .all(|found| found["id"] != room)
    );
    // Files, too.
    daemon.upload("anna", room, "a", b"hello").await;
    let file = number(&boris.event(MSG).await["message_id"]);
    anna.event(MSG).await;
    assert_eq!(daemon.download("boris", room, file).await.1, b"hello");
    boris.hears_nothing().await;
    anna.hears_nothing().await;
}

#[tokio::test]
async fn for_all_others_it_does_not_exist() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris, room) = two(&daemon).await;
    let mut clara = daemon.uchat_new("clara").await;
    let page = boris.newer(room, 0, 1).await;
    let id = page[0]["message_id"].clone();
    for request in [
        json!({"type": JOIN_ROOM, "room_id": room}),
        json!({"type": GET_MEMBERS, "room_id": room}),
        json!({"type": DEL_ROOM, "room_id": room}),
        json!({"type": DEL_HIST, "room_id": room}),
        json!({"type": UPD_ROOM_NAME, "room_id": room, "room_name": "x"}),
        json!({"type": UPD_ROOM_DESC, "room_id": room, "desc": "x"}),
        json!({"type": BAN_MEMBER, "room_id": room, "user_id": boris.id}),
        msg(room, "x"),
        json!({"type": 4, "room_id": room, "msg_id": id, "msg": "x"}),
        json!({"type": 5, "room_id": room, "msg_id": id}),
        json!({"type": GET_NEW_MSGS, "room_id": room, "date": 0, "count": 1}),
        json!({"type": OLD_MSGS, "room_id": room, "date": i64::MAX, "count": 1}),
        json!({"type": SEARCH_MSGS, "room_id": room, "msg": "psst"}),
    ] {
        let mut nowhere = request.clone();
        nowhere["room_id"] = json!(999_999);
        let expected = clara.refused(4, nowhere).await;
        assert_eq!(clara.refused(4, request).await, expected);
    }
    for request in [
        upload(&token("clara"), room, "a", 1),
        download(&token("clara"), room, number(&id)),
    ] {
        daemon.for_file().await.turned_away(4, request).await;
    }
    anna.hears_nothing().await;
    boris.hears_nothing().await;
}

#[tokio::test]
async fn what_is_said_to_somebody_who_is_offline_waits_in_the_history() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris, room) = two(&daemon).await;
    boris
        .answer(json!({"type": 26, "token": boris.token.clone()}))
        .await;
    anna.said(room, "are you there?").await;
    // "RQ_LOG_OUT: the token is dead."
    boris.log_in("boris").await;
    assert_eq!(
        boris.newer(room, 0, 1).await[0]["message"],
        "are you there?"
    );
    boris.said(room, "now I am").await;
    anna.hears(boris.id, room, "now I am").await;
}
