//! Rooms: those that there are, and what becomes of them.

use super::{Read, ServerFrame};
use crate::Id;
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::flavor::Flavor;
use crate::key::Key;
use crate::number::RoomType;
use crate::object::Object;
use crate::request::RequestType;
use std::borrow::Cow;

const KIND: &str = "a room's type 0, 1 or 2";

/// A room as it is told: "{id, name, customer_id, date, desc, type, power}".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room<'a> {
    /// The room's id.
    pub id: Id,
    /// Its name: "A room's `name` in uchat is its title".
    pub name: Cow<'a, str>,
    /// The id of its owner.
    pub customer_id: Id,
    /// When it was made, in milliseconds.
    pub date: i64,
    /// What it is about.
    pub desc: Cow<'a, str>,
    /// Its type, written where it is given but in [`ServerFrame::NewRoom`] and [`ServerFrame::JoinRoom`]: "in
    /// answers whose own `type` is the request number […] the room's type is left out". Lists need it: "the client
    /// closes the connection when a field it expects is absent".
    pub kind: Option<RoomType>,
    /// A number that clients expect. 0 where a server does not tell it.
    pub power: u64,
}

impl Room<'static> {
    /// Reads all but the type, which stands elsewhere in a frame than in a list.
    fn read(fields: &Fields<'_>) -> Result<Self, BadFrame> {
        Ok(Self {
            id: fields.id(Key::Id)?,
            name: fields.text(Key::Name)?,
            customer_id: fields.id(Key::CustomerId)?,
            date: fields.date(Key::Date)?,
            desc: fields.text(Key::Desc)?,
            kind: None,
            power: fields.size_or_zero(Key::Power)?,
        })
    }

    fn read_item(fields: &Fields<'_>) -> Result<Self, BadFrame> {
        Ok(Self {
            kind: fields.optional_number(Key::Type, KIND, RoomType::from_number)?,
            ..Self::read(fields)?
        })
    }
}

impl Room<'_> {
    fn write(&self, object: &mut Object<'_>) {
        object
            .number(Key::Id, self.id)
            .text(Key::Name, &self.name)
            .number(Key::CustomerId, self.customer_id)
            .number(Key::Date, self.date)
            .text(Key::Desc, &self.desc)
            .number(Key::Power, self.power);
    }

    fn write_item(&self, object: &mut Object<'_>) {
        self.write(object);
        if let Some(kind) = self.kind {
            object.number(Key::Type, kind.number());
        }
    }
}

pub(super) fn read(request: RequestType, _: Flavor, fields: &Fields<'_>) -> Read {
    match request {
        RequestType::Rooms => Some(rooms(fields).map(ServerFrame::Rooms)),
        RequestType::SearchRooms => Some(rooms(fields).map(ServerFrame::SearchRooms)),
        RequestType::NewRoom => Some(Room::read(fields).map(ServerFrame::NewRoom)),
        RequestType::JoinRoom => Some(Room::read(fields).map(ServerFrame::JoinRoom)),
        RequestType::DeleteRoom => Some(delete_room(fields)),
        RequestType::RenameRoom => Some(rename_room(fields)),
        RequestType::DescribeRoom => Some(describe_room(fields)),
        _ => None,
    }
}

fn rooms(fields: &Fields<'_>) -> Result<Vec<Room<'static>>, BadFrame> {
    fields.list(Key::Rooms, Room::read_item)
}

fn delete_room(fields: &Fields<'_>) -> Result<ServerFrame<'static>, BadFrame> {
    Ok(ServerFrame::DeleteRoom {
        room: fields.id(Key::RoomId)?,
    })
}

fn rename_room(fields: &Fields<'_>) -> Result<ServerFrame<'static>, BadFrame> {
    Ok(ServerFrame::RenameRoom {
        room: fields.id(Key::RoomId)?,
        name: fields.text(Key::RoomName)?,
    })
}

fn describe_room(fields: &Fields<'_>) -> Result<ServerFrame<'static>, BadFrame> {
    Ok(ServerFrame::DescribeRoom {
        room: fields.id(Key::RoomId)?,
        desc: fields.text(Key::Desc)?,
    })
}

pub(super) fn write(frame: &ServerFrame<'_>, _: Flavor, object: &mut Object<'_>) {
    match frame {
        ServerFrame::Rooms(rooms) | ServerFrame::SearchRooms(rooms) => {
            object.list(Key::Rooms, rooms, Room::write_item);
        }
        ServerFrame::NewRoom(room) | ServerFrame::JoinRoom(room) => room.write(object),
        ServerFrame::DeleteRoom { room } => {
            object.number(Key::RoomId, room);
        }
        ServerFrame::RenameRoom { room, name } => {
            object.number(Key::RoomId, room).text(Key::RoomName, name);
        }
        ServerFrame::DescribeRoom { room, desc } => {
            object.number(Key::RoomId, room).text(Key::Desc, desc);
        }
        _ => {}
    }
}
