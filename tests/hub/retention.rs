//! Rooms that keep messages for a while, on virtual time: what is over age is gone within a minute, and a clock that steps removes
//! nothing before its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use tolmach::commands::{self, Keep};
use tolmach::hub::{Clock, Hub, Options};
use tolmach::model::{Role, RoomKind, Timestamp};

use crate::support::{Client, World, login, name, to_user};

const T: i64 = 1_700_000_000_000;
const DAY: i64 = 24 * 3600 * 1000;
const HOUR: Duration = Duration::from_secs(3600);

/// It goes as the runtime's time does, and can be set.
#[derive(Clone)]
struct Going(Instant, Arc<AtomicI64>);

impl Clock for Going {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.0.elapsed().as_millis()).unwrap();
        Timestamp(self.1.load(Ordering::SeqCst) + passed)
    }
}

impl Going {
    fn step(&self, by: i64) {
        self.1.fetch_add(by, Ordering::SeqCst);
    }
}

/// Anna in the room "tea" of a hub whose rooms keep messages for so long.
async fn world(keep: Duration) -> (World, Going, Client) {
    let clock = Going(Instant::now(), Arc::new(AtomicI64::new(T)));
    let options = Options::default().keep(keep);
    let hub = Hub::builder()
        .options(options)
        .clock(Arc::new(clock.clone()));
    let world = World::of(hub).await;
    let anna = world.account("anna").await;
    world
        .room("tea", RoomKind::Public, [("anna", Role::Member)])
        .await;
    (world, clock, anna)
}

async fn pass(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_over_age_is_gone_within_a_minute_and_nobody_is_told() {
    let (world, _, mut anna) = world(HOUR).await;
    let mut boris = world.account("boris").await;
    for text in ["one", "two"] {
        anna.say(name("tea"), text).await;
        anna.ok(to_user(login("boris"), text)).await;
        pass(HOUR / 2).await;
    }
    anna.say(name("tea"), "three").await;
    anna.told();
    boris.told();
    pass(Duration::from_secs(60)).await;
    assert_eq!(anna.texts(name("tea")).await, ["two", "three"]);
    let room = boris
        .ok(commands::Direct {
            user: login("anna"),
            create: false,
        })
        .await;
    assert_eq!(boris.texts(crate::support::by_id(room.id)).await, ["two"]);
    pass(HOUR).await;
    assert_eq!(anna.texts(name("tea")).await, [""; 0]);
    assert_eq!((anna.heard(), boris.heard()), (vec![], vec![]));
    let first = anna.say(name("tea"), "four").await;
    assert_eq!(first.seq.0, world.stored(first.room).await.seq.0);
}

#[tokio::test(start_paused = true)]
async fn a_room_keeps_longer_shorter_or_for_ever() {
    let (world, _, mut anna) = world(HOUR).await;
    let set = async |keep| {
        world
            .op(commands::ChangeRoom {
                keep: Some(keep),
                ..commands::ChangeRoom::of(name("tea"))
            })
            .await
    };
    anna.say(name("tea"), "one").await;
    set(Keep::For(Duration::ZERO)).await;
    pass(3 * HOUR).await;
    assert_eq!(anna.texts(name("tea")).await, ["one"]);
    set(Keep::For(4 * HOUR)).await;
    pass(HOUR / 2).await;
    assert_eq!(anna.texts(name("tea")).await, ["one"]);
    // It is looked at once.
    set(Keep::AsConfigured).await;
    pass(Duration::from_secs(5)).await;
    assert_eq!(anna.texts(name("tea")).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_steps_by_a_day_removes_nothing_before_its_time() {
    let (_world, clock, mut anna) = world(2 * HOUR).await;
    anna.say(name("tea"), "one").await;
    for step in [DAY, -DAY, -DAY, DAY] {
        clock.step(step);
        pass(HOUR / 4).await;
        assert_eq!(anna.texts(name("tea")).await, ["one"], "{step}");
    }
    pass(HOUR).await;
    // What it said two hours ago is gone, whatever happened meanwhile.
    pass(Duration::from_secs(60)).await;
    assert_eq!(anna.texts(name("tea")).await, [""; 0]);
    anna.say(name("tea"), "two").await;
    clock.step(DAY);
    pass(HOUR - Duration::from_secs(60)).await;
    assert_eq!(anna.texts(name("tea")).await, ["two"]);
    // It has stood for an hour: so it is.
    pass(Duration::from_secs(120)).await;
    assert_eq!(anna.texts(name("tea")).await, [""; 0]);
}
