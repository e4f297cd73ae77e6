//! `connect`: a client enters a room.

use super::ClientFrame;
use crate::error::BadFrame;
use crate::event::Event;
use crate::extra::{Extra, is_owned_by_user};
use crate::value;
use bytes::BytesMut;
use tolmach_json::{Sink, is_digits};

/// The id of an event, which is that of its message.
pub type EventId = i64;

/// Which room a client wants: PROTOCOL.md 3.1.
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
        if is_digits(&text) {
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

pub(super) fn read(event: &Event<'_>) -> Result<ClientFrame, BadFrame> {
    let last_id = "an event's id, as a number or a string of digits";
    let read_last = |value: &str| match value {
        "\"\"" => Some(None),
        value => value::integer(value).map(Some),
    };
    Ok(ClientFrame::Connect {
        room: event
            .required("room", "the room's name or number", value::name)?
            .into(),
        token: event.required("token", "a string", value::name)?.into(),
        user: event.find("user").map(Extra::of_user).unwrap_or_default(),
        last_event_id: event
            .optional("last_event_id", last_id, read_last)?
            .flatten(),
    })
}

pub(super) fn write(
    room: &RoomSelector,
    token: &str,
    user: &Extra,
    last_event_id: Option<EventId>,
    out: &mut BytesMut,
) {
    out.raw(",\"room\":");
    out.text(room.as_str());
    out.raw(",\"token\":");
    out.text(token);
    if !user.is_empty() {
        out.raw(",\"user\":{");
        out.json(&user.without(is_owned_by_user));
        out.raw("}");
    }
    if let Some(id) = last_event_id {
        out.raw(",\"last_event_id\":");
        out.number_as_text(id);
    }
}
