//! Declaration and behaviour cannot part: each dialect writes just what its table says.

use std::sync::Arc;

use super::*;
use crate::hub::{Audience, Encoding, EventEncoder};
use crate::model::{
    Event, FileInfo, Message, MessageId, MessageKind, Presence, PresenceChange, PresenceEvent,
    Present, Role, RoomChange, RoomEvent, RoomId, RoomKind, RoomRef, Seq, Timestamp, UserId,
    UserRef,
};

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

fn room_event(kind: RoomKind, change: RoomChange) -> Event {
    let room = RoomRef {
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
    };
    Event::Room(RoomEvent {
        room: Arc::new(room),
        seq: Seq(5),
        at: Timestamp(2_000),
        actor: user(1, "anna"),
        peer: (kind == RoomKind::Direct).then(|| user(2, "boris")),
        origin: None,
        seen: false,
        change,
    })
}

fn presence(change: PresenceChange) -> Event {
    let Event::Room(event) = room_event(RoomKind::Public, RoomChange::Created) else {
        unreachable!()
    };
    let who = Present {
        user: user(1, "anna"),
        presence: Presence::Online,
        status: None,
        profile: String::new(),
    };
    Event::Presence(PresenceEvent {
        room: event.room,
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

/// A form of each dialect that says all it can.
fn encoders() -> Vec<(&'static str, Box<dyn EventEncoder>)> {
    vec![
        #[cfg(feature = "jim")]
        ("jim", crate::dialects::jim::talkative()),
        #[cfg(feature = "talker")]
        ("talker", crate::dialects::talker::talkative()),
        #[cfg(feature = "purpose")]
        ("purpose", crate::dialects::purpose::talkative()),
        #[cfg(feature = "uchat")]
        ("uchat", crate::dialects::uchat::talkative()),
    ]
}

#[test]
fn every_dialect_declares_every_meaning_once() {
    for dialect in crate::dialects::ALL {
        let declared: Vec<Meaning> = dialect
            .translations()
            .iter()
            .map(|translation| translation.meaning)
            .collect();
        assert_eq!(declared, Meaning::ALL, "{}", dialect.name());
    }
}

#[test]
fn a_meaning_is_the_one_that_the_event_has() {
    for meaning in Meaning::ALL {
        if let Some((event, audience)) = sample(*meaning) {
            assert_eq!(Meaning::of(&event, audience), *meaning);
        }
    }
}

#[test]
fn what_is_declared_is_written_and_nothing_else() {
    for (dialect, encoder) in encoders() {
        for meaning in Meaning::ALL {
            let Some((event, audience)) = sample(*meaning) else {
                continue;
            };
            let declared = encoder.translation(*meaning);
            let mut encoding = Encoding::new(&[audience]);
            encoder.encode(&Arc::new(event), &mut encoding);
            let (told, written) = encoding.told(audience);
            let is_told = written.frames > 0 || written.end.is_some();
            let is_declared = declared.level != Level::Dropped && declared.by == By::Event;
            assert_eq!(is_told, is_declared, "{dialect}: {meaning}: {declared:?}");
            assert_eq!(told.is_empty(), written.frames == 0, "{dialect}: {meaning}");
        }
    }
}

/// `TOLMACH_RECORD=1 cargo test --lib dialects` writes the page anew.
#[test]
#[cfg(all(
    feature = "jim",
    feature = "talker",
    feature = "purpose",
    feature = "uchat"
))]
fn the_page_is_what_the_code_declares() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/dialects.md");
    if std::env::var_os("TOLMACH_RECORD").is_some() {
        std::fs::write(path, markdown(crate::dialects::ALL)).unwrap();
    }
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        page == markdown(crate::dialects::ALL),
        "docs/dialects.md is stale; TOLMACH_RECORD=1 cargo test --lib dialects writes it"
    );
}
