//! The gateway stops: each client is told in its dialect's words, and closed.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::net::TcpStream;

use crate::support::{Client, Daemon, PATIENCE, authenticate};

#[tokio::test]
async fn every_client_is_told_and_closed() {
    let daemon = Daemon::start("").await;
    daemon.account("clara").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut clara = daemon.talker_in("clara", "tea").await;
    let mut stranger = daemon.jim().await;
    stranger.expect(400, json!({"action": "probe"})).await;
    let mut silent = daemon.talker().await;
    // It is being served by then.
    silent.send("{").await;
    let address = daemon.address("jim");
    let stopping = tokio::spawn(daemon.stop());
    assert_eq!(anna.notice(101).await, "Server is shutting down");
    anna.end().await;
    // Who goes before it may be seen to go.
    let mut last = clara.rest().await;
    assert_eq!(
        last.pop().unwrap(),
        json!({"type": "error", "message": "Server is shutting down"})
    );
    assert!(
        last.iter().all(|event| event["type"] == "leave"),
        "{last:?}"
    );
    stranger.notice(101).await;
    stranger.end().await;
    silent.refused("Server is shutting down").await;
    drop((anna, clara, stranger, silent));
    tokio::time::timeout(PATIENCE, stopping)
        .await
        .unwrap()
        .unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn what_is_under_way_is_answered_first() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut anna = daemon.jim().await;
    anna.expect(400, json!({"action": "probe"})).await;
    let mut request = authenticate("anna", "wrong");
    request["time"] = json!(1);
    anna.send(request.to_string()).await;
    // The password is being checked, or will be.
    let stopping = tokio::spawn(daemon.stop());
    let mut codes = vec![anna.code().await];
    if codes[0] != 101 {
        codes.push(anna.code().await);
    }
    assert!(codes == [402, 101] || codes == [101], "{codes:?}");
    anna.end().await;
    drop(anna);
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_client_that_does_not_read_delays_the_stop_by_the_grace_at_most() {
    let daemon = Daemon::start("shutdown.grace = '1s'\nlimits.requests_per_second = 0").await;
    let (_reader, mut writer) = tokio::io::split(daemon.duplex("jim", 1024));
    let request = json!({"action": "probe", "time": 1}).to_string();
    let stuck = async {
        loop {
            tokio::io::AsyncWriteExt::write_all(&mut writer, request.as_bytes())
                .await
                .unwrap();
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_millis(500), stuck)
            .await
            .is_err()
    );
    let begun = Instant::now();
    daemon.stop().await;
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn the_data_directory_and_the_ports_are_free_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let daemon = Daemon::on_disk(dir.path(), "").await;
        let mut client = Client::tcp(daemon.address("talker")).await;
        client.send("{\"type\":\"ping\"}").await;
        assert!(client.line().await.is_some());
        drop(client);
        daemon.stop().await;
    }
}
