//! What the hub tells sessions, and what the bus carries.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Membership, Message, NodeId, Present, Role, RoomKind, RoomRef, SeenMarks, Seq, SessionId,
    Timestamp, UserId, UserRef,
};

/// Anything that a session can be told unasked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A durable change of a room.
    Room(RoomEvent),
    /// Somebody's presence in a room changed.
    Presence(PresenceEvent),
    /// The server ends this session.
    Ended(EndReason),
}

impl Event {
    /// The message, where it is one that was said just now.
    #[must_use]
    pub fn posted(&self) -> Option<&Arc<Message>> {
        match self {
            Self::Room(RoomEvent {
                change: RoomChange::Posted(message),
                ..
            }) => Some(message),
            Self::Room(_) | Self::Presence(_) | Self::Ended(_) => None,
        }
    }

    /// Users who are told [something else](Self::to_unaware), or nothing.
    #[must_use]
    pub fn unaware(&self) -> &[UserId] {
        match self {
            Self::Room(event) => &event.unaware,
            Self::Presence(_) | Self::Ended(_) => &[],
        }
    }

    /// What those who are [unaware](Self::unaware) are told, if anything.
    #[must_use]
    pub fn to_unaware(&self) -> Option<Self> {
        match self {
            Self::Room(event) => event.to_unaware().map(Self::Room),
            Self::Presence(_) | Self::Ended(_) => None,
        }
    }
}

/// A durable change of a room, with its place among the room's changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomEvent {
    /// The room as it is after the change.
    pub room: Arc<RoomRef>,
    /// The change's place: gapless within the room, in commit order. A session is told of every one while its user is in,
    /// but of those of which it is to be [unaware](Self::unaware).
    pub seq: Seq,
    /// When it was committed.
    pub at: Timestamp,
    /// Who did it; the gateway's own user for the command line.
    pub actor: Arc<UserRef>,
    /// In a direct room, the member who did not do it.
    pub peer: Option<Arc<UserRef>>,
    /// The very session that asked, if one did.
    pub origin: Option<Origin>,
    /// Of a message that was edited: a member other than its author has seen it.
    #[serde(default)]
    pub seen: bool,
    /// Who sees nothing of the message that was edited or deleted, or that is answered: members who came into a private room by
    /// its name when that was said already, and who hid it from themselves. They are told what [`RoomEvent::to_unaware`] says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unaware: Vec<UserId>,
    /// What changed, with what is to be known of it.
    pub change: RoomChange,
}

impl RoomEvent {
    /// Says of an edited message whether a member other than its author has seen it.
    pub fn tell_seen(&mut self, marks: &SeenMarks) {
        if let RoomChange::Edited(message) = &self.change {
            self.seen = marks.has_seen(message);
        }
    }

    /// Says who sees nothing of what was said at this place: users from whom it is hidden, and of a private room's members those
    /// who came by its name since.
    pub fn tell_unaware<'a>(
        &mut self,
        said: Seq,
        hidden_from: Vec<UserId>,
        members: impl IntoIterator<Item = &'a Membership>,
    ) {
        self.unaware = hidden_from;
        if self.room.kind == RoomKind::Private {
            let newcomers = members.into_iter().filter(|member| member.since >= said);
            self.unaware.extend(newcomers.map(|member| member.user));
        }
    }

    /// What those who are [unaware](Self::unaware) are told, if anything: a reply without what it answers. Of a message that shows
    /// nothing of another, it is that one itself that they do not see.
    #[must_use]
    pub fn to_unaware(&self) -> Option<Self> {
        let RoomChange::Posted(message) = &self.change else {
            return None;
        };
        message.quote.as_ref()?;
        let message = Message {
            quote: None,
            ..Message::clone(message)
        };
        Some(Self {
            change: RoomChange::Posted(Arc::new(message)),
            unaware: Vec::new(),
            ..self.clone()
        })
    }

    /// Somebody did this in the direct room with oneself.
    #[must_use]
    pub fn is_to_oneself(&self) -> bool {
        self.peer
            .as_ref()
            .is_some_and(|peer| peer.id == self.actor.id)
    }

    /// How long the text is that it brings, in bytes.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        match &self.change {
            RoomChange::Posted(message) | RoomChange::Edited(message) => message.text.len(),
            RoomChange::Created
            | RoomChange::Deleted(_)
            | RoomChange::HistoryCleared
            | RoomChange::Titled
            | RoomChange::Described { .. }
            | RoomChange::Renamed { .. }
            | RoomChange::AccessChanged
            | RoomChange::Quieted { .. }
            | RoomChange::Slowed { .. }
            | RoomChange::RoomDeleted
            | RoomChange::MemberJoined { .. }
            | RoomChange::MemberLeft { .. }
            | RoomChange::MemberRemoved { .. }
            | RoomChange::MemberBanned { .. }
            | RoomChange::MemberUnbanned { .. }
            | RoomChange::RoleChanged { .. } => 0,
        }
    }
}

/// A session among those of all nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The node that holds the session.
    pub node: NodeId,
    /// The number of the session on that node.
    pub session: SessionId,
}

/// The kinds of durable change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomChange {
    /// The room was made.
    Created,
    /// A message was said.
    Posted(Arc<Message>),
    /// A message has another text; its id stays.
    Edited(Arc<Message>),
    /// A message was deleted for everyone; it comes without its text.
    Deleted(Arc<Message>),
    /// What was said up to here is shown to nobody any more.
    HistoryCleared,
    /// The room has another title (it is in the event's room).
    Titled,
    /// The room has another description.
    Described {
        /// The description from now on.
        description: String,
    },
    /// The room has another name.
    Renamed {
        /// The name that the room had before.
        from: String,
    },
    /// The room's password was set, changed or ended, or the room became public or private.
    AccessChanged,
    /// From now on only moderators, admins and the owner speak, or everybody again.
    Quieted {
        /// Whether it is quiet.
        quiet: bool,
    },
    /// Members wait between two messages from now on, or no longer.
    Slowed {
        /// How long; zero: not at all.
        pause: Duration,
    },
    /// Somebody became a member.
    MemberJoined {
        /// Whom it happened to, as others see that user.
        user: Arc<UserRef>,
    },
    /// Somebody ended their own membership.
    MemberLeft {
        /// Whom it happened to, as others see that user.
        user: Arc<UserRef>,
    },
    /// Somebody's membership was ended by another; they may come back.
    MemberRemoved {
        /// Whom it happened to, as others see that user.
        user: Arc<UserRef>,
    },
    /// Somebody was banned, and is no member any more.
    MemberBanned {
        /// Whom it happened to, as others see that user.
        user: Arc<UserRef>,
    },
    /// A ban was lifted; that makes nobody a member.
    MemberUnbanned {
        /// Whom it happened to, as others see that user.
        user: Arc<UserRef>,
    },
    /// A member has another role.
    RoleChanged {
        /// Whom it happened to, as others see that user.
        user: Arc<UserRef>,
        /// Their role from now on.
        role: Role,
    },
    /// The room is gone, with all that was said in it.
    RoomDeleted,
}

impl RoomChange {
    /// Whether it ended the membership of this user.
    #[must_use]
    pub fn ends(&self, member: UserId) -> bool {
        match self {
            Self::MemberLeft { user }
            | Self::MemberRemoved { user }
            | Self::MemberBanned { user } => user.id == member,
            Self::Created
            | Self::Posted(_)
            | Self::Edited(_)
            | Self::Deleted(_)
            | Self::HistoryCleared
            | Self::Titled
            | Self::Described { .. }
            | Self::Renamed { .. }
            | Self::AccessChanged
            | Self::Quieted { .. }
            | Self::Slowed { .. }
            | Self::MemberJoined { .. }
            | Self::MemberUnbanned { .. }
            | Self::RoleChanged { .. }
            | Self::RoomDeleted => false,
        }
    }

    /// The message that was said, edited or deleted.
    #[must_use]
    pub fn message(&self) -> Option<&Arc<Message>> {
        match self {
            Self::Posted(message) => Some(message),
            other => other.touched(),
        }
    }

    /// The message that was there before, and was edited or deleted now.
    #[must_use]
    pub fn touched(&self) -> Option<&Arc<Message>> {
        match self {
            Self::Edited(message) | Self::Deleted(message) => Some(message),
            Self::Posted(_)
            | Self::Created
            | Self::HistoryCleared
            | Self::Titled
            | Self::Described { .. }
            | Self::Renamed { .. }
            | Self::AccessChanged
            | Self::Quieted { .. }
            | Self::Slowed { .. }
            | Self::RoomDeleted
            | Self::MemberJoined { .. }
            | Self::MemberLeft { .. }
            | Self::MemberRemoved { .. }
            | Self::MemberBanned { .. }
            | Self::MemberUnbanned { .. }
            | Self::RoleChanged { .. } => None,
        }
    }
}

/// How a present user is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// A session attached to the room is active.
    Online,
    /// All attached sessions are silent for too long, or the last one broke off a moment ago.
    Idle,
}

/// How somebody's presence in a room changed.
///
/// ```text
///            Online                Idle
///   absent ─────────▶ online ─────────────▶ idle
///      ▲                │  ▲                 │ │
///      │    Offline     │  └──── Back ───────┘ │
///      └────────────────┴────── Offline ───────┘
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PresenceChange {
    /// From absent to online.
    Online,
    /// From online to idle.
    Idle,
    /// From idle to online.
    Back,
    /// From online or idle to absent.
    Offline,
}

/// Somebody's presence in a room changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceEvent {
    /// The room that the presence is in.
    pub room: Arc<RoomRef>,
    /// Who, with the presence after the change (for [`PresenceChange::Offline`]: the last one).
    pub who: Present,
    /// What changed, with what is to be known of it.
    pub change: PresenceChange,
    /// When the presence changed, by the clock of the node that noticed.
    pub at: Timestamp,
}

/// Why the server ends a session, and what the client should do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EndReason {
    /// The gateway stops. Connect again later.
    #[error("Server is shutting down")]
    Shutdown,
    /// The gateway goes on, but does not listen any more where the connection came in. Connect by another listener.
    #[error("The operator has closed or moved this port")]
    ListenerClosed,
    /// More waited for this client than its queue holds. Connect again, read faster, recover from history.
    #[error("Too slow: messages were waiting; connect again and read the history")]
    TooSlow,
    /// This node of the gateway has lost its place among the others. Connect again: to another, or to the same.
    #[error("This server has lost the others; connect again")]
    NodeLost,
    /// The account has a new password. Log in with it.
    #[error("The password was changed; log in again")]
    PasswordChanged,
    /// The token that opened the session is no longer valid. Get another.
    #[error("The token was revoked")]
    TokenRevoked,
    /// The account was switched off. Ask the operator.
    #[error("The account is disabled")]
    AccountDisabled,
    /// The account was removed.
    #[error("The account was removed")]
    AccountRemoved,
    /// An operator closed the session. It may come back.
    #[error("The session was closed by the operator")]
    ClosedByOperator,
    /// The same user came back by another connection while this one did not answer.
    #[error("Connected again from elsewhere")]
    Displaced,
    /// Another came under this guest's name while the guest was idle.
    #[error("The name was taken by somebody else while you were away")]
    NameTaken,
    /// The connection said nothing for too long.
    #[error("Silent for too long")]
    TooSilent,
    /// The connection did not say who it is in time.
    #[error("No login in time")]
    NoLogin,
    /// The listener serves encrypted connections only. Connect by TLS.
    #[error("TLS is required here")]
    TlsRequired,
    /// The gateway has as many connections as it may have. Connect again later.
    #[error("Too many connections")]
    TooManyConnections,
    /// All connections together have sent as much of unfinished frames as they may. Connect again, and send it again.
    #[error("Too much is being received at once; try again later")]
    Overloaded,
    /// The connection comes from where nobody is let in from. Ask the operator.
    #[error("Connections from your address are refused")]
    AddressBanned,
    /// The operator keeps the user, or everybody from its address, out. Ask the operator.
    #[error("You are banned from this gateway")]
    BannedFromGateway,
    /// The room of a session that has but one is gone. Connect to another.
    #[error("The room was deleted")]
    RoomDeleted,
    /// The user was banned from the room of a session that has but one.
    #[error("You were banned from this room")]
    Banned,
    /// The user was removed from the room of a session that has but one. It may come back.
    #[error("You were removed from this room")]
    Removed,
    /// The user left the room of a session that has but one, by way of another.
    #[error("You left this room")]
    Left,
    /// The user said farewell by another connection to the same room, where that ends all of them.
    #[error("Connection closed")]
    ClosedTogether,
    /// The store could not say whether it kept what this session said, or a defect of what encodes for it kept something from it.
    /// Connect again and read the history.
    #[error("The outcome of a request is not known; connect again and read the history")]
    OutcomeUnknown,
}

impl EndReason {
    /// The session is over, not just this connection: by an operator, a new password, a revoked token or the account's
    /// end.
    #[must_use]
    pub fn is_final(self) -> bool {
        self.is_about_account()
            || matches!(
                self,
                Self::PasswordChanged
                    | Self::TokenRevoked
                    | Self::ClosedByOperator
                    | Self::BannedFromGateway
            )
    }

    /// The whole account is concerned, not just a session or a room.
    #[must_use]
    pub fn is_about_account(self) -> bool {
        matches!(self, Self::AccountDisabled | Self::AccountRemoved)
    }
}
