//! What carries events from the node where they happened to the others.
//!
//! A bus is best effort. It promises that what one node publishes on a topic reaches each other node that hears the topic at
//! most once and in the order of publishing, or not at all; a room's [`Seq`] shows who missed something, and
//! the store has it. The commit alone decides whether something happened: a bus that fails changes no answer.

mod local;
#[cfg(feature = "nats")]
mod nats;

use std::sync::Arc;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

pub use local::LocalBus;
#[cfg(feature = "nats")]
pub use nats::{NatsBus, NatsFault, NatsOptions};

use crate::cluster::{Answer, Question};
use crate::model::{NodeId, Present, RoomEvent, RoomId, Seq, UserId};

/// The version of [`Envelope`] that this build writes. It rises only when older builds could misread what is written: a new kind
/// of payload is ignored by them, a new field too.
pub const VERSION: u16 = 1;

/// By what a node chooses what it hears on the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Every node hears it, whether it asked to or not.
    All,
    /// That node alone, unasked.
    Node(NodeId),
    /// The nodes with somebody in a room.
    Room(RoomId),
    /// The nodes with a session of a user.
    User(UserId),
}

impl Topic {
    /// The room, where it is one's.
    #[must_use]
    pub fn room(&self) -> Option<RoomId> {
        match self {
            Self::Room(room) => Some(*room),
            Self::All | Self::Node(_) | Self::User(_) => None,
        }
    }
}

/// What one node tells others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The version of what is written here: of a later one than [`VERSION`] a node reads nothing.
    pub version: u16,
    /// The node that publishes this.
    pub node: NodeId,
    /// What that node tells the others.
    pub payload: Payload,
}

/// What an envelope holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// Durable changes, of each room in commit order.
    Rooms(Vec<RoomEvent>),
    /// How one of that node's users is in a room.
    Presence(PresenceNews),
    /// Who is in these rooms at the nodes that hear this? Room 0 is whoever is connected.
    AskPresence(Vec<RoomId>),
    /// The answer to that, for one room, or a part of it.
    Everybody(Everybody),
    /// That node stops, or goes on as another one: its users may come again elsewhere, and what it says of presence from now on
    /// counts no more.
    Leaving,
    /// The store has [news](crate::model::News).
    News,
    /// That node is there, and this is what it did lately.
    Beat(Beat),
    /// One node asks another something.
    Ask {
        /// By which the answer finds the question.
        number: u64,
        /// What the node is to say or to do.
        question: Question,
    },
    /// One node answers another.
    Answer {
        /// The number of the question, counted by the node that asked.
        number: u64,
        /// What the node that was asked says.
        answer: Answer,
    },
    /// A kind that this build does not know: of a later one, to be ignored.
    #[serde(skip)]
    Unknown,
}

/// How a user is in a room by the sessions of one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceNews {
    /// Which room; 0: who is connected at all.
    pub room: RoomId,
    /// The number of what that node said of the room before; 0: nobody was there.
    pub before: u64,
    /// The number of this: greater than all before.
    pub version: u64,
    /// The user that is there, and its presence.
    pub who: There,
    /// Whether the user is there at all.
    pub is_there: bool,
}

/// All who are in a room by the sessions of one node, or a part of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Everybody {
    /// Which room; 0: who is connected at all.
    pub room: RoomId,
    /// The number of what that node said last of the room; 0: nobody is there.
    pub version: u64,
    /// How many there are in all parts.
    pub total: usize,
    /// This is the first part.
    pub is_first: bool,
    /// This is the last part.
    pub is_last: bool,
    /// Who is there, and how.
    pub users: Vec<There>,
}

/// How a user is in a room by the sessions of one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct There {
    /// The user, and its presence.
    #[serde(flatten)]
    pub who: Present,
    /// All its connections there broke off: it is idle for what is left of the grace, unless it says farewell elsewhere.
    #[serde(default)]
    pub lingers: bool,
}

/// How those who lost something learn that they did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Beat {
    /// 1, 2, 3…: whoever misses one knows that it missed what was in it.
    pub number: u64,
    /// Rooms that changed since the beat before, with the last change's place.
    pub rooms: Vec<(RoomId, Seq)>,
    /// Rooms of whose presence that node has said something since, with the number of the last.
    #[serde(default)]
    pub presences: Vec<(RoomId, u64)>,
    /// Others did, too: there were too many to name.
    #[serde(default)]
    pub more: bool,
}

impl Envelope {
    /// As it travels between processes.
    ///
    /// # Errors
    /// What is published cannot be written, which is a defect.
    pub fn encode(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    /// What another process wrote. A payload of a kind that this build does not know is [`Payload::Unknown`].
    ///
    /// # Errors
    /// It is no envelope.
    pub fn decode(bytes: &[u8]) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Opaque {
            version: u16,
            node: NodeId,
            #[serde(rename = "payload")]
            _payload: IgnoredAny,
        }
        serde_json::from_slice(bytes).or_else(|_| {
            let Opaque { version, node, .. } = serde_json::from_slice(bytes)?;
            let payload = Payload::Unknown;
            Ok(Self {
                version,
                node,
                payload,
            })
        })
    }
}

/// A node's ear at the bus. Nothing here may block.
pub trait Listener: Send + Sync {
    /// Another node told this. Called in the order of that node's publishing on each topic.
    fn receive(&self, envelope: Envelope);
    /// From now on all is heard that others publish on this topic; what they published before may have been missed.
    fn hears(&self, topic: Topic);
    /// Something was lost, of whatever topic.
    fn lost(&self);
    /// The bus is there again, or away. Whatever was published while it was away was missed.
    fn connected(&self, connected: bool);
}

/// What a bus has carried since it began, in envelopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BusFigures {
    /// What this node has published.
    pub published: u64,
    /// What it would have, had the bus been there and fast enough.
    pub dropped: u64,
    /// What it heard of others.
    pub received: u64,
    /// Changes of rooms that it did not bring, or later than they were needed, and that were read from the store: counted by the
    /// hub ([`Hub::bus_figures`](crate::hub::Hub::bus_figures)), 0 to the bus itself.
    pub gaps: u64,
}

/// See the module's promises.
pub trait Bus: Send + Sync + 'static {
    /// Joins a node to the bus. It never hears what it publishes itself.
    fn join(&self, node: NodeId, listener: Arc<dyn Listener>);
    /// Takes a node from the bus.
    fn leave(&self, node: NodeId);
    /// Whether anybody else could hear; if not, there is no need to write envelopes.
    fn has_others(&self, node: NodeId) -> bool;
    /// A node wants to hear a topic, or no longer; it is told by [`Listener::hears`] once it does. Returns at once.
    fn interest(&self, node: NodeId, topic: Topic, wanted: bool);
    /// Tells the other nodes that hear this topic. Never blocks and never fails; what is lost, the store has.
    fn publish(&self, topic: Topic, envelope: Envelope);
    /// Whether what is published now is likely to be heard.
    fn is_connected(&self) -> bool {
        true
    }
    /// What it has carried so far.
    fn figures(&self) -> BusFigures {
        BusFigures::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_can_be_written_and_read() {
        let beat = Beat {
            number: 7,
            rooms: vec![(RoomId(1), Seq(2))],
            presences: vec![(RoomId(1), 3)],
            more: false,
        };
        for payload in [Payload::News, Payload::Beat(beat)] {
            let envelope = Envelope {
                version: VERSION,
                node: NodeId(7),
                payload,
            };
            let read = Envelope::decode(&envelope.encode().unwrap()).unwrap();
            assert_eq!(read, envelope);
        }
    }

    #[test]
    fn a_kind_that_is_not_known_is_no_error() {
        for payload in [r#""later""#, r#"{"later":{"a":[1]}}"#, r#"{"beat":{}}"#] {
            let text = format!(r#"{{"version":1,"node":7,"more":1,"payload":{payload}}}"#);
            let read = Envelope::decode(text.as_bytes()).unwrap();
            assert_eq!((read.node, read.payload), (NodeId(7), Payload::Unknown));
        }
        assert!(Envelope::decode(br#"{"version":1}"#).is_err());
        assert!(Envelope::decode(b"").is_err());
    }
}
