//! What a client says: "Client to server".

mod connect;
mod message;

pub use connect::{EventId, RoomSelector};
pub use message::Recipient;

use crate::error::{BadFrame, DecodeError};
use crate::extra::{Extra, OWNED_BY_MESSAGE, Others};
use crate::kind::EventKind;
use crate::{members, write};
use bytes::BytesMut;
use serde_json::value::RawValue;

/// What a client says.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientFrame {
    /// Enters a room; must come first, and once.
    Connect {
        /// The room.
        room: RoomSelector,
        /// The secret that says who it is.
        token: String,
        /// The attributes of the `user` hash but `id`, `name` and `status`: "profile, ignored but for extra attributes that
        /// are shown to others". A `user` that is no hash is ignored.
        user: Extra,
        /// The last `id` that the client has seen: "the server replays, after `users`, the messages that came
        /// since". An empty string is the same as none.
        last_event_id: Option<EventId>,
    },
    /// Says something, or changes what was said.
    Message {
        /// The text: "a non-string is turned into its text: `1` becomes `"1"`", a list or a hash its compact JSON.
        content: String,
        /// For this user only; for the room if none.
        to: Option<Recipient>,
        /// "id of an own message, which gets this content", as a number or a string of digits.
        edit: Option<i64>,
        /// "`"action":true` marks an emote". Anything but `true` is no mark, and is not passed on.
        action: bool,
        /// "Other properties of a `message` that this page does not know".
        extra: Extra,
    },
    /// Keeps the connection open.
    Ping,
    /// Leaves the room.
    Close,
}

impl ClientFrame {
    /// The `type` of the event.
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::Connect { .. } => EventKind::Connect,
            Self::Message { .. } => EventKind::Message,
            Self::Ping => EventKind::Ping,
            Self::Close => EventKind::Close,
        }
    }

    /// Reads one object that the scanner let through. Of a key that is there twice the last one counts.
    pub(crate) fn read(json: &str) -> Result<Result<Self, BadFrame>, DecodeError> {
        let fields = Fields::read(json)?;
        Ok(match EventKind::read(fields.kind, EventKind::of_client)? {
            EventKind::Connect => connect::read(&fields),
            EventKind::Message => message::read(fields),
            EventKind::Ping => Ok(Self::Ping),
            _ => Ok(Self::Close),
        })
    }

    /// Appends the event, one object and `\n`, to `out`. Ids are written as strings.
    pub fn write(&self, out: &mut BytesMut) {
        write::raw(out, "{\"type\":\"");
        write::raw(out, self.kind().as_str());
        write::raw(out, "\"");
        match self {
            Self::Connect {
                room,
                token,
                user,
                last_event_id,
            } => {
                connect::write(room, token, user, *last_event_id, out);
            }
            Self::Message {
                content,
                to,
                edit,
                action,
                extra,
            } => {
                message::write(content, to.as_ref(), *edit, *action, extra, out);
            }
            Self::Ping | Self::Close => {}
        }
        write::raw(out, "}\n");
    }
}

/// The members of a client's event that mean something in some type.
struct Fields<'a> {
    kind: Option<&'a RawValue>,
    room: Option<&'a RawValue>,
    token: Option<&'a RawValue>,
    user: Option<&'a RawValue>,
    last_event_id: Option<&'a RawValue>,
    content: Option<&'a RawValue>,
    to: Option<&'a RawValue>,
    edit: Option<&'a RawValue>,
    action: Option<&'a RawValue>,
    others: Others<'a>,
}

impl<'a> Fields<'a> {
    fn read(json: &'a str) -> Result<Self, DecodeError> {
        let mut fields = Self {
            kind: None,
            room: None,
            token: None,
            user: None,
            last_event_id: None,
            content: None,
            to: None,
            edit: None,
            action: None,
            others: Others::new(OWNED_BY_MESSAGE),
        };
        members::for_each(json, |key, value| match &*key {
            "type" => fields.kind = Some(value),
            "room" => fields.room = Some(value),
            "token" => fields.token = Some(value),
            "user" => fields.user = Some(value),
            "last_event_id" => fields.last_event_id = Some(value),
            "content" => fields.content = Some(value),
            "to" => fields.to = Some(value),
            "edit" => fields.edit = Some(value),
            "action" => fields.action = Some(value),
            _ => fields.others.push(key, value),
        })?;
        Ok(fields)
    }
}
