//! How events look in uchat.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::BytesMut;
use tolmach_uchat::{
    ErrorCode, Flavor, Message as Frame, MessageStatus, MessageType, Room as RoomFrame, RoomType,
    ServerFrame,
};

use super::translations::TRANSLATIONS;
use crate::dialects::direct_rooms::other_of;
use crate::dialects::text::{Naming, with_emote};
use crate::hub::translation::{Meaning, Translation};
use crate::hub::{Audience, Encoded, Encoding, EventEncoder};
use crate::model::{
    EndReason, Event, Message, MessageKind, RoomChange, RoomEvent, RoomKind, RoomRef, Seq, UserId,
    UserRef,
};

/// Where the one who made a room becomes its member: it was told of the room already.
const MAKER_JOINS: Seq = Seq(2);

/// The wire form of a listener.
pub(super) struct UchatEncoder {
    flavor: Flavor,
}

/// A message as the message object of PROTOCOL.md 3.2.
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
        (None, _) => (MessageType::Text, with_emote(message, Naming::Name)),
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

pub(super) fn edit(message: &Message) -> ServerFrame<'_> {
    let text = with_emote(message, Naming::Name);
    ServerFrame::Edit {
        room: message.room.0,
        message: message.id.low_bits(),
        power: text.len() as u64,
        text,
    }
}

impl UchatEncoder {
    pub(super) fn new(flavor: Flavor) -> Self {
        Self { flavor }
    }

    fn room(&self, event: &RoomEvent, out: &mut Encoding) {
        let id = event.room.id.0;
        let info = |audience| ServerFrame::JoinRoom(room(&event.room, other_of(event, audience)));
        let gone = || ServerFrame::DeleteRoom { room: id };
        match &event.change {
            RoomChange::Posted(said) => self.all(ServerFrame::Message(message(said)), out),
            RoomChange::Edited(said) => self.all(edit(said), out),
            RoomChange::Deleted(said) => {
                let message = said.id.low_bits();
                self.all(ServerFrame::Delete { room: id, message }, out);
            }
            RoomChange::HistoryCleared => self.all(ServerFrame::ClearHistory { room: id }, out),
            RoomChange::Created if event.room.kind == RoomKind::Direct => {
                self.all(info(Audience::Other), out);
                self.instead(Audience::MINE, info(Audience::Own), out);
            }
            RoomChange::Titled => {
                let name = event.room.title.as_str().into();
                self.all(ServerFrame::RenameRoom { room: id, name }, out);
            }
            RoomChange::Described { description } => {
                let desc = description.as_str().into();
                self.all(ServerFrame::DescribeRoom { room: id, desc }, out);
            }
            RoomChange::MemberJoined { user } => self.joined(event, user, out),
            // Where it left by the gateway's room, that connection knows no more of it than the others.
            RoomChange::MemberLeft { .. } | RoomChange::MemberRemoved { .. } => {
                self.instead(Audience::MINE, gone(), out)
            }
            RoomChange::MemberBanned { user } => {
                let user = user.id.0;
                self.all(ServerFrame::Ban { room: id, user }, out);
                self.instead(Audience::MINE, gone(), out);
            }
            RoomChange::RoomDeleted => self.all(gone(), out),
            RoomChange::Created
            | RoomChange::Renamed { .. }
            | RoomChange::AccessChanged
            | RoomChange::Quieted { .. }
            | RoomChange::Slowed { .. }
            | RoomChange::MemberUnbanned { .. }
            | RoomChange::RoleChanged { .. } => {}
        }
    }

    /// A member comes: it itself has RQ_JOIN_ROOM, before the others' RQ_NEW_MEMBER; who made the room knows.
    fn joined(&self, event: &RoomEvent, user: &UserRef, out: &mut Encoding) {
        let frame = ServerFrame::NewMember {
            room: event.room.id.0,
            user: user.id.0,
            login: user.login.as_str().into(),
        };
        self.all(frame, out);
        let room = ServerFrame::JoinRoom(room(&event.room, None));
        self.instead(&[Audience::Own], room, out);
        if event.room.owner == Some(user.id) && event.seq == MAKER_JOINS {
            out.nothing(&[Audience::Origin]);
        }
    }

    fn all(&self, frame: ServerFrame<'_>, out: &mut Encoding) {
        out.all(|out| self.write(&frame, out));
    }

    fn instead(&self, to: &[Audience], frame: ServerFrame<'_>, out: &mut Encoding) {
        out.instead(to, |out| self.write(&frame, out));
    }

    fn write(&self, frame: &ServerFrame<'_>, out: &mut BytesMut) -> Encoded {
        frame.write(self.flavor, out);
        Encoded::frames(1)
    }
}

impl EventEncoder for UchatEncoder {
    fn dialect(&self) -> &'static str {
        "uchat"
    }

    fn translation(&self, meaning: Meaning) -> Translation {
        Translation::of(TRANSLATIONS, meaning)
    }

    fn encode(&self, event: &Arc<Event>, out: &mut Encoding) {
        match &**event {
            Event::Room(event) => self.room(event, out),
            Event::Presence(_) | Event::Ended(_) => {}
        }
    }

    /// Who is logged in and whose session is over has RQ_LOG_OUT with its token instead, which the adapter left.
    fn encode_end(&self, reason: EndReason, out: &mut BytesMut) {
        let code = match reason {
            EndReason::Shutdown | EndReason::NodeLost => return,
            EndReason::TooManyConnections | EndReason::Overloaded => ErrorCode::TooMany,
            EndReason::AddressBanned | EndReason::BannedFromGateway => ErrorCode::NotAllowed,
            EndReason::TlsRequired => ErrorCode::BadRequest,
            EndReason::NoLogin => ErrorCode::AuthData,
            EndReason::Displaced => ErrorCode::ClientExists,
            _ => ErrorCode::Server,
        };
        let text = reason.to_string().into();
        ServerFrame::Error { code, text }.write(self.flavor, out);
    }
}
