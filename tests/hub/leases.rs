//! Several nodes over one store, one bus and one registry: who holds a name, and what becomes of a node that is not heard of.

use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{advance, sleep, timeout};
use tolmach::bus::{Bus, LocalBus};
use tolmach::cluster::{
    ExclusiveName, Holder, MemoryRegistry, NodeInfo, NodeState, Registration, Registry, Round,
    Taken,
};
use tolmach::commands;
use tolmach::hub::{Hub, HubBuilder, Scope};
use tolmach::model::{EndReason, Error, NodeId, Role, RoomKind, UserSelector};
use tolmach::store::{Commit, CommitSink, MemoryStore, Store};

use crate::support::{
    Client, Health, TestBus, World, guest, log_in, name, password, register, say,
};

/// How long nobody misses a node.
const LEASE: Duration = Duration::from_secs(10);

/// How the registry is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    /// It is not.
    Away,
    /// What is said there is not heard, and the node does not notice: it stands still by everybody else's clock.
    Lost,
}

/// The registry, as one node reaches it.
#[derive(Clone)]
struct Reached {
    registry: Arc<MemoryRegistry>,
    way: Arc<Mutex<Way>>,
}

impl Reached {
    fn by(&self, way: Way) {
        *self.way.lock().unwrap() = way;
    }

    fn there(&self) -> Result<&MemoryRegistry, Error> {
        match *self.way.lock().unwrap() {
            Way::Away => Err(Error::Unavailable),
            Way::Open | Way::Lost => Ok(&self.registry),
        }
    }
}

#[async_trait]
impl Registry for Reached {
    async fn register(&self, node: &Registration) -> Result<u16, Error> {
        self.there()?.register(node).await
    }

    async fn renew(&self, node: NodeId, sessions: u64) -> Result<Option<Round>, Error> {
        let way = *self.way.lock().unwrap();
        match way {
            Way::Lost => Ok(Some(Round::default())),
            Way::Open | Way::Away => self.there()?.renew(node, sessions).await,
        }
    }

    async fn resign(&self, node: NodeId) -> Result<(), Error> {
        self.there()?.resign(node).await
    }

    async fn forget(&self, gone: NodeId) -> Result<(), Error> {
        self.there()?.forget(gone).await
    }

    async fn nodes(&self) -> Result<Vec<NodeInfo>, Error> {
        self.there()?.nodes().await
    }

    async fn take(
        &self,
        name: &ExclusiveName,
        holder: Holder,
        instead_of: Option<Holder>,
    ) -> Result<Taken, Error> {
        self.there()?.take(name, holder, instead_of).await
    }

    async fn give_back(&self, held: &[(ExclusiveName, Holder)]) -> Result<(), Error> {
        self.there()?.give_back(held).await
    }
}

/// Between a node's store and its hub.
#[derive(Default)]
struct Gate(Mutex<Held>);

#[derive(Default)]
struct Held {
    is_shut: bool,
    commits: Vec<Commit>,
    to: Option<Arc<dyn CommitSink>>,
}

impl Gate {
    /// From now on the hub hears of no commit, as where the store does not answer.
    fn shut(&self) {
        self.0.lock().unwrap().is_shut = true;
    }

    fn open(&self) {
        let mut held = self.0.lock().unwrap();
        held.is_shut = false;
        let commits = std::mem::take(&mut held.commits);
        held.to.as_ref().unwrap().committed(commits);
    }
}

impl CommitSink for Gate {
    fn committed(&self, batch: Vec<Commit>) {
        let mut held = self.0.lock().unwrap();
        match (held.is_shut, &held.to) {
            (false, Some(to)) => to.committed(batch),
            _ => held.commits.extend(batch),
        }
    }
}

/// A node, and how it reaches the registry and hears of commits.
struct Node {
    world: World,
    reached: Reached,
    gate: Arc<Gate>,
}

impl Deref for Node {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

/// What nodes share.
#[derive(Clone, Default)]
struct Shared {
    bus: Arc<LocalBus>,
    registry: Arc<MemoryRegistry>,
    rows: Arc<Mutex<Option<Arc<MemoryStore>>>>,
}

impl Shared {
    /// One more node.
    async fn node(&self, called: &str) -> Node {
        self.node_on(self.bus.clone(), called).await
    }

    /// One more node, on a bus of its own.
    async fn node_on(&self, bus: Arc<dyn Bus>, called: &str) -> Node {
        let reached = Reached {
            registry: self.registry.clone(),
            way: Arc::new(Mutex::new(Way::Open)),
        };
        let builder = Hub::builder()
            .bus(bus)
            .node_name(called)
            .registry(Arc::new(reached.clone()), LEASE);
        let gate = Arc::<Gate>::default();
        let world = self.world(builder, gate.clone()).await;
        Node {
            world,
            reached,
            gate,
        }
    }

    /// Nobody hears of a node any more.
    async fn kill(&self, node: &Node, called: &str) {
        let nodes = self.registry.nodes().await.unwrap();
        let id = nodes.iter().find(|node| node.name == called).unwrap().id;
        self.bus.leave(id);
        node.reached.by(Way::Away);
    }

    async fn world(&self, builder: HubBuilder, gate: Arc<Gate>) -> World {
        let rows = self.rows.clone();
        World::over(builder, move |limits, sink| {
            gate.0.lock().unwrap().to = Some(sink);
            let sink = gate;
            let mut rows = rows.lock().unwrap();
            let store = Arc::new(match rows.as_ref() {
                Some(first) => first.beside(limits, sink),
                None => MemoryStore::open(limits, sink),
            });
            rows.get_or_insert(store.clone());
            store as Arc<dyn Store>
        })
        .await
    }

    /// Two nodes, and an account `anna`, who is in the room `tea`.
    async fn two() -> (Self, Node, Node) {
        let shared = Self::default();
        let (east, west) = (shared.node("east").await, shared.node("west").await);
        east.op(register("anna")).await;
        east.room("tea", RoomKind::Public, [("anna", Role::Member)])
            .await;
        (shared, east, west)
    }
}

fn exclusive(world: &World) -> Client {
    world.client_over("one", true, Scope::AllRooms)
}

async fn enters(world: &World, login: &str) -> Result<Client, Error> {
    let mut client = exclusive(world);
    let welcome = client.call(log_in(login, password(login))).await;
    welcome.map(|_| client)
}

/// Whether its node has lost its place, and said so.
fn was_ended(client: &mut Client) -> bool {
    let heard = client.heard();
    let ends: Vec<_> = heard
        .iter()
        .filter(|line| line.starts_with("ended"))
        .collect();
    assert!(ends.iter().all(|end| *end == "ended NodeLost"), "{heard:?}");
    !ends.is_empty()
}

/// Lets so much time pass, and what is due happen.
async fn pass(time: Duration) {
    let step = Duration::from_millis(100);
    for _ in 0..time.as_millis() / step.as_millis() {
        advance(step).await;
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_has_one_connection_at_all_nodes() {
    let (_shared, east, west) = Shared::two().await;
    let first = enters(&east, "anna").await.unwrap();
    assert_eq!(
        enters(&west, "anna").await.err(),
        Some(Error::AlreadyConnected)
    );
    // Over a dialect that lets her have several, she has.
    let _plain = west.again("anna").await;
    drop(first);
    east.settled().await;
    let second = enters(&west, "anna").await.unwrap();
    assert_eq!(
        enters(&east, "anna").await.err(),
        Some(Error::AlreadyConnected)
    );
    drop(second);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_is_displaced_from_another_node() {
    let (_shared, east, west) = Shared::two().await;
    let mut first = enters(&east, "anna").await.unwrap();
    first.session.set_silent(true);
    first.told();
    // The credentials come first.
    let mut wrong = exclusive(&west);
    assert_eq!(
        wrong.err(log_in("anna", password("wrong"))).await,
        Error::BadCredentials
    );
    assert_eq!(first.heard(), [""; 0]);
    let mut second = enters(&west, "anna").await.unwrap();
    assert_eq!(first.heard(), ["ended Displaced"]);
    assert_eq!(
        first.err(say(name("tea"), "me too")).await,
        Error::Unauthenticated
    );
    second.say(name("tea"), "it is me").await;
    // Who was displaced gives back nothing that is another's by now.
    drop(first);
    assert_eq!(
        enters(&east, "anna").await.err(),
        Some(Error::AlreadyConnected)
    );
    // The same connection may say once more who it is.
    second.ok(log_in("anna", password("anna"))).await;
    assert_eq!(
        enters(&east, "anna").await.err(),
        Some(Error::AlreadyConnected)
    );
}

#[tokio::test(start_paused = true)]
async fn of_many_who_come_at_once_at_two_nodes_one_is_let_in() {
    let (_shared, east, west) = Shared::two().await;
    for displaced in [false, true] {
        let mut held = None;
        if displaced {
            let held = held.insert(enters(&east, "anna").await.unwrap());
            held.session.set_silent(true);
        }
        let (a, b, c, d) = tokio::join!(
            enters(&east, "anna"),
            enters(&west, "anna"),
            enters(&east, "anna"),
            enters(&west, "anna")
        );
        let mut all = vec![a, b, c, d];
        let seated = all.iter().filter(|come| come.is_ok()).count();
        let refused = |come: &&Result<Client, Error>| matches!(come, Err(error) if *error == Error::AlreadyConnected);
        assert_eq!((seated, all.iter().filter(refused).count()), (1, 3));
        all.clear();
        drop(held);
        east.settled().await;
        west.settled().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_came_to_nothing_holds_nothing() {
    let (_shared, east, west) = Shared::two().await;
    east.op(commands::SetDisabled {
        user: UserSelector::login("anna"),
        disabled: true,
    })
    .await;
    assert_eq!(
        enters(&east, "anna").await.err(),
        Some(Error::BadCredentials)
    );
    east.op(commands::SetDisabled {
        user: UserSelector::login("anna"),
        disabled: false,
    })
    .await;
    // Somebody who is gone before being told that it is somebody.
    let mut hasty = exclusive(&east);
    let asked = hasty.call(log_in("anna", password("anna")));
    assert!(timeout(Duration::ZERO, asked).await.is_err());
    drop(hasty);
    pass(Duration::from_secs(1)).await;
    enters(&west, "anna").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_guests_name_is_its_own_at_all_nodes() {
    let (_shared, east, west) = Shared::two().await;
    let mut gast = exclusive(&east);
    gast.ok(guest("gast")).await;
    assert_eq!(
        exclusive(&west).err(guest("Gast")).await,
        Error::AlreadyConnected
    );
    gast.session.set_silent(true);
    let mut newcomer = exclusive(&west);
    newcomer.ok(guest("Gast")).await;
    assert!(gast.heard().contains(&"ended NameTaken".to_owned()));
    assert_ne!(
        gast.session.user().map(|user| user.id),
        Some(newcomer.user())
    );
    // A guest that becomes an account keeps its connection.
    newcomer.ok(register("Gast")).await;
    assert_eq!(
        enters(&east, "Gast").await.err(),
        Some(Error::AlreadyConnected)
    );
}

#[tokio::test(start_paused = true)]
async fn a_node_that_stops_gives_everything_back_at_once() {
    let (_shared, east, west) = Shared::two().await;
    let _anna = enters(&east, "anna").await.unwrap();
    exclusive(&east).ok(guest("gast")).await;
    east.hub.stop().await;
    enters(&west, "anna").await.unwrap();
    exclusive(&west).ok(guest("gast")).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_node_held_is_free_when_its_lease_is_over() {
    let (shared, east, west) = Shared::two().await;
    let dead = shared.node("dead").await;
    let _held = enters(&dead, "anna").await.unwrap();
    let mut gast = exclusive(&dead);
    gast.ok(guest("gast")).await;
    gast.enter(name("tea")).await;
    shared.kill(&dead, "dead").await;
    assert_eq!(
        enters(&west, "anna").await.err(),
        Some(Error::AlreadyConnected)
    );
    pass(LEASE / 2).await;
    assert_eq!(
        exclusive(&west).err(guest("gast")).await,
        Error::AlreadyConnected
    );
    pass(LEASE / 2).await;
    enters(&west, "anna").await.unwrap();
    exclusive(&east).ok(guest("gast")).await;
    let nodes = west.op(commands::Nodes).await;
    let names: Vec<_> = nodes
        .iter()
        .map(|node| (node.name.as_str(), node.state))
        .collect();
    assert_eq!(
        names,
        [("east", NodeState::Alive), ("west", NodeState::Alive)]
    );
}

#[tokio::test(start_paused = true)]
async fn who_was_found_gone_ends_its_sessions_and_begins_afresh() {
    let (_shared, east, west) = Shared::two().await;
    let mut anna = enters(&east, "anna").await.unwrap();
    let before = west.op(commands::Nodes).await;
    anna.told();
    east.reached.by(Way::Lost);
    pass(LEASE * 2).await;
    let boris = enters(&west, "anna").await.unwrap();
    assert!(!was_ended(&mut anna));
    // It runs on, and learns of it.
    east.reached.by(Way::Open);
    pass(LEASE / 2).await;
    assert!(was_ended(&mut anna));
    let after = west.op(commands::Nodes).await;
    let ids = |nodes: &[NodeInfo], called: &str| -> Vec<_> {
        let named = nodes.iter().filter(|node| node.name == called);
        named.map(|node| node.id).collect()
    };
    assert_eq!(ids(&before, "west"), ids(&after, "west"));
    assert_ne!(ids(&before, "east"), ids(&after, "east"));
    assert_eq!(after.len(), 2);
    // It is a node as any other again.
    assert_eq!(
        enters(&east, "anna").await.err(),
        Some(Error::AlreadyConnected)
    );
    drop(boris);
    pass(Duration::from_secs(1)).await;
    let _back = enters(&east, "anna").await.unwrap();
    assert_eq!(
        enters(&west, "anna").await.err(),
        Some(Error::AlreadyConnected)
    );
}

#[tokio::test(start_paused = true)]
async fn who_goes_on_after_it_was_found_gone_brings_nobody_back() {
    let (shared, bus) = (Shared::default(), Arc::<TestBus>::default());
    let east = shared.node_on(bus.clone(), "east").await;
    let west = shared.node_on(bus.clone(), "west").await;
    for user in ["anna", "boris"] {
        east.op(register(user)).await;
    }
    let members = [("anna", Role::Member), ("boris", Role::Member)];
    east.room("tea", RoomKind::Public, members).await;
    let (mut anna, mut boris) = (east.again("anna").await, west.again("boris").await);
    pass(LEASE).await;
    boris.told();
    // It stands still.
    bus.mute(0);
    east.reached.by(Way::Lost);
    pass(LEASE * 5).await;
    assert_eq!(boris.heard(), ["#tea idle anna", "#tea offline anna"]);
    // It goes on, and does not know yet.
    bus.unmute();
    pass(LEASE / 5).await;
    anna.session.set_silent(true);
    pass(LEASE / 5).await;
    east.reached.by(Way::Open);
    pass(LEASE * 4).await;
    assert!(was_ended(&mut anna));
    assert_eq!(boris.heard(), [""; 0]);
    assert_eq!(boris.who(name("tea")).await, ["boris"]);
    // As another node it is heard.
    let mut again = east.again("anna").await;
    boris.hears(&["#tea online anna"]).await;
    again.sees(name("tea"), &["anna", "boris"]).await;
}

#[tokio::test(start_paused = true)]
async fn who_is_cut_off_ends_its_sessions_before_its_lease_is_over() {
    let (_shared, east, west) = Shared::two().await;
    let mut anna = enters(&east, "anna").await.unwrap();
    let mut there = west.again("anna").await;
    pass(LEASE).await;
    anna.told();
    east.reached.by(Way::Away);
    let mut waited = Duration::ZERO;
    while !was_ended(&mut anna) {
        pass(LEASE / 100).await;
        waited += LEASE / 100;
        assert!(waited < LEASE, "the lease was over");
    }
    assert!(waited > LEASE / 4, "{waited:?}");
    assert!(!was_ended(&mut there));
    // And it is there again once it can be.
    east.reached.by(Way::Open);
    pass(LEASE).await;
    let _back = enters(&east, "anna").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn where_nobody_reaches_the_registry_everybody_stays() {
    let (_shared, east, west) = Shared::two().await;
    let mut anna = enters(&east, "anna").await.unwrap();
    let mut there = west.again("anna").await;
    pass(LEASE).await;
    let before = west.op(commands::Nodes).await;
    for node in [&east, &west] {
        node.reached.by(Way::Away);
    }
    pass(LEASE * 10).await;
    for node in [&west, &east] {
        assert_eq!(node.op_err(commands::Nodes).await, Error::Unavailable);
        node.reached.by(Way::Open);
    }
    pass(LEASE * 2).await;
    for client in [&mut anna, &mut there] {
        assert!(!was_ended(client));
    }
    let after = west.op(commands::Nodes).await;
    let ids = |nodes: &[NodeInfo]| nodes.iter().map(|node| node.id).collect::<Vec<_>>();
    assert_eq!(ids(&before), ids(&after));
    assert_eq!(
        enters(&west, "anna").await.err(),
        Some(Error::AlreadyConnected)
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_the_store_says_so_and_everybody_stays() {
    let (_shared, east, west) = Shared::two().await;
    let mut anna = enters(&east, "anna").await.unwrap();
    let mut there = west.again("anna").await;
    pass(LEASE).await;
    // What anna says there is never answered, and what she says here comes behind it: nothing more is told there.
    west.gate.shut();
    let unanswered = there.call(say(name("tea"), "never answered"));
    assert!(
        timeout(Duration::from_millis(10), unanswered)
            .await
            .is_err()
    );
    anna.ok(say(name("tea"), "behind it")).await;
    for node in [&east, &west] {
        node.reached.by(Way::Away);
    }
    pass(LEASE * 3).await;
    for client in [&mut anna, &mut there] {
        assert!(!was_ended(client));
    }
    for node in [&east, &west] {
        node.reached.by(Way::Open);
    }
    west.gate.open();
    pass(LEASE * 2).await;
    for client in [&mut anna, &mut there] {
        assert!(!was_ended(client));
    }
}

#[tokio::test(start_paused = true)]
async fn sessions_are_listed_and_closed_at_all_nodes() {
    let (_shared, east, west) = Shared::two().await;
    let mut anna = east.again("anna").await;
    let mut there = west.again("anna").await;
    west.op(register("boris")).await;
    let mut boris = west.again("boris").await;
    assert_ne!(anna.id(), there.id());
    for world in [&east, &west] {
        let sessions = world.op(commands::Sessions).await.sessions;
        let mut seen: Vec<_> = sessions
            .iter()
            .map(|session| (session.user.login.as_str(), session.node.as_str()))
            .collect();
        seen.sort_unstable();
        assert_eq!(
            seen,
            [("anna", "east"), ("anna", "west"), ("boris", "west")]
        );
    }
    let own = anna.ok(commands::Sessions).await.sessions;
    assert_eq!(own.len(), 2);
    let close = |id| commands::CloseSession { id };
    let other = anna.err(close(boris.id())).await;
    assert!(matches!(other, Error::Invalid { .. }), "{other:?}");
    anna.ok(close(there.id())).await;
    assert!(there.heard().contains(&"ended ClosedByOperator".to_owned()));
    east.op(close(boris.id())).await;
    assert!(boris.heard().contains(&"ended ClosedByOperator".to_owned()));
    let gone = east.op_err(close(boris.id())).await;
    assert!(matches!(gone, Error::Invalid { .. }), "{gone:?}");
}

#[tokio::test(start_paused = true)]
async fn who_ends_the_others_in_a_room_ends_them_at_all_nodes() {
    let (shared, bus) = (Shared::default(), Arc::<TestBus>::default());
    let east = shared.node_on(bus.clone(), "east").await;
    let west = shared.node_on(bus.clone(), "west").await;
    for user in ["anna", "boris"] {
        east.op(register(user)).await;
    }
    let members = [("anna", Role::Member), ("boris", Role::Member)];
    east.room("tea", RoomKind::Public, members).await;
    for is_lost in [false, true] {
        let anna = east.again("anna").await;
        let mut there = west.again("anna").await;
        let mut boris = west.again("boris").await;
        let other = west.client_over("other", false, Scope::AllRooms);
        let mut other = west.seat(other, "anna").await;
        let elsewhere = west.client_over("plain", false, Scope::OneRoom);
        let mut elsewhere = west.seat(elsewhere, "anna").await;
        pass(Duration::from_secs(1)).await;
        for client in [&mut there, &mut boris, &mut other, &mut elsewhere] {
            client.told();
        }
        if is_lost {
            bus.set(Health::Lossy);
        }
        anna.session.end_others_here(EndReason::ClosedTogether);
        pass(Duration::from_secs(1)).await;
        bus.set(Health::Sound);
        pass(Duration::from_secs(1)).await;
        assert_eq!(there.heard(), ["ended ClosedTogether"], "{is_lost}");
        for client in [&mut other, &mut boris] {
            client.say(name("tea"), "I am still there").await;
        }
        // It was in no room.
        elsewhere.enter(name("tea")).await;
        assert!(anna.session.user().is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_is_named_and_has_no_lag() {
    let (shared, east, west) = Shared::two().await;
    let mut anna = east.again("anna").await;
    let _there = west.again("anna").await;
    let lags = async || {
        let nodes = east.op(commands::Nodes).await.into_iter();
        let lags: Vec<_> = nodes.map(|node| (node.name, node.lag.is_some())).collect();
        lags
    };
    let listed = |west| [("east".to_owned(), true), ("west".to_owned(), west)];
    assert_eq!(lags().await, listed(true));
    assert_eq!(east.op(commands::Sessions).await.unanswered, []);
    pass(LEASE).await;
    shared.kill(&west, "west").await;
    assert_eq!(lags().await, listed(false));
    for open in [
        east.op(commands::Sessions).await,
        anna.ok(commands::Sessions).await,
    ] {
        let unanswered = open.unanswered.iter().map(|node| node.name.as_str());
        let named: Vec<_> = unanswered.collect();
        assert_eq!((named, open.sessions.len()), (vec!["west"], 1));
    }
    let export = commands::ExportUser {
        user: UserSelector::Login("anna".into()),
    };
    assert_eq!(east.op_err(export.clone()).await, Error::Unavailable);
    pass(LEASE * 2).await;
    assert_eq!(east.op(export).await.sessions.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_node_does_of_which_the_bus_never_told_is_found() {
    let shared = Shared::default();
    // What one says there the other cannot hear, and neither bus knows.
    let [ours, theirs] = [TestBus::default(), TestBus::default()].map(Arc::new);
    let east = shared.node_on(ours, "east").await;
    let west = shared.node_on(theirs, "west").await;
    for user in ["anna", "boris"] {
        east.op(register(user)).await;
    }
    let members = [("anna", Role::Member), ("boris", Role::Member)];
    east.room("tea", RoomKind::Public, members).await;
    let (mut anna, mut boris) = (east.again("anna").await, west.again("boris").await);
    // By then each has read of the other in the registry.
    sleep(LEASE / 2).await;
    boris.say(name("tea"), "is anybody there").await;
    anna.hears(&["#tea boris: is anybody there"]).await;
    anna.say(name("tea"), "I am").await;
    boris.hears(&["#tea anna: I am"]).await;
}
