//! Who is kept out.

use serde::{Deserialize, Serialize};

use super::{Network, RoomId, Timestamp, UserId};

/// A guest who is kept out of a room. A guest who comes again is another user, so this binds whoever is a guest and has
/// its name, or comes from where it came from, until it is lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestBan {
    /// The room it is kept out of.
    pub room: RoomId,
    /// Its number when it was banned.
    pub user: UserId,
    /// Its name as it was written.
    pub login: String,
    /// By which two names are the same.
    pub folded: String,
    /// Where it came from; `None`: from inside the process.
    pub network: Option<Network>,
    /// When it was banned.
    pub created: Timestamp,
}
