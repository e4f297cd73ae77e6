//! What one end encodes the other decodes, whatever is in it and however it is cut.
//! The rules are those of PROTOCOL.md 2 to 6.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is for tests only"
)]

mod any;
mod feed;

use std::net::Ipv4Addr;

use any::{answer, client_frame, kinds, message, server_frame, text};
use bytes::BytesMut;
use feed::{to_client, to_server};
use proptest::prelude::*;
use tokio_util::codec::Encoder;
use tolmach_protocol_testing::feed;
use tolmach_purpose::{
    Answer, ClientBody, ClientCodec, ClientFrame, FrameWriter, Message, Notification, Purpose,
    Revision, Secret, ServerBody, ServerCodec, ServerFrame, SessionInfo, Text, frame_length,
    purpose, purpose_of, set_task, task_of,
};

fn revision() -> impl Strategy<Value = Revision> {
    prop::sample::select(Revision::ALL.to_vec())
}

/// A frame as the other end sees it: without what the revision does not write.
fn as_seen(mut frame: ServerFrame, revision: Revision) -> ServerFrame {
    if let ServerBody::Notification(told) = &mut frame.body {
        match (told, revision) {
            (Notification::Messages { chat, messages }, Revision::Two) => {
                *chat = messages.first().map_or(0, |message| message.chat_id);
            }
            (Notification::Deauthorized { reason }, Revision::One) => *reason = "".into(),
            _ => {}
        }
    }
    frame
}

fn as_answered(answer: Answer, revision: Revision) -> Answer {
    match (answer, revision) {
        (Answer::Restored { .. }, Revision::One) => Answer::Restored { user_id: 0 },
        (
            Answer::Session {
                session_id,
                session_hash,
                ..
            },
            Revision::One,
        ) => Answer::Session {
            session_id,
            session_hash,
            user_id: 0,
        },
        (answer, _) => answer,
    }
}

proptest! {
    #[test]
    fn what_clients_say(
        frames in prop::collection::vec(client_frame(), 0..6),
        revision in revision(),
        cut in 1usize..50,
    ) {
        let mut wire = BytesMut::new();
        let mut said = Vec::new();
        for frame in frames {
            let start = wire.len();
            let is_known = frame.body.purpose().byte(revision).is_some();
            prop_assert_eq!(frame.write(revision, &mut wire), is_known);
            let result = ClientCodec::new(revision, 0).encode(&frame, &mut BytesMut::new());
            prop_assert_eq!(result.is_ok(), is_known);
            if is_known {
                prop_assert_eq!(frame_length(&wire[start..]), Some(wire.len() - start));
                prop_assert_eq!(task_of(&wire[start..]), Some(frame.task));
                said.push(Ok(frame));
            } else {
                prop_assert_eq!(wire.len(), start);
            }
        }
        let outcome = to_server(revision, &wire);
        prop_assert_eq!(outcome.error, None);
        prop_assert_eq!(&outcome.items, &said);
        let cut = feed(ServerCodec::new(revision, 0), wire.chunks(cut));
        prop_assert_eq!(cut.items, said);
    }

    #[test]
    fn what_servers_say(
        frames in prop::collection::vec(server_frame(), 0..6),
        revision in revision(),
        task in any::<u8>(),
    ) {
        let mut wire = BytesMut::new();
        let mut said = Vec::new();
        for mut frame in frames {
            let start = wire.len();
            let byte = frame.body.purpose().byte(revision);
            prop_assert_eq!(frame.write(revision, &mut wire), byte.is_some());
            if byte.is_some() {
                prop_assert_eq!(purpose_of(&wire[start..]), byte);
                prop_assert!(set_task(&mut wire[start..], task));
                frame.task = task;
                said.push(Ok(as_seen(frame, revision)));
            } else {
                prop_assert_eq!(wire.len(), start);
            }
        }
        let outcome = to_client(revision, &wire);
        prop_assert_eq!(outcome.error, None);
        prop_assert_eq!(outcome.items, said);
    }

    #[test]
    fn answers(answer in answer(), revision in revision(), task in any::<u8>()) {
        let mut wire = BytesMut::new();
        answer.write(revision, task, &mut wire);
        let [item] = to_client(revision, &wire).items.try_into().unwrap();
        let Ok(ServerFrame { task: seen, body: ServerBody::Accepted(body) }) = item else {
            panic!("{item:?}");
        };
        prop_assert_eq!(seen, task);
        for kind in kinds(&answer) {
            let read = Answer::read(kind, revision, body.clone());
            prop_assert_eq!(read, Ok(as_answered(answer.clone(), revision)));
        }
    }

    #[test]
    fn lengths_of_messages(message in message(), inner in "[\0a]{0,5}") {
        let with_nuls = Message { text: Text::from(format!("{}{inner}", message.text)), ..message };
        let mut wire = BytesMut::new();
        let mut frame = FrameWriter::begin(purpose::ACCEPTED, 0, &mut wire);
        frame.message(&with_nuls);
        prop_assert_eq!(frame.body_len(), with_nuls.encoded_len());
    }

    #[test]
    fn nuls_are_left_out(parts in prop::collection::vec(text(), 1..4)) {
        let parts: Vec<_> = parts.iter().map(|part| part.as_str()).collect();
        let frame = ServerFrame { task: 1, body: ServerBody::Declined(parts.join("\0")) };
        let mut wire = BytesMut::new();
        prop_assert!(frame.write(Revision::One, &mut wire));
        let expected = ServerBody::Declined(parts.concat().into());
        let seen = to_client(Revision::One, &wire).items.remove(0).unwrap();
        prop_assert_eq!(seen.body, expected);
    }

    #[test]
    fn anything_at_all(bytes in prop::collection::vec(any::<u8>(), 0..80), revision in revision()) {
        to_server(revision, &bytes);
        to_client(revision, &bytes);
        for kind in tolmach_purpose::RequestKind::ALL {
            let _ = Answer::read(*kind, revision, bytes.clone().into());
        }
    }

    #[test]
    fn good_bytes_are_written_as_they_came(
        byte in any::<u8>(),
        body in prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(b'a')], 0..60),
        revision in revision(),
    ) {
        let wire = feed::frame(byte, 7, &body);
        // Here alone an absent text and an empty one are the same.
        let is_bare = Purpose::to_server(revision, byte) == Some(Purpose::Declined) && body.is_empty();
        let mut out = BytesMut::new();
        if let [Ok(frame)] = &to_server(revision, &wire).items[..] {
            prop_assert!(ClientFrame::write(frame, revision, &mut out));
            prop_assert!(out == wire || is_bare);
        }
        out.clear();
        if let [Ok(frame)] = &to_client(revision, &wire).items[..] {
            prop_assert!(frame.write(revision, &mut out));
            prop_assert!(out == wire || is_bare);
        }
    }
}

#[test]
fn a_frame_is_written_alike_by_value_and_by_reference() {
    let frame = ServerFrame {
        task: 3,
        body: ServerBody::Declined(Text::from("no")),
    };
    let (mut by_value, mut by_reference) = (BytesMut::new(), BytesMut::new());
    let mut codec = ServerCodec::new(Revision::Two, 0);
    codec.encode(&frame, &mut by_reference).unwrap();
    codec.encode(frame, &mut by_value).unwrap();
    assert_eq!(by_value, by_reference);
    assert_eq!(&by_value[..], b"\x03\0\0\0\x01\x03no\0");

    let frame = ClientFrame {
        task: 3,
        body: ClientBody::Declined(Text::from("no")),
    };
    let (mut by_value, mut by_reference) = (BytesMut::new(), BytesMut::new());
    let mut codec = ClientCodec::new(Revision::Two, 0);
    codec.encode(&frame, &mut by_reference).unwrap();
    codec.encode(frame, &mut by_value).unwrap();
    assert_eq!(by_value, by_reference);
    assert!(by_value.ends_with(b"\x03no\0"), "{by_value:?}");
}

#[test]
fn a_text_is_what_it_was_made_of() {
    let text = Text::from("чай");
    assert_eq!(
        (&*text, text.as_str(), text.as_ref()),
        ("чай", "чай", "чай")
    );
    assert_eq!(
        (text.to_string(), format!("{text:?}")),
        ("чай".to_owned(), "\"чай\"".to_owned())
    );
    assert!(text == *"чай" && text != *"чаю");
    assert!(text == "чай" && text != "чаю");
    assert_eq!(text.into_bytes(), "чай".as_bytes());
    assert_eq!(Secret::from("чай".to_owned()).as_str(), "чай");
}

#[test]
fn an_address_of_a_session_is_none_where_it_is_zero() {
    let at = |address| {
        let session = SessionInfo {
            id: 1,
            last_activity: 2,
            user_id: 3,
            ipv4: SessionInfo::ipv4_of(address),
        };
        session.address()
    };
    assert_eq!(at(Ipv4Addr::UNSPECIFIED), None);
    assert_eq!(at(Ipv4Addr::LOCALHOST), Some(Ipv4Addr::LOCALHOST));
}
