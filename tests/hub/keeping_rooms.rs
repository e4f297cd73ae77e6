//! Making rooms, naming them, changing and ending them.

use tolmach::commands;
use tolmach::model::{Error, Room, RoomKind};

use crate::support::{World, by_id, create_room, enter, login, name, names, say, to_user};

fn from_title(title: &str) -> commands::CreateRoom {
    commands::CreateRoom {
        name: String::new(),
        title: title.to_owned(),
        description: String::new(),
        kind: RoomKind::Public,
        password: None,
    }
}

fn made(entered: commands::Entered) -> std::sync::Arc<Room> {
    assert!(entered.created);
    entered.room
}

#[tokio::test]
async fn who_makes_a_room_owns_it_and_is_in_it() {
    for world in World::of_each_kind().await {
        let mut anna = world.account("anna").await;
        let mut again = world.again("anna").await;
        let command = commands::CreateRoom {
            name: "Tea".into(),
            title: "Tea & biscuits".into(),
            description: "at five".into(),
            kind: RoomKind::Private,
            password: Some(tolmach::model::Secret::password("milk")),
        };
        let commands::Entered {
            room,
            created,
            seq,
            present,
            ..
        } = anna.ok(command).await;
        assert_eq!(
            (
                room.name.as_str(),
                room.title.as_str(),
                room.description.as_str()
            ),
            ("Tea", "Tea & biscuits", "at five")
        );
        assert_eq!(
            (room.kind, room.protected, room.owner),
            (RoomKind::Private, true, Some(anna.user()))
        );
        assert_eq!(
            (created, seq, present.len()),
            (true, world.stored(room.id).await.seq, 1)
        );
        assert_eq!(anna.heard(), ["#Tea online anna", "#Tea joined anna"]);
        assert_eq!(
            again.heard(),
            ["#Tea joined anna"],
            "it came when its user was there already"
        );
        world.assert_gapless(room.id).await;
        let plain = world.op(create_room("plain", RoomKind::Public)).await.room;
        assert!(plain.owner.is_none());
    }
}

#[tokio::test]
async fn a_rooms_name_is_one_and_is_free() {
    let world = World::new().await;
    let mut anna = world.account("anna").await;
    anna.ok(create_room("Tea", RoomKind::Private)).await;
    assert_eq!(
        anna.err(create_room("tEA", RoomKind::Public)).await,
        Error::NameTaken
    );
    let long = "x".repeat(26);
    for bad in ["", " ", "a b", "#tea", "te#a", "a\nb", &long] {
        assert!(
            matches!(
                anna.err(create_room(bad, RoomKind::Public)).await,
                Error::Invalid { .. }
            ),
            "{bad:?}"
        );
    }
    assert!(matches!(
        anna.err(create_room("pair", RoomKind::Direct)).await,
        Error::Invalid { .. }
    ));
    for bad in ["x".repeat(101), " ".to_owned(), "\u{200b}".to_owned()] {
        assert!(
            matches!(anna.err(from_title(&bad)).await, Error::Invalid { field, .. } if field == "title")
        );
    }
    made(
        anna.ok(create_room(&"ж".repeat(25), RoomKind::Public))
            .await,
    );
    assert_eq!(anna.my_rooms().await.len(), 2);
}

#[tokio::test]
async fn a_room_made_from_free_text_gets_a_name_of_it() {
    let world = World::new().await;
    let mut anna = world.account("anna").await;
    for expected in ["Tea-at-five", "Tea-at-five-2", "Tea-at-five-3"] {
        let room = made(anna.ok(from_title("Tea at #five")).await);
        assert_eq!(
            (room.name.as_str(), room.title.as_str()),
            (expected, "Tea at #five")
        );
    }
    let long = "all about the best tea of the world";
    assert_eq!(
        made(anna.ok(from_title(long)).await).name,
        "all-about-the-best-tea-of"
    );
    assert_eq!(
        made(anna.ok(from_title(long)).await).name,
        "all-about-the-best-tea--2"
    );
    assert_eq!(made(anna.ok(from_title("###")).await).name, "room");
}

#[tokio::test]
async fn a_renamed_room_is_found_by_its_new_name_only() {
    for world in World::of_each_kind().await {
        let room = world.room("tea", RoomKind::Public, []).await;
        world.room("coffee", RoomKind::Public, []).await;
        let mut anna = world.account("anna").await;
        anna.enter(name("tea")).await;
        anna.told();
        let rename = |from: &str, to: &str| commands::RenameRoom {
            room: name(from),
            name: to.to_owned(),
        };
        assert_eq!(
            world.op_err(rename("tea", "COFFEE")).await,
            Error::NameTaken
        );
        assert!(matches!(
            world.op_err(rename("tea", "a b")).await,
            Error::Invalid { .. }
        ));
        world.op(rename("tea", "TEA")).await;
        world.op(rename("tea", "mate")).await;
        assert_eq!(
            anna.heard(),
            ["#TEA renamed from tea", "#mate renamed from TEA"]
        );
        anna.say(name("Mate"), "by its new name").await;
        assert_eq!(
            anna.err(say(name("tea"), "by its old name")).await,
            Error::NoSuchRoom
        );
        // The old name is free, and means another room from now on.
        let other = world.room("tea", RoomKind::Public, []).await;
        assert_ne!(other.id, room.id);
        anna.enter(name("tea")).await;
        anna.told();
        anna.say(name("tea"), "elsewhere").await;
        assert_eq!(anna.heard(), ["#tea anna: elsewhere"]);
        assert_eq!(anna.texts(name("mate")).await, ["by its new name"]);
        assert_eq!(
            world.stored(room.id).await.title,
            "mate",
            "a title that was never set follows the name"
        );
        world.assert_gapless(room.id).await;
    }
}

#[tokio::test]
async fn title_description_and_access_are_told_and_kept() {
    let world = World::new().await;
    let mut anna = world.account("anna").await;
    let room = made(anna.ok(create_room("tea", RoomKind::Public)).await);
    let here = || by_id(room.id);
    anna.told();
    anna.ok(commands::SetTitle {
        room: here(),
        title: "Tea time".into(),
    })
    .await;
    anna.ok(commands::SetDescription {
        room: here(),
        description: "at five".into(),
    })
    .await;
    anna.ok(commands::ChangeRoom {
        password: Some(tolmach::model::Secret::password("milk")),
        private: Some(true),
        ..commands::ChangeRoom::of(here())
    })
    .await;
    assert_eq!(
        anna.heard(),
        [
            "#tea titled",
            "#tea described at five",
            "#tea access changed",
            "#tea access changed"
        ]
    );
    for bad in ["", " ", "\t\u{200b}"] {
        assert!(matches!(
            anna.err(commands::SetTitle {
                room: here(),
                title: bad.into()
            })
            .await,
            Error::Invalid { .. }
        ));
    }
    let stored = world.stored(room.id).await;
    assert_eq!(
        (stored.title.as_str(), stored.description.as_str()),
        ("Tea time", "at five")
    );
    assert_eq!((stored.kind, stored.protected), (RoomKind::Private, true));
    anna.ok(commands::RenameRoom {
        room: here(),
        name: "mate".into(),
    })
    .await;
    assert_eq!(
        world.stored(room.id).await.title,
        "Tea time",
        "a title that was set stays"
    );
    let mut boris = world.account("boris").await;
    assert_eq!(boris.err(enter(here())).await, Error::NoSuchRoom);
    anna.ok(commands::ChangeRoom {
        private: Some(false),
        ..commands::ChangeRoom::of(here())
    })
    .await;
    assert_eq!(boris.err(enter(here())).await, Error::BadRoomPassword);
}

#[tokio::test]
async fn public_rooms_are_found_by_the_beginning_of_name_or_title() {
    let world = World::new().await;
    let mut anna = world.account("anna").await;
    world.room("Tea", RoomKind::Public, []).await;
    world.room("coffee", RoomKind::Public, []).await;
    world.room("teahouse", RoomKind::Private, []).await;
    world
        .op(commands::SetTitle {
            room: name("coffee"),
            title: "TEA, too".into(),
        })
        .await;
    let search = |prefix: &str| commands::SearchRooms {
        prefix: prefix.to_owned(),
    };
    assert_eq!(names(anna.ok(search("tea")).await), ["Tea", "coffee"]);
    assert_eq!(names(anna.ok(search("COF")).await), ["coffee"]);
    assert_eq!(names(anna.ok(search("")).await), ["Tea", "coffee"]);
    assert_eq!(names(anna.ok(search("ea")).await), [""; 0]);
    assert_eq!(
        names(world.op(commands::Rooms).await),
        ["Tea", "coffee", "teahouse"]
    );
}

#[tokio::test]
async fn a_deleted_room_is_gone_for_everyone_and_its_name_is_free() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        let room = made(anna.ok(create_room("tea", RoomKind::Public)).await);
        boris.enter(name("tea")).await;
        let message = boris.say(name("tea"), "hello").await;
        anna.told();
        boris.told();
        anna.ok(commands::DeleteRoom { room: name("tea") }).await;
        for client in [&mut anna, &mut boris] {
            assert_eq!(client.heard(), ["#tea deleted"]);
            assert_eq!(client.session.rooms(), []);
            assert_eq!(client.my_rooms().await, [""; 0]);
            assert_eq!(
                client.err(say(by_id(room.id), "anybody?")).await,
                Error::NoSuchRoom
            );
        }
        assert_eq!(
            boris.err(commands::Edit::text(message.id, "x")).await,
            Error::NoSuchMessage
        );
        let again = made(boris.ok(create_room("tea", RoomKind::Public)).await);
        assert_ne!(again.id, room.id, "a number is never used again");
        assert_eq!(boris.texts(name("tea")).await, [""; 0]);
    }
}

#[tokio::test]
async fn the_direct_room_of_two_is_one_room() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        let direct = |user: &str, create| commands::Direct {
            user: login(user),
            create,
        };
        assert_eq!(anna.err(direct("boris", false)).await, Error::NoSuchRoom);
        assert_eq!(anna.err(direct("nobody", true)).await, Error::NoSuchUser);
        let room = anna.ok(direct("boris", true)).await;
        assert_eq!(
            (room.kind, room.name.as_str(), room.owner),
            (RoomKind::Direct, "", None)
        );
        assert_eq!(room.pair, Some((anna.user(), boris.user())));
        for create in [false, true] {
            let same = boris.ok(direct("ANNA", create)).await;
            assert_eq!(same.id, room.id);
        }
        let message = boris.ok(to_user(login("anna"), "hello")).await;
        assert_eq!(message.room, room.id);
        assert_eq!(anna.my_rooms().await, [""]);
        assert_eq!(
            anna.heard(),
            ["@anna,boris created", "@anna,boris boris: hello"]
        );
    }
}

#[tokio::test]
async fn what_is_set_to_what_it_is_is_told_to_nobody() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        let room = made(anna.ok(create_room("tea", RoomKind::Public)).await);
        boris.enter(name("tea")).await;
        let (title, description) = ("Tea & biscuits".to_owned(), "Every day\nat five".to_owned());
        let set_title = commands::SetTitle {
            room: name("tea"),
            title,
        };
        let set_description = commands::SetDescription {
            room: name("tea"),
            description,
        };
        assert!(anna.ok(set_title.clone()).await);
        assert!(anna.ok(set_description.clone()).await);
        boris.told();
        let before = world.stored(room.id).await;
        assert!(!anna.ok(set_title).await);
        assert!(!anna.ok(set_description).await);
        let rename = commands::RenameRoom {
            room: name("tea"),
            name: "tea".into(),
        };
        anna.ok(rename).await;
        anna.ok(commands::ChangeRoom {
            private: Some(false),
            password: Some(tolmach::model::Secret::password("")),
            ..commands::ChangeRoom::of(name("tea"))
        })
        .await;
        assert_eq!(boris.heard(), [""; 0]);
        assert_eq!(world.stored(room.id).await, before);
        // Another spelling is another name.
        let rename = commands::RenameRoom {
            room: name("tea"),
            name: "Tea".into(),
        };
        anna.ok(rename).await;
        assert_eq!(boris.heard(), ["#Tea renamed from tea"]);
        let forbidden = commands::SetTitle {
            room: name("tea"),
            title: before.title.clone(),
        };
        assert!(matches!(boris.err(forbidden).await, Error::NotAllowed(_)));
    }
}
