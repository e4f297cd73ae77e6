//! Frames in messages, as over WebSocket, where the line feed may be left away.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use bytes::BytesMut;
use tokio_util::codec::Decoder;
use tolmach_uchat::{ClientFrame, DecodeError, Flavor, Request, ServerCodec};

const ROOMS: &str = r#"{"type":11,"date":5}"#;

/// What comes of messages: a letter for each frame (`g` for RQ_GET_ROOMS, `u` for an upload, `b` for a bad one, raw bytes as they are),
/// and a bar behind each message.
fn told(messages: &[&[u8]]) -> Result<String, DecodeError> {
    let mut codec = ServerCodec::new(Flavor::Field, 100);
    let (mut input, mut told) = (BytesMut::new(), String::new());
    for message in messages {
        input.extend_from_slice(message);
        loop {
            let frame = match codec.decode(&mut input)? {
                None => codec.end_message(&mut input)?,
                frame => frame,
            };
            match frame {
                None => break,
                Some(Ok(ClientFrame::Raw(bytes))) => told += std::str::from_utf8(&bytes).unwrap(),
                Some(Ok(ClientFrame::Request(Request::Upload { size, .. }))) => {
                    codec.expect_raw(size);
                    told.push('u');
                }
                Some(Ok(ClientFrame::Request(Request::Rooms { .. }))) => told.push('g'),
                Some(Ok(other)) => panic!("{other:?}"),
                Some(Err(_)) => told.push('b'),
            }
        }
        told.push('|');
    }
    Ok(told)
}

#[test]
fn an_object_ends_with_its_line_or_with_the_message_in_which_it_is_whole() {
    let rooms = ROOMS.as_bytes();
    let (head, tail) = rooms.split_at(9);
    let line = [rooms, b"\n"].concat();
    for (messages, want) in [
        (vec![rooms], "g|"),
        (vec![&line[..]], "g|"),
        (vec![rooms, b"\r\n", rooms], "g||g|"),
        (vec![head, tail], "|g|"),
        (vec![b" \n ", head, b"", tail], "|||g|"),
        (vec![&[rooms, rooms, head].concat()[..], tail], "gg|g|"),
        (vec![&[rooms, b" \n", rooms, b" "].concat()[..]], "gg|"),
        (
            vec![&[&line[..], head].concat()[..], &[tail, b"\n"].concat()[..]],
            "g|g|",
        ),
        (vec![br#"{"type":11}"#, rooms], "b|g|"),
        (vec![b"\xEF\xBB", b"\xBF", rooms], "||g|"),
    ] {
        assert_eq!(told(&messages).unwrap(), want, "{messages:?}");
    }
    let bytewise: Vec<_> = rooms.chunks(1).collect();
    assert_eq!(told(&bytewise).unwrap(), "|".repeat(rooms.len() - 1) + "g|");
}

#[test]
fn what_cannot_become_an_object_is_seen_at_the_messages_end() {
    for wrong in [&b"hello"[..], b"[1]", b"{1", b"{\"a\":\"\x01\""] {
        let error = told(&[wrong]).unwrap_err();
        assert!(matches!(error, DecodeError::InvalidJson), "{error:?}");
    }
    let error = told(&[&[b'['; 200][..]]).unwrap_err();
    assert!(
        matches!(error, DecodeError::TooLong { limit: 100 }),
        "{error:?}"
    );
    let deep = [&b"{\"a\":"[..], &[b'['; 90]].concat();
    let error = told(&[&deep]).unwrap_err();
    assert!(!matches!(error, DecodeError::TooLong { .. }), "{error:?}");
}

#[test]
fn no_message_ends_a_file() {
    let upload = br#"{"type":24,"name":"a","size":20,"room_id":1,"token":"t"}"#;
    let (head, tail) = ROOMS.as_bytes().split_at(4);
    assert_eq!(ROOMS.len(), 20);
    let messages = [&upload[..], head, b"", tail, ROOMS.as_bytes()];
    assert_eq!(
        told(&messages).unwrap(),
        format!("u|{}||{}|g|", &ROOMS[..4], &ROOMS[4..])
    );
    let line = [&upload[..], b"\n"].concat();
    assert_eq!(
        told(&[&line, ROOMS.as_bytes()]).unwrap(),
        format!("u|{ROOMS}|")
    );
}
