//! Every limit, met and passed by one.
//! The rules are those of PROTOCOL.md 2.

mod feed;

use bytes::BytesMut;
use feed::{client_frame, refusal, to_client, to_server};
use tolmach_jim::limits::{MESSAGE_CHARS, NAME_CHARS, OBJECT_CHARS, UNENDED_BYTES};
use tolmach_jim::{Answer, BadFrame, ClientFrame, DecodeError, Extra, ServerFrame};

/// Takes `object(text of n characters)` up to the limit, for texts of one byte a character, of four, and of
/// escapes.
fn assert_limit(limit: usize, field: &str, object: impl Fn(&str) -> String) {
    for character in ["x", "🦀", "\\u0416", "\\ud83e\\udd80", "\\n"] {
        let text = |n: usize| object(&character.repeat(n));
        assert!(
            client_frame(&text(limit)).is_ok(),
            "{character}: {:?}",
            client_frame(&text(limit))
        );
        let expected = format!(
            "{field} has {} characters, at most {limit} are allowed",
            limit + 1
        );
        assert_eq!(refusal(&text(limit + 1)), expected, "{character}");
    }
}

#[test]
fn names() {
    assert_limit(25, "user.account_name", |name| {
        format!(r#"{{"action":"presence","time":1,"user":{{"account_name":"{name}"}}}}"#)
    });
    assert_limit(25, "user.account_name", |name| {
        format!(
            r#"{{"action":"authenticate","time":1,"user":{{"account_name":"{name}","password":""}}}}"#
        )
    });
    assert_limit(25, "to", |name| {
        format!(r#"{{"action":"msg","time":1,"to":"{name}","from":"a","message":""}}"#)
    });
    assert_limit(25, "from", |name| {
        format!(r#"{{"action":"msg","time":1,"to":"a","from":"{name}","message":""}}"#)
    });
}

#[test]
fn names_of_rooms_without_their_hash() {
    assert_limit(25, "to", |name| {
        format!(r##"{{"action":"msg","time":1,"to":"#{name}","from":"a","message":""}}"##)
    });
    for action in ["join", "leave"] {
        assert_limit(25, "room", |name| {
            format!(r##"{{"action":"{action}","time":1,"room":"#{name}"}}"##)
        });
    }
    let from = format!(
        r##"{{"action":"msg","time":1,"to":"a","from":"#{}","message":""}}"##,
        "x".repeat(25)
    );
    assert!(
        refusal(&from).starts_with("from has 26 characters"),
        "a # makes no room of a sender"
    );
}

#[test]
fn messages() {
    assert_limit(500, "message", |text| {
        format!(r#"{{"action":"msg","time":1,"to":"a","from":"b","message":"{text}"}}"#)
    });
}

#[test]
fn actions() {
    let unknown = refusal(r#"{"action":"123456789012345"}"#);
    assert!(
        unknown.starts_with("action 123456789012345 is unknown"),
        "{unknown}"
    );
    let long = refusal(r#"{"action":"1234567890123456"}"#);
    assert_eq!(long, "action has 16 characters, at most 15 are allowed");
}

#[test]
fn objects() {
    for character in ["x", "🦀", "\\u0416", "\\ud83e\\udd80", "\\n"] {
        let around = r#"{"action":"quit","x":""}"#.len();
        let object = |n: usize| {
            format!(
                r#"{{"action":"quit","x":"{}"}}"#,
                character.repeat(n - around)
            )
        };
        assert_eq!(client_frame(&object(640)), Ok(ClientFrame::Quit));
        let expected = "the object has 641 characters, at most 640 are allowed";
        assert_eq!(refusal(&object(641)), expected);
    }
}

#[test]
fn white_space_is_free() {
    let space = " \t\r\n".repeat(1000);
    let object = format!("{{{space}\"action\"{space}:{space}\"quit\"{space}}}");
    assert_eq!(client_frame(&object), Ok(ClientFrame::Quit));
}

#[test]
fn an_over_long_object_is_ignored_and_the_next_one_is_not() {
    let stream = format!(r#"{{"x":"{}"}}{{"action":"quit"}}"#, "y".repeat(640));
    let outcome = to_server(stream.as_bytes());
    let long = BadFrame::ObjectTooLong {
        characters: 648,
        limit: OBJECT_CHARS,
    };
    assert_eq!(outcome.items, [Err(long), Ok(ClientFrame::Quit)]);
    assert_eq!(outcome.error, None);
}

#[test]
fn an_object_without_an_end() {
    let object = |bytes: usize| format!("{{{}}}", " ".repeat(bytes - 2));
    let longest = to_server(object(UNENDED_BYTES).as_bytes());
    assert!(matches!(
        longest.items[..],
        [Err(BadFrame::Missing {
            field: "action",
            ..
        })]
    ));
    assert_eq!(longest.error, None);
    let beyond = to_server(object(UNENDED_BYTES + 1).as_bytes());
    assert!(beyond.items.is_empty());
    assert_eq!(beyond.error, Some(DecodeError::Unended.to_string()));
    assert_eq!(
        DecodeError::Unended.to_string(),
        "no end within 64 KiB: the connection is closed"
    );
}

#[test]
fn a_stream_that_ends_before_its_object_does() {
    let start = |bytes: usize| format!("{{{}", " ".repeat(bytes - 1));
    let longest = to_server(start(UNENDED_BYTES).as_bytes());
    assert_eq!(longest.items, [Err(BadFrame::Unfinished)]);
    assert_eq!(longest.error, None);
    let beyond = to_server(start(UNENDED_BYTES + 1).as_bytes());
    assert!(beyond.items.is_empty());
    assert_eq!(beyond.error, Some(DecodeError::Unended.to_string()));
}

#[test]
fn a_run_without_an_end() {
    let run = |bytes: usize| format!("{}\n", "x".repeat(bytes));
    assert_eq!(
        to_server(run(UNENDED_BYTES).as_bytes()).items,
        [Err(BadFrame::NotAnObject)]
    );
    let beyond = to_server(run(UNENDED_BYTES + 1).as_bytes());
    assert!(beyond.items.is_empty());
    assert_eq!(beyond.error, Some(DecodeError::Unended.to_string()));
}

#[test]
fn nesting_within_64_kib() {
    let deep = |open: &str, close: &str| {
        format!("{{\"a\":{}1{}}}", open.repeat(9_000), close.repeat(9_000))
    };
    for object in [deep("[", "]"), deep("{\"a\":", "}")] {
        assert!(matches!(
            to_server(object.as_bytes()).items[..],
            [Err(BadFrame::ObjectTooLong { .. })]
        ));
        assert!(matches!(
            to_client(object.as_bytes()).items[..],
            [Err(BadFrame::Missing { .. })]
        ));
    }
}

#[test]
fn the_worst_refusals_fit_into_an_answer() {
    let worst = "\\u001f".repeat(15);
    let encoding = "\\u001f".repeat(500);
    for object in [
        format!(r#"{{"action":"{worst}"}}"#),
        format!(
            r#"{{"action":"msg","time":1,"to":"a","from":"b","message":"m","encoding":"{encoding}"}}"#
        ),
        format!("{{{}}}", "[".repeat(600)),
        format!(r#"{{"{}":}}"#, "x".repeat(600)),
    ] {
        let answer = Answer {
            code: 400,
            time: i64::MIN,
            text: Some(refusal(&object)),
        };
        assert!(ServerFrame::Answer(answer).fits());
    }
}

#[test]
fn what_is_counted_is_what_is_written() {
    let name = "ж".repeat(NAME_CHARS);
    let frame = |characters: usize, extra: &str| ServerFrame::Msg {
        to: format!("#{name}"),
        from: name.clone(),
        time: 1_700_000_000,
        message: "\u{1}🦀".repeat(characters / 2),
        extra: Extra::from_json(extra),
    };
    assert_eq!(
        frame(MESSAGE_CHARS, "").characters(),
        635,
        "the longest of all fits"
    );
    let frame = |extra: &str| frame(400, extra);
    let plain = frame("").characters();

    let rest = OBJECT_CHARS - plain;
    let extra = |n: usize| format!("\"\":\"{}\"", "x".repeat(n - ",\"\":\"\"".len()));
    assert_eq!(frame(&extra(rest)).characters(), OBJECT_CHARS);
    assert_eq!(
        frame(&extra(rest + 1)).characters(),
        plain,
        "what does not fit is left out"
    );

    let answer = |text: usize| {
        ServerFrame::Answer(Answer {
            code: 400,
            time: 0,
            text: Some("x".repeat(text)),
        })
    };
    let rest_of_answer = OBJECT_CHARS - answer(0).characters();
    assert!(answer(rest_of_answer).fits());
    assert!(!answer(rest_of_answer + 1).fits());

    let mut wire = BytesMut::new();
    frame(&extra(rest + 1)).write(&mut wire);
    frame(&extra(rest)).write(&mut wire);
    let expected = vec![Ok(frame("")), Ok(frame(&extra(rest)))];
    assert_eq!(to_client(&wire).items, expected);
}
