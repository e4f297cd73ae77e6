//! The purpose-byte protocol: frames in a stream, however they come; limits, HEARTBEAT and DISCONNECT.

use std::time::Duration;

use tokio::time::Instant;

use crate::support::{Daemon, PATIENCE, Purpose, frame, int, login, reason, text};

const LONG: Duration = Duration::from_secs(24 * 3600);

async fn anna_in_tea(daemon: &Daemon, revision: u8) -> (Purpose, i32) {
    daemon.account("anna").await;
    let mut anna = daemon.purpose_of(revision, "anna").await;
    let tea = anna.chat("tea").await;
    anna.does("JOIN_CHAT", int(tea)).await;
    (anna, tea)
}

const TEA: &str = "rooms.create = ['tea']";

#[tokio::test]
async fn requests_without_waiting_are_answered_each_by_its_task_id_in_order() {
    let daemon = Daemon::start(TEA).await;
    let (mut anna, tea) = anna_in_tea(&daemon, 2).await;
    let mut stream = Vec::new();
    for task in 0..=255_u8 {
        let body = [int(tea), text(&task.to_string())].concat();
        let (name, body) = match task % 3 {
            0 => ("SEND_CHAT_MSG", body),
            1 => ("GET_USR_CHATS", vec![]),
            _ => ("SEND_CHAT_MSG", vec![1]),
        };
        stream.extend(anna.request(name, task, body));
    }
    anna.send(stream).await;
    for task in 0..=255_u8 {
        let answer = anna.answer(task).await;
        assert_eq!(answer.purpose, u8::from(task % 3 == 2), "{task}");
    }
    let history = anna.history(tea, 0).await;
    let said: Vec<_> = history
        .iter()
        .map(|one| one.text.parse::<i32>().unwrap())
        .collect();
    assert_eq!(
        said,
        (0..256).filter(|task| task % 3 == 0).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn the_same_task_id_may_be_used_again_and_at_once() {
    let daemon = Daemon::start(TEA).await;
    let (mut anna, tea) = anna_in_tea(&daemon, 1).await;
    let request = anna.request("SEND_CHAT_MSG", 9, [int(tea), text("x")].concat());
    anna.send(request.repeat(20)).await;
    for _ in 0..20 {
        assert_eq!(anna.answer(9).await.purpose, 0);
    }
}

#[tokio::test]
async fn frames_may_be_cut_anywhere() {
    let daemon = Daemon::start(TEA).await;
    daemon.account("anna").await;
    for revision in [1, 2] {
        let mut anna = daemon.purpose(revision).await;
        let mut stream = anna.request("HELLO", 1, [0, 1]);
        stream.extend(anna.request("LOGIN", 2, login("anna")));
        stream.extend(anna.request("GET_CHAT_ID", 3, text("tea")));
        for byte in &stream {
            anna.send([*byte]).await;
        }
        for task in 1..=3 {
            assert_eq!(anna.answer(task).await.purpose, 0);
        }
    }
}

#[tokio::test]
async fn a_half_closed_client_gets_its_answers() {
    let daemon = Daemon::start(TEA).await;
    let (mut anna, tea) = anna_in_tea(&daemon, 2).await;
    let mut stream = Vec::new();
    for task in 0..100 {
        stream.extend(anna.request(
            "SEND_CHAT_MSG",
            task,
            [int(tea), text("last words")].concat(),
        ));
    }
    // And the beginning of a frame that never ends.
    stream.extend([9, 0, 0]);
    anna.send(stream).await;
    anna.finish().await;
    for task in 0..100 {
        assert_eq!(anna.answer(task).await.purpose, 0);
    }
    anna.closed().await;
    assert_eq!(daemon.history(crate::support::room("tea")).await.len(), 100);
}

#[tokio::test]
async fn a_frame_too_large_is_skipped_and_answered() {
    let daemon = Daemon::start(&format!("{TEA}\nlimits.frame_bytes = 1024")).await;
    let (mut anna, tea) = anna_in_tea(&daemon, 2).await;
    let body = |length: usize| [int(tea), text(&"x".repeat(length - 5))].concat();
    anna.does("SEND_CHAT_MSG", body(1024)).await;
    let reason = anna.declined("SEND_CHAT_MSG", body(1025)).await;
    assert!(
        reason.contains("frame too large") && reason.contains("1024"),
        "{reason}"
    );
    anna.declined("SEND_CHAT_MSG", body(3_000_000)).await;
    anna.hears_nothing().await;
    assert_eq!(anna.history(tea, 0).await.len(), 1);
}

#[tokio::test]
async fn a_frame_too_large_to_be_skipped_is_answered_and_ends_the_connection() {
    let daemon = Daemon::start(TEA).await;
    let (mut anna, _) = anna_in_tea(&daemon, 1).await;
    for length in [16 * 1024 * 1024 + 1, u32::MAX] {
        let header = [&length.to_le_bytes()[..], &[0x28, 77]].concat();
        anna.send(&header).await;
        let answer = anna.answer(77).await;
        assert!(reason(&answer).contains("frame too large"));
        anna.closed().await;
        let mut stranger = daemon.purpose(2).await;
        stranger.send(header).await;
        stranger.answer(77).await;
        stranger.closed().await;
        anna = daemon.purpose_of(1, "anna").await;
    }
    // Of an answer it is the end, too, without one.
    anna.send([0xff, 0xff, 0xff, 0xff, 0, 5]).await;
    anna.closed().await;
}

#[tokio::test]
async fn a_heartbeat_is_accepted_with_the_same_bytes() {
    let daemon = Daemon::start("").await;
    for revision in [1, 2] {
        let mut client = daemon.purpose(revision).await;
        assert_eq!(client.accepted("HEARTBEAT", "").await, b"");
        let ping = text("пинг 🏓");
        assert_eq!(client.accepted("HEARTBEAT", &ping).await, ping);
        client.declined("HEARTBEAT", "no NUL").await;
        client.declined("HEARTBEAT", "two\0texts\0").await;
        client.hears_nothing().await;
    }
}

#[tokio::test]
async fn a_disconnect_is_accepted_after_what_came_before_it_and_closes() {
    let daemon = Daemon::start(TEA).await;
    let (mut anna, tea) = anna_in_tea(&daemon, 2).await;
    let mut stream = anna.request("SEND_CHAT_MSG", 1, [int(tea), text("bye")].concat());
    stream.extend(anna.request("DISCONNECT", 2, ""));
    stream.extend(anna.request("SEND_CHAT_MSG", 3, [int(tea), text("too late")].concat()));
    anna.send(stream).await;
    assert_eq!(anna.answer(1).await.purpose, 0);
    assert_eq!(anna.answer(2).await.purpose, 0);
    anna.closed().await;
    assert_eq!(daemon.history(crate::support::room("tea")).await, ["bye"]);
}

fn patient(daemon: &Daemon, revision: u8) -> Purpose {
    let client = daemon.memory(&format!("purpose.{revision}"), 65536);
    Purpose::new(client.patient(LONG), revision)
}

#[tokio::test(start_paused = true)]
async fn who_is_silent_is_asked_and_who_does_not_answer_is_closed() {
    let daemon = Daemon::start("limits.login_timeout = '0s'").await;
    daemon.account("anna").await;
    for revision in [1, 2] {
        let mut anna = patient(&daemon, revision);
        anna.log_in("anna").await;
        for _ in 0..3 {
            let quiet = Instant::now();
            let asked = anna.told("HEARTBEAT").await;
            assert_eq!((asked.body.len(), quiet.elapsed().as_secs()), (0, 60));
            anna.accept(&asked).await;
        }
        // Whatever comes is a sign of life.
        tokio::time::sleep(Duration::from_secs(50)).await;
        anna.hears_nothing().await;
        let quiet = Instant::now();
        let asked = anna.told("HEARTBEAT").await;
        assert_eq!(quiet.elapsed().as_secs(), 60);
        // DECLINED is an answer; one with another number is none.
        anna.decline(&asked).await;
        let quiet = Instant::now();
        let asked = anna.told("HEARTBEAT").await;
        anna.send(frame(0, asked.task.wrapping_add(1), b"")).await;
        anna.disconnected().await;
        assert_eq!(quiet.elapsed().as_secs(), 90);
    }
}

#[tokio::test(start_paused = true)]
async fn probe_after_is_the_listeners_and_0_is_never() {
    let more = "limits.login_timeout = '0s'\npurpose.probe_after";
    let daemon = Daemon::start(&format!("{more} = '0s'")).await;
    let mut client = patient(&daemon, 2);
    tokio::time::sleep(LONG / 2).await;
    client.hears_nothing().await;
    let daemon = Daemon::start(&format!("{more} = '7s'")).await;
    let mut client = patient(&daemon, 1);
    let begun = Instant::now();
    client.told("HEARTBEAT").await;
    assert_eq!(begun.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_log_in_in_time_is_told_disconnect() {
    let daemon = Daemon::start("limits.login_timeout = '20s'").await;
    let begun = Instant::now();
    let mut client = patient(&daemon, 2);
    client.hello().await;
    client.disconnected().await;
    assert_eq!(begun.elapsed().as_secs(), 20);
}

#[tokio::test]
async fn one_connection_too_many_is_told_disconnect() {
    let daemon = Daemon::start("limits.connections = 2").await;
    let mut first = daemon.purpose(1).await;
    let mut second = daemon.purpose(2).await;
    first.hello().await;
    second.hello().await;
    for revision in [1, 2] {
        let mut third = daemon.client(&format!("purpose.{revision}")).await;
        assert_eq!(third.bytes(6).await.unwrap(), [0, 0, 0, 0, 3, 0]);
        assert_eq!(third.bytes(1).await, None);
    }
    second.hears_nothing().await;
}

#[tokio::test]
async fn a_flood_is_slowed_and_nothing_of_it_refused() {
    let daemon = Daemon::start(&format!(
        "{TEA}\n[limits]\nrequests_per_second = 200\nburst = 50"
    ))
    .await;
    let (mut anna, tea) = anna_in_tea(&daemon, 2).await;
    let mut boris = {
        daemon.account("boris").await;
        daemon.purpose_in(2, "boris", tea).await
    };
    let begun = Instant::now();
    let mut stream = Vec::new();
    for n in 0..240 {
        stream.extend(anna.request(
            "SEND_CHAT_MSG",
            n,
            [int(tea), text(&n.to_string())].concat(),
        ));
    }
    anna.send(stream).await;
    for n in 0..240 {
        assert_eq!(anna.answer(n).await.purpose, 0);
        boris.hears(anna.id, tea, &n.to_string()).await;
    }
    assert!(
        begun.elapsed() > Duration::from_millis(900),
        "{:?}",
        begun.elapsed()
    );
    assert!(begun.elapsed() < PATIENCE);
}
