//! The examples of `specs/source/talker.txt`, word for word, with its line breaks inside objects.
//! The rules are those of PROTOCOL.md 3 and 4.
//!
//! Where the document writes `unique id` for an id, a number stands here, and nothing for its `, ...`: the rest
//! is as printed.

use tolmach_protocol_testing::{Outcome, feed_every_way};
use tolmach_talker::{
    ClientCodec, ClientFrame, Extra, Flavor, Message, Recipient, RoomSelector, ServerCodec,
    ServerFrame, User, limits,
};

const TIME: i64 = 1_255_447_115;

fn user() -> User {
    User {
        id: 7,
        name: "user name".into(),
        status: None,
        extra: Extra::default(),
    }
}

#[test]
fn what_clients_say() {
    let document = r#"
    {"type":"connect","room":"unique room id","token":"user secret token"}

    {"type":"message","content":"message to send"}

    {"type":"message","content":"message to send","to":"recipient unique id"}

    {"type":"ping"}

    {"type":"close"}
"#;
    let message = |to| ClientFrame::Message {
        content: "message to send".into(),
        to,
        edit: None,
        action: false,
        extra: Extra::default(),
    };
    let connect = ClientFrame::Connect {
        room: RoomSelector::Name("unique room id".into()),
        token: "user secret token".into(),
        user: Extra::default(),
        last_event_id: None,
    };
    let frames = [
        connect,
        message(None),
        message(Some(Recipient::Login("recipient unique id".into()))),
        ClientFrame::Ping,
        ClientFrame::Close,
    ];
    let codec = || ServerCodec::new(limits::FRAME_BYTES, Flavor::Document);
    assert_eq!(
        feed_every_way(codec, document.as_bytes()),
        Outcome::whole(frames.map(Ok).to_vec())
    );
}

#[test]
fn what_servers_say() {
    let document = r#"
    {"type":"connected","user":{"id":"unique id","name":"user name"}}

    {"type":"error","message":"Authentication failed"}

    {"type":"message","content":"message to send",
     "user":{"id":"unique id","name":"user name"},"time":1255447115}

    {"type":"message","content":"message to send","user":{"id":"unique id","name":"user name",...},"private":true,"time":1255447115}

    {"type":"join","user":{"id":"unique id","name":"user name",...},"time":1255447115}

    {"type":"users","users":[{"id":"unique id","name":"user name",...}, ...]}

    {"type":"idle","user":{"id":"unique id","name":"user name",...},"time":1255447115}

    {"type":"back","user":{"id":"unique id","name":"user name",...},"time":1255447115}

    {"type":"leave","user":"user unique id","time":1255447115}
"#;
    let stream = document
        .replace("user unique id", "7")
        .replace("unique id", "7")
        .replace(", ...", "")
        .replace(",...", "");
    let message = |private| {
        ServerFrame::Message(Message {
            content: "message to send".into(),
            user: user(),
            time: TIME,
            id: None,
            private,
            action: false,
            edit: None,
            extra: Extra::default(),
        })
    };
    let frames = vec![
        ServerFrame::Connected { user: user() },
        ServerFrame::Error {
            message: "Authentication failed".into(),
        },
        message(false),
        message(true),
        ServerFrame::Join {
            user: user(),
            time: TIME,
        },
        ServerFrame::Users {
            users: vec![user()],
        },
        ServerFrame::Idle {
            user: user(),
            time: TIME,
        },
        ServerFrame::Back {
            user: user(),
            time: TIME,
        },
        ServerFrame::Leave {
            user: User {
                name: String::new(),
                ..user()
            },
            time: TIME,
        },
    ];
    let read = feed_every_way(|| ClientCodec::new(limits::FRAME_BYTES), stream.as_bytes());
    assert_eq!(read, Outcome::whole(frames.clone()));

    // And written, they are the document's lines, but for its line breaks.
    let mut written = bytes::BytesMut::new();
    frames
        .iter()
        .for_each(|frame| frame.write(Flavor::Document, &mut written));
    let printed: String = stream
        .replace(",\n     ", ",")
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .flat_map(|line| [line, "\n"])
        .collect();
    assert_eq!(String::from_utf8_lossy(&written), printed);
}
