//! A room that comes from another store: with new numbers, and otherwise as it was.

use std::net::IpAddr;
use std::path::PathBuf;

use tolmach::commands;
use tolmach::hub::Hub;
use tolmach::model::{Error, HistoryQuery, Result, Role, RoomId, RoomKind, Timestamp};
use tolmach::store::DatabaseCopy;

use crate::support::{World, by_id, create_room, draft, enter, guest, login, name, texts, to_user};

/// A hub that can take rooms in, with the accounts anna, who is written otherwise here, and boris.
async fn target() -> (World, tempfile::TempDir) {
    let files = tempfile::tempdir().unwrap();
    let world = World::of(Hub::builder().files(files.path())).await;
    (world, files)
}

impl World {
    /// Takes in a room of another hub, which is stopped.
    async fn adopt(&self, from: &World, room: RoomId, name: &str) -> Result<RoomId> {
        let from = DatabaseCopy::open(&from.database()).unwrap();
        let no_files = PathBuf::from("/nowhere");
        self.hub
            .adopt_room(from, room, name.to_owned(), no_files)
            .await
    }
}

#[tokio::test]
async fn a_room_comes_with_all_that_was_said_and_those_who_are_known_here() {
    let source = World::in_a_file().await;
    let [mut anna, mut boris, mut clara, _dora] =
        source.accounts(["anna", "boris", "clara", "dora"]).await;
    let room = anna.ok(create_room("tea", RoomKind::Public)).await.room;
    for client in [&mut boris, &mut clara] {
        client.enter(name("tea")).await;
    }
    source
        .op(commands::SetRole {
            room: name("tea"),
            user: login("boris"),
            role: Role::Admin,
        })
        .await;
    let mut mallory = source.client_from("192.0.2.7".parse::<IpAddr>().unwrap());
    mallory.ok(guest("mallory")).await;
    mallory.enter(name("tea")).await;
    anna.say(name("tea"), "cleared").await;
    anna.ok(commands::ClearHistory { room: name("tea") }).await;
    mallory.say(name("tea"), "as a guest").await;
    let one = anna.say(name("tea"), "one").await;
    let answer = commands::Send {
        reply_to: Some(one.id),
        ..draft(name("tea"), "two")
    };
    clara.ok(answer).await;
    clara.say(name("tea"), "three").await;
    boris.ok(commands::Hide { message: one.id }).await;
    let seen = commands::MarkSeen {
        room: name("tea"),
        at: Timestamp(one.created.0),
    };
    boris.ok(seen).await;
    for user in ["dora", "mallory"] {
        let (room, user) = (name("tea"), login(user));
        source.op(commands::Ban { room, user }).await;
    }
    let before = source.stored(room.id).await;
    let placed = source.store.member(room.id, boris.user()).await.unwrap();
    source.hub.stop().await;

    let (world, _files) = target().await;
    // A number that is somebody else's there.
    let mut other = world.account("other").await;
    let [mut anna, mut boris] = world.accounts(["ANNA", "boris"]).await;
    let _dora = world.account("dora").await;
    let clara = world.guest("clara").await;
    other.ok(create_room("taken", RoomKind::Public)).await;
    other.say(name("taken"), "hello").await;
    let id = world.adopt(&source, room.id, "Coffee").await.unwrap();
    let now = world.stored(id).await;
    assert_eq!(
        (now.name.as_str(), now.title.as_str(), now.kind, now.owner),
        ("Coffee", "tea", RoomKind::Public, Some(anna.user()))
    );
    assert_eq!(
        (now.created, now.last_message),
        (before.created, before.last_message)
    );
    world.assert_gapless(id).await;
    let here = "#Coffee joined boris".to_owned();
    assert!(boris.heard().contains(&here));
    let members = world.store.members(id).await.unwrap();
    let members: Vec<_> = members
        .iter()
        .map(|(member, user)| (user.login.as_str(), member.role))
        .collect();
    let expected = [
        ("ANNA", Role::Owner),
        ("boris", Role::Admin),
        ("dora", Role::Banned),
    ];
    assert_eq!(members, expected);
    let place = world.store.member(id, boris.user()).await.unwrap().unwrap();
    let placed = placed.unwrap();
    assert_eq!((place.joined, place.seen), (placed.joined, placed.seen));
    let bans = world.op(commands::GuestBans { room: by_id(id) }).await;
    let network = bans[0].network.unwrap().to_string();
    assert_eq!((bans.len(), bans[0].login.as_str()), (1, "mallory"));
    assert_eq!((network.as_str(), bans[0].room), ("192.0.2.7", id));

    let all = ["as a guest", "one", "two", "three"];
    assert_eq!(anna.texts(by_id(id)).await, all);
    assert_eq!(boris.texts(by_id(id)).await, ["as a guest", "two", "three"]);
    let page = commands::History(HistoryQuery::page(by_id(id), None, 9));
    let said = anna.ok(page).await.messages;
    assert_eq!(said[2].reply_to, Some(said[1].id));
    assert_eq!(said[2].quote.as_ref().unwrap().line, "one");
    assert_eq!(said[1].created, one.created);
    let senders: Vec<_> = said.iter().map(|message| &message.sender).collect();
    let called: Vec<_> = senders.iter().map(|sender| sender.login.as_str()).collect();
    assert_eq!(called, ["mallory", "ANNA", "clara", "clara"]);
    assert_eq!(senders[1].id, anna.user());
    assert_eq!(senders[2].id, senders[3].id);
    // Who has no account here is nobody who is here.
    assert_ne!(senders[2].id, clara.user());
    let user = tolmach::model::UserSelector::Id(senders[2].id);
    let gone = world.op(commands::FindUser { user }).await;
    assert_eq!((gone.disabled, gone.operator), (true, false));
    assert_eq!(world.op(commands::Users).await.len(), 4);
    let next = anna.say(by_id(id), "four").await;
    assert!(next.id > said[3].id && next.created > said[3].created);
}

#[tokio::test]
async fn a_private_rooms_newcomers_and_a_direct_rooms_two_see_what_they_saw() {
    let source = World::in_a_file().await;
    let [mut anna, mut boris] = source.accounts(["anna", "boris"]).await;
    let cellar = anna.ok(create_room("cellar", RoomKind::Private)).await.room;
    anna.say(name("cellar"), "before").await;
    boris.enter(name("cellar")).await;
    anna.say(name("cellar"), "since").await;
    let direct = anna.ok(to_user(login("boris"), "psst")).await.room;
    source.hub.stop().await;
    let (world, _files) = target().await;
    let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
    let id = world.adopt(&source, cellar.id, "cellar").await.unwrap();
    assert_eq!(boris.texts(by_id(id)).await, ["since"]);
    assert_eq!(anna.texts(by_id(id)).await, ["before", "since"]);
    let id = world.adopt(&source, direct, "pair").await.unwrap();
    let room = world.stored(id).await;
    assert_eq!(
        (room.kind, room.pair, room.owner),
        (RoomKind::Private, None, None)
    );
    for client in [&mut anna, &mut boris] {
        assert_eq!(client.texts(by_id(id)).await, ["psst"]);
    }
    let mut clara = world.account("clara").await;
    assert_eq!(clara.err(enter(by_id(id))).await, Error::NoSuchRoom);
}

#[tokio::test]
async fn what_cannot_come_leaves_nothing() {
    let source = World::in_a_file().await;
    let mut anna = source.account("anna").await;
    let room = anna.ok(create_room("tea", RoomKind::Public)).await.room.id;
    anna.say(name("tea"), "hello").await;
    source.hub.stop().await;
    let (world, _files) = target().await;
    world.room("Tea", RoomKind::Public, []).await;
    for taken in ["tea", "TEA"] {
        assert_eq!(
            world.adopt(&source, room, taken).await,
            Err(Error::NameTaken)
        );
    }
    for bad in ["", "a b", "@anna,boris"] {
        let refused = world.adopt(&source, room, bad).await;
        assert!(
            matches!(refused, Err(Error::Invalid { .. })),
            "{bad:?}: {refused:?}"
        );
    }
    let nowhere = world.adopt(&source, RoomId(99), "coffee").await;
    assert_eq!(nowhere, Err(Error::NoSuchRoom));
    assert_eq!(world.op(commands::Rooms).await.len(), 1);
    assert_eq!(world.store.last_message_id().await.unwrap().0, 0);
    // Where files cannot be kept no room is taken in.
    let without = World::new().await;
    let refused = without.adopt(&source, room, "tea").await;
    assert!(matches!(refused, Err(Error::Unsupported(_))), "{refused:?}");
    // An all-digit name is an operator's to give.
    let id = world.adopt(&source, room, "12").await.unwrap();
    let page = commands::History(HistoryQuery::page(by_id(id), None, 9));
    assert_eq!(texts(world.op(page).await), ["hello"]);
}
