//! `connect`: a client enters a room.

use super::{ClientFrame, Fields};
use crate::error::BadFrame;
use crate::extra::{Extra, OWNED_BY_USER};
use crate::field::Field;
use crate::kind::EventKind;
use crate::{value, write};
use bytes::BytesMut;
use serde_json::value::RawValue;

/// The id of an event, which is that of its message.
pub type EventId = i64;

/// Which room a client wants: "its name; a number, or a string of digits, means the room whose name is that
/// decimal string, else the public room with that id".
///
/// The rules for names are not this crate's: an empty name is a `Name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RoomSelector {
    /// The room's name. A number with a sign, a fraction or an exponent is one too, as it is written.
    Name(String),
    /// The decimal digits, any number of them, with the zeros in front that were given.
    Number(String),
}

impl From<String> for RoomSelector {
    /// Takes digits for a number, and all else for a name.
    fn from(text: String) -> Self {
        if value::is_digits(&text) {
            Self::Number(text)
        } else {
            Self::Name(text)
        }
    }
}

impl RoomSelector {
    /// The name or the digits.
    pub fn as_str(&self) -> &str {
        let (Self::Name(text) | Self::Number(text)) = self;
        text
    }
}

pub(super) fn read(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    let field = |name, right, value| Field::new(EventKind::Connect, name, right, value);
    let last = fields.last_event_id.filter(|value| value.get() != "\"\"");
    Ok(ClientFrame::Connect {
        room: field("room", "the room's name or number", fields.room).required(room)?,
        token: field("token", "a string", fields.token)
            .required(value::string)?
            .into_owned(),
        user: fields.user.map(attributes).unwrap_or_default(),
        last_event_id: field(
            "last_event_id",
            "an event's id, as a number or a string of digits",
            last,
        )
        .optional(value::integer)?,
    })
}

fn room(value: &RawValue) -> Option<RoomSelector> {
    match value::string(value) {
        Some(text) => Some(text.into_owned().into()),
        None if value::is_number(value) => Some(value.get().to_owned().into()),
        None => None,
    }
}

fn attributes(user: &RawValue) -> Extra {
    Extra::from_object(user.get(), OWNED_BY_USER).unwrap_or_default()
}

pub(super) fn write(
    room: &RoomSelector,
    token: &str,
    user: &Extra,
    last_event_id: Option<EventId>,
    out: &mut BytesMut,
) {
    write::raw(out, ",\"room\":");
    write::string(out, room.as_str());
    write::raw(out, ",\"token\":");
    write::string(out, token);
    if !user.is_empty() {
        write::raw(out, ",\"user\":{");
        write::raw(out, &user.without(OWNED_BY_USER));
        write::raw(out, "}");
    }
    if let Some(id) = last_event_id {
        write::raw(out, ",\"last_event_id\":");
        write::integer_as_string(out, id);
    }
}
