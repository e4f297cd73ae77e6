//! The hub as a library: sessions inside the process, their queues, their end, the end of the hub.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Waker};

use tolmach::commands::{self, AnyCommand};
use tolmach::hub::{Bounds, ConnectionInfo, Events, Scope};
use tolmach::model::{EndReason, Error, Event, RoomKind};

use crate::support::{Client, World, create_room, draft, enter, guest, name, say};

#[tokio::test]
async fn a_session_inside_the_process_says_and_hears() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let (mut session, mut events) = world.hub.attach("bot", Scope::AllRooms);
    session.call(guest("anna")).await.unwrap();
    session.call(enter(name("tea"))).await.unwrap();
    let mut boris = world.guest("boris").await;
    boris.enter(name("tea")).await;
    let mut all = Vec::new();
    while all.len() < 4 {
        all.push(Arc::unwrap_or_clone(events.next().await.unwrap()));
    }
    assert_eq!(
        crate::support::lines(&all),
        [
            "#tea online anna",
            "#tea joined anna",
            "#tea online boris",
            "#tea joined boris"
        ]
    );
    assert_eq!(events.try_next(), None);
    world.hub.end_all();
    assert_eq!(
        events.next().await,
        Some(Arc::new(Event::Ended(EndReason::Shutdown)))
    );
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn long_events_pass_whole_and_in_order() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let mut anna = world.guest("anna").await;
    anna.enter(name("tea")).await;
    anna.told();
    let long = "ж".repeat(100_000);
    anna.say(name("tea"), &long).await;
    anna.say(name("tea"), "short").await;
    assert_eq!(
        anna.heard(),
        [format!("#tea anna: {long}"), "#tea anna: short".to_owned()]
    );
}

#[tokio::test]
async fn who_does_not_read_is_ended_and_the_others_go_on() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let mut anna = world.guest("anna").await;
    anna.enter(name("tea")).await;
    let (sink, events) = Events::channel(Bounds {
        events: 5,
        bytes: 0,
    });
    let encoder = Events::encoder();
    let session = world.hub.connect(ConnectionInfo {
        dialect: "slow",
        address: None,
        exclusive: false,
        scope: Scope::AllRooms,
        encoder,
        sink,
    });
    let mut slow = Client { session, events };
    slow.ok(guest("slow")).await;
    slow.enter(name("tea")).await;
    slow.told();
    anna.told();
    for number in 0..6 {
        anna.say(name("tea"), &number.to_string()).await;
    }
    let heard = anna.heard();
    assert_eq!(heard.len(), 7);
    assert_eq!(heard[6], "#tea idle slow");
    // What it never began to read is dropped: it recovers from the history.
    assert_eq!(slow.heard(), ["ended TooSlow"]);
    assert_eq!(slow.events.next().await, None);
}

#[tokio::test]
async fn nothing_is_carried_out_for_a_session_that_was_ended() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let mut anna = world.account("anna").await;
    anna.enter(name("tea")).await;
    world.op(commands::CloseSession { id: anna.id() }).await;
    for command in [
        AnyCommand::from(say(name("tea"), "still here")),
        AnyCommand::from(commands::Leave { room: name("tea") }),
        AnyCommand::from(commands::MyRooms),
        AnyCommand::from(guest("boris")),
    ] {
        assert_eq!(anna.err(command).await, Error::Unauthenticated);
    }
    let (tell, told) = tokio::sync::oneshot::channel();
    let answer = move |outcome: tolmach::model::Result<_>| {
        tell.send(outcome.is_err()).unwrap();
    };
    anna.session
        .post(draft(name("tea"), "still here"), answer)
        .await;
    assert!(told.await.unwrap());
    let sessions = world.op(commands::Sessions).await.sessions;
    assert!(sessions.is_empty());
}

#[tokio::test]
async fn who_hears_no_more_can_still_speak() {
    let world = World::new().await;
    let (mut session, events) = world.hub.attach("bot", Scope::AllRooms);
    drop(events);
    session.call(guest("anna")).await.unwrap();
    session
        .call(create_room("tea", RoomKind::Public))
        .await
        .unwrap();
    assert!(session.call(say(name("tea"), "hello")).await.is_ok());
}

#[tokio::test]
async fn what_is_said_without_waiting_is_accepted_in_order() {
    for world in World::of_each_kind().await {
        world.room("tea", RoomKind::Public, []).await;
        let mut anna = world.guest("anna").await;
        anna.enter(name("tea")).await;
        anna.told();
        for number in 0..50 {
            anna.session
                .post(draft(name("tea"), &number.to_string()), |_| {})
                .await;
        }
        // A call comes after what was posted before.
        let texts = anna.texts(name("tea")).await;
        world.settled().await;
        let all: Vec<String> = (0..50).map(|number| number.to_string()).collect();
        assert_eq!(anna.texts(name("tea")).await, all);
        assert!(all.starts_with(&texts));
        assert_eq!(
            anna.heard(),
            all.iter()
                .map(|text| format!("#tea anna: {text}"))
                .collect::<Vec<_>>()
        );
    }
}

#[tokio::test]
async fn a_stopped_hub_answers_that_it_is_unavailable() {
    for world in World::of_each_kind().await {
        world.room("tea", RoomKind::Public, []).await;
        let mut anna = world.account("anna").await;
        anna.enter(name("tea")).await;
        let mut last = Box::pin(anna.session.call(say(name("tea"), "the last words")));
        assert!(
            last.as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
        world.hub.stop().await;
        assert!(
            last.await.is_ok(),
            "what was under way is carried out and answered"
        );
        assert_eq!(
            world.op_err(create_room("coffee", RoomKind::Public)).await,
            Error::Unavailable
        );
        assert_eq!(
            anna.heard().last().map(String::as_str),
            Some("ended Shutdown")
        );
        let mut late = world.client();
        assert_eq!(late.err(guest("boris")).await, Error::Unavailable);
    }
}

#[tokio::test]
async fn many_events_are_found_by_who_does_not_wait() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let mut anna = world.guest("anna").await;
    anna.enter(name("tea")).await;
    anna.told();
    for number in 0..1000 {
        anna.say(name("tea"), &number.to_string()).await;
    }
    assert_eq!(anna.told().len(), 1000);
}

#[tokio::test]
async fn when_all_end_nobody_is_told_of_the_others() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let mut clients = Vec::new();
    for number in 0..20 {
        let mut client = world.guest(&format!("guest{number}")).await;
        client.enter(name("tea")).await;
        clients.push(client);
    }
    clients.iter_mut().for_each(|client| drop(client.told()));
    world.hub.end_all();
    for client in &mut clients {
        assert_eq!(client.heard(), ["ended Shutdown"]);
    }
    let sessions = world.op(commands::Sessions).await.sessions;
    assert!(sessions.is_empty());
    world.settled().await;
    let members = world.op(commands::Members { room: name("tea") }).await;
    assert_eq!(members.len(), 0);
}
