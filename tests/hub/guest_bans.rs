//! Bans of guests: a guest that comes again is another user, and the ban binds it all the same.

use std::net::IpAddr;

use tolmach::commands;
use tolmach::model::{Error, Role, RoomKind, UserSelector};

use crate::support::{Client, World, by_id, enter, guest, log_in, login, name, password, register};

const HOME: &str = "192.0.2.7";
const ELSEWHERE: &str = "198.51.100.1";

impl World {
    async fn guest_from(&self, name: &str, address: &str) -> Client {
        let mut client = self.client_from(address.parse::<IpAddr>().unwrap());
        client.ok(guest(name)).await;
        client
    }

    /// The operator bans a user from the tea room.
    async fn ban(&self, user: &str) -> commands::Banned {
        let (room, user) = (name("tea"), login(user));
        self.op(commands::Ban { room, user }).await
    }

    async fn bans(&self) -> Vec<String> {
        let bans = self.op(commands::GuestBans { room: name("tea") }).await;
        let line = |ban: &tolmach::model::GuestBan| {
            let network = ban.network.map(|network| network.to_string());
            format!("{} {}", ban.login, network.unwrap_or_default())
        };
        bans.iter().map(line).collect()
    }
}

/// What entering the tea room comes to.
async fn enters(client: &mut Client) -> Result<(), Error> {
    client.call(enter(name("tea"))).await.map(drop)
}

async fn leave(world: &World, mut client: Client) {
    client.session.farewell();
    world.settled().await;
}

#[tokio::test]
async fn a_ban_binds_the_name_and_the_place_until_it_is_lifted() {
    for world in World::of_each_kind().await {
        let room = world.room("tea", RoomKind::Public, []).await;
        let mut anna = world.account("anna").await;
        anna.enter(name("tea")).await;
        let mut mallory = world.guest_from("Mallory", HOME).await;
        mallory.enter(name("tea")).await;
        anna.told();
        let banned = world.ban("mallory").await;
        let network = HOME.parse().unwrap();
        let expected = commands::Banned {
            changed: true,
            guest: true,
            network: Some(network),
        };
        assert_eq!(banned, expected);
        assert_eq!(
            anna.heard(),
            ["#tea banned Mallory", "#tea offline Mallory"]
        );
        assert_eq!(enters(&mut mallory).await, Err(Error::Banned));
        assert!(!world.ban("mallory").await.changed);
        assert_eq!(anna.heard(), [""; 0], "told again without a change");
        leave(&world, mallory).await;

        // By the name from elsewhere, by another name from there; not by another name from elsewhere.
        for (who, from) in [("mallory", ELSEWHERE), ("MALLORY", HOME), ("trent", HOME)] {
            let mut back = world.guest_from(who, from).await;
            assert_eq!(enters(&mut back).await, Err(Error::Banned), "{who} {from}");
            assert_eq!(
                back.err(commands::Members { room: name("tea") }).await,
                Error::Banned
            );
            let add = commands::AddMember {
                room: name("tea"),
                user: login(who),
            };
            assert!(matches!(world.op_err(add).await, Error::NotAllowed(_)));
            leave(&world, back).await;
        }
        let mut trent = world.guest_from("trent", ELSEWHERE).await;
        assert_eq!(enters(&mut trent).await, Ok(()));
        leave(&world, trent).await;
        // Accounts are asked for their password: they are who they say.
        let mut from_there = world.client_from(HOME.parse().unwrap());
        from_there.ok(log_in("anna", password("anna"))).await;
        assert_eq!(enters(&mut from_there).await, Ok(()));

        assert_eq!(world.bans().await, ["Mallory 192.0.2.7"]);
        world.assert_gapless(room.id).await;
        let lift = commands::Unban {
            room: name("tea"),
            user: login("MALLORY"),
        };
        world.op(lift.clone()).await;
        assert_eq!(world.bans().await, [""; 0]);
        assert_eq!(world.op_err(lift).await, Error::NoSuchUser);
        for (who, from) in [("mallory", ELSEWHERE), ("trent", HOME)] {
            let mut back = world.guest_from(who, from).await;
            assert_eq!(enters(&mut back).await, Ok(()), "{who} {from}");
            leave(&world, back).await;
        }
    }
}

#[tokio::test]
async fn a_ban_is_lifted_by_the_number_of_a_guest_that_is_gone() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let mallory = world.guest_from("mallory", HOME).await;
    world.ban("mallory").await;
    let user = UserSelector::Id(mallory.user());
    leave(&world, mallory).await;
    let room = name("tea");
    world.op(commands::Unban { room, user }).await;
    assert_eq!(world.bans().await, [""; 0]);
}

#[tokio::test]
async fn each_place_under_a_name_is_bound_and_all_go_with_the_name() {
    let world = World::new().await;
    let room = world.room("tea", RoomKind::Public, []).await;
    for from in [HOME, ELSEWHERE, "2001:db8::1"] {
        let mallory = world.guest_from("mallory", from).await;
        world.ban("mallory").await;
        leave(&world, mallory).await;
    }
    assert_eq!(world.bans().await.len(), 3);
    // A host of IPv6 chooses the last 64 bits itself.
    let mut trent = world.guest_from("trent", "2001:db8::ffff").await;
    assert_eq!(enters(&mut trent).await, Err(Error::Banned));
    let lift = commands::Unban {
        room: name("tea"),
        user: login("mallory"),
    };
    world.op(lift).await;
    assert_eq!(enters(&mut trent).await, Ok(()));
    world.ban("trent").await;
    world.op(commands::DeleteRoom { room: name("tea") }).await;
    let again = world.room("tea", RoomKind::Public, []).await;
    assert_ne!(again.id, room.id);
    assert_eq!(world.bans().await, [""; 0], "they went with the room");
}

#[tokio::test]
async fn who_is_in_already_stays_and_who_comes_from_there_again_does_not() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let mut neighbour = world.guest_from("neighbour", HOME).await;
    neighbour.enter(name("tea")).await;
    let _mallory = world.guest_from("mallory", HOME).await;
    world.ban("mallory").await;
    neighbour.say(name("tea"), "still here").await;
    neighbour.ok(commands::Leave { room: name("tea") }).await;
    assert_eq!(enters(&mut neighbour).await, Err(Error::Banned));
}

fn lift(user: &str) -> commands::Unban {
    commands::Unban {
        room: name("tea"),
        user: login(user),
    }
}

#[tokio::test]
async fn who_is_kept_out_as_a_guest_stays_so_as_an_account() {
    for world in World::of_each_kind().await {
        let room = world.room("tea", RoomKind::Public, []).await;
        let mallory = world.guest_from("mallory", HOME).await;
        world.ban("mallory").await;
        leave(&world, mallory).await;
        // Under the same name from elsewhere, under another one from there; registering itself or signing up.
        let mut again = world.guest_from("mallory", ELSEWHERE).await;
        again.ok(register("mallory")).await;
        for who in ["trent", "walter"] {
            let mut trent = world.client_from(HOME.parse().unwrap());
            trent.ok(register(who)).await;
            trent.ok(log_in(who, password(who))).await;
            assert_eq!(enters(&mut trent).await, Err(Error::Banned), "{who}");
        }
        assert_eq!(enters(&mut again).await, Err(Error::Banned));
        // Whoever else signs up meanwhile is not bound.
        let mut walter = world.client_from(ELSEWHERE.parse().unwrap());
        walter.ok(register("else")).await;
        walter.ok(log_in("else", password("else"))).await;
        assert_eq!(enters(&mut walter).await, Ok(()));
        walter.ok(commands::Leave { room: name("tea") }).await;
        let members = world
            .op(commands::Members {
                room: by_id(room.id),
            })
            .await;
        let roles: Vec<Role> = members.iter().map(|(member, _)| member.role).collect();
        assert_eq!(roles, [Role::Banned; 3]);
        // Whom the operator calls so now is kept out, too; the person goes on to be under another name.
        let rename = commands::RenameUser {
            user: login("mallory"),
            login: "mallet".into(),
        };
        world.op(rename).await;
        let mut other = world.account("mallory").await;
        for kept_out in [&mut again, &mut other] {
            assert_eq!(enters(kept_out).await, Err(Error::Banned));
        }
        world.op(lift("mallory")).await;
        assert_eq!(enters(&mut other).await, Ok(()));
        world.op(lift("mallet")).await;
        assert_eq!(enters(&mut again).await, Ok(()));
        assert_eq!(world.bans().await, [""; 0]);
    }
}

#[tokio::test]
async fn a_ban_outlives_the_account_that_it_was_put_on() {
    for world in World::of_each_kind().await {
        let room = world.room("tea", RoomKind::Public, []).await;
        world.account("Berta").await;
        world.ban("berta").await;
        let remove = || commands::RemoveUser {
            user: login("berta"),
        };
        world.op(remove()).await;
        assert_eq!(world.bans().await, ["Berta "]);
        let mut berta = world.guest_from("berta", HOME).await;
        assert_eq!(enters(&mut berta).await, Err(Error::Banned));
        leave(&world, berta).await;
        let mut berta = world.client();
        berta.ok(register("BERTA")).await;
        berta.ok(log_in("berta", password("BERTA"))).await;
        assert_eq!(enters(&mut berta).await, Err(Error::Banned));
        // It is lifted by the name, or by the number that the list shows.
        world.op(lift("berta")).await;
        assert_eq!(enters(&mut berta).await, Ok(()));
        world.ban("berta").await;
        world.op(remove()).await;
        let id = world.op(commands::GuestBans { room: name("tea") }).await[0].user;
        let lift = commands::Unban {
            room: name("tea"),
            user: UserSelector::Id(id),
        };
        world.op(lift).await;
        world.assert_gapless(room.id).await;
        let mut berta = world.guest_from("berta", HOME).await;
        assert_eq!(enters(&mut berta).await, Ok(()));
    }
}

#[tokio::test]
async fn a_ban_outlives_the_guest_and_the_gateway() {
    let world = World::in_a_file().await;
    world.room("tea", RoomKind::Public, []).await;
    let _mallory = world.guest_from("mallory", HOME).await;
    world.ban("mallory").await;
    let after = world.killed().await;
    assert_eq!(after.bans().await, ["mallory 192.0.2.7"]);
    for (who, from) in [("mallory", ELSEWHERE), ("trent", HOME)] {
        let mut back = after.guest_from(who, from).await;
        assert_eq!(enters(&mut back).await, Err(Error::Banned), "{who} {from}");
    }
}
