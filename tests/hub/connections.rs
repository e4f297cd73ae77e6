//! One name, one connection: who is refused, who is displaced; and a connection that becomes somebody else.

use std::sync::Arc;

use bytes::Bytes;
use tolmach::commands::{self, AnyCommand};
use tolmach::hub::{ConnectionInfo, Delivery, Events, Overflow, Scope, Sink};
use tolmach::model::{EndReason, Error, RoomId, RoomKind};

use crate::support::{
    BOUNDS, Client, World, guest, log_in, login, name, password, register, say, token,
};

#[tokio::test]
async fn one_name_has_one_connection_over_a_dialect_that_wants_it_so() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    world.op(register("anna")).await;
    let exclusive = || world.client_over("one", true, Scope::AllRooms);
    let mut first = world.seat(exclusive(), "anna").await;
    first.enter(name("tea")).await;
    assert_eq!(
        exclusive().err(log_in("anna", password("anna"))).await,
        Error::AlreadyConnected
    );
    let mut otherwise = world
        .seat(world.client_over("other", true, Scope::AllRooms), "anna")
        .await;
    first.told();
    otherwise.told();

    // The credentials come first; and only who did not answer the last probe is displaced.
    first.session.set_silent(true);
    assert_eq!(
        exclusive().err(log_in("anna", password("wrong"))).await,
        Error::BadCredentials
    );
    assert_eq!(first.heard(), [""; 0]);
    let mut second = exclusive();
    second.ok(log_in("anna", password("anna"))).await;
    assert_eq!(first.heard(), ["ended Displaced"]);
    assert_eq!(otherwise.heard(), [""; 0]);
    assert_eq!(second.who(name("tea")).await, ["anna"]);
    assert_eq!(
        exclusive().err(log_in("anna", password("anna"))).await,
        Error::AlreadyConnected
    );

    // An idle user whose connection is gone is in nobody's way.
    drop(second);
    exclusive().ok(log_in("anna", password("anna"))).await;
}

/// A connection whose reader has vanished.
struct Vanished(Arc<dyn Sink>);

impl Sink for Vanished {
    fn push(&self, room: RoomId, delivery: Delivery) -> Result<bool, Overflow> {
        self.0.push(room, delivery)
    }

    fn flush(&self) {
        self.0.flush();
    }

    fn close(&self, reason: EndReason, last: Bytes) {
        self.0.close(reason, last);
    }

    fn was_closed(&self) -> bool {
        self.0.was_closed()
    }

    fn is_reader_gone(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn who_acknowledges_nothing_is_displaced_guests_too() {
    let world = World::new().await;
    world.op(register("anna")).await;
    let vanished = || {
        let (sink, events) = Events::channel(BOUNDS);
        let connection = ConnectionInfo {
            dialect: "one",
            address: None,
            exclusive: true,
            scope: Scope::AllRooms,
            encoder: Events::encoder(),
            sink: Arc::new(Vanished(sink)),
        };
        let session = world.hub.connect(connection);
        Client { session, events }
    };
    for login in [
        AnyCommand::from(log_in("anna", password("anna"))),
        guest("gast").into(),
    ] {
        let mut gone = vanished();
        gone.ok(login.clone()).await;
        let mut newcomer = world.client_over("one", true, Scope::AllRooms);
        newcomer.ok(login.clone()).await;
        assert!(gone.heard()[0].starts_with("ended"));
        let mut third = world.client_over("one", true, Scope::AllRooms);
        assert_eq!(third.err(login).await, Error::AlreadyConnected);
    }
}

#[tokio::test]
async fn two_who_come_at_once_displace_one_and_one_is_let_in() {
    let world = World::new().await;
    world.op(register("anna")).await;
    let mut held = world
        .seat(world.client_over("one", true, Scope::AllRooms), "anna")
        .await;
    held.session.set_silent(true);
    let commands::NewToken { value, .. } = world
        .op(commands::CreateToken {
            user: login("anna"),
            value: None,
        })
        .await;
    let value = value.0;
    let mut left = world.client_over("one", true, Scope::AllRooms);
    let mut right = world.client_over("one", true, Scope::AllRooms);
    let (a, b) = tokio::join!(left.call(token(&value)), right.call(token(&value)));
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|in_| **in_).count(), 1);
    assert_eq!(held.heard(), ["ended Displaced"]);
    let sessions = world.op(commands::Sessions).await.sessions;
    assert!(sessions.len() == 1);
}

#[tokio::test]
async fn a_login_that_is_refused_leaves_no_token() {
    let world = World::new().await;
    world.op(register("anna")).await;
    let mut first = world.client_over("one", true, Scope::AllRooms);
    first.ok(log_in("anna", password("anna"))).await;
    let mut second = world.client_over("one", true, Scope::AllRooms);
    let for_token = commands::LogIn {
        login: "anna".into(),
        secret: password("anna"),
        token: true,
    };
    assert_eq!(second.err(for_token).await, Error::AlreadyConnected);
    assert_eq!(
        world
            .op(commands::Tokens {
                user: login("anna")
            })
            .await,
        Vec::new()
    );
}

#[tokio::test]
async fn a_connection_that_becomes_somebody_else_stops_being_who_it_was() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let mut watcher = world.account("watcher").await;
    watcher.enter(name("tea")).await;
    let mut client = world.guest("boris").await;
    client.enter(name("tea")).await;
    watcher.told();
    world.op(register("anna")).await;
    client.ok(log_in("anna", password("anna"))).await;
    world.settled().await;
    assert_eq!(watcher.heard(), ["#tea offline boris", "#tea left boris"]);
    assert!(matches!(
        watcher
            .err(commands::FindUser {
                user: login("boris")
            })
            .await,
        Error::NoSuchUser
    ));
    assert!(matches!(
        client.err(say(name("tea"), "hello")).await,
        Error::NotAllowed(_)
    ));
    client.enter(name("tea")).await;
    assert_eq!(watcher.heard(), ["#tea online anna", "#tea joined anna"]);
}
