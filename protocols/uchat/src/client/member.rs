//! Members of rooms.

use super::ClientFrame;
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::key::Key;
use crate::object::Object;
use crate::request::RequestType;

pub(super) fn read(
    request: RequestType,
    fields: &Fields<'_>,
) -> Option<Result<ClientFrame, BadFrame>> {
    match request {
        RequestType::Members => Some(members(fields)),
        RequestType::MemberInfo => Some(member_info(fields)),
        RequestType::Ban => Some(ban(fields)),
        _ => None,
    }
}

fn members(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::Members {
        room: fields.id(Key::RoomId)?,
    })
}

fn member_info(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::MemberInfo {
        user: fields.id(Key::UserId)?,
    })
}

fn ban(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::Ban {
        room: fields.id(Key::RoomId)?,
        user: fields.id(Key::UserId)?,
    })
}

pub(super) fn write(frame: &ClientFrame, object: &mut Object<'_>) {
    match frame {
        ClientFrame::Members { room } => {
            object.number(Key::RoomId, room);
        }
        ClientFrame::MemberInfo { user } => {
            object.number(Key::UserId, user);
        }
        ClientFrame::Ban { room, user } => {
            object.number(Key::RoomId, room).number(Key::UserId, user);
        }
        _ => {}
    }
}
