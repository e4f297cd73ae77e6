//! `message`: a client says something.

use super::ClientFrame;
use crate::error::BadFrame;
use crate::event::Event;
use crate::extra::{Extra, is_owned_by_message};
use crate::user::write_members_after;
use crate::value;
use bytes::BytesMut;
use tolmach_json::{Sink, is_digits, string};

/// Whom a private message is for: PROTOCOL.md 3.2.
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
            Ok(id) if is_digits(&text) => Self::Id(id),
            _ => Self::Login(text),
        }
    }
}

pub(super) fn read(event: &Event<'_>) -> Result<ClientFrame, BadFrame> {
    let edit = "a message's id, as a number or a string of digits";
    Ok(ClientFrame::Message {
        content: event.required("content", "a text", value::text)?,
        to: event.optional("to", "a user's id or login", recipient)?,
        edit: event.optional("edit", edit, value::integer)?,
        action: value::flag(event.find("action")),
        extra: event.extra(is_owned_by_message),
    })
}

/// A number with a sign, a fraction or an exponent is nobody's id, and must not be taken for a login.
fn recipient(value: &str) -> Option<Recipient> {
    match string(value) {
        Some(text) => Some(text.into_owned().into()),
        None if is_digits(value) => Some(value.to_owned().into()),
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
    out.raw(",\"content\":");
    out.text(content);
    if let Some(to) = to {
        out.raw(",\"to\":");
        match to {
            Recipient::Id(id) => out.number_as_text((*id).into()),
            Recipient::Login(login) => out.text(login),
        }
    }
    if let Some(edit) = edit {
        out.raw(",\"edit\":");
        out.number_as_text(edit);
    }
    if action {
        out.raw(",\"action\":true");
    }
    write_members_after(out, &extra.without(is_owned_by_message));
}
