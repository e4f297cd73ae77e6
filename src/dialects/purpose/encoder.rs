//! How events look in the purpose-byte protocol.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::BytesMut;
use tolmach_purpose::{
    ChatInfo, FieldText, Message as Frame, Notification, Revision, ServerBody, ServerFrame, Status,
    purpose, purpose_of, set_task,
};

use super::translations::TRANSLATIONS;
use crate::dialects::direct_rooms::other_of;
use crate::dialects::text::{Naming, plain_with_link};
use crate::hub::translation::{Meaning, Translation};
use crate::hub::{Audience, Encoded, Encoding, EventEncoder};
use crate::model::{EndReason, Event, Message, RoomChange, RoomEvent, RoomKind, RoomRef};

/// The wire form of a listener. Its frames bear the task id 0 until the outbox numbers them.
pub(super) struct PurposeEncoder {
    revision: Revision,
    /// What links to files begin with; empty: there are none.
    public_url: String,
}

/// The length of the frame that these bytes begin with.
pub(super) fn frame_length(bytes: &[u8]) -> usize {
    tolmach_purpose::frame_length(bytes).unwrap_or(bytes.len())
}

/// Gives a frame its task id and says its purpose byte; answers keep theirs.
pub(super) fn number(frame: &mut [u8], task: u8) -> Option<u8> {
    let purpose = purpose_of(frame)
        .filter(|purpose| !matches!(*purpose, purpose::ACCEPTED | purpose::DECLINED))?;
    set_task(frame, task);
    Some(purpose)
}

/// A message; `seen`: by a member other than its author; `public_url`: what links to files begin with.
pub(super) fn message<'a>(
    message: &'a Message,
    seen: bool,
    public_url: &str,
) -> Frame<Cow<'a, str>> {
    let created = message.created.seconds();
    let (status, text) = match (message.deleted, seen) {
        (true, _) => (Status::Deleted, Cow::Borrowed("")),
        (false, true) => (
            Status::Seen,
            plain_with_link(message, Naming::Name, public_url),
        ),
        (false, false) => (
            Status::Sent,
            plain_with_link(message, Naming::Name, public_url),
        ),
    };
    Frame {
        id: message.id.low_bits(),
        sender_id: message.sender.id.0,
        chat_id: message.room.0,
        created,
        // An edited message comes again with a later `updated` (PROTOCOL.md 6.1), though it was the same second.
        updated: message
            .updated
            .map_or(created, |updated| updated.seconds().max(created + 1)),
        status,
        text,
    }
}

/// A chat; `other` is the login of a direct room's other member, by which that is titled.
pub(super) fn chat(room: &RoomRef, other: Option<&str>) -> ChatInfo<String> {
    let is_direct = room.kind == RoomKind::Direct;
    let title = other.filter(|_| is_direct).unwrap_or(&room.title);
    ChatInfo {
        id: room.id.0,
        title: title.to_owned(),
        is_direct,
        updated: room.updated.seconds(),
        nickname: room.name.clone(),
        has_password: room.protected,
    }
}

impl PurposeEncoder {
    pub(super) fn new(revision: Revision, public_url: String) -> Self {
        Self {
            revision,
            public_url,
        }
    }

    fn room(&self, event: &RoomEvent, out: &mut Encoding) {
        let info = |audience| chat(&event.room, other_of(event, audience));
        let joined = |audience| {
            move |out: &mut BytesMut| self.write(Notification::Joined(info(audience)), out)
        };
        let left = |out: &mut BytesMut| self.write(Notification::Left(info(Audience::Own)), out);
        match &event.change {
            RoomChange::Posted(said) | RoomChange::Edited(said) | RoomChange::Deleted(said) => {
                let messages = vec![message(said, event.seen, &self.public_url)];
                let chat = event.room.id.0;
                out.all(|out| self.write(Notification::Messages { chat, messages }, out));
            }
            RoomChange::Created if event.room.kind == RoomKind::Direct => {
                out.all(joined(Audience::Other));
                out.instead(&[Audience::Own], joined(Audience::Own));
            }
            RoomChange::MemberJoined { .. } => {
                out.instead(&[Audience::Own], joined(Audience::Own));
            }
            RoomChange::MemberLeft { .. }
            | RoomChange::MemberRemoved { .. }
            | RoomChange::MemberBanned { .. } => out.instead(&[Audience::Own], left),
            RoomChange::RoomDeleted => out.all(left),
            RoomChange::Created
            | RoomChange::HistoryCleared
            | RoomChange::Titled
            | RoomChange::Described { .. }
            | RoomChange::Renamed { .. }
            | RoomChange::AccessChanged
            | RoomChange::Quieted { .. }
            | RoomChange::Slowed { .. }
            | RoomChange::MemberUnbanned { .. }
            | RoomChange::RoleChanged { .. } => return,
        }
        // Its answer says it all.
        out.nothing(&[Audience::Origin]);
    }

    fn write<T: FieldText>(&self, told: Notification<T>, out: &mut BytesMut) -> Encoded {
        let body = ServerBody::Notification(told);
        let written = ServerFrame { task: 0, body }.write(self.revision, out);
        Encoded::frames(written.into())
    }
}

impl EventEncoder for PurposeEncoder {
    fn dialect(&self) -> &'static str {
        "purpose"
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

    /// DEAUTH where the session is no longer authorized; whom merely this connection was ended for is told DISCONNECT.
    fn encode_end(&self, reason: EndReason, out: &mut BytesMut) {
        if reason.is_final() {
            let reason = reason.to_string();
            self.write(Notification::Deauthorized { reason }, out);
        } else {
            // Both revisions have it.
            let _ = ServerFrame::<&str> {
                task: 0,
                body: ServerBody::Disconnect,
            }
            .write(self.revision, out);
        }
    }
}
