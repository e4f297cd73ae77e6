//! How a WebSocket ends: the dialect's last words, then a code.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tolmach::commands;

use super::{Http, Socket};
use crate::support::tls::{Authority, shake_hands};
use crate::support::{Daemon, Jim, PATIENCE, presence};

const HTTP: &str = "http.address = '127.0.0.1:0'\n";

/// What a guest says first.
fn hello(name: &str) -> String {
    let mut hello = presence(name);
    hello["time"] = json!(1_700_000_000);
    hello.to_string()
}

/// A guest over WebSocket, and how it ends.
async fn guest(daemon: &Daemon, name: &str) -> (Jim, super::socket::Farewell) {
    let (client, farewell) = Socket::open(daemon, "/ws/jim").await.carry(true);
    let mut jim = Jim::new(client);
    jim.hello(name).await;
    (jim, farewell)
}

#[tokio::test]
async fn a_farewell_of_the_dialects_own_is_a_normal_end() {
    let daemon = Daemon::start(HTTP).await;
    let (mut anna, farewell) = guest(&daemon, "anna").await;
    anna.write(json!({"action": "quit"})).await;
    assert_eq!(farewell.code().await, 1000);
}

#[tokio::test]
async fn at_shutdown_the_last_words_come_before_the_code() {
    let daemon = Daemon::start(HTTP).await;
    let (mut anna, farewell) = guest(&daemon, "anna").await;
    let mut purpose = Socket::open(&daemon, "/ws/purpose").await;
    let (_, alert, (last, code)) = tokio::join!(daemon.stop(), anna.notice(101), purpose.rest());
    assert!(alert.contains("shutting down"), "{alert}");
    assert_eq!(farewell.code().await, 1001);
    assert!(matches!(&last[..], [Message::Binary(_)]), "{last:?}");
    assert_eq!(code, Some(1001));
}

#[tokio::test]
async fn where_http_is_listened_on_no_more_the_last_words_say_that() {
    let (daemon, written) = Daemon::reloadable(HTTP).await;
    let (mut anna, farewell) = guest(&daemon, "anna").await;
    daemon.reload(&written, "http.address = ''").await.unwrap();
    assert_eq!(
        anna.notice(101).await,
        "The operator has closed or moved this port"
    );
    assert_eq!(farewell.code().await, 1001);
}

#[tokio::test]
async fn whom_the_operator_ends_is_told_why_and_so() {
    let daemon = Daemon::start(HTTP).await;
    let (mut anna, farewell) = guest(&daemon, "anna").await;
    let sessions = daemon.sessions().await;
    assert_eq!((sessions[0].dialect.as_str(), sessions.len()), ("jim", 1));
    let id = sessions[0].id;
    daemon.operate(commands::CloseSession { id }).await;
    assert!(anna.notice(101).await.contains("operator"));
    assert_eq!(farewell.code().await, 1008);
}

#[tokio::test]
async fn who_does_not_say_who_it_is_is_ended() {
    let daemon = Daemon::start(&format!("{HTTP}limits.login_timeout = '100ms'")).await;
    let mut socket = Socket::open(&daemon, "/ws/jim").await;
    let (last, code) = socket.rest().await;
    assert_eq!((last.len(), code), (1, Some(1008)), "{last:?}");
}

#[tokio::test]
async fn a_frame_too_long_is_told_so_whatever_it_is_in() {
    let daemon = Daemon::start(&format!("{HTTP}limits.frame_bytes = 2000")).await;
    for path in ["/ws/talker", "/ws/uchat", "/ws/purpose"] {
        let mut socket = Socket::open(&daemon, path).await;
        let mut long = b"{\"type\":\"".to_vec();
        if path == "/ws/purpose" {
            // Longer than what is skipped.
            long = (17u32 << 20).to_le_bytes().to_vec();
            long.extend([0x20, 1]);
        }
        long.resize(3000, b'x');
        socket.send(Message::binary(long)).await;
        let (last, code) = socket.rest().await;
        assert_eq!((last.len(), code), (1, Some(1009)), "{path}: {last:?}");
    }
    // JIM's bound is its own.
    let mut socket = Socket::open(&daemon, "/ws/jim").await;
    socket.send("{\"".to_owned() + &"x".repeat(70_000)).await;
    assert_eq!(socket.rest().await.1, Some(1009));
}

#[tokio::test]
async fn who_says_goodbye_is_answered_alike_and_has_what_it_asked_for() {
    let daemon = Daemon::start(HTTP).await;
    let mut socket = Socket::open(&daemon, "/ws/jim").await;
    socket.send(hello("anna")).await;
    socket.close(4000, "bye").await;
    let (last, code) = socket.rest().await;
    assert!(
        matches!(&last[..], [Message::Text(text)] if text.contains("200")),
        "{last:?}"
    );
    assert_eq!(code, Some(4000));
}

/// A connection that has agreed to speak WebSocket, and speaks it by hand.
async fn by_hand(daemon: &Daemon, path: &str) -> TcpStream {
    let mut http = Http::connect(daemon).await;
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    http.send(head.as_bytes()).await;
    assert_eq!(http.head().await.0, 101);
    http.into_stream()
}

/// A client's frame; a mask of zeros changes nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap();
    let mut bytes = vec![first];
    match length {
        0..126 => bytes.push(0x80 | length as u8),
        _ => {
            bytes.push(0x80 | 126);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

#[tokio::test]
async fn who_breaks_the_rules_is_told_1008_and_what_it_said_before_is_carried_out() {
    let daemon = Daemon::start(HTTP).await;
    let unmasked = [0x81, 2, b'{', b'}'];
    let said = hello("anna");
    for broken in [
        unmasked.to_vec(),
        frame(0xC1, b"{}"),
        frame(0x83, b"{}"),
        frame(0x80, b"{}"),
        frame(0x09, b""),
        frame(0x81, b"\xff"),
        frame(0x88, b"\x03"),
    ] {
        let mut stream = by_hand(&daemon, "/ws/jim").await;
        let all = [frame(0x81, said.as_bytes()), broken.clone()].concat();
        stream.write_all(&all).await.unwrap();
        let mut got = Vec::new();
        stream.read_to_end(&mut got).await.unwrap();
        let text = String::from_utf8_lossy(&got);
        assert!(text.contains("\"response\":200"), "{broken:x?}: {text}");
        assert!(
            got.ends_with(&[0x88, 2, 0x03, 0xF0]),
            "{broken:x?}: {got:x?}"
        );
    }
}

#[tokio::test]
async fn a_stream_may_be_cut_byte_by_byte_with_pings_between() {
    let daemon = Daemon::start(HTTP).await;
    let mut stream = by_hand(&daemon, "/ws/jim").await;
    stream.set_nodelay(true).unwrap();
    let said = hello("anna");
    let mut all = Vec::new();
    for (place, piece) in said.as_bytes().chunks(7).enumerate() {
        all.extend(frame(if place == 0 { 0x01 } else { 0x00 }, piece));
        all.extend(frame(0x89, b"there?"));
    }
    all.extend(frame(0x80, b""));
    for byte in all {
        stream.write_all(&[byte]).await.unwrap();
    }
    stream.write_all(&frame(0x88, b"\x03\xe8")).await.unwrap();
    let mut got = Vec::new();
    stream.read_to_end(&mut got).await.unwrap();
    assert!(got.starts_with(b"\x8A\x06there?"), "{got:x?}");
    assert!(String::from_utf8_lossy(&got).contains("\"response\":200"));
    assert!(got.ends_with(&[0x88, 2, 0x03, 0xE8]), "{got:x?}");
}

#[tokio::test]
async fn it_speaks_through_tls() {
    let authority = Authority::new();
    let daemon = Daemon::start(&format!("{HTTP}{}", authority.config())).await;
    let stream = shake_hands(daemon.address("http"), &authority.trust())
        .await
        .unwrap();
    let socket = Socket::over(stream, "wss://localhost/ws/jim")
        .await
        .unwrap();
    let mut anna = Jim::new(socket.carry(true).0);
    anna.hello("anna").await;
    anna.join("#tea").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    assert_eq!(anna.say("#tea", &"long ".repeat(99)).await, 200);
    boris.hears("anna", "#tea", &"long ".repeat(99)).await;
    daemon.stop().await;
    assert!(anna.notice(101).await.contains("shutting down"));
}

#[tokio::test]
async fn who_does_not_read_is_closed_as_too_slow_and_the_others_go_on() {
    let small = format!("{HTTP}[limits]\nqueue_bytes = 100000\nqueue_events = 0");
    let daemon = Daemon::start(&small).await;
    let mut socket = Socket::raw(daemon.web_socket("jim", 4096)).await;
    socket.send(hello("stuck")).await;
    socket
        .send(json!({"action": "join", "time": 1, "room": "#tea"}).to_string())
        .await;
    for _ in 0..2 {
        let answer = socket.text().await;
        assert!(answer.contains("\"response\":20"), "{answer}");
    }
    let mut speaker = daemon.guest_in("speaker", "#tea").await;
    let mut listener = daemon.guest_in("listener", "#tea").await;
    let is_there = async || {
        let sessions = daemon.sessions().await;
        sessions.iter().any(|session| session.user.login == "stuck")
    };
    let mut said = 0;
    while is_there().await {
        for _ in 0..20 {
            assert_eq!(speaker.say("#tea", &"x".repeat(500)).await, 200);
            listener.hears("speaker", "#tea", &"x".repeat(500)).await;
        }
        said += 20;
        assert!(said < 10_000, "nobody was given up");
    }
    // What was begun is whole, then the reason, then the code.
    let (rest, code) = socket.rest().await;
    let (last, heard) = rest.split_last().unwrap();
    assert!(last.to_text().unwrap().contains("Too slow"), "{last}");
    assert!(
        heard.len() < said
            && heard
                .iter()
                .all(|msg| msg.to_text().unwrap().contains("xxx"))
    );
    assert_eq!(code, Some(1008));
}

#[tokio::test(start_paused = true)]
async fn who_is_silent_is_pinged_and_who_never_answers_is_gone() {
    let daemon = Daemon::start("limits.login_timeout = '0s'").await;
    let mut near = daemon.web_socket("jim", 4096);
    let begun = Instant::now();
    let mut ping = [0; 2];
    for since in [30, 60] {
        near.read_exact(&mut ping).await.unwrap();
        assert_eq!(ping, [0x89, 0]);
        let after = begun.elapsed().as_secs();
        assert!((since..since + 11).contains(&after), "{after} s");
    }
    // An answer, and all begins anew.
    near.write_all(&frame(0x8A, b"")).await.unwrap();
    let heard = Instant::now();
    near.read_exact(&mut ping).await.unwrap();
    assert!((30..41).contains(&heard.elapsed().as_secs()));
    near.read_exact(&mut ping).await.unwrap();
    let mut rest = Vec::new();
    near.read_to_end(&mut rest).await.unwrap();
    let after = heard.elapsed().as_secs();
    assert!(
        rest.is_empty() && (90..112).contains(&after),
        "{after} s: {rest:x?}"
    );
}

#[tokio::test]
async fn it_counts_as_a_connection_until_it_ends() {
    let daemon = Daemon::start(&format!("{HTTP}limits.connections = 1")).await;
    let (mut anna, farewell) = guest(&daemon, "anna").await;
    let mut http = Http::connect(&daemon).await;
    assert_eq!(http.answer(false).await.status, 503);
    anna.write(json!({"action": "quit"})).await;
    assert_eq!(farewell.code().await, 1000);
    let gone = async {
        while daemon.pulse().connections() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
    guest(&daemon, "boris").await;
}
