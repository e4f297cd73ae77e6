//! What holds for all frames and for all bytes.
//! The rules are those of PROTOCOL.md 1.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use bytes::BytesMut;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::borrow::Cow;
use tolmach_protocol_testing::{Outcome, feed, pieces};
use tolmach_uchat::{
    ClientCodec, ClientFrame, ErrorCode, Flavor, Member, MemberType, Message, MessageStatus,
    MessageType, Request, Room, RoomType, Secret, ServerCodec, ServerFrame, limits,
};

const FLAVORS: [Flavor; 2] = [Flavor::Field, Flavor::Document];

/// Text with emoji, right-to-left letters and marks, what JSON escapes, and control characters.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z \u{0}-\u{1f}\"\\\\/\u{7f}😀👩‍👧שלוםé\u{202e}\u{2028}{}]{0,40}"
    ]
}

fn cow() -> impl Strategy<Value = Cow<'static, str>> {
    text().prop_map(Cow::from)
}

fn id() -> impl Strategy<Value = i32> {
    prop_oneof![Just(0), Just(i32::MAX), 0..=i32::MAX]
}

fn account_request() -> impl Strategy<Value = Request> {
    use Request as C;
    let secret = || text().prop_map(Secret);
    prop_oneof![
        (text(), secret()).prop_map(|(login, pass)| C::LogIn { login, pass }),
        (text(), secret(), text(), text()).prop_map(|(login, pass, name, desc)| C::SignUp {
            login,
            pass,
            name,
            desc
        }),
        secret().prop_map(|token| C::Token { token }),
        secret().prop_map(|token| C::LogOut { token }),
        text().prop_map(|desc| C::DescribeUser { desc }),
        (text(), any::<u64>(), id(), secret()).prop_map(|(name, size, room, token)| C::Upload {
            name,
            size,
            room,
            token
        }),
        (id(), id(), secret()).prop_map(|(room, message, token)| C::Download {
            room,
            message,
            token
        }),
        Just(C::ReadyRead),
    ]
}

fn room_request() -> impl Strategy<Value = Request> {
    use Request as C;
    prop_oneof![
        any::<i64>().prop_map(|date| C::Rooms { date }),
        (text(), text(), select(RoomType::ALL)).prop_map(|(name, desc, kind)| C::NewRoom {
            name,
            desc,
            kind
        }),
        id().prop_map(|room| C::JoinRoom { room }),
        id().prop_map(|room| C::DeleteRoom { room }),
        (id(), text()).prop_map(|(room, name)| C::RenameRoom { room, name }),
        (id(), text()).prop_map(|(room, desc)| C::DescribeRoom { room, desc }),
        text().prop_map(|name| C::SearchRooms { name }),
        id().prop_map(|room| C::Members { room }),
        id().prop_map(|user| C::MemberInfo { user }),
        (id(), id()).prop_map(|(room, user)| C::Ban { room, user }),
    ]
}

fn message_request() -> impl Strategy<Value = Request> {
    use Request as C;
    let sendable = select(&[MessageType::Text, MessageType::Sticker][..]);
    let page = || (id(), any::<i64>(), any::<u32>());
    prop_oneof![
        (id(), text(), sendable).prop_map(|(room, message, kind)| C::Message {
            room,
            message,
            kind
        }),
        (id(), id(), text()).prop_map(|(room, message, text)| C::Edit {
            room,
            message,
            text
        }),
        (id(), id()).prop_map(|(room, message)| C::Delete { room, message }),
        id().prop_map(|room| C::ClearHistory { room }),
        page().prop_map(|(room, date, count)| C::NewMessages { room, date, count }),
        page().prop_map(|(room, date, count)| C::OldMessages { room, date, count }),
        (id(), text()).prop_map(|(room, text)| C::Search { room, text }),
    ]
}

fn client_frame() -> impl Strategy<Value = ClientFrame> {
    prop_oneof![account_request(), room_request(), message_request()].prop_map(ClientFrame::from)
}

fn room(kind: impl Strategy<Value = Option<RoomType>>) -> impl Strategy<Value = Room<'static>> {
    let numbers = (id(), id(), any::<i64>(), any::<u64>());
    (numbers, cow(), cow(), kind).prop_map(|((id, customer_id, date, power), name, desc, kind)| {
        Room {
            id,
            name,
            customer_id,
            date,
            desc,
            kind,
            power,
        }
    })
}

fn message() -> impl Strategy<Value = Message<'static>> {
    let numbers = (id(), id(), id(), any::<i64>(), any::<u64>(), any::<u64>());
    let kinds = (select(MessageType::ALL), select(MessageStatus::ALL));
    (numbers, cow(), cow(), kinds).prop_map(
        |((message_id, room_id, user_id, date, file_size, power), message, file_name, kinds)| {
            Message {
                message_id,
                room_id,
                user_id,
                date,
                message,
                msg_type: kinds.0,
                status: kinds.1,
                file_size,
                file_name,
                power,
            }
        },
    )
}

fn account_answer() -> impl Strategy<Value = ServerFrame<'static>> {
    use ServerFrame as S;
    let secret = || cow().prop_map(Secret);
    prop_oneof![
        (secret(), cow(), cow()).prop_map(|(token, login, desc)| S::Token { token, login, desc }),
        secret().prop_map(|token| S::LogOut { token }),
        cow().prop_map(|desc| S::DescribeUser { desc }),
        (select(ErrorCode::ALL), cow()).prop_map(|(code, text)| S::Error { code, text }),
        (cow(), cow()).prop_map(|(login, desc)| S::MemberInfo { login, desc }),
        (any::<u64>(), cow()).prop_map(|(size, name)| S::Download { size, name }),
        Just(S::ReadyRead),
    ]
}

fn room_answer() -> impl Strategy<Value = ServerFrame<'static>> {
    use ServerFrame as S;
    let rooms = || vec(room(option::of(select(RoomType::ALL))), 0..4);
    let member = (id(), cow(), select(MemberType::ALL));
    let member = member.prop_map(|(id, login, kind)| Member { id, login, kind });
    prop_oneof![
        rooms().prop_map(S::Rooms),
        rooms().prop_map(S::SearchRooms),
        room(Just(None)).prop_map(S::NewRoom),
        room(Just(None)).prop_map(S::JoinRoom),
        id().prop_map(|room| S::DeleteRoom { room }),
        (id(), cow()).prop_map(|(room, name)| S::RenameRoom { room, name }),
        (id(), cow()).prop_map(|(room, desc)| S::DescribeRoom { room, desc }),
        (id(), vec(member, 0..4)).prop_map(|(room, members)| S::Members { room, members }),
        (id(), id(), cow()).prop_map(|(room, user, login)| S::NewMember { room, user, login }),
        (id(), id()).prop_map(|(room, user)| S::Ban { room, user }),
    ]
}

fn message_answer() -> impl Strategy<Value = ServerFrame<'static>> {
    use ServerFrame as S;
    let page = || (id(), vec(message(), 0..4));
    prop_oneof![
        message().prop_map(S::Message),
        (id(), id(), cow(), any::<u64>()).prop_map(|(room, message, text, power)| S::Edit {
            room,
            message,
            text,
            power
        }),
        (id(), id()).prop_map(|(room, message)| S::Delete { room, message }),
        id().prop_map(|room| S::ClearHistory { room }),
        page().prop_map(|(room, messages)| S::NewMessages { room, messages }),
        page().prop_map(|(room, messages)| S::OldMessages { room, messages }),
        vec(message(), 0..4).prop_map(S::Search),
    ]
}

fn server_frame() -> impl Strategy<Value = ServerFrame<'static>> {
    prop_oneof![account_answer(), room_answer(), message_answer()]
}

/// Pieces of frames, and whole ones.
#[rustfmt::skip]
const PARTS: &[&str] = &[
    "{", "}", "[", "]", ":", ",", "\"", "\\", "\n", "\r\n", " ", "\\ud83d", "1", "-", "1.5", "1e9", "true", "null",
    "\"type\"", "\"room_id\"", "\"rooms\"", "\"message\"", "😀", "{\"type\":27}\n", "{\"type\":14,\"room_id\":7}\n",
    "{\"type\":12,\"type\":1,\"name\":\"\",\"desc\":\"\"}\n", "{\"type\":18,\"rooms\":[{}],\"members\":[[]]}\n",
    "{\"type\":9,\"error_code\":1}\n", "{\"type\":",
];

/// Bytes that are often nearly frames.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        9 => select(PARTS).prop_map(|text| text.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..4),
    ];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Frames that may be damaged in one byte.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let damage = option::of((any::<Index>(), any::<u8>()));
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

fn newlines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

proptest! {
    #[test]
    fn client_frames_survive_the_wire(frames in vec(client_frame(), 0..4), cuts in vec(any::<Index>(), 0..6)) {
        let mut bytes = BytesMut::new();
        frames.iter().for_each(|frame| frame.write(&mut bytes));
        prop_assert_eq!(newlines(&bytes), frames.len());
        let outcome = feed(ServerCodec::new(Flavor::Field, limits::FRAME_BYTES), pieces(&bytes, &cuts));
        prop_assert_eq!(outcome, Outcome::whole(frames.into_iter().map(Ok).collect()));
    }

    #[test]
    fn server_frames_survive_the_wire(frames in vec(server_frame(), 0..4), cuts in vec(any::<Index>(), 0..6)) {
        for flavor in FLAVORS {
            let mut bytes = BytesMut::new();
            frames.iter().for_each(|frame| frame.write(flavor, &mut bytes));
            prop_assert_eq!(newlines(&bytes), frames.len());
            let outcome = feed(ClientCodec::new(flavor, limits::FRAME_BYTES), pieces(&bytes, &cuts));
            prop_assert_eq!(outcome, Outcome::whole(frames.iter().cloned().map(Ok).collect()));
        }
    }

    #[test]
    fn cuts_change_nothing(
        bytes in prop_oneof![3 => soup(), 2 => damaged(), 1 => vec(any::<u8>(), 0..200)],
        cuts in vec(any::<Index>(), 0..12),
        limit in prop_oneof![Just(limits::FRAME_BYTES), 1..80_usize],
    ) {
        let server = || ServerCodec::new(Flavor::Field, limit).with_nesting(3);
        let whole = feed(server(), [&bytes[..]]);
        prop_assert_eq!(&feed(server(), pieces(&bytes, &cuts)), &whole);
        prop_assert_eq!(&feed(server(), bytes.chunks(1)), &whole);
        for flavor in FLAVORS {
            let client = || ClientCodec::new(flavor, limit).with_nesting(3);
            let whole = feed(client(), [&bytes[..]]);
            prop_assert_eq!(&feed(client(), pieces(&bytes, &cuts)), &whole);
            prop_assert_eq!(&feed(client(), bytes.chunks(1)), &whole);
        }
    }

    #[test]
    fn what_a_server_understood_is_written_back_and_understood_the_same(bytes in prop_oneof![soup(), damaged()]) {
        let server = || ServerCodec::new(Flavor::Field, limits::FRAME_BYTES);
        let items = feed(server(), [&bytes[..]]).items;
        let frames: Vec<_> = items.into_iter().flatten().collect();
        let mut written = BytesMut::new();
        frames.iter().for_each(|frame| frame.write(&mut written));
        let outcome = feed(server(), [&written[..]]);
        prop_assert_eq!(outcome, Outcome::whole(frames.into_iter().map(Ok).collect()));
    }

    #[test]
    fn raw_bytes_come_whole_and_no_more(
        file in vec(any::<u8>(), 0..100),
        rest in vec(any::<u8>(), 0..20),
        step in 1..130_usize,
    ) {
        use tokio_util::codec::Decoder;
        let mut codec = ServerCodec::new(Flavor::Field, limits::FRAME_BYTES);
        codec.expect_raw(file.len() as u64);
        let (mut input, mut came) = (BytesMut::new(), Vec::new());
        for piece in [&file[..], &rest].concat().chunks(step) {
            input.extend_from_slice(piece);
            while codec.raw_left() > 0 {
                let Some(frame) = codec.decode(&mut input).unwrap() else { break };
                let Ok(ClientFrame::Raw(bytes)) = frame else { return Err(TestCaseError::fail("no raw bytes")) };
                came.extend_from_slice(&bytes);
            }
        }
        prop_assert_eq!(came, file);
        prop_assert_eq!(&input[..], rest);
    }
}
