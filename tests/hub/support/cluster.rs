//! Several hubs over the same rows, on a bus that loses what it is told to.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tolmach::bus::{Bus, Envelope, Listener, LocalBus, Payload, Topic};
use tolmach::hub::{Hub, Options};
use tolmach::model::{NodeId, RoomSelector};
use tolmach::store::{Commit, CommitSink, Limits, MemoryStore};

use super::{Client, World};

/// How a bus is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Health {
    /// It loses nothing.
    Sound,
    /// It loses everything but beats.
    Lossy,
    /// It is away, and says so.
    Away,
}

impl Health {
    pub(crate) const ALL: [Self; 3] = [Self::Sound, Self::Lossy, Self::Away];
}

#[derive(Default)]
pub(crate) struct TestBus {
    inner: LocalBus,
    health: AtomicU8,
    nodes: Mutex<Vec<NodeId>>,
    dead: Mutex<Vec<NodeId>>,
}

impl TestBus {
    pub(crate) fn set(&self, health: Health) {
        self.health.store(health as u8, Ordering::Relaxed);
    }

    /// The node that came as this one, from 0, is there no more, and says no farewell.
    pub(crate) fn kill(&self, number: usize) {
        self.mute(number);
        self.inner.leave(self.nodes.lock().unwrap()[number]);
    }

    /// Nothing is heard of the node that came as this one, from 0.
    pub(crate) fn mute(&self, number: usize) {
        let node = self.nodes.lock().unwrap()[number];
        self.dead.lock().unwrap().push(node);
    }

    /// Whoever was muted is heard again.
    pub(crate) fn unmute(&self) {
        self.dead.lock().unwrap().clear();
    }

    fn is(&self, health: Health) -> bool {
        self.health.load(Ordering::Relaxed) == health as u8
    }
}

impl Bus for TestBus {
    fn join(&self, node: NodeId, listener: Arc<dyn Listener>) {
        self.nodes.lock().unwrap().push(node);
        self.inner.join(node, listener);
    }

    fn leave(&self, node: NodeId) {
        self.inner.leave(node);
    }

    fn has_others(&self, _node: NodeId) -> bool {
        true
    }

    fn interest(&self, node: NodeId, topic: Topic, wanted: bool) {
        self.inner.interest(node, topic, wanted);
    }

    fn publish(&self, topic: Topic, envelope: Envelope) {
        let is_beat = matches!(envelope.payload, Payload::Beat(_));
        if self.dead.lock().unwrap().contains(&envelope.node) {
            return;
        }
        if self.is(Health::Sound) || self.is(Health::Lossy) && is_beat {
            self.inner.publish(topic, envelope);
        }
    }

    fn is_connected(&self) -> bool {
        !self.is(Health::Away)
    }
}

struct Nowhere;

impl CommitSink for Nowhere {
    fn committed(&self, _: Vec<Commit>) {}
}

/// What nodes share.
pub(crate) struct Cluster {
    memory: Arc<MemoryStore>,
    pub(crate) bus: Arc<TestBus>,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        let limits = Limits {
            gateway: String::new(),
            rooms_per_user: 0.into(),
            members_per_room: 0.into(),
            disk_free: 0.into(),
            node: None,
        };
        let memory = MemoryStore::open(limits, Arc::new(Nowhere));
        Self {
            memory: Arc::new(memory),
            bus: Arc::default(),
        }
    }

    /// One more hub.
    pub(crate) async fn node(&self) -> World {
        self.node_with(Options::default()).await
    }

    /// One more hub, configured otherwise.
    pub(crate) async fn node_with(&self, options: Options) -> World {
        let bus: Arc<TestBus> = self.bus.clone();
        self.node_on(bus, options).await
    }

    /// One more hub, on a bus of another kind.
    pub(crate) async fn node_on(&self, bus: Arc<dyn Bus>, options: Options) -> World {
        let memory = self.memory.clone();
        let builder = Hub::builder().options(options).bus(bus);
        World::over(builder, move |limits, sink| {
            Arc::new(memory.beside(limits, sink))
        })
        .await
    }

    pub(crate) async fn nodes<const N: usize>(&self) -> [World; N] {
        let mut nodes = Vec::new();
        for _ in 0..N {
            nodes.push(self.node().await);
        }
        nodes.try_into().unwrap_or_else(|_| panic!("as many"))
    }
}

impl Client {
    /// Waits until these are seen in a room. Within two seconds.
    pub(crate) async fn sees(&mut self, room: RoomSelector, users: &[&str]) {
        let mut seen = Vec::new();
        for _ in 0..210 {
            seen = self.who(room.clone()).await;
            if seen == users {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not seen {users:?}, but {seen:?}");
    }

    /// Waits until it was told all this, in this order, and gives whatever it was told. Within two seconds: what is lost is found
    /// by then.
    pub(crate) async fn hears(&mut self, lines: &[&str]) -> Vec<String> {
        let mut heard = Vec::new();
        for _ in 0..210 {
            heard.append(&mut self.heard());
            let mut rest = heard.iter();
            if lines.iter().all(|line| rest.any(|told| told == line)) {
                return heard;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not told {lines:?}, but {heard:?}");
    }
}
