//! The bus of hubs that live in one process.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::{Bus, Envelope, Listener, Topic};
use crate::model::NodeId;

/// Carries envelopes between the hubs of one process; `bus.url = "local:"`. It loses nothing.
#[derive(Default)]
pub struct LocalBus {
    nodes: RwLock<Vec<Joined>>,
}

struct Joined {
    node: NodeId,
    listener: Arc<dyn Listener>,
    wanted: HashSet<Topic>,
}

impl Joined {
    fn hears(&self, topic: &Topic) -> bool {
        match topic {
            Topic::All => true,
            Topic::Node(node) => self.node == *node,
            Topic::Room(_) | Topic::User(_) => self.wanted.contains(topic),
        }
    }
}

impl LocalBus {
    /// A bus that nobody has joined.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Joined>> {
        self.nodes.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bus for LocalBus {
    fn join(&self, node: NodeId, listener: Arc<dyn Listener>) {
        let mut nodes = self.nodes.write().unwrap_or_else(PoisonError::into_inner);
        nodes.retain(|joined| joined.node != node);
        nodes.push(Joined {
            node,
            listener,
            wanted: HashSet::new(),
        });
    }

    fn leave(&self, node: NodeId) {
        let mut nodes = self.nodes.write().unwrap_or_else(PoisonError::into_inner);
        nodes.retain(|joined| joined.node != node);
    }

    fn has_others(&self, node: NodeId) -> bool {
        self.read().iter().any(|joined| joined.node != node)
    }

    fn interest(&self, node: NodeId, topic: Topic, wanted: bool) {
        let mut nodes = self.nodes.write().unwrap_or_else(PoisonError::into_inner);
        let is_alone = nodes.len() == 1;
        let Some(joined) = nodes.iter_mut().find(|joined| joined.node == node) else {
            return;
        };
        if !wanted {
            joined.wanted.remove(&topic);
        } else if joined.wanted.insert(topic) && !is_alone {
            joined.listener.hears(topic);
        }
    }

    fn publish(&self, topic: Topic, envelope: Envelope) {
        for joined in self.read().iter() {
            if joined.node != envelope.node && joined.hears(&topic) {
                joined.listener.receive(envelope.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::bus::{Payload, VERSION};
    use crate::model::RoomId;

    #[derive(Default)]
    struct Ear(Mutex<Vec<String>>);

    impl Listener for Ear {
        fn receive(&self, envelope: Envelope) {
            self.0.lock().unwrap().push(envelope.node.to_string());
        }

        fn hears(&self, topic: Topic) {
            self.0.lock().unwrap().push(format!("{topic:?}"));
        }

        fn lost(&self) {}

        fn connected(&self, _: bool) {}
    }

    fn envelope(node: u64) -> Envelope {
        Envelope {
            version: VERSION,
            node: NodeId(node),
            payload: Payload::News,
        }
    }

    fn joined<const N: usize>(bus: &LocalBus) -> [Arc<Ear>; N] {
        let ears = std::array::from_fn(|_| Arc::new(Ear::default()));
        for (node, ear) in (0..).zip(&ears) {
            bus.join(NodeId(node), Arc::<Ear>::clone(ear));
        }
        ears
    }

    fn heard<const N: usize>(ears: [Arc<Ear>; N]) -> [String; N] {
        ears.map(|ear| ear.0.lock().unwrap().join(" "))
    }

    #[test]
    fn everyone_else_hears_once_and_who_left_does_not() {
        let bus = LocalBus::new();
        bus.join(NodeId(0), Arc::new(Ear::default()));
        assert!(!bus.has_others(NodeId(0)));
        let ears = joined::<3>(&bus);
        assert!(bus.has_others(NodeId(0)));
        bus.publish(Topic::All, envelope(0));
        bus.leave(NodeId(2));
        bus.publish(Topic::All, envelope(1));
        assert_eq!(heard(ears), ["1", "0", "0"]);
    }

    #[test]
    fn a_topic_reaches_those_who_want_it() {
        let bus = LocalBus::new();
        let ears = joined::<3>(&bus);
        let room = Topic::Room(RoomId(4));
        bus.interest(NodeId(1), room, true);
        bus.interest(NodeId(1), room, true);
        bus.publish(room, envelope(0));
        bus.publish(Topic::Room(RoomId(5)), envelope(0));
        bus.publish(Topic::Node(NodeId(2)), envelope(0));
        bus.interest(NodeId(1), room, false);
        bus.publish(room, envelope(2));
        assert_eq!(heard(ears), ["", "Room(RoomId(4)) 0", "0"]);
    }
}
