//! uchat: files that go out.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use tolmach::commands;
use tolmach::model::{RoomId, RoomSelector};

use crate::support::transfer::{content, download};
use crate::support::uchat::{
    BAN_MEMBER, DEL_MSG, DOWNLOAD_FILE, GET_ROOMS, MSG, READY_READ, number,
};
use crate::support::{Daemon, Uchat, token, user};

/// Anna, her room, and a file of so many bytes in it.
async fn with_file(daemon: &Daemon, bytes: &[u8]) -> (Uchat, i32, i32) {
    let mut anna = daemon.uchat_new("anna").await;
    let tea = anna.new_room("Tea", 1).await;
    daemon.upload("anna", tea, "cat.png", bytes).await;
    let message = number(&anna.event(MSG).await["message_id"]);
    (anna, tea, message)
}

#[tokio::test]
async fn what_is_no_file_of_ones_own_room_is_not_sent() {
    let daemon = Daemon::start("").await;
    let (mut anna, tea, file) = with_file(&daemon, b"content").await;
    let text = anna.said(tea, "just words").await;
    let other = anna.new_room("other", 1).await;
    let secret = anna.new_room("secret", 0).await;
    for login in ["boris", "clara"] {
        daemon.account(login).await;
    }
    let room = RoomSelector::Id(RoomId(tea));
    daemon
        .operate(commands::Ban {
            room,
            user: user("clara"),
        })
        .await;
    anna.event(BAN_MEMBER).await;
    daemon.upload("anna", tea, "gone", b"gone").await;
    let deleted = number(&anna.event(MSG).await["message_id"]);
    anna.ask(json!({"type": DEL_MSG, "room_id": tea, "msg_id": deleted}))
        .await;
    let own = token("anna");
    for (code, request) in [
        (4, download(&own, tea, text)),
        (4, download(&own, tea, deleted)),
        (4, download(&own, tea, 999_999)),
        (4, download(&own, other, file)),
        (4, download(&own, secret, file)),
        (4, download(&own, 999_999, file)),
        (3, download(&token("boris"), tea, file)),
        (4, download(&token("boris"), secret, file)),
        (3, download(&token("clara"), tea, file)),
        (0, download("nothing", tea, file)),
    ] {
        let mut client = daemon.for_file().await;
        client.turned_away(code, request).await;
    }
    anna.hears_nothing().await;
    // Nor over a connection that is not for files.
    anna.turned_away(5, download(&own, tea, file)).await;
    assert_eq!(daemon.download("anna", tea, file).await.1, b"content");
}

#[tokio::test]
async fn nothing_is_sent_before_the_client_is_ready() {
    let daemon = Daemon::start("").await;
    let (_anna, tea, file) = with_file(&daemon, b"content").await;
    let request = download(&token("anna"), tea, file);
    // Something else than that it is ready.
    for other in [
        json!({"type": GET_ROOMS, "date": 0}),
        request.clone(),
        json!({"type": MSG}),
    ] {
        let mut client = daemon.for_file().await;
        let offer = client.answer(request.clone()).await;
        assert_eq!(
            offer,
            json!({"type": DOWNLOAD_FILE, "size": 7, "name": "cat.png"})
        );
        client.turned_away(5, other).await;
    }
    // It hangs up.
    let mut client = daemon.for_file().await;
    client.begin_download(request.clone()).await;
    client.finish().await;
    client.end().await;
    // It is ready in the same breath, and says no more.
    let mut client = daemon.for_file().await;
    client
        .send(format!("{request}\n{}", json!({"type": READY_READ})))
        .await;
    client.finish().await;
    client.event(DOWNLOAD_FILE).await;
    assert_eq!(client.bytes(7).await.unwrap(), b"content");
    client.end().await;
    // Out of nothing it means nothing.
    let mut anna = daemon.uchat().await;
    anna.refused(0, json!({"type": READY_READ})).await;
}

#[tokio::test]
async fn a_file_that_is_deleted_before_the_client_is_ready_is_not_sent() {
    let daemon = Daemon::start("").await;
    let bytes = content(3_000_000, 5);
    let (mut anna, tea, file) = with_file(&daemon, &bytes).await;
    let mut client = daemon.for_file().await;
    client
        .begin_download(download(&token("anna"), tea, file))
        .await;
    anna.ask(json!({"type": DEL_MSG, "room_id": tea, "msg_id": file}))
        .await;
    daemon.until_listed(&[]).await;
    client.turned_away(4, json!({"type": READY_READ})).await;
}

const LONG: Duration = Duration::from_secs(24 * 3600);

/// A gateway on a paused clock with a file of 2,000,000 bytes, and a request for it.
async fn paused() -> (Daemon, Uchat, serde_json::Value, Vec<u8>) {
    let daemon = Daemon::start("limits.login_timeout = '0s'").await;
    let mut anna = Uchat::new(daemon.memory("uchat", 65536).patient(LONG));
    daemon.account("anna").await;
    anna.by_token("anna").await;
    let tea = anna.new_room("Tea", 1).await;
    let bytes = content(2_000_000, 9);
    let mut client = Uchat::new(daemon.memory("uchat", 65536).patient(LONG));
    client
        .begin_upload(crate::support::transfer::upload(
            &token("anna"),
            tea,
            "a",
            bytes.len(),
        ))
        .await;
    client.send(&bytes).await;
    client.end().await;
    let message = number(&anna.event(MSG).await["message_id"]);
    (daemon, anna, download(&token("anna"), tea, message), bytes)
}

#[tokio::test(start_paused = true)]
async fn who_is_not_ready_in_30_s_is_closed() {
    let (daemon, mut anna, request, _) = paused().await;
    let mut client = Uchat::new(daemon.memory("uchat", 65536).patient(LONG));
    client.begin_download(request).await;
    let offered = Instant::now();
    client.error(5).await;
    client.end().await;
    assert_eq!(offered.elapsed().as_secs(), 30);
    anna.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_waited_for() {
    let (daemon, mut anna, request, bytes) = paused().await;
    let mut client = Uchat::new(daemon.memory("uchat", 4096).patient(LONG));
    client.begin_download(request).await;
    client.write(json!({"type": READY_READ})).await;
    let begun = Instant::now();
    // 50,000 bytes every 20 s: 800 s for the whole.
    for piece in bytes.chunks(50_000) {
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert!(client.bytes(piece.len()).await.unwrap() == piece);
    }
    client.end().await;
    assert!(begun.elapsed() >= Duration::from_secs(800));
    anna.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_stuck_reader_is_closed_and_the_others_do_not_notice() {
    let (daemon, mut anna, request, bytes) = paused().await;
    for read in [0, 100_000] {
        let mut stuck = Uchat::new(daemon.memory("uchat", 4096).patient(LONG));
        stuck.begin_download(request.clone()).await;
        stuck.write(json!({"type": READY_READ})).await;
        assert!(stuck.bytes(read).await.unwrap_or_default() == bytes[..read]);
        let begun = Instant::now();
        let mut other = Uchat::new(daemon.memory("uchat", 65536).patient(LONG));
        let (_, size) = other.begin_download(request.clone()).await;
        assert!(other.downloaded(size).await == bytes);
        anna.hears_nothing().await;
        assert!(begun.elapsed() < Duration::from_secs(1));
        // What lay ready, then the end: after its patience, and the time for its last words.
        tokio::time::sleep(Duration::from_secs(29)).await;
        assert!(stuck.try_send("x").await);
        tokio::time::sleep(Duration::from_secs(70)).await;
        assert!(!stuck.try_send("x").await);
        assert_eq!(begun.elapsed().as_secs(), 99);
    }
}

#[tokio::test(start_paused = true)]
async fn a_download_under_way_does_not_keep_the_gateway_from_stopping() {
    let (daemon, anna, request, bytes) = paused().await;
    let mut stuck = Uchat::new(daemon.memory("uchat", 4096).patient(LONG));
    stuck.begin_download(request).await;
    stuck.write(json!({"type": READY_READ})).await;
    assert_eq!(stuck.bytes(1).await.unwrap(), bytes[..1]);
    let area = daemon.area();
    let begun = Instant::now();
    daemon.stop().await;
    assert!(begun.elapsed() <= Duration::from_secs(10));
    drop((anna, stuck));
    // "memory:" leaves nothing.
    assert!(!area.exists());
}
