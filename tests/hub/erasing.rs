//! An account that is erased: what it said, its files and its names.

use std::net::IpAddr;
use std::time::Duration;

use tolmach::commands::{self, EraseUser, Place};
use tolmach::model::{BanSubject, Error, Role, RoomKind, SearchQuery, UserId, UserSelector};

use crate::support::{
    Client, World, by_id, create_room, guest, log_in, login, name, password, register, say, to_user,
};

/// Has an account erased: how many messages were deleted, and in how many rooms.
async fn erase(world: &World, login_name: &str) -> (u64, usize) {
    let user = world
        .op(commands::FindUser {
            user: login(login_name),
        })
        .await
        .id;
    erase_from(world, user, Place::Start).await
}

/// Begins to have an account erased.
async fn break_off(world: &World, user: &str) {
    let (user, place) = (login(user), Place::Start);
    let erasing = world.hub.operate(EraseUser { user, place });
    let broken_off = tokio::time::timeout(Duration::from_millis(350), erasing).await;
    assert!(broken_off.is_err());
}

async fn erase_from(world: &World, user: UserId, mut place: Place) -> (u64, usize) {
    let (mut messages, mut rooms) = (0, std::collections::HashSet::new());
    while place != Place::Over {
        let user = UserSelector::Id(user);
        let erased = world.op(EraseUser { user, place }).await;
        messages += erased.messages;
        rooms.extend(erased.rooms);
        place = erased.place;
    }
    (messages, rooms.len())
}

#[tokio::test]
async fn members_see_deletions_and_nothing_of_the_account_is_left() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        let commands::Entered { room, .. } = anna.ok(create_room("tea", RoomKind::Public)).await;
        boris.enter(name("tea")).await;
        anna.say(name("tea"), "one").await;
        let kept = boris.say(name("tea"), "of boris").await;
        let message = anna.say(name("tea"), "two").await.id;
        anna.ok(commands::Edit::text(message, "two, edited")).await;
        let direct = anna.ok(to_user(login("boris"), "psst")).await.room;
        boris.ok(to_user(login("anna"), "psst yourself")).await;
        boris
            .ok(commands::AddContact {
                user: login("anna"),
            })
            .await;
        anna.ok(commands::AddContact {
            user: login("boris"),
        })
        .await;
        boris.told();
        let id = anna.user();
        assert_eq!(erase(&world, "anna").await, (3, 2));
        assert_eq!(anna.err(commands::Contacts).await, Error::Unauthenticated);
        let heard = boris.heard();
        let deleted = heard.iter().filter(|line| line.contains("deleted")).count();
        assert_eq!(deleted, 3, "{heard:?}");
        assert_eq!(world.stored(room.id).await.owner, Some(boris.user()));
        assert_eq!(boris.texts(name("tea")).await, ["", "of boris", ""]);
        assert_eq!(boris.texts(by_id(direct)).await, ["", "psst yourself"]);
        assert_eq!(boris.ok(commands::Contacts).await, []);
        let gone = world
            .op(commands::FindUser {
                user: UserSelector::Id(id),
            })
            .await;
        assert_eq!(
            (gone.login.as_str(), gone.description.as_str()),
            ("erased-1", "")
        );
        assert_eq!(
            boris.err(to_user(login("anna"), "?")).await,
            Error::NoSuchUser
        );
        assert_eq!(boris.err(say(by_id(direct), "?")).await, Error::NoSuchUser);
        world.assert_gapless(room.id).await;
        let told = world.snapshot(room.id, Some(boris.user())).await;
        assert!(!told.contains("anna") && !told.contains("two"), "{told}");
        assert!(told.contains("of boris"));
        // The name is free, and whoever takes it is somebody else.
        let mut other = world.account("anna").await;
        assert_ne!(other.user(), id);
        assert!(other.err(commands::Edit::text(kept.id, "x")).await == Error::NoSuchMessage);
        // Nobody else is left in the direct room.
        erase(&world, "boris").await;
        assert!(world.store.room(direct).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn an_erasure_that_was_broken_off_goes_on() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        let commands::Entered { room, .. } = boris.ok(create_room("tea", RoomKind::Public)).await;
        anna.enter(name("tea")).await;
        for number in 0..1_200 {
            anna.say(name("tea"), &format!("word {number}")).await;
        }
        let user = login("anna");
        break_off(&world, "anna").await;
        let texts = boris.texts(name("tea")).await;
        let left = texts.iter().filter(|text| !text.is_empty()).count();
        assert!((1..1_200).contains(&left), "{left}");
        // Meanwhile nobody is it, nobody opens it, and the name is taken.
        let mut again = world.client();
        assert_eq!(
            again.err(log_in("anna", password("anna"))).await,
            Error::BadCredentials
        );
        assert_eq!(world.op_err(register("anna")).await, Error::NameTaken);
        for refused in [
            world
                .op_err(commands::SetDisabled {
                    user: user.clone(),
                    disabled: false,
                })
                .await,
            world
                .op_err(commands::RenameUser {
                    user: user.clone(),
                    login: "clara".into(),
                })
                .await,
        ] {
            assert!(
                matches!(&refused, Error::NotAllowed(why) if why.contains("being erased")),
                "{refused}"
            );
        }
        let place = |user| EraseUser {
            user,
            place: Place::End,
        };
        assert!(matches!(
            world.op_err(place(login("anna"))).await,
            Error::Invalid { .. }
        ));
        erase(&world, "anna").await;
        let texts = boris.texts(name("tea")).await;
        assert!(texts.iter().all(String::is_empty));
        world.assert_gapless(room.id).await;
        world.account("anna").await;
    }
}

/// How often each of these is somewhere in the files of the world's store.
fn found(world: &World, needles: &[&str]) -> Vec<(String, usize)> {
    let bytes = world.bytes();
    let text = String::from_utf8_lossy(&bytes);
    let count = |needle: &&str| (needle.to_string(), text.matches(needle).count());
    needles.iter().map(count).collect()
}

async fn busy_life(world: &World) -> [Client; 2] {
    let address: IpAddr = "198.51.100.77".parse().unwrap();
    let mut zoe = world.client_from(address);
    zoe.ok(guest("Zoelinda")).await;
    let mut boris = world.account("boris").await;
    boris.ok(create_room("tea", RoomKind::Public)).await;
    zoe.enter(name("tea")).await;
    zoe.say(name("tea"), "zebra as a guest").await;
    boris
        .ok(commands::Ban {
            room: name("tea"),
            user: login("zoelinda"),
        })
        .await;
    boris
        .ok(commands::Unban {
            room: name("tea"),
            user: login("zoelinda"),
        })
        .await;
    boris.ok(create_room("closed", RoomKind::Public)).await;
    boris
        .ok(commands::Ban {
            room: name("closed"),
            user: login("zoelinda"),
        })
        .await;
    let mut made = register("Zoelinda");
    made.description = "zebra keeper".to_owned();
    made.name = "Zoe Zebrafield".to_owned();
    zoe.ok(made).await;
    let mut zoe = world.client_from(address);
    let log_in = commands::LogIn {
        login: "zoelinda".to_owned(),
        secret: password("Zoelinda"),
        token: true,
    };
    zoe.ok(log_in).await;
    world
        .op(commands::RenameUser {
            user: login("zoelinda"),
            login: "Zoraida".into(),
        })
        .await;
    zoe.enter(name("tea")).await;
    zoe.ok(create_room("own", RoomKind::Private)).await;
    world
        .op(commands::AddMember {
            room: name("own"),
            user: login("boris"),
        })
        .await;
    world
        .op(commands::SetRole {
            room: name("tea"),
            user: login("Zoraida"),
            role: Role::Admin,
        })
        .await;
    boris
        .ok(commands::AddContact {
            user: login("zoraida"),
        })
        .await;
    let mut said = Vec::new();
    for number in 0..1_500_usize {
        let (place, own) = (
            name(["tea", "own"][number % 2]),
            format!("zebra {number} {}", "z".repeat(number % 300)),
        );
        said.push(zoe.say(place.clone(), &own).await.id);
        boris.say(place, &format!("of boris {number}")).await;
        if number % 3 == 0 {
            let message = said[number / 2];
            let longer = format!("zebra, edited {}", "y".repeat(number * 2));
            // It may have been deleted.
            let _ = zoe.call(commands::Edit::text(message, &longer)).await;
        }
        if number % 50 == 49 {
            zoe.ok(commands::Delete {
                message: said[number - 20],
            })
            .await;
        }
    }
    boris
        .ok(commands::Hide {
            message: said[1_000],
        })
        .await;
    zoe.ok(to_user(login("boris"), "zebra in private")).await;
    boris
        .ok(to_user(login("zoraida"), "of boris in private"))
        .await;
    boris.ok(commands::ClearHistory { room: name("tea") }).await;
    zoe.say(name("tea"), "zebra after").await;
    world
        .op(commands::AddBan {
            subject: BanSubject::Login("zoraida".into()),
            term: Some(Duration::from_secs(60)),
            reason: String::new(),
        })
        .await;
    [zoe, boris]
}

#[tokio::test]
async fn no_byte_of_what_was_erased_is_left_in_the_files() {
    let world = World::in_a_file().await;
    let [_zoe, mut boris] = busy_life(&world).await;
    let needles = [
        "zebra",
        "Zebra",
        "Zoelinda",
        "zoelinda",
        "Zoraida",
        "zoraida",
        "198.51.100.77",
    ];
    for (needle, count) in found(&world, &needles) {
        assert!(count > 0, "{needle} was never there");
    }
    let (messages, rooms) = erase(&world, "zoraida").await;
    assert!(messages > 1_400, "{messages}");
    assert_eq!(rooms, 3);
    for (needle, count) in found(&world, &needles) {
        assert_eq!(count, 0, "{needle}");
    }
    // What others said is all there, and found.
    let search = commands::Search {
        room: name("own"),
        query: SearchQuery {
            prefix: true,
            ..SearchQuery::containing("of boris", 2_000)
        },
    };
    assert_eq!(boris.ok(search).await.messages.len(), 750);
    let search = commands::Search {
        room: name("own"),
        query: SearchQuery::containing("zebra", 9),
    };
    assert_eq!(boris.ok(search).await.messages.len(), 0);
    let again = world.killed().await;
    for (needle, count) in found(&again, &needles) {
        assert_eq!(count, 0, "{needle}");
    }
}

#[tokio::test]
async fn no_byte_of_what_was_said_in_removed_rooms_is_left_either() {
    let world = World::in_a_file().await;
    let mut zoe = world.account("zoe").await;
    for (room, messages) in [("tea", 700), ("coffee", 1)] {
        zoe.ok(create_room(room, RoomKind::Public)).await;
        for number in 0..messages {
            zoe.say(name(room), &format!("zebra {number}")).await;
        }
        zoe.ok(commands::DeleteRoom { room: name(room) }).await;
        zoe.err(say(name(room), "zebra after")).await;
    }
    erase(&world, "zoe").await;
    assert_eq!(world.store.removed_rooms().await.unwrap(), []);
    assert_eq!(found(&world, &["zebra"])[0].1, 0);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn what_a_removed_room_leaves_goes_behind_it_and_after_a_kill() {
    let world = World::in_a_file().await;
    let mut anna = world.account("anna").await;
    anna.ok(create_room("tea", RoomKind::Public)).await;
    for number in 0..1_600 {
        anna.say(name("tea"), &format!("zebra {number}")).await;
    }
    let room = world.store.room_by_name("tea").await.unwrap().unwrap();
    anna.ok(commands::DeleteRoom { room: name("tea") }).await;
    let killed = world.killed().await;
    for world in [&world, &killed] {
        assert_eq!(world.store.room_by_name("tea").await.unwrap(), None);
        let gone = async {
            while !world.store.removed_rooms().await.unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), gone)
            .await
            .unwrap();
    }
    world.op(create_room("tea", RoomKind::Public)).await;
    let again = world.store.room_by_name("tea").await.unwrap().unwrap();
    assert!(again.room.id > room.room.id);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_start_finishes_what_a_kill_broke_off() {
    let world = World::in_a_file().await;
    let [zoe, _boris] = busy_life(&world).await;
    break_off(&world, "zoraida").await;
    let after = world.killed().await;
    let is_erasing = async || after.store.user(zoe.user()).await.unwrap().unwrap().erasing;
    assert!(is_erasing().await);
    let finished = async {
        while is_erasing().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let patience = Duration::from_secs(60);
    tokio::time::timeout(patience, finished).await.unwrap();
    for (needle, count) in found(&after, &["zebra", "Zoraida", "zoraida"]) {
        assert_eq!(count, 0, "{needle}");
    }
    after.account("zoraida").await;
}

#[tokio::test]
async fn accounts_that_ended_are_found_by_the_login_that_they_had_until_they_are_erased() {
    for world in World::of_each_kind().await {
        let mut ids = Vec::new();
        for user in ["Anna", "boris", "anna"] {
            ids.push(world.account(user).await.user());
            let user = login(user);
            world.op(commands::RemoveUser { user }).await;
        }
        world.account("anna").await;
        let ended = async |login: &str| {
            let login = login.to_owned();
            world.op(commands::EndedAccounts { login }).await
        };
        assert_eq!(ended("ANNA").await, [ids[0], ids[2]]);
        assert_eq!(ended("nobody").await, []);
        assert_eq!(ended("no login").await, []);
        erase_from(&world, ids[0], Place::Start).await;
        assert_eq!(ended("anna").await, [ids[2]]);
        assert_eq!(ended("erased-1").await, []);
        let (user, place) = (UserSelector::Id(ids[0]), Place::Start);
        let again = world.op_err(EraseUser { user, place }).await;
        assert_eq!(again, Error::NoSuchUser);
    }
}
