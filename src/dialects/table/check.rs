//! Declaration and behaviour cannot part: a dialect writes just what its table says.

use std::sync::Arc;

use crate::dialects::AnyDialect;
use crate::hub::translation::{By, Level, Meaning, Translation};
use crate::hub::{Audience, Encoding, EventEncoder};
use crate::model::{
    Event, FileInfo, Message, MessageId, MessageKind, Presence, PresenceChange, PresenceEvent,
    Present, Role, RoomChange, RoomEvent, RoomId, RoomKind, RoomRef, Seq, Timestamp, UserId,
    UserRef,
};

/// Whether a dialect declares each meaning once, in the order of [`Meaning::ALL`], and `encoder`, one of its forms that says
/// all that it can, writes frames (or ends the session) for just those meanings that are declared as told by their event.
/// For a dialect's tests.
///
/// # Errors
/// Where the two part: one line for each difference.
pub fn check(dialect: &dyn AnyDialect, encoder: &dyn EventEncoder) -> Result<(), String> {
    let meaning = |translation: &Translation| translation.meaning;
    let declared: Vec<Meaning> = dialect.translations().iter().map(meaning).collect();
    if declared != Meaning::ALL {
        return Err(format!("these meanings are declared: {declared:?}"));
    }
    let differences = dialect.translations().iter();
    let differences: Vec<String> = differences
        .filter_map(|declared| difference(declared, encoder))
        .collect();
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences.join("\n"))
    }
}

fn difference(declared: &Translation, encoder: &dyn EventEncoder) -> Option<String> {
    let meaning = declared.meaning;
    let by_encoder = encoder.translation(meaning);
    if by_encoder != *declared {
        return Some(format!("{meaning}: the encoder declares {by_encoder:?}"));
    }
    let (event, audience) = sample(meaning)?;
    let mut encoding = Encoding::new(&[audience]);
    encoder.encode(&Arc::new(event), &mut encoding);
    let (told, written) = encoding.told(audience);
    let is_told = written.frames > 0 || written.end.is_some();
    let is_declared = declared.level != Level::Dropped && declared.by == By::Event;
    if is_told != is_declared {
        return Some(format!("{meaning}: {declared:?}, but {written:?}"));
    }
    (told.is_empty() != (written.frames == 0)).then(|| {
        format!(
            "{meaning}: {written:?}, but there are {} bytes",
            told.bytes.len()
        )
    })
}

fn user(id: i32, login: &str) -> Arc<UserRef> {
    Arc::new(UserRef {
        id: UserId(id),
        login: login.to_owned(),
        name: login.to_owned(),
    })
}

fn message(kind: MessageKind) -> Message {
    let file = FileInfo {
        name: "cat.png".into(),
        size: 1234,
        stored: "0123.png".into(),
        sha256: None,
    };
    Message {
        id: MessageId(7),
        room: RoomId(3),
        seq: Seq(5),
        sender: user(1, "anna"),
        kind,
        text: if kind == MessageKind::File {
            ""
        } else {
            "waves"
        }
        .to_owned(),
        reply_to: None,
        quote: None,
        created: Timestamp(1_000),
        updated: None,
        deleted: false,
        file: (kind == MessageKind::File).then_some(file),
        extra: String::new(),
    }
}

fn room(kind: RoomKind) -> Arc<RoomRef> {
    Arc::new(RoomRef {
        id: RoomId(3),
        name: "tea".into(),
        title: "Tea".into(),
        description: String::new(),
        kind,
        protected: false,
        owner: None,
        pair: (kind == RoomKind::Direct).then_some((UserId(1), UserId(2))),
        created: Timestamp(1),
        updated: Timestamp(1),
    })
}

fn room_event(kind: RoomKind, change: RoomChange) -> Event {
    Event::Room(RoomEvent {
        room: room(kind),
        seq: Seq(5),
        at: Timestamp(2_000),
        actor: user(1, "anna"),
        peer: (kind == RoomKind::Direct).then(|| user(2, "boris")),
        origin: None,
        seen: false,
        unaware: Vec::new(),
        change,
    })
}

fn presence(change: PresenceChange) -> Event {
    let who = Present {
        user: user(1, "anna"),
        presence: Presence::Online,
        status: None,
        profile: String::new(),
    };
    Event::Presence(PresenceEvent {
        room: room(RoomKind::Public),
        who,
        change,
        at: Timestamp(2_000),
    })
}

fn said(message: Message) -> RoomChange {
    RoomChange::Posted(Arc::new(message))
}

/// An event of each meaning that is one, and a relation to it.
fn sample(meaning: Meaning) -> Option<(Event, Audience)> {
    let subject = || user(1, "anna");
    let text = || message(MessageKind::Text);
    let (own, other) = (Audience::Own, Audience::Other);
    let public = |change| room_event(RoomKind::Public, change);
    Some(match meaning {
        Meaning::Message => (public(said(text())), other),
        Meaning::ToSender => (public(said(text())), Audience::Origin),
        Meaning::ToSendersOthers => (public(said(text())), own),
        Meaning::Emote => (public(said(message(MessageKind::Emote))), other),
        Meaning::Sticker => (public(said(message(MessageKind::Sticker))), other),
        Meaning::File => (public(said(message(MessageKind::File))), other),
        Meaning::Reply => {
            let reply_to = Some(MessageId(6));
            (public(said(Message { reply_to, ..text() })), other)
        }
        Meaning::Private => (room_event(RoomKind::Direct, said(text())), other),
        Meaning::DirectOpened => (room_event(RoomKind::Direct, RoomChange::Created), other),
        Meaning::Online => (presence(PresenceChange::Online), other),
        Meaning::Idle => (presence(PresenceChange::Idle), other),
        Meaning::Offline => (presence(PresenceChange::Offline), other),
        Meaning::MemberJoined => (public(RoomChange::MemberJoined { user: subject() }), own),
        Meaning::MemberLeft => (public(RoomChange::MemberLeft { user: subject() }), own),
        Meaning::Edited => (public(RoomChange::Edited(Arc::new(text()))), other),
        Meaning::Deleted => (public(RoomChange::Deleted(Arc::new(text()))), other),
        Meaning::HistoryCleared => (public(RoomChange::HistoryCleared), other),
        Meaning::Described => (public(RoomChange::Titled), other),
        Meaning::Renamed => (
            public(RoomChange::Renamed {
                from: "milk".into(),
            }),
            other,
        ),
        Meaning::Voice => (public(RoomChange::Quieted { quiet: true }), other),
        Meaning::RoomDeleted => (public(RoomChange::RoomDeleted), other),
        Meaning::BannedSelf => (public(RoomChange::MemberBanned { user: subject() }), own),
        Meaning::BannedOther => (public(RoomChange::MemberBanned { user: subject() }), other),
        Meaning::RemovedSelf => (public(RoomChange::MemberRemoved { user: subject() }), own),
        Meaning::RemovedOther => (public(RoomChange::MemberRemoved { user: subject() }), other),
        Meaning::Administration => {
            let (user, role) = (subject(), Role::Admin);
            (public(RoomChange::RoleChanged { user, role }), other)
        }
        Meaning::LongText
        | Meaning::Characters
        | Meaning::FromHistory
        | Meaning::SessionEnded
        | Meaning::Shutdown => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meaning_is_the_one_that_the_event_has() {
        for meaning in Meaning::ALL {
            if let Some((event, audience)) = sample(*meaning) {
                assert_eq!(Meaning::of(&event, audience), *meaning);
            }
        }
    }
}
