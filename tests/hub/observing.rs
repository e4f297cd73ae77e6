//! What is counted of translations.

use std::sync::Arc;

use tolmach::hub::Scope;
use tolmach::hub::translation::{Level, Meaning, Translations};

use crate::support::{World, name, register};

#[tokio::test]
async fn translations_are_counted_by_from_to_meaning_and_level() {
    let world = World::new().await;
    let counts = Arc::new(Translations::default());
    for login in ["anna", "boris"] {
        world.op(register(login)).await;
    }
    let anna = world.client_over("one", false, Scope::AllRooms);
    let mut anna = world.seat(anna, "anna").await;
    let boris = world.client_over("other", false, Scope::AllRooms);
    let mut boris = world.seat(boris, "boris").await;
    world
        .room("tea", tolmach::model::RoomKind::Public, [])
        .await;
    for client in [&mut anna, &mut boris] {
        client.enter(name("tea")).await;
    }
    world.hub.observe(counts.clone());
    anna.say(name("tea"), "one").await;
    anna.say(name("tea"), "two").await;
    boris.say(name("tea"), "three").await;
    world.settled().await;
    // This form tells senders just what it tells all others, so it is asked once a message.
    let expect = |from, count| {
        (
            (Some(from), "embedded", Meaning::Message, Level::Native),
            count,
        )
    };
    assert_eq!(counts.counts(), [expect("one", 2), expect("other", 1),]);
}
