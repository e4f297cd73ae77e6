//! What is wrong with a frame is named, and the stream goes on.
//! The rules are those of PROTOCOL.md 2.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod samples;

use samples::{Sample, of_client, of_server};
use tolmach_protocol_testing::{Outcome, feed, feed_every_way};
use tolmach_uchat::{
    BadFrame, ClientCodec, ClientFrame, Flavor, MessageType, Reason, Request, RequestType,
    RoomType, ServerCodec, ServerFrame, limits,
};

type Read<F> = Outcome<Result<F, BadFrame>>;

fn server(line: &str) -> Read<ClientFrame> {
    feed(
        ServerCodec::new(Flavor::Field, limits::FRAME_BYTES),
        [line.as_bytes()],
    )
}

fn client(line: &str) -> Read<ServerFrame<'static>> {
    feed(
        ClientCodec::new(Flavor::Field, limits::FRAME_BYTES),
        [line.as_bytes()],
    )
}

/// The one thing that is wrong with a frame.
fn bad<F: std::fmt::Debug>(read: Read<F>) -> BadFrame {
    let Outcome { mut items, error } = read;
    assert_eq!((items.len(), error), (1, None));
    items.remove(0).expect_err("a bad frame")
}

/// What a frame can do without.
fn is_optional(kind: i64, key: &str) -> bool {
    let told_beyond_the_document = ["power", "status", "file_size", "file_name"].contains(&key);
    let of_log_in = kind == 0 && (key == "name" || key == "desc");
    told_beyond_the_document || of_log_in || (kind == 9 && key == "msg")
}

fn each_member_missing<F: std::fmt::Debug>(sample: &Sample<F>, read: fn(&str) -> Read<F>) {
    for (at, (key, _)) in sample.members.iter().enumerate() {
        let mut absent = sample.members.clone();
        absent.remove(at);
        let mut null = sample.members.clone();
        null[at].1 = "null";
        for members in [absent, null] {
            let line = sample.with(&members);
            if is_optional(sample.kind, key) {
                let Outcome { items, error: end } = read(&line);
                assert!(items[0].is_ok() && end.is_none(), "{line}");
                continue;
            }
            let bad = bad(read(&line));
            assert_eq!(
                (bad.request.unwrap().number(), bad.field),
                (sample.kind, *key),
                "{line}"
            );
            assert!(matches!(bad.reason, Reason::Missing(_)), "{line}");
        }
    }
}

fn each_member_mistyped<F: std::fmt::Debug>(sample: &Sample<F>, read: fn(&str) -> Read<F>) {
    for (at, (key, value)) in sample.members.iter().enumerate() {
        if sample.kind == 0 && is_optional(0, key) {
            continue; // Of RQ_LOG_IN they mean nothing, whatever they are.
        }
        let others: &[&str] = match &value[..1] {
            "\"" => &["5", "true", "[]", "{}"],
            "[" => &["5", "true", "\"x\"", "{}", "[5]", "[[]]"],
            _ if key.ends_with("id") => &["\"5\"", "-1", "2147483648", "1.5", "true", "[]", "{}"],
            _ => &["\"5\"", "1.5", "true", "[]", "{}", "1e99"],
        };
        for other in others {
            let mut members = sample.members.clone();
            members[at].1 = other;
            let line = sample.with(&members);
            let bad = bad(read(&line));
            assert_eq!(
                (bad.request.unwrap().number(), bad.field),
                (sample.kind, *key),
                "{line}"
            );
            assert!(matches!(bad.reason, Reason::Wrong(_)), "{line}");
        }
    }
}

#[test]
fn a_member_is_missing() {
    of_client()
        .iter()
        .for_each(|sample| each_member_missing(sample, server));
    of_server(Flavor::Field)
        .iter()
        .for_each(|sample| each_member_missing(sample, client));
}

#[test]
fn a_member_is_mistyped() {
    of_client()
        .iter()
        .for_each(|sample| each_member_mistyped(sample, server));
    of_server(Flavor::Field)
        .iter()
        .for_each(|sample| each_member_mistyped(sample, client));
}

#[test]
fn of_repeated_keys_the_first_counts_and_unknown_ones_are_ignored() {
    for sample in of_client() {
        let mut members = sample.members.clone();
        members.extend(sample.members.iter().map(|(key, _)| (*key, "[null]")));
        members.extend([
            ("type", "9"),
            ("type", "[]"),
            ("x", "[{\"room_id\":1}]"),
            ("", "null"),
        ]);
        if sample.kind == 12 {
            // Its second `type` is its own.
            assert_eq!(members[2].0, "type");
        }
        let read = server(&sample.with(&members));
        assert_eq!(read, Outcome::whole(vec![Ok(sample.frame)]));
    }
}

#[test]
fn the_type_may_stand_anywhere_and_the_room_s_type_is_the_second() {
    let want = |kind| {
        ClientFrame::from(Request::NewRoom {
            name: "n".into(),
            desc: "d".into(),
            kind,
        })
    };
    for (line, kind) in [
        (
            r#"{"type":12,"type":0,"name":"n","desc":"d"}"#,
            RoomType::Private,
        ),
        (
            r#"{"name":"n","type":12,"desc":"d","type":1}"#,
            RoomType::Global,
        ),
        (
            r#"{"desc":"d","name":"n","type":12.0,"x":0,"type":2.0,"type":0}"#,
            RoomType::Direct,
        ),
        (
            r#"{"t\u0079pe":12,"n\u0061me":"n","desc":"\u0064","type":1}"#,
            RoomType::Global,
        ),
    ] {
        assert_eq!(server(line), Outcome::whole(vec![Ok(want(kind))]), "{line}");
    }
    let text = |line| bad(server(line)).to_string();
    assert_eq!(
        text(r#"{"type":12,"name":"n","desc":"d"}"#),
        "RQ_NEW_ROOM: `type` is missing, it must be the request first, then a room's type 0, 1 or 2"
    );
    assert_eq!(
        text(r#"{"type":12,"name":"n","desc":"d","type":3}"#),
        "RQ_NEW_ROOM: `type` must be the request first, then a room's type 0, 1 or 2"
    );
    assert_eq!(
        text(r#"{"type":1,"type":12,"name":"n","desc":"d"}"#),
        "RQ_SIGN_UP: `login` is missing, it must be a string"
    );
}

#[test]
fn a_type_that_this_end_does_not_read() {
    for (line, text) in [
        (
            "{}",
            "`type` is missing, it must be the number of a request",
        ),
        (
            r#"{"type":null}"#,
            "`type` is missing, it must be the number of a request",
        ),
        (r#"{"type":"3"}"#, "`type` must be the number of a request"),
        (r#"{"type":[3]}"#, "`type` must be the number of a request"),
        (r#"{"type":28}"#, "`type` 28 is unknown here"),
        (r#"{"type":-1}"#, "`type` -1 is unknown here"),
        (
            r#"{"type":9,"error_code":1}"#,
            "RQ_ERROR_MSG: `type` 9 is unknown here",
        ),
        (
            r#"{"type":17}"#,
            "RQ_UPD_ROOM_POWR: `type` 17 is unknown here",
        ),
        (
            r#"{"type":21,"room_id":1}"#,
            "RQ_NEW_MEMBER: `type` 21 is unknown here",
        ),
    ] {
        assert_eq!(bad(server(line)).to_string(), text, "{line}");
    }
    for line in [
        r#"{"type":0,"login":"a","pass":"b"}"#,
        r#"{"type":17}"#,
        r#"{"type":24}"#,
    ] {
        let reason = bad(client(line)).reason;
        assert!(matches!(reason, Reason::UnknownType(_)), "{line}");
    }
}

#[test]
fn a_client_reads_its_own_flavor_only() {
    for (mine, theirs) in [
        (Flavor::Field, Flavor::Document),
        (Flavor::Document, Flavor::Field),
    ] {
        for (own, other) in of_server(mine).iter().zip(of_server(theirs)) {
            let codec = ClientCodec::new(mine, limits::FRAME_BYTES);
            let items = feed(codec, [other.line().as_bytes()]).items;
            assert_eq!(
                items[0].is_ok(),
                own.line() == other.line(),
                "{}",
                other.line()
            );
        }
    }
}

#[test]
fn what_clients_may_write_otherwise() {
    let ok = |line| server(line).items.remove(0).unwrap();
    let log_in = ok(r#"{"type":0,"login":"a","pass":"b"}"#);
    assert_eq!(
        log_in,
        ok(r#"{ "pass" : "b", "login":"a", "type" : 0.0, "name":5, "desc":null }"#)
    );
    assert_eq!(
        ok(r#"{"type":14e0,"room_id":7.0}"#),
        Request::JoinRoom { room: 7 }.into()
    );
    assert_eq!(
        ok(r#"{"type":11,"date":1.7e12}"#),
        Request::Rooms {
            date: 1_700_000_000_000
        }
        .into()
    );
    assert_eq!(
        ok(r#"{"type":11,"date":-1}"#),
        Request::Rooms { date: -1 }.into()
    );
    let page = ok(r#"{"type":7,"room_id":0,"date":0,"count":5000000000}"#);
    let (room, date, count) = (0, 0, u32::MAX);
    assert_eq!(page, Request::NewMessages { room, date, count }.into());
}

#[test]
fn only_texts_and_stickers_are_sent() {
    for kind in MessageType::ALL {
        let number = kind.number();
        let line = format!(r#"{{"type":3,"room_id":7,"message":"x","msg_type":{number}}}"#);
        let items = server(&line).items;
        assert_eq!(items[0].is_ok(), kind.is_sendable(), "{line}");
    }
    let line = r#"{"type":3,"room_id":7,"message":"x","msg_type":1}"#;
    let text = "RQ_MSG: `msg_type` must be 0 for a text or 3 for a sticker";
    assert_eq!(bad(server(line)).to_string(), text);
}

#[test]
fn what_is_wrong_inside_a_list_is_named() {
    for (line, field) in [
        (r#"{"type":11,"rooms":[{}]}"#, "id"),
        (
            r#"{"type":7,"room_id":7,"messages":[{"message_id":1}]}"#,
            "room_id",
        ),
        (
            r#"{"type":19,"room_id":7,"members":[{"id":1,"login":"a","type":5}]}"#,
            "type",
        ),
        (r#"{"type":8,"msgs":[{"message_id":1},{},5]}"#, "room_id"),
    ] {
        let bad = bad(client(line));
        assert_eq!(bad.field, field, "{line}");
        assert_ne!(bad.request, Some(RequestType::Error));
    }
}

#[test]
fn the_stream_goes_on_behind_a_bad_frame() {
    let stream = "{\"type\":14}\n{\"type\":99}\n{}\n{\"type\":14,\"room_id\":7}\n";
    let codec = || ServerCodec::new(Flavor::Field, limits::FRAME_BYTES);
    let Outcome { items, error: end } = feed_every_way(codec, stream.as_bytes());
    let good: Vec<_> = items.iter().map(Result::is_ok).collect();
    assert_eq!((good, end), (vec![false, false, false, true], None));
}
