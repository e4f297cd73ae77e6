//! How events look in telnet.

use std::sync::Arc;

use bytes::BytesMut;
use tolmach::dialects::text::{EDITED, Naming, configured, plain, without_emote};
use tolmach::hub::translation::{Meaning, Translation};
use tolmach::hub::{Audience, Encoded, Encoding, EventEncoder};
use tolmach::model::{
    EndReason, Event, Message, MessageKind, PresenceChange, PresenceEvent, RoomChange, RoomEvent,
    RoomKind,
};

use crate::server_line::ServerLine;
use crate::translations::TRANSLATIONS;

/// The one wire form.
pub(crate) struct TelnetEncoder;

impl EventEncoder for TelnetEncoder {
    fn dialect(&self) -> &'static str {
        "telnet"
    }

    fn translation(&self, meaning: Meaning) -> Translation {
        Translation::of(TRANSLATIONS, meaning)
    }

    fn encode(&self, event: &Arc<Event>, out: &mut Encoding) {
        match &**event {
            Event::Room(event) => room(event, out),
            Event::Presence(event) => presence(event, out),
            Event::Ended(_) => {}
        }
    }

    fn encode_end(&self, reason: EndReason, out: &mut BytesMut) {
        ServerLine::Refusal(reason.to_string()).write(out);
    }
}

fn room(event: &RoomEvent, out: &mut Encoding) {
    let name = &event.room.name;
    match &event.change {
        RoomChange::Posted(message) => said(event, message, new_text(message), out),
        RoomChange::Edited(message) => {
            said(
                event,
                message,
                format!("{EDITED}{}", plain(message, Naming::Login)),
                out,
            );
        }
        RoomChange::Titled
        | RoomChange::Described { .. }
        | RoomChange::Quieted { .. }
        | RoomChange::Slowed { .. } => {
            let what = configured(event).unwrap_or_default();
            out.all(notice(format!("#{name}: {what}")));
        }
        RoomChange::Renamed { .. } => out.all(notice(configured(event).unwrap_or_default())),
        RoomChange::RoomDeleted => out.all(notice(format!("#{name} was deleted"))),
        RoomChange::MemberBanned { .. } => out.instead(
            Audience::MINE,
            notice(format!("you were banned from #{name}")),
        ),
        RoomChange::MemberRemoved { .. } => out.instead(
            Audience::MINE,
            notice(format!("you were removed from #{name}; you may join again")),
        ),
        // The connection that asked has an answer.
        RoomChange::MemberLeft { .. } => {
            out.instead(&[Audience::Own], notice(format!("you have left #{name}")));
        }
        RoomChange::Created
        | RoomChange::Deleted(_)
        | RoomChange::HistoryCleared
        | RoomChange::AccessChanged
        | RoomChange::MemberJoined { .. }
        | RoomChange::MemberUnbanned { .. }
        | RoomChange::RoleChanged { .. } => {}
    }
}

/// An emote's text in a room has a form of its own; to one user it has not.
fn new_text(message: &Message) -> String {
    without_emote(message, Naming::Login).into_owned()
}

fn said(event: &RoomEvent, message: &Message, text: String, out: &mut Encoding) {
    let from = message.sender.login.clone();
    let room = event.room.name.clone();
    let is_edited = matches!(event.change, RoomChange::Edited(_));
    let line = match (event.room.kind, message.kind) {
        (RoomKind::Direct, _) if is_edited => ServerLine::Private { from, text },
        (RoomKind::Direct, _) => ServerLine::Private {
            from,
            text: plain(message, Naming::Login).into_owned(),
        },
        (_, MessageKind::Emote) if !is_edited => ServerLine::Emote { room, from, text },
        _ => ServerLine::Said { room, from, text },
    };
    out.all(|out| Encoded::frames(line.write(out)));
    if event.room.kind == RoomKind::Direct && !event.is_to_oneself() {
        out.nothing(Audience::MINE);
    }
}

fn presence(event: &PresenceEvent, out: &mut Encoding) {
    let (who, room) = (&event.who.user.login, &event.room.name);
    out.all(notice(match event.change {
        PresenceChange::Online => format!("{who} is in #{room} now"),
        PresenceChange::Idle => format!("{who} is idle in #{room}"),
        PresenceChange::Back => format!("{who} is back in #{room}"),
        PresenceChange::Offline => format!("{who} has left #{room}"),
    }));
    out.nothing(Audience::MINE);
}

fn notice(text: String) -> impl FnOnce(&mut BytesMut) -> Encoded {
    move |out| Encoded::frames(ServerLine::Notice(text).write(out))
}

#[cfg(test)]
mod tests {
    use super::TelnetEncoder;
    use crate::Telnet;
    use tolmach::dialects::{describe, table};

    #[test]
    fn what_is_declared_is_written_and_nothing_else() {
        assert_eq!(table::check(describe::<Telnet>(), &TelnetEncoder), Ok(()));
    }
}
