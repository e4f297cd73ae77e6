//! Every limit, at its last value and one beyond.
//! The rules are those of PROTOCOL.md 1 and 5.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use bytes::BytesMut;
use tokio_util::codec::{Decoder, Encoder};
use tolmach_protocol_testing::{Outcome, feed, feed_every_way};
use tolmach_talker::{
    ClientCodec, ClientFrame, DecodeError, Extra, Flavor, Message, ServerCodec, ServerFrame, User,
    limits,
};

fn server(frame_bytes: usize) -> ServerCodec {
    ServerCodec::new(frame_bytes, Flavor::Document)
}

/// A message of `bytes` bytes.
fn message(bytes: usize) -> String {
    let empty = r#"{"type":"message","content":""}"#;
    empty.replace("\"\"", &format!("\"{}\"", "x".repeat(bytes - empty.len())))
}

#[test]
fn an_event_has_at_most_so_many_bytes() {
    let fits = format!(" \r\n{}\r\n{}", message(64), message(64));
    let Outcome { items, error: end } = feed_every_way(|| server(64), fits.as_bytes());
    assert_eq!((items.len(), end), (2, None));

    let over = format!("{}{}", message(64), message(65));
    let Outcome { items, error: end } = feed_every_way(|| server(64), over.as_bytes());
    assert_eq!(
        (items.len(), end.as_deref()),
        (1, Some("Event is longer than 64 bytes"))
    );
}

#[test]
fn too_long_is_seen_with_the_first_byte_too_many() {
    let mut codec = server(64);
    let event = message(100);
    let mut input = BytesMut::from(&event[..64]);
    assert!(matches!(codec.decode(&mut input), Ok(None)));
    input.extend_from_slice(&event.as_bytes()[64..65]);
    assert!(matches!(
        codec.decode(&mut input),
        Err(DecodeError::TooLong { limit: 64 })
    ));
}

#[test]
fn white_space_between_events_has_no_limit() {
    let stream = format!("{}{}{}", message(64), " \r\n\t".repeat(1000), message(64));
    let Outcome { items, error: end } = feed(server(64), stream.as_bytes().chunks(7));
    assert_eq!((items.len(), end), (2, None));
}

#[test]
fn the_longest_event_may_come_byte_by_byte() {
    let event = message(limits::FRAME_BYTES);
    let Outcome { items, error: end } =
        feed(server(limits::FRAME_BYTES), event.as_bytes().chunks(1));
    assert_eq!((items.len(), end), (1, None));
    let event = message(limits::FRAME_BYTES + 1);
    let Outcome { items, error: end } =
        feed(server(limits::FRAME_BYTES), event.as_bytes().chunks(4096));
    assert_eq!(
        (items.len(), end.as_deref()),
        (0, Some("Event is longer than 2097152 bytes"))
    );
}

#[test]
fn a_content_of_102_400_characters_passes_in_whatever_escapes() {
    for (escaped, character) in [
        (r"\ud83d\ude00", '😀'),
        (r"\u0041", 'A'),
        ("😀", '😀'),
        (r"\\", '\\'),
    ] {
        let event = format!(
            r#"{{"type":"message","content":"{}"}}"#,
            escaped.repeat(102_400)
        );
        let Outcome { items, error: end } =
            feed(server(limits::FRAME_BYTES), event.as_bytes().chunks(8192));
        let [Ok(ClientFrame::Message { content, .. })] = &items[..] else {
            panic!("{escaped}")
        };
        assert_eq!(end, None);
        assert_eq!(content.chars().count(), 102_400);
        assert!(content.chars().all(|each| each == character));
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |levels: usize| {
        format!(
            r#"{{"type":"message","content":{}{}}}"#,
            "[".repeat(levels - 1),
            "]".repeat(levels - 1)
        )
    };
    let Outcome { items, error: end } =
        feed_every_way(|| server(4096), nested(limits::NESTING).as_bytes());
    assert!(items[0].is_ok());
    assert_eq!(end, None);
    let Outcome { items, error: end } =
        feed_every_way(|| server(4096), nested(limits::NESTING + 1).as_bytes());
    assert_eq!(
        (items.len(), end.as_deref()),
        (0, Some("Event is nested deeper than 64 levels"))
    );
    let Outcome { error: end, .. } = feed(server(4096).with_nesting(2), [nested(3).as_bytes()]);
    assert_eq!(end.as_deref(), Some("Event is nested deeper than 2 levels"));
}

#[test]
fn what_comes_with_the_end_of_the_stream_is_read_or_refused() {
    let mut input = BytesMut::from(r#"{"type":"ping"}"#);
    assert!(matches!(
        server(64).decode_eof(&mut input),
        Ok(Some(Ok(ClientFrame::Ping)))
    ));
    let mut input = BytesMut::from(r#"{"type":"error","message":"no"}"#);
    let frame = ServerFrame::Error {
        message: "no".into(),
    };
    let mut client = ClientCodec::new(64);
    assert_eq!(client.decode_eof(&mut input).unwrap(), Some(frame));
    assert!(matches!(client.decode_eof(&mut input), Ok(None)));
    let mut input = BytesMut::from(r#"{"type":"error","#);
    assert!(matches!(
        client.decode_eof(&mut input),
        Err(DecodeError::InvalidJson)
    ));
}

#[test]
fn a_long_message_is_written_whole() {
    let content = "long ".repeat(20_000);
    let user = User {
        id: 7,
        name: "n".repeat(500),
        status: None,
        extra: Extra::default(),
    };
    let extra = Extra::from_json(&format!("\"k\":\"{}\"", "x".repeat(4000)));
    let frame = ServerFrame::Message(Message {
        content,
        user,
        time: 5,
        id: Some(1),
        private: false,
        action: false,
        edit: None,
        extra,
    });
    let mut codec = ServerCodec::new(limits::FRAME_BYTES, Flavor::TalkerApp);
    assert_eq!(codec.flavor(), Flavor::TalkerApp);
    let mut wire = BytesMut::new();
    codec.encode(&frame, &mut wire).unwrap();
    let outcome = feed(ClientCodec::new(limits::FRAME_BYTES), [&wire[..]]);
    assert_eq!(outcome, Outcome::whole(vec![frame]));
}

#[test]
fn many_levels_cost_no_stack() {
    let depth = 300_000;
    let event = format!(
        r#"{{"type":"message","content":1,"x":{}{}}}"#,
        "[".repeat(depth),
        "]".repeat(depth)
    );
    let Outcome { items, error: end } = feed(
        server(limits::FRAME_BYTES).with_nesting(usize::MAX),
        [event.as_bytes()],
    );
    assert_eq!((items.len(), end), (1, None));
}

#[test]
fn other_properties_are_dropped_all_of_them_beyond_4_kib() {
    let extra = |bytes: usize| {
        let stream = format!(
            r#"{{"type":"message","content":"c", "k" : "{}"}}"#,
            "x".repeat(bytes - 6)
        );
        let Outcome {
            mut items,
            error: end,
        } = feed(server(limits::FRAME_BYTES), [stream.as_bytes()]);
        assert_eq!(end, None);
        let Ok(ClientFrame::Message { extra, content, .. }) = items.remove(0) else {
            panic!()
        };
        assert_eq!(content, "c");
        extra
    };
    assert_eq!(
        extra(limits::EXTRA_BYTES).as_json().len(),
        limits::EXTRA_BYTES
    );
    assert!(extra(limits::EXTRA_BYTES + 1).is_empty());
}

#[test]
fn an_unknown_type_is_repeated_shortened() {
    for (json, named) in [
        (r#""x""#, "x".to_owned()),
        (r#""""#, String::new()),
        ("5", "5".to_owned()),
        ("null", "null".to_owned()),
        (r#"["ping"]"#, r#"["ping"]"#.to_owned()),
        (r#""connected""#, "connected".to_owned()),
        (r#""PING""#, "PING".to_owned()),
    ] {
        let Outcome { items, error: end } =
            feed_every_way(|| server(4096), format!("{{\"type\":{json}}}").as_bytes());
        assert_eq!(
            (items.len(), end),
            (0, Some(format!("Unknown event type: {named}"))),
            "{json}"
        );
    }
    let long = |count| {
        let Outcome { error: end, .. } = feed(
            server(4096),
            [format!("{{\"type\":\"{}\"}}", "é".repeat(count)).as_bytes()],
        );
        end.unwrap()
    };
    assert_eq!(long(64), format!("Unknown event type: {}", "é".repeat(64)));
    assert_eq!(long(65), format!("Unknown event type: {}…", "é".repeat(64)));
    let Outcome { error: end, .. } = feed(server(4096), [&b"{}"[..]]);
    assert_eq!(end.as_deref(), Some("Unknown event type: (none)"));
}
