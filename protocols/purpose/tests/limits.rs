//! Bodies at their limit, over it, and far over it.
//! The rules are those of PROTOCOL.md 2.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is for tests only"
)]

mod feed;

use bytes::{Bytes, BytesMut};
use feed::{frame, to_server};
use tokio_util::codec::Decoder;
use tolmach_protocol_testing::{feed, feed_every_way};
use tolmach_purpose::limits::{FRAME_BYTES, HEADER_BYTES, HISTORY_BYTES, SKIPPED_BYTES};
use tolmach_purpose::{
    BadFrame, ClientBody, ClientCodec, ClientFrame, DecodeError, FrameWriter, Reason, Revision,
    ServerCodec, purpose,
};

const SEND: u8 = 0x40;

fn heartbeat() -> ClientFrame {
    ClientFrame {
        task: 9,
        body: ClientBody::Heartbeat(Bytes::new()),
    }
}

fn header(length: u32) -> Vec<u8> {
    [&length.to_le_bytes()[..], &[SEND, 7]].concat()
}

fn too_large(bytes: u32, limit: usize) -> BadFrame {
    BadFrame {
        task: 7,
        purpose: SEND,
        name: Some("SEND_CHAT_MSG"),
        reason: Reason::TooLarge { bytes, limit },
    }
}

fn codec(limit: usize) -> ServerCodec {
    ServerCodec::new(Revision::Two, limit)
}

#[test]
fn a_body_at_the_limit_and_one_over_it() {
    let send = |bytes: usize| {
        let text = "x".repeat(bytes - 5) + "\0";
        let mut wire = frame(SEND, 7, &[b"\x01\0\0\0", text.as_bytes()].concat());
        wire.extend(frame(purpose::HEARTBEAT, 9, b""));
        feed_every_way(|| codec(64), &wire)
    };
    let longest = send(64);
    assert!(longest.items[0].is_ok());
    assert_eq!(longest.items[1], Ok(heartbeat()));
    let over = send(65);
    assert_eq!(over.items, [Err(too_large(65, 64)), Ok(heartbeat())]);
    assert_eq!(over.error, None);
    let text = too_large(65, 64).to_string();
    assert_eq!(
        text,
        "frame too large: a body of 65 bytes, at most 64 are taken"
    );
}

#[test]
fn no_limit() {
    let text = vec![b'x'; 3 << 20];
    let wire = frame(SEND, 7, &[b"\x01\0\0\0", &text[..], b"\0"].concat());
    let outcome = feed(codec(0), [&wire[..]]);
    assert!(outcome.items[0].is_ok());
}

#[test]
fn it_is_refused_as_soon_as_its_header_is_there() {
    let mut codec = codec(64);
    let mut input = BytesMut::new();
    for byte in &header(1000)[..5] {
        input.extend_from_slice(&[*byte]);
        assert!(codec.decode(&mut input).unwrap().is_none());
    }
    input.extend_from_slice(&[7]);
    let bad = codec.decode(&mut input).unwrap().unwrap().unwrap_err();
    assert_eq!(bad, too_large(1000, 64));
    assert!(!bad.closes());
    assert!(!bad.is_answer());
}

#[test]
fn sixteen_mebibytes_are_skipped_as_they_arrive() {
    let mut codec = codec(64);
    let length = u32::try_from(SKIPPED_BYTES).unwrap();
    let mut input = BytesMut::from(&header(length)[..]);
    let bad = codec.decode(&mut input).unwrap().unwrap().unwrap_err();
    assert!(!bad.closes());
    let piece = [0x55; 10_007];
    let mut rest = SKIPPED_BYTES;
    while rest > 0 {
        let here = rest.min(piece.len());
        input.extend_from_slice(&piece[..here]);
        rest -= here;
        assert!(codec.decode(&mut input).unwrap().is_none());
        assert!(input.is_empty(), "nothing of it is held");
        assert!(input.capacity() < 64 * 1024, "{}", input.capacity());
    }
    input.extend_from_slice(&frame(purpose::HEARTBEAT, 9, b""));
    let next = codec.decode(&mut input).unwrap().unwrap();
    assert_eq!(next, Ok(heartbeat()));
}

#[test]
fn beyond_sixteen_mebibytes_the_stream_ends() {
    let length = u32::try_from(SKIPPED_BYTES).unwrap() + 1;
    let mut wire = header(length);
    wire.extend(frame(purpose::HEARTBEAT, 9, b""));
    let outcome = feed(codec(64), [&wire[..]]);
    assert_eq!(outcome.items, [Err(too_large(length, 64))]);
    assert!(too_large(length, 64).closes());
    assert_eq!(outcome.error, Some(DecodeError::TooLong.to_string()));

    let mut codec = codec(64);
    let mut input = BytesMut::from(&wire[..]);
    codec.decode(&mut input).unwrap().unwrap().unwrap_err();
    for _ in 0..3 {
        assert!(matches!(
            codec.decode(&mut input),
            Err(DecodeError::TooLong)
        ));
        assert!(input.is_empty());
    }
    assert!(matches!(
        codec.decode_eof(&mut input),
        Err(DecodeError::TooLong)
    ));
}

#[test]
fn four_gibibytes_that_are_only_announced_cost_nothing() {
    for limit in [64, 0, usize::MAX] {
        let mut server = codec(limit);
        let mut client = ClientCodec::new(Revision::Two, limit);
        for decode in [
            &mut (|input: &mut BytesMut| server.decode(input).map(drop).is_ok())
                as &mut dyn FnMut(&mut BytesMut) -> bool,
            &mut |input: &mut BytesMut| client.decode(input).map(drop).is_ok(),
        ] {
            let mut input = BytesMut::from(&header(u32::MAX)[..]);
            input.extend_from_slice(&[b'x'; 1000]);
            decode(&mut input);
            decode(&mut input);
            assert!(input.capacity() < 4096, "{}", input.capacity());
        }
    }
}

#[test]
fn an_answer_that_is_too_large_is_an_answer() {
    let mut wire = frame(purpose::ACCEPTED, 3, &[0; 65]);
    wire.extend(frame(purpose::HEARTBEAT, 9, b""));
    let outcome = feed_every_way(|| codec(64), &wire);
    assert!(outcome.items[0].as_ref().unwrap_err().is_answer());
    assert_eq!(outcome.items[1], Ok(heartbeat()));
}

#[test]
fn a_stream_that_ends_inside_a_frame() {
    let wire = frame(SEND, 7, b"\x01\0\0\0hi\0");
    for cut in 1..wire.len() {
        let outcome = to_server(Revision::Two, &wire[..cut]);
        assert!(outcome.items.is_empty());
        assert_eq!(outcome.error, Some(DecodeError::Unfinished.to_string()));
    }
    assert_eq!(to_server(Revision::Two, b"").error, None);
    let skipped = feed(codec(6), [&wire[..wire.len() - 1]]);
    assert_eq!(skipped.items, [Err(too_large(7, 6))]);
    assert_eq!(skipped.error, Some(DecodeError::Unfinished.to_string()));
}

#[test]
fn a_frame_that_is_dropped_unfinished_has_its_length() {
    let mut wire = BytesMut::from(&b"before"[..]);
    FrameWriter::begin(SEND, 7, &mut wire).i32(1).text("a\0b\0");
    assert_eq!(wire[6..], frame(SEND, 7, b"\x01\0\0\0ab\0"));
    assert_eq!(
        FrameWriter::begin(SEND, 7, &mut wire).finish(),
        HEADER_BYTES
    );
}

/// PROTOCOL.md 2.6 and 4.8.
#[test]
fn the_limits_are_those_of_the_page() {
    let mebibytes =
        [FRAME_BYTES, SKIPPED_BYTES, HISTORY_BYTES].map(|bytes| bytes as f64 / 1_048_576.0);
    assert_eq!(mebibytes, [2.0, 16.0, 4.0]);
    let mut wire = BytesMut::new();
    FrameWriter::begin(purpose::HEARTBEAT, 1, &mut wire).finish();
    assert_eq!(wire.len(), HEADER_BYTES);
}
