//! Accepted is durable: nobody is told of anything before the commit, and of what was not committed never.

use std::sync::Arc;

use serde_json::{Value, json};
use tolmach::store::MemoryStore;

use crate::support::{
    self, Daemon, Fault, FaultyStore, HeldInbox, PATIENCE, failing_hub, held_hub, presence, room,
    token,
};

/// A gateway whose commits can be held back.
async fn held() -> (Daemon, Arc<HeldInbox>) {
    held_with("").await
}

async fn held_with(more: &str) -> (Daemon, Arc<HeldInbox>) {
    let (hub, held) = held_hub().await;
    (Daemon::over(hub, more).await, held)
}

/// A gateway whose store can fail.
async fn failing() -> (Daemon, Arc<FaultyStore<MemoryStore>>) {
    let (hub, store) = failing_hub().await;
    (Daemon::over(hub, "").await, store)
}

#[tokio::test]
async fn no_answer_and_no_sight_before_the_commit() {
    let (daemon, held) = held().await;
    daemon.account("clara").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    let mut clara = daemon.talker_in("clara", "tea").await;
    let mut watcher = daemon.talker_in("clara", "coffee").await;
    held.hold();
    let msg = anna.msg("#tea", "by anna");
    anna.write(msg).await;
    held.until(1).await;
    clara.say("by clara").await;
    held.until(2).await;
    // Both are with the store, and nobody knows. What needs no commit is answered; nothing came before it.
    boris.hears_nothing().await;
    let msg = boris.msg("nobody", "x");
    boris.expect(404, msg).await;
    clara
        .write(json!({"type": "message", "content": "", "to": "nobody"}))
        .await;
    held.let_go();
    assert_eq!(anna.code().await, 200);
    anna.hears("clara", "#tea", "by clara").await;
    for (name, text) in [("anna", "by anna"), ("clara", "by clara")] {
        boris.hears(name, "#tea", text).await;
        clara.hears(name, text).await;
    }
    assert_eq!(clara.error().await, "no such user");
    watcher.hears_nothing().await;
}

#[tokio::test]
async fn a_join_a_guest_and_a_private_message_wait_for_the_commit_too() {
    let (daemon, held) = held().await;
    daemon.account("clara").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut clara = daemon.talker_in("clara", "tea").await;
    let mut newcomer = daemon.jim().await;
    held.hold();
    newcomer.write(presence("newcomer")).await;
    held.until(1).await;
    anna.write(json!({"action": "join", "room": "#new"})).await;
    held.until(2).await;
    clara
        .write(json!({"type": "message", "content": "psst", "to": "anna"}))
        .await;
    held.until(3).await;
    // It is nobody yet.
    let mut other = daemon.jim().await;
    let answer = other
        .ask(json!({"action": "msg", "to": "#tea", "from": "x", "message": "x"}))
        .await;
    assert_eq!(answer["response"], 401);
    held.let_go();
    assert_eq!(newcomer.code().await, 200);
    assert_eq!(anna.code().await, 201);
    anna.hears("clara", "anna", "psst").await;
}

#[tokio::test]
async fn an_end_of_the_connection_before_the_commit_changes_nothing() {
    let (daemon, held) = held().await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    held.hold();
    let msg = anna.msg("#tea", "my last words");
    anna.write(msg).await;
    held.until(1).await;
    drop(anna);
    held.let_go();
    boris.hears("anna", "#tea", "my last words").await;
    assert_eq!(daemon.history(room("tea")).await, ["my last words"]);
}

#[tokio::test]
async fn what_the_store_refuses_is_503_or_an_error_and_nobody_sees_it() {
    let (daemon, store) = failing().await;
    daemon.account("clara").await;
    daemon.account("dora").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    let mut clara = daemon.talker_in("clara", "tea").await;
    let id = clara.said("before").await["id"].clone();
    anna.hears("clara", "#tea", "before").await;
    boris.hears("clara", "#tea", "before").await;
    store.fail(Fault::Unavailable);
    assert_eq!(anna.say("#tea", "lost").await, 503);
    assert_eq!(anna.say("boris", "lost").await, 503);
    anna.expect(503, json!({"action": "join", "room": "#new"}))
        .await;
    anna.expect(503, json!({"action": "leave", "room": "#tea"}))
        .await;
    clara.say("lost").await;
    let unavailable = clara.error().await;
    assert!(unavailable.contains("unavailable"), "{unavailable}");
    clara
        .write(json!({"type": "message", "content": "lost", "edit": id}))
        .await;
    assert_eq!(clara.error().await, unavailable);
    let mut newcomer = daemon.jim().await;
    newcomer.expect(503, presence("newcomer")).await;
    newcomer
        .expect(503, support::authenticate("dora", support::PASSWORD))
        .await;
    let mut talker = daemon.talker().await;
    talker
        .write(json!({"type": "connect", "room": "tea", "token": token("dora")}))
        .await;
    talker.refused(&unavailable).await;
    // It comes back: all goes on as before, and nothing was half-done.
    store.fail(Fault::None);
    newcomer.hello("newcomer").await;
    assert_eq!(anna.say("#tea", "after").await, 200);
    boris.hears("anna", "#tea", "after").await;
    clara.hears("anna", "after").await;
    assert_eq!(daemon.history(room("tea")).await, ["before", "after"]);
}

#[tokio::test]
async fn where_the_outcome_is_unknown_the_sender_is_closed_without_an_answer() {
    let (daemon, store) = failing().await;
    daemon.account("clara").await;
    daemon.account("dora").await;
    let mut observer = daemon.guest_in("observer", "#tea").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    let mut clara = daemon.talker_in("clara", "tea").await;
    let mut dora = daemon.talker_in("dora", "tea").await;
    let id = dora.said("before").await["id"].clone();
    for jim in [&mut anna, &mut boris, &mut observer] {
        jim.hears("dora", "#tea", "before").await;
    }
    clara.sees("join", "dora").await;
    clara.hears("dora", "before").await;
    store.fail(Fault::Unknown);
    let msg = anna.msg("#tea", "unknown");
    anna.write(msg).await;
    anna.end().await;
    boris.write(json!({"action": "join", "room": "#new"})).await;
    boris.end().await;
    clara.say("unknown").await;
    dora.write(json!({"type": "message", "content": "unknown", "edit": id}))
        .await;
    for talker in [clara, dora] {
        // Who else went is told until then; an answer there is none.
        let mut talker = talker;
        let rest = talker.rest().await;
        assert!(
            rest.iter().all(|event| event["type"] == "leave"),
            "{rest:?}"
        );
    }
    let mut newcomer = daemon.jim().await;
    newcomer.write(presence("newcomer")).await;
    newcomer.end().await;
    store.fail(Fault::None);
    observer.hears_nothing().await;
}

#[tokio::test]
async fn history_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let daemon = Daemon::on_disk(dir.path(), "").await;
    daemon.account("anna").await;
    let mut anna = daemon.authenticated("anna").await;
    anna.join("#tea").await;
    let mut talker = daemon.talker_in("anna", "tea").await;
    for n in 0..20 {
        assert_eq!(anna.say("#tea", &n.to_string()).await, 200);
    }
    talker.hears("anna", "0").await;
    let mut guest = daemon.guest_in("guest", "#tea").await;
    assert_eq!(guest.say("#tea", "by a guest").await, 200);
    daemon.stop().await;

    let daemon = Daemon::on_disk(dir.path(), "").await;
    let mut expected: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    expected.push("by a guest".to_owned());
    assert_eq!(daemon.history(room("tea")).await, expected);
    // Accounts, tokens and memberships last; guests do not.
    let mut anna = daemon.authenticated("anna").await;
    assert_eq!(anna.say("#tea", "again").await, 200);
    daemon.guest("guest").await;
    let mut talker = daemon.talker().await;
    talker
        .write(
            json!({"type": "connect", "room": "tea", "token": token("anna"), "last_event_id": 0}),
        )
        .await;
    assert_eq!(talker.connected().await.len(), 1);
    expected.push("again".to_owned());
    for text in &expected {
        assert_eq!(talker.event("message").await["content"], text.as_str());
    }
    daemon.stop().await;
}

#[tokio::test]
async fn what_was_accepted_before_the_stop_is_there_once() {
    let dir = tempfile::tempdir().unwrap();
    let daemon = Daemon::on_disk(dir.path(), "").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut stream = String::new();
    for n in 0..500 {
        stream += &support::bare_msg("anna", "#tea", &n.to_string());
    }
    anna.send(stream).await;
    assert_eq!(anna.code().await, 200);
    let stopping = tokio::spawn(daemon.stop());
    let mut accepted = 1;
    loop {
        let Some(line) = anna.line().await else {
            panic!("closed without a notice")
        };
        let answer: Value = serde_json::from_str(&line).unwrap();
        match answer["response"].as_u64() {
            Some(200) => accepted += 1,
            code => {
                assert_eq!(code, Some(101), "{answer}");
                break;
            }
        }
    }
    anna.end().await;
    drop(anna);
    tokio::time::timeout(PATIENCE, stopping)
        .await
        .unwrap()
        .unwrap();
    let daemon = Daemon::on_disk(dir.path(), "").await;
    let history = daemon.history(room("tea")).await;
    assert!(history.len() >= accepted, "{} of {accepted}", history.len());
    assert!(
        history
            .iter()
            .enumerate()
            .all(|(n, text)| *text == n.to_string())
    );
    daemon.stop().await;
}

#[tokio::test]
async fn a_burst_of_commits_closes_nobody_who_reads() {
    const SPEAKERS: usize = 5;
    const EACH: usize = 60;
    let (daemon, held) = held_with("limits.queue_events = 20\nlimits.queue_bytes = 2000").await;
    let mut listener = daemon.guest_in("listener", "#tea").await;
    let mut speakers = Vec::new();
    for n in 0..SPEAKERS {
        speakers.push(daemon.guest_in(&format!("speaker{n}"), "#tea").await);
    }
    held.hold();
    for speaker in &mut speakers {
        for n in 0..EACH {
            let msg = speaker.msg("#tea", &format!("{n}"));
            speaker.write(msg).await;
        }
    }
    held.until(SPEAKERS * EACH).await;
    held.let_go();
    for _ in 0..SPEAKERS * EACH {
        assert_eq!(listener.heard().await["action"], "msg");
    }
    listener.hears_nothing().await;
}
