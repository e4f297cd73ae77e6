//! Who is at other nodes, asked for by whoever is about to say who is there.

use std::time::Duration;

use tokio::time::timeout;

use super::Hub;
use crate::model::{NodeId, RoomId};

/// How long other nodes may take to say who is in a room. Those that do not say that they are there are not waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// A room in which nobody of this node need be: what others say of who is there is kept as long as this is.
pub(super) struct Inquiry<'a> {
    hub: &'a Hub,
    room: RoomId,
}

impl Drop for Inquiry<'_> {
    fn drop(&mut self) {
        self.hub.with_state(|state| state.close_inquiry(self.room));
    }
}

impl Hub {
    /// Asks those other nodes that have not said yet who is in a room, and waits for a moment. `None`: there is nobody to ask.
    pub(super) async fn inquire(&self, room: RoomId) -> Option<Inquiry<'_>> {
        let others = self.within_call();
        if others.is_empty() {
            return None;
        }
        self.with_state(|state| state.open_inquiry(room));
        let inquiry = Inquiry { hub: self, room };
        let unheard = || self.with_state(|state| state.unheard(room, &others));
        for node in unheard() {
            self.ask_presence(node, vec![room]);
        }
        let all_answer = async {
            loop {
                let next = self.inner.watch.next_answer();
                if unheard().is_empty() {
                    return;
                }
                next.await;
            }
        };
        if timeout(PATIENCE, all_answer).await.is_err() {
            tracing::debug!(%room, "not all nodes say who is there");
        }
        Some(inquiry)
    }

    /// Whether somebody may be connected to another node, and not known here: it may have come while the bus brought nothing.
    pub(super) fn may_miss_somebody(&self) -> bool {
        let inner = &self.inner;
        inner.is_shared && (!inner.bus.is_connected() || self.is_anybody_silent())
    }

    /// The other nodes that are likely to answer.
    fn within_call(&self) -> Vec<NodeId> {
        let watch = &self.inner.watch;
        if !self.inner.is_shared || !self.inner.bus.is_connected() {
            return Vec::new();
        }
        let silent = watch.silent();
        let mut others = watch.others();
        others.retain(|node| !silent.contains(node));
        others
    }
}
