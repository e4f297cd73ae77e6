//! What is counted of translations.

use std::sync::Arc;

use tolmach::hub::translation::{Level, Meaning, Translations};
use tolmach::hub::{Hub, Scope};

use crate::support::{World, name, register};

#[tokio::test]
async fn translations_are_counted_by_from_to_meaning_and_level() {
    let counts = Arc::new(Translations::default());
    let world = World::of(Hub::builder().observer(counts.clone())).await;
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
    anna.say(name("tea"), "one").await;
    anna.say(name("tea"), "two").await;
    boris.say(name("tea"), "three").await;
    world.settled().await;
    // This form tells senders just what it tells all others, so it is asked once a message.
    let expect = |from, meaning, count| ((from, "embedded", meaning, Level::Native), count);
    let (one, other) = (Some("one"), Some("other"));
    assert_eq!(
        counts.counts(),
        [
            expect(None, Meaning::Online, 2),
            expect(one, Meaning::Message, 2),
            expect(one, Meaning::MemberJoined, 1),
            expect(other, Meaning::Message, 1),
            expect(other, Meaning::MemberJoined, 1),
        ]
    );
}
