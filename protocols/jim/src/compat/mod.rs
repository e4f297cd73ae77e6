//! The frames as published clients spell them, and as they can read them: flat objects in ASCII, small enough for one
//! `recv(640)`.
//!
//! Here is the table of actions; what a client keeps from the document is read as the document has it.

mod identity;
mod msg;
mod room;
mod write;

use crate::characters::printable;
use crate::client_frame::ClientFrame;
use crate::document::fields;
use crate::error::BadFrame;
use crate::field::Field;
use crate::limits::{ACTION_CHARS, NAME_CHARS, OBJECT_CHARS};
use crate::object;
use std::borrow::Cow;
use tolmach_json::Object;

pub(crate) use write::{put_request, put_server_frame, put_without_extra};

const ACTIONS: &str = "it must be authenticate, presence, msg, join, leave, get_contacts, add_contact, del_contact or quit";

/// Whom `add_contact` and `del_contact` mean: PROTOCOL.md 7.5.
pub(crate) const USER_ID: Field =
    Field::new("user_id", "it must be a user's name as text").at_most(NAME_CHARS);

const CONTACT_NAME: Field = Field {
    path: "contact_name",
    key: "contact_name",
    ..USER_ID
};

const CONTACT: Field = Field {
    path: "contact",
    key: "contact",
    ..USER_ID
};

/// Reads one object from a client. A missing `time` is accepted, and so is any other.
pub(crate) fn read_client_frame(bytes: &mut [u8]) -> Result<ClientFrame, BadFrame> {
    let object = &object::read(bytes, OBJECT_CHARS)?;
    let action = fields::ACTION.required_limited(object)?;
    match &*action {
        "authenticate" => identity::read_authenticate(object),
        "presence" => identity::read_presence(object),
        "msg" | "message" => msg::read(object, &action),
        "join" => room::read_join(object),
        "leave" => room::read_leave(object),
        "get_contacts" => Ok(ClientFrame::GetContacts),
        "add_contact" => read_contact(object).map(|user_id| ClientFrame::AddContact { user_id }),
        "del_contact" => read_contact(object).map(|user_id| ClientFrame::DelContact { user_id }),
        "probe" => Ok(ClientFrame::Probe),
        "quit" | "exit" => Ok(ClientFrame::Quit),
        unknown => Err(BadFrame::UnknownAction {
            action: printable(unknown, ACTION_CHARS),
            right: ACTIONS,
        }),
    }
}

/// Beside a key for the contact alone, `user_id` is who asks.
fn read_contact(object: &Object<'_>) -> Result<String, BadFrame> {
    let contact = first_of(object, &[&CONTACT_NAME, &CONTACT, &USER_ID])?;
    Ok(contact.ok_or_else(|| USER_ID.missing())?.into_owned())
}

/// The first of these fields that is there and not null, within its limit.
fn first_of<'a>(object: &Object<'a>, fields: &[&Field]) -> Result<Option<Cow<'a, str>>, BadFrame> {
    let is_there = |field: &&&Field| object.find(field.key).is_some_and(|json| json != "null");
    match fields.iter().find(is_there) {
        Some(field) => field.optional_limited(object),
        None => Ok(None),
    }
}
