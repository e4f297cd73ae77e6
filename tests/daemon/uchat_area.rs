//! uchat: the message, its content and its record are there together or not at all, over restarts, too.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use tolmach::commands;
use tolmach::hub::Options;
use tolmach::model::{MessageId, RoomId, RoomSelector};
use tolmach::store::SqliteStore;

use crate::support::transfer::{content, download, listed, upload};
use crate::support::uchat::{DEL_HIST, DEL_MSG, DEL_ROOM, MSG, msg, number};
use crate::support::{Daemon, Fault, FaultyStore, Uchat, hub_over, token};

/// Hands in a file; the number of its message and its name in the area.
async fn file(daemon: &Daemon, anna: &mut Uchat, room: i32, bytes: &[u8]) -> (i32, String) {
    daemon.upload("anna", room, "a.txt", bytes).await;
    let told = anna.event(MSG).await;
    (
        number(&told["message_id"]),
        format!("{room}/{}", told["message"].as_str().unwrap()),
    )
}

/// Over a store in `dir` that can fail.
async fn failing(dir: &Path) -> (Daemon, Arc<FaultyStore<SqliteStore>>) {
    let (path, files) = (dir.join("tolmach.db"), dir.join("tolmach.files"));
    let (hub, store) = hub_over(Options::default(), Some(&files), move |limits, sink| {
        let store = SqliteStore::open(&path, limits, sink.clone()).unwrap();
        FaultyStore::new(store, sink)
    })
    .await;
    (Daemon::over(hub, "").await, store)
}

#[tokio::test]
async fn files_go_with_their_message_their_history_and_their_room() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.uchat_new("anna").await;
    let tea = anna.new_room("Tea", 1).await;
    let other = anna.new_room("Other", 1).await;
    let (first, one) = file(&daemon, &mut anna, tea, b"1").await;
    let (second, two) = file(&daemon, &mut anna, tea, b"2").await;
    let (kept, three) = file(&daemon, &mut anna, other, b"3").await;
    let (rooms, others) = (format!("{tea}/"), format!("{other}/"));
    let mut all = vec![rooms.as_str(), &one, &two, &others, &three];
    all.sort_unstable();
    daemon.until_listed(&all).await;
    // A text that is deleted takes nothing along.
    let text = anna.said(tea, "words").await;
    anna.ask(json!({"type": DEL_MSG, "room_id": tea, "msg_id": text}))
        .await;
    anna.ask(json!({"type": DEL_MSG, "room_id": tea, "msg_id": first}))
        .await;
    all.retain(|path| *path != one);
    daemon.until_listed(&all).await;
    assert_eq!(daemon.download("anna", tea, second).await.1, b"2");
    anna.ask(json!({"type": DEL_HIST, "room_id": tea})).await;
    daemon.until_listed(&[&others, &three]).await;
    daemon
        .for_file()
        .await
        .turned_away(4, download(&token("anna"), tea, second))
        .await;
    let (_, four) = file(&daemon, &mut anna, tea, b"4").await;
    let mut all = vec![rooms.as_str(), &four, &others, &three];
    all.sort_unstable();
    daemon.until_listed(&all).await;
    anna.ask(json!({"type": DEL_ROOM, "room_id": tea})).await;
    daemon.until_listed(&[&others, &three]).await;
    assert_eq!(daemon.download("anna", other, kept).await.1, b"3");
    // By the operator, too.
    let message = MessageId(i64::from(kept));
    daemon.operate(commands::Delete { message }).await;
    daemon.until_listed(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn uploads_and_deletions_at_once_do_not_disturb_each_other() {
    const EACH: usize = 25;
    let daemon = Arc::new(Daemon::start("").await);
    let mut anna = daemon.uchat_new("anna").await;
    let tea = anna.new_room("Tea", 1).await;
    let uploads: Vec<_> = (0..4)
        .map(|_| {
            let daemon = daemon.clone();
            tokio::spawn(async move {
                for _ in 0..EACH {
                    daemon.upload("anna", tea, "a", b"content").await;
                }
            })
        })
        .collect();
    // Each goes as soon as it is there, and with it, again and again, the room's last file.
    let mut deleted = 0;
    while deleted < 4 * EACH {
        let told = anna.next().await;
        if told["type"] == MSG {
            let id = &told["message_id"];
            anna.write(json!({"type": DEL_MSG, "room_id": tea, "msg_id": id}))
                .await;
        } else {
            assert_eq!(told["type"], DEL_MSG, "{told}");
            deleted += 1;
        }
    }
    for upload in uploads {
        upload.await.unwrap();
    }
    daemon.until_listed(&[]).await;
}

#[tokio::test]
async fn what_the_store_refuses_is_error_7_and_its_content_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (daemon, store) = failing(dir.path()).await;
    let area = dir.path().join("tolmach.files");
    let mut anna = daemon.uchat_new("anna").await;
    let mut boris = daemon.uchat_new("boris").await;
    let tea = anna.new_room("Tea", 1).await;
    boris.join(tea).await;
    anna.event(21).await;
    let mut client = daemon.for_file().await;
    client
        .begin_upload(upload(&token("anna"), tea, "a", 5))
        .await;
    store.fail(Fault::Unavailable);
    client.send("hello").await;
    client.error(7).await;
    client.end().await;
    assert_eq!(listed(&area), [] as [&str; 0]);
    anna.refused(7, msg(tea, "lost")).await;
    store.fail(Fault::None);
    for client in [&mut anna, &mut boris] {
        client.hears_nothing().await;
        assert_eq!(client.newer(tea, 0, 5).await.len(), 0);
    }
    daemon.stop().await;
}

#[tokio::test]
async fn what_was_placed_but_never_committed_is_swept_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let (daemon, store) = failing(dir.path()).await;
    let area = dir.path().join("tolmach.files");
    let mut anna = daemon.uchat_new("anna").await;
    let tea = anna.new_room("Tea", 1).await;
    let (message, kept) = file(&daemon, &mut anna, tea, b"kept").await;
    let mut client = daemon.for_file().await;
    client
        .begin_upload(upload(&token("anna"), tea, "a", 5))
        .await;
    store.fail(Fault::Unknown);
    client.send("hello").await;
    // Whether it was committed nobody knows: there is no answer, and its content stays for now.
    client.end().await;
    assert_eq!(listed(&area).len(), 3);
    daemon.stop().await;
    drop(store);
    // And what else a process can leave that is killed.
    std::fs::write(area.join("incoming").join("half"), "x").unwrap();
    std::fs::create_dir(area.join("4711")).unwrap();
    std::fs::create_dir(area.join("4712")).unwrap();
    std::fs::write(area.join("4711").join("orphan"), "x").unwrap();
    let daemon = Daemon::on_disk(dir.path(), "").await;
    assert_eq!(listed(&area), [format!("{tea}/"), kept]);
    assert_eq!(
        daemon.download("anna", tea, message).await,
        ("a.txt".to_owned(), b"kept".to_vec())
    );
    let room = RoomSelector::Id(RoomId(tea));
    assert_eq!(daemon.history(room).await.len(), 1);
    daemon.stop().await;
}

#[test]
fn a_process_that_is_killed_keeps_whole_files_and_nothing_of_others() {
    let dir = tempfile::tempdir().unwrap();
    let area = dir.path().join("tolmach.files");
    let bytes = content(200_000, 1);
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
    };
    let first = runtime();
    let (daemon, clients, tea, message) = first.block_on(async {
        let daemon = Daemon::on_disk(dir.path(), "").await;
        let mut anna = daemon.uchat_new("anna").await;
        let tea = anna.new_room("Tea", 1).await;
        let (message, _) = file(&daemon, &mut anna, tea, &bytes).await;
        let mut half = daemon.for_file().await;
        half.begin_upload(upload(&token("anna"), tea, "a", bytes.len()))
            .await;
        half.send(&bytes[..100_000]).await;
        (daemon, (anna, half), tea, message)
    });
    // Nothing is told to stop: all ends where it is.
    first.shutdown_background();
    drop((daemon, clients));
    runtime().block_on(async {
        let daemon = Daemon::on_disk(dir.path(), "").await;
        assert_eq!(listed(&area).len(), 2);
        assert!(daemon.download("anna", tea, message).await.1 == bytes);
        let mut anna = daemon.uchat_of("anna").await;
        let page = anna.newer(tea, 0, 10).await;
        assert_eq!(page.len(), 1);
        assert_eq!(
            (&page[0]["file_size"], &page[0]["msg_type"]),
            (&json!(200_000), &json!(1))
        );
        daemon.stop().await;
        // On the disk it stays.
        assert_eq!(listed(&area).len(), 2);
    });
}
