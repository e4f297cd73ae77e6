//! The purpose-byte protocol: at most 200 unanswered notifications, what waits for them, and suspended sessions.

use serde_json::json;

use crate::support::{Daemon, Frame, Jim, Purpose, bare_msg, frame, int, long, room};
use tolmach::commands;

const TEA: &str = "rooms.create = ['tea']";

/// Anna, of this revision, and a JIM client who speaks, in the room "tea".
async fn two(daemon: &Daemon, revision: u8) -> (Purpose, Jim, i32) {
    daemon.account("anna").await;
    let mut anna = daemon.purpose_of(revision, "anna").await;
    let tea = anna.chat("tea").await;
    anna.does("JOIN_CHAT", int(tea)).await;
    (anna, daemon.guest_in("jim", "#tea").await, tea)
}

/// Says numbers, and waits until they are accepted.
async fn say(jim: &mut Jim, numbers: std::ops::Range<usize>) {
    let count = numbers.len();
    let stream: String = numbers
        .map(|n| bare_msg("jim", "#tea", &n.to_string()))
        .collect();
    jim.send(stream).await;
    for _ in 0..count {
        assert_eq!(jim.code().await, 200);
    }
}

/// The next notification is this number.
async fn number(anna: &mut Purpose, n: usize) -> Frame {
    let told = anna.told("MESSAGES").await;
    assert_eq!(anna.message_of(&told).text, n.to_string());
    told
}

#[tokio::test]
async fn the_201st_waits_until_one_is_answered_and_answers_overtake_it() {
    let daemon = Daemon::start(TEA).await;
    for revision in [1, 2] {
        let (mut anna, mut jim, tea) = two(&daemon, revision).await;
        say(&mut jim, 0..450).await;
        let mut told = Vec::new();
        for n in 0..200 {
            told.push(number(&mut anna, n).await);
        }
        // Nothing more comes, and requests are answered meanwhile.
        anna.hears_nothing().await;
        assert_eq!(anna.history(tea, 0).await.len() % 450, 0);
        anna.say(tea, "mine").await;
        anna.hears_nothing().await;
        // In whatever order they are answered: each lets one come, in order.
        let mut next = 200;
        for place in [150, 3, 0, 199] {
            anna.accept(&told[place]).await;
            told.push(number(&mut anna, next).await);
            next += 1;
            anna.hears_nothing().await;
        }
        for (place, frame) in told.iter().enumerate() {
            if ![150, 3, 0, 199].contains(&place) {
                anna.accept(frame).await;
            }
        }
        for n in next..450 {
            let told = number(&mut anna, n).await;
            anna.accept(&told).await;
        }
        anna.hears_nothing().await;
        jim.hears("anna", "#tea", "mine").await;
        jim.write(json!({"action": "quit"})).await;
        jim.end().await;
        anna.does("LOGOFF", "").await;
        daemon
            .operate(commands::RemoveUser {
                user: crate::support::user("anna"),
            })
            .await;
        daemon
            .operate(commands::ClearHistory { room: room("tea") })
            .await;
    }
}

#[tokio::test]
async fn an_answer_to_nothing_is_ignored() {
    let daemon = Daemon::start(TEA).await;
    let (mut anna, mut jim, _) = two(&daemon, 2).await;
    for task in 0..=255 {
        anna.send(frame((task % 2) as u8, task as u8, b"")).await;
        anna.send(frame(0, task as u8, b"what you never asked"))
            .await;
        anna.send(frame(1, task as u8, b"no NUL")).await;
    }
    say(&mut jim, 0..1).await;
    let told = number(&mut anna, 0).await;
    for task in (0..=255).filter(|task| *task != told.task) {
        anna.send(frame(1, task, b"no\0")).await;
    }
    say(&mut jim, 1..2).await;
    number(&mut anna, 1).await;
    // Twice is once, and then nothing.
    anna.accept(&told).await;
    anna.decline(&told).await;
    say(&mut jim, 2..3).await;
    number(&mut anna, 2).await;
    anna.hears_nothing().await;
}

#[tokio::test]
async fn who_answers_nothing_is_closed_when_the_queue_is_full() {
    let daemon = Daemon::start(&format!("{TEA}\nlimits.queue_events = 300")).await;
    let (mut anna, mut jim, tea) = two(&daemon, 2).await;
    let mut reader = daemon.purpose_of(2, "anna").await;
    for n in 0..500 {
        say(&mut jim, n..n + 1).await;
        let told = number(&mut reader, n).await;
        reader.accept(&told).await;
        if n < 200 {
            number(&mut anna, n).await;
        }
    }
    say(&mut jim, 500..501).await;
    number(&mut reader, 500).await;
    // Its queue took 300 more than the 200; what it missed is in the history.
    anna.disconnected().await;
    assert_eq!(reader.history(tea, 0).await.len(), 501);
}

#[tokio::test]
async fn the_bytes_that_wait_are_bounded_too() {
    let daemon = Daemon::start(&format!("{TEA}\nlimits.queue_bytes = 100000")).await;
    let (mut anna, mut jim, _) = two(&daemon, 1).await;
    say(&mut jim, 0..200).await;
    for n in 0..200 {
        number(&mut anna, n).await;
    }
    let text = "x".repeat(500);
    while !daemon
        .sessions()
        .await
        .iter()
        .all(|one| one.dialect != "purpose")
    {
        assert_eq!(jim.say("#tea", &text).await, 200);
    }
    anna.disconnected().await;
}

#[tokio::test]
async fn declining_a_notification_suspends_until_the_next_login_or_restore() {
    let daemon = Daemon::start(TEA).await;
    for by_login in [true, false] {
        for revision in [1, 2] {
            let login = format!("anna{revision}{by_login}");
            daemon.account(&login).await;
            let mut anna = daemon.purpose_of(revision, &login).await;
            let tea = anna.chat("tea").await;
            anna.does("JOIN_CHAT", int(tea)).await;
            let name = format!("jim{revision}{by_login}");
            let mut jim = daemon.guest_in(&name, "#tea").await;
            assert_eq!(jim.say("#tea", "first").await, 200);
            let told = anna.told("MESSAGES").await;
            anna.decline(&told).await;
            anna.hears_nothing().await;
            assert_eq!(jim.say("#tea", "unheard").await, 200);
            anna.hears_nothing().await;
            // Requests go on.
            let begun = anna.message_of(&told).created;
            assert_eq!(
                anna.history(tea, begun).await.last().unwrap().text,
                "unheard"
            );
            anna.say(tea, "I can talk").await;
            jim.hears(&login, "#tea", "I can talk").await;
            if by_login {
                anna.log_in_again(&login).await;
            } else {
                let restoring = anna.restoring();
                anna.accepted("RESTORE_SESSION", restoring).await;
            }
            anna.hears_nothing().await;
            assert_eq!(jim.say("#tea", "heard").await, 200);
            assert_eq!(anna.heard().await.text, "heard");
            anna.hears_nothing().await;
        }
    }
}

#[tokio::test]
async fn what_waits_when_one_is_suspended_does_not_come_later() {
    let daemon = Daemon::start(TEA).await;
    let (mut anna, mut jim, tea) = two(&daemon, 2).await;
    say(&mut jim, 0..250).await;
    let mut told = Vec::new();
    for n in 0..200 {
        told.push(number(&mut anna, n).await);
    }
    anna.decline(&told[0]).await;
    for frame in &told[1..100] {
        anna.accept(frame).await;
    }
    anna.hears_nothing().await;
    anna.log_in_again("anna").await;
    for frame in &told[100..] {
        anna.accept(frame).await;
    }
    anna.hears_nothing().await;
    say(&mut jim, 250..251).await;
    number(&mut anna, 250).await;
    let all = anna
        .accepted("REQUEST_CHAT_MSG", [int(tea), long(0)].concat())
        .await;
    assert_eq!(crate::support::messages(&all).len(), 251);
}

#[tokio::test(start_paused = true)]
async fn what_the_server_asks_goes_before_what_waits() {
    let daemon = Daemon::start("rooms.create = ['tea']\njim.probe_after = '0s'").await;
    daemon.account("anna").await;
    let long = std::time::Duration::from_secs(24 * 3600);
    let mut anna = Purpose::new(daemon.memory("purpose.2", 65536).patient(long), 2);
    anna.log_in("anna").await;
    let tea = anna.chat("tea").await;
    anna.does("JOIN_CHAT", int(tea)).await;
    let mut jim = Jim::new(daemon.memory("jim", 65536).patient(long));
    jim.hello("jim").await;
    jim.join("#tea").await;
    say(&mut jim, 0..210).await;
    let mut told = Vec::new();
    for n in 0..200 {
        told.push(number(&mut anna, n).await);
    }
    tokio::time::sleep(std::time::Duration::from_secs(70)).await;
    anna.accept(&told[0]).await;
    let asked = anna.told("HEARTBEAT").await;
    anna.accept(&asked).await;
    for n in 200..210 {
        anna.accept(&told[n - 100]).await;
        number(&mut anna, n).await;
    }
    anna.hears_nothing().await;
}

#[tokio::test]
async fn what_waits_at_a_logoff_is_told_to_nobody() {
    let daemon = Daemon::start(TEA).await;
    let (mut anna, mut jim, _) = two(&daemon, 2).await;
    daemon.account("boris").await;
    for by_logoff in [true, false] {
        say(&mut jim, 0..250).await;
        let mut told = Vec::new();
        for n in 0..200 {
            told.push(number(&mut anna, n).await);
        }
        if by_logoff {
            anna.does("LOGOFF", "").await;
        } else {
            anna.log_in_again("boris").await;
        }
        for frame in &told {
            anna.accept(frame).await;
        }
        anna.hears_nothing().await;
        anna.log_in_again("anna").await;
        anna.hears_nothing().await;
    }
}
