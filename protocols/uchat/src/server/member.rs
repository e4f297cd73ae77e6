//! Members of rooms.

use crate::Id;
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::key::Key;
use crate::number::MemberType;
use crate::object::Object;
use crate::value::{Item, Value};
use std::borrow::Cow;

/// A member as a list tells it: PROTOCOL.md 5.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// The id of the user.
    pub id: Id,
    /// The login of the user.
    pub login: Cow<'a, str>,
    /// What the user is in the room.
    pub kind: MemberType,
}

impl Item for Member<'_> {
    fn read(fields: &Fields<'_>) -> Result<Self, BadFrame> {
        Ok(Self {
            id: Value::read(fields, Key::Id)?,
            login: Value::read(fields, Key::Login)?,
            kind: Value::read(fields, Key::Type)?,
        })
    }

    fn write(&self, object: &mut Object<'_>) {
        object
            .number(Key::Id, self.id)
            .text(Key::Login, &self.login)
            .number(Key::Type, self.kind.number());
    }
}
