//! The table "Client to server", row by row and in both directions.
//! The rules are those of PROTOCOL.md 3.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use bytes::BytesMut;
use tokio_util::codec::Encoder;
use tolmach_protocol_testing::{Outcome, feed_every_way};
use tolmach_talker::{
    BadFrame, ClientCodec, ClientFrame, EventKind, Extra, Flavor, Reason, Recipient, RoomSelector,
    ServerCodec, limits,
};

fn read(json: &str) -> Result<ClientFrame, BadFrame> {
    let Outcome {
        mut items,
        error: end,
    } = feed_every_way(
        || ServerCodec::new(limits::FRAME_BYTES, Flavor::Document),
        json.as_bytes(),
    );
    assert_eq!((items.len(), end), (1, None), "{json}");
    items.remove(0)
}

fn write(frame: &ClientFrame) -> String {
    let mut out = BytesMut::new();
    ClientCodec::new(limits::FRAME_BYTES)
        .encode(frame, &mut out)
        .unwrap();
    String::from_utf8(out.to_vec()).unwrap()
}

fn connect(room: RoomSelector) -> ClientFrame {
    ClientFrame::Connect {
        room,
        token: "t".into(),
        user: Extra::default(),
        last_event_id: None,
    }
}

fn message(content: &str) -> ClientFrame {
    ClientFrame::Message {
        content: content.into(),
        to: None,
        edit: None,
        action: false,
        extra: Extra::default(),
    }
}

#[test]
fn each_row_is_read_and_written() {
    let rows = [
        (
            r#"{"type":"connect","room":"lobby","token":"t"}"#,
            connect(RoomSelector::Name("lobby".into())),
        ),
        (
            r#"{"type":"connect","room":"12","token":"t"}"#,
            connect(RoomSelector::Number("12".into())),
        ),
        (
            r#"{"type":"connect","room":"lobby","token":"t","user":{"email":"a@b"},"last_event_id":"41"}"#,
            ClientFrame::Connect {
                room: RoomSelector::Name("lobby".into()),
                token: "t".into(),
                user: Extra::from_json(r#""email":"a@b""#),
                last_event_id: Some(41),
            },
        ),
        (r#"{"type":"message","content":"hi"}"#, message("hi")),
        (
            r#"{"type":"message","content":"hi","to":"7","edit":"41","action":true,"mood":[1]}"#,
            ClientFrame::Message {
                content: "hi".into(),
                to: Some(Recipient::Id(7)),
                edit: Some(41),
                action: true,
                extra: Extra::from_json(r#""mood":[1]"#),
            },
        ),
        (r#"{"type":"ping"}"#, ClientFrame::Ping),
        (r#"{"type":"close"}"#, ClientFrame::Close),
    ];
    for (json, frame) in rows {
        assert_eq!(read(json), Ok(frame.clone()), "{json}");
        assert_eq!(write(&frame), format!("{json}\n"));
        assert_eq!(frame.kind().as_str(), json.split('"').nth(3).unwrap());
    }
}

#[test]
fn a_token_is_a_text_or_a_number() {
    for (json, expected) in [
        ("\"5\"", "5"),
        ("5", "5"),
        ("0", "0"),
        ("1.50", "1.50"),
        ("-7", "-7"),
    ] {
        let json = format!(r#"{{"type":"connect","room":"r","token":{json}}}"#);
        match read(&json) {
            Ok(ClientFrame::Connect { token, .. }) => assert_eq!(token.0, expected, "{json}"),
            other => panic!("{json} was taken as {other:?}"),
        }
    }
}

#[test]
fn half_a_surrogate_pair_is_no_mistake() {
    let json = r#"{"type":"message","content":"cut \ud83d","k\ude00":["\ud83d"]}"#;
    let frame = ClientFrame::Message {
        content: "cut \u{fffd}".into(),
        to: None,
        edit: None,
        action: false,
        extra: Extra::from_json("\"k\u{fffd}\":[\"\\ufffd\"]"),
    };
    assert_eq!(read(json), Ok(frame));
}

#[test]
fn a_room_is_a_name_or_a_number() {
    for (json, room) in [
        ("12", RoomSelector::Number("12".into())),
        ("\"007\"", RoomSelector::Number("007".into())),
        (
            "99999999999999999999",
            RoomSelector::Number("99999999999999999999".into()),
        ),
        ("-1", RoomSelector::Name("-1".into())),
        ("1.5", RoomSelector::Name("1.5".into())),
        ("\"\"", RoomSelector::Name(String::new())),
        ("\"١٢\"", RoomSelector::Name("١٢".into())),
        ("\"\\u0031\"", RoomSelector::Number("1".into())),
    ] {
        let event = format!(r#"{{"type":"connect","token":"t","room":{json}}}"#);
        assert_eq!(read(&event), Ok(connect(room)), "{json}");
    }
}

#[test]
fn only_other_attributes_of_a_user_are_kept() {
    for (json, kept) in [
        (r#"{"id":1,"name":"x","status":"idle","a":1}"#, r#""a":1"#),
        (r#"{"id":"1"}"#, ""),
        ("null", ""),
        ("\"bob\"", ""),
        ("[1]", ""),
    ] {
        let event = format!(r#"{{"type":"connect","room":"r","token":"t","user":{json}}}"#);
        let Ok(ClientFrame::Connect { user, .. }) = read(&event) else {
            panic!("{json}")
        };
        assert_eq!(user.as_json(), kept, "{json}");
    }
}

#[test]
fn a_last_event_id_is_a_number_or_digits_or_none() {
    for (json, id) in [
        ("41", Some(41)),
        ("\"41\"", Some(41)),
        ("null", None),
        ("\"\"", None),
        ("-1", Some(-1)),
    ] {
        let event =
            format!(r#"{{"type":"connect","room":"r","token":"t","last_event_id":{json}}}"#);
        let Ok(ClientFrame::Connect { last_event_id, .. }) = read(&event) else {
            panic!("{json}")
        };
        assert_eq!(last_event_id, id, "{json}");
    }
}

#[test]
fn a_content_becomes_text() {
    for (json, text) in [
        ("1", "1"),
        ("1.50", "1.50"),
        ("-0", "-0"),
        ("true", "true"),
        ("false", "false"),
        ("\"\"", ""),
        (r#""\ud83d\ude00 \u05e9\n\/""#, "😀 ש\n/"),
        ("\"\u{202e}rtl\"", "\u{202e}rtl"),
        (r#"[ 1, "a b" ]"#, r#"[1,"a b"]"#),
        (r#"{ "a" : { } }"#, r#"{"a":{}}"#),
    ] {
        assert_eq!(
            read(&format!(r#"{{"type":"message","content":{json}}}"#)),
            Ok(message(text)),
            "{json}"
        );
    }
}

#[test]
fn a_recipient_is_an_id_or_a_login() {
    let login = |text: &str| Some(Recipient::Login(text.into()));
    for (json, want) in [
        ("7", Some(Recipient::Id(7))),
        ("\"7\"", Some(Recipient::Id(7))),
        ("\"007\"", Some(Recipient::Id(7))),
        ("0", Some(Recipient::Id(0))),
        ("2147483647", Some(Recipient::Id(i32::MAX))),
        ("2147483648", login("2147483648")),
        ("\"99999999999999999999\"", login("99999999999999999999")),
        ("\"-7\"", login("-7")),
        ("\"+7\"", login("+7")),
        ("\"bob\"", login("bob")),
        ("\"\"", login("")),
        ("null", None),
    ] {
        let event = format!(r#"{{"type":"message","content":"x","to":{json}}}"#);
        let Ok(ClientFrame::Message { to, .. }) = read(&event) else {
            panic!("{json}")
        };
        assert_eq!(to, want, "{json}");
    }
}

#[test]
fn only_true_marks_an_emote() {
    for (json, want) in [
        ("true", true),
        ("false", false),
        ("null", false),
        ("\"true\"", false),
        ("1", false),
    ] {
        let event = format!(r#"{{"type":"message","content":"x","action":{json}}}"#);
        let Ok(ClientFrame::Message { action, extra, .. }) = read(&event) else {
            panic!("{json}")
        };
        assert_eq!((action, extra.is_empty()), (want, true), "{json}");
    }
}

#[test]
fn what_the_server_says_itself_is_not_passed_on() {
    let owned =
        r#""user":1,"time":2,"id":3,"private":true,"room":4,"token":"secret","last_event_id":5"#;
    let event = format!(r#"{{"type":"message","content":"x",{owned},"kept":true}}"#);
    let Ok(ClientFrame::Message { extra, .. }) = read(&event) else {
        panic!()
    };
    assert_eq!(extra.as_json(), "\"kept\":true");
    let forged = ClientFrame::Message {
        content: "x".into(),
        to: None,
        edit: None,
        action: false,
        extra: Extra::from_json(&format!(
            r#""type":"close","content":"y","to":1,{owned},"kept":1"#
        )),
    };
    assert_eq!(
        write(&forged),
        "{\"type\":\"message\",\"content\":\"x\",\"kept\":1}\n"
    );
}

#[test]
fn the_last_of_two_members_counts() {
    assert_eq!(
        read(r#"{"type":"close","content":1,"type":"message","content":2}"#),
        Ok(message("2"))
    );
    let missing = BadFrame {
        event: EventKind::Message,
        field: "content",
        reason: Reason::Missing("a text"),
    };
    assert_eq!(
        read(r#"{"type":"message","content":1,"content":null}"#),
        Err(missing)
    );
}

#[test]
fn a_bad_field_is_named_and_the_stream_goes_on() {
    for (json, text) in [
        (
            r#"{"type":"message"}"#,
            "message: `content` is missing, it must be a text",
        ),
        (
            r#"{"type":"message","content":null}"#,
            "message: `content` is missing, it must be a text",
        ),
        (
            r#"{"type":"message","content":"x","to":true}"#,
            "message: `to` must be a user's id or login",
        ),
        (
            r#"{"type":"message","content":"x","to":-1}"#,
            "message: `to` must be a user's id or login",
        ),
        (
            r#"{"type":"message","content":"x","to":1.5}"#,
            "message: `to` must be a user's id or login",
        ),
        (
            r#"{"type":"message","content":"x","edit":"a"}"#,
            "message: `edit` must be a message's id, as a number or a string of digits",
        ),
        (
            r#"{"type":"connect","token":"t"}"#,
            "connect: `room` is missing, it must be the room's name or number",
        ),
        (
            r#"{"type":"connect","room":true,"token":"t"}"#,
            "connect: `room` must be the room's name or number",
        ),
        (
            r#"{"type":"connect","room":"r"}"#,
            "connect: `token` is missing, it must be a string",
        ),
        (
            r#"{"type":"connect","room":"r","token":[5]}"#,
            "connect: `token` must be a string",
        ),
        (
            r#"{"type":"connect","room":"r","token":"t","last_event_id":1.5}"#,
            "connect: `last_event_id` must be an event's id, as a number or a string of digits",
        ),
    ] {
        let bytes = format!("{json}{{\"type\":\"ping\"}}");
        let Outcome { items, error: end } = feed_every_way(
            || ServerCodec::new(limits::FRAME_BYTES, Flavor::Document),
            bytes.as_bytes(),
        );
        assert_eq!(items[0].as_ref().unwrap_err().to_string(), text, "{json}");
        assert_eq!(
            (&items[1..], end),
            (&[Ok(ClientFrame::Ping)][..], None),
            "{json}"
        );
    }
}
