//! Whether the hub is alive, and how much is said in it.

use std::time::Duration;

use tokio::time::timeout;

use super::Hub;
use super::commands::{Actor, Change, Work};
use crate::bus::BusFigures;
use crate::model::{Error, Result};
use crate::store::{ApplyError, RowKeys};

/// How long a store may take to commit something, to be ready.
const READY: Duration = Duration::from_secs(5);

/// Whether a hub can do its work now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// Whether a change was committed just now; else why not.
    pub store: Result<()>,
    /// Whether other nodes are likely to hear what this one publishes; so, too, where there can be none.
    pub is_bus_connected: bool,
}

/// A change that changes nothing; refused where the disk has no room, or not.
struct Nothing<const NEEDS_ROOM: bool>;

impl<const NEEDS_ROOM: bool> Change for Nothing<NEEDS_ROOM> {
    type Outcome = ();
    const NEEDS_ROOM: bool = NEEDS_ROOM;
    const STAYS_IN_ROOMS: bool = true;

    fn rows(&self, _: &mut RowKeys) {}

    fn apply(self, _: &mut Work<'_>) -> Result<(), ApplyError> {
        Ok(())
    }
}

impl Hub {
    /// How many messages this hub has accepted since it started.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.counts().told.all_messages()
    }

    /// Waits until what is asked of it now has gone the whole way: the store's queue, a transaction, the delivery, the state.
    /// That the store refuses it is an answer, too. It never comes where something on the way is stuck.
    pub async fn answers(&self) {
        let _ = self.change_nothing::<false>().await;
    }

    /// Whether it can do its work now: a transaction that changes nothing is committed, which takes 5 s at most.
    pub async fn readiness(&self) -> Readiness {
        let committed = timeout(READY, self.change_nothing::<true>()).await;
        Readiness {
            store: committed.unwrap_or(Err(Error::Unavailable)),
            is_bus_connected: self.inner.bus.is_connected(),
        }
    }

    /// What the bus has carried since the start, and how much of what other nodes did was read from the store instead.
    #[must_use]
    pub fn bus_figures(&self) -> BusFigures {
        BusFigures {
            gaps: self.inner.watch.gaps(),
            ..self.inner.bus.figures()
        }
    }

    async fn change_nothing<const NEEDS_ROOM: bool>(&self) -> Result<()> {
        let nothing = Nothing::<NEEDS_ROOM>;
        self.commit(Actor::Operator, None, nothing, |_, ()| Ok(()))
            .await
    }
}
