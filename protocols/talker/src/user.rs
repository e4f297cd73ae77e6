//! The `user` hash.

use crate::error::{BadFrame, DecodeError, Reason};
use crate::event::Event;
use crate::extra::{Extra, is_owned_by_user};
use crate::flavor::Flavor;
use crate::kind::EventKind;
use crate::value;
use bytes::BytesMut;
use tolmach_json::{Sink, string};

const ID: &str = "a user's id, 31 bits, as a number or a string of digits";
const HASH: &str = "a hash with `id` and `name`";
const ID_OR_HASH: &str = "a user's id or hash";

/// A user as servers tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// The unique id; 0 is the gateway itself.
    pub id: i32,
    /// The name to show. Empty where only the bare id was told: in a `leave` of [`Flavor::Document`].
    pub name: String,
    /// The user's state in the room, where it is told.
    pub status: Option<String>,
    /// Other attributes, but for the three above.
    pub extra: Extra,
}

impl User {
    /// Reads the `user` of an event: a hash, or a bare id where `bare` allows one.
    pub(crate) fn read(event: &Event<'_>, bare: bool) -> Result<Self, DecodeError> {
        Self::of(event.kind, event.find("user"), bare)
    }

    /// Reads the `user` of an event of this type.
    pub(crate) fn of(kind: EventKind, json: Option<&str>, bare: bool) -> Result<Self, DecodeError> {
        let json = json.filter(|json| *json != "null");
        let (id, reason) = match json {
            Some(json) if json.starts_with('{') => {
                return Self::of_hash(&Event::read_user(kind, json)?);
            }
            Some(json) if bare => (read_id(json), Reason::Wrong(ID_OR_HASH)),
            None if bare => (None, Reason::Missing(ID_OR_HASH)),
            Some(_) => (None, Reason::Wrong(HASH)),
            None => (None, Reason::Missing(HASH)),
        };
        let id = id.ok_or(BadFrame {
            event: kind,
            field: "user",
            reason,
        })?;
        Ok(Self {
            id,
            name: String::new(),
            status: None,
            extra: Extra::default(),
        })
    }

    fn of_hash(hash: &Event<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            id: hash.required("user.id", ID, read_id)?,
            name: hash.required("user.name", "a string", string)?.into_owned(),
            status: hash
                .optional("user.status", "a string", string)?
                .map(Into::into),
            extra: hash.extra(is_owned_by_user),
        })
    }

    /// Writes the hash with all that is known.
    pub(crate) fn write(&self, flavor: Flavor, out: &mut BytesMut) {
        self.write_head(flavor, out);
        if let Some(status) = &self.status {
            out.raw(",\"status\":");
            out.text(status);
        }
        if !self.extra.is_empty() {
            write_members_after(out, &self.extra.without(is_owned_by_user));
        }
        out.raw("}");
    }

    /// Writes the hash of a `message`: who the sender is, and no more (PROTOCOL.md 4.2).
    pub(crate) fn write_sender(&self, flavor: Flavor, out: &mut BytesMut) {
        self.write_head(flavor, out);
        out.raw("}");
    }

    fn write_head(&self, flavor: Flavor, out: &mut BytesMut) {
        out.raw("{\"id\":");
        match flavor {
            Flavor::Document => out.number_as_text(self.id.into()),
            Flavor::TalkerApp => out.number(self.id.into()),
        }
        out.raw(",\"name\":");
        out.text(&self.name);
    }
}

/// Writes members after others.
pub(crate) fn write_members_after(out: &mut BytesMut, members: &str) {
    if !members.is_empty() {
        out.raw(",");
        out.json(members);
    }
}

fn read_id(value: &str) -> Option<i32> {
    value::integer(value)?.try_into().ok()
}
