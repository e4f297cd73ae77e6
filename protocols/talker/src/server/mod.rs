//! What a server says: PROTOCOL.md 4.

mod message;
mod presence;

pub use message::Message;

use crate::error::DecodeError;
use crate::event::Event;
use crate::flavor::Flavor;
use crate::kind::EventKind;
use crate::user::User;
use crate::value;
use bytes::BytesMut;
use tolmach_json::Sink;

/// What a server says. Times are seconds since the epoch (1970, UTC).
#[derive(Debug, Clone, PartialEq)]
pub enum ServerFrame {
    /// The client is in; `users` comes next: PROTOCOL.md 4.1.
    Connected {
        /// The client's own user.
        user: User,
    },
    /// Everyone in the room who is online or idle, the new one too: PROTOCOL.md 4.4.
    Users {
        /// The users, in the order in which the server tells them.
        users: Vec<User>,
    },
    /// Something was said, edited, or told by the gateway.
    Message(Message),
    /// A user entered: PROTOCOL.md 4.5.
    Join {
        /// The user of whom this is told.
        user: User,
        /// Seconds since 1970, by the server's clock.
        time: i64,
    },
    /// A connection went away without `close`, or was silent too long.
    Idle {
        /// The user of whom this is told.
        user: User,
        /// Seconds since 1970, by the server's clock.
        time: i64,
    },
    /// The user is there again.
    Back {
        /// The user of whom this is told.
        user: User,
        /// Seconds since 1970, by the server's clock.
        time: i64,
    },
    /// A user left, by `close` or after having been idle for too long. In [`Flavor::Document`] only the id is told.
    Leave {
        /// The user of whom this is told.
        user: User,
        /// Seconds since 1970, by the server's clock.
        time: i64,
    },
    /// Something went wrong; often the last event before the server closes.
    Error {
        /// What went wrong, in words for people.
        message: String,
    },
}

impl ServerFrame {
    /// The `type` of the event.
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::Connected { .. } => EventKind::Connected,
            Self::Users { .. } => EventKind::Users,
            Self::Message(_) => EventKind::Message,
            Self::Join { .. } => EventKind::Join,
            Self::Idle { .. } => EventKind::Idle,
            Self::Back { .. } => EventKind::Back,
            Self::Leave { .. } => EventKind::Leave,
            Self::Error { .. } => EventKind::Error,
        }
    }

    /// Reads one object that the scanner let through, in either flavor. Of a key that is there twice the last
    /// one counts.
    pub(crate) fn read(json: &str) -> Result<Self, DecodeError> {
        let event = Event::read(json, EventKind::of_server)?;
        Ok(match event.kind {
            EventKind::Message => Self::Message(message::read(&event)?),
            EventKind::Error => Self::Error {
                message: event.required("message", "a text", value::text)?,
            },
            _ => return presence::read(&event),
        })
    }

    /// Appends the event, one object and `\n`, to `out`.
    ///
    /// Never fails. The `user` of a `message` is written with `id` and `name` only; the properties that the server
    /// says itself win over those of any [`Extra`](crate::Extra).
    pub fn write(&self, flavor: Flavor, out: &mut BytesMut) {
        out.raw("{\"type\":\"");
        out.raw(self.kind().as_str());
        match self {
            Self::Message(message) => message.write(flavor, out),
            Self::Connected { user } => presence::write_user(user, flavor, out),
            Self::Users { users } => presence::write_users(users, flavor, out),
            Self::Leave { user, time } if flavor == Flavor::Document => {
                presence::write_bare(user.id, *time, out)
            }
            Self::Join { user, time }
            | Self::Idle { user, time }
            | Self::Back { user, time }
            | Self::Leave { user, time } => {
                presence::write_user(user, flavor, out);
                presence::write_time(*time, out);
            }
            Self::Error { message } => {
                out.raw("\",\"message\":");
                out.text(message);
            }
        }
        out.raw("}\n");
    }
}
