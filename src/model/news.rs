//! What the nodes that share a store must learn of each other's changes, beside what happens in rooms.

use serde::{Deserialize, Serialize};

use super::{NodeId, RoomId, Seq, TokenId, UserId};

/// A change that concerns sessions wherever they are, kept in the store with the change itself. But for a letter it only says where
/// to look: whoever reads it goes by the rows as they are then, so that it does no harm to read it late or twice. A kind that a build
/// does not know is of a later one, and passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// A user's row changed, or some of its tokens ended.
    User(UserId),
    /// The sessions that were held by one token are held by another.
    TokenReplaced {
        /// The one that ended.
        old: TokenId,
        /// The one that took its place.
        new: TokenId,
    },
    /// A user became a member of a room, or a direct room of it was made.
    Joined {
        /// The room that the user is in now.
        room: RoomId,
        /// Whose sessions belong there from now on.
        user: UserId,
        /// The place of that among the room's changes.
        seq: Seq,
    },
    /// Somebody is kept out of the whole gateway, or no longer.
    Bans,
    /// What one node has for another and must not be lost: it concerns no row.
    Letter {
        /// The node that is to read it; `None`: all but the one that wrote it.
        to: Option<NodeId>,
        /// What the bus would carry, as it travels there.
        envelope: String,
    },
}
