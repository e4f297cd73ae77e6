//! Many who try wrong passwords, and somebody who has the right one.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;
use tolmach::model::Error;

use crate::support::{Client, World, log_in, password, register};

/// Far more than have their passwords hashed at once.
fn many() -> usize {
    20 + 4 * std::thread::available_parallelism().map_or(1, usize::from)
}

fn address(last: u8) -> IpAddr {
    [192, 0, 2, last].into()
}

/// Wrong passwords, each of an account of its own, that all wait.
struct Flood {
    answered: Arc<AtomicUsize>,
    all: JoinSet<Error>,
}

impl Flood {
    async fn begin(world: &World, from: IpAddr) -> Self {
        let mut flood = Self {
            answered: Arc::default(),
            all: JoinSet::new(),
        };
        for number in 0..many() {
            let (mut client, answered) = (world.client_from(from), flood.answered.clone());
            flood.all.spawn(async move {
                let try_in = log_in(&format!("login{number}"), password("wrong"));
                let refused = client.err(try_in).await;
                answered.fetch_add(1, Ordering::SeqCst);
                refused
            });
        }
        // They come to wait within their first steps; what begins now is later than all of them.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        flood
    }

    /// Logs in while it goes on: how many of it were answered meanwhile.
    async fn meanwhile(&self, mut client: Client, login: &str) -> usize {
        let before = self.answered.load(Ordering::SeqCst);
        client.ok(log_in(login, password(login))).await;
        self.answered.load(Ordering::SeqCst) - before
    }

    async fn end(self) -> Vec<Error> {
        self.all.join_all().await
    }
}

#[tokio::test]
async fn a_flood_from_elsewhere_costs_one_who_logs_in_a_few_turns() {
    let world = World::new().await;
    world.op(register("anna")).await;
    let flood = Flood::begin(&world, address(1)).await;
    let answered = flood.meanwhile(world.client_from(address(2)), "anna").await;
    assert!(answered < many() / 2, "{answered} were looked at before");
    // And the operator, who is nowhere.
    world.op(register("boris")).await;
    assert!(flood.answered.load(Ordering::SeqCst) < many());
    assert!(
        flood
            .end()
            .await
            .iter()
            .all(|error| *error == Error::BadCredentials)
    );
}

#[tokio::test]
async fn of_one_address_who_came_in_before_and_who_has_not_failed_go_first() {
    let world = World::new().await;
    for login in ["anna", "boris"] {
        world.op(register(login)).await;
    }
    let mut before = world.client_from(address(1));
    before.ok(log_in("anna", password("anna"))).await;
    let flood = Flood::begin(&world, address(1)).await;
    let answered = flood.meanwhile(world.client_from(address(1)), "anna").await;
    assert!(answered < many() / 2, "{answered} were looked at before");
    flood.end().await;
    // All of it have failed now; boris never came from here.
    let flood = Flood::begin(&world, address(1)).await;
    let answered = flood
        .meanwhile(world.client_from(address(1)), "boris")
        .await;
    assert!(answered < many() / 2, "{answered} were looked at before");
    flood.end().await;
}

#[tokio::test]
async fn where_too_many_of_an_address_wait_more_are_refused_and_nobody_else_is() {
    let world = World::with(|options| options.passwords_waiting = 3).await;
    for login in ["anna", "boris"] {
        world.op(register(login)).await;
    }
    let mut before = world.client_from(address(1));
    before.ok(log_in("anna", password("anna"))).await;
    let flood = Flood::begin(&world, address(1)).await;
    // There is always a place for those who go first.
    flood.meanwhile(world.client_from(address(1)), "anna").await;
    flood
        .meanwhile(world.client_from(address(2)), "boris")
        .await;
    let refused = flood.end().await.into_iter();
    let limited = refused.filter(|error| matches!(error, Error::RateLimited { .. }));
    assert!(limited.count() > many() / 2);
    // From now on any number.
    let mut options = (*world.hub.options()).clone();
    options.passwords_waiting = 0;
    world.hub.set_options(options);
    let refused = Flood::begin(&world, address(1)).await.end().await;
    assert!(refused.iter().all(|error| *error == Error::BadCredentials));
}
