//! uchat: files that come in.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::transfer::{content, listed, told_of, upload};
use crate::support::uchat::{DEL_MSG, READY_READ};
use crate::support::{Daemon, Uchat, token};

/// Anna, who owns the room "Tea".
async fn anna(daemon: &Daemon) -> (Uchat, i32) {
    let mut anna = daemon.uchat_new("anna").await;
    let tea = anna.new_room("Tea", 1).await;
    (anna, tea)
}

#[tokio::test]
async fn a_file_is_posted_stored_under_a_name_of_its_own_and_fetched_again() {
    let daemon = Daemon::start("").await;
    let (mut anna, tea) = anna(&daemon).await;
    let mut boris = daemon.uchat_new("boris").await;
    boris.join(tea).await;
    anna.event(21).await;
    for (n, size) in [1, 100, 65_536, 300_001].into_iter().enumerate() {
        let bytes = content(size, 7);
        daemon.upload("boris", tea, "my cat.JPG", &bytes).await;
        let (message, stored) = told_of(&mut anna, tea, "my cat.JPG", size).await;
        assert_eq!(
            told_of(&mut boris, tea, "my cat.JPG", size).await,
            (message, stored.clone())
        );
        assert!(listed(&daemon.area()).contains(&format!("{tea}/{stored}")));
        assert!(!stored.contains("cat"), "{stored}");
        let (name, again) = daemon.download("anna", tea, message).await;
        assert_eq!(name, "my cat.JPG");
        assert!(again == bytes, "another content of {size} bytes");
        assert_eq!(listed(&daemon.area()).len(), 2 + n);
        // The history has the same object.
        assert_eq!(anna.newer(tea, 0, 1).await[0]["message"], stored);
    }
}

#[tokio::test]
async fn a_file_without_bytes_is_a_file() {
    let daemon = Daemon::start("").await;
    let (mut anna, tea) = anna(&daemon).await;
    daemon.upload("anna", tea, "nothing", b"").await;
    let (message, _) = told_of(&mut anna, tea, "nothing", 0).await;
    let (name, bytes) = daemon.download("anna", tea, message).await;
    assert_eq!((name.as_str(), bytes.len()), ("nothing", 0));
}

#[tokio::test]
async fn the_sending_side_may_be_closed_and_more_bytes_than_said_are_not_taken() {
    let daemon = Daemon::start("").await;
    let (mut anna, tea) = anna(&daemon).await;
    let mut client = daemon.for_file().await;
    client
        .begin_upload(upload(&token("anna"), tea, "a", 5))
        .await;
    client.send("hello").await;
    client.finish().await;
    client.end().await;
    let (message, _) = told_of(&mut anna, tea, "a", 5).await;
    assert_eq!(daemon.download("anna", tea, message).await.1, b"hello");
    // All in one write, the request too; "the document has both ends say it".
    let mut client = daemon.for_file().await;
    let request = upload(&token("anna"), tea, "b", 5);
    client
        .send(format!("{request}\nhello, and more\n{{\"type\":11}}\n"))
        .await;
    assert_eq!(client.next().await, json!({"type": READY_READ}));
    client.end().await;
    let (message, _) = told_of(&mut anna, tea, "b", 5).await;
    assert_eq!(daemon.download("anna", tea, message).await.1, b"hello");
    anna.hears_nothing().await;
}

#[tokio::test]
async fn an_upload_that_is_cut_anywhere_leaves_nothing() {
    let daemon = Daemon::start("").await;
    let (mut anna, tea) = anna(&daemon).await;
    let bytes = content(100_000, 3);
    for sent in [0, 1, 50_000, 99_999] {
        for politely in [true, false] {
            let mut client = daemon.for_file().await;
            client
                .begin_upload(upload(&token("anna"), tea, "cut", bytes.len()))
                .await;
            client.send(&bytes[..sent]).await;
            if politely {
                client.finish().await;
                client.error(5).await;
                client.end().await;
            }
            drop(client);
            daemon.until_listed(&[]).await;
        }
    }
    let request = upload(&token("anna"), tea, "cut", 9).to_string();
    for cut in [0, 1, request.len() / 2, request.len() - 1] {
        let mut client = daemon.for_file().await;
        client.send(&request[..cut]).await;
        client.finish().await;
        if cut > 0 {
            client.error(5).await;
        }
        client.end().await;
    }
    daemon.until_listed(&[]).await;
    anna.hears_nothing().await;
    assert_eq!(anna.newer(tea, 0, 10).await, [] as [Value; 0]);
}

#[tokio::test]
async fn two_files_of_one_name_at_once_are_two_files() {
    let daemon = Daemon::start("").await;
    let (mut anna, tea) = anna(&daemon).await;
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut client = daemon.for_file().await;
        client
            .begin_upload(upload(&token("anna"), tea, "same.txt", 3))
            .await;
        client.send("1").await;
        clients.push(client);
    }
    for (client, rest) in clients.iter_mut().zip(["aa", "bb"]) {
        client.send(rest).await;
        client.end().await;
    }
    for expected in ["1aa", "1bb"] {
        let (message, _) = told_of(&mut anna, tea, "same.txt", 3).await;
        assert_eq!(
            daemon.download("anna", tea, message).await.1,
            expected.as_bytes()
        );
    }
    // And while another is deleted again and again from under the directory that it wants to go to.
    for _ in 0..30 {
        daemon.upload("anna", tea, "x", b"x").await;
        let (message, _) = told_of(&mut anna, tea, "x", 1).await;
        let request = json!({"type": DEL_MSG, "room_id": tea, "msg_id": message});
        assert_eq!(anna.ask(request.clone()).await, request);
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_is_not_cut_by_the_login_timeout_but_by_30_s_of_silence() {
    let daemon = Daemon::start("limits.login_timeout = '40s'").await;
    let mut anna = Uchat::new(
        daemon
            .memory("uchat", 65536)
            .patient(Duration::from_secs(9999)),
    );
    daemon.account("anna").await;
    anna.by_token("anna").await;
    let tea = anna.new_room("Tea", 1).await;
    let mut client = Uchat::new(
        daemon
            .memory("uchat", 65536)
            .patient(Duration::from_secs(9999)),
    );
    client
        .begin_upload(upload(&token("anna"), tea, "slow", 11))
        .await;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_secs(29)).await;
        client.send("x").await;
    }
    let silent = Instant::now();
    client.error(5).await;
    client.end().await;
    assert_eq!(silent.elapsed().as_secs(), 30);
    anna.hears_nothing().await;
    assert_eq!(listed(&daemon.area()), [] as [&str; 0]);
}
