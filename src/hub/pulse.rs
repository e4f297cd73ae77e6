//! Whether the hub is alive, and how much is said in it.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Hub;
use super::commands::{Actor, Change, Work};
use crate::model::{RoomChange, RoomEvent};
use crate::store::{ApplyError, RowKeys};

/// A change that changes nothing.
struct Nothing;

impl Change for Nothing {
    type Outcome = ();
    const NEEDS_ROOM: bool = false;
    const STAYS_IN_ROOMS: bool = true;

    fn rows(&self, _: &mut RowKeys) {}

    fn apply(self, _: &mut Work<'_>) -> Result<(), ApplyError> {
        Ok(())
    }
}

/// Counts the messages that were accepted here.
#[derive(Default)]
pub(super) struct Said(AtomicU64);

impl Said {
    pub(super) fn count(&self, events: &[RoomEvent]) {
        let is_message = |event: &&RoomEvent| matches!(event.change, RoomChange::Posted(_));
        let messages = events.iter().filter(is_message).count() as u64;
        self.0.fetch_add(messages, Ordering::Relaxed);
    }
}

impl Hub {
    /// How many messages this hub has accepted since it started.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.inner.said.0.load(Ordering::Relaxed)
    }

    /// Waits until what is asked of it now has gone the whole way: the store's queue, a transaction, the delivery, the state.
    /// That the store refuses it is an answer, too. It never comes where something on the way is stuck.
    pub async fn answers(&self) {
        let _ = self
            .commit(Actor::Operator, None, Nothing, |_, ()| Ok(()))
            .await;
    }
}
