//! Entering rooms.

use tolmach::commands::{self, AnyCommand};
use tolmach::model::{Error, Role, RoomId, RoomKind, RoomSelector, Secret};

use crate::support::{World, by_id, create_room, enter, login, name, to_user};

fn enter_with(room: RoomSelector, password: &str) -> commands::Enter {
    commands::Enter {
        room,
        password: Some(Secret::password(password)),
        create: commands::Create::No,
    }
}

fn enter_or_make(room: RoomSelector) -> commands::Enter {
    commands::Enter {
        room,
        password: None,
        create: commands::Create::IfConfigured,
    }
}

async fn protect(world: &World, room: RoomId, password: &str) {
    world
        .op(commands::ChangeRoom {
            password: Some(Secret::password(password)),
            ..commands::ChangeRoom::of(by_id(room))
        })
        .await;
}

#[tokio::test]
async fn a_public_room_is_entered_by_name_without_regard_to_case_or_by_id() {
    for world in World::of_each_kind().await {
        let room = world.room("Σοφία", RoomKind::Public, []).await;
        let selectors = [
            name("σοφία"),
            name("ΣΟΦΊΑ"),
            by_id(room.id),
            RoomSelector::NameOrPublicId(room.id.to_string()),
            RoomSelector::NameOrPublicId("Σοφία".into()),
        ];
        for (number, selector) in selectors.into_iter().enumerate() {
            let mut client = world.guest(&format!("guest{number}")).await;
            let commands::Entered {
                room: entered,
                created,
                ..
            } = client.ok(enter(selector)).await;
            assert_eq!((entered.id, created), (room.id, false));
        }
        world.assert_gapless(room.id).await;
        let mut lost = world.guest("lost").await;
        for nowhere in [
            name("nowhere"),
            by_id(RoomId(99)),
            by_id(RoomId(-1)),
            RoomSelector::NameOrPublicId("99".into()),
        ] {
            assert_eq!(lost.err(enter(nowhere)).await, Error::NoSuchRoom);
        }
    }
}

#[tokio::test]
async fn entering_again_changes_nothing() {
    let world = World::new().await;
    let room = world.room("tea", RoomKind::Public, []).await;
    let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
    anna.enter(name("tea")).await;
    boris.enter(name("tea")).await;
    boris.told();
    let before = world.stored(room.id).await;
    let (_, seq, present) = anna.enter(name("tea")).await;
    assert_eq!(
        (seq, present),
        (before.seq, vec!["anna".to_owned(), "boris".to_owned()])
    );
    assert_eq!(world.stored(room.id).await, before);
    assert_eq!(boris.heard(), [""; 0]);
}

#[tokio::test]
async fn a_private_room_is_entered_by_its_name_or_by_an_id_that_the_name_gave() {
    for world in World::of_each_kind().await {
        let room = world.room("secret", RoomKind::Private, []).await;
        let [mut anna, mut boris, mut clara] = world.accounts(["anna", "boris", "clara"]).await;
        for selector in [
            by_id(room.id),
            RoomSelector::NameOrPublicId(room.id.to_string()),
        ] {
            assert_eq!(anna.err(enter(selector.clone())).await, Error::NoSuchRoom);
            assert_eq!(
                anna.err(commands::FindRoom { room: selector }).await,
                Error::NoSuchRoom
            );
        }
        let found = anna
            .ok(commands::FindRoom {
                room: name("SECRET"),
            })
            .await;
        assert_eq!(found.id, room.id);
        anna.ok(commands::FindRoom {
            room: by_id(room.id),
        })
        .await;
        anna.enter(by_id(room.id)).await;
        // What a session learned it still knows when it has left; another session knows nothing.
        anna.ok(commands::Leave {
            room: by_id(room.id),
        })
        .await;
        anna.enter(by_id(room.id)).await;
        anna.ok(commands::Leave {
            room: by_id(room.id),
        })
        .await;
        assert_eq!(
            world.again("anna").await.err(enter(by_id(room.id))).await,
            Error::NoSuchRoom
        );
        boris.enter(name("secret")).await;
        world
            .op(commands::AddMember {
                room: name("secret"),
                user: login("clara"),
            })
            .await;
        clara.enter(by_id(room.id)).await;
        let rooms = clara
            .ok(commands::SearchRooms {
                prefix: String::new(),
            })
            .await;
        assert!(rooms.is_empty());
    }
}

#[tokio::test]
async fn a_protected_room_asks_newcomers_for_its_password() {
    for world in World::of_each_kind().await {
        let room = world.room("tea", RoomKind::Public, []).await;
        let [mut member, mut anna, mut added] = world.accounts(["member", "anna", "added"]).await;
        member.enter(name("tea")).await;
        protect(&world, room.id, "milk").await;
        assert!(world.stored(room.id).await.protected);
        for command in [
            enter(name("tea")),
            enter_with(name("tea"), ""),
            enter_with(name("tea"), "lemon"),
            enter_with(by_id(room.id), "Milk"),
        ] {
            assert_eq!(anna.err(command).await, Error::BadRoomPassword);
        }
        assert_eq!(anna.my_rooms().await, [""; 0]);
        anna.ok(enter_with(name("tea"), "milk")).await;
        anna.enter(name("tea")).await;
        member.enter(name("tea")).await;
        member
            .ok(enter_with(name("tea"), "wrong, but who cares"))
            .await;
        world
            .op(commands::AddMember {
                room: name("tea"),
                user: login("added"),
            })
            .await;
        added.enter(name("tea")).await;

        anna.ok(commands::Leave { room: name("tea") }).await;
        assert_eq!(anna.err(enter(name("tea"))).await, Error::BadRoomPassword);
        protect(&world, room.id, "").await;
        assert!(!world.stored(room.id).await.protected);
        anna.enter(name("tea")).await;
        anna.ok(commands::Leave { room: name("tea") }).await;
        anna.ok(enter_with(name("tea"), "anything")).await;
    }
}

#[tokio::test]
async fn a_wrong_password_tells_nothing_of_a_private_room() {
    let world = World::new().await;
    let room = world.room("secret", RoomKind::Private, []).await;
    protect(&world, room.id, "milk").await;
    let mut anna = world.account("anna").await;
    for password in ["lemon", "milk"] {
        assert_eq!(
            anna.err(enter_with(by_id(room.id), password)).await,
            Error::NoSuchRoom
        );
    }
    assert_eq!(
        anna.err(enter_with(name("secret"), "lemon")).await,
        Error::BadRoomPassword
    );
    anna.ok(enter_with(name("secret"), "milk")).await;
}

#[tokio::test(start_paused = true)]
async fn guesses_at_a_rooms_password_are_limited() {
    let world = World::with(|options| options.failed_logins = 2).await;
    let room = world.room("tea", RoomKind::Public, []).await;
    protect(&world, room.id, "milk").await;
    let mut anna = world.account("anna").await;
    for _ in 0..2 {
        assert_eq!(
            anna.err(enter_with(name("tea"), "lemon")).await,
            Error::BadRoomPassword
        );
    }
    assert!(matches!(
        anna.err(enter_with(name("tea"), "milk")).await,
        Error::RateLimited { .. }
    ));
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    anna.ok(enter_with(name("tea"), "milk")).await;
}

#[tokio::test]
async fn the_banned_stay_out_of_a_protected_room_whatever_they_say() {
    let world = World::new().await;
    let mut anna = world.account("anna").await;
    let room = world
        .room("tea", RoomKind::Public, [("anna", Role::Banned)])
        .await;
    protect(&world, room.id, "milk").await;
    for command in [
        enter(name("tea")),
        enter_with(name("tea"), "milk"),
        enter_with(by_id(room.id), "lemon"),
        enter_or_make(name("tea")),
    ] {
        assert_eq!(anna.err(command).await, Error::Banned);
    }
}

#[tokio::test]
async fn entering_makes_a_public_room_where_the_configuration_lets_it() {
    let world = World::new().await;
    let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
    let commands::Entered {
        room,
        created,
        seq,
        present,
        ..
    } = anna.ok(enter_or_make(name("Tea"))).await;
    assert_eq!(
        (room.name.as_str(), room.title.as_str(), room.kind, created),
        ("Tea", "Tea", RoomKind::Public, true)
    );
    assert_eq!(
        (room.owner, seq.0, present.len()),
        (Some(anna.user()), 2, 1)
    );
    let commands::Entered { created, .. } = boris.ok(enter_or_make(name("tea"))).await;
    assert!(!created);
    let commands::Entered { room, .. } = world
        .guest("clara")
        .await
        .ok(enter_or_make(RoomSelector::NameOrPublicId("77".into())))
        .await;
    assert_eq!((room.name.as_str(), room.owner), ("77", None));
    let long = "x".repeat(26);
    for bad in ["", "a b", "#tea", "a\u{7f}", &long] {
        assert!(
            matches!(
                anna.err(enter_or_make(name(bad))).await,
                Error::Invalid { .. }
            ),
            "{bad:?}"
        );
    }
    assert_eq!(
        anna.err(enter_or_make(by_id(RoomId(50)))).await,
        Error::NoSuchRoom
    );

    let world = World::with(|options| options.create_on_join = false).await;
    let mut anna = world.account("anna").await;
    assert_eq!(
        anna.err(enter_or_make(name("tea"))).await,
        Error::NoSuchRoom
    );
    anna.ok(create_room("tea", RoomKind::Public)).await;
}

#[tokio::test]
async fn a_room_is_the_same_however_its_name_is_written() {
    for world in World::of_each_kind().await {
        let mut anna = world.account("anna").await;
        let made = anna.ok(enter_or_make(name("чаи\u{306}"))).await.room.id;
        for same in ["чай", "ЧАЙ", "ЧАИ\u{306}"] {
            let entered = anna.ok(enter_or_make(name(same))).await;
            assert_eq!((entered.room.id, entered.created), (made, false));
            assert_eq!(
                anna.err(create_room(same, RoomKind::Public)).await,
                Error::NameTaken
            );
        }
        for bad in [
            "чай\u{200b}",
            "\u{202e}чай",
            "ча\u{ad}й",
            "\u{2800}",
            "＃чай",
        ] {
            for refused in [
                anna.err(enter_or_make(name(bad))).await,
                anna.err(create_room(bad, RoomKind::Public)).await,
                anna.err(commands::RenameRoom {
                    room: by_id(made),
                    name: bad.into(),
                })
                .await,
                world.op_err(create_room(bad, RoomKind::Public)).await,
            ] {
                assert!(
                    matches!(refused, Error::Invalid { .. }),
                    "{bad:?}: {refused:?}"
                );
            }
            assert_eq!(anna.err(enter(name("чай\u{301}"))).await, Error::NoSuchRoom);
        }
    }
}

#[tokio::test]
async fn only_an_operator_and_who_enters_by_number_make_a_room_of_digits() {
    for world in World::of_each_kind().await {
        let mut anna = world.account("anna").await;
        let digits = |field: &str| Error::invalid(field, "a room's name is not all digits");
        for number in ["77", "７７"] {
            assert_eq!(anna.err(enter_or_make(name(number))).await, digits("room"));
            let create = create_room(number, RoomKind::Public);
            assert_eq!(anna.err(create).await, digits("name"));
        }
        let tea = anna.ok(create_room("tea", RoomKind::Public)).await.room.id;
        let rename = |name: &str| commands::RenameRoom {
            room: by_id(tea),
            name: name.into(),
        };
        assert_eq!(anna.err(rename("78")).await, digits("name"));
        world.op(rename("78")).await;
        world.op(create_room("77", RoomKind::Public)).await;
        assert!(!anna.ok(enter_or_make(name("７７"))).await.created);
        let promised = commands::Enter {
            create: commands::Create::Always,
            ..enter_or_make(name("79"))
        };
        assert!(anna.ok(promised).await.created);
        let by_number = enter_or_make(RoomSelector::NameOrPublicId("80".into()));
        assert!(anna.ok(by_number).await.created);
        let titled = commands::CreateRoom {
            title: "80".into(),
            ..create_room("", RoomKind::Public)
        };
        assert_eq!(anna.ok(titled.clone()).await.room.name, "room-80");
        assert_eq!(anna.ok(titled).await.room.name, "room-80-2");
    }
}

#[tokio::test]
async fn nobody_makes_a_room_that_is_called_like_a_direct_one() {
    for world in World::of_each_kind().await {
        let mut anna = world.account("anna").await;
        let tea = anna.ok(create_room("tea", RoomKind::Public)).await.room.id;
        let rename = |name: &str| commands::RenameRoom {
            room: by_id(tea),
            name: name.into(),
        };
        let why = "a name with @ in front and a comma is that of the direct room of two";
        for direct in ["@anna,boris", "＠anna，boris", "@,"] {
            let refused = anna.err(enter_or_make(name(direct))).await;
            assert_eq!(refused, Error::invalid("room", why));
            for kind in [RoomKind::Public, RoomKind::Private] {
                let refused = anna.err(create_room(direct, kind)).await;
                assert_eq!(refused, Error::invalid("name", why));
                let refused = world.op_err(create_room(direct, kind)).await;
                assert_eq!(refused, Error::invalid("name", why));
            }
            for refused in [
                anna.err(rename(direct)).await,
                world.op_err(rename(direct)).await,
            ] {
                assert_eq!(refused, Error::invalid("name", why));
            }
        }
        let titled = commands::CreateRoom {
            title: "@anna, boris".into(),
            ..create_room("", RoomKind::Public)
        };
        assert_eq!(anna.ok(titled).await.room.name, "room-@anna,-boris");
        for other in ["@anna", "anna,boris"] {
            anna.ok(create_room(other, RoomKind::Public)).await;
        }
    }
}

#[tokio::test]
async fn limits_of_rooms_and_members_hold_for_all_ways_in() {
    let world = World::with(|options| {
        options.rooms_per_user = 2;
        options.members_per_room = 2;
    })
    .await;
    let [mut anna, mut boris, mut clara] = world.accounts(["anna", "boris", "clara"]).await;
    for room in ["one", "two", "three"] {
        world.room(room, RoomKind::Public, []).await;
    }
    let over = Error::TooLarge { limit: 2 };
    anna.enter(name("one")).await;
    anna.enter(name("two")).await;
    for command in [
        AnyCommand::from(enter(name("three"))),
        AnyCommand::from(enter_or_make(name("four"))),
        AnyCommand::from(create_room("four", RoomKind::Public)),
    ] {
        assert_eq!(anna.err(command).await, over);
    }
    assert_eq!(
        boris.err(commands::FindRoom { room: name("four") }).await,
        Error::NoSuchRoom
    );
    // Direct rooms do not count, nor do rooms one is banned from.
    anna.ok(to_user(login("boris"), "hello")).await;
    anna.enter(name("one")).await;
    anna.ok(commands::Leave { room: name("two") }).await;
    anna.enter(name("three")).await;
    world
        .op(commands::Ban {
            room: name("three"),
            user: login("anna"),
        })
        .await;
    anna.enter(name("two")).await;

    boris.enter(name("one")).await;
    assert_eq!(clara.err(enter(name("one"))).await, over);
    assert_eq!(
        world
            .op_err(commands::AddMember {
                room: name("one"),
                user: login("clara")
            })
            .await,
        over
    );
    world
        .op(commands::Ban {
            room: name("one"),
            user: login("boris"),
        })
        .await;
    clara.enter(name("one")).await;
}

#[tokio::test]
async fn without_limits_of_rooms_and_members_there_are_any_number() {
    let world = World::with(|options| (options.rooms_per_user, options.members_per_room) = (0, 0));
    let world = world.await;
    let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
    for room in ["one", "two", "three"] {
        world.room(room, RoomKind::Public, []).await;
        anna.enter(name(room)).await;
        boris.enter(name(room)).await;
    }
    anna.ok(create_room("four", RoomKind::Public)).await;
    assert_eq!(anna.my_rooms().await.len(), 4);
}

#[tokio::test]
async fn only_a_room_that_entering_makes_counts_among_those_of_an_hour() {
    let world = World::with(|options| options.rooms_made_per_hour = 1).await;
    world.room("tea", RoomKind::Public, []).await;
    let mut anna = world.account("anna").await;
    for _ in 0..2 {
        anna.ok(enter_or_make(name("tea"))).await;
    }
    assert!(anna.ok(enter_or_make(name("one"))).await.created);
    let limited = anna.err(enter_or_make(name("two"))).await;
    assert!(matches!(limited, Error::RateLimited { .. }), "{limited:?}");
    assert!(!anna.ok(enter_or_make(name("tea"))).await.created);
}
