//! A message in all its spellings: PROTOCOL.md 7.1.

use super::first_of;
use crate::client_frame::{ClientFrame, CompatMsg};
use crate::document::fields::{FROM, MESSAGE, TO};
use crate::document::read_encoding;
use crate::error::BadFrame;
use crate::extra::Extra;
use crate::field::Field;
use crate::spelling::{Spelling, TextKey};
use std::borrow::Cow;
use tolmach_json::{Object, for_each_item, for_each_member, string};

const SENDER: Field = Field {
    path: "sender",
    key: "sender",
    ..FROM
};

/// The keys of the addressee beside `to`.
pub(crate) const ADDRESSEES: [&str; 4] = ["destination", "recipient", "receiver", "mess_to"];

/// The keys whose texts are nobody's address: the action, the sender, and what it says.
const NO_ADDRESSEES: [&str; 9] = [
    "action",
    "time",
    "encoding",
    "from",
    "sender",
    "message",
    "mess_text",
    "message_text",
    "text",
];

pub(super) fn read(object: &Object<'_>, action: &str) -> Result<ClientFrame, BadFrame> {
    let (text, message) = read_text(object)?;
    let to = read_addressee(object)?;
    let mut unclear = unclear(object);
    if let Some(to) = to.as_deref().filter(|to| !to.is_empty()) {
        unclear.retain(|(key, text)| ADDRESSEES.contains(&&**key) && text != to);
    }
    Ok(ClientFrame::CompatMsg(CompatMsg {
        unclear,
        to,
        from: first_of(object, &[&FROM, &SENDER])?.map(Cow::into_owned),
        message,
        encoding: read_encoding(object)?,
        extra: Extra::of(object).without(&ADDRESSEES),
        spelling: Spelling {
            message: action == "message",
            text,
            unspoken: false,
        },
    }))
}

/// The first of the addressee's keys that names one: an empty one names nobody.
fn read_addressee(object: &Object<'_>) -> Result<Option<String>, BadFrame> {
    let others = ADDRESSEES.map(|key| Field {
        path: key,
        key,
        ..TO
    });
    let mut empty = None;
    for field in [TO].iter().chain(&others) {
        match first_of(object, &[field])? {
            Some(to) if to.is_empty() => empty = Some(to.into_owned()),
            Some(to) => return Ok(Some(to.into_owned())),
            None => {}
        }
    }
    Ok(empty)
}

/// The texts that could name somebody, however deep they stand, with the keys of the object under which they do.
fn unclear(object: &Object<'_>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for member in object.members() {
        if !NO_ADDRESSEES.contains(&&*member.key) {
            put_texts(&member.key, member.value, &mut found);
        }
    }
    found
}

fn put_texts(key: &str, json: &str, found: &mut Vec<(String, String)>) {
    match json.as_bytes().first() {
        Some(b'"') => {
            let text = string(json).filter(|text| !text.is_empty());
            found.extend(text.map(|text| (key.to_owned(), text.into_owned())));
        }
        // The object as a whole was valid JSON.
        Some(b'[') => {
            let _ = for_each_item(json, |item| put_texts(key, item, found));
        }
        Some(b'{') => {
            let _ = for_each_member(json, |member| put_texts(key, member.value, found));
        }
        _ => {}
    }
}

fn read_text(object: &Object<'_>) -> Result<(TextKey, String), BadFrame> {
    for key in TextKey::ALL {
        let field = Field {
            path: key.name(),
            key: key.name(),
            ..MESSAGE
        };
        if let Some(text) = first_of(object, &[&field])? {
            return Ok((key, text.into_owned()));
        }
    }
    Err(MESSAGE.missing())
}
