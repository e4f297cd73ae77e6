//! Several things of a room, a member or an account at once: all of them are other then, or none is.

use std::time::Duration;

use tolmach::commands::{self, Keep};
use tolmach::model::{Error, Role, Room, RoomKind, Secret};

use crate::support::{Client, World, log_in, login, name, password};

/// Everything of the tea room that can be changed, by its owner.
fn all() -> commands::ChangeRoom {
    commands::ChangeRoom {
        name: Some("coffee".into()),
        title: Some("Coffee\ttime".into()),
        description: Some("at six\r\n".into()),
        private: Some(true),
        password: Some(Secret::password("beans")),
        quiet: Some(true),
        slow: Some(Duration::from_secs(6 * 3600)),
        owner: Some(login("clara")),
        ..commands::ChangeRoom::of(name("tea"))
    }
}

/// The tea room, with anna, who owns it, and boris, an admin; and clara, who is not in it.
async fn tea(world: &World) -> ([Client; 3], Room) {
    let mut clients = world.accounts(["anna", "boris", "clara"]).await;
    let roles = [("anna", Role::Owner), ("boris", Role::Admin)];
    let room = world.room("tea", RoomKind::Public, roles).await;
    for client in &mut clients {
        client.told();
    }
    (clients, (*room).clone())
}

async fn roles(world: &World, room: &Room) -> Vec<Role> {
    let members = world.store.members(room.id).await.unwrap();
    members.into_iter().map(|(member, _)| member.role).collect()
}

#[tokio::test]
async fn all_of_a_room_is_changed_in_one_order() {
    for world in World::of_each_kind().await {
        let ([mut anna, mut boris, _clara], room) = tea(&world).await;
        let changed = anna.ok(all()).await;
        let expected = Room {
            name: "coffee".into(),
            title: "Coffee time".into(),
            description: "at six\n".into(),
            kind: RoomKind::Private,
            protected: true,
            quiet: true,
            slow: Duration::from_secs(6 * 3600),
            owner: Some(
                world
                    .store
                    .user_by_login("clara")
                    .await
                    .unwrap()
                    .unwrap()
                    .user
                    .id,
            ),
            updated: changed.updated,
            seq: changed.seq,
            ..room.clone()
        };
        assert_eq!(*changed, expected);
        assert_eq!(
            boris.heard(),
            [
                "#tea slow 21600s",
                "#coffee renamed from tea",
                "#coffee titled",
                "#coffee described at six\n",
                "#coffee access changed",
                "#coffee access changed",
                "#coffee quiet true",
                "#coffee online clara",
                "#coffee joined clara",
                "#coffee anna is admin",
                "#coffee clara is owner",
            ]
        );
        assert_eq!(
            roles(&world, &room).await,
            [Role::Admin, Role::Admin, Role::Owner]
        );
        world.assert_gapless(room.id).await;
        let seq = world.stored(room.id).await.seq;
        // The operator may say for how long it keeps messages, and nobody is told.
        for (keep, kept) in [
            (Keep::For(Duration::ZERO), Some(Duration::ZERO)),
            (
                Keep::For(Duration::from_secs(9)),
                Some(Duration::from_secs(9)),
            ),
            (Keep::AsConfigured, None),
        ] {
            let change = commands::ChangeRoom {
                keep: Some(keep),
                ..commands::ChangeRoom::of(name("coffee"))
            };
            assert_eq!(world.op(change).await.keep, kept);
        }
        assert_eq!(boris.heard(), [""; 0]);
        assert_eq!(world.stored(room.id).await.seq, seq);
    }
}

#[tokio::test]
async fn a_room_of_which_one_thing_is_refused_stays_as_it_is() {
    for world in World::of_each_kind().await {
        let ([mut anna, mut boris, mut clara], room) = tea(&world).await;
        world.room("taken", RoomKind::Public, []).await;
        world.guest("visitor").await;
        let banned = [("clara", Role::Banned), ("anna", Role::Owner)];
        world.room("closed", RoomKind::Public, banned).await;
        let owner = |user| Some(login(user));
        let (mut guest, mut ban) = (all(), all());
        guest.owner = owner("visitor");
        (ban.room, ban.owner) = (name("closed"), owner("clara"));
        for refused in [
            commands::ChangeRoom {
                name: Some("TAKEN".into()),
                ..all()
            },
            commands::ChangeRoom {
                name: Some("12".into()),
                ..all()
            },
            commands::ChangeRoom {
                name: Some("@anna,boris".into()),
                ..all()
            },
            commands::ChangeRoom {
                name: Some("a b".into()),
                ..all()
            },
            commands::ChangeRoom {
                title: Some("\u{200b}".into()),
                ..all()
            },
            commands::ChangeRoom {
                slow: Some(Duration::from_millis(21_600_001)),
                ..all()
            },
            commands::ChangeRoom {
                keep: Some(Keep::AsConfigured),
                ..all()
            },
            commands::ChangeRoom {
                owner: owner("nobody"),
                ..all()
            },
            guest,
            ban,
        ] {
            let shown = format!("{refused:?}");
            anna.err(refused).await;
            assert_eq!(*world.stored(room.id).await, room, "{shown}");
        }
        // An admin names no other owner, and a stranger changes nothing.
        assert!(matches!(boris.err(all()).await, Error::NotAllowed(_)));
        assert!(matches!(clara.err(all()).await, Error::NotAllowed(_)));
        assert_eq!(*world.stored(room.id).await, room);
        assert_eq!(roles(&world, &room).await, [Role::Owner, Role::Admin]);
        assert_eq!(boris.heard(), [""; 0]);
        // What its name is already, in another spelling too, is free.
        let same = commands::ChangeRoom {
            name: Some("Tea".into()),
            ..commands::ChangeRoom::of(name("tea"))
        };
        assert_eq!(boris.ok(same).await.name, "Tea");
    }
}

fn put(user: &str, role: Role) -> commands::PutMember {
    commands::PutMember {
        room: name("tea"),
        user: login(user),
        role,
    }
}

#[tokio::test]
async fn somebody_becomes_a_member_of_a_role_or_neither() {
    for world in World::of_each_kind().await {
        let ([mut anna, mut boris, mut clara], room) = tea(&world).await;
        let _visitor = world.guest("visitor").await;
        for refused in [
            boris.err(put("clara", Role::Owner)).await,
            anna.err(put("visitor", Role::Owner)).await,
            boris.err(put("anna", Role::Member)).await,
            clara.err(put("clara", Role::Member)).await,
        ] {
            assert!(matches!(refused, Error::NotAllowed(_)), "{refused:?}");
        }
        let banned = anna.err(put("clara", Role::Banned)).await;
        assert!(matches!(banned, Error::Invalid { .. }), "{banned:?}");
        assert_eq!(
            anna.err(put("nobody", Role::Member)).await,
            Error::NoSuchUser
        );
        assert_eq!(roles(&world, &room).await, [Role::Owner, Role::Admin]);
        assert_eq!(boris.heard(), [""; 0]);
        boris.ok(put("clara", Role::Moderator)).await;
        boris.ok(put("clara", Role::Moderator)).await;
        boris.ok(put("visitor", Role::Member)).await;
        anna.ok(put("clara", Role::Owner)).await;
        assert_eq!(
            boris.heard(),
            [
                "#tea online clara",
                "#tea joined clara",
                "#tea clara is moderator",
                "#tea online visitor",
                "#tea joined visitor",
                "#tea anna is admin",
                "#tea clara is owner",
            ]
        );
        assert_eq!(world.stored(room.id).await.owner, Some(clara.user()));
        let (room, user) = (name("tea"), login("visitor"));
        world.op(commands::Ban { room, user }).await;
        let kept_out = world.op_err(put("visitor", Role::Member)).await;
        assert!(matches!(kept_out, Error::NotAllowed(_)), "{kept_out:?}");
    }
}

/// Nothing of anna's account yet.
fn account() -> commands::ChangeUser {
    commands::ChangeUser {
        user: login("anna"),
        name: None,
        description: None,
        secret: None,
        disabled: None,
        operator: None,
    }
}

#[tokio::test]
async fn all_of_an_account_is_changed_or_nothing() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        let all = || commands::ChangeUser {
            name: Some("Anna\tA.".into()),
            description: Some("likes tea\r\n".into()),
            secret: Some(password("other")),
            ..account()
        };
        let before = anna.session.user().unwrap();
        for refused in [
            commands::ChangeUser {
                operator: Some(true),
                ..all()
            },
            commands::ChangeUser {
                disabled: Some(false),
                ..all()
            },
            commands::ChangeUser {
                secret: Some(Secret::password("short")),
                ..all()
            },
            commands::ChangeUser {
                name: Some("tolmach".into()),
                ..all()
            },
            commands::ChangeUser {
                description: Some("x".repeat(10_001)),
                ..all()
            },
        ] {
            let shown = format!("{refused:?}");
            anna.err(refused).await;
            let row = world.store.user(anna.user()).await.unwrap().unwrap();
            assert_eq!(row.user, before, "{shown}");
            world.client().ok(log_in("anna", password("anna"))).await;
        }
        assert!(matches!(boris.err(all()).await, Error::NotAllowed(_)));
        let mut by_password = world.client();
        by_password.ok(log_in("anna", password("anna"))).await;
        let changed = anna.ok(all()).await;
        assert_eq!(
            (changed.name.as_str(), changed.description.as_str()),
            ("Anna A.", "likes tea\n")
        );
        assert_eq!(anna.session.user().unwrap(), changed);
        assert_eq!(by_password.heard(), ["ended PasswordChanged"]);
        assert_eq!(anna.heard(), [""; 0]);
        world.client().ok(log_in("anna", password("other"))).await;
        // What is not said stays; an empty name is the login.
        let nameless = commands::ChangeUser {
            name: Some(String::new()),
            operator: Some(true),
            disabled: Some(false),
            ..account()
        };
        let changed = world.op(nameless).await;
        assert_eq!(
            (changed.name.as_str(), changed.description.as_str()),
            ("anna", "likes tea\n")
        );
        assert_eq!((changed.operator, changed.disabled), (true, false));
        assert_eq!(anna.heard(), [""; 0], "nothing of it ends a session");
        let off = commands::ChangeUser {
            disabled: Some(true),
            ..account()
        };
        assert!(world.op(off).await.disabled);
        assert_eq!(anna.heard(), ["ended AccountDisabled"]);
        let mut late = world.client();
        let refused = late.err(log_in("anna", password("other"))).await;
        assert_eq!(refused, Error::BadCredentials);
    }
}
