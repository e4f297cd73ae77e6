//! Two hubs on one bus. Each has a store of its own here, made alike: what counts is what reaches whom.

use std::sync::Arc;

use tolmach::bus::{Bus, Envelope, LocalBus, Payload, VERSION};
use tolmach::commands;
use tolmach::model::{
    Event, NodeId, Origin, Role, RoomChange, RoomEvent, RoomKind, Seq, SessionId, Timestamp,
    UserId, UserRef,
};

use crate::support::{Client, World, create_room, login, name, to_user};

/// Two alike, with `tea` and its members in both, anna at the first and boris at the second.
async fn pair(bus: &Arc<LocalBus>) -> [(World, Client); 2] {
    let mut worlds = Vec::new();
    for user in ["anna", "boris"] {
        // Made apart, so that neither hears how the other was made.
        let world = World::on_bus(bus.clone(), |_| {}).await;
        worlds.push((world, user));
    }
    let mut pair = Vec::new();
    for (world, user) in worlds {
        for login in ["anna", "boris"] {
            world.op(crate::support::register(login)).await;
        }
        world
            .room(
                "tea",
                RoomKind::Public,
                [("anna", Role::Admin), ("boris", Role::Member)],
            )
            .await;
        let client = world.again(user).await;
        pair.push((world, client));
    }
    for (world, client) in &mut pair {
        world.settled().await;
        client.told();
    }
    pair.try_into().unwrap_or_else(|_| panic!("two"))
}

#[tokio::test]
async fn what_happens_at_one_is_told_at_the_other() {
    let bus = Arc::new(LocalBus::new());
    let [(here, mut anna), (there, mut boris)] = pair(&bus).await;
    anna.say(name("tea"), "hello").await;
    anna.ok(commands::SetTitle {
        room: name("tea"),
        title: "Tea".into(),
    })
    .await;
    here.settled().await;
    there.settled().await;
    assert_eq!(boris.heard(), ["#tea anna: hello", "#tea titled"]);
    assert_eq!(anna.heard(), ["#tea anna: hello", "#tea titled"]);
    // Presence, too.
    anna.session.set_silent(true);
    anna.session.farewell();
    there.settled().await;
    assert_eq!(boris.heard(), ["#tea idle anna", "#tea offline anna"]);
}

#[tokio::test]
async fn who_is_added_or_removed_at_one_comes_and_goes_at_the_other() {
    let bus = Arc::new(LocalBus::new());
    let [(here, _anna), (there, mut boris)] = pair(&bus).await;
    here.op(create_room("coffee", RoomKind::Public)).await;
    here.op(commands::AddMember {
        room: name("coffee"),
        user: login("boris"),
    })
    .await;
    there.settled().await;
    assert_eq!(
        boris.heard(),
        ["#coffee online boris", "#coffee joined boris"]
    );
    here.op(commands::Ban {
        room: name("coffee"),
        user: login("boris"),
    })
    .await;
    there.settled().await;
    assert_eq!(boris.heard(), ["#coffee banned boris"]);
    here.op(crate::support::say(name("coffee"), "who is here?"))
        .await;
    there.settled().await;
    assert_eq!(boris.heard(), [""; 0]);
}

#[tokio::test]
async fn a_private_message_crosses_over() {
    let bus = Arc::new(LocalBus::new());
    let [(here, mut anna), (there, mut boris)] = pair(&bus).await;
    let mut at_home = here.again("boris").await;
    there.settled().await;
    boris.told();
    anna.ok(to_user(login("boris"), "hello")).await;
    there.settled().await;
    for client in [&mut boris, &mut at_home] {
        let heard: Vec<String> = client
            .heard()
            .into_iter()
            .filter(|line| line.starts_with('@'))
            .collect();
        assert_eq!(heard, ["@anna,boris created", "@anna,boris anna: hello"]);
    }
}

fn titled(world_room: &tolmach::model::Room, seq: i64) -> RoomEvent {
    let actor = Arc::new(UserRef {
        id: UserId(1),
        login: "anna".into(),
        name: "anna".into(),
    });
    RoomEvent {
        room: Arc::new(world_room.to_ref()),
        seq: Seq(seq),
        at: Timestamp(1),
        actor,
        peer: None,
        origin: Some(Origin {
            node: NodeId(7),
            session: SessionId(1),
        }),
        seen: false,
        newcomers: Vec::new(),
        change: RoomChange::Titled,
    }
}

fn envelope(version: u16, events: Vec<RoomEvent>) -> Envelope {
    Envelope {
        version,
        node: NodeId(7),
        payload: Payload::Rooms(events),
    }
}

#[tokio::test]
async fn what_was_told_already_is_dropped_and_so_is_another_version() {
    let bus = Arc::new(LocalBus::new());
    let [(_here, _anna), (there, mut boris)] = pair(&bus).await;
    let room = there
        .store
        .room_by_name("tea")
        .await
        .unwrap()
        .unwrap()
        .room
        .clone();
    let next = room.seq.0 + 1;
    bus.publish(envelope(VERSION, vec![titled(&room, next)]));
    bus.publish(envelope(
        VERSION,
        vec![
            titled(&room, next),
            titled(&room, next + 1),
            titled(&room, next),
        ],
    ));
    bus.publish(envelope(VERSION + 1, vec![titled(&room, next + 2)]));
    there.settled().await;
    let seqs: Vec<i64> = boris
        .told()
        .iter()
        .map(|event| match event {
            Event::Room(event) => event.seq.0,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(seqs, [next, next + 1]);
}

#[tokio::test]
async fn who_left_the_bus_hears_nothing_more() {
    let bus = Arc::new(LocalBus::new());
    let [(_here, mut anna), (there, mut boris)] = pair(&bus).await;
    there.hub.stop().await;
    anna.say(name("tea"), "hello").await;
    assert_eq!(boris.heard(), ["ended Shutdown"]);
}
