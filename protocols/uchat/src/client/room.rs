//! Rooms: finding, making, changing, joining and deleting them.

use super::ClientFrame;
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::key::Key;
use crate::number::RoomType;
use crate::object::Object;
use crate::request::RequestType;

pub(super) fn read(
    request: RequestType,
    fields: &Fields<'_>,
) -> Option<Result<ClientFrame, BadFrame>> {
    match request {
        RequestType::Rooms => Some(rooms(fields)),
        RequestType::NewRoom => Some(new_room(fields)),
        RequestType::JoinRoom => Some(join_room(fields)),
        RequestType::DeleteRoom => Some(delete_room(fields)),
        RequestType::RenameRoom => Some(rename_room(fields)),
        RequestType::DescribeRoom => Some(describe_room(fields)),
        RequestType::SearchRooms => Some(search_rooms(fields)),
        _ => None,
    }
}

/// "**A client's RQ_NEW_ROOM has the key `type` twice**: the first is the request, the second the room's type."
const KIND: &str = "the request first, then a room's type 0, 1 or 2";

fn rooms(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::Rooms {
        date: fields.date(Key::Date)?,
    })
}

fn new_room(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::NewRoom {
        name: fields.text(Key::Name)?,
        desc: fields.text(Key::Desc)?,
        kind: fields.second_type(KIND, RoomType::from_number)?,
    })
}

fn join_room(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::JoinRoom {
        room: fields.id(Key::RoomId)?,
    })
}

fn delete_room(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::DeleteRoom {
        room: fields.id(Key::RoomId)?,
    })
}

fn rename_room(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::RenameRoom {
        room: fields.id(Key::RoomId)?,
        name: fields.text(Key::RoomName)?,
    })
}

fn describe_room(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::DescribeRoom {
        room: fields.id(Key::RoomId)?,
        desc: fields.text(Key::Desc)?,
    })
}

fn search_rooms(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::SearchRooms {
        name: fields.text(Key::Name)?,
    })
}

pub(super) fn write(frame: &ClientFrame, object: &mut Object<'_>) {
    match frame {
        ClientFrame::Rooms { date } => {
            object.number(Key::Date, date);
        }
        ClientFrame::NewRoom { name, desc, kind } => {
            object
                .text(Key::Name, name)
                .text(Key::Desc, desc)
                .number(Key::Type, kind.number());
        }
        ClientFrame::JoinRoom { room } => {
            object.number(Key::RoomId, room);
        }
        ClientFrame::DeleteRoom { room } => {
            object.number(Key::RoomId, room);
        }
        ClientFrame::RenameRoom { room, name } => {
            object.number(Key::RoomId, room).text(Key::RoomName, name);
        }
        ClientFrame::DescribeRoom { room, desc } => {
            object.number(Key::RoomId, room).text(Key::Desc, desc);
        }
        ClientFrame::SearchRooms { name } => {
            object.text(Key::Name, name);
        }
        _ => {}
    }
}
