//! Members of rooms.

use super::{Read, ServerFrame};
use crate::Id;
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::flavor::Flavor;
use crate::key::Key;
use crate::number::MemberType;
use crate::object::Object;
use crate::request::RequestType;
use std::borrow::Cow;

const KIND: &str = "a member's type, 0 to 4";

/// A member as a list tells it: "{id, login, type}".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// The user's id.
    pub id: Id,
    /// The user's login.
    pub login: Cow<'a, str>,
    /// What the user is in the room.
    pub kind: MemberType,
}

impl Member<'static> {
    fn read(fields: &Fields<'_>) -> Result<Self, BadFrame> {
        Ok(Self {
            id: fields.id(Key::Id)?,
            login: fields.text(Key::Login)?,
            kind: fields.number(Key::Type, KIND, MemberType::from_number)?,
        })
    }
}

impl Member<'_> {
    fn write(&self, object: &mut Object<'_>) {
        object
            .number(Key::Id, self.id)
            .text(Key::Login, &self.login)
            .number(Key::Type, self.kind.number());
    }
}

/// The type that a frame is written with: in the document "RQ_GET_MEMBERS' answer has the type RQ_SEARCH_CH".
pub(super) fn written_as(request: RequestType, flavor: Flavor) -> RequestType {
    match (request, flavor) {
        (RequestType::Members, Flavor::Document) => RequestType::SearchRooms,
        _ => request,
    }
}

pub(super) fn read(request: RequestType, flavor: Flavor, fields: &Fields<'_>) -> Read {
    match (request, flavor) {
        (RequestType::Members, Flavor::Field) => Some(members(fields)),
        (RequestType::SearchRooms, Flavor::Document) if fields.has(Key::Members) => {
            Some(members(fields))
        }
        (RequestType::MemberInfo, _) => Some(member_info(fields)),
        (RequestType::NewMember, _) => Some(new_member(fields)),
        (RequestType::Ban, _) => Some(ban(fields)),
        _ => None,
    }
}

fn members(fields: &Fields<'_>) -> Result<ServerFrame<'static>, BadFrame> {
    Ok(ServerFrame::Members {
        room: fields.id(Key::RoomId)?,
        members: fields.list(Key::Members, Member::read)?,
    })
}

fn member_info(fields: &Fields<'_>) -> Result<ServerFrame<'static>, BadFrame> {
    Ok(ServerFrame::MemberInfo {
        login: fields.text(Key::Login)?,
        desc: fields.text(Key::Desc)?,
    })
}

fn new_member(fields: &Fields<'_>) -> Result<ServerFrame<'static>, BadFrame> {
    Ok(ServerFrame::NewMember {
        room: fields.id(Key::RoomId)?,
        user: fields.id(Key::UserId)?,
        login: fields.text(Key::Login)?,
    })
}

fn ban(fields: &Fields<'_>) -> Result<ServerFrame<'static>, BadFrame> {
    Ok(ServerFrame::Ban {
        room: fields.id(Key::RoomId)?,
        user: fields.id(Key::UserId)?,
    })
}

pub(super) fn write(frame: &ServerFrame<'_>, _: Flavor, object: &mut Object<'_>) {
    match frame {
        ServerFrame::Members { room, members } => {
            object.number(Key::RoomId, room);
            object.list(Key::Members, members, Member::write);
        }
        ServerFrame::MemberInfo { login, desc } => {
            object.text(Key::Login, login).text(Key::Desc, desc);
        }
        ServerFrame::NewMember { room, user, login } => {
            object
                .number(Key::RoomId, room)
                .number(Key::UserId, user)
                .text(Key::Login, login);
        }
        ServerFrame::Ban { room, user } => {
            object.number(Key::RoomId, room).number(Key::UserId, user);
        }
        _ => {}
    }
}
