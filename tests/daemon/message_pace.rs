//! What one user says in a room: over the limit its connections are read more slowly, nothing is lost, and nobody else
//! waits. And who is written to with pauses is not too slow because of them. The clock is paused.

use std::time::Duration;

use tokio::time::Instant;

use crate::support::uchat::{MSG, msg};
use crate::support::{Daemon, Jim, LONG, Uchat, bare_msg, with_field};

/// As by default; who is silent for minutes is not asked whether it is there.
const LIMIT: &str =
    "limits.messages_per_second = 10\nlimits.messages_burst = 60\njim.probe_after = '1h'";
const NONE: &str = "limits.messages_per_second = 0\nlimits.requests_per_second = 0";

fn stream(from: &str, to: &str, numbers: std::ops::Range<usize>) -> String {
    numbers
        .map(|n| bare_msg(from, to, &n.to_string()))
        .collect()
}

/// Says these in a room and reads the answers.
fn flood(mut client: Jim, stream: String, count: usize) -> tokio::task::JoinHandle<Jim> {
    tokio::spawn(async move {
        let (mut said, mut answered) = (stream.as_bytes().chunks(1024), 0);
        while answered < count {
            if let Some(some) = said.next() {
                client.send(some).await;
            }
            let lines = stream.len() / count;
            for _ in 0..(1024 / lines).min(count - answered) {
                assert_eq!(client.code().await, 200);
                answered += 1;
            }
        }
        client
    })
}

/// A client of the field in a room, which reads lines: what is written without a pause may come in one piece.
async fn field_reader(daemon: &Daemon, name: &str) -> Jim {
    let mut reader = daemon.document("field");
    reader.hello(name).await;
    reader.join("#tea").await;
    reader
}

#[tokio::test(start_paused = true)]
async fn who_reads_all_the_time_is_not_too_slow_because_of_the_pauses() {
    let daemon = with_field(NONE, "").await;
    let mut anna = field_reader(&daemon, "anna").await;
    let mut mallory = daemon.document("jim");
    mallory.hello("mallory").await;
    mallory.join("#tea").await;
    let flooding = tokio::spawn(async move {
        // 6,000 messages in 4 s.
        for hundred in 0..60 {
            let numbers = hundred * 100..(hundred + 1) * 100;
            mallory.send(stream("mallory", "#tea", numbers)).await;
            for _ in 0..100 {
                assert_eq!(mallory.code().await, 200);
            }
            tokio::time::sleep(Duration::from_micros(66_667)).await;
        }
        mallory
    });
    for n in 0..6000 {
        assert_eq!(anna.next().await["mess_text"], n.to_string());
    }
    flooding.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_flooder_is_read_more_slowly_and_nothing_of_it_is_lost() {
    let daemon = with_field(LIMIT, "").await;
    let mut anna = field_reader(&daemon, "anna").await;
    let mut mallory = daemon.document("jim");
    mallory.hello("mallory").await;
    mallory.join("#tea").await;
    let mut boris = daemon.document("jim");
    boris.hello("boris").await;
    boris.join("#cake").await;
    let begun = Instant::now();
    let flooding = flood(mallory, stream("mallory", "#tea", 1000..7000), 6000);
    for n in 1000..7000 {
        assert_eq!(anna.next().await["mess_text"], n.to_string());
        // The others are not slowed, wherever they are.
        if n % 1000 == 500 {
            let asked = Instant::now();
            assert_eq!(boris.say("#cake", "hello").await, 200);
            assert!(
                asked.elapsed() < Duration::from_millis(5),
                "{:?}",
                asked.elapsed()
            );
        }
    }
    let took = begun.elapsed();
    let expected = Duration::from_secs((6000 - 60) / 10);
    assert!(
        took >= expected && took < expected + Duration::from_secs(5),
        "{took:?}"
    );
    flooding.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_one_for_all_connections_and_another_for_each_room() {
    let daemon = Daemon::start("limits.messages_per_second = 10\nlimits.messages_burst = 5").await;
    daemon.account("anna").await;
    let mut jim = daemon.document("jim");
    jim.authenticate("anna").await;
    jim.join("#tea").await;
    jim.join("#cake").await;
    let mut uchat = Uchat::new(daemon.memory("uchat", 65536).patient(LONG));
    uchat.log_in("anna").await;
    let tea = daemon.operate(tolmach::commands::FindRoom {
        room: crate::support::room("tea"),
    });
    let tea = tea.await.id.0;
    let begun = Instant::now();
    for n in 0..4 {
        assert_eq!(jim.say("#tea", &n.to_string()).await, 200);
        uchat.event(MSG).await;
    }
    let msg = |n: usize| msg(tea, &n.to_string());
    uchat.answer(msg(4)).await;
    jim.heard().await;
    assert!(begun.elapsed().is_zero(), "{:?}", begun.elapsed());
    // Each of both waits for the other's, too.
    for n in [5, 7] {
        uchat.answer(msg(n)).await;
        jim.heard().await;
        assert_eq!(jim.say("#tea", "and").await, 200);
        uchat.event(MSG).await;
    }
    assert_eq!(begun.elapsed().as_millis(), 400);
    assert_eq!(jim.say("#cake", "another").await, 200);
    assert_eq!(begun.elapsed().as_millis(), 400);
}

#[tokio::test(start_paused = true)]
async fn private_messages_count_in_the_room_of_the_two() {
    let daemon = Daemon::start("limits.messages_per_second = 10\nlimits.messages_burst = 1").await;
    let [mut anna, mut boris, mut clara] = [(), (), ()].map(|()| daemon.document("jim"));
    for (client, name) in [
        (&mut anna, "anna"),
        (&mut boris, "boris"),
        (&mut clara, "clara"),
    ] {
        client.hello(name).await;
    }
    // The first one makes the room.
    for name in ["boris", "clara"] {
        assert_eq!(anna.say(name, "hello").await, 200);
        assert_eq!(anna.say(name, "hello").await, 200);
    }
    let begun = Instant::now();
    assert_eq!(anna.say("boris", "slow").await, 200);
    assert_eq!(begun.elapsed().as_millis(), 100);
    assert_eq!(anna.say("clara", "slow").await, 200);
    assert_eq!(begun.elapsed().as_millis(), 100);
    for _ in 0..3 {
        boris.heard().await;
    }
    assert_eq!(boris.say("anna", "fast").await, 200);
    assert_eq!(begun.elapsed().as_millis(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_the_held_and_the_program_itself_is_not_held() {
    let daemon = Daemon::start("limits.messages_per_second = 1\nlimits.messages_burst = 1").await;
    let mut anna = daemon.document("jim");
    anna.hello("anna").await;
    anna.join("#cake").await;
    anna.send(stream("anna", "#cake", 0..1000)).await;
    let mut boris = daemon.document("jim");
    boris.hello("boris").await;
    boris.join("#tea").await;
    let (mut bot, _) = daemon.hub().attach("bot", tolmach::hub::Scope::AllRooms);
    bot.log_in_guest("bot").await.unwrap();
    bot.enter("tea").await.unwrap();
    let begun = Instant::now();
    for n in 0..20 {
        bot.say("tea", &n.to_string()).await.unwrap();
        boris.hears("bot", "#tea", &n.to_string()).await;
    }
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    let begun = Instant::now();
    daemon.stop().await;
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}
