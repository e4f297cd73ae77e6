//! Every limit, at its last value and one beyond, and what is no frame at all.
//! The rules are those of PROTOCOL.md 1.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use bytes::BytesMut;
use tokio_util::codec::Decoder;
use tolmach_protocol_testing::{Outcome, feed, feed_every_way};
use tolmach_uchat::{
    ClientCodec, DecodeError, Flavor, Request, ServerCodec, limits, sendable_text, valid_login,
    valid_room_name,
};

fn server(frame_bytes: usize) -> ServerCodec {
    ServerCodec::new(Flavor::Field, frame_bytes)
}

/// A frame of `bytes` bytes.
fn line(bytes: usize) -> String {
    let empty = r#"{"type":27,"x":""}"#;
    empty.replace("\"\"", &format!("\"{}\"", "x".repeat(bytes - empty.len())))
}

#[test]
fn a_line_has_at_most_so_many_bytes() {
    let fits = format!("{}\n{}\r\n{}", line(64), line(63), line(64));
    let Outcome { items, error: end } = feed_every_way(|| server(64), fits.as_bytes());
    assert_eq!((items.len(), end), (3, None));

    for ended in ["\n", "\r\n", ""] {
        let over = format!("{}\n{}{ended}", line(64), line(65));
        let Outcome { items, error: end } = feed_every_way(|| server(64), over.as_bytes());
        let error = Some("the line is longer than 64 bytes");
        assert_eq!((items.len(), end.as_deref()), (1, error));
    }
}

#[test]
fn too_long_is_seen_with_the_first_byte_too_many_and_stays() {
    let mut codec = server(64);
    let frame = line(100);
    let mut input = BytesMut::from(&frame[..64]);
    assert!(matches!(codec.decode(&mut input), Ok(None)));
    input.extend_from_slice(&frame.as_bytes()[64..65]);
    for _ in 0..2 {
        let error = codec.decode(&mut input);
        assert!(matches!(error, Err(DecodeError::TooLong { limit: 64 })));
    }
}

#[test]
fn the_longest_line_may_come_byte_by_byte() {
    let long = line(2 * 1024 * 1024);
    let Outcome { items, error: end } = feed(server(long.len()), long.as_bytes().chunks(1));
    assert_eq!((items.len(), end), (1, None));
    let Outcome { items, error: end } = feed(server(usize::MAX), long.as_bytes().chunks(1000));
    assert_eq!((items.len(), end), (1, None));
}

#[test]
fn blank_lines_are_nothing() {
    let blank = "\n\r\n \t \r\n\n";
    let stream = format!("{blank}{}\n{}{}", line(64), blank.repeat(1000), line(64));
    let Outcome { items, error: end } = feed(server(64), stream.as_bytes().chunks(7));
    assert_eq!((items.len(), end), (2, None));
    for stream in ["", "\n", " ", "\r", "\r\n", " \r\n "] {
        let Outcome { items, error: end } = feed_every_way(|| server(64), stream.as_bytes());
        assert_eq!((items.len(), end), (0, None));
    }
}

#[test]
fn what_is_no_object_loses_the_boundary() {
    let lines: &[&[u8]] = &[
        b"{",
        b"}",
        b"[]",
        b"5",
        b"null",
        b"\"{}\"",
        b"x",
        b"{\"type\":27",
        b"{\"type\":27}}",
        b"{\"type\":27}{\"type\":27}",
        b"{\"type\":27,}",
        b"{'type':27}",
        b"{type:27}",
        b"{\"type\":027}",
        b"{\"type\":27 \"x\":1}",
        b"{\"type\":27,\"x\":\"\xff\"}",
        b"{\"type\":27,\"x\":\"\xed\xa0\x80\"}",
        b"{\"type\":27,\"x\":\"\x01\"}",
        b"{\"type\":27,\"x\":\"\\x\"}",
        b"\xef\xbb\xbf{\"type\":27}",
        b"\0{\"type\":27}",
    ];
    for line in lines {
        for ended in [&b"\n"[..], b"\r\n", b""] {
            let stream = [b"{\"type\":27}\n", *line, ended].concat();
            let Outcome { items, error: end } = feed_every_way(|| server(4096), &stream);
            assert_eq!(items, [Ok(Request::ReadyRead.into())]);
            let error = Some("the line is not a JSON object");
            assert_eq!(end.as_deref(), error, "{}", line.escape_ascii());
        }
    }
}

#[test]
fn a_byte_order_mark_at_the_start_is_nothing() {
    for stream in ["\u{feff}{\"type\":27}\n", "\u{feff}\r\n{\"type\":27}"] {
        let Outcome { items, error: end } = feed_every_way(|| server(4096), stream.as_bytes());
        assert_eq!((items, end), (vec![Ok(Request::ReadyRead.into())], None));
    }
}

#[test]
fn half_a_surrogate_pair_is_no_mistake() {
    for line in [r#"{"type":27,"\ud83d":1}"#, r#"{"type":27,"x":["\ude00"]}"#] {
        let Outcome { items, error: end } = feed_every_way(|| server(4096), line.as_bytes());
        assert_eq!((items, end), (vec![Ok(Request::ReadyRead.into())], None));
    }
}

#[test]
fn nesting_is_bounded() {
    for (open, close) in [("[", "]"), ("{\"x\":", "}")] {
        let nested = |levels: usize| {
            let (open, close) = (open.repeat(levels - 1), close.repeat(levels - 1));
            format!("{{\"type\":27,\"x\":{open}1{close}}}")
        };
        let Outcome { items, error: end } =
            feed_every_way(|| server(4096), nested(limits::NESTING).as_bytes());
        assert_eq!((items, end), (vec![Ok(Request::ReadyRead.into())], None));
        let Outcome { items, error: end } =
            feed_every_way(|| server(4096), nested(limits::NESTING + 1).as_bytes());
        let error = Some("the line is nested deeper than 64 levels");
        assert_eq!((items.len(), end.as_deref()), (0, error));
        let end = feed(server(4096).with_nesting(2), [nested(3).as_bytes()]).error;
        assert_eq!(
            end.as_deref(),
            Some("the line is nested deeper than 2 levels")
        );
    }
}

#[test]
fn many_levels_cost_no_stack() {
    let depth = 300_000;
    let (open, close) = ("[".repeat(depth), "]".repeat(depth));
    for line in [
        format!("{{\"type\":27,\"x\":{open}{close}}}"),
        format!("{{\"type\":8,\"msgs\":{open}{close}}}"),
    ] {
        let client = ClientCodec::new(Flavor::Field, usize::MAX).with_nesting(usize::MAX);
        assert_eq!(feed(client, [line.as_bytes()]).error, None);
        let end = feed(server(usize::MAX), [line.as_bytes()]).error;
        assert!(end.unwrap().contains("nested"));
    }
}

#[test]
fn logins() {
    for login in ["ann", "a-b_c9", "0123456789012345678901"] {
        assert!(valid_login(login), "{login}");
    }
    for login in [
        "",
        "an",
        "Ann",
        "ann ",
        "a.n",
        "änn",
        "01234567890123456789012",
        "ann\n",
    ] {
        assert!(!valid_login(login), "{login}");
    }
}

#[test]
fn room_names() {
    assert!(valid_room_name("x"));
    assert!(valid_room_name(&"é".repeat(100)));
    assert!(!valid_room_name(""));
    assert!(!valid_room_name(&"x".repeat(101)));
}

#[test]
fn texts() {
    let longest = "é".repeat(400);
    assert_eq!(sendable_text(&format!(" \n{longest}\t")), Some(&*longest));
    assert_eq!(sendable_text("x"), Some("x"));
    assert_eq!(sendable_text(&"x".repeat(801)), None);
    assert_eq!(sendable_text(" \r\n\t"), None);
}

#[test]
fn the_longest_text_fits_a_line_in_whatever_escapes() {
    let text = "\\u0041".repeat(*limits::MESSAGE_BYTES.end());
    let line = format!(r#"{{"type":3,"room_id":7,"message":"{text}","msg_type":0}}"#);
    let Outcome { items, error: end } = feed(server(limits::FRAME_BYTES), [line.as_bytes()]);
    assert!(items[0].is_ok() && end.is_none());
}
