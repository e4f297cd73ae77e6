//! The registry of hubs that live in one process.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{
    ExclusiveName, Holder, MAX_NODES, NodeInfo, NodeState, Registration, Registry, Round, Taken,
};
use crate::model::{Error, NodeId, Result, Timestamp};

/// Knows the hubs of one process; for those that share a [`MemoryStore`](crate::store::MemoryStore).
pub struct MemoryRegistry {
    tables: Mutex<Tables>,
    began: Instant,
}

#[derive(Default)]
struct Tables {
    /// In the order in which they came.
    nodes: Vec<Node>,
    names: HashMap<ExclusiveName, Holder>,
    last_number: u16,
    turned: Duration,
}

/// Moments are counted from the beginning of the registry.
struct Node {
    info: NodeInfo,
    lease: Duration,
    until: Duration,
    /// Since when it has kept its lease without a break.
    unbroken: Duration,
}

impl Default for MemoryRegistry {
    fn default() -> Self {
        Self {
            tables: Mutex::default(),
            began: Instant::now(),
        }
    }
}

impl MemoryRegistry {
    /// A registry in which nobody is.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Has its clock, and no other, be so much further.
    pub fn turn(&self, further: Duration) {
        self.lock().turned += further;
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at(&self, tables: &Tables) -> Duration {
        self.began.elapsed() + tables.turned
    }
}

impl Node {
    fn is_gone(&self) -> bool {
        self.info.state == NodeState::Gone
    }

    /// How long until a node that has been unbroken since then may find this one gone.
    fn end(&self, now: Duration, unbroken: Duration) -> Duration {
        self.until.max(unbroken + self.lease).saturating_sub(now)
    }
}

impl Tables {
    fn here(&mut self, id: NodeId) -> Option<&mut Node> {
        let mut nodes = self.nodes.iter_mut();
        nodes.find(|node| node.info.id == id && !node.is_gone())
    }

    fn end(&mut self, id: NodeId) {
        if let Some(node) = self.here(id) {
            node.info.state = NodeState::Gone;
            self.names.retain(|_, holder| holder.node != id);
        }
    }

    /// The next number that none of the nodes has.
    fn next_number(&mut self) -> Result<u16> {
        let used: BTreeSet<u16> = self.nodes.iter().map(|node| node.info.number).collect();
        let all = (0..MAX_NODES).map(|step| (self.last_number + step) % MAX_NODES + 1);
        let free = { all }.find(|number| !used.contains(number));
        self.last_number = free.ok_or(Error::Unavailable)?;
        Ok(self.last_number)
    }
}

#[async_trait]
impl Registry for MemoryRegistry {
    async fn register(&self, node: &Registration) -> Result<u16> {
        let mut tables = self.lock();
        let now = self.at(&tables);
        let number = tables.next_number()?;
        let info = NodeInfo {
            id: node.id,
            number,
            name: node.name.clone(),
            version: node.version.clone(),
            since: Timestamp::now(),
            sessions: 0,
            state: NodeState::Alive,
            lag: None,
        };
        tables.nodes.push(Node {
            info,
            lease: node.lease,
            until: now + node.lease,
            unbroken: now,
        });
        Ok(number)
    }

    async fn renew(&self, node: NodeId, sessions: u64) -> Result<Option<Round>> {
        let mut tables = self.lock();
        let now = self.at(&tables);
        let Some(own) = tables.here(node) else {
            return Ok(None);
        };
        if own.until <= now {
            own.unbroken = now;
        }
        own.until = now + own.lease;
        own.info.sessions = sessions;
        let unbroken = own.unbroken;
        let others = |tables: &Tables| -> Vec<(NodeId, Duration)> {
            let others = tables.nodes.iter();
            let others = others.filter(|other| other.info.id != node && !other.is_gone());
            let end = |other: &Node| (other.info.id, other.end(now, unbroken));
            others.map(end).collect()
        };
        for (over, _) in others(&tables).iter().filter(|(_, end)| end.is_zero()) {
            tables.end(*over);
        }
        let others = others(&tables);
        let gone = tables.nodes.iter().filter(|node| node.is_gone());
        Ok(Some(Round {
            gone: gone.map(|node| node.info.id).collect(),
            next_end: others.iter().map(|(_, end)| *end).min(),
            others: others.into_iter().map(|(id, _)| id).collect(),
            time: None,
        }))
    }

    async fn resign(&self, node: NodeId) -> Result<()> {
        self.lock().end(node);
        Ok(())
    }

    async fn forget(&self, gone: NodeId) -> Result<()> {
        let is_kept = |node: &Node| node.info.id != gone || !node.is_gone();
        self.lock().nodes.retain(is_kept);
        Ok(())
    }

    async fn nodes(&self) -> Result<Vec<NodeInfo>> {
        let tables = self.lock();
        let now = self.at(&tables);
        let info = |node: &Node| {
            let mut info = node.info.clone();
            if !node.is_gone() && node.until <= now {
                info.state = NodeState::Late;
            }
            info
        };
        Ok(tables.nodes.iter().map(info).collect())
    }

    async fn take(
        &self,
        name: &ExclusiveName,
        holder: Holder,
        instead_of: Option<Holder>,
    ) -> Result<Taken> {
        let mut tables = self.lock();
        if tables.here(holder.node).is_none() {
            return Err(Error::Unavailable);
        }
        match tables.names.get(name) {
            Some(held) if *held != holder && Some(*held) != instead_of => Ok(Taken::HeldBy(*held)),
            _ => {
                tables.names.insert(name.clone(), holder);
                Ok(Taken::Yes)
            }
        }
    }

    async fn give_back(&self, held: &[(ExclusiveName, Holder)]) -> Result<()> {
        let mut tables = self.lock();
        for (name, holder) in held {
            if tables.names.get(name) == Some(holder) {
                tables.names.remove(name);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::contract::{Bench, registry_contract};
    use super::*;

    impl Bench for MemoryRegistry {
        fn registry(&self) -> Option<&dyn Registry> {
            Some(self)
        }

        async fn pass(&self, further: Duration) {
            self.turn(further);
        }
    }

    registry_contract!(MemoryRegistry::new());
}
