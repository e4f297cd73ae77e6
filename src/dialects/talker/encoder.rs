//! How events look in Talker.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::BytesMut;
use tolmach_talker::{Extra, Flavor, Message as Frame, ServerFrame, User};

use super::translations::TRANSLATIONS;
use crate::dialects::text::{EDITED, Naming, configured, without_emote_with_link};
use crate::hub::translation::{Meaning, Translation};
use crate::hub::{Audience, Encoded, Encoding, EventEncoder};
use crate::model::{
    EndReason, Event, Message, MessageKind, PresenceChange, PresenceEvent, Present, RoomChange,
    RoomEvent, RoomKind, UserId, UserRef, clean_json,
};

/// Marks extra fields as Talker's own.
const OWN_EXTRA: &str = "talker:";

/// The wire form of a listener.
pub(super) struct TalkerEncoder {
    flavor: Flavor,
    gateway: String,
    /// What links to files begin with.
    public_url: String,
}

/// Unknown properties of a `message`, made clean, as the hub keeps them.
pub(super) fn stored_extra(extra: &Extra) -> String {
    if extra.is_empty() {
        String::new()
    } else {
        format!("{OWN_EXTRA}{}", clean_json(extra.as_json()))
    }
}

/// A user with what others may know.
pub(super) fn profile(present: &Present) -> User {
    User {
        id: present.user.id.0,
        name: present.user.name.clone(),
        status: present.status.clone(),
        extra: Extra::from_json(&present.profile),
    }
}

/// A user as the sender of a message.
pub(super) fn sender(user: &UserRef) -> User {
    User {
        id: user.id.0,
        name: user.name.clone(),
        status: None,
        extra: Extra::default(),
    }
}

/// A message as it was said.
pub(super) fn said(message: &Message, private: bool, public_url: &str) -> Frame {
    Frame {
        content: without_emote_with_link(message, Naming::Name, public_url).into_owned(),
        user: sender(&message.sender),
        time: message.created.seconds(),
        id: Some(message.id.0),
        private,
        action: message.kind == MessageKind::Emote,
        edit: None,
        extra: message
            .extra
            .strip_prefix(OWN_EXTRA)
            .map(Extra::from_json)
            .unwrap_or_default(),
    }
}

/// What the gateway itself says.
pub(super) fn from_gateway(gateway: &str, content: impl Into<String>, time: i64) -> Frame {
    let user = User {
        id: UserId::GATEWAY.0,
        name: gateway.to_owned(),
        status: None,
        extra: Extra::default(),
    };
    let content = content.into();
    Frame {
        content,
        user,
        time,
        id: None,
        private: false,
        action: false,
        edit: None,
        extra: Extra::default(),
    }
}

impl TalkerEncoder {
    pub(super) fn new(flavor: Flavor, gateway: String, public_url: String) -> Self {
        Self {
            flavor,
            gateway,
            public_url,
        }
    }

    fn room(&self, event: &RoomEvent, out: &mut Encoding) {
        let private = event.room.kind == RoomKind::Direct;
        let ends_mine = |out: &mut Encoding, reason| {
            out.instead(Audience::MINE, |_| Encoded::ending(reason));
        };
        let frame = match &event.change {
            RoomChange::Posted(message) => said(message, private, &self.public_url),
            RoomChange::Edited(message) => {
                let mut frame = said(message, private, &self.public_url);
                frame.content.insert_str(0, EDITED);
                frame.edit = frame.id.take();
                frame.time = event.at.seconds();
                frame
            }
            RoomChange::Titled
            | RoomChange::Described { .. }
            | RoomChange::Renamed { .. }
            | RoomChange::Quieted { .. }
            | RoomChange::Slowed { .. } => {
                let what = configured(event).unwrap_or_default();
                from_gateway(&self.gateway, what, event.at.seconds())
            }
            RoomChange::RoomDeleted => {
                return out.all(|_| Encoded::ending(EndReason::RoomDeleted));
            }
            RoomChange::MemberBanned { .. } => return ends_mine(out, EndReason::Banned),
            RoomChange::MemberLeft { .. } => return ends_mine(out, EndReason::Left),
            RoomChange::MemberRemoved { .. } => return ends_mine(out, EndReason::Removed),
            RoomChange::Created
            | RoomChange::Deleted(_)
            | RoomChange::HistoryCleared
            | RoomChange::AccessChanged
            | RoomChange::MemberJoined { .. }
            | RoomChange::MemberUnbanned { .. }
            | RoomChange::RoleChanged { .. } => return,
        };
        out.all(|out| self.frame(ServerFrame::Message(frame), out));
        // "A private message: to the recipient's connections only."
        if private && !event.is_to_oneself() {
            out.nothing(Audience::MINE);
        }
    }

    fn frame(&self, frame: ServerFrame, out: &mut BytesMut) -> Encoded {
        frame.write(self.flavor, out);
        Encoded::frames(1)
    }

    fn presence(&self, event: &PresenceEvent, out: &mut Encoding) {
        let (user, time) = (profile(&event.who), event.at.seconds());
        let frame = match event.change {
            PresenceChange::Online => ServerFrame::Join { user, time },
            PresenceChange::Idle => ServerFrame::Idle { user, time },
            PresenceChange::Back => ServerFrame::Back { user, time },
            PresenceChange::Offline => ServerFrame::Leave { user, time },
        };
        out.all(|out| self.frame(frame, out));
        // "`join` reaches the ones already there." Who is there has not left: it was given another login.
        if matches!(
            event.change,
            PresenceChange::Online | PresenceChange::Offline
        ) {
            out.nothing(Audience::MINE);
        }
    }

    /// An `error` event with a text for people.
    pub(super) fn error(flavor: Flavor, message: impl Into<Cow<'static, str>>) -> bytes::Bytes {
        let mut out = BytesMut::new();
        ServerFrame::Error {
            message: message.into().into_owned(),
        }
        .write(flavor, &mut out);
        out.freeze()
    }
}

impl EventEncoder for TalkerEncoder {
    fn dialect(&self) -> &'static str {
        "talker"
    }

    fn translation(&self, meaning: Meaning) -> Translation {
        Translation::of(TRANSLATIONS, meaning)
    }

    fn encode(&self, event: &Arc<Event>, out: &mut Encoding) {
        match &**event {
            Event::Room(event) => self.room(event, out),
            Event::Presence(event) => self.presence(event, out),
            Event::Ended(_) => {}
        }
    }

    fn encode_end(&self, reason: EndReason, out: &mut BytesMut) {
        ServerFrame::Error {
            message: reason.to_string(),
        }
        .write(self.flavor, out);
    }
}
