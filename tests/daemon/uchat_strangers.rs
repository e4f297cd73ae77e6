//! uchat: rooms that one is not in.

use serde_json::json;
use tolmach::commands;
use tolmach::model::{RoomKind, RoomSelector};

use crate::support::uchat::{
    BAN_MEMBER, DEL_ROOM, GET_MEMBERS, GET_NEW_MSGS, JOIN_ROOM, SEARCH_CH, SEARCH_MSGS,
    UPD_ROOM_DESC, UPD_ROOM_NAME, has_keys, is_room, msg, new_room,
};
use crate::support::{Daemon, Uchat, room, user};

/// The titles that RQ_SEARCH_CH finds.
async fn found(client: &mut Uchat, name: &str) -> Vec<String> {
    let answer = client
        .answer(json!({"type": SEARCH_CH, "name": name}))
        .await;
    has_keys(&answer, "type rooms");
    let rooms = answer["rooms"].as_array().unwrap();
    rooms.iter().for_each(|room| is_room(room, Some(1)));
    let name = |room: &serde_json::Value| room["name"].as_str().unwrap().to_owned();
    rooms.iter().map(name).collect()
}

#[tokio::test]
async fn a_search_finds_what_is_not_private_and_not_ones_own() {
    let daemon = Daemon::start("rooms.create = ['Teahouse', 'coffee']").await;
    let mut anna = daemon.uchat_new("anna").await;
    let mut boris = daemon.uchat_new("boris").await;
    let own = anna.new_room("TEA for two", 1).await;
    anna.new_room("Tea in secret", 0).await;
    anna.new_room("my tea", 1).await;
    anna.new_room("%", 1).await;
    let mut names = found(&mut boris, "tea").await;
    names.sort();
    assert_eq!(names, ["TEA for two", "Teahouse"]);
    assert_eq!(found(&mut boris, "%").await, ["%"]);
    assert_eq!(found(&mut boris, "tea_").await, [] as [&str; 0]);
    assert_eq!(found(&mut boris, "").await.len(), 5);
    boris.join(own).await;
    anna.event(21).await;
    assert_eq!(found(&mut boris, "tea").await, ["Teahouse"]);
    assert_eq!(found(&mut anna, "tea").await, ["Teahouse"]);
    // By its name, where it has another title.
    daemon
        .operate(commands::SetTitle {
            room: room("coffee"),
            title: "Beans".to_owned(),
        })
        .await;
    assert_eq!(found(&mut boris, "COFF").await, ["Beans"]);
    assert_eq!(found(&mut boris, "bea").await, ["Beans"]);
}

#[tokio::test]
async fn a_private_room_does_not_exist_for_strangers() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.uchat_new("anna").await;
    let mut boris = daemon.uchat_new("boris").await;
    let secret = anna.new_room("secret", 0).await;
    for request in [
        json!({"type": JOIN_ROOM, "room_id": secret}),
        json!({"type": GET_MEMBERS, "room_id": secret}),
        json!({"type": DEL_ROOM, "room_id": secret}),
        json!({"type": UPD_ROOM_NAME, "room_id": secret, "room_name": "x"}),
        json!({"type": UPD_ROOM_DESC, "room_id": secret, "desc": "x"}),
        json!({"type": BAN_MEMBER, "room_id": secret, "user_id": anna.id}),
        msg(secret, "x"),
        json!({"type": 4, "room_id": secret, "msg_id": 1, "msg": "x"}),
        json!({"type": 5, "room_id": secret, "msg_id": 1}),
        json!({"type": 6, "room_id": secret}),
        json!({"type": GET_NEW_MSGS, "room_id": secret, "date": 0, "count": 1}),
        json!({"type": SEARCH_MSGS, "room_id": secret, "msg": "x"}),
    ] {
        // In the words in which one that is nowhere does not.
        let mut nowhere = request.clone();
        nowhere["room_id"] = json!(999_999);
        let expected = boris.refused(4, nowhere).await;
        assert_eq!(boris.refused(4, request).await, expected);
    }
    daemon
        .operate(commands::AddMember {
            room: RoomSelector::Id(tolmach::model::RoomId(secret)),
            user: user("boris"),
        })
        .await;
    let told = boris.event(JOIN_ROOM).await;
    assert_eq!(told["id"], secret);
    anna.sees_member(secret, boris.id, "boris").await;
    boris.said(secret, "in").await;
    anna.hears(boris.id, secret, "in").await;
}

#[tokio::test]
async fn a_room_with_a_password_cannot_be_entered_from_here() {
    let daemon = Daemon::start("limits.rooms_per_user = 2").await;
    let mut anna = daemon.uchat_new("anna").await;
    let locked = daemon
        .create_room("locked", RoomKind::Public, Some("key"))
        .await;
    anna.refused(3, json!({"type": JOIN_ROOM, "room_id": locked}))
        .await;
    anna.refused(3, json!({"type": GET_MEMBERS, "room_id": locked}))
        .await;
    // A limit on rooms is error 3, too.
    for name in ["one", "two"] {
        anna.new_room(name, 1).await;
    }
    anna.send(new_room("three", "", 1)).await;
    anna.error(3).await;
}
