//! How events look in JIM.

use std::sync::Arc;

use bytes::BytesMut;
use tolmach_jim::{Extra, ServerFrame};

use super::outcome::Style;
use super::translations::TRANSLATIONS;
use crate::dialects::text::{EDITED, Naming, configured, plain_with_link};
use crate::hub::translation::{Meaning, Translation};
use crate::hub::{Audience, Encoded, Encoding, EventEncoder};
use crate::model::{
    EndReason, Event, Message, PresenceChange, PresenceEvent, RoomChange, RoomEvent, RoomKind,
    Timestamp, clean_json, fold_room_name,
};

/// Marks extra fields as JIM's own.
const OWN_EXTRA: &str = "jim:";

const BASIC: u16 = 100;
const IMPORTANT: u16 = 101;

/// The wire form of a listener, in the flavor `compat` that of one spelling there: `msg` for messages, notices as far as they are wanted.
pub(super) struct JimEncoder {
    basic: bool,
    important: bool,
    style: Style,
    everyone: Option<Everyone>,
    /// What links to files begin with.
    public_url: Arc<str>,
}

/// How somebody calls everyone's room, which is shown to it under that word.
pub(super) struct Everyone {
    /// The name of the room for everyone, without `#`.
    pub(super) room: Arc<str>,
    /// What stands there as the addressee.
    pub(super) address: Arc<str>,
}

/// Unknown fields of a `msg`, made clean, as the hub keeps them.
pub(super) fn stored_extra(extra: &Extra) -> String {
    if extra.is_empty() {
        String::new()
    } else {
        format!("{OWN_EXTRA}{}", clean_json(extra.as_json()))
    }
}

impl JimEncoder {
    pub(super) fn new(
        notices: &[u16],
        style: Style,
        everyone: Option<Everyone>,
        public_url: Arc<str>,
    ) -> Self {
        Self {
            basic: notices.contains(&BASIC),
            important: notices.contains(&IMPORTANT),
            style,
            everyone,
            public_url,
        }
    }

    fn room(&self, event: &RoomEvent, out: &mut Encoding) {
        let name = &event.room.name;
        let notice =
            |code, text: String| move |out: &mut BytesMut| self.notice(code, &text, event.at, out);
        match &event.change {
            RoomChange::Posted(message) => {
                let text = plain_with_link(message, Naming::Login, &self.public_url);
                self.said(event, message, &text, out);
            }
            RoomChange::Edited(message) => {
                let text = plain_with_link(message, Naming::Login, &self.public_url);
                self.said(event, message, &format!("{EDITED}{text}"), out);
            }
            RoomChange::Titled
            | RoomChange::Described { .. }
            | RoomChange::Quieted { .. }
            | RoomChange::Slowed { .. } => {
                let what = configured(event).unwrap_or_default();
                out.all(notice(BASIC, format!("#{name}: {what}")));
            }
            RoomChange::Renamed { .. } => {
                out.all(notice(IMPORTANT, configured(event).unwrap_or_default()));
            }
            RoomChange::RoomDeleted => {
                out.all(notice(IMPORTANT, format!("#{name} was deleted")));
            }
            RoomChange::MemberBanned { .. } => out.instead(
                Audience::MINE,
                notice(IMPORTANT, format!("you were banned from #{name}")),
            ),
            RoomChange::MemberRemoved { .. } => out.instead(
                Audience::MINE,
                notice(
                    IMPORTANT,
                    format!("you were removed from #{name}; you may join again"),
                ),
            ),
            RoomChange::Created
            | RoomChange::Deleted(_)
            | RoomChange::HistoryCleared
            | RoomChange::AccessChanged
            | RoomChange::MemberJoined { .. }
            | RoomChange::MemberLeft { .. }
            | RoomChange::MemberUnbanned { .. }
            | RoomChange::RoleChanged { .. } => {}
        }
    }

    fn presence(&self, event: &PresenceEvent, out: &mut Encoding) {
        let what = match event.change {
            PresenceChange::Online => "joined",
            PresenceChange::Offline => "left",
            PresenceChange::Idle | PresenceChange::Back => return,
        };
        if self.basic {
            let text = format!("{} {what} #{}", event.who.user.login, event.room.name);
            out.all(|out| self.notice(BASIC, &text, event.at, out));
            out.nothing(Audience::MINE);
        }
    }

    /// "Pushed only for what `jim.notices` allows."
    fn notice(&self, code: u16, text: &str, at: Timestamp, out: &mut BytesMut) -> Encoded {
        let wanted = if code == BASIC {
            self.basic
        } else {
            self.important
        };
        if !wanted {
            return Encoded::NOTHING;
        }
        self.style.write_answer(code, text, at, out);
        Encoded::frames(1)
    }

    /// How a room is called where a message is for it.
    fn address(&self, room: &str) -> String {
        let everyone = self.everyone.as_ref();
        match everyone.filter(|everyone| fold_room_name(&everyone.room) == fold_room_name(room)) {
            Some(everyone) => everyone.address.to_string(),
            None => format!("#{room}"),
        }
    }

    /// "To a room: to every online member but the sending connection. To a user: to that user."
    fn said(&self, event: &RoomEvent, message: &Message, text: &str, out: &mut Encoding) {
        let to = match (event.room.kind, &event.peer) {
            (RoomKind::Direct, Some(peer)) => peer.login.clone(),
            _ => self.address(&event.room.name),
        };
        let extra = message.extra.strip_prefix(OWN_EXTRA);
        let frame = |text| ServerFrame::Msg {
            to: to.clone(),
            from: message.sender.login.clone(),
            time: event.at.seconds(),
            message: text,
            extra: extra.map(Extra::from_json).unwrap_or_default(),
        };
        out.all(|out| Encoded::frames(self.style.write_said(text, frame, out)));
        if event.is_to_oneself() {
            return;
        }
        out.nothing(match event.room.kind {
            RoomKind::Direct => Audience::MINE,
            RoomKind::Public | RoomKind::Private => &[Audience::Origin],
        });
    }
}

impl EventEncoder for JimEncoder {
    fn dialect(&self) -> &'static str {
        "jim"
    }

    fn translation(&self, meaning: Meaning) -> Translation {
        let off = !self.basic
            && matches!(
                meaning,
                Meaning::Online | Meaning::Offline | Meaning::Described
            );
        if off {
            return Translation::dropped(meaning);
        }
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
        let code = match reason {
            EndReason::TooManyConnections | EndReason::Overloaded => 503,
            EndReason::AddressBanned => 403,
            EndReason::TlsRequired => 400,
            _ => IMPORTANT,
        };
        if code == IMPORTANT && !self.important {
            return;
        }
        self.style
            .write_answer(code, &reason.to_string(), Timestamp::now(), out);
    }
}
