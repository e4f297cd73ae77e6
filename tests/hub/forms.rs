//! A session that is told in another form from some time on; and rooms that a dialect promises its clients.

use std::sync::Arc;

use bytes::BytesMut;
use tolmach::commands;
use tolmach::hub::{Encoding, EventEncoder, SharedEncoder};
use tolmach::model::{EndReason, Error, Event, Role, RoomChange, RoomKind};

use crate::support::{World, by_id, enter, login, name, say, to_user};

/// As for whoever embeds the hub, with all that is said in capitals.
struct Loud;

impl EventEncoder for Loud {
    fn encode(&self, event: &Arc<Event>, out: &mut Encoding) {
        let mut event = Event::clone(event);
        if let Event::Room(event) = &mut event
            && let RoomChange::Posted(message) = &mut event.change
        {
            let message = Arc::make_mut(message);
            message.text = message.text.to_uppercase();
        }
        out.event(Arc::new(event));
    }

    fn encode_end(&self, _: EndReason, _: &mut BytesMut) {}
}

#[tokio::test]
async fn a_session_is_told_in_its_new_form_from_then_on() {
    let world = World::new().await;
    let rooms = ["tea", "milk"];
    let [mut anna, mut boris, mut clara] = world.accounts(["anna", "boris", "clara"]).await;
    for room in rooms {
        world.room(room, RoomKind::Public, []).await;
        for client in [&mut anna, &mut boris, &mut clara] {
            client.ok(enter(name(room))).await;
        }
    }
    for client in [&mut anna, &mut boris, &mut clara] {
        client.told();
    }
    let loud = SharedEncoder(Arc::new(Loud));
    anna.say(name("tea"), "before").await;
    boris.session.set_encoder(loud.clone());
    anna.say(name("tea"), "one").await;
    anna.say(name("milk"), "two").await;
    anna.ok(to_user(login("boris"), "private")).await;
    boris.session.set_encoder(loud);
    world.room("coffee", RoomKind::Public, []).await;
    boris.ok(enter(name("coffee"))).await;
    anna.ok(enter(name("coffee"))).await;
    anna.ok(say(name("coffee"), "three")).await;
    let said: Vec<String> = boris
        .heard()
        .into_iter()
        .filter(|line| line.contains("anna: "))
        .collect();
    let expected = ["#tea anna: before", "#tea anna: ONE", "#milk anna: TWO"];
    assert_eq!(said[..3], expected);
    assert!(said[3].ends_with("anna: PRIVATE"), "{said:?}");
    assert_eq!(said[4], "#coffee anna: THREE");
    assert_eq!(said.len(), 5);
    // The others' is as before.
    let expected = ["#tea anna: before", "#tea anna: one", "#milk anna: two"];
    assert_eq!(clara.heard(), expected);
}

#[tokio::test]
async fn a_form_set_before_the_login_is_the_sessions() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let mut anna = world.account("anna").await;
    anna.ok(enter(name("tea"))).await;
    let mut boris = world.client();
    boris.session.set_encoder(SharedEncoder(Arc::new(Loud)));
    boris.ok(crate::support::guest("boris")).await;
    boris.ok(enter(name("tea"))).await;
    boris.told();
    anna.say(name("tea"), "hello").await;
    assert_eq!(boris.heard(), ["#tea anna: HELLO"]);
}

#[tokio::test]
async fn a_common_room_is_made_whatever_the_configuration_says_and_rules_hold() {
    let world = World::with(|options| options.create_on_join = false).await;
    let mut visitor = world.guest("visitor").await;
    assert_eq!(visitor.err(enter(name("tea"))).await, Error::NoSuchRoom);
    assert!(!visitor.session.is_attached("tea"));
    visitor.ok(promised("tea")).await;
    assert!(visitor.session.is_attached("tea") && visitor.session.is_attached("TEA"));
    assert!(!visitor.session.is_attached("milk"));
    let mut anna = world.account("anna").await;
    anna.ok(promised("Tea")).await;
    assert_eq!(anna.say(name("tea"), "hello").await.text, "hello");
    let room = world
        .room("shut", RoomKind::Public, [("anna", Role::Banned)])
        .await;
    let banned = anna.call(promised("shut")).await;
    assert_eq!(banned, Err(Error::Banned));
    assert_eq!(anna.err(enter(by_id(room.id))).await, Error::Banned);
    let bad = anna.call(promised("two words")).await;
    assert!(matches!(bad, Err(Error::Invalid { .. })));
    let mut nobody = world.client();
    let refused = nobody.call(promised("tea")).await;
    assert_eq!(refused, Err(Error::Unauthenticated));
}

/// Enters a room that a dialect promises its clients.
fn promised(room: &str) -> commands::Enter {
    commands::Enter {
        create: commands::Create::Always,
        ..enter(name(room))
    }
}
