//! One bad client harms itself only: who does not read, who floods, who stays half-open.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::support::{Client, Daemon, Jim, PATIENCE, Talker, bare_msg, presence, token};

const SMALL: &str = "[limits]\nqueue_bytes = 100000\nqueue_events = 0";

/// Says so much that whoever does not read it has to be given up; how long the slowest took to be heard.
async fn talk(speaker: &mut Jim, listener: &mut Jim, until: impl AsyncFn() -> bool) -> Duration {
    let text = "x".repeat(500);
    let mut slowest = Duration::ZERO;
    for n in 0.. {
        assert!(n < 100_000, "nobody was given up");
        let begun = Instant::now();
        assert_eq!(speaker.say("#tea", &text).await, 200);
        listener.hears(&speaker.name.clone(), "#tea", &text).await;
        slowest = slowest.max(begun.elapsed());
        if n % 100 == 0 && until().await {
            break;
        }
    }
    slowest
}

async fn is_gone(daemon: &Daemon, login: &str) -> bool {
    daemon
        .sessions()
        .await
        .iter()
        .all(|session| session.user.login != login)
}

#[tokio::test]
async fn a_jim_client_that_does_not_read_is_closed_and_the_others_go_on() {
    let daemon = Daemon::start(SMALL).await;
    let mut stuck = Jim::new(daemon.memory("jim", 4096));
    stuck.hello("stuck").await;
    stuck.join("#tea").await;
    let mut speaker = daemon.guest_in("speaker", "#tea").await;
    let mut listener = daemon.guest_in("listener", "#tea").await;
    let slowest = talk(&mut speaker, &mut listener, async || {
        is_gone(&daemon, "stuck").await
    })
    .await;
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    // What was begun is whole, then the reason, then the end: never a gap without one.
    let rest = stuck.rest().await;
    let (last, heard) = rest.split_last().unwrap();
    assert_eq!(last["response"], 101, "{last}");
    assert!(
        last["alert"].as_str().unwrap().starts_with("Too slow"),
        "{last}"
    );
    assert!(heard.iter().all(|msg| msg["action"] == "msg"));
}

#[tokio::test]
async fn a_talker_client_that_does_not_read_is_closed_and_recovers() {
    let daemon = Daemon::start(SMALL).await;
    daemon.account("stuck").await;
    let mut stuck = Talker::new(daemon.memory("talker", 4096));
    stuck.enter("stuck", "tea").await;
    let mut speaker = daemon.guest_in("speaker", "#tea").await;
    let mut listener = daemon.guest_in("listener", "#tea").await;
    talk(&mut speaker, &mut listener, async || {
        is_gone(&daemon, "stuck").await
    })
    .await;
    let rest = stuck.rest().await;
    let (last, heard) = rest.split_last().unwrap();
    assert_eq!(last["type"], "error", "{last}");
    assert!(
        last["message"].as_str().unwrap().starts_with("Too slow"),
        "{last}"
    );
    // What it missed is in the history.
    let seen = heard
        .iter()
        .filter(|event| event["type"] == "message")
        .count();
    let last = heard
        .iter()
        .rev()
        .find_map(|event| event.get("id"))
        .cloned()
        .unwrap_or(json!(0));
    let history = daemon.history(crate::support::room("tea")).await.len();
    let mut again = daemon.talker().await;
    again.write(json!({"type": "connect", "room": "tea", "token": token("stuck"), "last_event_id": last})).await;
    again.connected().await;
    let missing = history - seen;
    let told = missing.min(1000);
    if missing > told {
        assert_eq!(again.event("message").await["user"]["id"], "0");
    }
    for _ in 0..told {
        again.event("message").await;
    }
    // It was idle until now.
    again.sees("back", "stuck").await;
    again.hears_nothing().await;
}

#[tokio::test]
async fn a_socket_that_is_not_read_is_closed_too() {
    let daemon = Daemon::start(SMALL).await;
    let mut stuck = daemon.guest_in("stuck", "#tea").await;
    let mut speaker = daemon.guest_in("speaker", "#tea").await;
    let mut listener = daemon.guest_in("listener", "#tea").await;
    // The system's buffers take some megabytes first; several at once to fill them quickly.
    let stream: String = (0..500)
        .map(|_| bare_msg("speaker", "#tea", &"ы".repeat(500)))
        .collect();
    let filled = async {
        while !is_gone(&daemon, "stuck").await {
            speaker.send(&stream).await;
            for _ in 0..500 {
                assert_eq!(speaker.code().await, 200);
                listener.heard().await;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), filled)
        .await
        .unwrap();
    stuck.patience = PATIENCE;
    let rest = stuck.rest().await;
    assert_eq!(rest.last().unwrap()["response"], 101);
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answers_is_not_read_from() {
    let daemon = Daemon::start("[limits]\nrequests_per_second = 0").await;
    let (mut reader, mut writer) = tokio::io::split(daemon.duplex("jim", 16 * 1024));
    let request = json!({"action": "probe", "time": 1}).to_string();
    writer
        .write_all(presence("anna").to_string().replace('}', "").as_bytes())
        .await
        .unwrap();
    writer.write_all(b",\"x\":{}}},\"time\":1}").await.unwrap();
    // It writes until nobody takes any more; that is long before all is written.
    let total = 100_000;
    let mut written = 0;
    while written < total {
        match tokio::time::timeout(
            Duration::from_millis(500),
            writer.write_all(request.as_bytes()),
        )
        .await
        {
            Ok(done) => done.unwrap(),
            Err(_) => break,
        }
        written += 1;
    }
    assert!(
        written < 20_000,
        "{written} requests were read, and nobody read an answer"
    );
    // Others are served meanwhile.
    let mut other = daemon.guest_in("boris", "#tea").await;
    assert_eq!(other.say("#tea", "hello").await, 200);
    // Once it reads, its answers are there.
    let reading = tokio::spawn(async move {
        let mut buffer = vec![0; 64 * 1024];
        let mut lines = 0;
        while lines < 1000 {
            let count = tokio::io::AsyncReadExt::read(&mut reader, &mut buffer)
                .await
                .unwrap();
            assert!(count > 0);
            lines += buffer[..count]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
        }
    });
    tokio::time::timeout(PATIENCE, reading)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_stranger_that_does_not_read_its_answers_is_closed_in_time() {
    let daemon = Daemon::start("[limits]\nrequests_per_second = 0\nlogin_timeout = '1s'").await;
    let (mut reader, mut writer) = tokio::io::split(daemon.duplex("jim", 4096));
    let request = json!({"action": "probe", "time": 1})
        .to_string()
        .repeat(100);
    let writing = async { while writer.write_all(request.as_bytes()).await.is_ok() {} };
    // It is cut off though it neither reads nor stops writing.
    tokio::time::timeout(PATIENCE, writing)
        .await
        .expect("the stranger is still there");
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(
        PATIENCE,
        tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut rest),
    )
    .await;
}

#[tokio::test]
async fn a_stranger_that_never_stops_talking_is_closed_in_time() {
    let daemon = Daemon::start("[limits]\nrequests_per_second = 0\nlogin_timeout = '1s'").await;
    let (mut reader, mut writer) = tokio::io::split(daemon.duplex("jim", 4096));
    let request = json!({"action": "probe", "time": 1})
        .to_string()
        .repeat(100);
    let writing =
        tokio::spawn(async move { while writer.write_all(request.as_bytes()).await.is_ok() {} });
    let mut all = Vec::new();
    let reading = tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut all);
    tokio::time::timeout(PATIENCE, reading)
        .await
        .expect("the stranger is still there")
        .unwrap();
    let all = String::from_utf8(all).unwrap();
    assert!(
        all.lines().last().unwrap().contains("No login in time"),
        "{:?}",
        all.lines().last()
    );
    drop(reader);
    writing.await.unwrap();
}

#[tokio::test]
async fn a_flood_is_slowed_and_nothing_of_it_refused() {
    let daemon = Daemon::start("[limits]\nrequests_per_second = 200\nburst = 50").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    let stream: String = (0..250)
        .map(|n| bare_msg("anna", "#tea", &n.to_string()))
        .collect();
    let begun = Instant::now();
    anna.send(stream).await;
    for n in 0..250 {
        assert_eq!(anna.code().await, 200);
        boris.hears("anna", "#tea", &n.to_string()).await;
    }
    // 250 and two before them, 50 at once and 200 a second.
    assert!(
        begun.elapsed() > Duration::from_millis(900),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_flooding_client_does_not_delay_the_others() {
    let daemon = Daemon::start("").await;
    let flooding = daemon.guest_in("flood", "#flood").await;
    let mut flooding = flooding.into_client();
    let stream: String = (0..3000)
        .map(|n| bare_msg("flood", "#flood", &n.to_string()))
        .collect();
    let flood = tokio::spawn(async move {
        flooding.send(stream).await;
        for _ in 0..3000 {
            assert_eq!(flooding.next().await["response"], 200);
        }
    });
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    for n in 0..20 {
        let begun = Instant::now();
        assert_eq!(anna.say("#tea", &n.to_string()).await, 200);
        boris.hears("anna", "#tea", &n.to_string()).await;
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{:?}",
            begun.elapsed()
        );
    }
    flood.await.unwrap();
}

#[tokio::test]
async fn half_an_object_harms_nobody() {
    let daemon = Daemon::start("").await;
    let mut open: Vec<Client> = Vec::new();
    for _ in 0..50 {
        let mut client = daemon.client("jim").await;
        client.send(r#"{"action":"presence","time"#).await;
        open.push(client);
        let mut client = daemon.client("talker").await;
        client.send(r#"{"type":"connect","room"#).await;
        open.push(client);
    }
    let mut anna = daemon.guest_in("anna", "#tea").await;
    assert_eq!(anna.say("#tea", "hello").await, 200);
    drop(open);
    anna.hears_nothing().await;
}
