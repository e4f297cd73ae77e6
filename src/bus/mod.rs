//! What carries events from the node where they happened to the others.
//!
//! A bus is best effort. It promises that what one node publishes reaches each other node at most once and in the
//! order of publishing, or not at all; a room's [`Seq`](crate::model::Seq) shows who missed something, and the store has it.
//! The commit alone decides whether something happened: a bus that fails changes no answer.

mod local;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use local::LocalBus;

use crate::model::{NodeId, PresenceEvent, RoomEvent};

/// The version of [`Envelope`] that this build writes. Others are refused.
pub const VERSION: u16 = 1;

/// What one node tells the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The version of what is written here: [`VERSION`], else a node does not read it.
    pub version: u16,
    /// The node that publishes this.
    pub node: NodeId,
    /// What is published: changes of rooms, or of presence.
    pub payload: Payload,
}

/// What an envelope holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// Durable changes, in commit order.
    Rooms(Vec<RoomEvent>),
    /// Somebody's presence at that node.
    Presence(PresenceEvent),
}

/// A node's ear at the bus.
pub trait Listener: Send + Sync {
    /// Another node told this. Called in the order of that node's publishing; it must not block.
    fn receive(&self, envelope: Envelope);
}

/// See the module's promises.
pub trait Bus: Send + Sync + 'static {
    /// Joins a node to the bus. It never hears what it publishes itself.
    fn join(&self, node: NodeId, listener: Arc<dyn Listener>);
    /// Takes a node from the bus.
    fn leave(&self, node: NodeId);
    /// Whether anybody else could hear; if not, there is no need to write envelopes.
    fn has_others(&self, node: NodeId) -> bool;
    /// Tells all other nodes. Never blocks and never fails; what is lost, the store has.
    fn publish(&self, envelope: Envelope);
}
