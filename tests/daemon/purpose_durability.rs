//! The purpose-byte protocol: accepted is durable, refused is declined, and of what is not known nothing is said.

use std::sync::Arc;

use tolmach::model::RoomKind;
use tolmach::store::MemoryStore;

use crate::support::{
    Daemon, Fault, FaultyStore, HeldInbox, Purpose, failing_hub, held_hub, int, login, room, text,
};

/// A gateway whose commits can be held back.
async fn held() -> (Daemon, Arc<HeldInbox>) {
    let (hub, held) = held_hub().await;
    (Daemon::over(hub, "").await, held)
}

/// A gateway whose store can fail.
async fn failing() -> (Daemon, Arc<FaultyStore<MemoryStore>>) {
    let (hub, store) = failing_hub().await;
    (Daemon::over(hub, "").await, store)
}

async fn two(daemon: &Daemon) -> (Purpose, Purpose, i32) {
    for login in ["anna", "boris"] {
        daemon.account(login).await;
    }
    let tea = daemon.create_room("tea", RoomKind::Public, None).await;
    (
        daemon.purpose_in(1, "anna", tea).await,
        daemon.purpose_in(2, "boris", tea).await,
        tea,
    )
}

#[tokio::test]
async fn nothing_is_accepted_or_told_before_the_commit() {
    let (daemon, held) = held().await;
    let (mut anna, mut boris, tea) = two(&daemon).await;
    held.hold();
    let task = anna
        .write("SEND_CHAT_MSG", [int(tea), text("by anna")].concat())
        .await;
    held.until(1).await;
    let join = boris.write("CREATE_CHAT", text("new")).await;
    held.until(2).await;
    let mut stranger = daemon.purpose(2).await;
    stranger.hello().await;
    let login = stranger.write("LOGIN", login("anna")).await;
    held.until(3).await;
    // What was said before is done first: this waits, too.
    let after = anna.write("GET_CHAT_ID", text("tea")).await;
    held.let_go();
    assert_eq!(anna.answer(task).await.purpose, 0);
    assert_eq!(anna.answer(after).await.purpose, 0);
    assert_eq!(boris.answer(join).await.purpose, 0);
    assert_eq!(stranger.answer(login).await.purpose, 0);
    assert_eq!(boris.heard().await.text, "by anna");
}

#[tokio::test]
async fn what_the_store_refuses_is_declined_and_nobody_sees_it() {
    let (daemon, store) = failing().await;
    let (mut anna, mut boris, tea) = two(&daemon).await;
    let boris_id = boris.id;
    boris.say(tea, "before").await;
    let before = anna.heard().await.id;
    store.fail(Fault::Unavailable);
    for (name, body) in [
        ("SEND_CHAT_MSG", [int(tea), text("lost")].concat()),
        ("LOGOFF", vec![]),
        ("LOGIN", login("anna")),
    ] {
        let reason = anna.declined(name, body).await;
        assert!(reason.contains("unavailable"), "{name}: {reason}");
    }
    let restoring = boris.restoring();
    for (name, body) in [
        ("SEND_CHAT_MSG", [int(tea), text("lost")].concat()),
        ("CREATE_CHAT", text("lost")),
        ("LEAVE_CHAT", int(tea)),
        ("START_CHAT", int(boris_id - 1)),
        ("DELETE_MSG", int(before)),
        ("REMOVE_MSG", int(before)),
        ("MARK_SEEN", [int(tea), [1; 7].to_vec(), vec![0]].concat()),
        ("REGISTER_USER", login("new")),
        ("RESTORE_SESSION", restoring),
        ("LOGOFF", vec![]),
    ] {
        let reason = boris.declined(name, body).await;
        assert!(reason.contains("unavailable"), "{name}: {reason}");
    }
    store.fail(Fault::None);
    // All goes on as before, and nothing was half-done.
    anna.say(tea, "after").await;
    assert_eq!(boris.heard().await.text, "after");
    assert_eq!(daemon.history(room("tea")).await, ["before", "after"]);
    boris.declined("GET_CHAT_ID", text("lost")).await;
    anna.hears_nothing().await;
    boris.hears_nothing().await;
}

#[tokio::test]
async fn of_an_outcome_that_is_not_known_nothing_is_said() {
    let (daemon, store) = failing().await;
    let (anna, mut boris, tea) = two(&daemon).await;
    let mut observer = daemon.purpose_of(2, "boris").await;
    let mut nobody = daemon.purpose(2).await;
    nobody.hello().await;
    let restoring = anna.restoring();
    let requests = [
        ("SEND_CHAT_MSG", [int(tea), text("unknown")].concat()),
        ("JOIN_CHAT", int(tea)),
        ("LOGOFF", vec![]),
        ("RESTORE_SESSION", restoring),
    ];
    let mut clients = vec![anna];
    for _ in 1..requests.len() {
        clients.push(daemon.purpose_of(1, "anna").await);
    }
    store.fail(Fault::Unknown);
    boris
        .write("SEND_CHAT_MSG", [int(tea), text("unknown")].concat())
        .await;
    nobody.write("LOGIN", login("anna")).await;
    for (mut client, (name, body)) in clients.into_iter().zip(requests) {
        client.write(name, body).await;
        let rest = client.remains().await;
        assert!(
            rest.iter().all(|frame| frame.purpose > 1),
            "{name}: {rest:?}"
        );
    }
    for client in [&mut boris, &mut nobody] {
        let rest = client.remains().await;
        assert!(rest.iter().all(|frame| frame.purpose > 1), "{rest:?}");
    }
    store.fail(Fault::None);
    observer.hears_nothing().await;
    assert_eq!(daemon.history(room("tea")).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_was_accepted_is_there_once_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let daemon = Daemon::on_disk(dir.path(), "rooms.create = ['tea']").await;
    daemon.account("anna").await;
    let mut anna = daemon.purpose_of(2, "anna").await;
    let tea = anna.chat("tea").await;
    anna.does("JOIN_CHAT", int(tea)).await;
    let mut stream = Vec::new();
    for n in 0..500 {
        let body = [int(tea), text(&n.to_string())].concat();
        stream.extend(anna.request("SEND_CHAT_MSG", (n % 256) as u8, body));
    }
    anna.send(stream).await;
    anna.answer(0).await;
    let stopping = tokio::spawn(daemon.stop());
    let rest = anna.remains().await;
    let (last, answers) = rest.split_last().unwrap();
    assert_eq!(last.purpose, 3, "{last:?}");
    assert!(answers.iter().all(|answer| answer.purpose == 0));
    drop(anna);
    stopping.await.unwrap();
    let daemon = Daemon::on_disk(dir.path(), "").await;
    let history = daemon.history(room("tea")).await;
    assert!(
        history.len() > answers.len(),
        "{} of {}",
        history.len(),
        answers.len()
    );
    assert!(
        history
            .iter()
            .enumerate()
            .all(|(n, text)| *text == n.to_string())
    );
    let mut anna = daemon.purpose_of(1, "anna").await;
    let shown: Vec<_> = anna
        .history(tea, 0)
        .await
        .into_iter()
        .map(|one| one.text)
        .collect();
    assert_eq!(shown, history);
    daemon.stop().await;
}
