//! The one list of ways in which a command can fail.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a command comes to when it is not carried out; then nothing of it is done.
///
/// Every dialect has one function that turns these into its wire's answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Error {
    /// The command needs somebody who has said who they are.
    #[error("say who you are first")]
    Unauthenticated,
    /// Wrong password, unknown or ended token, or no such account: deliberately the same for all.
    #[error("wrong login or password")]
    BadCredentials,
    /// The user has an open connection over this dialect, which allows one.
    #[error("somebody is already connected with this user name")]
    AlreadyConnected,
    /// The name belongs to an account, a present guest or another room.
    #[error("this name is taken")]
    NameTaken,
    /// The rule for this command does not allow the asker to give it.
    #[error("not allowed: {0}")]
    NotAllowed(String),
    /// The asker is banned from the room.
    #[error("you are banned from this room")]
    Banned,
    /// No such user, or none that the asker may know of.
    #[error("no such user")]
    NoSuchUser,
    /// No such room, or none that the asker may know of.
    #[error("no such room")]
    NoSuchRoom,
    /// No such message, or none that the asker may see.
    #[error("no such message")]
    NoSuchMessage,
    /// The recipient has no open session and the sender's dialect has no history to show it in.
    #[error("the recipient is offline")]
    RecipientOffline,
    /// The room asks for a password; it was wrong or absent.
    #[error("this room needs its password")]
    BadRoomPassword,
    /// A value cannot be what it should be.
    #[error("{field}: {reason}")]
    Invalid {
        /// The name of the value, as whoever asked knows it.
        field: String,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// More than a limit lets through.
    #[error("too large: the limit is {limit}")]
    TooLarge {
        /// The limit, in the unit of what was limited (bytes, characters, rooms, members).
        limit: u64,
    },
    /// Too many failed attempts, too soon after the last message in a slow room, or more new accounts or rooms than one address or
    /// user may make in an hour.
    #[error("too often, try again in {}", rounded_up(*.retry_after))]
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// This gateway cannot do that.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// The store cannot be reached or written; nothing was changed.
    #[error("the service is unavailable, nothing was changed; try again later")]
    Unavailable,
    /// The store cannot say whether it committed. Whoever asked is closed without an answer.
    #[error("the outcome is not known")]
    OutcomeUnknown,
    /// A defect of the gateway; its log says more.
    #[error("internal error")]
    Internal,
}

/// A time for people, never less than it is: in seconds, beyond two minutes in minutes, beyond two hours in hours.
fn rounded_up(time: Duration) -> String {
    let seconds = time.as_millis().div_ceil(1000).max(1);
    match seconds {
        0..=120 => format!("{seconds} s"),
        121..=7200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

impl Error {
    /// The variant's name, as this list writes it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "Unauthenticated",
            Self::BadCredentials => "BadCredentials",
            Self::AlreadyConnected => "AlreadyConnected",
            Self::NameTaken => "NameTaken",
            Self::NotAllowed(_) => "NotAllowed",
            Self::Banned => "Banned",
            Self::NoSuchUser => "NoSuchUser",
            Self::NoSuchRoom => "NoSuchRoom",
            Self::NoSuchMessage => "NoSuchMessage",
            Self::RecipientOffline => "RecipientOffline",
            Self::BadRoomPassword => "BadRoomPassword",
            Self::Invalid { .. } => "Invalid",
            Self::TooLarge { .. } => "TooLarge",
            Self::RateLimited { .. } => "RateLimited",
            Self::Unsupported(_) => "Unsupported",
            Self::Unavailable => "Unavailable",
            Self::OutcomeUnknown => "OutcomeUnknown",
            Self::Internal => "Internal",
        }
    }

    /// An [`Error::Invalid`] from its two parts.
    pub fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            reason: reason.into(),
        }
    }

    /// An [`Error::NotAllowed`] with its reason.
    pub fn not_allowed(reason: impl Into<String>) -> Self {
        Self::NotAllowed(reason.into())
    }
}

/// A result whose error is the model's.
pub type Result<T, E = Error> = std::result::Result<T, E>;
