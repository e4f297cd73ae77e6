//! How requests name users, rooms and whom a message is for.

use serde::{Deserialize, Serialize};

use super::{RoomId, UserId};

/// Which user is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserSelector {
    /// By the number of the user.
    Id(UserId),
    /// By login, without regard to case.
    Login(String),
}

/// Which room is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomSelector {
    /// By the number of the room.
    Id(RoomId),
    /// By name, without regard to case.
    Name(String),
    /// By digits: the public room with that number, else the one of that name.
    NameOrPublicId(String),
    /// The direct room of two users.
    Direct(String, String),
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// To a room's members.
    Room(RoomSelector),
    /// To one user, by way of the direct room of the two.
    User(UserSelector),
}

impl UserSelector {
    /// The user of this login, without regard to case.
    pub fn login(login: impl Into<String>) -> Self {
        Self::Login(login.into())
    }
}

impl RoomSelector {
    /// The room of this name, without regard to case.
    pub fn name(name: impl Into<String>) -> Self {
        Self::Name(name.into())
    }

    /// Whether it says the name, not only the number: who knows a private room's exact name may enter it.
    #[must_use]
    pub fn is_by_name(&self) -> bool {
        !matches!(self, Self::Id(_))
    }
}

/// The room of this name.
impl From<&str> for Target {
    fn from(room: &str) -> Self {
        Self::Room(RoomSelector::name(room))
    }
}

impl From<RoomSelector> for Target {
    fn from(room: RoomSelector) -> Self {
        Self::Room(room)
    }
}

impl From<RoomId> for Target {
    fn from(room: RoomId) -> Self {
        Self::Room(RoomSelector::Id(room))
    }
}

impl From<UserSelector> for Target {
    fn from(user: UserSelector) -> Self {
        Self::User(user)
    }
}
