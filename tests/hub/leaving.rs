//! Leaving rooms, and who owns a room that its owner leaves.

use tolmach::commands;
use tolmach::hub::Scope;
use tolmach::model::{BanSubject, Error, Role, RoomKind, RoomSelector};

use crate::support::{World, by_id, create_room, enter, login, name, say};

#[tokio::test]
async fn leaving_ends_membership_for_all_sessions() {
    for world in World::of_each_kind().await {
        let room = world.room("tea", RoomKind::Public, []).await;
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        anna.enter(name("tea")).await;
        boris.enter(name("tea")).await;
        let mut again = world.again("anna").await;
        let mut one = world
            .seat(world.client_over("one", false, Scope::OneRoom), "anna")
            .await;
        one.enter(name("tea")).await;
        for client in [&mut anna, &mut boris, &mut again, &mut one] {
            client.told();
        }
        anna.ok(commands::Leave { room: name("tea") }).await;
        for client in [&mut anna, &mut again, &mut one] {
            assert_eq!(client.heard(), ["#tea left anna"]);
            assert_eq!(client.session.rooms(), []);
        }
        assert_eq!(boris.heard(), ["#tea left anna", "#tea offline anna"]);
        boris.say(name("tea"), "gone?").await;
        for client in [&mut anna, &mut again, &mut one] {
            assert_eq!(client.heard(), [""; 0]);
            assert!(matches!(
                client.err(say(name("tea"), "no")).await,
                Error::NotAllowed(_)
            ));
        }
        world.assert_gapless(room.id).await;
    }
}

#[tokio::test]
async fn when_the_owner_leaves_the_highest_and_oldest_account_succeeds() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris, mut clara, mut dora] =
            world.accounts(["anna", "boris", "clara", "dora"]).await;
        let commands::Entered { room, .. } = anna.ok(create_room("tea", RoomKind::Public)).await;
        for client in [&mut boris, &mut clara, &mut dora] {
            // The store's clock counts milliseconds, and "oldest" goes by it.
            std::thread::sleep(std::time::Duration::from_millis(2));
            client.enter(name("tea")).await;
        }
        let role = |user: &str, role| commands::SetRole {
            room: name("tea"),
            user: login(user),
            role,
        };
        anna.ok(role("dora", Role::Admin)).await;
        anna.ok(role("clara", Role::Admin)).await;
        anna.ok(role("boris", Role::Moderator)).await;
        boris.told();
        anna.ok(commands::Leave { room: name("tea") }).await;
        assert_eq!(
            boris.heard(),
            ["#tea clara is owner", "#tea left anna", "#tea offline anna"]
        );
        assert_eq!(world.stored(room.id).await.owner, Some(clara.user()));
        world
            .op(commands::RemoveMember {
                room: name("tea"),
                user: login("clara"),
            })
            .await;
        assert_eq!(world.stored(room.id).await.owner, Some(dora.user()));
        dora.ok(commands::Leave { room: name("tea") }).await;
        // No admin is left: the moderator, though others came before; then the oldest account, never a guest.
        assert_eq!(world.stored(room.id).await.owner, Some(boris.user()));
        let mut guest = world.guest("guest").await;
        guest.enter(name("tea")).await;
        // Who comes back is a member like any other.
        for client in [&mut anna, &mut clara] {
            std::thread::sleep(std::time::Duration::from_millis(2));
            client.enter(name("tea")).await;
        }
        assert!(matches!(
            anna.err(commands::DeleteRoom { room: name("tea") }).await,
            Error::NotAllowed(_)
        ));
        boris.ok(commands::Leave { room: name("tea") }).await;
        assert_eq!(world.stored(room.id).await.owner, Some(anna.user()));
        world
            .op(commands::RemoveUser {
                user: login("anna"),
            })
            .await;
        assert_eq!(world.stored(room.id).await.owner, Some(clara.user()));
        // Nobody is left who could own it: it stays hers.
        clara.ok(commands::Leave { room: name("tea") }).await;
        assert_eq!(world.stored(room.id).await.owner, Some(clara.user()));
        guest.say(name("tea"), "alone").await;
        world.assert_gapless(room.id).await;
    }
}

#[tokio::test]
async fn an_owner_who_left_nobody_behind_is_the_owner_again() {
    let rooms = [RoomKind::Public, RoomKind::Private];
    for (world, kind) in World::of_each_kind().await.into_iter().zip(rooms) {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        let commands::Entered { room, .. } = anna.ok(create_room("tea", kind)).await;
        anna.say(name("tea"), "before").await;
        anna.ok(commands::Leave { room: name("tea") }).await;
        // Who comes meanwhile takes nothing of it.
        boris.enter(name("tea")).await;
        let end = || commands::DeleteRoom { room: name("tea") };
        assert!(matches!(boris.err(end()).await, Error::NotAllowed(_)));
        boris.say(name("tea"), "meanwhile").await;
        boris.told();
        anna.enter(name("tea")).await;
        assert_eq!(
            boris.heard(),
            ["#tea online anna", "#tea joined anna", "#tea anna is owner"]
        );
        assert_eq!(anna.texts(name("tea")).await, ["before", "meanwhile"]);
        let title = "Tea".to_owned();
        anna.ok(commands::SetTitle {
            room: name("tea"),
            title,
        })
        .await;
        // From now on somebody is there who succeeds.
        anna.ok(commands::Leave { room: name("tea") }).await;
        assert_eq!(world.stored(room.id).await.owner, Some(boris.user()));
        anna.enter(name("tea")).await;
        assert!(matches!(anna.err(end()).await, Error::NotAllowed(_)));
        anna.ok(commands::Leave { room: name("tea") }).await;
        // Added by the operator, or come by itself, or gone for good.
        let (room, user) = (|| name("tea"), || login("boris"));
        boris.ok(commands::Leave { room: room() }).await;
        world
            .op(commands::AddMember {
                room: room(),
                user: user(),
            })
            .await;
        boris
            .ok(commands::SetDescription {
                room: room(),
                description: "mine".to_owned(),
            })
            .await;
        boris.ok(commands::Leave { room: room() }).await;
        world
            .op(commands::Ban {
                room: room(),
                user: user(),
            })
            .await;
        world
            .op(commands::Unban {
                room: room(),
                user: user(),
            })
            .await;
        boris.enter(room()).await;
        assert!(matches!(boris.err(end()).await, Error::NotAllowed(_)));
        world
            .op(commands::SetRole {
                room: room(),
                user: user(),
                role: Role::Owner,
            })
            .await;
        boris.ok(commands::Leave { room: room() }).await;
        anna.enter(room()).await;
        world.op(commands::RemoveUser { user: user() }).await;
        anna.ok(end()).await;
    }
}

#[tokio::test]
async fn nobody_comes_into_a_direct_room_and_nobody_leaves_it() {
    let world = World::new().await;
    let [mut anna, mut boris, mut clara] = world.accounts(["anna", "boris", "clara"]).await;
    let room = anna
        .ok(commands::Direct {
            user: login("boris"),
            create: true,
        })
        .await;
    assert_eq!(clara.err(enter(by_id(room.id))).await, Error::NoSuchRoom);
    assert_eq!(
        clara
            .err(enter(RoomSelector::NameOrPublicId(room.id.to_string())))
            .await,
        Error::NoSuchRoom
    );
    assert_eq!(
        clara
            .err(commands::FindRoom {
                room: by_id(room.id)
            })
            .await,
        Error::NoSuchRoom
    );
    assert!(matches!(
        boris
            .err(commands::Leave {
                room: by_id(room.id)
            })
            .await,
        Error::NotAllowed(_)
    ));
    boris.enter(by_id(room.id)).await;
    boris.ok(say(by_id(room.id), "still here")).await;
}

#[tokio::test]
async fn who_is_switched_off_or_banned_succeeds_nobody_and_leaves_no_room_twice() {
    for world in World::of_each_kind().await {
        let [mut anna, _boris, _clara, mut dora] =
            world.accounts(["anna", "boris", "clara", "dora"]).await;
        let room = anna.ok(create_room("tea", RoomKind::Public)).await.room;
        let members = ["boris", "clara", "dora"].map(login);
        for user in members {
            let room = name("tea");
            world.op(commands::AddMember { room, user }).await;
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        for user in ["boris", "clara"] {
            let (room, user, role) = (name("tea"), login(user), Role::Admin);
            anna.ok(commands::SetRole { room, user, role }).await;
        }
        let (user, disabled) = (login("boris"), true);
        world.op(commands::SetDisabled { user, disabled }).await;
        let (place, user) = (name("tea"), login("clara"));
        anna.ok(commands::Ban { room: place, user }).await;
        anna.ok(commands::Leave { room: name("tea") }).await;
        assert_eq!(world.stored(room.id).await.owner, Some(dora.user()));
        dora.told();
        for user in ["clara", "boris"] {
            let user = login(user);
            world.op(commands::RemoveUser { user }).await;
        }
        assert_eq!(dora.heard(), ["#tea left boris"]);
        world.assert_gapless(room.id).await;
    }
}

#[tokio::test]
async fn whose_owner_is_gone_for_good_is_the_next_accounts_who_enters() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris, mut clara] = world.accounts(["anna", "boris", "clara"]).await;
        let room = || name("tea");
        let commands::Entered { room: tea, .. } =
            anna.ok(create_room("tea", RoomKind::Public)).await;
        boris.enter(room()).await;
        let user = || login("boris");
        let disabled = |disabled| commands::SetDisabled {
            user: user(),
            disabled,
        };
        world.op(disabled(true)).await;
        anna.ok(commands::Leave { room: room() }).await;
        let user = login("anna");
        world.op(commands::RemoveUser { user }).await;
        // A guest owns nothing, and who is disabled can do nothing.
        let mut guest = world.guest("guest").await;
        guest.enter(room()).await;
        clara.enter(room()).await;
        assert_eq!(world.stored(tea.id).await.owner, Some(clara.user()));
        let end = || commands::DeleteRoom { room: room() };
        world.op(disabled(false)).await;
        let mut boris = world.again("boris").await;
        assert!(matches!(boris.err(end()).await, Error::NotAllowed(_)));
        world.assert_gapless(tea.id).await;
        clara.ok(end()).await;
    }
}

#[tokio::test]
async fn nobody_whom_the_gateway_keeps_out_succeeds_an_owner() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris, mut clara] = world.accounts(["anna", "boris", "clara"]).await;
        let room = || name("tea");
        let commands::Entered { room: tea, .. } =
            anna.ok(create_room("tea", RoomKind::Public)).await;
        for client in [&mut boris, &mut clara] {
            client.enter(room()).await;
        }
        anna.ok(commands::SetRole {
            room: room(),
            user: login("boris"),
            role: Role::Admin,
        })
        .await;
        world
            .op(commands::AddBan {
                subject: BanSubject::Login("boris".to_owned()),
                reason: String::new(),
                term: None,
            })
            .await;
        anna.ok(commands::Leave { room: room() }).await;
        assert_eq!(world.stored(tea.id).await.owner, Some(clara.user()));
    }
}
