//! Two hubs over the same rows on a real NATS server, which is killed, paused and started again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tolmach::bus::{Bus, NatsBus, NatsOptions};
use tolmach::commands;
use tolmach::hub::Options;
use tolmach::model::{Role, RoomKind};

use crate::support::{Client, Cluster, World, create_room, login, name, register, say, to_user};
use tolmach_test_servers::NatsServer;

fn options(url: String, password: &str) -> NatsOptions {
    let mut options = NatsOptions::default();
    options.servers = vec![url];
    options.credentials = Some(("user".into(), Some(password.into())));
    options.prefix = "test".into();
    options
}

async fn bus(url: &str) -> Arc<NatsBus> {
    let options = options(url.to_owned(), "secret");
    Arc::new(NatsBus::connect(&options).await.unwrap())
}

/// `tea`, with anna at the first node and boris at the second.
struct Pair {
    here: World,
    there: World,
    buses: [Arc<NatsBus>; 2],
    anna: Client,
    boris: Client,
}

impl Pair {
    async fn new(url: &str) -> Self {
        let cluster = Cluster::new();
        let buses = [bus(url).await, bus(url).await];
        let here = cluster.node_on(buses[0].clone(), Options::default()).await;
        let there = cluster.node_on(buses[1].clone(), Options::default()).await;
        for user in ["anna", "boris"] {
            here.op(register(user)).await;
        }
        let members = [("anna", Role::Admin), ("boris", Role::Member)];
        here.room("tea", RoomKind::Public, members).await;
        let anna = here.again("anna").await;
        let boris = there.again("boris").await;
        let mut pair = Self {
            here,
            there,
            buses,
            anna,
            boris,
        };
        pair.met().await;
        pair
    }

    /// Waits until each hears the other.
    async fn met(&mut self) {
        self.here.op(say(name("tea"), "one")).await;
        self.boris.hears(&["#tea tolmach: one"]).await;
        self.there.op(say(name("tea"), "two")).await;
        self.anna.hears(&["#tea tolmach: two"]).await;
        if self.buses[0].is_connected() {
            for client in [&mut self.anna, &mut self.boris] {
                client.sees(name("tea"), &["anna", "boris"]).await;
            }
        }
        self.boris.told();
        self.anna.told();
    }

    async fn until_connected(&self, connected: bool) {
        let until = Instant::now() + Duration::from_secs(10);
        while self.buses.iter().any(|bus| bus.is_connected() != connected) {
            assert!(Instant::now() < until, "the bus is not {connected}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Each says so many things, in turn.
    async fn talk(&mut self, from: usize, upto: usize) {
        for number in from..upto {
            self.anna.say(name("tea"), &number.to_string()).await;
            self.boris.say(name("tea"), &number.to_string()).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Both were told all that was said, once and in the same order.
    async fn heard_all(&mut self, upto: usize) {
        let mut all = Vec::new();
        for number in 0..upto {
            all.push(format!("#tea anna: {number}"));
            all.push(format!("#tea boris: {number}"));
        }
        let lines: Vec<&str> = all.iter().map(String::as_str).collect();
        for client in [&mut self.anna, &mut self.boris] {
            let mut heard = client.hears(&lines).await;
            heard.retain(|line| line.starts_with("#tea anna:") || line.starts_with("#tea boris:"));
            assert_eq!(heard, all);
        }
    }
}

#[tokio::test]
async fn what_happens_at_one_is_told_at_the_other() {
    let Some(server) = NatsServer::start() else {
        return;
    };
    let mut pair = Pair::new(&server.url()).await;
    pair.talk(0, 50).await;
    pair.heard_all(50).await;
    let mut draft = to_user(login("boris"), "hello");
    draft.offline = commands::Offline::Store;
    pair.anna.ok(draft).await;
    let told = ["@anna,boris created", "@anna,boris anna: hello"];
    pair.boris.hears(&told).await;
    pair.here.op(create_room("coffee", RoomKind::Public)).await;
    let add = commands::AddMember {
        room: name("coffee"),
        user: login("boris"),
    };
    pair.here.op(add).await;
    pair.here.op(say(name("coffee"), "welcome")).await;
    let told = ["#coffee joined boris", "#coffee tolmach: welcome"];
    pair.boris.hears(&told).await;
    let off = commands::SetDisabled {
        user: login("boris"),
        disabled: true,
    };
    pair.here.op(off).await;
    pair.boris.hears(&["ended AccountDisabled"]).await;
    let figures = pair.buses[0].figures();
    assert!(
        figures.published > 50 && figures.received > 50,
        "{figures:?}"
    );
    assert_eq!(figures.dropped, 0);
}

#[tokio::test]
async fn while_the_server_is_dead_all_is_heard_and_when_it_is_back_nothing_twice() {
    let Some(mut server) = NatsServer::start() else {
        return;
    };
    let mut pair = Pair::new(&server.url()).await;
    pair.talk(0, 20).await;
    server.kill();
    pair.talk(20, 40).await;
    pair.until_connected(false).await;
    let began = Instant::now();
    pair.anna.say(name("tea"), "40").await;
    assert!(began.elapsed() < Duration::from_millis(500));
    pair.boris.say(name("tea"), "40").await;
    pair.heard_all(41).await;
    server.start_again();
    pair.until_connected(true).await;
    pair.met().await;
    assert_eq!(pair.anna.heard(), [""; 0]);
    assert_eq!(pair.boris.heard(), [""; 0]);
}

#[tokio::test]
async fn a_server_that_does_not_answer_delays_and_loses_nothing() {
    let Some(server) = NatsServer::start() else {
        return;
    };
    let mut pair = Pair::new(&server.url()).await;
    for round in 0..3 {
        server.pause();
        let upto = (round + 1) * 20;
        pair.talk(round * 20, upto).await;
        if round == 0 {
            pair.until_connected(false).await;
        }
        server.go_on();
    }
    pair.heard_all(60).await;
}

#[tokio::test]
async fn a_bus_that_comes_later_is_found() {
    let Some(mut server) = NatsServer::start() else {
        return;
    };
    server.kill();
    let mut pair = Pair::new(&server.url()).await;
    assert!(pair.buses.iter().all(|bus| !bus.is_connected()));
    server.start_again();
    pair.until_connected(true).await;
    pair.talk(0, 5).await;
    pair.heard_all(5).await;
}

#[tokio::test]
async fn who_is_not_let_in_is_told_so_at_the_start() {
    let Some(server) = NatsServer::start() else {
        return;
    };
    let mut options = options(server.url(), "wrong");
    let wrong = NatsBus::connect(&options).await.err().unwrap().to_string();
    assert!(wrong.contains("does not accept the user"), "{wrong}");
    options.credentials = None;
    assert!(NatsBus::connect(&options).await.is_err());
    options.credentials = Some(("user".into(), Some("secret".into())));
    assert!(NatsBus::connect(&options).await.unwrap().is_connected());
}

#[tokio::test]
async fn a_server_that_nobody_known_vouches_for_is_refused() {
    let Some((server, authority)) = NatsServer::encrypted() else {
        return;
    };
    let mut options = options(server.url().replace("nats://", "tls://"), "secret");
    let unknown = NatsBus::connect(&options).await.err().unwrap().to_string();
    assert!(
        unknown.contains("certificate") && unknown.contains("bus.ca"),
        "{unknown}"
    );
    options.authorities = Some(authority);
    assert!(NatsBus::connect(&options).await.unwrap().is_connected());
}
