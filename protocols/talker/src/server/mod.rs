//! What a server says: "Server to client".

mod message;
mod presence;

pub use message::Message;

use crate::error::DecodeError;
use crate::extra::{OWNED_BY_MESSAGE, Others};
use crate::field::Field;
use crate::flavor::Flavor;
use crate::kind::EventKind;
use crate::user::User;
use crate::{members, value, write};
use bytes::BytesMut;
use serde_json::value::RawValue;

/// What a server says. Times are seconds since the epoch (1970, UTC).
#[derive(Debug, Clone, PartialEq)]
pub enum ServerFrame {
    /// The client is in: "`connected`, then `users`, then events".
    Connected {
        /// The client's own user.
        user: User,
    },
    /// "everyone online or idle in the room, the new one too".
    Users {
        /// The users.
        users: Vec<User>,
    },
    /// Something was said.
    Message(Message),
    /// "to all online members when a user enters".
    Join {
        /// Who.
        user: User,
        /// When.
        time: i64,
    },
    /// "a connection went away without `close`, or was silent too long".
    Idle {
        /// Who.
        user: User,
        /// When.
        time: i64,
    },
    /// "the user is there again".
    Back {
        /// Who.
        user: User,
        /// When.
        time: i64,
    },
    /// "by `close`, or when idle has lasted the grace time". In [`Flavor::Document`] only the id is told.
    Leave {
        /// Who.
        user: User,
        /// When.
        time: i64,
    },
    /// Something went wrong; often the last event before the server closes.
    Error {
        /// What, for people.
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
        let fields = Fields::read(json)?;
        match EventKind::read(fields.kind, EventKind::of_server)? {
            EventKind::Message => message::read(fields).map(Self::Message),
            EventKind::Error => {
                let message = Field::new(EventKind::Error, "message", "a text", fields.message);
                Ok(Self::Error {
                    message: message.required(value::text)?,
                })
            }
            kind => presence::read(kind, &fields),
        }
    }

    /// Appends the event, one object and `\n`, to `out`: "An event is one write".
    ///
    /// Never fails. The `user` of a `message` is written with `id` and `name` only; the properties that the server
    /// says itself win over those of any [`Extra`](crate::Extra).
    pub fn write(&self, flavor: Flavor, out: &mut BytesMut) {
        write::raw(out, "{\"type\":\"");
        write::raw(out, self.kind().as_str());
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
                write::raw(out, "\",\"message\":");
                write::string(out, message);
            }
        }
        write::raw(out, "}\n");
    }
}

/// The members of a server's event that mean something in some type.
struct Fields<'a> {
    kind: Option<&'a RawValue>,
    content: Option<&'a RawValue>,
    user: Option<&'a RawValue>,
    users: Option<&'a RawValue>,
    time: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    private: Option<&'a RawValue>,
    action: Option<&'a RawValue>,
    edit: Option<&'a RawValue>,
    message: Option<&'a RawValue>,
    others: Others<'a>,
}

impl<'a> Fields<'a> {
    fn read(json: &'a str) -> Result<Self, DecodeError> {
        let mut fields = Self {
            kind: None,
            content: None,
            user: None,
            users: None,
            time: None,
            id: None,
            private: None,
            action: None,
            edit: None,
            message: None,
            others: Others::new(OWNED_BY_MESSAGE),
        };
        members::for_each(json, |key, value| {
            match &*key {
                "type" => fields.kind = Some(value),
                "content" => fields.content = Some(value),
                "user" => fields.user = Some(value),
                "users" => fields.users = Some(value),
                "time" => fields.time = Some(value),
                "id" => fields.id = Some(value),
                "private" => fields.private = Some(value),
                "action" => fields.action = Some(value),
                "edit" => fields.edit = Some(value),
                "message" => fields.message = Some(value),
                _ => {}
            }
            // `users` and `message` are other properties in a `message`; the rest of those above are refused here.
            fields.others.push(key, value);
        })?;
        Ok(fields)
    }

    fn time(&self, event: EventKind) -> Result<i64, DecodeError> {
        let right = "seconds since the epoch, a whole number";
        Ok(Field::new(event, "time", right, self.time).required(value::integer)?)
    }
}
