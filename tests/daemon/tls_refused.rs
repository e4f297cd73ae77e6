//! One connection too many that speaks TLS: it is told so through TLS, however slow it is, and none of them stays for long.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::tls::{Authority, shake_hands};
use crate::support::{Client, Daemon, Jim};

/// JIM listeners that take TLS and plain, and TLS alone; one connection is all that there may be.
async fn start() -> (Daemon, Authority) {
    let authority = Authority::new();
    let more = "limits.connections = 1\n\
        [[listener]]\ndialect = 'jim'\nname = 'required'\naddress = '127.0.0.1:0'\ntls = 'required'\n";
    let daemon = Daemon::start(&format!("{}{more}", authority.config())).await;
    (daemon, authority)
}

#[tokio::test]
async fn a_connection_too_many_is_told_over_tls() {
    let (daemon, authority) = start().await;
    let _first = daemon.guest("anna").await;
    for listener in ["jim", "required"] {
        let mut second = Jim::new(daemon.tls(listener, &authority.trust()).await);
        assert_eq!(second.code().await, 503);
        second.end().await;
    }
}

/// Whatever a client sends arrives so late.
const SLOWLY: Duration = Duration::from_millis(600);

/// The address of a slow way to another one.
async fn slow_way(to: SocketAddr) -> SocketAddr {
    let entry = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = entry.local_addr().unwrap();
    tokio::spawn(async move {
        let (client, _) = entry.accept().await.unwrap();
        let server = TcpStream::connect(to).await.unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let back = tokio::io::copy(&mut from_server, &mut to_client);
        let forth = async {
            let mut bytes = BytesMut::new();
            while from_client.read_buf(&mut bytes).await? > 0 {
                tokio::time::sleep(SLOWLY).await;
                to_server.write_all(&bytes.split()).await?;
            }
            to_server.shutdown().await
        };
        // An end in either direction is for the client to judge.
        let _ = tokio::join!(back, forth);
    });
    address
}

#[tokio::test]
async fn who_is_slow_is_told_over_tls_that_it_is_too_many() {
    let (daemon, authority) = start().await;
    let _first = daemon.guest("anna").await;
    for listener in ["jim", "required"] {
        let way = slow_way(daemon.address(listener)).await;
        let stream = shake_hands(way, &authority.trust()).await.unwrap();
        let mut second = Jim::new(Client::over(stream));
        assert_eq!(second.code().await, 503, "{listener}");
        second.end().await;
    }
}

#[tokio::test]
async fn of_many_that_shake_hands_for_ever_few_are_refused_at_once_and_none_for_long() {
    const AT_ONCE: usize = 64;
    let (daemon, authority) = start().await;
    let _first = daemon.guest("anna").await;
    let begun = Instant::now();
    let mut stuck = Vec::new();
    for _ in 0..3 * AT_ONCE {
        let mut client = daemon.client("jim").await;
        client.send(b"\x16\x03\x01\x02\x00\x01").await;
        stuck.push(client);
    }
    for client in &mut stuck[..2 * AT_ONCE] {
        assert!(client.is_closed().await);
    }
    let early = begun.elapsed();
    // None of them keeps another from being told.
    let mut polite = Jim::new(daemon.tls("jim", &authority.trust()).await);
    assert_eq!(polite.code().await, 503);
    polite.end().await;
    for client in &mut stuck[2 * AT_ONCE..] {
        assert!(client.is_closed().await);
    }
    let all = begun.elapsed();
    let few = Duration::from_secs(5);
    assert!(early < few && few <= all, "{early:?}, {all:?}");
}
