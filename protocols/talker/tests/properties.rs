//! What holds for all frames and for all bytes.
//! The rules are those of PROTOCOL.md 1.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use bytes::BytesMut;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;
use tolmach_protocol_testing::{Outcome, feed, pieces};
use tolmach_talker::{
    ClientCodec, ClientFrame, Extra, Flavor, Message, Recipient, RoomSelector, ServerCodec,
    ServerFrame, User, limits,
};

/// Text with emoji, right-to-left letters and marks, what JSON escapes, and control characters.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z \u{0}-\u{1f}\"\\\\/\u{7f}😀👩‍👧שלוםé\u{202e}\u{2028}{}]{0,40}"
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(text(), inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Members that no frame owns.
fn extra() -> impl Strategy<Value = Extra> {
    btree_map(text().prop_map(|key| key + "_"), value(), 0..4).prop_map(|map| {
        let members: Vec<_> = map
            .iter()
            .map(|(key, value)| format!("{}:{value}", Value::from(&**key)))
            .collect();
        let members = members.join(",");
        let extra = Extra::from_json(&members);
        assert_eq!(
            extra.as_json(),
            if members.len() > limits::EXTRA_BYTES {
                ""
            } else {
                &members
            }
        );
        extra
    })
}

fn client_frame() -> impl Strategy<Value = ClientFrame> {
    let recipient = prop_oneof![
        (0..=i32::MAX).prop_map(Recipient::Id),
        text().prop_map(Recipient::from)
    ];
    let room = prop_oneof![
        "[0-9]{1,30}".prop_map(RoomSelector::Number),
        text().prop_map(RoomSelector::from)
    ];
    prop_oneof![
        (room, text(), extra(), option::of(any::<i64>())).prop_map(
            |(room, token, user, last_event_id)| {
                ClientFrame::Connect {
                    room,
                    token: token.into(),
                    user,
                    last_event_id,
                }
            }
        ),
        (
            text(),
            option::of(recipient),
            option::of(any::<i64>()),
            any::<bool>(),
            extra()
        )
            .prop_map(|(content, to, edit, action, extra)| ClientFrame::Message {
                content,
                to,
                edit,
                action,
                extra
            }),
        Just(ClientFrame::Ping),
        Just(ClientFrame::Close),
    ]
}

fn user() -> impl Strategy<Value = User> {
    (any::<i32>(), text(), option::of(text()), extra()).prop_map(|(id, name, status, extra)| User {
        id,
        name,
        status,
        extra,
    })
}

fn message() -> impl Strategy<Value = Message> {
    let ids = (
        any::<i64>(),
        option::of(any::<i64>()),
        option::of(any::<i64>()),
    );
    (text(), user(), ids, any::<[bool; 2]>(), extra()).prop_map(
        |(content, user, (time, id, edit), [private, action], extra)| Message {
            content,
            user,
            time,
            id,
            private,
            action,
            edit,
            extra,
        },
    )
}

fn server_frame() -> impl Strategy<Value = ServerFrame> {
    prop_oneof![
        message().prop_map(ServerFrame::Message),
        user().prop_map(|user| ServerFrame::Connected { user }),
        vec(user(), 0..4).prop_map(|users| ServerFrame::Users { users }),
        text().prop_map(|message| ServerFrame::Error { message }),
        (user(), any::<i64>(), 0..4).prop_map(|(user, time, kind)| match kind {
            0 => ServerFrame::Join { user, time },
            1 => ServerFrame::Idle { user, time },
            2 => ServerFrame::Back { user, time },
            _ => ServerFrame::Leave { user, time },
        }),
    ]
}

/// What of a frame is told in `flavor`.
fn told(frame: ServerFrame, flavor: Flavor) -> ServerFrame {
    let bare = |user: User, name| User {
        id: user.id,
        name,
        status: None,
        extra: Extra::default(),
    };
    match frame {
        ServerFrame::Message(message) => {
            let name = message.user.name.clone();
            ServerFrame::Message(Message {
                user: bare(message.user, name),
                ..message
            })
        }
        ServerFrame::Leave { user, time } if flavor == Flavor::Document => ServerFrame::Leave {
            user: bare(user, String::new()),
            time,
        },
        frame => frame,
    }
}

/// Whole events.
const WHOLE: &[&str] = &[
    r#"{"type":"ping"}"#,
    r#"{"type":"message","content":"x"}"#,
    r#"{"type":"connect","room":1,"token":"t"}"#,
    r#"{"type":"join","user":{"id":"7","name":"Ann"},"time":5}"#,
    r#"{"type":"users","users":[{"id":7,"name":"Ann"}]}"#,
];

/// Pieces of events; no exponents, which the parser bounds where this crate passes them on.
const PARTS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\n",
    "\r\n",
    " ",
    "\\u",
    "\\ud83d",
    "\\ude00",
    "d83d",
    "0041",
    "1",
    "-",
    "1.5",
    "true",
    "null",
    "\"type\"",
    "\"ping\"",
    "\"content\"",
    "\"message\"",
    "\"user\"",
    "😀",
];

/// Bytes that are often nearly events.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => prop::sample::select(WHOLE).prop_map(|text| text.as_bytes().to_vec()),
        6 => prop::sample::select(PARTS).prop_map(|text| text.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..4),
    ];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// An event that may be damaged in one byte.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let damage = option::of((any::<prop::sample::Index>(), any::<u8>()));
    (vec(client_frame(), 1..3), damage).prop_map(|(frames, damage)| {
        let mut bytes = BytesMut::new();
        frames.iter().for_each(|frame| frame.write(&mut bytes));
        if let Some((at, byte)) = damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.to_vec()
    })
}

proptest! {
    #[test]
    fn client_frames_survive_the_wire(frames in vec(client_frame(), 0..4), cuts in vec(any::<prop::sample::Index>(), 0..6)) {
        let mut bytes = BytesMut::new();
        frames.iter().for_each(|frame| frame.write(&mut bytes));
        prop_assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), frames.len());
        let outcome = feed(ServerCodec::new(limits::FRAME_BYTES, Flavor::Document), pieces(&bytes, &cuts));
        prop_assert_eq!(outcome, Outcome::whole(frames.into_iter().map(Ok).collect()));
    }

    #[test]
    fn server_frames_survive_the_wire(frames in vec(server_frame(), 0..4), cuts in vec(any::<prop::sample::Index>(), 0..6)) {
        for flavor in [Flavor::Document, Flavor::TalkerApp] {
            let mut bytes = BytesMut::new();
            frames.iter().for_each(|frame| frame.write(flavor, &mut bytes));
            prop_assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), frames.len());
            let outcome = feed(ClientCodec::new(limits::FRAME_BYTES), pieces(&bytes, &cuts));
            let told = frames.iter().cloned().map(|frame| told(frame, flavor)).collect();
            prop_assert_eq!(outcome, Outcome::whole(told));
        }
    }

    #[test]
    fn any_json_passes_as_content_and_as_extra(value in value()) {
        prop_assume!(!value.is_null());
        let content = serde_json::to_string_pretty(&value).unwrap();
        let event = format!("{{\n\"type\": \"message\",\n\"content\": {content}, \"x\": {content}\n}}");
        let Outcome { items, error: end } = feed(ServerCodec::new(limits::FRAME_BYTES, Flavor::Document), [event.as_bytes()]);
        prop_assert_eq!(end, None);
        let [Ok(ClientFrame::Message { content, extra, .. })] = &items[..] else { panic!("{items:?}") };
        let compact = value.to_string();
        prop_assert_eq!(content, value.as_str().unwrap_or(&compact));
        let members = format!("\"x\":{compact}");
        prop_assert_eq!(extra.as_json(), if members.len() > limits::EXTRA_BYTES { "" } else { &members });
    }

    #[test]
    fn cuts_change_nothing(
        bytes in prop_oneof![3 => soup(), 2 => damaged(), 1 => vec(any::<u8>(), 0..200)],
        cuts in vec(any::<prop::sample::Index>(), 0..12),
        limit in prop_oneof![Just(limits::FRAME_BYTES), 1..80_usize],
    ) {
        let server = || ServerCodec::new(limit, Flavor::Document).with_nesting(5);
        let client = || ClientCodec::new(limit).with_nesting(5);
        let whole = feed(server(), [&bytes[..]]);
        prop_assert_eq!(&feed(server(), pieces(&bytes, &cuts)), &whole);
        prop_assert_eq!(&feed(server(), bytes.chunks(1)), &whole);
        let whole = feed(client(), [&bytes[..]]);
        prop_assert_eq!(&feed(client(), pieces(&bytes, &cuts)), &whole);
        prop_assert_eq!(&feed(client(), bytes.chunks(1)), &whole);
    }

    /// The scanner never refuses what the parser takes, and never cuts it elsewhere.
    #[test]
    fn the_scanner_and_the_parser_agree(bytes in soup()) {
        let mut reference = serde_json::Deserializer::from_slice(&bytes).into_iter::<serde_json::Map<String, Value>>();
        let parsed = reference.by_ref().take_while(Result::is_ok).count();
        let Outcome { items, error: end } = feed(ServerCodec::new(limits::FRAME_BYTES, Flavor::Document), [&bytes[..]]);
        prop_assert!(items.len() <= parsed);
        if end.as_deref() == Some("Invalid JSON") {
            prop_assert_eq!(items.len(), parsed);
        }
    }

    #[test]
    fn a_stored_extra_is_valid_or_empty(members in prop_oneof![text(), soup().prop_map(|soup| String::from_utf8_lossy(&soup).into_owned())]) {
        let extra = Extra::from_json(&members);
        let object = format!("{{{}}}", extra.as_json());
        prop_assert!(serde_json::from_str::<serde_json::Map<String, Value>>(&object).is_ok());
        prop_assert_eq!(Extra::from_json(extra.as_json()), extra);
    }
}
