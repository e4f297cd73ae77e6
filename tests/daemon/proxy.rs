//! "From these addresses a PROXY protocol header is awaited first, and its address counts everywhere; without one, or from
//! anybody else, the connection is closed."

use std::time::Duration;

use serde_json::json;

use crate::support::{Daemon, Jim, presence};

/// A second JIM listener behind a balancer on this machine.
const BEHIND: &str = "[[listener]]\ndialect = 'jim'\nname = 'behind'\naddress = '127.0.0.1:0'\nproxy = ['10.0.0.0/8', '127.0.0.1']";

/// Version 2: from 192.0.2.7, port 9, with three bytes of something else.
pub(crate) const BINARY: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xc0\0\x02\x07\x7f\0\0\x01\0\x09\0\x09\x04\0\0";

async fn behind(daemon: &Daemon, header: impl AsRef<[u8]>) -> Jim {
    let mut client = daemon.client("behind").await;
    client.send(header).await;
    Jim::new(client)
}

async fn addresses(daemon: &Daemon) -> Vec<String> {
    let sessions = daemon.sessions().await;
    sessions
        .into_iter()
        .map(|session| session.address)
        .collect()
}

#[tokio::test]
async fn the_address_of_a_header_is_the_connections() {
    let daemon = Daemon::start(BEHIND).await;
    let text = "PROXY TCP6 2001:db8::7 ::1 9 9\r\n";
    let unknown = "PROXY UNKNOWN\r\n";
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    let mut all = Vec::new();
    for (name, header) in [
        ("a", BINARY),
        ("b", text.as_bytes()),
        ("c", unknown.as_bytes()),
        ("d", local),
    ] {
        let mut jim = behind(&daemon, header).await;
        jim.hello(name).await;
        all.push(jim);
    }
    let expected = ["192.0.2.7", "2001:db8::7", "127.0.0.1", "127.0.0.1"];
    assert_eq!(addresses(&daemon).await, expected);
    // The header and what follows may come in one piece.
    let mut hello = presence("e");
    hello["time"] = json!(1);
    let glued = [BINARY, hello.to_string().as_bytes()].concat();
    assert_eq!(behind(&daemon, glued).await.code().await, 200);
}

#[tokio::test]
async fn a_header_may_come_byte_by_byte() {
    let daemon = Daemon::start(BEHIND).await;
    for header in [BINARY, b"PROXY TCP4 192.0.2.7 127.0.0.1 9 9\r\n"] {
        let mut client = daemon.client("behind").await;
        for byte in header {
            client.send([*byte]).await;
            tokio::task::yield_now().await;
        }
        let mut jim = Jim::new(client);
        jim.hello("slow").await;
        assert_eq!(addresses(&daemon).await, ["192.0.2.7"]);
        jim.send(json!({"action": "quit", "time": 1}).to_string())
            .await;
        jim.end().await;
        while !addresses(&daemon).await.is_empty() {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn its_limits_are_those_of_the_address() {
    let more = format!("limits.connections_per_address = 1\n{BEHIND}");
    let daemon = Daemon::start(&more).await;
    let from = |last: u8| format!("PROXY TCP4 192.0.2.{last} 127.0.0.1 9 9\r\n");
    let mut first = behind(&daemon, from(1)).await;
    first.hello("anna").await;
    let mut other = behind(&daemon, from(2)).await;
    other.hello("boris").await;
    let mut second = behind(&daemon, from(1)).await;
    assert_eq!(second.code().await, 503);
    second.end().await;
    // Of IPv6 all that one household has counts as one.
    let from = |address: &str| format!("PROXY TCP6 {address} ::1 9 9\r\n");
    let mut first = behind(&daemon, from("2001:db8::1")).await;
    first.hello("clara").await;
    let mut second = behind(&daemon, from("2001:db8::ffff:2")).await;
    assert_eq!(second.code().await, 503);
    let mut other = behind(&daemon, from("2001:db8:0:1::1")).await;
    other.hello("dora").await;
}

#[tokio::test]
async fn a_balancers_connection_without_a_header_is_closed() {
    let more = format!("limits.login_timeout = '500ms'\n{BEHIND}");
    let daemon = Daemon::start(&more).await;
    for bytes in [
        presence("anna").to_string().into_bytes(),
        b"PROXY TCP4 192.0.2.7\r\n".to_vec(),
        format!("PROXY TCP4 {}", "1".repeat(500)).into_bytes(),
        // Silence, and what never becomes whole.
        Vec::new(),
        b"PROXY TCP4 192.0.2.7 127".to_vec(),
        BINARY[..20].to_vec(),
    ] {
        let mut client = daemon.client("behind").await;
        client.try_send(&bytes).await;
        assert!(client.is_closed().await);
    }
    assert!(addresses(&daemon).await.is_empty());
}

#[tokio::test]
async fn a_header_of_anybody_else_closes_the_connection() {
    let more = BEHIND.replace(", '127.0.0.1'", "");
    let daemon = Daemon::start(&more).await;
    for header in [BINARY, b"PROXY TCP4 192.0.2.7 127.0.0.1 9 9\r\n"] {
        let mut client = daemon.client("behind").await;
        client.try_send(header).await;
        assert!(client.is_closed().await);
    }
    // Who sends none is served, however its first bytes are cut; "PROXY" may be what it has to say.
    let mut jim = Jim::new(daemon.client("behind").await);
    jim.hello("anna").await;
    assert_eq!(addresses(&daemon).await, ["127.0.0.1"]);
    let mut client = daemon.client("behind").await;
    client.send("PRO").await;
    client.finish().await;
    assert_eq!(Jim::new(client).code().await, 400);
}

#[tokio::test]
async fn who_awaits_a_header_does_not_delay_the_stop() {
    let daemon = Daemon::start(BEHIND).await;
    let mut client = daemon.client("behind").await;
    // Accepted by then.
    behind(&daemon, BINARY).await.hello("anna").await;
    tokio::time::timeout(Duration::from_secs(8), daemon.stop())
        .await
        .unwrap();
    assert!(client.is_closed().await);
}
