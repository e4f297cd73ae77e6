//! uchat: accepted is durable, and what the store cannot do.

use std::sync::Arc;

use serde_json::json;
use tolmach::store::MemoryStore;

use crate::support::uchat::{
    BAN_MEMBER, DEL_HIST, DEL_MSG, DEL_ROOM, EDIT_MSG, GET_ROOMS, JOIN_ROOM, LOG_OUT, MSG, TOKEN,
    UPD_ROOM_DESC, UPD_ROOM_NAME, UPD_USER_DESC, log_in, msg, new_room, sign_up,
};
use crate::support::{Daemon, Fault, FaultyStore, Uchat, failing_hub, held_hub, token};

/// A gateway whose store can fail.
async fn failing() -> (Daemon, Arc<FaultyStore<MemoryStore>>) {
    let (hub, store) = failing_hub().await;
    (Daemon::over(hub, "").await, store)
}

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
async fn nobody_is_told_before_the_commit() {
    let (hub, held) = held_hub().await;
    let daemon = Daemon::over(hub, "").await;
    let (mut anna, mut boris, tea) = two(&daemon).await;
    held.hold();
    anna.say(tea, "first").await;
    held.until(1).await;
    boris.hears_nothing().await;
    boris.say(tea, "second").await;
    held.until(2).await;
    held.let_go();
    for client in [&mut anna, &mut boris] {
        assert_eq!(client.event(MSG).await["message"], "first");
        assert_eq!(client.event(MSG).await["message"], "second");
    }
}

#[tokio::test]
async fn an_account_that_was_made_is_not_said_to_be_not_made() {
    let (daemon, store) = failing().await;
    store.fail_after(1, Fault::Unavailable);
    let mut newcomer = daemon.uchat().await;
    newcomer.write(sign_up("dora")).await;
    newcomer.end().await;
    store.fail(Fault::None);
    let mut dora = daemon.uchat().await;
    dora.refused(1, sign_up("dora")).await;
}

#[tokio::test]
async fn what_the_store_refuses_is_error_7_and_nobody_sees_it() {
    let (daemon, store) = failing().await;
    let (mut anna, mut boris, tea) = two(&daemon).await;
    daemon.account("clara").await;
    let other = boris.new_room("other", 1).await;
    let id = anna.said(tea, "before").await;
    boris.event(MSG).await;
    store.fail(Fault::Unavailable);
    for request in [
        msg(tea, "lost"),
        json!({"type": EDIT_MSG, "room_id": tea, "msg_id": id, "msg": "lost"}),
        json!({"type": DEL_MSG, "room_id": tea, "msg_id": id}),
        json!({"type": DEL_HIST, "room_id": tea}),
        json!({"type": DEL_ROOM, "room_id": tea}),
        json!({"type": UPD_ROOM_NAME, "room_id": tea, "room_name": "lost"}),
        json!({"type": UPD_ROOM_DESC, "room_id": tea, "desc": "lost"}),
        json!({"type": BAN_MEMBER, "room_id": tea, "user_id": boris.id}),
        json!({"type": JOIN_ROOM, "room_id": other}),
        json!({"type": UPD_USER_DESC, "desc": "lost"}),
        json!({"type": LOG_OUT, "token": token("anna")}),
    ] {
        anna.refused(7, request).await;
    }
    anna.send(new_room("lost", "", 1)).await;
    anna.error(7).await;
    let mut newcomer = daemon.uchat().await;
    newcomer.refused(7, sign_up("dora")).await;
    newcomer.refused(7, log_in("clara")).await;
    newcomer
        .refused(7, json!({"type": TOKEN, "token": token("clara")}))
        .await;
    store.fail(Fault::None);
    // All goes on as before, and nothing was half-done.
    boris.hears_nothing().await;
    anna.said(tea, "after").await;
    boris.hears(anna.id, tea, "after").await;
    assert_eq!(boris.newer(tea, 0, 9).await.len(), 2);
    let rooms = anna.answer(json!({"type": GET_ROOMS, "date": 0})).await;
    assert_eq!(rooms["rooms"].as_array().unwrap().len(), 1);
    newcomer.log_in("clara").await;
}

#[tokio::test]
async fn where_the_outcome_is_unknown_the_sender_is_closed_without_an_answer() {
    let requests = [
        |tea: i32, _: i32| msg(tea, "unknown").to_string(),
        |tea, id| {
            json!({"type": EDIT_MSG, "room_id": tea, "msg_id": id, "msg": "unknown"}).to_string()
        },
        |tea, id| json!({"type": DEL_MSG, "room_id": tea, "msg_id": id}).to_string(),
        |tea, _| json!({"type": DEL_HIST, "room_id": tea}).to_string(),
        |tea, _| json!({"type": DEL_ROOM, "room_id": tea}).to_string(),
        |tea, _| json!({"type": UPD_ROOM_DESC, "room_id": tea, "desc": "unknown"}).to_string(),
        |_, _| json!({"type": LOG_OUT, "token": token("anna")}).to_string(),
        |_, _| new_room("unknown", "", 1).trim().to_owned(),
    ];
    for request in requests {
        let (daemon, store) = failing().await;
        let (mut anna, mut boris, tea) = two(&daemon).await;
        let id = anna.said(tea, "before").await;
        boris.event(MSG).await;
        store.fail(Fault::Unknown);
        anna.send(request(tea, id) + "\n").await;
        anna.end().await;
        boris.hears_nothing().await;
        let mut newcomer = daemon.uchat().await;
        newcomer.write(sign_up("dora")).await;
        newcomer.end().await;
    }
}

#[tokio::test]
async fn all_of_it_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let daemon = Daemon::on_disk(dir.path(), "").await;
    let (mut anna, mut boris, tea) = two(&daemon).await;
    let edited = anna.said(tea, "helo").await;
    anna.ask(json!({"type": EDIT_MSG, "room_id": tea, "msg_id": edited, "msg": "hello"}))
        .await;
    anna.ask(json!({"type": UPD_ROOM_NAME, "room_id": tea, "room_name": "Green tea"}))
        .await;
    let page = anna.newer(tea, 0, 5).await;
    let rooms = anna.answer(json!({"type": GET_ROOMS, "date": 0})).await;
    boris.hears(anna.id, tea, "helo").await;
    let (annas, boriss) = (anna.id, boris.id);
    daemon.stop().await;
    let daemon = Daemon::on_disk(dir.path(), "").await;
    let mut anna = daemon.uchat_of("anna").await;
    assert_eq!(anna.newer(tea, 0, 5).await, page);
    assert_eq!(
        anna.answer(json!({"type": GET_ROOMS, "date": 0})).await,
        rooms
    );
    let mut boris = daemon.uchat_of("boris").await;
    boris.said(tea, "again").await;
    anna.hears(boriss, tea, "again").await;
    anna.said(tea, "yes").await;
    boris.hears(annas, tea, "yes").await;
    daemon.stop().await;
}
