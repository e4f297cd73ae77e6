//! Rooms: those that there are, and what becomes of them.

use crate::Id;
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::key::Key;
use crate::number::RoomType;
use crate::object::Object;
use crate::value::{Item, Scalar, Value, Whole};
use std::borrow::Cow;

/// A room as it is told: PROTOCOL.md 3.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room<'a> {
    /// The id of the room.
    pub id: Id,
    /// The title that is shown.
    pub name: Cow<'a, str>,
    /// The id of its owner.
    pub customer_id: Id,
    /// When it was made, in milliseconds.
    pub date: i64,
    /// What it is about.
    pub desc: Cow<'a, str>,
    /// Its type, written where it is given but in [`NewRoom`](crate::ServerFrame::NewRoom) and
    /// [`JoinRoom`](crate::ServerFrame::JoinRoom). Lists
    /// need it: PROTOCOL.md 3.1, 3.3.
    pub kind: Option<RoomType>,
    /// A number that clients expect. 0 where a server does not tell it.
    pub power: u64,
}

/// All but the type, which stands elsewhere in a frame than in a list.
impl Whole for Room<'_> {
    fn read_whole(fields: &Fields<'_>) -> Result<Self, BadFrame> {
        Ok(Self {
            id: Value::read(fields, Key::Id)?,
            name: Value::read(fields, Key::Name)?,
            customer_id: Value::read(fields, Key::CustomerId)?,
            date: Value::read(fields, Key::Date)?,
            desc: Value::read(fields, Key::Desc)?,
            kind: None,
            power: Scalar::read_optional(fields, Key::Power)?.unwrap_or_default(),
        })
    }

    fn write_whole(&self, frame: &mut Object<'_>) {
        frame
            .number(Key::Id, self.id)
            .text(Key::Name, &self.name)
            .number(Key::CustomerId, self.customer_id)
            .number(Key::Date, self.date)
            .text(Key::Desc, &self.desc)
            .number(Key::Power, self.power);
    }
}

impl Item for Room<'_> {
    fn read(fields: &Fields<'_>) -> Result<Self, BadFrame> {
        Ok(Self {
            kind: Scalar::read_optional(fields, Key::Type)?,
            ..Self::read_whole(fields)?
        })
    }

    fn write(&self, item: &mut Object<'_>) {
        self.write_whole(item);
        if let Some(kind) = self.kind {
            item.number(Key::Type, kind.number());
        }
    }
}
