//! Several nodes over one store, one bus and one registry: who holds a name, and what becomes of a node that is not heard of.

mod gone;
mod names;
mod questions;

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
use tolmach::model::{
    EndReason, Error, NodeId, Role, RoomKind, SessionId, Timestamp, UserSelector,
};
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
    /// What its clock says.
    time: Arc<Mutex<Option<Timestamp>>>,
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
            Way::Open | Way::Away => {
                let time = *self.time.lock().unwrap();
                let renewed = self.there()?.renew(node, sessions).await?;
                Ok(renewed.map(|round| Round { time, ..round }))
            }
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
            time: Arc::default(),
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

    /// Two nodes, each on its bus, and the accounts `anna` and `boris`, who are in the room `tea`.
    async fn two_on([ours, theirs]: [Arc<TestBus>; 2]) -> (Self, Node, Node) {
        let shared = Self::default();
        let east = shared.node_on(ours, "east").await;
        let west = shared.node_on(theirs, "west").await;
        let members = [("anna", Role::Member), ("boris", Role::Member)];
        for (user, _) in members {
            east.op(register(user)).await;
        }
        east.room("tea", RoomKind::Public, members).await;
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
