//! Quiet rooms, where moderators and above speak, and slow ones, where members wait between two messages.

use std::time::Duration;

use tolmach::commands;
use tolmach::model::{Error, Role, RoomKind};

use crate::support::{Client, World, login, name, say};

fn quiet(quiet: bool) -> commands::ChangeRoom {
    commands::ChangeRoom {
        quiet: Some(quiet),
        ..commands::ChangeRoom::of(name("tea"))
    }
}

fn slow(pause: Duration) -> commands::ChangeRoom {
    commands::ChangeRoom {
        slow: Some(pause),
        ..commands::ChangeRoom::of(name("tea"))
    }
}

async fn says(client: &mut Client) -> Result<(), Error> {
    client.call(say(name("tea"), "hello")).await.map(drop)
}

/// The tea room with anna, who owns it, boris, a moderator, and clara, a member.
async fn tea(world: &World) -> [Client; 3] {
    let [mut anna, mut boris, mut clara] = world.accounts(["anna", "boris", "clara"]).await;
    let roles = [
        ("anna", Role::Owner),
        ("boris", Role::Moderator),
        ("clara", Role::Member),
    ];
    world.room("tea", RoomKind::Public, roles).await;
    for client in [&mut anna, &mut boris, &mut clara] {
        client.enter(name("tea")).await;
        client.told();
    }
    [anna, boris, clara]
}

#[tokio::test]
async fn in_a_quiet_room_moderators_and_above_speak() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris, mut clara] = tea(&world).await;
        let before = clara.say(name("tea"), "before").await;
        assert!(matches!(clara.err(quiet(true)).await, Error::NotAllowed(_)));
        assert!(matches!(boris.err(quiet(true)).await, Error::NotAllowed(_)));
        clara.told();
        assert!(anna.ok(quiet(true)).await.quiet);
        assert!(anna.ok(quiet(true)).await.quiet);
        assert_eq!(clara.heard(), ["#tea quiet true"], "it is quiet already");
        for client in [&mut anna, &mut boris] {
            assert_eq!(says(client).await, Ok(()));
        }
        // An edit is told to everybody, too; a deletion says nothing.
        let edit = commands::Edit::text(before.id, "said by the back door");
        for refused in [says(&mut clara).await, clara.call(edit).await.map(drop)] {
            let Err(Error::NotAllowed(why)) = refused else {
                panic!("{refused:?}")
            };
            assert_eq!(why, "the room is quiet: only moderators and above speak");
        }
        let delete = commands::Delete { message: before.id };
        clara.ok(delete).await;
        // Who is let speak by a role is heard.
        let role = |role| commands::SetRole {
            room: name("tea"),
            user: login("clara"),
            role,
        };
        anna.ok(role(Role::Moderator)).await;
        assert_eq!(says(&mut clara).await, Ok(()));
        anna.ok(role(Role::Member)).await;
        anna.ok(quiet(false)).await;
        assert_eq!(says(&mut clara).await, Ok(()));
        let mut guest = world.guest("guest").await;
        guest.enter(name("tea")).await;
        world.op(quiet(true)).await;
        assert!(matches!(says(&mut guest).await, Err(Error::NotAllowed(_))));
    }
}

#[tokio::test]
async fn in_a_slow_room_a_member_waits_between_two_messages() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris, mut clara] = tea(&world).await;
        assert!(matches!(
            clara.err(slow(Duration::ZERO)).await,
            Error::NotAllowed(_)
        ));
        let too_long = slow(Duration::from_secs(6 * 3600 + 1));
        assert!(matches!(anna.err(too_long).await, Error::Invalid { .. }));
        let pause = Duration::from_secs(3600);
        assert_eq!(anna.ok(slow(pause)).await.slow, pause);
        assert_eq!(says(&mut clara).await, Ok(()));
        let Err(Error::RateLimited { retry_after }) = says(&mut clara).await else {
            panic!("too soon")
        };
        assert!(
            retry_after <= pause && retry_after > pause / 2,
            "{retry_after:?}"
        );
        // Coming back is no way around it, nor does what others say matter.
        clara.ok(commands::Leave { room: name("tea") }).await;
        clara.enter(name("tea")).await;
        for client in [&mut anna, &mut boris] {
            assert_eq!((says(client).await, says(client).await), (Ok(()), Ok(())));
        }
        assert!(matches!(
            says(&mut clara).await,
            Err(Error::RateLimited { .. })
        ));
        // A short pause is over by itself; none is none.
        let short = Duration::from_millis(20);
        anna.ok(slow(short)).await;
        std::thread::sleep(short + Duration::from_millis(5));
        assert_eq!(says(&mut clara).await, Ok(()));
        anna.ok(slow(Duration::ZERO)).await;
        assert_eq!(
            (says(&mut clara).await, says(&mut clara).await),
            (Ok(()), Ok(()))
        );
    }
}

#[tokio::test]
async fn a_room_stays_quiet_and_slow_over_a_restart() {
    let world = World::in_a_file().await;
    let [mut anna, _, mut clara] = tea(&world).await;
    let pause = Duration::from_millis(3_600_500);
    anna.ok(slow(pause)).await;
    assert_eq!(says(&mut clara).await, Ok(()));
    anna.ok(quiet(true)).await;
    let after = world.killed().await;
    let room = after.op(commands::FindRoom { room: name("tea") }).await;
    assert_eq!((room.quiet, room.slow), (true, pause));
    assert_eq!(after.stored(room.id).await.seq, room.seq);
    after.op(quiet(false)).await;
    let mut clara = after.again("clara").await;
    assert!(matches!(
        says(&mut clara).await,
        Err(Error::RateLimited { .. })
    ));
}
