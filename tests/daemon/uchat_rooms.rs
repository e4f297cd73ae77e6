//! uchat: rooms made, found, joined, changed and ended, and who is told.

use serde_json::json;
use tolmach::commands;
use tolmach::model::RoomSelector;

use crate::support::uchat::{
    DEL_ROOM, GET_MEMBERS, GET_ROOMS, JOIN_ROOM, NEW_ROOM, SEARCH_CH, UPD_ROOM_DESC, UPD_ROOM_NAME,
    UPD_USER_DESC, column, has_keys, is_room, new_room, number,
};
use crate::support::{Daemon, Jim, Uchat, room, user};

/// The rooms that RQ_GET_ROOMS lists: their numbers.
async fn mine(client: &mut Uchat, date: i64) -> Vec<i32> {
    let answer = client
        .answer(json!({"type": GET_ROOMS, "date": date}))
        .await;
    has_keys(&answer, "type rooms");
    column(&answer["rooms"], "id")
        .into_iter()
        .map(number)
        .collect()
}

#[tokio::test]
async fn a_new_room_is_its_makers_and_is_told_to_nobody_else() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.uchat_new("anna").await;
    let mut boris = daemon.uchat_new("boris").await;
    // The second `type` is the room's; where keys repeat the first is the request.
    anna.send(new_room("Чай & cakes", "all about tea", 1)).await;
    let made = anna.event(NEW_ROOM).await;
    is_room(&made, Some(NEW_ROOM));
    assert_eq!(made["name"], "Чай & cakes");
    assert_eq!(made["desc"], "all about tea");
    assert_eq!(made["customer_id"], anna.id);
    let public = number(&made["id"]);
    let private = anna.new_room("Чай & cakes", 0).await;
    anna.hears_nothing().await;
    boris.hears_nothing().await;
    let listed = anna.answer(json!({"type": GET_ROOMS, "date": 0})).await;
    let rooms = listed["rooms"].as_array().unwrap();
    is_room(&rooms[0], Some(1));
    is_room(&rooms[1], Some(0));
    assert_eq!(column(&listed["rooms"], "id"), [public, private]);
    assert_eq!(rooms[0]["date"], made["date"]);
    // "Created after date."
    let date = made["date"].as_i64().unwrap();
    assert_eq!(mine(&mut anna, date - 1).await[0], public);
    assert!(!mine(&mut anna, date).await.contains(&public));
    assert_eq!(mine(&mut boris, 0).await, [] as [i32; 0]);
    let members = anna
        .answer(json!({"type": GET_MEMBERS, "room_id": public}))
        .await;
    assert_eq!(
        members,
        json!({"type": GET_MEMBERS, "room_id": public,
        "members": [{"id": anna.id, "login": "anna", "type": 0}]})
    );
    // Other keys between, and the types as far apart as can be.
    anna.send(
        "{\"type\":12,\"x\":{\"type\":5},\"desc\":\"\",\"type\":0,\"name\":\"n\",\"type\":7}\n",
    )
    .await;
    anna.event(NEW_ROOM).await;
    for (bad, field) in [
        (new_room("x", "", 2), "type"),
        (new_room("x", "", 3), "type"),
        (new_room("", "", 1), "name"),
        (new_room(&"я".repeat(101), "", 1), "name"),
        (new_room("\u{200b}", "", 1), "name"),
        (new_room("x", &"d".repeat(4001), 1), "desc"),
    ] {
        anna.send(bad).await;
        let text = anna.error(5).await;
        assert!(text.contains(field), "{text}");
    }
    anna.new_room(&"я".repeat(100), 1).await;
}

#[tokio::test]
async fn a_room_of_a_title_gets_a_name_for_the_other_dialects() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.uchat_new("anna").await;
    let first = anna.new_room("Green tea", 1).await;
    let second = anna.new_room("Green tea", 1).await;
    let mut names = Vec::new();
    let rooms = daemon.operate(commands::Rooms).await;
    for id in [first, second] {
        let room = rooms.iter().find(|room| room.id.0 == id).unwrap();
        assert_eq!(room.title, "Green tea");
        names.push(room.name.clone());
    }
    assert_eq!(names[1], format!("{}-2", names[0]));
    let mut jim = daemon.guest("boris").await;
    jim.join(&format!("#{}", names[1])).await;
    anna.event(21).await;
    assert_eq!(jim.say(&format!("#{}", names[1]), "hi").await, 200);
    assert_eq!(anna.event(3).await["room_id"], second);
}

#[tokio::test]
async fn whoever_joins_is_told_the_room_and_all_are_told_of_the_member_once() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.uchat_new("anna").await;
    let mut boris = daemon.uchat_new("boris").await;
    let tea = anna.new_room("Tea", 1).await;
    let answer = boris
        .answer(json!({"type": JOIN_ROOM, "room_id": tea}))
        .await;
    is_room(&answer, Some(JOIN_ROOM));
    assert_eq!(
        (&answer["id"], &answer["name"], &answer["customer_id"]),
        (&json!(tea), &json!("Tea"), &json!(anna.id))
    );
    boris.sees_member(tea, boris.id, "boris").await;
    anna.sees_member(tea, boris.id, "boris").await;
    // Again: a member already.
    boris
        .answer(json!({"type": JOIN_ROOM, "room_id": tea}))
        .await;
    boris.hears_nothing().await;
    anna.hears_nothing().await;
    assert_eq!(mine(&mut boris, 0).await, [tea]);
    boris
        .refused(4, json!({"type": JOIN_ROOM, "room_id": 999_999}))
        .await;
}

#[tokio::test]
async fn a_member_of_any_dialect_is_announced_before_its_first_message() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.uchat_new("anna").await;
    let tea = anna.new_room("tea", 1).await;
    let mut boris = daemon.uchat_new("boris").await;
    boris.join(tea).await;
    boris.said(tea, "first").await;
    anna.sees_member(tea, boris.id, "boris").await;
    anna.hears(boris.id, tea, "first").await;
    let mut guest: Jim = daemon.guest_in("guest", "#tea").await;
    assert_eq!(guest.say("#tea", "by jim").await, 200);
    let joined = anna.event(21).await;
    assert_eq!(joined["login"], "guest");
    let guests = number(&joined["user_id"]);
    anna.hears(guests, tea, "by jim").await;
    let talkers = daemon.account("talker").await;
    daemon
        .talker_in("talker", "tea")
        .await
        .said("by talker")
        .await;
    anna.sees_member(tea, talkers, "talker").await;
    anna.hears(talkers, tea, "by talker").await;
    daemon.account("two").await;
    let mut two = daemon.purpose_in(2, "two", tea).await;
    two.say(tea, "by purpose").await;
    anna.sees_member(tea, two.id, "two").await;
    anna.hears(two.id, tea, "by purpose").await;
    // By the operator.
    let fifth = daemon.account("fifth").await;
    daemon
        .operate(commands::AddMember {
            room: room("tea"),
            user: user("fifth"),
        })
        .await;
    anna.sees_member(tea, fifth, "fifth").await;
    // Who comes back, did not leave.
    drop(two);
    let mut two = daemon.purpose_of(2, "two").await;
    two.say(tea, "again").await;
    anna.hears(two.id, tea, "again").await;
}

#[tokio::test]
async fn what_one_joins_elsewhere_is_announced_to_ones_uchat_connection() {
    let daemon = Daemon::start("rooms.create = ['tea']").await;
    let mut anna = daemon.uchat_new("anna").await;
    let mut jim = daemon.authenticated("anna").await;
    jim.join("#tea").await;
    let told = anna.event(JOIN_ROOM).await;
    is_room(&told, Some(JOIN_ROOM));
    assert_eq!(
        (&told["name"], &told["customer_id"]),
        (&json!("tea"), &json!(0))
    );
    let tea = number(&told["id"]);
    assert_eq!(jim.join("#own").await, 201);
    let own = anna.event(JOIN_ROOM).await;
    assert_eq!(own["customer_id"], anna.id);
    assert_eq!(jim.say("#tea", "hi").await, 200);
    anna.hears(anna.id, tea, "hi").await;
    jim.leave("#tea").await;
    anna.is_told(json!({"type": DEL_ROOM, "room_id": tea}))
        .await;
    daemon
        .operate(commands::RemoveMember {
            room: RoomSelector::Name("own".to_owned()),
            user: user("anna"),
        })
        .await;
    anna.is_told(json!({"type": DEL_ROOM, "room_id": own["id"]}))
        .await;
    anna.hears_nothing().await;
}

#[tokio::test]
async fn names_and_descriptions_are_told_to_every_member() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.uchat_new("anna").await;
    let mut boris = daemon.uchat_new("boris").await;
    let mut stranger = daemon.uchat_new("clara").await;
    let tea = anna.new_room("Tea", 1).await;
    boris.join(tea).await;
    anna.event(21).await;
    let wide = "ж".repeat(100);
    for (kind, key, value) in [
        (UPD_ROOM_NAME, "room_name", "Green tea"),
        (UPD_ROOM_NAME, "room_name", wide.as_str()),
        (UPD_ROOM_DESC, "desc", "all about it"),
        (UPD_ROOM_DESC, "desc", ""),
    ] {
        let request = json!({"type": kind, "room_id": tea, key: value});
        assert_eq!(anna.ask(request.clone()).await, request);
        boris.is_told(request).await;
    }
    let long = "d".repeat(4001);
    for request in [
        json!({"type": UPD_ROOM_DESC, "room_id": tea, "desc": long}),
        json!({"type": UPD_USER_DESC, "desc": long}),
    ] {
        assert!(anna.refused(5, request).await.contains("desc"));
    }
    let request = json!({"type": UPD_ROOM_DESC, "room_id": tea, "desc": &long[1..]});
    assert_eq!(anna.ask(request.clone()).await, request);
    boris.is_told(request).await;
    for name in ["", "  ", "\u{200b}", &"ж".repeat(101)] {
        let text = anna
            .refused(
                5,
                json!({"type": UPD_ROOM_NAME, "room_id": tea, "room_name": name}),
            )
            .await;
        assert!(text.contains("room_name"), "{text}");
    }
    boris.hears_nothing().await;
    stranger.hears_nothing().await;
    let found = stranger
        .answer(json!({"type": SEARCH_CH, "name": "ж"}))
        .await;
    assert_eq!(found["rooms"][0]["name"], wide.as_str());
}
