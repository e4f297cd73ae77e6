//! `message`: something was said.

use super::presence::{read_time, write_time};
use crate::error::DecodeError;
use crate::event::Event;
use crate::extra::{Extra, is_owned_by_message};
use crate::flavor::Flavor;
use crate::user::{User, write_members_after};
use crate::value;
use bytes::BytesMut;
use tolmach_json::Sink;

const ID: &str = "a message's id, as a number or a string of digits";

/// Something that was said, as the server tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The text, of any length that an event may have.
    pub content: String,
    /// Who said it. Only the id and the name are written.
    pub user: User,
    /// Seconds since 1970, when the server received it.
    pub time: i64,
    /// The message's id; edits and messages of the gateway have none: PROTOCOL.md 4.3.
    pub id: Option<i64>,
    /// Only the receiver's connections get it: PROTOCOL.md 4.2.
    pub private: bool,
    /// Whether it is an emote: PROTOCOL.md 4.2.
    pub action: bool,
    /// The id, written as text, of the message that gets this content.
    pub edit: Option<i64>,
    /// Other properties that the sender gave.
    pub extra: Extra,
}

pub(super) fn read(event: &Event<'_>) -> Result<Message, DecodeError> {
    Ok(Message {
        content: event.required("content", "a text", value::text)?,
        user: User::read(event, false)?,
        time: read_time(event)?,
        id: event.optional("id", ID, value::integer)?,
        private: value::flag(event.find("private")),
        action: value::flag(event.find("action")),
        edit: event.optional("edit", ID, value::integer)?,
        extra: event.extra(is_owned_by_message),
    })
}

impl Message {
    /// Writes what follows `{"type":"message`, but for the end.
    pub(super) fn write(&self, flavor: Flavor, out: &mut BytesMut) {
        out.reserve(128 + self.content.len() + self.user.name.len() + self.extra.as_json().len());
        out.raw("\",\"content\":");
        out.text(&self.content);
        out.raw(",\"user\":");
        self.user.write_sender(flavor, out);
        if self.private {
            out.raw(",\"private\":true");
        }
        write_time(self.time, out);
        if let Some(id) = self.id {
            out.raw(",\"id\":");
            out.number_as_text(id);
        }
        if let Some(edit) = self.edit {
            out.raw(",\"edit\":");
            out.number_as_text(edit);
        }
        if self.action {
            out.raw(",\"action\":true");
        }
        write_members_after(out, &self.extra.without(is_owned_by_message));
    }
}
