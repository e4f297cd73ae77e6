//! Presence: absent, online, idle, and the ways between them (the picture is at `PresenceChange`).

use std::time::Duration;

use tolmach::commands;
use tolmach::hub::Scope;
use tolmach::model::{Role, RoomKind};

use crate::support::{Client, World, login, name};

/// A room in which somebody watches, and an account to be watched.
async fn watched() -> (World, Client) {
    let world = World::new().await;
    let [mut watcher, anna] = world.accounts(["watcher", "anna"]).await;
    anna_leaves(anna);
    world
        .room(
            "tea",
            RoomKind::Public,
            [("watcher", Role::Member), ("anna", Role::Member)],
        )
        .await;
    watcher.told();
    (world, watcher)
}

fn anna_leaves(mut anna: Client) {
    anna.session.farewell();
}

async fn one_room(world: &World, room: &str) -> Client {
    let mut client = world
        .seat(world.client_over("one", false, Scope::OneRoom), "anna")
        .await;
    client.enter(name(room)).await;
    client
}

async fn later(world: &World, seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
    world.settled().await;
}

#[tokio::test(start_paused = true)]
async fn online_idle_back_and_offline_by_farewell() {
    let (world, mut watcher) = watched().await;
    let mut anna = world.again("anna").await;
    assert_eq!(watcher.heard(), ["#tea online anna"]);
    assert_eq!(anna.heard(), ["#tea online anna"]);
    anna.session.set_silent(true);
    anna.session.set_silent(true);
    assert_eq!(watcher.heard(), ["#tea idle anna"]);
    assert_eq!(watcher.who(name("tea")).await, ["watcher", "anna (idle)"]);
    anna.session.set_silent(false);
    assert_eq!(watcher.heard(), ["#tea back anna"]);
    anna.session.farewell();
    assert_eq!(watcher.heard(), ["#tea offline anna"]);
    assert_eq!(watcher.who(name("tea")).await, ["watcher"]);
    assert_eq!(anna.session.user(), None);
    later(&world, 100).await;
    assert_eq!(watcher.heard(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn who_breaks_off_is_idle_for_the_grace_and_then_absent() {
    let (world, mut watcher) = watched().await;
    drop(world.again("anna").await);
    assert_eq!(watcher.heard(), ["#tea online anna", "#tea idle anna"]);
    later(&world, 29).await;
    assert_eq!(watcher.heard(), [""; 0]);
    assert_eq!(watcher.who(name("tea")).await, ["watcher", "anna (idle)"]);
    later(&world, 1).await;
    assert_eq!(watcher.heard(), ["#tea offline anna"]);
    assert_eq!(watcher.who(name("tea")).await, ["watcher"]);
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_in_time_is_back() {
    let (world, mut watcher) = watched().await;
    drop(world.again("anna").await);
    later(&world, 20).await;
    let anna = world.again("anna").await;
    later(&world, 100).await;
    assert_eq!(
        watcher.heard(),
        ["#tea online anna", "#tea idle anna", "#tea back anna"]
    );
    // The grace is counted anew from the next break.
    drop(anna);
    later(&world, 29).await;
    assert_eq!(watcher.heard(), ["#tea idle anna"]);
    let mut anna = world.again("anna").await;
    anna.session.farewell();
    assert_eq!(watcher.heard(), ["#tea back anna", "#tea offline anna"]);
    later(&world, 100).await;
    assert_eq!(watcher.heard(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_one_that_breaks_off_stays_idle() {
    let (world, mut watcher) = watched().await;
    let anna = world.again("anna").await;
    anna.session.set_silent(true);
    drop(anna);
    assert_eq!(watcher.heard(), ["#tea online anna", "#tea idle anna"]);
    later(&world, 31).await;
    assert_eq!(watcher.heard(), ["#tea offline anna"]);
}

#[tokio::test(start_paused = true)]
async fn one_active_session_keeps_its_user_online() {
    let (world, mut watcher) = watched().await;
    let first = world.again("anna").await;
    let mut second = world.again("anna").await;
    let third = one_room(&world, "tea").await;
    assert_eq!(watcher.heard(), ["#tea online anna"]);
    first.session.set_silent(true);
    drop(third);
    assert_eq!(watcher.heard(), [""; 0]);
    second.session.set_silent(true);
    assert_eq!(watcher.heard(), ["#tea idle anna"]);
    first.session.set_silent(false);
    assert_eq!(watcher.heard(), ["#tea back anna"]);
    second.session.farewell();
    assert_eq!(watcher.heard(), [""; 0]);
    later(&world, 31).await;
    assert_eq!(
        watcher.heard(),
        [""; 0],
        "what the third left behind is over"
    );
    drop(first);
    assert_eq!(watcher.heard(), ["#tea idle anna"]);
}

#[tokio::test(start_paused = true)]
async fn the_last_one_decides_whether_it_is_absent_at_once() {
    let (world, mut watcher) = watched().await;
    let (first, mut second) = (world.again("anna").await, world.again("anna").await);
    watcher.told();
    drop(first);
    second.session.farewell();
    assert_eq!(watcher.heard(), ["#tea offline anna"]);
    later(&world, 31).await;
    assert_eq!(watcher.heard(), [""; 0]);

    let (mut first, second) = (world.again("anna").await, world.again("anna").await);
    watcher.told();
    first.session.farewell();
    drop(second);
    assert_eq!(watcher.heard(), ["#tea idle anna"]);
    later(&world, 30).await;
    assert_eq!(watcher.heard(), ["#tea offline anna"]);
}

#[tokio::test(start_paused = true)]
async fn presence_is_of_each_room_on_its_own() {
    let (world, mut watcher) = watched().await;
    world
        .room(
            "coffee",
            RoomKind::Public,
            [("watcher", Role::Member), ("anna", Role::Member)],
        )
        .await;
    watcher.told();
    let tea = one_room(&world, "tea").await;
    let mut coffee = one_room(&world, "coffee").await;
    assert_eq!(watcher.heard(), ["#tea online anna", "#coffee online anna"]);
    drop(tea);
    assert_eq!(watcher.heard(), ["#tea idle anna"]);
    coffee.session.farewell();
    assert_eq!(watcher.heard(), ["#coffee offline anna"]);
    later(&world, 30).await;
    assert_eq!(watcher.heard(), ["#tea offline anna"]);
}

#[tokio::test(start_paused = true)]
async fn who_is_removed_while_idle_is_absent_at_once_and_once() {
    let (world, mut watcher) = watched().await;
    drop(world.again("anna").await);
    watcher.told();
    world
        .op(commands::RemoveMember {
            room: name("tea"),
            user: login("anna"),
        })
        .await;
    assert_eq!(watcher.heard(), ["#tea removed anna", "#tea offline anna"]);
    later(&world, 31).await;
    assert_eq!(watcher.heard(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_guest_is_gone_when_its_grace_is_over() {
    let (world, mut watcher) = watched().await;
    let mut guest = world.guest("boris").await;
    guest.enter(name("tea")).await;
    watcher.told();
    drop(guest);
    later(&world, 29).await;
    assert_eq!(watcher.heard(), ["#tea idle boris"]);
    watcher
        .ok(commands::FindUser {
            user: login("boris"),
        })
        .await;
    later(&world, 1).await;
    assert_eq!(watcher.heard(), ["#tea offline boris", "#tea left boris"]);
    watcher
        .err(commands::FindUser {
            user: login("boris"),
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn without_grace_a_break_is_a_farewell() {
    let world = World::with(|options| options.grace = Duration::ZERO).await;
    let [mut watcher, mut anna] = world.accounts(["watcher", "anna"]).await;
    world.room("tea", RoomKind::Public, []).await;
    watcher.enter(name("tea")).await;
    anna.enter(name("tea")).await;
    watcher.told();
    drop(anna);
    assert_eq!(watcher.heard(), ["#tea offline anna"]);
}

#[tokio::test(start_paused = true)]
async fn several_who_break_off_go_in_their_order() {
    let (world, mut watcher) = watched().await;
    let [mut boris, mut clara] = world.accounts(["boris", "clara"]).await;
    for client in [&mut boris, &mut clara] {
        client.enter(name("tea")).await;
    }
    watcher.told();
    drop(clara);
    later(&world, 10).await;
    drop(boris);
    assert_eq!(watcher.heard(), ["#tea idle clara", "#tea idle boris"]);
    later(&world, 20).await;
    assert_eq!(watcher.heard(), ["#tea offline clara"]);
    later(&world, 10).await;
    assert_eq!(watcher.heard(), ["#tea offline boris"]);
}

#[tokio::test]
async fn a_session_of_one_room_goes_from_one_to_the_other() {
    let world = World::new().await;
    let [mut watcher, anna] = world.accounts(["watcher", "anna"]).await;
    drop(anna);
    for room in ["tea", "coffee"] {
        world
            .room(room, RoomKind::Public, [("watcher", Role::Member)])
            .await;
    }
    watcher.told();
    let mut anna = one_room(&world, "tea").await;
    anna.enter(name("coffee")).await;
    // Between two rooms there is no order.
    let (tea, coffee): (Vec<_>, Vec<_>) = watcher
        .heard()
        .into_iter()
        .partition(|line| line.starts_with("#tea"));
    assert_eq!(
        tea,
        ["#tea joined anna", "#tea online anna", "#tea offline anna"]
    );
    assert_eq!(coffee, ["#coffee joined anna", "#coffee online anna"]);
    assert_eq!(anna.session.rooms().len(), 1);
    anna.told();
    watcher.say(name("tea"), "gone?").await;
    watcher.say(name("coffee"), "here!").await;
    assert_eq!(anna.heard(), ["#coffee watcher: here!"]);
    assert_eq!(
        anna.my_rooms().await,
        ["tea", "coffee"],
        "that ends no membership"
    );
}
