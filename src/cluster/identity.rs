//! Which node a process is.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::model::NodeId;

/// The node that a process is at present; another one each time that it was found gone. Whoever is refused as a node that is
/// gone says so here, and the process begins afresh.
#[derive(Debug)]
pub struct Identity {
    id: AtomicU64,
    refused: Notify,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            id: AtomicU64::new(fresh().0),
            refused: Notify::new(),
        }
    }
}

impl Identity {
    /// The node that the process is now.
    #[must_use]
    pub fn node(&self) -> NodeId {
        NodeId(self.id.load(Ordering::SeqCst))
    }

    /// Something was refused because this node is gone.
    pub fn refused(&self, node: NodeId) {
        if node == self.node() {
            self.refused.notify_one();
        }
    }

    /// Waits until something was refused.
    pub(crate) async fn was_refused(&self) {
        self.refused.notified().await;
    }

    /// A node that nobody was before.
    pub(crate) fn another() -> NodeId {
        fresh()
    }

    /// The process is this node from now on.
    pub(crate) fn become_node(&self, node: NodeId) {
        self.id.store(node.0, Ordering::SeqCst);
    }
}

/// Positive where it is kept with a sign.
fn fresh() -> NodeId {
    NodeId(rand::random::<u64>() >> 1)
}
