//! What one node asks another, over the [bus](crate::bus).

use serde::{Deserialize, Serialize};

use super::ExclusiveName;
use crate::model::{EndReason, RoomId, SessionId, SessionInfo, UserId};

/// What is asked of one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// "Are you still there?" Whoever holds the name by this claim is displaced, if it did not answer its last probe or has
    /// acknowledged nothing for too long.
    Yield {
        /// What somebody wants who has the right credentials.
        name: ExclusiveName,
        /// The [`Holder::claim`](super::Holder::claim) by which it is held.
        claim: u64,
    },
    /// A guest ends, if it is idle: somebody wants its name.
    EndGuest {
        /// The guest's number as a user.
        user: UserId,
    },
    /// Renew your lease now.
    Renew,
    /// Say something, once all is told that was heard before.
    Echo,
    /// The sessions that are open.
    Sessions {
        /// The user whose sessions are meant; `None`: everybody's.
        of: Option<UserId>,
    },
    /// Sessions of that node are to be ended, as the user ended another one.
    EndTogether {
        /// The sessions that end: of one user, over one dialect.
        sessions: Together,
        /// What they are told.
        reason: EndReason,
    },
    /// An open session of that node is to be closed.
    Close {
        /// The session's number, which ends in that of its node.
        id: SessionId,
        /// Only if it is this user's.
        of: Option<UserId>,
    },
}

/// Sessions that one of them ends all: a user's over one dialect in the same rooms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Together {
    /// The user whose sessions are meant.
    pub user: UserId,
    /// The dialect that these sessions speak.
    pub dialect: String,
    /// Each is attached to one of these rooms at least.
    pub rooms: Vec<RoomId>,
}

/// What a node says to a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Whether it is so now: the name or the guest's login is free, the lease was renewed, the session closed, all told.
    Done(bool),
    /// The sessions that [`Question::Sessions`] asked for.
    Sessions(Vec<SessionInfo>),
}
