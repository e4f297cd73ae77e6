//! The `user` hash.

use crate::error::DecodeError;
use crate::extra::{Extra, OWNED_BY_USER, Others};
use crate::field::Field;
use crate::flavor::Flavor;
use crate::kind::EventKind;
use crate::{members, value, write};
use bytes::BytesMut;
use serde_json::value::RawValue;

const ID: &str = "a user's id, 31 bits, as a number or a string of digits";

/// A user as servers tell it: "`user` {`id`, `name`, …}".
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
    pub(crate) fn read(
        event: EventKind,
        value: Option<&RawValue>,
        bare: bool,
    ) -> Result<Self, DecodeError> {
        if let Some(value) = value.filter(|value| value.get().starts_with('{')) {
            return Self::read_hash(event, value.get());
        }
        let right = if bare {
            "a user's id or hash"
        } else {
            "a hash with `id` and `name`"
        };
        let read = |value| if bare { read_id(value) } else { None };
        let id = Field::new(event, "user", right, value).required(read)?;
        Ok(Self {
            id,
            name: String::new(),
            status: None,
            extra: Extra::default(),
        })
    }

    fn read_hash(event: EventKind, json: &str) -> Result<Self, DecodeError> {
        let (mut id, mut name, mut status) = (None, None, None);
        let mut others = Others::new(OWNED_BY_USER);
        members::for_each(json, |key, value| match &*key {
            "id" => id = Some(value),
            "name" => name = Some(value),
            "status" => status = Some(value),
            _ => others.push(key, value),
        })?;
        Ok(Self {
            id: Field::new(event, "user.id", ID, id).required(read_id)?,
            name: Field::new(event, "user.name", "a string", name)
                .required(value::string)?
                .into_owned(),
            status: Field::new(event, "user.status", "a string", status)
                .optional(value::string)?
                .map(Into::into),
            extra: others.into_extra(),
        })
    }

    /// Writes the hash with all that is known.
    pub(crate) fn write(&self, flavor: Flavor, out: &mut BytesMut) {
        self.write_head(flavor, out);
        if let Some(status) = &self.status {
            write::raw(out, ",\"status\":");
            write::string(out, status);
        }
        if !self.extra.is_empty() {
            write_members_after(out, &self.extra.without(OWNED_BY_USER));
        }
        write::raw(out, "}");
    }

    /// Writes the hash of a `message`: "being the required information of the sender (id and name, not profile
    /// picture, etc)".
    pub(crate) fn write_sender(&self, flavor: Flavor, out: &mut BytesMut) {
        self.write_head(flavor, out);
        write::raw(out, "}");
    }

    fn write_head(&self, flavor: Flavor, out: &mut BytesMut) {
        write::raw(out, "{\"id\":");
        match flavor {
            Flavor::Document => write::integer_as_string(out, self.id),
            Flavor::TalkerApp => write::integer(out, self.id),
        }
        write::raw(out, ",\"name\":");
        write::string(out, &self.name);
    }
}

/// Writes members after others.
pub(crate) fn write_members_after(out: &mut BytesMut, members: &str) {
    if !members.is_empty() {
        write::raw(out, ",");
        write::raw(out, members);
    }
}

fn read_id(value: &RawValue) -> Option<i32> {
    value::integer(value)?.try_into().ok()
}
