//! The bus of hubs that live in one process.

use std::sync::{Arc, PoisonError, RwLock};

use super::{Bus, Envelope, Listener};
use crate::model::NodeId;

/// Carries envelopes between the hubs of one process; `bus.url = "local:"`.
#[derive(Default)]
pub struct LocalBus {
    nodes: RwLock<Vec<(NodeId, Arc<dyn Listener>)>>,
}

impl LocalBus {
    /// A bus that nobody has joined.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Bus for LocalBus {
    fn join(&self, node: NodeId, listener: Arc<dyn Listener>) {
        let mut nodes = self.nodes.write().unwrap_or_else(PoisonError::into_inner);
        nodes.retain(|(present, _)| *present != node);
        nodes.push((node, listener));
    }

    fn leave(&self, node: NodeId) {
        self.nodes
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|(present, _)| *present != node);
    }

    fn has_others(&self, node: NodeId) -> bool {
        self.nodes
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .any(|(present, _)| *present != node)
    }

    fn publish(&self, envelope: Envelope) {
        for (node, listener) in self
            .nodes
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            if *node != envelope.node {
                listener.receive(envelope.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::bus::{Payload, VERSION};

    #[derive(Default)]
    struct BusSubscriber(Mutex<Vec<Envelope>>);

    impl Listener for BusSubscriber {
        fn receive(&self, envelope: Envelope) {
            self.0.lock().unwrap().push(envelope);
        }
    }

    fn envelope(node: u64) -> Envelope {
        Envelope {
            version: VERSION,
            node: NodeId(node),
            payload: Payload::Rooms(Vec::new()),
        }
    }

    #[test]
    fn everyone_else_hears_once_and_who_left_does_not() {
        let bus = LocalBus::new();
        let ears = [
            Arc::new(BusSubscriber::default()),
            Arc::new(BusSubscriber::default()),
            Arc::new(BusSubscriber::default()),
        ];
        bus.join(NodeId(0), ears[0].clone());
        assert!(!bus.has_others(NodeId(0)));
        bus.join(NodeId(1), ears[1].clone());
        bus.join(NodeId(2), ears[2].clone());
        assert!(bus.has_others(NodeId(0)));
        bus.publish(envelope(0));
        bus.leave(NodeId(2));
        bus.publish(envelope(1));
        let heard = ears.map(|ear| {
            ear.0
                .lock()
                .unwrap()
                .iter()
                .map(|envelope| envelope.node.0)
                .collect::<Vec<_>>()
        });
        assert_eq!(heard, [vec![1], vec![0], vec![0]]);
    }

    #[test]
    fn an_envelope_can_be_written_and_read() {
        let text = serde_json::to_string(&envelope(7)).unwrap();
        assert_eq!(
            serde_json::from_str::<Envelope>(&text).unwrap(),
            envelope(7)
        );
    }
}
