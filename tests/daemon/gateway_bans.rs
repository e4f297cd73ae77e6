//! Who is banned from the whole gateway, in each dialect's words.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tolmach::commands;
use tolmach::model::BanSubject;

use crate::support::{Daemon, PASSWORD, authenticate, token};

async fn connect_from_elsewhere(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    socket.connect(address).await.unwrap()
}

/// All that a connection from 127.0.0.2 is told until the gateway closes it, without a word of its own.
async fn from_elsewhere(address: SocketAddr) -> Vec<u8> {
    let mut stream = connect_from_elsewhere(address).await;
    let mut told = Vec::new();
    let read = stream.read_to_end(&mut told);
    tokio::time::timeout(Duration::from_secs(20), read)
        .await
        .expect("closed")
        .unwrap();
    told
}

async fn ban(daemon: &Daemon, subject: BanSubject) -> usize {
    let command = commands::AddBan {
        subject,
        term: None,
        reason: "spam".to_owned(),
    };
    daemon.hub().operate(command).await.unwrap().ended
}

#[tokio::test]
async fn a_connection_from_a_banned_network_is_told_and_closed() {
    let daemon = Daemon::start("").await;
    let network = BanSubject::Network("127.0.0.2/31".parse().unwrap());
    assert_eq!(ban(&daemon, network.clone()).await, 0);
    let said = |bytes: Vec<u8>| serde_json::from_slice::<Value>(&bytes).unwrap();
    let why = "Connections from your address are refused";
    let jim = said(from_elsewhere(daemon.address("jim")).await);
    assert_eq!(
        (&jim["response"], &jim["error"]),
        (&json!(403), &json!(why))
    );
    let talker = said(from_elsewhere(daemon.address("talker")).await);
    assert_eq!(talker, json!({"type": "error", "message": why}));
    let uchat = said(from_elsewhere(daemon.address("uchat")).await);
    assert_eq!(uchat, json!({"type": 9, "error_code": 3, "msg": why}));
    for revision in ["purpose.1", "purpose.2"] {
        // DISCONNECT.
        let told = from_elsewhere(daemon.address(revision)).await;
        assert_eq!(told, [0, 0, 0, 0, 3, 0], "{revision}");
    }
    // This address is another one.
    daemon.guest("boris").await;
    let lift = commands::RemoveBan { subject: network };
    daemon.hub().operate(lift).await.unwrap();
    let mut stream = connect_from_elsewhere(daemon.address("jim")).await;
    let hello = crate::support::presence("trent").to_string();
    let hello = hello.replacen('{', "{\"time\":1,", 1);
    stream.write_all(hello.as_bytes()).await.unwrap();
    let mut answer = vec![0; 15];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"{\"response\":200");
}

#[tokio::test]
async fn a_banned_login_is_told_why_and_its_sessions_end() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut anna = daemon.authenticated("anna").await;
    assert_eq!(ban(&daemon, BanSubject::Login("anna".into())).await, 1);
    anna.notice(101).await;
    let mut again = daemon.jim().await;
    let refused = again.expect(403, authenticate("anna", PASSWORD)).await;
    let why = "not allowed: you are banned from this gateway: spam";
    assert_eq!(refused["error"], why);
    // The connection may be somebody else's.
    again.hello("boris").await;
    let mut talker = daemon.talker().await;
    let connect = json!({"type": "connect", "room": "lobby", "token": token("anna")});
    talker.write(connect).await;
    assert_eq!(talker.event("error").await["message"], why);
    talker.end().await;
    let mut uchat = daemon.client("uchat").await;
    uchat
        .send(format!("{}\n", json!({"type": 2, "token": token("anna")})))
        .await;
    let told = uchat.next().await;
    assert_eq!(told, json!({"type": 9, "error_code": 3, "msg": why}));
}
