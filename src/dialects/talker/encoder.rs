//! How events look in Talker.

use std::borrow::Cow;

use bytes::BytesMut;
use tolmach_talker::{Extra, Flavor, Message as Frame, ServerFrame, User};

use super::translations::TRANSLATIONS;
use crate::dialects::text::{EDITED, without_emote};
use crate::hub::translation::{Meaning, Translation};
use crate::hub::{Audience, Encoded, EventEncoder};
use crate::model::{
    EndReason, Event, Message, MessageKind, PresenceChange, PresenceEvent, Present, RoomChange,
    RoomEvent, RoomKind, UserId, UserRef,
};

/// Marks extra fields as Talker's own.
const OWN_EXTRA: &str = "talker:";

/// The wire form of a listener.
pub(super) struct TalkerEncoder {
    flavor: Flavor,
    gateway: String,
}

/// Unknown properties of a `message`, as the hub keeps them.
pub(super) fn stored_extra(extra: &Extra) -> String {
    if extra.is_empty() {
        String::new()
    } else {
        format!("{OWN_EXTRA}{}", extra.as_json())
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
pub(super) fn said(message: &Message, private: bool) -> Frame {
    Frame {
        content: without_emote(message).into_owned(),
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
    pub(super) fn new(flavor: Flavor, gateway: String) -> Self {
        Self { flavor, gateway }
    }

    fn room(&self, event: &RoomEvent, audience: Audience, out: &mut BytesMut) -> Encoded {
        let private = event.room.kind == RoomKind::Direct;
        // "A private message: to the recipient's connections only."
        if private && audience != Audience::Other && !event.is_to_oneself() {
            return Encoded::NOTHING;
        }
        let mine = audience != Audience::Other;
        let frame = match &event.change {
            RoomChange::Posted(message) => said(message, private),
            RoomChange::Edited(message) => {
                let mut frame = said(message, private);
                frame.content.insert_str(0, EDITED);
                frame.edit = frame.id.take();
                frame.time = event.at.seconds();
                frame
            }
            RoomChange::Titled => {
                self.told(event, format!("The title is now “{}”", event.room.title))
            }
            RoomChange::Described { description } => {
                self.told(event, format!("The description is now “{description}”"))
            }
            RoomChange::Renamed { from } => self.told(
                event,
                format!("The room “{from}” is now called “{}”", event.room.name),
            ),
            RoomChange::RoomDeleted => return Encoded::ending(EndReason::RoomDeleted),
            RoomChange::MemberBanned { .. } if mine => return Encoded::ending(EndReason::Banned),
            RoomChange::MemberLeft { .. } if mine => return Encoded::ending(EndReason::Left),
            RoomChange::MemberRemoved { .. } if mine => {
                return Encoded::ending(EndReason::Removed);
            }
            _ => return Encoded::NOTHING,
        };
        ServerFrame::Message(frame).write(self.flavor, out);
        Encoded::frames(1)
    }

    fn told(&self, event: &RoomEvent, content: String) -> Frame {
        from_gateway(&self.gateway, content, event.at.seconds())
    }

    fn presence(&self, event: &PresenceEvent, audience: Audience, out: &mut BytesMut) -> Encoded {
        let (user, time) = (profile(&event.who), event.at.seconds());
        match event.change {
            // "`join` reaches the ones already there."
            PresenceChange::Online if audience != Audience::Other => return Encoded::NOTHING,
            PresenceChange::Online => ServerFrame::Join { user, time },
            PresenceChange::Idle => ServerFrame::Idle { user, time },
            PresenceChange::Back => ServerFrame::Back { user, time },
            PresenceChange::Offline => ServerFrame::Leave { user, time },
        }
        .write(self.flavor, out);
        Encoded::frames(1)
    }

    /// An `error` event.
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

    fn encode(&self, event: &Event, audience: Audience, out: &mut BytesMut) -> Encoded {
        match event {
            Event::Room(event) => self.room(event, audience, out),
            Event::Presence(event) => self.presence(event, audience, out),
            Event::Ended(_) => Encoded::NOTHING,
        }
    }

    fn is_same_for_all(&self, event: &Event) -> bool {
        match event {
            Event::Room(event) => !matches!(
                event.change,
                RoomChange::MemberBanned { .. }
                    | RoomChange::MemberRemoved { .. }
                    | RoomChange::MemberLeft { .. }
            ),
            Event::Presence(event) => event.change != PresenceChange::Online,
            Event::Ended(_) => true,
        }
    }

    fn encode_end(&self, reason: EndReason, out: &mut BytesMut) {
        ServerFrame::Error {
            message: reason.to_string(),
        }
        .write(self.flavor, out);
    }
}
