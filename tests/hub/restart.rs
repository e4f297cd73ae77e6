//! What is there after the process was killed: a database copied while a hub runs on it, opened by another.

use tolmach::commands;
use tolmach::model::{Error, RoomKind};

use crate::support::{World, by_id, create_room, log_in, login, name, password, to_user};

#[tokio::test]
async fn what_was_accepted_is_there_and_guests_are_gone() {
    let world = World::in_a_file().await;
    let mut anna = world.account("anna").await;
    let commands::Entered { room, .. } = anna.ok(create_room("tea", RoomKind::Private)).await;
    let mut boris = world.guest("boris").await;
    boris.enter(name("tea")).await;
    for number in 0..20 {
        anna.say(name("tea"), &number.to_string()).await;
    }
    boris.say(name("tea"), "as a guest").await;
    let private = boris.ok(to_user(login("anna"), "psst")).await;
    let before = anna.texts(name("tea")).await;
    assert_eq!(before.len(), 21);

    let after = world.killed().await;
    let mut anna = after.client();
    anna.ok(log_in("anna", password("anna"))).await;
    assert_eq!(anna.my_rooms().await, ["tea", ""]);
    assert_eq!(anna.texts(by_id(room.id)).await, before);
    assert_eq!(anna.texts(by_id(private.room)).await, ["psst"]);
    assert_eq!(anna.who(name("tea")).await, ["anna"]);
    assert_eq!(
        anna.err(commands::FindUser {
            user: login("boris")
        })
        .await,
        Error::NoSuchUser
    );
    let members = anna.ok(commands::Members { room: name("tea") }).await;
    assert_eq!(members.len(), 1);
    let mut other = after.guest("boris").await;
    assert_ne!(other.user(), boris.user());
    assert_eq!(other.my_rooms().await, [""; 0]);
    after.assert_gapless(room.id).await;
    let next = anna.say(name("tea"), "after").await;
    assert!(next.id > private.id);
    assert_eq!(
        anna.heard().last().map(String::as_str),
        Some("#tea anna: after")
    );
}
