//! What one end encodes the other decodes, and each object is counted as it is written.
//! The rules are those of PROTOCOL.md 2 to 5.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is for tests only"
)]

mod feed;

use bytes::BytesMut;
use feed::{to_client, to_server};
use proptest::prelude::*;
use tokio_util::codec::Encoder;
use tolmach_jim::limits::{EXTRA_CHARS, MESSAGE_CHARS, NAME_CHARS};
use tolmach_jim::{
    Answer, ClientCodec, ClientFrame, ClientRequest, Encoding, Extra, ServerCodec, ServerFrame,
};

/// Text with emoji, right-to-left letters, combining marks, quotes, control characters, and anything.
fn text(most: usize) -> impl Strategy<Value = String> {
    let character = prop_oneof![
        prop::char::range(' ', '~'),
        prop::char::range('\0', '\u{1f}'),
        prop::char::range('א', 'ת'),
        prop::char::range('ا', 'ي'),
        prop::char::range('\u{1F300}', '\u{1FAFF}'),
        prop::sample::select(vec![
            '"', '\\', '/', '{', '}', '\u{7f}', '\u{301}', '\u{200d}', '\u{202e}', '\u{2028}'
        ]),
        any::<char>(),
    ];
    prop::collection::vec(character, 0..=most).prop_map(String::from_iter)
}

fn name() -> impl Strategy<Value = String> {
    text(NAME_CHARS).prop_filter("a # in front would be a room's", |name| {
        !name.starts_with('#')
    })
}

fn room() -> impl Strategy<Value = String> {
    text(NAME_CHARS).prop_map(|name| format!("#{name}"))
}

fn extra() -> impl Strategy<Value = Extra> {
    let value = prop_oneof![
        Just("null".to_owned()),
        any::<i32>().prop_map(|number| number.to_string()),
        text(5).prop_map(|text| serde_json::to_string(&[text]).unwrap()),
    ];
    prop::collection::vec((text(3), value), 0..4).prop_map(|members| {
        let members: Vec<_> = members
            .into_iter()
            .map(|(key, value)| format!("{}:{value}", serde_json::to_string(&key).unwrap()))
            .collect();
        let extra = Extra::from_json(&members.join(","));
        assert_eq!(extra.is_empty(), members.is_empty());
        extra
    })
}

fn encoding() -> impl Strategy<Value = Encoding> {
    prop::sample::select(vec![Encoding::Ascii, Encoding::Utf8])
}

fn client_frame() -> impl Strategy<Value = ClientFrame> {
    let message = text(400);
    prop_oneof![
        (name(), text(200)).prop_map(|(account_name, password)| ClientFrame::Authenticate {
            account_name,
            password: password.into()
        }),
        (prop::option::of(name()), prop::option::of(text(200))).prop_map(
            |(account_name, status)| ClientFrame::Presence {
                account_name,
                status
            }
        ),
        (
            prop_oneof![name(), room()],
            name(),
            message,
            encoding(),
            extra()
        )
            .prop_map(|(to, from, message, encoding, extra)| ClientFrame::Msg {
                to,
                from,
                message,
                encoding,
                extra
            }),
        (room(), prop::option::of(text(200)))
            .prop_map(|(room, password)| ClientFrame::join(room, password.map(Into::into))),
        room().prop_map(|room| ClientFrame::Leave { room }),
        Just(ClientFrame::Quit),
        Just(ClientFrame::Probe),
    ]
}

fn server_frame() -> impl Strategy<Value = ServerFrame> {
    prop_oneof![
        (
            100u16..=999,
            any::<i64>(),
            prop::option::of(text(MESSAGE_CHARS))
        )
            .prop_map(|(code, time, text)| ServerFrame::Answer(Answer {
                code,
                time,
                text
            })),
        (
            prop_oneof![name(), room()],
            name(),
            any::<i64>(),
            text(400),
            extra()
        )
            .prop_map(|(to, from, time, message, extra)| ServerFrame::Msg {
                to,
                from,
                time,
                message,
                extra
            }),
        any::<i64>().prop_map(|time| ServerFrame::Probe { time }),
    ]
}

/// What is on the wire is one line of JSON, of so many characters when its escapes are decoded.
fn assert_one_line(wire: &[u8], characters: usize) {
    let line = std::str::from_utf8(wire)
        .unwrap()
        .strip_suffix('\n')
        .unwrap();
    assert!(
        line.chars().all(|c| c >= ' '),
        "a control character goes as an escape"
    );
    assert!(
        serde_json::from_str::<serde_json::Value>(line)
            .unwrap()
            .is_object()
    );

    let mut rest = line.chars();
    let mut counted = 0;
    while let Some(character) = rest.next() {
        if character == '\\' && rest.next() == Some('u') {
            rest.nth(3);
        }
        counted += 1;
    }
    assert_eq!(counted, characters);
}

proptest! {
    #[test]
    fn what_clients_say(frames in prop::collection::vec((any::<i64>(), client_frame()), 1..4)) {
        let mut wire = BytesMut::new();
        for (time, frame) in &frames {
            let request = ClientRequest { time: *time, frame: frame.clone() };
            let start = wire.len();
            ClientCodec::new().encode(&request, &mut wire).unwrap();
            assert_one_line(&wire[start..], request.characters());
        }
        let outcome = to_server(&wire);
        let expected: Vec<_> = frames.into_iter().map(|(_, frame)| Ok(frame)).collect();
        prop_assert_eq!(outcome.items, expected);
        prop_assert_eq!(outcome.error, None);
    }

    #[test]
    fn what_servers_say(frames in prop::collection::vec(server_frame(), 1..4)) {
        let mut wire = BytesMut::new();
        for frame in &frames {
            let start = wire.len();
            ServerCodec::new().encode(frame, &mut wire).unwrap();
            assert_one_line(&wire[start..], frame.characters());
        }
        let outcome = to_client(&wire);
        let expected: Vec<_> = frames.into_iter().map(Ok).collect();
        prop_assert_eq!(outcome.items, expected);
        prop_assert_eq!(outcome.error, None);
    }
}

fn written(frame: &ServerFrame) -> String {
    let mut wire = BytesMut::new();
    frame.write(&mut wire);
    String::from_utf8(wire.to_vec()).unwrap()
}

#[test]
fn as_it_stands_on_the_wire() {
    let answer = |code, text: Option<&str>| {
        written(&ServerFrame::Answer(Answer {
            code,
            time: 5,
            text: text.map(Into::into),
        }))
    };
    assert_eq!(answer(200, None), "{\"response\":200,\"time\":5}\n");
    assert_eq!(
        answer(101, Some("bye")),
        "{\"response\":101,\"time\":5,\"alert\":\"bye\"}\n"
    );
    assert_eq!(
        answer(404, Some("no \"x\"")),
        "{\"response\":404,\"time\":5,\"error\":\"no \\\"x\\\"\"}\n"
    );
    assert_eq!(
        written(&ServerFrame::Probe { time: 5 }),
        "{\"action\":\"probe\",\"time\":5}\n"
    );
    let msg = |message: &str| {
        let extra = Extra::from_json("\"k\": 1");
        written(&ServerFrame::Msg {
            to: "#a".into(),
            from: "b".into(),
            time: 5,
            message: message.into(),
            extra,
        })
    };
    let ascii = r##"{"action":"msg","time":5,"to":"#a","from":"b","encoding":"ascii","message":"m","k":1}"##;
    assert_eq!(msg("m"), format!("{ascii}\n"));
    assert_eq!(
        msg("ж🦀"),
        format!("{ascii}\n")
            .replace("ascii", "utf-8")
            .replace("\"m\"", "\"ж🦀\"")
    );
}

#[test]
fn extra_is_bounded() {
    let extra = Extra::from_json(&format!("\"k\":\"{}\"", "x".repeat(EXTRA_CHARS)));
    assert!(extra.is_empty());
}
