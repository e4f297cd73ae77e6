//! JIM: each limit at its last value and one beyond, counted in characters.

use serde_json::json;

use crate::support::{Daemon, PATIENCE, authenticate, presence};

/// An object of exactly so many characters.
fn object_of(characters: usize, filler: char) -> String {
    let empty =
        r#"{"action":"presence","time":1,"user":{"account_name":"anna"},"more":""}"#.to_owned();
    let more = characters - empty.chars().count();
    empty.replace(
        r#""more":"""#,
        &format!(r#""more":"{}""#, filler.to_string().repeat(more)),
    )
}

#[tokio::test]
async fn an_object_has_at_most_640_characters() {
    let daemon = Daemon::start("").await;
    let mut jim = daemon.jim().await;
    for filler in ['a', 'й', '😀'] {
        jim.send(object_of(640, filler)).await;
        assert_eq!(jim.code().await, 200);
        jim.send(object_of(641, filler)).await;
        assert_eq!(jim.code().await, 400);
    }
    // White space outside strings does not count, an escape counts as the one character it stands for.
    jim.send(object_of(640, 'a').replace(",", " , \r\n\t "))
        .await;
    assert_eq!(jim.code().await, 200);
    jim.send(object_of(640, 'й').replace('й', "\\u0439")).await;
    assert_eq!(jim.code().await, 200);
    jim.send(object_of(640, '😀').replace('😀', "\\ud83d\\ude00"))
        .await;
    assert_eq!(jim.code().await, 200);
}

#[tokio::test]
async fn an_action_has_at_most_15_characters() {
    let daemon = Daemon::start("").await;
    let mut jim = daemon.jim().await;
    for length in [15, 16] {
        jim.expect(400, json!({"action": "a".repeat(length)})).await;
    }
    jim.hello("anna").await;
}

#[tokio::test]
async fn names_have_at_most_25_characters() {
    let daemon = Daemon::start("").await;
    for letter in ["a", "ж"] {
        let (fits, over) = (letter.repeat(25), letter.repeat(26));
        let mut jim = daemon.jim().await;
        jim.expect(400, presence(&over)).await;
        jim.hello(&fits).await;
        jim.expect(400, json!({"action": "join", "room": format!("#{over}")}))
            .await;
        assert_eq!(jim.join(&format!("#{fits}")).await, 201);
        assert_eq!(jim.say(&format!("#{fits}"), "x").await, 200);
        assert_eq!(jim.say(&format!("#{over}"), "x").await, 400);
        assert_eq!(jim.say(&over, "x").await, 400);
        let msg = json!({"action": "msg", "to": format!("#{fits}"), "from": over, "message": "x"});
        jim.expect(400, msg).await;
        jim.expect(400, authenticate(&over, "x")).await;
        jim.expect(402, authenticate(&fits, "x")).await;
    }
}

#[tokio::test]
async fn a_message_has_at_most_500_characters() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    for letter in ["a", "ж", "😀", "\"", "\n"] {
        // Line breaks alone would be nothing to see.
        let said = |length: usize| format!(".{}", letter.repeat(length - 1));
        assert_eq!(anna.say("#tea", &said(501)).await, 400, "{letter:?}");
        assert_eq!(anna.say("#tea", &said(500)).await, 200, "{letter:?}");
        boris.hears("anna", "#tea", &said(500)).await;
    }
    boris.hears_nothing().await;
}

#[tokio::test]
async fn what_the_server_sends_keeps_the_same_limits() {
    let daemon = Daemon::start("").await;
    let (long, room) = ("ж".repeat(25), format!("#{}", "й".repeat(25)));
    let mut anna = daemon.guest_in(&long, &room).await;
    let mut boris = daemon.guest_in("boris", &room).await;
    for letter in ["\\", "ы"] {
        assert_eq!(anna.say(&room, &letter.repeat(500)).await, 200);
        let line = boris.line().await.unwrap();
        let counted = line.trim_end().replace("\\\\", "\\").chars().count();
        assert!(counted <= 640, "{counted}: {line}");
    }
    // An error's text that quotes what the client sent does, too.
    anna.send(format!(
        r#"{{"action":"{}","time":1}}"#,
        "\\u0000".repeat(15)
    ))
    .await;
    assert!(anna.line().await.unwrap().chars().count() <= 640);
}

#[tokio::test]
async fn an_object_of_64_kib_without_an_end_is_400_and_a_close() {
    let daemon = Daemon::start("").await;
    let mut jim = daemon.guest("anna").await;
    // Up to there it is merely too long.
    jim.send(object_of(64 * 1024, 'a')).await;
    assert_eq!(jim.code().await, 400);
    jim.hears_nothing().await;
    assert!(
        jim.try_send(&object_of(70_000, 'a').as_bytes()[..64 * 1024 + 1])
            .await
    );
    assert_eq!(jim.code().await, 400);
    jim.end().await;
}

#[tokio::test]
async fn a_connection_too_many_is_told_503_and_closed() {
    let daemon = Daemon::start("limits.connections = 2").await;
    let first = daemon.guest("anna").await;
    let mut second = daemon.talker().await;
    let mut third = daemon.jim().await;
    // It talks at once, as clients do, and is told all the same.
    third.try_send(presence("boris").to_string()).await;
    let answer = third.answer().await;
    assert_eq!(answer["response"], 503, "{answer}");
    third.end().await;
    let mut fourth = daemon.talker().await;
    fourth.try_send("{\"type\":\"ping\"}\n").await;
    fourth.refused("Too many connections").await;
    // A place that is given up is free.
    second.write(json!({"type": "ping"})).await;
    second.refused("Not connected to a room").await;
    drop(second);
    let free = async {
        loop {
            let mut next = daemon.jim().await;
            next.try_send(json!({"action": "probe", "time": 1}).to_string())
                .await;
            if next.code().await == 400 {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, free).await.unwrap();
    drop(first);
}

#[tokio::test]
async fn a_limit_by_address_is_the_same() {
    let daemon = Daemon::start("limits.connections_per_address = 1").await;
    let mut first = daemon.jim().await;
    let mut second = daemon.jim().await;
    assert_eq!(second.code().await, 503);
    second.end().await;
    first.hello("anna").await;
}

#[tokio::test]
async fn of_many_at_once_that_say_nothing_each_is_told_why() {
    let daemon = Daemon::start("limits.connections = 1").await;
    let _first = daemon.guest("anna").await;
    let mut refused = Vec::new();
    for _ in 0..200 {
        refused.push(daemon.jim().await);
    }
    for mut client in refused {
        assert_eq!(client.code().await, 503);
        client.end().await;
    }
}
