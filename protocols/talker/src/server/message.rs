//! `message`: something was said.

use super::Fields;
use super::presence::write_time;
use crate::error::DecodeError;
use crate::extra::{Extra, OWNED_BY_MESSAGE};
use crate::field::Field;
use crate::flavor::Flavor;
use crate::kind::EventKind;
use crate::user::{User, write_members_after};
use crate::{value, write};
use bytes::BytesMut;

const ID: &str = "a message's id, as a number or a string of digits";

/// Something that was said, as the server tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The text.
    pub content: String,
    /// Who said it. Only the id and the name are written.
    pub user: User,
    /// "epoch seconds when the server received it".
    pub time: i64,
    /// "the message's id as text; only `message` events have one, but not those that tell an edit (they have
    /// `edit`) or come from the gateway".
    pub id: Option<i64>,
    /// Only the receiver's connections get it: "private ones add `"private":true`".
    pub private: bool,
    /// "`"action":true` marks an emote ("/me")".
    pub action: bool,
    /// The id, written as text, of the message that gets this content.
    pub edit: Option<i64>,
    /// Other properties that the sender gave.
    pub extra: Extra,
}

pub(super) fn read(fields: Fields<'_>) -> Result<Message, DecodeError> {
    let event = EventKind::Message;
    Ok(Message {
        content: Field::new(event, "content", "a text", fields.content).required(value::text)?,
        user: User::read(event, fields.user, false)?,
        time: fields.time(event)?,
        id: Field::new(event, "id", ID, fields.id).optional(value::integer)?,
        private: value::flag(fields.private),
        action: value::flag(fields.action),
        edit: Field::new(event, "edit", ID, fields.edit).optional(value::integer)?,
        extra: fields.others.into_extra(),
    })
}

impl Message {
    /// Writes what follows `{"type":"message`, but for the end.
    pub(super) fn write(&self, flavor: Flavor, out: &mut BytesMut) {
        out.reserve(128 + self.content.len() + self.user.name.len() + self.extra.as_json().len());
        write::raw(out, "\",\"content\":");
        write::string(out, &self.content);
        write::raw(out, ",\"user\":");
        self.user.write_sender(flavor, out);
        if self.private {
            write::raw(out, ",\"private\":true");
        }
        write_time(self.time, out);
        if let Some(id) = self.id {
            write::raw(out, ",\"id\":");
            write::integer_as_string(out, id);
        }
        if let Some(edit) = self.edit {
            write::raw(out, ",\"edit\":");
            write::integer_as_string(out, edit);
        }
        if self.action {
            write::raw(out, ",\"action\":true");
        }
        write_members_after(out, &self.extra.without(OWNED_BY_MESSAGE));
    }
}
