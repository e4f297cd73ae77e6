//! How events look in JIM.

use bytes::BytesMut;
use tolmach_jim::{Answer, Extra, ServerFrame, limits};

use crate::dialects::text::{EDITED, cut, plain};
use crate::hub::{Relation, Render, Written};
use crate::model::{
    EndReason, Event, Message, PresenceChange, PresenceEvent, RoomChange, RoomEvent, RoomKind,
    Timestamp,
};

/// "At most 8 pieces of 500 characters."
pub(super) const PIECES: usize = 8;
/// Marks extra fields as JIM's own.
const OWN_EXTRA: &str = "jim:";

const BASIC: u16 = 100;
const IMPORTANT: u16 = 101;

/// The wire form of a listener: `msg` for messages, notices as far as they are wanted.
pub(super) struct JimForm {
    basic: bool,
    important: bool,
}

/// Unknown fields of a `msg`, as the hub keeps them.
pub(super) fn stored_extra(extra: &Extra) -> String {
    if extra.is_empty() {
        String::new()
    } else {
        format!("{OWN_EXTRA}{}", extra.as_json())
    }
}

impl JimForm {
    pub(super) fn new(notices: &[u16]) -> Self {
        Self {
            basic: notices.contains(&BASIC),
            important: notices.contains(&IMPORTANT),
        }
    }

    fn room(&self, event: &RoomEvent, relation: Relation, out: &mut BytesMut) -> Written {
        let name = &event.room.name;
        let mine = relation != Relation::Other;
        // "To a room: to every online member but the sending connection. To a user: to that user."
        let unheard = relation == Relation::Origin || (mine && event.room.kind == RoomKind::Direct);
        let unheard = unheard && !event.is_to_oneself();
        match &event.change {
            RoomChange::Posted(_) | RoomChange::Edited(_) if unheard => Written::NOTHING,
            RoomChange::Posted(message) => said(event, message, &plain(message), out),
            RoomChange::Edited(message) => {
                said(event, message, &format!("{EDITED}{}", plain(message)), out)
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
            _ => Written::NOTHING,
        }
    }

    fn presence(&self, event: &PresenceEvent, relation: Relation, out: &mut BytesMut) -> Written {
        let what = match event.change {
            PresenceChange::Online => "joined",
            PresenceChange::Offline => "left",
            PresenceChange::Idle | PresenceChange::Back => return Written::NOTHING,
        };
        if relation != Relation::Other {
            return Written::NOTHING;
        }
        self.notice(
            BASIC,
            &format!("{} {what} #{}", event.who.user.login, event.room.name),
            event.at,
            out,
        )
    }

    /// "Pushed only for what `jim.notices` allows."
    fn notice(&self, code: u16, text: &str, at: Timestamp, out: &mut BytesMut) -> Written {
        let wanted = if code == BASIC {
            self.basic
        } else {
            self.important
        };
        if !wanted {
            return Written::NOTHING;
        }
        let text = cut(text, limits::MESSAGE_CHARS, 1).pop();
        ServerFrame::Answer(Answer {
            code,
            time: at.seconds(),
            text,
        })
        .write(out);
        Written::frames(1)
    }
}

/// "Longer text is cut into several `msg` objects."
fn said(event: &RoomEvent, message: &Message, text: &str, out: &mut BytesMut) -> Written {
    let to = match (event.room.kind, &event.peer) {
        (RoomKind::Direct, Some(peer)) => peer.login.clone(),
        _ => format!("#{}", event.room.name),
    };
    let pieces = cut(text, limits::MESSAGE_CHARS, PIECES);
    let frames = pieces.len();
    for piece in pieces {
        let extra = message
            .extra
            .strip_prefix(OWN_EXTRA)
            .map(Extra::from_json)
            .unwrap_or_default();
        let (to, from) = (to.clone(), message.sender.login.clone());
        ServerFrame::Msg {
            to,
            from,
            time: event.at.seconds(),
            message: piece,
            extra,
        }
        .write(out);
    }
    Written::frames(frames)
}

impl Render for JimForm {
    fn render(&self, event: &Event, relation: Relation, out: &mut BytesMut) -> Written {
        match event {
            Event::Room(event) => self.room(event, relation, out),
            Event::Presence(event) => self.presence(event, relation, out),
            Event::Ended(_) => Written::NOTHING,
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

    fn render_end(&self, reason: EndReason, out: &mut BytesMut) {
        let code = if reason == EndReason::TooManyConnections {
            503
        } else {
            IMPORTANT
        };
        if code == IMPORTANT && !self.important {
            return;
        }
        ServerFrame::Answer(Answer {
            code,
            time: Timestamp::now().seconds(),
            text: Some(reason.to_string()),
        })
        .write(out);
    }
}
