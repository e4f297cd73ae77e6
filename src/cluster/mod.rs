//! Several hubs as one gateway: which nodes there are, and who holds what only one may have.
//!
//! A [`Registry`] lies where every node reaches it, beside the [store](crate::store) that they share, and decides by its own
//! clock: no node's time counts. One hub alone needs none.
//!
//! ```text
//!            register            renew, more often than the lease is long
//!  (nobody) ──────────▶ here ◀─────────┐
//!                        │ ────────────┘
//!                        │ resign; or somebody who renews finds its lease over
//!                        ▼
//!                       gone ──── its guests are ended ────▶ forget ──▶ (nobody)
//! ```
//!
//! - Whoever is gone stays gone: the process goes on as another node, with another number.
//! - At the moment at which a node is gone, all that it held is free.
//! - A lease that is over is not lost before somebody finds it so, and only who has kept its own for as long, without a
//!   break, can: where nobody could reach the registry for a while, nobody is gone afterwards.

#[cfg(test)]
pub(crate) mod contract;
mod identity;
mod memory;
mod question;

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use identity::Identity;
pub use memory::MemoryRegistry;
pub use question::{Answer, Question, Together};

use crate::model::{NodeId, Result, Timestamp, UserId};

/// The most nodes at once, those that are gone and not forgotten among them.
pub const MAX_NODES: u16 = 999;

/// What a node says of itself when it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The number under which no node was before.
    pub id: NodeId,
    /// What lists call it.
    pub name: String,
    /// The version of its program.
    pub version: String,
    /// For how long it is here without renewing that.
    pub lease: Duration,
}

/// A node as the registry has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeInfo {
    /// The number that no other node has, or had.
    pub id: NodeId,
    /// Its number among those that are there, from 1 to [`MAX_NODES`]: by it the sessions of nodes are told apart.
    pub number: u16,
    /// What its configuration calls it; several may be called the same.
    pub name: String,
    /// The version of its program.
    pub version: String,
    /// When it came, by the registry's clock.
    pub since: Timestamp,
    /// How many sessions were open when it last renewed its lease.
    pub sessions: u64,
    /// Whether it is heard of.
    pub state: NodeState,
    /// How long a question over the bus took to it and back, behind all that it had to tell its sessions before; `None`: it did not
    /// answer, or was not asked, as no registry asks.
    pub lag: Option<Duration>,
}

/// Whether a node is heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeState {
    /// Its lease holds by the registry's clock.
    Alive,
    /// Its lease is over, and nobody has declared it gone yet: it may still renew it.
    Late,
    /// It is gone, and its guests are still to be ended.
    Gone,
}

/// What a node hears when it renews its lease.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// The other nodes that are here.
    pub others: Vec<NodeId>,
    /// The nodes that are gone, found so in this very call or before, and not forgotten: whoever hears of one ends its guests.
    pub gone: Vec<NodeId>,
    /// After how long a look would find another one gone, if nobody renews before.
    pub next_end: Option<Duration>,
    /// What the registry's clock said, where it tells the time of day.
    pub time: Option<Timestamp>,
}

/// What only one session at a time may have, over all nodes: a user's one connection over a dialect.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ExclusiveName {
    /// Whose connection it is.
    pub user: UserId,
    /// The dialect that allows but one.
    pub dialect: String,
}

/// Who has an [`ExclusiveName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Holder {
    /// The node at which it is held.
    pub node: NodeId,
    /// Tells one holding of that node from another; never given twice by a process.
    pub claim: u64,
}

/// What came of asking for an [`ExclusiveName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is the asker's.
    Yes,
    /// It stays with this one.
    HeldBy(Holder),
}

/// Which nodes there are, and who holds what: see the module. Every call is decided at once and whole, as one transaction is.
///
/// An error is [`Error::Unavailable`](crate::model::Error::Unavailable): the registry cannot be reached now, or (where a node
/// asks for itself) that node is gone. It may have been carried out nevertheless.
#[async_trait]
pub trait Registry: Send + Sync + 'static {
    /// Lets a node in, and gives it the number that [`NodeInfo::number`] shows.
    async fn register(&self, node: &Registration) -> Result<u16>;

    /// Keeps a node here for another lease, and finds gone whose lease is over. `None`: the node itself is gone.
    async fn renew(&self, node: NodeId, sessions: u64) -> Result<Option<Round>>;

    /// Has a node gone, by its own will. Of one that is gone nothing changes.
    async fn resign(&self, node: NodeId) -> Result<()>;

    /// The guests of a node that is gone are ended: nothing of it is left.
    async fn forget(&self, gone: NodeId) -> Result<()>;

    /// All nodes, in the order in which they came.
    async fn nodes(&self) -> Result<Vec<NodeInfo>>;

    /// Gives a name to this holder, if nobody has it or `instead_of` does. Of several who ask at once one gets it.
    async fn take(
        &self,
        name: &ExclusiveName,
        holder: Holder,
        instead_of: Option<Holder>,
    ) -> Result<Taken>;

    /// Takes names back from whoever has them; of those that somebody else has by now nothing changes.
    async fn give_back(&self, held: &[(ExclusiveName, Holder)]) -> Result<()>;
}
