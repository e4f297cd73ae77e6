//! `message`: a client says something.

use super::{ClientFrame, Fields};
use crate::error::BadFrame;
use crate::extra::{Extra, OWNED_BY_MESSAGE};
use crate::field::Field;
use crate::kind::EventKind;
use crate::user::write_members_after;
use crate::{value, write};
use bytes::BytesMut;
use serde_json::value::RawValue;

/// Whom a private message is for: "recipient's unique id as number or string, or login".
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// The unique id. Read from digits only, so never negative.
    Id(i32),
    /// The login. Digits beyond 31 bits are here too: they match nobody, as no login is all digits.
    Login(String),
}

impl From<String> for Recipient {
    /// Takes digits for an id, and all else for a login.
    fn from(text: String) -> Self {
        match text.parse() {
            Ok(id) if value::is_digits(&text) => Self::Id(id),
            _ => Self::Login(text),
        }
    }
}

pub(super) fn read(fields: Fields<'_>) -> Result<ClientFrame, BadFrame> {
    let field = |name, right, value| Field::new(EventKind::Message, name, right, value);
    Ok(ClientFrame::Message {
        content: field("content", "a text", fields.content).required(value::text)?,
        to: field("to", "a user's id or login", fields.to).optional(recipient)?,
        edit: field(
            "edit",
            "a message's id, as a number or a string of digits",
            fields.edit,
        )
        .optional(value::integer)?,
        action: value::flag(fields.action),
        extra: fields.others.into_extra(),
    })
}

/// A number with a sign, a fraction or an exponent is nobody's id, and must not be taken for a login.
fn recipient(value: &RawValue) -> Option<Recipient> {
    match value::string(value) {
        Some(text) => Some(text.into_owned().into()),
        None if value::is_digits(value.get()) => Some(value.get().to_owned().into()),
        None => None,
    }
}

pub(super) fn write(
    content: &str,
    to: Option<&Recipient>,
    edit: Option<i64>,
    action: bool,
    extra: &Extra,
    out: &mut BytesMut,
) {
    write::raw(out, ",\"content\":");
    write::string(out, content);
    if let Some(to) = to {
        write::raw(out, ",\"to\":");
        match to {
            Recipient::Id(id) => write::integer_as_string(out, *id),
            Recipient::Login(login) => write::string(out, login),
        }
    }
    if let Some(edit) = edit {
        write::raw(out, ",\"edit\":");
        write::integer_as_string(out, edit);
    }
    if action {
        write::raw(out, ",\"action\":true");
    }
    write_members_after(out, &extra.without(OWNED_BY_MESSAGE));
}
