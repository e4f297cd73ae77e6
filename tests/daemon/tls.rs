//! TLS through real sockets: "everything else of a connection is as in plain". A client's `end` is the stream's end after
//! TLS's own farewell; an end without it is an error there.

use std::io::Read;
use std::net::TcpStream as BlockingStream;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::tls::{
    Authority, Dribbling, Records, client_config, connector, localhost, shake_hands,
};
use crate::support::{
    Client, Daemon, Jim, Purpose, Talker, Uchat, from_elsewhere, int, presence, token,
};

/// A JIM listener of each kind beside the default ones.
const KINDS: &str = "\
    [[listener]]\ndialect = 'jim'\nname = 'required'\naddress = '127.0.0.1:0'\ntls = 'required'\n\
    [[listener]]\ndialect = 'jim'\nname = 'off'\naddress = '127.0.0.1:0'\ntls = 'off'\n\
    [[listener]]\ndialect = 'talker'\nname = 'talker.required'\naddress = '127.0.0.1:0'\ntls = 'required'\n\
    [[listener]]\ndialect = 'jim'\nname = 'behind'\naddress = '127.0.0.1:0'\nproxy = ['127.0.0.1']\n";

async fn start(more: &str) -> (Daemon, Authority) {
    let authority = Authority::new();
    let daemon = Daemon::start(&format!("{}{more}\n{KINDS}", authority.config())).await;
    (daemon, authority)
}

#[tokio::test]
async fn every_dialect_speaks_through_tls_and_to_plain_ones() {
    let (daemon, authority) = start("").await;
    let tls = authority.trust();
    let mut plain = daemon.guest_in("plain", "#tea").await;
    let mut jim = Jim::new(daemon.tls("jim", &tls).await);
    jim.hello("jim").await;
    jim.join("#tea").await;
    daemon.account("clara").await;
    let mut talker = Talker::new(daemon.tls("talker", &tls).await);
    talker.enter("clara", "tea").await;
    let dora = daemon.account("dora").await;
    let mut purpose = Purpose::new(daemon.tls("purpose.2", &tls).await, 2);
    purpose.log_in("dora").await;
    let room = daemon
        .operate(tolmach::commands::FindRoom {
            room: crate::support::room("tea"),
        })
        .await
        .id
        .0;
    purpose.accepted("JOIN_CHAT", int(room)).await;
    daemon.account("emil").await;
    let mut uchat = Uchat::new(daemon.tls("uchat", &tls).await);
    uchat.by_token("emil").await;
    uchat.join(room).await;
    purpose.say(room, "from purpose").await;
    talker.sees("join", "dora").await;
    talker.sees("join", "emil").await;
    for listener in [&mut plain, &mut jim] {
        listener.hears("dora", "#tea", "from purpose").await;
    }
    talker.hears("dora", "from purpose").await;
    uchat.hears(dora, room, "from purpose").await;
    assert_eq!(plain.say("#tea", "from plain").await, 200);
    jim.hears("plain", "#tea", "from plain").await;
    talker.hears("plain", "from plain").await;
    let sessions = daemon.sessions().await;
    let encrypted: Vec<_> = sessions
        .iter()
        .map(|one| (one.user.login.as_str(), one.encrypted))
        .collect();
    let expected = [
        ("plain", false),
        ("jim", true),
        ("clara", true),
        ("dora", true),
        ("emil", true),
    ];
    assert_eq!(encrypted, expected);
}

#[tokio::test]
async fn required_serves_nothing_plain_and_off_nothing_encrypted() {
    let (daemon, authority) = start("").await;
    let tls = authority.trust();
    let mut jim = Jim::new(daemon.tls("required", &tls).await);
    jim.hello("anna").await;
    let mut plain = Jim::new(daemon.client("required").await);
    plain.write(presence("boris")).await;
    let answer = plain.answer().await;
    assert_eq!(
        (&answer["response"], &answer["error"]),
        (&json!(400), &json!("TLS is required here"))
    );
    plain.end().await;
    let mut talker = daemon.client("talker.required").await;
    talker.send("{\"type\":\"ping\"}").await;
    Talker::new(talker).refused("TLS is required here").await;
    assert!(shake_hands(daemon.address("off"), &tls).await.is_err());
    Jim::new(daemon.client("off").await).hello("clara").await;
    // What begins like neither is the dialect's to answer.
    let mut neither = daemon.client("jim").await;
    neither.send(b"\x16\x02\x01\n").await;
    assert_eq!(Jim::new(neither).code().await, 400);
}

#[tokio::test]
async fn a_handshake_may_come_byte_by_byte() {
    let (daemon, authority) = start("").await;
    for listener in ["jim", "required"] {
        let socket = TcpStream::connect(daemon.address(listener)).await.unwrap();
        socket.set_nodelay(true).unwrap();
        let stream = authority
            .trust()
            .connect(localhost(), Dribbling(socket))
            .await
            .unwrap();
        let mut jim = Jim::new(Client::over(stream));
        jim.hello("slow").await;
        jim.send(json!({"action": "quit", "time": 1}).to_string())
            .await;
        jim.end().await;
    }
}

#[tokio::test]
async fn what_was_received_whole_is_answered_after_either_kind_of_end() {
    let (daemon, authority) = start("").await;
    let mut polite = daemon.tls("jim", &authority.trust()).await;
    let mut hello = presence("anna");
    hello["time"] = json!(1);
    polite.send(hello.to_string()).await;
    polite.finish().await;
    let mut polite = Jim::new(polite);
    assert_eq!(polite.code().await, 200);
    polite.end().await;
    // TCP's end alone, without TLS's.
    let mut stream = shake_hands(daemon.address("jim"), &authority.trust())
        .await
        .unwrap();
    hello["user"]["account_name"] = json!("boris");
    stream
        .write_all(hello.to_string().as_bytes())
        .await
        .unwrap();
    stream.flush().await.unwrap();
    stream.get_mut().0.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("200"), "{answer}");
}

#[tokio::test]
async fn a_stop_is_told_over_tls_and_ends_it_properly() {
    let (daemon, authority) = start("").await;
    let mut jim = Jim::new(daemon.tls("jim", &authority.trust()).await);
    jim.hello("anna").await;
    let mut silent = daemon.client("required").await;
    let mut begun = daemon.client("jim").await;
    begun.send(b"\x16\x03\x01\x02").await;
    // All of them are being served by then.
    let mut last = Jim::new(daemon.tls("jim", &authority.trust()).await);
    last.hello("last").await;
    let stopping = tokio::spawn(daemon.stop());
    assert_eq!(jim.notice(101).await, "Server is shutting down");
    jim.end().await;
    assert!(silent.is_closed().await);
    assert!(begun.is_closed().await);
    drop((jim, last));
    tokio::time::timeout(Duration::from_secs(9), stopping)
        .await
        .unwrap()
        .unwrap();
}

#[cfg(feature = "http")]
#[tokio::test]
async fn a_stop_ends_http_properly_whatever_was_asked() {
    const ASKED: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let (daemon, authority) = start("http.address = '127.0.0.1:0'").await;
    let (address, trust) = (daemon.address("http"), authority.trust());
    let mut connections = Vec::new();
    for said in ["", "GET /he", ASKED, &format!("{ASKED}GET /he")] {
        let mut stream = shake_hands(address, &trust).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while said.starts_with(ASKED) && !answer.ends_with(b"\r\n\r\nok") {
            assert!(stream.read_buf(&mut answer).await.unwrap() > 0);
        }
        connections.push(stream);
    }
    let stopping = tokio::spawn(daemon.stop());
    for mut stream in connections {
        // An end without TLS's own is an error.
        assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0);
    }
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_handshake_that_is_stuck_is_given_up() {
    let (daemon, _authority) = start("limits.login_timeout = '500ms'").await;
    for (listener, bytes) in [
        ("jim", &b"\x16"[..]),
        ("jim", b"\x16\x03"),
        ("required", b"\x16\x03\x01\x02\x00\x01"),
        ("required", b""),
    ] {
        let mut client = daemon.client(listener).await;
        client.send(bytes).await;
        if bytes.len() == 1 {
            // Nobody knows yet that it is none: it is told in plain.
            assert_eq!(Jim::new(client).notice(101).await, "No login in time");
        } else {
            assert!(client.is_closed().await, "{bytes:?}");
        }
    }
}

#[tokio::test]
async fn who_shakes_hands_beyond_the_limit_waits_for_a_turn() {
    let (daemon, authority) = start("limits.handshakes = 2").await;
    let stuck = [daemon.client("jim").await, daemon.client("required").await];
    let mut stuck = stuck.map(Some);
    for client in stuck.iter_mut().flatten() {
        client.send(b"\x16\x03\x01\x02\x00\x01").await;
    }
    // Their turns have begun: who comes in plain later is served after them.
    daemon.guest("plain").await;
    let (address, tls) = (daemon.address("jim"), authority.trust());
    let mut waiting = tokio::spawn(async move { shake_hands(address, &tls).await.unwrap() });
    let early = tokio::time::timeout(Duration::from_millis(300), &mut waiting).await;
    assert!(early.is_err(), "it did not wait");
    stuck[0] = None;
    let stream = tokio::time::timeout(Duration::from_secs(10), waiting)
        .await
        .unwrap()
        .unwrap();
    Jim::new(Client::over(stream)).hello("anna").await;
    // Those who are done hold no place.
    for name in ["b", "c", "d"] {
        Jim::new(daemon.tls("jim", &authority.trust()).await)
            .hello(name)
            .await;
    }
}

#[tokio::test]
async fn who_takes_its_time_to_shake_hands_keeps_nobody_from_elsewhere_waiting() {
    let (daemon, authority) = start("limits.handshakes = 2").await;
    let mut stuck = Vec::new();
    for _ in 0..20 {
        let mut client = from_elsewhere(daemon.address("jim")).await;
        client.send(b"\x16\x03\x01\x02\x00\x01").await;
        stuck.push(client);
    }
    daemon.guest("plain").await;
    Jim::new(daemon.tls("jim", &authority.trust()).await)
        .hello("anna")
        .await;
    // They go on one after the other, each for as long as others wait behind it.
    for client in &mut stuck[..2] {
        assert!(client.is_closed().await);
    }
}

#[tokio::test]
async fn big_frames_pass_both_ways() {
    let (daemon, authority) = start("").await;
    daemon.account("clara").await;
    let mut talker = Talker::new(daemon.tls("talker", &authority.trust()).await);
    talker.enter("clara", "tea").await;
    let content = "😀".repeat(102_400);
    let escaped = "\\ud83d\\ude00".repeat(102_400);
    let mut event = format!("{{\"type\":\"message\",\"content\":\"{escaped}\"");
    event += &" ".repeat(2 * 1024 * 1024 - event.len() - 2);
    event += "}\n";
    for _ in 0..3 {
        talker.send(&event).await;
    }
    for _ in 0..3 {
        talker.hears("clara", &content).await;
    }
}

#[tokio::test]
async fn who_does_not_read_through_tls_is_closed_and_the_others_go_on() {
    let (daemon, authority) = start("limits.queue_bytes = 400000").await;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let socket = socket.connect(daemon.address("talker")).await.unwrap();
    let stream = authority
        .trust()
        .connect(localhost(), socket)
        .await
        .unwrap();
    daemon.account("stuck").await;
    daemon.account("clara").await;
    let mut stuck = Talker::new(Client::over(stream));
    stuck.enter("stuck", "tea").await;
    let mut clara = Talker::new(daemon.tls("talker", &authority.trust()).await);
    clara.enter("clara", "tea").await;
    let content = "x".repeat(50_000);
    let mut said = 0;
    while daemon.sessions().await.len() == 2 {
        clara.say(&content).await;
        clara.hears("clara", &content).await;
        said += 1;
        assert!(said < 1000, "nobody was given up");
    }
    // What was begun is whole, then the reason, then a proper end.
    let rest = stuck.rest().await;
    let (last, heard) = rest.split_last().unwrap();
    assert!(
        last["message"].as_str().unwrap().starts_with("Too slow"),
        "{last}"
    );
    assert!(heard.len() < said, "{} of {said}", heard.len());
}

#[tokio::test]
async fn who_vanishes_amid_a_record_keeps_nobody_up() {
    let (daemon, authority) = start("limits.queue_bytes = 400000").await;
    let address = daemon.address("talker");
    daemon.account("gone").await;
    daemon.account("clara").await;
    let stream = shake_hands(address, &authority.trust()).await.unwrap();
    let mut gone = Talker::new(Client::over(stream));
    gone.enter("gone", "tea").await;
    let mut clara = daemon.talker_in("clara", "tea").await;
    let content = "x".repeat(100_000);
    // More than the sockets hold, less than would have it closed.
    for _ in 0..30 {
        clara.said(&content).await;
        if daemon.sessions().await.len() < 2 {
            break;
        }
    }
    drop(gone);
    clara.sees("idle", "gone").await;
    clara.said("still here").await;
    drop(clara);
    tokio::time::timeout(Duration::from_secs(20), daemon.stop())
        .await
        .unwrap();
}

#[tokio::test]
async fn an_event_of_talker_is_a_record_of_its_own() {
    let (daemon, authority) = start("").await;
    daemon.account("clara").await;
    let mut other = daemon.guest_in("other", "#tea").await;
    let address = daemon.address("talker");
    let config = Arc::new(client_config(&authority.path("ca.pem"), None));
    let connect = format!(
        "{{\"type\":\"connect\",\"room\":\"tea\",\"token\":\"{}\"}}\n",
        token("clara")
    );
    let (entered, has_entered) = tokio::sync::oneshot::channel();
    let reading = tokio::task::spawn_blocking(move || {
        let socket = BlockingStream::connect(address).unwrap();
        let session = rustls::ClientConnection::new(config, localhost()).unwrap();
        let mut stream = rustls::StreamOwned::new(session, Records::new(socket));
        std::io::Write::write_all(&mut stream, connect.as_bytes()).unwrap();
        let mut entered = Some(entered);
        let mut events = Vec::new();
        while events.len() < 12 {
            let mut event = vec![0; 65536];
            let count = stream.read(&mut event).unwrap();
            events.push(String::from_utf8(event[..count].to_vec()).unwrap());
            if events.len() == 2 {
                entered.take().unwrap().send(()).unwrap();
            }
        }
        events
    });
    has_entered.await.unwrap();
    // Many at once, so that several are ready together.
    let mut all = String::new();
    for number in 0..10 {
        let mut msg = other.msg("#tea", &format!("{number}"));
        msg["time"] = json!(1);
        all += &msg.to_string();
    }
    other.send(all).await;
    for event in reading.await.unwrap() {
        let parsed: serde_json::Value = serde_json::from_str(&event).unwrap();
        assert!(parsed.is_object() && event.ends_with('\n'), "{event}");
    }
}

#[tokio::test]
async fn clients_may_have_to_show_a_certificate() {
    let strangers = Authority::new();
    strangers.vouch("stranger", 4096);
    for mode in ["optional", "required"] {
        let authority = Authority::new();
        authority.vouch("client", 4096);
        let ca = authority.path("ca.pem");
        let more = format!(
            "{}tls.client_ca = {ca:?}\ntls.client = '{mode}'",
            authority.config()
        );
        let daemon = Daemon::start(&more).await;
        Jim::new(daemon.tls("jim", &authority.trust_as("client")).await)
            .hello("known")
            .await;
        let wrong = connector(&ca, Some(&strangers.path("stranger")));
        assert!(is_refused(&daemon, &wrong).await, "{mode}");
        let without = is_refused(&daemon, &authority.trust()).await;
        assert_eq!(without, mode == "required");
    }
}

/// TLS 1.3 tells a client of it only after its own part of the handshake.
async fn is_refused(daemon: &Daemon, connector: &tokio_rustls::TlsConnector) -> bool {
    let Ok(mut stream) = shake_hands(daemon.address("jim"), connector).await else {
        return true;
    };
    let mut hello = presence("somebody");
    hello["time"] = json!(1);
    if stream
        .write_all(hello.to_string().as_bytes())
        .await
        .is_err()
    {
        return true;
    }
    stream.read_u8().await.is_err()
}

#[tokio::test]
async fn tls_may_follow_a_balancers_header() {
    let (daemon, authority) = start("").await;
    let mut socket = TcpStream::connect(daemon.address("behind")).await.unwrap();
    socket
        .write_all(b"PROXY TCP4 192.0.2.7 127.0.0.1 9 9\r\n")
        .await
        .unwrap();
    let stream = authority
        .trust()
        .connect(localhost(), socket)
        .await
        .unwrap();
    let mut jim = Jim::new(Client::over(stream));
    jim.hello("anna").await;
    let session = daemon.sessions().await.remove(0);
    assert_eq!(
        (session.address.as_str(), session.encrypted),
        ("192.0.2.7", true)
    );
}
