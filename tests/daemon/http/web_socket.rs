//! `/ws/NAME`: the handshake, and each dialect over it beside others over their own ports.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tolmach::hub::tap::{Taken, TapEvent};

use super::{Http, Socket};
use crate::support::{Client, Daemon, Jim, Purpose, Talker, Uchat, int, uchat};

const HTTP: &str = "http.address = '127.0.0.1:0'\n";

const HANDSHAKE: [&str; 4] = [
    "Upgrade: websocket",
    "Connection: keep-alive, Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/// A dialect's bytes over WebSocket.
async fn over(daemon: &Daemon, path: &str, is_text: bool) -> Client {
    Socket::open(daemon, path).await.carry(is_text).0
}

#[tokio::test]
async fn a_handshake_is_answered_as_the_specification_has_it() {
    let daemon = Daemon::start(HTTP).await;
    let mut http = Http::connect(&daemon).await;
    http.send(
        format!("GET /ws/jim HTTP/1.1\r\nHost: here\r\n{}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n", HANDSHAKE.join("\r\n")).as_bytes(),
    )
    .await;
    let (status, headers) = http.head().await;
    assert_eq!(status, 101);
    assert_eq!(
        headers["sec-websocket-accept"],
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    );
    assert_eq!(headers["upgrade"], "websocket");
    // What is offered is not taken.
    assert!(!headers.contains_key("sec-websocket-extensions"));
}

#[tokio::test]
async fn a_broken_handshake_is_refused_and_the_connection_goes_on() {
    let daemon = Daemon::start(HTTP).await;
    let mut http = Http::connect(&daemon).await;
    let without = |wrong: &str| {
        let mut headers = HANDSHAKE.to_vec();
        headers.retain(|header| !header.starts_with(wrong));
        headers
    };
    let with = |name: &str, header: &'static str| {
        let mut headers = without(name);
        headers.push(header);
        headers
    };
    for (path, headers, status, title) in [
        ("/ws/nobody", HANDSHAKE.to_vec(), 404, "NotFound"),
        ("/ws/jim", vec![], 400, "Invalid"),
        ("/ws/jim", without("Upgrade"), 400, "Invalid"),
        ("/ws/jim", without("Connection"), 400, "Invalid"),
        (
            "/ws/jim",
            with("Connection", "Connection: close"),
            400,
            "Invalid",
        ),
        ("/ws/jim", without("Sec-WebSocket-Key"), 400, "Invalid"),
        (
            "/ws/jim",
            with("Sec-WebSocket-Key", "Sec-WebSocket-Key: short=="),
            400,
            "Invalid",
        ),
        (
            "/ws/jim",
            without("Sec-WebSocket-Version"),
            426,
            "Unsupported",
        ),
        (
            "/ws/jim",
            with("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8"),
            426,
            "Unsupported",
        ),
        ("/ws/jim?revision=1", HANDSHAKE.to_vec(), 400, "Invalid"),
        ("/ws/purpose?revision=3", HANDSHAKE.to_vec(), 400, "Invalid"),
        ("/ws/purpose?revision=x", HANDSHAKE.to_vec(), 400, "Invalid"),
        (
            "/ws/jim",
            with("Origin", "Origin: https://evil.example"),
            403,
            "NotAllowed",
        ),
        ("/ws/jim", with("Origin", "Origin: null"), 403, "NotAllowed"),
    ] {
        if headers.contains(&"Connection: close") {
            http = Http::connect(&daemon).await;
        }
        let answer = http.get(path, &headers).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (status, title),
            "{path} {headers:?}"
        );
        if status == 426 {
            assert_eq!(answer.header("sec-websocket-version"), "13");
        }
        if headers.contains(&"Connection: close") {
            http = Http::connect(&daemon).await;
        }
    }
    let answer = http.ask("POST", "/ws/jim", &HANDSHAKE, None).await;
    assert_eq!(answer.status, 405);
}

#[tokio::test]
async fn pages_of_its_own_and_of_named_origins_are_let_in() {
    let daemon = Daemon::start(&format!("{HTTP}http.origins = ['https://chat.example']")).await;
    let own = format!("Origin: http://{}", daemon.address("http"));
    for origin in [own.as_str(), "Origin: https://chat.example"] {
        let mut http = Http::connect(&daemon).await;
        let headers = [&HANDSHAKE[..], &[origin]].concat().join("\r\n");
        let host = daemon.address("http");
        http.send(format!("GET /ws/jim HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n\r\n").as_bytes())
            .await;
        assert_eq!(http.head().await.0, 101, "{origin}");
    }
}

#[tokio::test]
async fn jim_and_talker_speak_over_it() {
    let daemon = Daemon::start(HTTP).await;
    daemon.account("boris").await;
    let mut anna = Jim::new(over(&daemon, "/ws/jim", true).await);
    anna.hello("anna").await;
    anna.join("#tea").await;
    let mut boris = Talker::new(over(&daemon, "/ws/talker", true).await);
    boris.enter("boris", "tea").await;
    let mut clara = daemon.guest_in("clara", "#tea").await;
    boris.sees("join", "clara").await;
    assert_eq!(anna.say("#tea", "привет\n👋").await, 200);
    boris.hears("anna", "привет\n👋").await;
    clara.hears("anna", "#tea", "привет\n👋").await;
    boris.said("and you").await;
    anna.hears("boris", "#tea", "and you").await;
}

#[tokio::test]
async fn uchat_speaks_over_it_with_and_without_line_feeds() {
    let daemon = Daemon::start(HTTP).await;
    let mut socket = Socket::open(&daemon, "/ws/uchat").await;
    let sign_up = uchat::sign_up("anna").to_string();
    let (head, tail) = sign_up.split_at(20);
    // In two messages, the second one binary; two requests in one.
    socket.send(head).await;
    socket.send(tail.as_bytes().to_vec()).await;
    let token: serde_json::Value = serde_json::from_str(&socket.text().await).unwrap();
    assert_eq!(
        (&token["type"], &token["login"]),
        (&json!(uchat::TOKEN), &json!("anna"))
    );
    let rooms = json!({"type": uchat::GET_ROOMS, "date": 0});
    socket.send(format!(" {rooms}{rooms}")).await;
    socket.send(format!("{rooms}\n{rooms}")).await;
    for _ in 0..4 {
        let text = socket.text().await;
        assert!(!text.ends_with('\n'), "{text:?}");
        let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["type"], uchat::GET_ROOMS);
    }
    // What is no object is seen at the message's end.
    socket.send("hello").await;
    let (rest, code) = socket.rest().await;
    assert_eq!((rest.len(), code), (1, Some(1008)), "{rest:?}");
}

#[tokio::test]
async fn a_file_goes_up_and_down_in_binary_messages() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Uchat::new(over(&daemon, "/ws/uchat", true).await);
    anna.write(uchat::sign_up("anna")).await;
    anna.is_let_in("anna").await;
    let room = anna.new_room("tea", 1).await;
    let content: Vec<u8> = (0..200_000u32)
        .map(|n| n.to_le_bytes()[0] ^ b'\n')
        .collect();
    let mut up = Socket::open(&daemon, "/ws/uchat").await;
    let token = anna.token.clone();
    let request = json!({"type": uchat::UPLOAD_FILE, "name": "a.bin", "size": content.len(), "room_id": room, "token": token});
    up.send(request.to_string()).await;
    assert!(
        up.text()
            .await
            .contains(&format!("\"type\":{}", uchat::READY_READ))
    );
    for piece in content.chunks(70_001) {
        up.send(piece.to_vec()).await;
    }
    assert_eq!(up.rest().await, (vec![], Some(1000)));
    let posted = anna.event(uchat::MSG).await;
    let mut down = Socket::open(&daemon, "/ws/uchat").await;
    let request = json!({"type": uchat::DOWNLOAD_FILE, "room_id": room, "msg_id": posted["message_id"], "token": token});
    down.send(request.to_string()).await;
    assert!(down.text().await.contains("200000"));
    down.send(json!({"type": uchat::READY_READ}).to_string())
        .await;
    let (rest, code) = down.rest().await;
    let got: Vec<u8> = rest
        .into_iter()
        .flat_map(|message| match message {
            Message::Binary(bytes) => bytes.to_vec(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(got == content, "{} bytes", got.len());
    assert_eq!(code, Some(1000));
}

#[tokio::test]
async fn purpose_speaks_over_it_in_both_revisions() {
    let daemon = Daemon::start(HTTP).await;
    daemon.account("anna").await;
    let id = daemon.account("boris").await;
    let mut anna = daemon.talker_in("anna", "tea").await;
    for (path, revision) in [("/ws/purpose", 2), ("/ws/purpose?revision=1", 1)] {
        let mut boris = Purpose::new(over(&daemon, path, false).await, revision);
        boris.log_in("boris").await;
        let tea = boris.chat("tea").await;
        boris.accepted("JOIN_CHAT", int(tea)).await;
        anna.sees("join", "boris").await;
        let text = format!("from revision {revision}");
        boris.say(tea, &text).await;
        anna.hears("boris", &text).await;
        anna.said("heard").await;
        assert_eq!(boris.heard().await.text, "heard");
        boris.accepted("LOGOFF", []).await;
        anna.sees_leave(id).await;
    }
}

#[tokio::test]
async fn who_watches_sees_the_dialects_frames_and_nothing_of_their_messages() {
    let daemon = Daemon::start(HTTP).await;
    let mut viewer = daemon.hub().tap().watch();
    let mut socket = Socket::open(&daemon, "/ws/jim").await;
    let hello = r#"{"action":"presence","time":1,"user":{"account_name":"anna"}}"#;
    let (head, tail) = hello.split_at(20);
    socket.send(head).await;
    socket.send(tail).await;
    let answer = socket.text().await;
    let (mut opened, mut came, mut went) = (None, Vec::new(), Vec::new());
    while let Some(Taken::Record(record)) = viewer.take() {
        let line = record.line;
        match record.what {
            TapEvent::Opened => {
                opened = line.map(|line| (line.dialect.label.clone(), line.listener.clone()));
            }
            TapEvent::In { bytes, .. } => came.extend_from_slice(&bytes),
            TapEvent::Out { bytes, .. } => went.extend_from_slice(&bytes),
            _ => {}
        }
    }
    assert_eq!(opened, Some(("jim".to_owned(), Some("http".into()))));
    assert_eq!(String::from_utf8(came).unwrap(), hello);
    assert_eq!(String::from_utf8(went).unwrap(), answer + "\n");
}
