//! `tolmach transcode`: a small conversation from every dialect to every dialect.

use bytes::BytesMut;
use serde_json::{Value, json};
use tokio_util::codec::Decoder;
use tolmach_jim::{Encoding, Extra};
use tolmach_purpose::{ClientBody, Request, Revision, ServerBody};

use super::transcode::{self, transcode};

const DIALECTS: [&str; 5] = ["jim", "talker", "purpose.1", "purpose.2", "uchat"];

/// What the observer must be told, whatever its dialect.
enum Told {
    Came,
    Said(i64, String),
    Emote(i64, &'static str),
    Edited(i64, &'static str),
    Deleted(i64),
}

/// A conversation as a client of a dialect says it, and what it means.
fn recording(dialect: &str) -> (Vec<u8>, Vec<Told>) {
    let long = match dialect {
        "jim" => 500,
        "uchat" => 800,
        _ => 5000,
    };
    let long = "word ".repeat(long / 5).trim_end().to_owned() + "!";
    let texts = ["Tea?".to_owned(), "Чай 🙂 שלום\tעולם".to_owned(), long];
    let mut told = vec![Told::Came];
    told.extend(
        (1..)
            .zip(texts.clone())
            .map(|(n, text)| Told::Said(n, text)),
    );
    told.push(Told::Emote(4, "waves 👋"));
    let edits = matches!(dialect, "talker" | "uchat");
    let deletes = matches!(dialect, "purpose.2" | "uchat");
    told.extend(edits.then_some(Told::Edited(1, "Coffee?")));
    told.extend(deletes.then_some(Told::Deleted(2)));
    let bytes = match dialect {
        "jim" => jim(&texts),
        "talker" => talker(&texts),
        "purpose.1" => purpose(Revision::One, &texts),
        "purpose.2" => purpose(Revision::Two, &texts),
        _ => uchat(&texts),
    };
    (bytes, told)
}

fn jim(texts: &[String]) -> Vec<u8> {
    use tolmach_jim::{ClientFrame, ClientRequest};
    let mut frames = vec![
        ClientFrame::Presence {
            account_name: Some("someone".into()),
            status: None,
        },
        ClientFrame::Join {
            room: "#tea".into(),
            password: None,
        },
    ];
    let emote = ["/me waves 👋".to_owned()];
    frames.extend(texts.iter().chain(&emote).map(|text| ClientFrame::Msg {
        to: "#tea".into(),
        from: "someone".into(),
        message: text.clone(),
        encoding: Encoding::default(),
        extra: Extra::default(),
    }));
    let mut out = BytesMut::new();
    for frame in frames {
        ClientRequest { time: 1, frame }.write(&mut out);
    }
    out.to_vec()
}

fn talker(texts: &[String]) -> Vec<u8> {
    let connect = json!({"type": "connect", "room": "17", "token": "secret"});
    let said = texts
        .iter()
        .map(|text| json!({"type": "message", "content": text}));
    let mut events: Vec<Value> = std::iter::once(connect).chain(said).collect();
    events.push(json!({"type": "message", "content": "waves 👋", "action": true}));
    events.push(json!({"type": "ping"}));
    events.push(json!({"type": "message", "content": "Coffee?", "edit": "1"}));
    lines(&events).into_bytes()
}

fn purpose(revision: Revision, texts: &[String]) -> Vec<u8> {
    let send = |text: &str| Request::Send {
        chat: 9,
        text: text.into(),
    };
    let mut requests = vec![
        Request::Hello { major: 0, minor: 1 },
        Request::LogIn {
            login: "someone".into(),
            password: "secret".into(),
        },
        Request::Join {
            chat: 9,
            password: None,
        },
    ];
    requests.extend(texts.iter().map(|text| send(text)));
    requests.push(send("/me waves 👋"));
    let history = Request::Messages {
        chat: 9,
        from: 0,
        to: None,
    };
    requests.push(history);
    if revision == Revision::Two {
        requests.push(Request::DeleteMessage { message: 2 });
    }
    let mut out = BytesMut::new();
    for (task, request) in (0..).zip(requests) {
        assert!(request.write(revision, task, &mut out));
    }
    let heartbeat = ClientBody::Heartbeat(bytes::Bytes::new());
    let frame = tolmach_purpose::ClientFrame {
        task: 1,
        body: heartbeat,
    };
    assert!(frame.write(revision, &mut out));
    out.to_vec()
}

fn uchat(texts: &[String]) -> Vec<u8> {
    let mut lines = vec![
        json!({"type": 0, "login": "someone", "pass": "0".repeat(64), "name": "", "desc": ""}),
        json!({"type": 14, "room_id": 44}),
    ];
    let emote = ["/me waves 👋".to_owned()];
    lines.extend(
        texts
            .iter()
            .chain(&emote)
            .map(|text| json!({"type": 3, "room_id": 44, "message": text, "msg_type": 0})),
    );
    lines.push(json!({"type": 4, "room_id": 44, "msg_id": 1, "msg": "Coffee?"}));
    lines.push(json!({"type": 5, "room_id": 44, "msg_id": 2}));
    lines.push(json!({"type": 10, "room_id": 44, "date": 0, "count": 10}));
    self::lines(&lines).into_bytes()
}

fn lines(values: &[Value]) -> String {
    values.iter().map(|value| format!("{value}\n")).collect()
}

/// What the observer of a dialect must be written, times left out.
fn expected(dialect: &str, told: &[Told]) -> Vec<Value> {
    let frames = told.iter().flat_map(|told| match dialect {
        "jim" => jim_told(told),
        "talker" => talker_told(told),
        "uchat" => uchat_told(told),
        _ => purpose_told(told),
    });
    frames.collect()
}

fn jim_told(told: &Told) -> Vec<Value> {
    let text = match told {
        Told::Came | Told::Deleted(_) => return Vec::new(),
        Told::Said(_, text) => text.clone(),
        Told::Emote(_, text) => format!("/me {text}"),
        Told::Edited(_, text) => format!("✎ {text}"),
    };
    let frame = |text: &str| {
        let encoding = if text.is_ascii() { "ascii" } else { "utf-8" };
        json!({"action": "msg", "to": "#lobby", "from": "someone", "encoding": encoding, "message": text})
    };
    if text.len() <= 500 {
        return vec![frame(&text)];
    }
    // The whole of it up to 8 pieces; what is missing is said in the last one.
    let pieces: Vec<&str> = text
        .as_bytes()
        .chunks(500)
        .map(|piece| std::str::from_utf8(piece).unwrap())
        .collect();
    pieces.into_iter().take(8).map(frame).collect()
}

fn talker_told(told: &Told) -> Vec<Value> {
    let user = json!({"id": "2", "name": "someone"});
    vec![match told {
        Told::Came => json!({"type": "join", "user": user}),
        Told::Said(id, text) => {
            json!({"type": "message", "content": text, "user": user, "id": id.to_string()})
        }
        Told::Emote(id, text) => {
            json!({"type": "message", "content": text, "user": user, "id": id.to_string(), "action": true})
        }
        Told::Edited(id, text) => {
            json!({"type": "message", "content": format!("✎ {text}"), "user": user, "edit": id.to_string()})
        }
        Told::Deleted(_) => return Vec::new(),
    }]
}

fn uchat_told(told: &Told) -> Vec<Value> {
    let message = |id: &i64, text: &str| {
        json!({"type": 3, "message_id": id, "room_id": 1, "user_id": 2, "message": text, "msg_type": 0,
            "status": 0, "file_size": 0, "file_name": "", "power": text.len()})
    };
    vec![match told {
        Told::Came => json!({"type": 21, "room_id": 1, "user_id": 2, "login": "someone"}),
        Told::Said(id, text) => message(id, text),
        Told::Emote(id, text) => message(id, &format!("/me {text}")),
        Told::Edited(id, text) => {
            json!({"type": 4, "room_id": 1, "msg_id": id, "msg": text, "power": text.len()})
        }
        Told::Deleted(id) => json!({"type": 5, "room_id": 1, "msg_id": id}),
    }]
}

fn purpose_told(told: &Told) -> Vec<Value> {
    let (id, status, text) = match told {
        Told::Came => return Vec::new(),
        Told::Said(id, text) => (id, 0, text.clone()),
        Told::Emote(id, text) => (id, 0, format!("/me {text}")),
        Told::Edited(id, text) => (id, 0, (*text).to_owned()),
        Told::Deleted(id) => (id, 2, String::new()),
    };
    vec![json!([id, 2, 1, status, text])]
}

/// What was written, times left out.
fn written(dialect: &str, out: &[u8]) -> Vec<Value> {
    let revision = match dialect {
        "purpose.1" => Revision::One,
        "purpose.2" => Revision::Two,
        _ => return transcode::untimed(out),
    };
    let mut codec = tolmach_purpose::ClientCodec::new(revision, 0);
    let mut input = BytesMut::from(out);
    let mut all = Vec::new();
    while let Some(frame) = codec.decode_eof(&mut input).unwrap() {
        let frame = frame.unwrap();
        // The server's own numbers, from 1 on.
        assert_eq!(usize::from(frame.task), all.len() + 1);
        let ServerBody::Notification(tolmach_purpose::Notification::Messages { messages, .. }) =
            frame.body
        else {
            panic!("{:?}", frame.body)
        };
        for message in messages {
            let fields = (
                message.id,
                message.sender_id,
                message.chat_id,
                message.status as u8,
                &*message.text,
            );
            all.push(json!(fields));
        }
    }
    all
}

#[test]
fn every_dialect_becomes_every_dialect() {
    for from in DIALECTS {
        let (input, told) = recording(from);
        for to in DIALECTS {
            let ran = transcode(&["--from", from, "--to", to], &input);
            assert_eq!(
                (ran.code, ran.err.as_str()),
                (Some(0), ""),
                "{from} to {to}"
            );
            let mut written = written(to, &ran.out);
            let mut expected = expected(to, &told);
            if to == "jim" {
                // The texts are cut at white space: told apart from the rest.
                (written, expected) = (joined(written), joined(expected));
            }
            assert_eq!(written, expected, "{from} to {to}");
        }
    }
}

/// The pieces of long texts put together, as far as nothing of them is missing.
fn joined(frames: Vec<Value>) -> Vec<Value> {
    let mut texts: Vec<Value> = Vec::new();
    let mut long = String::new();
    for frame in frames {
        let text = frame["message"].as_str().unwrap();
        if text.contains("word") {
            long += text;
        } else {
            texts.push(frame);
        }
    }
    let letters = long.chars().filter(|c| !c.is_whitespace());
    let long: String = letters.take(2400).collect();
    texts.push(json!(long));
    texts
}
