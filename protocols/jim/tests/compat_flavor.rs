//! The flavor `compat`: what published clients say, in all their spellings, and what is written for them.
//! The rules are those of PROTOCOL.md 7.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is for tests only"
)]

mod feed;

use bytes::BytesMut;
use feed::{Outcome, feed, fixtures};
use proptest::prelude::*;
use serde_json::Value;
use std::fs;
use tokio_util::codec::{Decoder, Encoder};
use tolmach_jim::limits::{COMPAT_NAME_BYTES, COMPAT_OBJECT_BYTES};
use tolmach_jim::{
    Answer, BadFrame, ClientFrame, ClientRequest, CompatMsg, Encoding, Extra, Flavor, ServerCodec,
    ServerFrame, Spelling, TextKey, ascii_bytes,
};

fn to_server(bytes: &[u8]) -> Outcome<ClientFrame> {
    feed(ServerCodec::of(Flavor::Compat), [bytes])
}

fn read(json: &str) -> Result<ClientFrame, BadFrame> {
    let outcome = to_server(json.as_bytes());
    assert_eq!(outcome.error, None);
    let [item] = outcome.items.try_into().expect("one object is one item");
    item
}

fn says(name: &str) -> ClientFrame {
    let path = fixtures("field").join(name).with_extension("json");
    read(&fs::read_to_string(path).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn presence(status: Option<&str>) -> ClientFrame {
    ClientFrame::Presence {
        account_name: Some("anna".into()),
        status: status.map(Into::into),
    }
}

fn msg(to: Option<&str>, message: bool, key: TextKey, text: &str) -> ClientFrame {
    ClientFrame::CompatMsg(CompatMsg {
        to: to.map(Into::into),
        from: Some("anna".into()),
        message: text.into(),
        encoding: Encoding::Ascii,
        extra: Extra::default(),
        spelling: Spelling {
            message,
            text: key,
            unspoken: false,
        },
        unclear: Vec::new(),
    })
}

#[test]
fn what_the_fixtures_say() {
    let (tea, boris) = ("#tea".to_owned(), "boris".to_owned());
    for (name, expected) in [
        ("presence-client-name", presence(Some("here"))),
        ("presence-user-text", presence(None)),
        ("presence-top-level", presence(None)),
        (
            "message-flat",
            msg(Some("boris"), true, TextKey::MessText, "привет"),
        ),
        (
            "message-from-to",
            msg(Some("#tea"), true, TextKey::MessageText, "hello"),
        ),
        ("msg-to-nobody", msg(None, false, TextKey::Text, "hello")),
        (
            "msg-everyone",
            msg(Some("EVERYONE"), false, TextKey::Message, "hello"),
        ),
        (
            "join-without-hash",
            ClientFrame::Join {
                room: tea.clone(),
                password: None,
            },
        ),
        ("leave-without-hash", ClientFrame::Leave { room: tea }),
        ("leave-without-room", ClientFrame::LeaveLast),
        ("get-contacts", ClientFrame::GetContacts),
        (
            "add-contact",
            ClientFrame::AddContact {
                user_id: boris.clone(),
            },
        ),
        ("del-contact", ClientFrame::DelContact { user_id: boris }),
        ("exit", ClientFrame::Quit),
    ] {
        assert_eq!(says(name), expected, "{name}");
    }
    assert_eq!(fs::read_dir(fixtures("field")).unwrap().count(), 14);
}

/// All fixtures behind each other, cut everywhere: glued, in halves, byte by byte.
#[test]
fn cuts_do_not_matter() {
    let mut stream = Vec::new();
    for entry in fs::read_dir(fixtures("field")).unwrap() {
        stream.extend(fs::read(entry.unwrap().path()).unwrap());
    }
    let whole = to_server(&stream);
    assert_eq!((whole.items.len(), &whole.error), (14, &None));
    assert!(whole.items.iter().all(Result::is_ok));
    let codec = || ServerCodec::of(Flavor::Compat);
    assert_eq!(feed(codec(), stream.chunks(1)), whole);
    for at in 0..=stream.len() {
        let (head, tail) = stream.split_at(at);
        assert_eq!(feed(codec(), [head, tail]), whole, "cut at {at}");
    }
}

#[test]
fn what_the_document_prints_is_read_as_well() {
    for entry in fs::read_dir(fixtures("document")).unwrap() {
        let path = entry.unwrap().path();
        let json = fs::read_to_string(&path).unwrap();
        let strict = feed::client_frame(&json);
        match (strict, read(&json)) {
            (
                Ok(ClientFrame::Msg {
                    to, from, message, ..
                }),
                Ok(ClientFrame::CompatMsg(msg)),
            ) => {
                assert_eq!(
                    (Some(to), Some(from), message),
                    (msg.to, msg.from, msg.message)
                );
                assert_eq!(msg.spelling, Spelling::DOCUMENT);
            }
            (Ok(strict), field) => assert_eq!(Ok(strict), field, "{path:?}"),
            (Err(_), field) => assert!(field.is_err(), "{path:?}"),
        }
    }
}

#[test]
fn names_and_passwords_wherever_they_stand() {
    for user in [
        r#""user":{"account_name":"anna","password":"x"}"#,
        r#""user":{"client_name":"anna","password":"x"}"#,
        r#""user":{"account_name":null,"client_name":"anna"},"password":"x""#,
        r#""user":"anna","password":"x""#,
        r#""account_name":"anna","password":"x""#,
        r#""account_name":"anna","user":{"password":"x"}"#,
    ] {
        let expected = ClientFrame::Authenticate {
            account_name: "anna".into(),
            password: "x".into(),
        };
        assert_eq!(
            read(&format!(r#"{{"action":"authenticate",{user}}}"#)),
            Ok(expected),
            "{user}"
        );
    }
}

#[test]
fn what_is_wrong_is_named() {
    let refusal = |json: &str| read(json).unwrap_err().to_string();
    let long = "x".repeat(26);
    for (json, begins) in [
        (r#"{"time":1}"#.to_owned(), "action is missing"),
        (
            r#"{"action":"dance"}"#.to_owned(),
            "action dance is unknown",
        ),
        (
            r#"{"action":"msg","from":"a","to":"b"}"#.to_owned(),
            "message is missing",
        ),
        (
            r#"{"action":"msg","mess_text":5}"#.to_owned(),
            "mess_text is a number",
        ),
        (
            r#"{"action":"msg","text":"x","sender":[]}"#.to_owned(),
            "sender is a list",
        ),
        (
            format!(r#"{{"action":"msg","text":"x","destination":"{long}"}}"#),
            "destination has 26",
        ),
        (
            format!(r#"{{"action":"msg","text":"{}"}}"#, "x".repeat(501)),
            "text has 501",
        ),
        (
            r#"{"action":"add_contact"}"#.to_owned(),
            "user_id is missing",
        ),
        (
            format!(r#"{{"action":"add_contact","contact_name":"{long}"}}"#),
            "contact_name has 26",
        ),
        (
            r#"{"action":"del_contact","user_id":"a","contact":5}"#.to_owned(),
            "contact is a number",
        ),
        (
            r#"{"action":"presence","user":7}"#.to_owned(),
            "user is a number",
        ),
        (
            format!(r#"{{"action":"join","room":"{long}"}}"#),
            "room has 26",
        ),
        (
            r#"{"action":"authenticate","user":"anna"}"#.to_owned(),
            "user.password is missing",
        ),
    ] {
        assert!(
            refusal(&json).starts_with(begins),
            "{json}: {}",
            refusal(&json)
        );
    }
}

#[test]
fn the_document_flavor_takes_none_of_it() {
    for name in [
        "msg-to-nobody",
        "message-flat",
        "presence-user-text",
        "get-contacts",
        "leave-without-room",
    ] {
        let json = fs::read_to_string(fixtures("field").join(name).with_extension("json")).unwrap();
        assert!(feed::client_frame(&json).is_err(), "{name}");
    }
}

fn said(json: &str) -> CompatMsg {
    match read(json) {
        Ok(ClientFrame::CompatMsg(msg)) => msg,
        other => panic!("{json} was taken as {other:?}"),
    }
}

#[test]
fn the_addressee_under_any_of_its_keys() {
    for key in ["to", "destination", "recipient", "receiver", "mess_to"] {
        let msg = said(&format!(
            r#"{{"action":"msg","{key}":"boris","text":"x","k":"vera"}}"#
        ));
        assert_eq!(msg.to.as_deref(), Some("boris"), "{key}");
        assert_eq!(
            (msg.unclear.len(), msg.extra.as_json()),
            (0, r#""k":"vera""#)
        );
        let null = said(&format!(r#"{{"action":"msg","{key}":null,"text":"x"}}"#));
        assert_eq!(null.to, None, "{key}");
    }
    let msg = said(r#"{"action":"msg","mess_to":"vera","to":"boris","text":"x"}"#);
    assert_eq!(
        (msg.to.as_deref(), msg.extra.is_empty()),
        (Some("boris"), true)
    );
    assert_eq!(msg.unclear, [("mess_to".to_owned(), "vera".to_owned())]);
    // An empty one names nobody.
    let msg = said(r#"{"action":"msg","to":"","destination":"vera","text":"x"}"#);
    assert_eq!((msg.to.as_deref(), msg.unclear), (Some("vera"), vec![]));
    let msg = said(r#"{"action":"msg","to":"","destination":"","text":"x"}"#);
    assert_eq!(msg.to.as_deref(), Some(""));
    let twice = said(r##"{"action":"msg","to":"#tea","destination":"#tea","text":"x"}"##);
    assert_eq!(twice.unclear, []);
}

#[test]
fn what_may_be_meant_for_one_is_told_with_its_key() {
    let msg = said(
        r#"{"action":"msg","time":"1","from":"anna","text":"vera","whom":"boris","n":1,
            "to_all":["vera",{"name":"dora"}],"user":{"account_name":"anna"},"to":"","e":""}"#,
    );
    let unclear = [
        ("whom", "boris"),
        ("to_all", "vera"),
        ("to_all", "dora"),
        ("user", "anna"),
    ];
    assert_eq!(
        msg.unclear,
        unclear.map(|(key, text)| (key.to_owned(), text.to_owned()))
    );
}

#[test]
fn a_contact_beside_ones_own_name() {
    for key in ["contact_name", "contact"] {
        let json = format!(r#"{{"action":"add_contact","user_id":"anna","{key}":"boris"}}"#);
        let user_id = "boris".to_owned();
        assert_eq!(
            read(&json),
            Ok(ClientFrame::AddContact { user_id }),
            "{key}"
        );
    }
    let json = r#"{"action":"del_contact","user_id":"anna","contact":null}"#;
    let user_id = "anna".to_owned();
    assert_eq!(read(json), Ok(ClientFrame::DelContact { user_id }));
}

#[test]
fn who_has_not_spoken_gets_the_text_under_two_keys() {
    assert_eq!(
        written(&push("boris", "anna", "hi", r#""k":1"#), Spelling::UNSPOKEN),
        "{\"action\":\"message\",\"time\":1700000000,\"sender\":\"anna\",\"destination\":\"boris\",\
         \"mess_text\":\"hi\",\"message_text\":\"hi\",\"k\":1}\n"
    );
}

#[test]
fn a_key_for_the_addressee_is_not_passed_on() {
    let line = written(
        &push("#tea", "anna", "hi", r#""recipient":"boris","k":1"#),
        Spelling::DOCUMENT,
    );
    let object: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((object.get("recipient"), &object["k"]), (None, &1.into()));
}

fn written(frame: &ServerFrame, spelling: Spelling) -> String {
    let mut wire = BytesMut::new();
    frame.write_compat(spelling, &mut wire);
    assert!(wire.is_ascii());
    let line = String::from_utf8(wire.to_vec()).unwrap();
    assert_eq!(line.find('\n'), Some(line.len() - 1), "one line");
    line
}

fn push(to: &str, from: &str, text: &str, extra: &str) -> ServerFrame {
    ServerFrame::Msg {
        to: to.into(),
        from: from.into(),
        time: 1_700_000_000,
        message: text.into(),
        extra: Extra::from_json(extra),
    }
}

#[test]
fn as_it_stands_on_the_wire() {
    let mirrored = Spelling {
        message: true,
        text: TextKey::MessText,
        unspoken: false,
    };
    assert_eq!(
        written(&push("#tea", "Анна", "hi", ""), mirrored),
        "{\"action\":\"message\",\"time\":1700000000,\"to\":\"#tea\",\"destination\":\"#tea\",\
         \"from\":\"\\u0410\\u043d\\u043d\\u0430\",\"sender\":\"\\u0410\\u043d\\u043d\\u0430\",\
         \"encoding\":\"ascii\",\"mess_text\":\"hi\"}\n"
    );
    assert_eq!(
        written(&push("#tea", "anna", "🦀", ""), Spelling::DOCUMENT),
        "{\"action\":\"msg\",\"time\":1700000000,\"to\":\"#tea\",\"from\":\"anna\",\
         \"encoding\":\"utf-8\",\"message\":\"\\ud83e\\udd80\"}\n"
    );
    let answer = Answer {
        code: 404,
        time: 5,
        text: Some("нет".into()),
    };
    assert_eq!(
        written(&ServerFrame::Answer(answer), mirrored),
        "{\"response\":404,\"time\":5,\"error\":\"\\u043d\\u0435\\u0442\"}\n"
    );
    let count = ServerFrame::ContactCount {
        time: 5,
        quantity: 2,
    };
    assert_eq!(
        written(&count, mirrored),
        "{\"response\":202,\"time\":5,\"quantity\":2}\n"
    );
    let contact = ServerFrame::Contact {
        user_id: "boris".into(),
    };
    assert_eq!(
        written(&contact, mirrored),
        "{\"action\":\"contact_list\",\"user_id\":\"boris\"}\n"
    );
    for frame in [count, contact] {
        assert_eq!(feed::server_frame(&written(&frame, mirrored)), Ok(frame));
    }
}

#[test]
fn unknown_fields_are_passed_on_where_they_are_flat_and_fit() {
    let with = |text: &str, extra: &str, spelling| {
        let line = written(&push("#tea", "anna", text, extra), spelling);
        serde_json::from_str::<Value>(&line).unwrap()
    };
    let both = [
        Spelling::DOCUMENT,
        Spelling {
            message: true,
            text: TextKey::Text,
            unspoken: false,
        },
    ];
    for spelling in both {
        assert_eq!(
            with("hi", r#""настроение":"ж","k":1"#, spelling)["настроение"],
            "ж"
        );
        for nested in [r#""k":{"a":1}"#, r#""a":1,"k":[]"#] {
            let object = with("hi", nested, spelling);
            assert_eq!((object.get("k"), object.get("a")), (None, None));
        }
    }
    // The text comes first: where it leaves no room in the object, the rest is left out.
    let extra = format!("\"k\":\"{}\"", "ж".repeat(50));
    assert!(with("x", &extra, both[1]).get("k").is_some());
    assert!(with(&"x".repeat(300), &extra, both[1]).get("k").is_none());
    assert!(
        with(
            &"x".repeat(490),
            r#""k":"123456789012345678901234567890""#,
            both[0]
        )
        .get("k")
        .is_some()
    );
    assert!(with(&"x".repeat(490), &extra, both[0]).get("k").is_none());
}

/// An object of 640 characters (PROTOCOL.md 5.4) has at least as many bytes: the limit in bytes holds for both.
#[test]
fn unknown_fields_give_way_at_641_bytes() {
    for spelling in Spelling::all() {
        let times = if spelling.unspoken { 2 } else { 1 };
        for value in ["x", "ж", "🦀", "\\n"].map(|character| character.repeat(5)) {
            let extra = format!("\"k\":\"{value}\"");
            let with = |text: usize, extra: &str| {
                written(&push("#tea", "anna", &"x".repeat(text), extra), spelling)
            };
            let most = (COMPAT_OBJECT_BYTES - with(0, &extra).len()) / times;
            let line = with(most, &extra);
            let expected: Value = serde_json::from_str(&format!("\"{value}\"")).unwrap();
            let object: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(object["k"], expected, "{spelling:?}");
            assert!((0..times).contains(&(COMPAT_OBJECT_BYTES - line.len())));
            assert_eq!(with(most + 1, &extra), with(most + 1, ""), "{spelling:?}");
        }
    }
}

#[test]
fn the_doubles_are_left_out_where_less_than_300_bytes_would_remain() {
    let mirrored = Spelling {
        message: true,
        text: TextKey::MessageText,
        unspoken: false,
    };
    let mut before = None;
    for letters in 1..=25 {
        let name = "ж".repeat(letters);
        let frame = push(&format!("#{name}"), &name, "", "");
        let line = written(&frame, mirrored);
        let doubled = line.contains("sender");
        assert_eq!(doubled, line.contains("destination"));
        let room = frame.compat_text_bytes(mirrored);
        assert_eq!(room, COMPAT_OBJECT_BYTES - line.len());
        assert!(
            room >= if doubled { 300 } else { 240 },
            "{letters} letters leave {room}"
        );
        if before == Some(true) && !doubled {
            // One letter more, twice in each of two names, would have left less.
            assert!((300..300 + 4 * 6).contains(&room_beside("ж", letters - 1, mirrored)));
        }
        before = Some(doubled);
    }
    assert_eq!(before, Some(false));
    // Some place remains beside names of nothing but characters of twelve bytes.
    assert!(room_beside("🦀", 25, mirrored) >= 100);
    assert!(room_beside("🦀", 25, Spelling::UNSPOKEN) >= 50);
}

#[test]
fn a_text_may_take_what_the_rest_of_the_object_leaves() {
    let answer = |text: &str| {
        ServerFrame::Answer(Answer {
            code: 400,
            time: 1_700_000_000,
            text: Some(text.into()),
        })
    };
    let message = |text: &str| push("#tea", "anna", text, "");
    for spelling in Spelling::all() {
        for frame in [&answer as &dyn Fn(&str) -> ServerFrame, &message] {
            let room = frame("").compat_text_bytes(spelling);
            assert_eq!(
                frame("ж\n").compat_text_bytes(spelling),
                room,
                "{spelling:?}"
            );
            let full = written(&frame(&"x".repeat(room)), spelling).len();
            // Two texts may leave one byte.
            let odd = usize::from(spelling == Spelling::UNSPOKEN);
            assert!(
                (COMPAT_OBJECT_BYTES - odd..=COMPAT_OBJECT_BYTES).contains(&full),
                "{spelling:?}: {full}"
            );
        }
    }
}

#[test]
fn from_400_on_an_answer_refuses() {
    let accepted = |code| {
        let answer = Answer {
            code,
            time: 0,
            text: None,
        };
        answer.is_accepted()
    };
    assert_eq!(
        [202, 399, 400, 500].map(accepted),
        [true, true, false, false]
    );
}

/// What remains for the text beside two names of so many such characters.
fn room_beside(character: &str, characters: usize, spelling: Spelling) -> usize {
    let name = character.repeat(characters);
    push(&format!("#{name}"), &name, "", "").compat_text_bytes(spelling)
}

#[test]
fn the_codec_answers_in_kind() {
    let mut codec = ServerCodec::of(Flavor::Compat);
    let mut out = BytesMut::new();
    let mut exchange = |said: &str| {
        codec.decode(&mut BytesMut::from(said)).unwrap();
        out.clear();
        codec
            .encode(push("#tea", "anna", "hi", ""), &mut out)
            .unwrap();
        serde_json::from_slice::<Value>(&out).unwrap()
    };
    let object = exchange(r#"{"action":"presence","user":"boris"}"#);
    assert_eq!(
        (&object["mess_text"], &object["message_text"]),
        (&"hi".into(), &"hi".into())
    );
    let known = r#"{"action":"presence","user":{"account_name":"boris","status":"here"}}"#;
    assert_eq!(exchange(known)["message"], "hi");
    assert_eq!(exchange(r#"{"action":"msg","text":"x"}"#)["text"], "hi");
    let object = exchange(r#"{"action":"message","mess_text":"x"}"#);
    assert_eq!(
        (&object["action"], &object["mess_text"]),
        (&"message".into(), &"hi".into())
    );
    assert_eq!(exchange(r#"{"action":"msg","message":"x"}"#), object);
}

fn text(most: usize) -> impl Strategy<Value = String> {
    let character = prop_oneof![
        prop::char::range(' ', '~'),
        prop::char::range('\0', '\u{1f}'),
        prop::char::range('а', 'я'),
        prop::char::range('\u{1F300}', '\u{1FAFF}'),
        any::<char>(),
    ];
    prop::collection::vec(character, 0..=most).prop_map(String::from_iter)
}

fn spelling() -> impl Strategy<Value = Spelling> {
    prop::sample::select(Spelling::all().collect::<Vec<_>>())
}

fn request() -> impl Strategy<Value = ClientFrame> {
    let fields = (
        prop::option::of(text(25)),
        prop::option::of(text(25)),
        text(300),
        spelling(),
    );
    prop_oneof![
        4 => fields.prop_map(|(to, from, message, spelling)| ClientFrame::CompatMsg(CompatMsg {
            to,
            from,
            message,
            encoding: Encoding::Utf8,
            extra: Extra::from_json("\"k\":[1]"),
            // No client says this one.
            spelling: if spelling.unspoken { Spelling::DOCUMENT } else { spelling },
            unclear: Vec::new(),
        })),
        1 => Just(ClientFrame::LeaveLast),
        1 => Just(ClientFrame::GetContacts),
        1 => text(25).prop_map(|user_id| ClientFrame::AddContact { user_id }),
        1 => text(25).prop_map(|user_id| ClientFrame::DelContact { user_id }),
    ]
}

proptest! {
    #[test]
    fn what_clients_say(frames in prop::collection::vec((any::<i64>(), request()), 1..4)) {
        let mut wire = BytesMut::new();
        for (time, frame) in &frames {
            ClientRequest { time: *time, frame: frame.clone() }.write(&mut wire);
        }
        let outcome = to_server(&wire);
        let expected: Vec<_> = frames.into_iter().map(|(_, frame)| Ok(frame)).collect();
        prop_assert_eq!(outcome.items, expected);
    }

    /// A text of as many bytes as there is room for fills the object to its limit, and a client reads what was said.
    #[test]
    fn what_is_written_fits_and_is_what_was_said(
        to in text(25), from in text(25), said in text(500), spelling in spelling(),
    ) {
        let room = push(&to, &from, "", "").compat_text_bytes(spelling);
        let mut bytes = 0;
        let fits = |character: &char| { bytes += ascii_bytes(*character); bytes <= room };
        let said: String = said.chars().take_while(fits).collect();
        let line = written(&push(&to, &from, &said, ""), spelling);
        prop_assert!(line.len() <= COMPAT_OBJECT_BYTES);
        let object: Value = serde_json::from_str(&line).unwrap();
        let object = object.as_object().unwrap();
        prop_assert_eq!(&object[spelling.text.name()], &Value::from(&*said));
        let keys = if spelling.unspoken {
            prop_assert_eq!(&object["message_text"], &Value::from(said));
            ["destination", "sender"]
        } else {
            ["to", "from"]
        };
        for (key, name) in keys.into_iter().zip([to, from]) {
            let told = object[key].as_str().unwrap();
            let fits = name.chars().map(ascii_bytes).sum::<usize>() <= COMPAT_NAME_BYTES;
            prop_assert!(told == name || (!fits && name.starts_with(told)));
        }
        if spelling.unspoken {
            return Ok(());
        }
        for (double, name) in [("sender", "from"), ("destination", "to")] {
            prop_assert!(object.get(double).is_none_or(|double| *double == object[name]));
            prop_assert!(spelling.message || object.get(double).is_none());
        }
        prop_assert!(object.values().all(|value| !value.is_object() && !value.is_array()));
    }
}
