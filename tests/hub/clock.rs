//! A wall clock that is set forth and back by a day: what is due after a while is due when it was.

use std::sync::Arc;
use std::time::Duration;

use tolmach::commands;
use tolmach::hub::{Hub, Options};
use tolmach::model::{BanSubject, Error, Role, RoomKind};

use crate::support::{Client, WallClock, World, log_in, name, password, register, say, token};

const T: i64 = 1_700_000_000_000;
const DAY: i64 = 24 * 3600 * 1000;

/// A hub in memory whose clock a test sets.
async fn world(options: Options) -> (World, WallClock) {
    let clock = WallClock::at(T);
    let hub = Hub::builder()
        .options(options)
        .clock(Arc::new(clock.clone()));
    (World::of(hub).await, clock)
}

/// The runtime's time goes on, by which all that is due after a while is measured.
async fn later(world: &World, seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
    world.settled().await;
}

/// A session with a token that lives for 90 days from its last use.
async fn session_of(world: &World, login: &str) -> (Client, String) {
    let mut client = world.client();
    let log_in = commands::LogIn {
        login: login.to_owned(),
        secret: password(login),
        token: true,
    };
    let (_, text) = client.ok(log_in).await.token.unwrap();
    (client, text.0)
}

async fn hello(client: &mut Client) -> Result<(), Error> {
    client.call(say(name("tea"), "hello")).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn the_grace_is_as_long_as_it_is_while_the_clock_steps() {
    for steps in [[DAY, -2 * DAY], [-DAY, 2 * DAY]] {
        let (world, clock) = world(Options::default()).await;
        let [mut watcher, anna] = world.accounts(["watcher", "anna"]).await;
        let members = [("watcher", Role::Member), ("anna", Role::Member)];
        world.room("tea", RoomKind::Public, members).await;
        watcher.told();
        drop(anna);
        assert_eq!(watcher.heard(), ["#tea idle anna"]);
        clock.step(steps[0]);
        later(&world, 20).await;
        clock.step(steps[1]);
        later(&world, 9).await;
        assert_eq!(watcher.heard(), [""; 0]);
        assert_eq!(watcher.who(name("tea")).await, ["watcher", "anna (idle)"]);
        later(&world, 1).await;
        assert_eq!(watcher.heard(), ["#tea offline anna"]);
    }
}

#[tokio::test(start_paused = true)]
async fn failed_logins_count_for_their_minute_while_the_clock_steps() {
    let mut options = Options::default();
    options.failed_logins = 1;
    let (world, clock) = world(options).await;
    world.op(register("anna")).await;
    let wrong = world.client().err(log_in("anna", password("x"))).await;
    assert_eq!(wrong, Error::BadCredentials);
    for step in [DAY, -2 * DAY] {
        clock.step(step);
        let limited = world.client().err(log_in("anna", password("anna"))).await;
        assert!(matches!(limited, Error::RateLimited { .. }), "{limited:?}");
    }
    tokio::time::advance(Duration::from_secs(60)).await;
    world.client().ok(log_in("anna", password("anna"))).await;
}

#[tokio::test(start_paused = true)]
async fn sessions_outlive_a_step_open_and_closed() {
    let (world, clock) = world(Options::default()).await;
    world.room("tea", RoomKind::Public, []).await;
    world.op(register("anna")).await;
    let (mut open, _) = session_of(&world, "anna").await;
    open.enter(name("tea")).await;
    let (mut closed, text) = session_of(&world, "anna").await;
    closed.session.farewell();
    world.settled().await;
    open.told();
    // What nobody used is looked for every hour.
    for step in [DAY, -2 * DAY, DAY, 89 * DAY] {
        clock.step(step);
        later(&world, 3600).await;
        assert_eq!(hello(&mut open).await, Ok(()));
        assert_eq!(open.heard().len(), 1, "what it said, and no end");
        if step != 89 * DAY {
            continue;
        }
        let mut again = world.client();
        again.ok(token(&text)).await;
        again.session.farewell();
        world.settled().await;
    }
    // 90 days after the last use they end, and no day later.
    clock.step(90 * DAY + 1);
    assert_eq!(
        world.client().err(token(&text)).await,
        Error::BadCredentials
    );
}

#[tokio::test]
async fn in_a_slow_room_nobody_waits_for_a_clock_that_ran_ahead() {
    const HOUR: i64 = DAY / 24;
    let (world, clock) = world(Options::default()).await;
    let mut anna = world.account("anna").await;
    let members = [("anna", Role::Member)];
    world.room("tea", RoomKind::Public, members).await;
    let slow = commands::ChangeRoom {
        slow: Some(Duration::from_secs(3600)),
        ..commands::ChangeRoom::of(name("tea"))
    };
    world.op(slow).await;
    let waits = |refused: Result<(), Error>| match refused {
        Err(Error::RateLimited { retry_after }) => retry_after.as_secs(),
        other => panic!("{other:?}"),
    };
    assert_eq!(hello(&mut anna).await, Ok(()));
    clock.step(DAY);
    assert_eq!(hello(&mut anna).await, Ok(()));
    clock.step(HOUR / 2 - DAY);
    assert_eq!(
        waits(hello(&mut anna).await),
        1800,
        "what was said before counts"
    );
    clock.step(HOUR / 2);
    assert_eq!(hello(&mut anna).await, Ok(()));
    assert_eq!(waits(hello(&mut anna).await), 3600);
    clock.step(-HOUR / 2);
    assert_eq!(
        waits(hello(&mut anna).await),
        3600,
        "no longer than a pause"
    );
    clock.step(-DAY);
    assert_eq!(hello(&mut anna).await, Ok(()));
}

#[tokio::test]
async fn a_ban_for_a_while_is_over_by_the_clock_of_the_hub() {
    let (world, clock) = world(Options::default()).await;
    world.op(register("anna")).await;
    let ban = commands::AddBan {
        subject: BanSubject::Login("anna".to_owned()),
        term: Some(Duration::from_secs(3600)),
        reason: String::new(),
    };
    world.op(ban).await;
    let log_in = || log_in("anna", password("anna"));
    let refused = world.client().err(log_in()).await;
    assert!(matches!(refused, Error::NotAllowed(_)), "{refused:?}");
    assert_eq!(world.op(commands::Bans).await.len(), 1);
    clock.step(DAY);
    world.client().ok(log_in()).await;
    assert_eq!(world.op(commands::Bans).await, []);
}

#[tokio::test(start_paused = true)]
async fn the_use_of_an_open_connection_is_recorded_while_it_lasts() {
    const LIFE: u64 = 1600;
    let mut options = Options::default();
    options.session_life = Duration::from_secs(LIFE);
    let (world, clock) = world(options).await;
    world.op(register("anna")).await;
    let (open, _) = session_of(&world, "anna").await;
    for seconds in (100..3 * LIFE).step_by(100) {
        clock.step(100_000);
        later(&world, 100).await;
        // All that is known of it after a crash.
        let tokens = world.store.tokens(open.user()).await.unwrap();
        let used = tokens[0].used.map_or(0, |used| used.0) - T;
        let now = i64::try_from(seconds).unwrap() * 1000;
        assert!(now - used <= 200_000, "{used} of {now}");
    }
}
