//! `http.proxy`: as at every listener, a balancer's connection begins with a PROXY header, and the address in it counts.

use std::time::Duration;

use serde_json::json;
use tolmach::commands;
use tolmach::model::BanSubject;

use super::{Http, Socket};
use crate::proxy::BINARY;
use crate::support::{Daemon, token, uchat};

/// HTTP behind a balancer on this machine.
const BEHIND: &str = "http.address = '127.0.0.1:0'\nhttp.proxy = ['10.0.0.0/8', '127.0.0.1']";

/// A header of version 1.
fn from(address: &str) -> String {
    let family = if address.contains(':') { "6" } else { "4" };
    format!("PROXY TCP{family} {address} {address} 9 9\r\n")
}

async fn behind(daemon: &Daemon, header: impl AsRef<[u8]>) -> Http {
    let mut http = Http::connect(daemon).await;
    http.send(header.as_ref()).await;
    http
}

/// Whether it is closed without a word, long before the headers of a request would be late.
async fn is_closed(mut http: Http) -> bool {
    let rest = tokio::time::timeout(Duration::from_secs(5), http.rest());
    rest.await.is_ok_and(|rest| rest.is_empty())
}

#[tokio::test]
async fn the_address_of_a_header_is_that_of_who_asks() {
    let daemon = Daemon::start(BEHIND).await;
    let logins = ["anna", "boris", "clara", "dora"];
    for login in logins {
        daemon.account(login).await;
    }
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    let mut all = Vec::new();
    let later = from("2001:db8::7");
    let headers = [BINARY, later.as_bytes(), b"PROXY UNKNOWN\r\n", local];
    for (login, header) in logins.into_iter().zip(headers) {
        let stream = behind(&daemon, header).await.into_stream();
        let url = format!("ws://{}/ws/uchat", daemon.address("http"));
        let mut socket = Socket::over(stream, url).await.unwrap();
        let login = json!({"type": uchat::TOKEN, "token": token(login)});
        socket.send(login.to_string()).await;
        socket.next().await;
        // What it asks by HTTP, too.
        let mut http = behind(&daemon, header).await;
        let listening = ["Authorization: Bearer token-anna"];
        http.request("GET", "/api/v1/events", &listening, None)
            .await;
        assert_eq!(http.head().await.0, 200);
        all.push((socket, http));
    }
    let mut sessions = daemon.sessions().await;
    sessions.sort_by_key(|session| session.dialect.clone());
    let addresses = sessions.iter().map(|session| &*session.address);
    let expected = ["192.0.2.7", "2001:db8::7", "127.0.0.1", "127.0.0.1"];
    assert_eq!(addresses.collect::<Vec<_>>(), [expected, expected].concat());
}

#[tokio::test]
async fn its_limits_and_bans_are_those_of_the_address() {
    let more = format!("limits.connections_per_address = 2\nlimits.failed_logins = 1\n{BEHIND}");
    let daemon = Daemon::start(&more).await;
    daemon.account("anna").await;
    let mut first = behind(&daemon, from("192.0.2.1")).await;
    let mut second = behind(&daemon, from("192.0.2.1")).await;
    let mut other = behind(&daemon, from("192.0.2.2")).await;
    for http in [&mut first, &mut second, &mut other] {
        assert_eq!(http.get("/healthz", &[]).await.status, 200);
    }
    let mut third = behind(&daemon, from("192.0.2.1")).await;
    let answer = third.answer(false).await;
    assert_eq!((answer.status, &*answer.problem()), (503, "Unavailable"));
    // Attempts are an address's, too.
    let wrong = json!({"login": "anna", "password": "wrong"}).to_string();
    let header = ["Content-Type: application/json"];
    for (http, status) in [(&mut first, 401), (&mut second, 429), (&mut other, 401)] {
        let body = Some(wrong.as_bytes());
        let answer = http.ask("POST", "/api/v1/login", &header, body).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    let ban = commands::AddBan {
        subject: BanSubject::Network("192.0.2.1".parse().unwrap()),
        term: None,
        reason: String::new(),
    };
    daemon.operate(ban).await;
    let token = ["Authorization: Bearer token-anna"];
    for (http, status) in [(&mut first, 403), (&mut other, 200)] {
        assert_eq!(http.get("/api/v1/me", &token).await.status, status);
    }
    drop((second, third));
    let mut banned = behind(&daemon, from("192.0.2.1")).await;
    let answer = banned.answer(false).await;
    assert_eq!((answer.status, &*answer.problem()), (403, "Banned"));
}

#[tokio::test]
async fn a_header_may_come_byte_by_byte_and_the_request_with_it() {
    let daemon = Daemon::start(BEHIND).await;
    let request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    for header in [BINARY, from("192.0.2.7").as_bytes()] {
        let bytes = [header, request].concat();
        let mut glued = behind(&daemon, &bytes).await;
        assert_eq!(glued.answer(false).await.status, 200);
        let mut slow = Http::connect(&daemon).await;
        for byte in bytes {
            slow.send(&[byte]).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(slow.answer(false).await.status, 200);
    }
}

#[tokio::test]
async fn a_balancers_connection_without_a_header_is_closed() {
    let more = format!("limits.login_timeout = '500ms'\n{BEHIND}");
    let daemon = Daemon::start(&more).await;
    for bytes in [
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        &b"PROXY TCP4 192.0.2.7\r\n"[..],
        // Silence, and what never becomes whole.
        b"",
        b"PROXY TCP4 192.0.2.7 127",
        &BINARY[..20],
    ] {
        assert!(is_closed(behind(&daemon, bytes).await).await, "{bytes:?}");
    }
}

#[tokio::test]
async fn a_header_of_anybody_else_closes_the_connection() {
    for networks in ["'10.0.0.0/8'", ""] {
        let more = format!("http.address = '127.0.0.1:0'\nhttp.proxy = [{networks}]");
        let daemon = Daemon::start(&more).await;
        for header in [BINARY, from("192.0.2.7").as_bytes()] {
            let mut http = behind(&daemon, header).await;
            match networks {
                // Nobody may have one: it is no HTTP.
                "" => assert_eq!(http.answer(false).await.status, 400),
                _ => assert!(is_closed(http).await),
            }
        }
        // Who sends none is served, however its first bytes are cut.
        let mut http = behind(&daemon, "P").await;
        http.send(b"UT /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert_eq!(http.answer(false).await.status, 405);
    }
}

#[tokio::test]
async fn a_reload_is_for_those_who_come_later() {
    let before = "http.address = '127.0.0.1:0'";
    let (daemon, written) = Daemon::reloadable(before).await;
    let mut direct = Http::connect(&daemon).await;
    assert_eq!(direct.get("/healthz", &[]).await.status, 200);
    let changes = daemon.reload(&written, BEHIND).await.unwrap();
    assert_eq!(
        changes,
        ["http.proxy: [] -> [\"10.0.0.0/8\", \"127.0.0.1\"]"]
    );
    assert_eq!(direct.get("/healthz", &[]).await.status, 200);
    let mut later = behind(&daemon, from("192.0.2.7")).await;
    assert_eq!(later.get("/healthz", &[]).await.status, 200);
    let bare = behind(&daemon, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(is_closed(bare).await);
    daemon.reload(&written, before).await.unwrap();
    let mut direct = Http::connect(&daemon).await;
    assert_eq!(direct.get("/healthz", &[]).await.status, 200);
}
