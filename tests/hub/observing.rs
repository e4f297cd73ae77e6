//! What is counted of translations, and what else the hub counts.

use tolmach::hub::Scope;
use tolmach::hub::metrics::TranslationFigures;
use tolmach::hub::translation::{Level, Meaning};

use crate::support::{World, draft, name, register};

#[tokio::test]
async fn translations_are_counted_by_from_to_meaning_and_level() {
    let world = World::new().await;
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
    // This form tells senders just what it tells all others: that is a translation of its own where it means something else.
    let expect = |from, meaning, count| TranslationFigures {
        from,
        to: "embedded",
        meaning,
        level: Level::Native,
        count,
    };
    let (one, other) = (Some("one"), Some("other"));
    let mut counted = world.hub.metrics().translations;
    counted.sort_by_key(|row| (row.from, row.meaning));
    assert_eq!(
        counted,
        [
            expect(None, Meaning::Online, 2),
            expect(one, Meaning::Message, 2),
            expect(one, Meaning::ToSender, 2),
            expect(one, Meaning::MemberJoined, 1),
            expect(other, Meaning::Message, 1),
            expect(other, Meaning::ToSender, 1),
            expect(other, Meaning::MemberJoined, 1),
        ]
    );
}

#[tokio::test]
async fn what_is_said_and_told_is_counted_for_each_dialect() {
    let world = World::new().await;
    for login in ["anna", "boris"] {
        world.op(register(login)).await;
    }
    let mut anna = Vec::new();
    for dialect in ["one", "one", "other"] {
        let client = world.client_over(dialect, false, Scope::AllRooms);
        anna.push(world.seat(client, "anna").await);
    }
    let boris = world.client_over("other", false, Scope::AllRooms);
    let mut boris = world.seat(boris, "boris").await;
    let tea = name("tea");
    world
        .room("tea", tolmach::model::RoomKind::Public, [])
        .await;
    anna[0].enter(tea.clone()).await;
    boris.enter(tea.clone()).await;
    world.settled().await;
    let before = world.hub.metrics();
    for _ in 0..3 {
        anna[0].say(tea.clone(), "one").await;
    }
    boris.err(draft(name("nowhere"), "two")).await;
    world.settled().await;
    let after = world.hub.metrics();
    let [one, other] = ["one", "other"].map(|dialect| {
        let (before, after) = (before.dialect(dialect), after.dialect(dialect));
        let (before, after) = (before.unwrap(), after.unwrap());
        (
            after.messages - before.messages,
            after.deliveries - before.deliveries,
            after.accounts,
        )
    });
    // Each of the three is told of, in both of her sessions of the one dialect, the echo too, and in two of the other.
    assert_eq!(one, (3, 6, 2));
    assert_eq!(other, (0, 6, 2));
    assert_eq!((after.rooms_live, after.store_queue), (1, 0));
    let commands = after.commands.iter();
    let said: Vec<_> = commands
        .filter(|row| row.command == "send")
        .map(|row| (row.outcome, row.count))
        .collect();
    assert_eq!(said, [("ok", 3), ("no_such_room", 1)]);
    let (commits, told) = (&after.commit_seconds, &after.delivery_seconds);
    assert_eq!(commits.count(), after.commit_writes.sum as u64);
    let told = told.count() - before.delivery_seconds.count();
    assert_eq!((told, world.hub.messages()), (3, 3));
    drop(anna);
    world.settled().await;
    let one = world.hub.metrics();
    assert_eq!(one.dialect("one").unwrap().accounts, 0);
}
