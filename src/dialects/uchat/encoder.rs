//! How events look in uchat.

use std::borrow::Cow;

use bytes::BytesMut;
use tolmach_uchat::{
    ErrorCode, Flavor, Message as Frame, MessageStatus, MessageType, Room as RoomFrame, RoomType,
    ServerFrame,
};

use super::translations::TRANSLATIONS;
use crate::dialects::direct_rooms::other_of;
use crate::dialects::text::with_emote;
use crate::hub::translation::{Meaning, Translation};
use crate::hub::{Audience, Encoded, EventEncoder};
use crate::model::{
    EndReason, Event, Message, MessageKind, RoomChange, RoomEvent, RoomKind, RoomRef, UserId,
    UserRef,
};

/// The wire form of a listener.
pub(super) struct UchatEncoder {
    flavor: Flavor,
}

/// A message object.
pub(super) fn message(message: &Message) -> Frame<'_> {
    let (msg_type, text) = match (&message.file, message.kind) {
        (Some(file), _) if message.text.is_empty() => {
            (MessageType::File, Cow::Borrowed(file.stored.as_str()))
        }
        (Some(_), _) => (
            MessageType::FileWithText,
            Cow::Borrowed(message.text.as_str()),
        ),
        (None, MessageKind::Sticker) => {
            (MessageType::Sticker, Cow::Borrowed(message.text.as_str()))
        }
        (None, _) => (MessageType::Text, with_emote(message)),
    };
    let (file_size, file_name) = match &message.file {
        Some(file) => (file.size, Cow::Borrowed(file.name.as_str())),
        None => (0, Cow::Borrowed("")),
    };
    let power = match &message.file {
        Some(file) => file.size,
        None => text.len() as u64,
    };
    Frame {
        message_id: message.id.low_bits(),
        room_id: message.room.0,
        user_id: message.sender.id.0,
        date: message.created.0,
        message: text,
        msg_type,
        status: match message.updated {
            Some(_) => MessageStatus::Edited,
            None => MessageStatus::New,
        },
        file_size,
        file_name,
        power,
    }
}

/// A room object; `other` is the login of a direct room's other member, by which that is titled.
pub(super) fn room<'a>(room: &'a RoomRef, other: Option<&'a str>) -> RoomFrame<'a> {
    let (kind, name) = match room.kind {
        RoomKind::Private => (RoomType::Private, room.title.as_str()),
        RoomKind::Public => (RoomType::Global, room.title.as_str()),
        RoomKind::Direct => (RoomType::Direct, other.unwrap_or(&room.title)),
    };
    RoomFrame {
        id: room.id.0,
        name: name.into(),
        customer_id: room.owner.unwrap_or(UserId::GATEWAY).0,
        date: room.created.0,
        desc: room.description.as_str().into(),
        kind: Some(kind),
        // Clients expect a number; the protocol gives it no meaning.
        power: 0,
    }
}

fn edit(message: &Message) -> ServerFrame<'_> {
    let text = with_emote(message);
    ServerFrame::Edit {
        room: message.room.0,
        message: message.id.low_bits(),
        power: text.len() as u64,
        text,
    }
}

/// A member comes: it itself has RQ_JOIN_ROOM, before the others' RQ_NEW_MEMBER; who made the room knows.
fn joined<'a>(
    event: &'a RoomEvent,
    user: &'a UserRef,
    audience: Audience,
) -> Option<ServerFrame<'a>> {
    match audience {
        Audience::Own => Some(ServerFrame::JoinRoom(room(&event.room, None))),
        Audience::Origin if event.room.owner == Some(user.id) => None,
        Audience::Origin | Audience::Other => Some(ServerFrame::NewMember {
            room: event.room.id.0,
            user: user.id.0,
            login: user.login.as_str().into(),
        }),
    }
}

impl UchatEncoder {
    pub(super) fn new(flavor: Flavor) -> Self {
        Self { flavor }
    }

    fn room<'a>(&self, event: &'a RoomEvent, audience: Audience) -> Option<ServerFrame<'a>> {
        let id = event.room.id.0;
        let mine = audience != Audience::Other;
        Some(match &event.change {
            RoomChange::Posted(said) => ServerFrame::Message(message(said)),
            RoomChange::Edited(said) => edit(said),
            RoomChange::Deleted(said) => ServerFrame::Delete {
                room: id,
                message: said.id.low_bits(),
            },
            RoomChange::HistoryCleared => ServerFrame::ClearHistory { room: id },
            RoomChange::Created if event.room.kind == RoomKind::Direct => {
                ServerFrame::JoinRoom(room(&event.room, other_of(event, audience)))
            }
            RoomChange::Titled => ServerFrame::RenameRoom {
                room: id,
                name: event.room.title.as_str().into(),
            },
            RoomChange::Described { description } => ServerFrame::DescribeRoom {
                room: id,
                desc: description.as_str().into(),
            },
            RoomChange::MemberJoined { user } => return joined(event, user, audience),
            RoomChange::MemberLeft { .. } if audience == Audience::Own => {
                ServerFrame::DeleteRoom { room: id }
            }
            RoomChange::MemberRemoved { .. } | RoomChange::MemberBanned { .. } if mine => {
                ServerFrame::DeleteRoom { room: id }
            }
            RoomChange::MemberBanned { user } => ServerFrame::Ban {
                room: id,
                user: user.id.0,
            },
            RoomChange::RoomDeleted => ServerFrame::DeleteRoom { room: id },
            _ => return None,
        })
    }
}

impl EventEncoder for UchatEncoder {
    fn dialect(&self) -> &'static str {
        "uchat"
    }

    fn translation(&self, meaning: Meaning) -> Translation {
        Translation::of(TRANSLATIONS, meaning)
    }

    fn encode(&self, event: &Event, audience: Audience, out: &mut BytesMut) -> Encoded {
        let Event::Room(event) = event else {
            return Encoded::NOTHING;
        };
        match self.room(event, audience) {
            Some(frame) => {
                frame.write(self.flavor, out);
                Encoded::frames(1)
            }
            None => Encoded::NOTHING,
        }
    }

    fn is_same_for_all(&self, event: &Event) -> bool {
        match event {
            Event::Room(event) => !matches!(
                event.change,
                RoomChange::Created
                    | RoomChange::MemberJoined { .. }
                    | RoomChange::MemberLeft { .. }
                    | RoomChange::MemberRemoved { .. }
                    | RoomChange::MemberBanned { .. }
            ),
            Event::Presence(_) | Event::Ended(_) => true,
        }
    }

    /// Who is logged in and whose session is over has RQ_LOG_OUT with its token instead, which the adapter left.
    fn encode_end(&self, reason: EndReason, out: &mut BytesMut) {
        let code = match reason {
            EndReason::Shutdown => return,
            EndReason::TooManyConnections => ErrorCode::TooMany,
            EndReason::NoLogin => ErrorCode::AuthData,
            EndReason::Displaced => ErrorCode::ClientExists,
            _ => ErrorCode::Server,
        };
        let text = reason.to_string().into();
        ServerFrame::Error { code, text }.write(self.flavor, out);
    }
}
