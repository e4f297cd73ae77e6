//! Members: added, removed, banned, given roles.

use tolmach::commands::{self, AnyCommand};
use tolmach::hub::Scope;
use tolmach::model::{Error, Membership, Role, RoomKind};

use crate::support::{World, create_room, enter, login, name, say};

fn add(user: &str) -> commands::AddMember {
    commands::AddMember {
        room: name("tea"),
        user: login(user),
    }
}

fn remove(user: &str) -> commands::RemoveMember {
    commands::RemoveMember {
        room: name("tea"),
        user: login(user),
    }
}

fn ban(user: &str) -> commands::Ban {
    commands::Ban {
        room: name("tea"),
        user: login(user),
    }
}

fn unban(user: &str) -> commands::Unban {
    commands::Unban {
        room: name("tea"),
        user: login(user),
    }
}

fn role(user: &str, role: Role) -> commands::SetRole {
    commands::SetRole {
        room: name("tea"),
        user: login(user),
        role,
    }
}

async fn roles(world: &World) -> Vec<(String, Role)> {
    let members = world.op(commands::Members { room: name("tea") }).await;
    members
        .into_iter()
        .map(|(Membership { role, .. }, user)| (user.login.clone(), role))
        .collect()
}

#[tokio::test]
async fn who_is_added_hears_from_then_on() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        let mut elsewhere = world
            .seat(world.client_over("one", false, Scope::OneRoom), "boris")
            .await;
        anna.ok(create_room("tea", RoomKind::Private)).await;
        anna.say(name("tea"), "before").await;
        anna.told();
        anna.ok(add("boris")).await;
        assert_eq!(boris.heard(), ["#tea online boris", "#tea joined boris"]);
        assert_eq!(
            elsewhere.heard(),
            [""; 0],
            "a session of one room is where it went"
        );
        anna.say(name("tea"), "after").await;
        assert_eq!(boris.heard(), ["#tea anna: after"]);
        assert_eq!(boris.texts(name("tea")).await, ["before", "after"]);
        anna.ok(add("boris")).await;
        assert_eq!(anna.err(add("nobody")).await, Error::NoSuchUser);
        assert_eq!(boris.heard(), [""; 0]);
        let before = roles(&world).await;
        assert_eq!(
            before,
            [
                ("anna".to_owned(), Role::Owner),
                ("boris".to_owned(), Role::Member)
            ]
        );
    }
}

#[tokio::test]
async fn who_is_removed_may_come_back_and_who_is_banned_may_not() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        let commands::Entered { room, .. } = anna.ok(create_room("tea", RoomKind::Public)).await;
        boris.enter(name("tea")).await;
        boris.say(name("tea"), "hello").await;
        for client in [&mut anna, &mut boris] {
            client.told();
        }
        anna.ok(remove("boris")).await;
        assert_eq!(boris.heard(), ["#tea removed boris"]);
        assert_eq!(anna.heard(), ["#tea removed boris", "#tea offline boris"]);
        assert_eq!(anna.err(remove("boris")).await, Error::NoSuchUser);
        boris.enter(name("tea")).await;
        assert_eq!(
            boris.texts(name("tea")).await,
            ["hello"],
            "open again, with all that was said"
        );
        for client in [&mut anna, &mut boris] {
            client.told();
        }
        anna.ok(ban("boris")).await;
        let since = world.store.member(room.id, boris.user()).await;
        std::thread::sleep(std::time::Duration::from_millis(2));
        anna.ok(ban("boris")).await;
        let still = world.store.member(room.id, boris.user()).await;
        assert_eq!(still, since, "banned since the first time");
        assert_eq!(boris.heard(), ["#tea banned boris"]);
        assert_eq!(anna.heard(), ["#tea banned boris", "#tea offline boris"]);
        assert_eq!(boris.err(enter(name("tea"))).await, Error::Banned);
        assert_eq!(
            boris.err(say(name("tea"), "let me in")).await,
            Error::Banned
        );
        assert_eq!(boris.my_rooms().await, [""; 0]);
        assert!(matches!(anna.err(add("boris")).await, Error::NotAllowed(_)));
        assert_eq!(anna.err(remove("boris")).await, Error::NoSuchUser);
        assert_eq!(
            anna.err(role("boris", Role::Admin)).await,
            Error::NoSuchUser
        );
        assert_eq!(world.again("boris").await.session.rooms(), []);

        anna.ok(unban("boris")).await;
        assert_eq!(anna.heard(), ["#tea unbanned boris"]);
        assert_eq!(boris.heard(), [""; 0]);
        assert!(
            matches!(
                boris.err(say(name("tea"), "thanks")).await,
                Error::NotAllowed(_)
            ),
            "that makes nobody a member"
        );
        boris.enter(name("tea")).await;
        boris.say(name("tea"), "thanks").await;
        world.assert_gapless(room.id).await;
    }
}

#[tokio::test]
async fn a_ban_reaches_who_never_was_there() {
    let world = World::new().await;
    let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
    anna.ok(create_room("tea", RoomKind::Public)).await;
    anna.told();
    anna.ok(ban("boris")).await;
    assert_eq!(anna.heard(), ["#tea banned boris"]);
    assert_eq!(boris.heard(), [""; 0]);
    assert_eq!(boris.err(enter(name("tea"))).await, Error::Banned);
    assert_eq!(roles(&world).await[1], ("boris".to_owned(), Role::Banned));
}

#[tokio::test]
async fn the_owner_hands_the_room_over() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        let commands::Entered { room, .. } = anna.ok(create_room("tea", RoomKind::Public)).await;
        boris.enter(name("tea")).await;
        boris.told();
        anna.ok(role("boris", Role::Owner)).await;
        assert_eq!(boris.heard(), ["#tea anna is admin", "#tea boris is owner"]);
        assert_eq!(world.stored(room.id).await.owner, Some(boris.user()));
        assert!(matches!(anna.err(ban("boris")).await, Error::NotAllowed(_)));
        assert!(matches!(
            anna.err(role("anna", Role::Owner)).await,
            Error::NotAllowed(_)
        ));
        boris.ok(role("anna", Role::Member)).await;
        assert_eq!(
            roles(&world).await,
            [
                ("anna".to_owned(), Role::Member),
                ("boris".to_owned(), Role::Owner)
            ]
        );
        world.assert_gapless(room.id).await;
    }
}

#[tokio::test]
async fn roles_are_given_to_members_by_owner_and_admins() {
    let world = World::new().await;
    let [mut anna, mut boris, mut clara] = world.accounts(["anna", "boris", "clara"]).await;
    anna.ok(create_room("tea", RoomKind::Public)).await;
    boris.enter(name("tea")).await;
    assert_eq!(
        anna.err(role("clara", Role::Admin)).await,
        Error::NoSuchUser
    );
    clara.enter(name("tea")).await;
    anna.ok(role("boris", Role::Admin)).await;
    boris.ok(role("clara", Role::Moderator)).await;
    boris.told();
    boris.ok(role("clara", Role::Moderator)).await;
    assert_eq!(boris.heard(), [""; 0], "nothing new is nothing to tell");
    assert!(matches!(
        boris.err(role("clara", Role::Banned)).await,
        Error::Invalid { .. }
    ));
    boris.ok(role("boris", Role::Member)).await;
    assert!(matches!(
        boris.err(role("boris", Role::Admin)).await,
        Error::NotAllowed(_)
    ));
    let members = clara.ok(commands::Members { room: name("tea") }).await;
    assert_eq!(
        members
            .iter()
            .map(|(member, _)| member.role)
            .collect::<Vec<_>>(),
        [Role::Owner, Role::Member, Role::Moderator]
    );
}

#[tokio::test]
async fn the_operator_may_act_on_the_owner_and_an_admin_succeeds() {
    for command in [
        AnyCommand::from(remove("anna")),
        AnyCommand::from(ban("anna")),
        AnyCommand::from(role("anna", Role::Moderator)),
    ] {
        let world = World::new().await;
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        let commands::Entered { room, .. } = anna.ok(create_room("tea", RoomKind::Public)).await;
        boris.enter(name("tea")).await;
        anna.ok(role("boris", Role::Admin)).await;
        world.op(command.clone()).await;
        assert_eq!(
            world.stored(room.id).await.owner,
            Some(boris.user()),
            "{command:?}"
        );
        let owners = roles(&world)
            .await
            .into_iter()
            .filter(|(_, role)| *role == Role::Owner)
            .count();
        assert_eq!(owners, 1);
        world.assert_gapless(room.id).await;
    }
}
