//! Members of rooms.

use crate::Id;
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::key::Key;
use crate::number::MemberType;
use crate::object::Object;
use crate::value::Item;
use std::borrow::Cow;

const KIND: &str = "a member's type, 0 to 4";

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
            id: fields.id(Key::Id)?,
            login: fields.text(Key::Login)?,
            kind: fields.number(Key::Type, KIND, MemberType::from_number)?,
        })
    }

    fn write(&self, object: &mut Object<'_>) {
        object
            .number(Key::Id, self.id)
            .text(Key::Login, &self.login)
            .number(Key::Type, self.kind.number());
    }
}
