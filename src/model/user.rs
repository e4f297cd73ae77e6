//! Users: accounts, guests, and how each shows to others.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Presence, SessionId, Timestamp, UserId};

/// Whether a user has credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserKind {
    /// It has credentials, and lasts until it is removed.
    Account,
    /// Said only a name; lasts while present.
    Guest,
}

/// A user as the store keeps it, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Positive, the same in every dialect.
    pub id: UserId,
    /// Unique without regard to case, at most 25 characters, shown as written.
    pub login: String,
    /// The display name; the login where none was given.
    pub name: String,
    /// Free text about the user.
    pub description: String,
    /// Whether it lasts, or is there only as long as its connection.
    pub kind: UserKind,
    /// An operator switched the account off: nothing opens it.
    pub disabled: bool,
    /// It may do over HTTP what the command line may.
    #[serde(default)]
    pub operator: bool,
    /// When the user first appeared.
    pub created: Timestamp,
}

impl User {
    /// The part of the user that travels in events.
    #[must_use]
    pub fn to_ref(&self) -> UserRef {
        UserRef {
            id: self.id,
            login: self.login.clone(),
            name: self.name.clone(),
        }
    }
}

/// What an event says of a user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UserRef {
    /// The number of the user; 0 is the gateway itself.
    pub id: UserId,
    /// The login as written.
    pub login: String,
    /// The name that people read; the login where none was given.
    pub name: String,
}

/// A user who is online or idle in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Present {
    /// The user who is online or idle there.
    pub user: Arc<UserRef>,
    /// Whether it is active or silent.
    pub presence: Presence,
    /// The status text that the user set, if any.
    pub status: Option<String>,
    /// More attributes for others, as members of a JSON object (`"k":v,…`), from the user's own dialect.
    pub profile: String,
}

/// An open session as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// The number of the session, which no other has at any node.
    pub id: SessionId,
    /// Whose session it is.
    pub user: Arc<UserRef>,
    /// The dialect it speaks.
    pub dialect: String,
    /// The name of the listener that its connection came in by; none inside the process.
    #[serde(default)]
    pub listener: Option<String>,
    /// The address it came from; `-` inside the process.
    pub address: String,
    /// When it was opened.
    pub since: Timestamp,
    /// Whether its connection is encrypted.
    pub encrypted: bool,
    /// What the node is called that holds it.
    #[serde(default)]
    pub node: String,
}
