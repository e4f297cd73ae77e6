//! What a client says: PROTOCOL.md 3.

mod connect;
mod message;

pub use connect::{EventId, RoomSelector};
pub use message::Recipient;

use crate::error::{BadFrame, DecodeError};
use crate::event::Event;
use crate::extra::Extra;
use crate::kind::EventKind;
use bytes::BytesMut;
use tolmach_json::{Secret, Sink};

/// What a client says.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientFrame {
    /// Enters a room; must come first, and once.
    Connect {
        /// The room to enter.
        room: RoomSelector,
        /// The secret that says who it is.
        token: Secret,
        /// The attributes of the `user` hash but `id`, `name` and `status`. A `user` that is no hash is ignored.
        user: Extra,
        /// The last `id` that the client has seen: what came since is told again (PROTOCOL.md 4.7).
        last_event_id: Option<EventId>,
    },
    /// Says something, or changes what was said.
    Message {
        /// The text; of what is no text its compact JSON.
        content: String,
        /// For this user only; for the room if none.
        to: Option<Recipient>,
        /// The id of an own message that gets this content.
        edit: Option<i64>,
        /// Whether it is an emote. Anything but `true` is no mark, and is not passed on.
        action: bool,
        /// Other properties: PROTOCOL.md 5.1.
        extra: Extra,
    },
    /// Keeps the connection open.
    Ping,
    /// Leaves the room; the server closes.
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
        let event = Event::read(json, EventKind::of_client)?;
        Ok(match event.kind {
            EventKind::Connect => connect::read(&event),
            EventKind::Message => message::read(&event),
            EventKind::Ping => Ok(Self::Ping),
            _ => Ok(Self::Close),
        })
    }

    /// Appends the event, one object and `\n`, to `out`. Ids are written as strings.
    pub fn write(&self, out: &mut BytesMut) {
        out.raw("{\"type\":\"");
        out.raw(self.kind().as_str());
        out.raw("\"");
        match self {
            Self::Connect {
                room,
                token,
                user,
                last_event_id,
            } => {
                connect::write(room, &token.0, user, *last_event_id, out);
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
        out.raw("}\n");
    }
}
