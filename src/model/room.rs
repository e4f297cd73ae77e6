//! Rooms, memberships and roles.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Message, RoomId, Seq, Timestamp, UserId};

/// Who can find and enter a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomKind {
    /// Anyone who is not banned, by name or id.
    Public,
    /// In no list; by its exact name, or added by its owner.
    Private,
    /// Exactly two members (or one who writes to oneself), no name, nobody else can enter or see it.
    Direct,
}

/// A room as the store keeps it, without its password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Positive, the same in every dialect.
    pub id: RoomId,
    /// Unique without regard to case, at most 25 characters; empty for a direct room.
    pub name: String,
    /// Free text, at most 100 characters; the name where none was given.
    pub title: String,
    /// Free text that others see; it may be empty and have several lines.
    pub description: String,
    /// Public, private or direct.
    pub kind: RoomKind,
    /// A newcomer must give a password.
    pub protected: bool,
    /// Only moderators, admins and the owner speak.
    pub quiet: bool,
    /// How long a member who is none of these waits between two messages; zero: not at all.
    pub slow: Duration,
    /// For how long messages are kept in it, zero: for ever; `None`: as the configuration says.
    pub keep: Option<Duration>,
    /// Who owns it, if anybody.
    pub owner: Option<UserId>,
    /// The two members of a direct room, the smaller id first.
    pub pair: Option<(UserId, UserId)>,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed in name, title, description or members.
    pub updated: Timestamp,
    /// The last change's place; 0 before the first.
    pub seq: Seq,
    /// Messages up to this place are shown to nobody: the history was cleared.
    pub cleared: Seq,
    /// Changes up to this place are kept no longer: they are shown to nobody, and their rows are gone or about to go. From the
    /// next one on all are there.
    pub pruned: Seq,
    /// The `created` of the newest message; the next one's is not less.
    pub last_message: Timestamp,
}

impl Room {
    /// Up to which place what was said is not shown to whoever has this place in the room: "History is every member's, whole,
    /// also from before it joined; but who entered a private room by its name, and was not added, sees what was said since."
    #[must_use]
    pub fn hidden_upto(&self, viewer: Option<&Membership>) -> Seq {
        match (self.kind, viewer) {
            (RoomKind::Private, Some(viewer)) => self.hidden_from_all().max(viewer.since),
            _ => self.hidden_from_all(),
        }
    }

    /// With whom this is the direct room of a user; oneself where it is one's own alone.
    #[must_use]
    pub fn other_than(&self, user: UserId) -> Option<UserId> {
        self.pair.map(|(a, b)| if a == user { b } else { a })
    }

    /// Up to which place what was said is shown to nobody.
    #[must_use]
    pub fn hidden_from_all(&self) -> Seq {
        self.cleared.max(self.pruned)
    }

    /// The part of the room that travels in events.
    #[must_use]
    pub fn to_ref(&self) -> RoomRef {
        RoomRef {
            id: self.id,
            name: self.name.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            kind: self.kind,
            protected: self.protected,
            owner: self.owner,
            pair: self.pair,
            created: self.created,
            updated: self.updated,
        }
    }
}

/// What an event says of its room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRef {
    /// The number of the room, from 1.
    pub id: RoomId,
    /// Its name; empty for a direct room.
    pub name: String,
    /// The title, at most 100 characters of free text.
    pub title: String,
    /// Free text that others see; it may be empty and have several lines.
    pub description: String,
    /// Public, private or direct.
    pub kind: RoomKind,
    /// A newcomer must give a password.
    pub protected: bool,
    /// Who owns it, if anybody.
    pub owner: Option<UserId>,
    /// The two members of a direct room.
    pub pair: Option<(UserId, UserId)>,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

/// What a member may do; the hub's rules say what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything; nobody acts on the owner.
    Owner,
    /// Everything but acting on the owner.
    Admin,
    /// May delete what others said, beyond what members may.
    Moderator,
    /// May read and write, and change what it said itself.
    Member,
    /// May not enter, read or write.
    Banned,
}

impl Role {
    /// The role as the command line and the store write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Moderator => "moderator",
            Self::Member => "member",
            Self::Banned => "banned",
        }
    }
}

/// One user's place in one room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The room that the membership is in.
    pub room: RoomId,
    /// The user whose membership it is.
    pub user: UserId,
    /// What they may do.
    pub role: Role,
    /// When they became a member (or were banned).
    pub joined: Timestamp,
    /// Up to when they have seen the room; 0 = never said.
    pub seen: Timestamp,
    /// Where the room was when they came into it by its name alone, if it is private; 0: they may see what was said
    /// before, too.
    pub since: Seq,
    /// Of a direct room: how many messages came while they were away, and were not read since.
    pub waiting: u64,
}

/// The two latest seen marks among a room's members, each with whose it is: enough to know up to when anybody but a
/// message's author has seen the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SeenMarks(pub [Option<(UserId, Timestamp)>; 2]);

impl SeenMarks {
    /// The two latest of these members'.
    #[must_use]
    pub fn of<'a>(members: impl IntoIterator<Item = &'a Membership>) -> Self {
        let mut marks = Self::default();
        let shown = |member: &&Membership| member.role != Role::Banned && member.seen.0 > 0;
        for member in members.into_iter().filter(shown) {
            marks.add(member.user, member.seen);
        }
        marks
    }

    fn add(&mut self, user: UserId, seen: Timestamp) {
        let later = |mark: Option<(UserId, Timestamp)>| mark.is_none_or(|(_, at)| seen > at);
        let [first, second] = self.0;
        if later(first) {
            self.0 = [Some((user, seen)), first];
        } else if later(second) {
            self.0 = [first, Some((user, seen))];
        }
    }

    /// Whether a member other than its author has seen a message.
    #[must_use]
    pub fn has_seen(&self, message: &Message) -> bool {
        let by_another = |(user, seen): &(UserId, Timestamp)| {
            *user != message.sender.id && *seen >= message.created
        };
        self.0.iter().flatten().any(by_another)
    }
}
