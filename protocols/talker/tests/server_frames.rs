//! The table "Server to client", row by row, in both directions and both flavors.
//! The rules are those of PROTOCOL.md 4 and 6.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use bytes::BytesMut;
use tokio_util::codec::Encoder;
use tolmach_protocol_testing::{Outcome, feed_every_way};
use tolmach_talker::{ClientCodec, Extra, Flavor, Message, ServerCodec, ServerFrame, User, limits};

fn ann() -> User {
    User {
        id: 7,
        name: "Ann".into(),
        status: None,
        extra: Extra::default(),
    }
}

fn message() -> Message {
    Message {
        content: "hi".into(),
        user: ann(),
        time: 1_255_447_115,
        id: None,
        private: false,
        action: false,
        edit: None,
        extra: Extra::default(),
    }
}

fn write(frame: &ServerFrame, flavor: Flavor) -> String {
    let mut out = BytesMut::new();
    ServerCodec::new(limits::FRAME_BYTES, flavor)
        .encode(frame, &mut out)
        .unwrap();
    String::from_utf8(out.to_vec()).unwrap()
}

fn read(json: &str) -> Result<ServerFrame, String> {
    let Outcome {
        mut items,
        error: end,
    } = feed_every_way(|| ClientCodec::new(limits::FRAME_BYTES), json.as_bytes());
    end.map_or_else(|| Ok(items.remove(0)), Err)
}

#[test]
fn each_row_is_written_and_read() {
    let full = User {
        status: Some("away".into()),
        extra: Extra::from_json(r#""email":"a@b""#),
        ..ann()
    };
    let time = 1_255_447_115;
    let rows = [
        (
            ServerFrame::Connected { user: ann() },
            r#"{"type":"connected","user":{"id":"7","name":"Ann"}}"#,
        ),
        (
            ServerFrame::Message(message()),
            r#"{"type":"message","content":"hi","user":{"id":"7","name":"Ann"},"time":1255447115}"#,
        ),
        (
            ServerFrame::Message(Message {
                id: Some(41),
                private: true,
                ..message()
            }),
            r#"{"type":"message","content":"hi","user":{"id":"7","name":"Ann"},"private":true,"time":1255447115,"id":"41"}"#,
        ),
        (
            ServerFrame::Message(Message {
                edit: Some(41),
                action: true,
                extra: Extra::from_json("\"x\":{}"),
                ..message()
            }),
            r#"{"type":"message","content":"hi","user":{"id":"7","name":"Ann"},"time":1255447115,"edit":"41","action":true,"x":{}}"#,
        ),
        (
            ServerFrame::Users { users: vec![] },
            r#"{"type":"users","users":[]}"#,
        ),
        (
            ServerFrame::Users {
                users: vec![ann(), full.clone()],
            },
            r#"{"type":"users","users":[{"id":"7","name":"Ann"},{"id":"7","name":"Ann","status":"away","email":"a@b"}]}"#,
        ),
        (
            ServerFrame::Join { user: full, time },
            r#"{"type":"join","user":{"id":"7","name":"Ann","status":"away","email":"a@b"},"time":1255447115}"#,
        ),
        (
            ServerFrame::Idle { user: ann(), time },
            r#"{"type":"idle","user":{"id":"7","name":"Ann"},"time":1255447115}"#,
        ),
        (
            ServerFrame::Back { user: ann(), time },
            r#"{"type":"back","user":{"id":"7","name":"Ann"},"time":1255447115}"#,
        ),
        (
            ServerFrame::Error {
                message: "No \"such\"\nroom".into(),
            },
            r#"{"type":"error","message":"No \"such\"\nroom"}"#,
        ),
    ];
    for (frame, document) in rows {
        assert_eq!(write(&frame, Flavor::Document), format!("{document}\n"));
        let talkerapp = document.replace(r#"{"id":"7""#, r#"{"id":7"#);
        assert_eq!(write(&frame, Flavor::TalkerApp), format!("{talkerapp}\n"));
        assert_eq!(read(document).as_ref(), Ok(&frame));
        assert_eq!(read(&talkerapp).as_ref(), Ok(&frame));
        assert_eq!(frame.kind().as_str(), document.split('"').nth(3).unwrap());
    }
}

#[test]
fn leave_tells_the_bare_id_or_the_hash() {
    let leave = |user| ServerFrame::Leave { user, time: 5 };
    let bare = "{\"type\":\"leave\",\"user\":\"7\",\"time\":5}\n";
    let hash = "{\"type\":\"leave\",\"user\":{\"id\":7,\"name\":\"Ann\"},\"time\":5}\n";
    assert_eq!(write(&leave(ann()), Flavor::Document), bare);
    assert_eq!(write(&leave(ann()), Flavor::TalkerApp), hash);
    let nameless = User {
        name: String::new(),
        ..ann()
    };
    assert_eq!(read(bare), Ok(leave(nameless.clone())));
    assert_eq!(
        read(r#"{"type":"leave","user":7,"time":5}"#),
        Ok(leave(nameless))
    );
    assert_eq!(read(hash), Ok(leave(ann())));
}

#[test]
fn the_sender_of_a_message_is_told_by_id_and_name_only() {
    let user = User {
        status: Some("away".into()),
        extra: Extra::from_json("\"x\":1"),
        ..ann()
    };
    let frame = ServerFrame::Message(Message { user, ..message() });
    assert_eq!(
        read(&write(&frame, Flavor::Document)),
        Ok(ServerFrame::Message(message()))
    );
}

#[test]
fn nothing_overrides_what_the_server_says() {
    let owned = r#""type":"x","content":"x","user":"x","time":0,"id":"9","private":true,"edit":"9","action":true,"to":"x""#;
    let extra = Extra::from_json(&format!("{owned},\"kept\":1"));
    let frame = ServerFrame::Message(Message { extra, ..message() });
    let clean = ServerFrame::Message(Message {
        extra: Extra::from_json("\"kept\":1"),
        ..message()
    });
    assert_eq!(
        write(&frame, Flavor::Document),
        write(&clean, Flavor::Document)
    );

    let extra = Extra::from_json(r#""id":"9","name":"x","status":"x","time":1"#);
    let frame = ServerFrame::Connected {
        user: User { extra, ..ann() },
    };
    assert_eq!(
        write(&frame, Flavor::Document),
        "{\"type\":\"connected\",\"user\":{\"id\":\"7\",\"name\":\"Ann\",\"time\":1}}\n"
    );
}

#[test]
fn an_event_is_one_line() {
    let frame = ServerFrame::Message(Message {
        content: "a\nb\r\n\u{0}\u{1b}😀".into(),
        ..message()
    });
    let line = write(&frame, Flavor::Document);
    assert_eq!(line.find('\n'), Some(line.len() - 1));
    assert!(line.contains(r#""a\nb\r\n\u0000\u001b😀""#));
}

#[test]
fn a_bad_field_is_named() {
    for (json, text) in [
        (
            r#"{"type":"connected"}"#,
            "connected: `user` is missing, it must be a hash with `id` and `name`",
        ),
        (
            r#"{"type":"join","user":"7","time":1}"#,
            "join: `user` must be a hash with `id` and `name`",
        ),
        (
            r#"{"type":"join","user":{"id":7},"time":1}"#,
            "join: `user.name` is missing, it must be a string",
        ),
        (
            r#"{"type":"join","user":{"id":2147483648,"name":"x"},"time":1}"#,
            "join: `user.id` must be a user's id, 31 bits, as a number or a string of digits",
        ),
        (
            r#"{"type":"idle","user":{"id":7,"name":"x","status":1},"time":1}"#,
            "idle: `user.status` must be a string",
        ),
        (
            r#"{"type":"back","user":{"id":7,"name":"x"}}"#,
            "back: `time` is missing, it must be seconds since the epoch, a whole number",
        ),
        (
            r#"{"type":"leave","time":1}"#,
            "leave: `user` is missing, it must be a user's id or hash",
        ),
        (
            r#"{"type":"leave","user":[],"time":1}"#,
            "leave: `user` must be a user's id or hash",
        ),
        (
            r#"{"type":"users","users":{}}"#,
            "users: `users` must be a list of hashes with `id` and `name`",
        ),
        (
            r#"{"type":"users","users":[1]}"#,
            "users: `user` must be a hash with `id` and `name`",
        ),
        (
            r#"{"type":"error"}"#,
            "error: `message` is missing, it must be a text",
        ),
        (r#"{"type":"ping"}"#, "Unknown event type: ping"),
    ] {
        assert_eq!(read(json), Err(text.to_owned()), "{json}");
    }
}
