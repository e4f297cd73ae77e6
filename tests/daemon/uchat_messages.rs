//! uchat: what is said, edited and deleted, and its exact objects.

use serde_json::json;

use crate::support::uchat::{DEL_MSG, EDIT_MSG, MSG, has_keys, is_message, msg, number};
use crate::support::{Daemon, Uchat};

/// Anna and Boris in Anna's room.
async fn two(daemon: &Daemon) -> (Uchat, Uchat, i32) {
    let mut anna = daemon.uchat_new("anna").await;
    let mut boris = daemon.uchat_new("boris").await;
    let tea = anna.new_room("tea", 1).await;
    boris.join(tea).await;
    anna.event(21).await;
    (anna, boris, tea)
}

#[tokio::test]
async fn the_echo_is_what_everybody_gets() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris, tea) = two(&daemon).await;
    let mut last = 0;
    for text in ["hello", "привет\n\t👋", "\"\\/{}", "a  b"] {
        anna.say(tea, text).await;
        let echo = anna.hears(anna.id, tea, text).await;
        assert_eq!(boris.next().await, echo);
        assert_eq!(
            json!([
                echo["msg_type"],
                echo["status"],
                echo["file_size"],
                echo["file_name"],
                echo["power"]
            ]),
            json!([0, 0, 0, "", text.len()])
        );
        let id = number(&echo["message_id"]);
        assert!(id > last);
        last = id;
        assert_eq!(boris.newer(tea, 0, 1).await[0]["date"], echo["date"]);
    }
}

#[tokio::test]
async fn a_message_has_1_to_800_bytes_its_ends_trimmed() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris, tea) = two(&daemon).await;
    let (full, wide) = ("x".repeat(800), "ж".repeat(400));
    for (said, heard) in [
        ("  hello \n", "hello"),
        ("\u{3000}wide\u{a0}", "wide"),
        (full.as_str(), full.as_str()),
        (&format!("   {wide}\r\n"), wide.as_str()),
        ("a\r\nb\rc\u{1}d", "a\nb\nc\u{FFFD}d"),
    ] {
        anna.say(tea, said).await;
        let told = anna.hears(anna.id, tea, heard).await;
        assert_eq!(told["power"], heard.len());
        boris.hears(anna.id, tea, heard).await;
    }
    let id = anna.said(tea, "to be edited").await;
    boris.event(MSG).await;
    let long = "x".repeat(801);
    let wide = "ж".repeat(401);
    for bad in ["", "  \n", &long, &wide] {
        assert!(anna.refused(5, msg(tea, bad)).await.contains("message"));
        let edit = json!({"type": EDIT_MSG, "room_id": tea, "msg_id": id, "msg": bad});
        assert!(anna.refused(5, edit).await.contains("msg"));
    }
    boris.hears_nothing().await;
}

#[tokio::test]
async fn an_edit_and_a_deletion_are_told_to_everybody() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris, tea) = two(&daemon).await;
    let id = anna.said(tea, "helo").await;
    boris.event(MSG).await;
    anna.write(json!({"type": EDIT_MSG, "room_id": tea, "msg_id": id, "msg": " hellö "}))
        .await;
    let told = json!({"type": EDIT_MSG, "room_id": tea, "msg_id": id, "msg": "hellö", "power": 6});
    anna.is_told(told.clone()).await;
    boris.is_told(told).await;
    let page = boris.newer(tea, 0, 5).await;
    assert_eq!(
        json!([
            page[0]["message_id"],
            page[0]["message"],
            page[0]["status"],
            page[0]["power"]
        ]),
        json!([id, "hellö", 1, 6])
    );
    let delete = json!({"type": DEL_MSG, "room_id": tea, "msg_id": id});
    anna.write(delete.clone()).await;
    anna.is_told(delete.clone()).await;
    boris.is_told(delete.clone()).await;
    assert_eq!(boris.newer(tea, 0, 5).await.len(), 0);
    boris.refused(4, delete).await;
    anna.refused(
        4,
        json!({"type": EDIT_MSG, "room_id": tea, "msg_id": id, "msg": "again"}),
    )
    .await;
}

#[tokio::test]
async fn a_sticker_is_a_type_and_a_text_in_colons_elsewhere() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris, tea) = two(&daemon).await;
    daemon.account("clara").await;
    let mut talker = daemon.talker_in("clara", "tea").await;
    for client in [&mut anna, &mut boris] {
        client.event(21).await;
    }
    anna.write(json!({"type": MSG, "room_id": tea, "message": " cat_7 ", "msg_type": 3}))
        .await;
    let told = anna.hears(anna.id, tea, "cat_7").await;
    assert_eq!((&told["msg_type"], &told["power"]), (&json!(3), &json!(5)));
    assert_eq!(boris.next().await, told);
    talker.hears("anna", ":cat_7:").await;
    assert_eq!(boris.newer(tea, 0, 1).await[0], {
        let mut object = told;
        object.as_object_mut().unwrap().remove("type");
        object
    });
    for kind in [1, 2, 4, -1] {
        let bad = json!({"type": MSG, "room_id": tea, "message": "x", "msg_type": kind});
        assert!(anna.refused(5, bad).await.contains("msg_type"));
    }
}

#[tokio::test]
async fn an_emote_is_a_text_that_begins_with_me_and_stays_one_when_edited() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris, tea) = two(&daemon).await;
    daemon.account("clara").await;
    let mut talker = daemon.talker_in("clara", "tea").await;
    for client in [&mut anna, &mut boris] {
        client.event(21).await;
    }
    let id = anna.said(tea, "/me waves").await;
    boris.hears(anna.id, tea, "/me waves").await;
    assert_eq!(talker.hears("anna", "waves").await["action"], true);
    talker
        .write(json!({"type": "message", "content": "bows", "action": true}))
        .await;
    talker.event("message").await;
    for client in [&mut anna, &mut boris] {
        assert_eq!(client.event(MSG).await["message"], "/me bows");
    }
    anna.write(json!({"type": EDIT_MSG, "room_id": tea, "msg_id": id, "msg": "/me nods"}))
        .await;
    for client in [&mut anna, &mut boris] {
        let told = client.event(EDIT_MSG).await;
        has_keys(&told, "type room_id msg_id msg power");
        assert_eq!(
            (&told["msg"], &told["power"]),
            (&json!("/me nods"), &json!(8))
        );
    }
    assert_eq!(talker.hears("anna", "✎ nods").await["action"], true);
}

#[tokio::test]
async fn a_file_that_is_edited_is_a_file_with_text() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris, tea) = two(&daemon).await;
    daemon.upload("anna", tea, "cat.png", b"meow").await;
    let id = number(&anna.event(MSG).await["message_id"]);
    boris.event(MSG).await;
    let edit = json!({"type": EDIT_MSG, "room_id": tea, "msg_id": id, "msg": "my cat"});
    anna.ask(edit).await;
    boris.event(EDIT_MSG).await;
    let page = boris.newer(tea, 0, 1).await;
    is_message(&page[0]);
    assert_eq!(
        json!([
            page[0]["msg_type"],
            page[0]["message"],
            page[0]["file_name"],
            page[0]["file_size"],
            page[0]["power"]
        ]),
        json!([2, "my cat", "cat.png", 4, 4])
    );
    assert_eq!(daemon.download("boris", tea, id).await.1, b"meow");
}

#[tokio::test]
async fn requests_that_come_at_once_are_carried_out_in_their_order() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris, tea) = two(&daemon).await;
    let stream: String = (0..300)
        .map(|n| format!("{}\n", msg(tea, &n.to_string())))
        .collect();
    let end = json!({"type": EDIT_MSG, "room_id": tea, "msg_id": 1, "msg": "first"});
    anna.send(format!("{stream}{end}\n")).await;
    for n in 0..300 {
        let told = anna.hears(anna.id, tea, &n.to_string()).await;
        assert_eq!(boris.next().await, told);
    }
    assert_eq!(anna.event(EDIT_MSG).await["msg"], "first");
}

#[tokio::test]
async fn all_see_one_order_whatever_is_said_at_once() {
    const EACH: usize = 50;
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris, tea) = two(&daemon).await;
    daemon.account("talker").await;
    let mut jim = daemon.guest_in("jim", "#tea").await;
    let mut talker = daemon.talker_in("talker", "tea").await;
    let mut observer = daemon.uchat_new("observer").await;
    observer.join(tea).await;
    for client in [&mut anna, &mut boris] {
        for _ in 0..3 {
            client.event(21).await;
        }
    }
    for n in 0..EACH {
        let said = jim.msg("#tea", &format!("jim {n}"));
        jim.write(said).await;
        anna.say(tea, &format!("anna {n}")).await;
        talker.say(&format!("talker {n}")).await;
        boris.say(tea, &format!("boris {n}")).await;
    }
    let mut lists = Vec::new();
    for client in [&mut anna, &mut boris, &mut observer] {
        let mut list = Vec::new();
        for _ in 0..4 * EACH {
            list.push(client.event(MSG).await);
        }
        client.hears_nothing().await;
        lists.push(list);
    }
    assert!(lists[0] == lists[1] && lists[1] == lists[2]);
    assert!(
        lists[0]
            .windows(2)
            .all(|pair| number(&pair[0]["message_id"]) < number(&pair[1]["message_id"]))
    );
    for speaker in ["anna", "boris", "jim", "talker"] {
        let own = lists[0].iter().filter_map(|said| said["message"].as_str());
        let own = own.filter(|text| text.starts_with(speaker));
        assert!(own.eq((0..EACH).map(|n| format!("{speaker} {n}"))));
    }
}
