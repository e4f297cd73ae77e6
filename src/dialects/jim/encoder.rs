//! How events look in JIM.

use bytes::BytesMut;
use tolmach_jim::{Extra, ServerFrame};

use super::outcome::Style;
use super::translations::TRANSLATIONS;
use crate::dialects::text::{EDITED, plain};
use crate::hub::translation::{Meaning, Translation};
use crate::hub::{Audience, Encoded, EventEncoder};
use crate::model::{
    EndReason, Event, Message, PresenceChange, PresenceEvent, RoomChange, RoomEvent, RoomKind,
    Timestamp,
};

/// Marks extra fields as JIM's own.
const OWN_EXTRA: &str = "jim:";

const BASIC: u16 = 100;
const IMPORTANT: u16 = 101;

/// The wire form of a listener, in the field that of one spelling there: `msg` for messages, notices as far as they are wanted.
pub(super) struct JimEncoder {
    basic: bool,
    important: bool,
    style: Style,
}

/// Unknown fields of a `msg`, as the hub keeps them.
pub(super) fn stored_extra(extra: &Extra) -> String {
    if extra.is_empty() {
        String::new()
    } else {
        format!("{OWN_EXTRA}{}", extra.as_json())
    }
}

impl JimEncoder {
    pub(super) fn new(notices: &[u16], style: Style) -> Self {
        Self {
            basic: notices.contains(&BASIC),
            important: notices.contains(&IMPORTANT),
            style,
        }
    }

    fn room(&self, event: &RoomEvent, audience: Audience, out: &mut BytesMut) -> Encoded {
        let name = &event.room.name;
        let mine = audience != Audience::Other;
        // "To a room: to every online member but the sending connection. To a user: to that user."
        let unheard = audience == Audience::Origin || (mine && event.room.kind == RoomKind::Direct);
        let unheard = unheard && !event.is_to_oneself();
        match &event.change {
            RoomChange::Posted(_) | RoomChange::Edited(_) if unheard => Encoded::NOTHING,
            RoomChange::Posted(message) => self.said(event, message, &plain(message), out),
            RoomChange::Edited(message) => {
                self.said(event, message, &format!("{EDITED}{}", plain(message)), out)
            }
            RoomChange::Titled => self.notice(
                BASIC,
                &format!("#{name} has the title {:?} now", event.room.title),
                event.at,
                out,
            ),
            RoomChange::Described { description } => self.notice(
                BASIC,
                &format!("#{name} is described as {description:?} now"),
                event.at,
                out,
            ),
            RoomChange::Renamed { from } => self.notice(
                IMPORTANT,
                &format!("#{from} is called #{name} now"),
                event.at,
                out,
            ),
            RoomChange::RoomDeleted => {
                self.notice(IMPORTANT, &format!("#{name} was deleted"), event.at, out)
            }
            RoomChange::MemberBanned { .. } if mine => self.notice(
                IMPORTANT,
                &format!("you were banned from #{name}"),
                event.at,
                out,
            ),
            RoomChange::MemberRemoved { .. } if mine => self.notice(
                IMPORTANT,
                &format!("you were removed from #{name}; you may join again"),
                event.at,
                out,
            ),
            _ => Encoded::NOTHING,
        }
    }

    fn presence(&self, event: &PresenceEvent, audience: Audience, out: &mut BytesMut) -> Encoded {
        let what = match event.change {
            PresenceChange::Online => "joined",
            PresenceChange::Offline => "left",
            PresenceChange::Idle | PresenceChange::Back => return Encoded::NOTHING,
        };
        if audience != Audience::Other {
            return Encoded::NOTHING;
        }
        self.notice(
            BASIC,
            &format!("{} {what} #{}", event.who.user.login, event.room.name),
            event.at,
            out,
        )
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

    fn said(
        &self,
        event: &RoomEvent,
        message: &Message,
        text: &str,
        out: &mut BytesMut,
    ) -> Encoded {
        let to = match (event.room.kind, &event.peer) {
            (RoomKind::Direct, Some(peer)) => peer.login.clone(),
            _ => format!("#{}", event.room.name),
        };
        let extra = message.extra.strip_prefix(OWN_EXTRA);
        let frame = |text| ServerFrame::Msg {
            to: to.clone(),
            from: message.sender.login.clone(),
            time: event.at.seconds(),
            message: text,
            extra: extra.map(Extra::from_json).unwrap_or_default(),
        };
        Encoded::frames(self.style.write_said(text, frame, out))
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

    fn encode(&self, event: &Event, audience: Audience, out: &mut BytesMut) -> Encoded {
        match event {
            Event::Room(event) => self.room(event, audience, out),
            Event::Presence(event) => self.presence(event, audience, out),
            Event::Ended(_) => Encoded::NOTHING,
        }
    }

    fn is_same_for_all(&self, event: &Event) -> bool {
        match event {
            Event::Room(event) => matches!(
                event.change,
                RoomChange::Titled
                    | RoomChange::Described { .. }
                    | RoomChange::Renamed { .. }
                    | RoomChange::RoomDeleted
            ),
            Event::Presence(_) => !self.basic,
            Event::Ended(_) => true,
        }
    }

    fn encode_end(&self, reason: EndReason, out: &mut BytesMut) {
        let code = if reason == EndReason::TooManyConnections {
            503
        } else {
            IMPORTANT
        };
        if code == IMPORTANT && !self.important {
            return;
        }
        self.style
            .write_answer(code, &reason.to_string(), Timestamp::now(), out);
    }
}
