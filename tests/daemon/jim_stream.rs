//! JIM: where objects begin and end, however the bytes come.

use serde_json::{Value, json};

use crate::support::{Daemon, Jim, bare_msg};

/// A conversation with good objects, bad ones, white space and junk, and the codes that answer it.
const STREAM: &str = concat!(
    "  \r\n\t",
    r#"{"action":"presence","time":1,"user":{"account_name":"анна"}}"#,
    r##"{"action":"join","time":1,"room":"#чай"}"##,
    " junk } \n",
    r##"{"action":"msg","time":1,"to":"#чай","from":"анна","message":"скобки {[ \" \\ }]"}"##,
    "{not json}",
    r##"{"action":"msg","time":1,"to":"#\u0447\u0430\u0439","from":"анна","message":"\ud83d\ude00 😀"}"##,
    "\n\n",
    r#"{"action":{},"time":1}"#,
    "[1]",
    r##"{"action":"leave","time":1,"room":"#чай"}"##,
    r#"{"action":"presence","time":1"#,
);
const CODES: [u64; 10] = [200, 201, 400, 200, 400, 200, 400, 400, 200, 400];

fn codes(answers: &[Value]) -> Vec<u64> {
    answers
        .iter()
        .map(|answer| answer["response"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn glued_objects_are_answered_one_by_one() {
    let daemon = Daemon::start("").await;
    let mut jim = daemon.jim().await;
    jim.send(STREAM).await;
    jim.finish().await;
    // A half-closed client gets its answers.
    assert_eq!(codes(&jim.rest().await), CODES);
}

#[tokio::test]
async fn a_stream_cut_anywhere_has_the_same_answers() {
    for pieces in [1, 2, 3, 5, 7, 11, 64] {
        let daemon = Daemon::start("").await;
        // No more than so many bytes are there to be read at a time.
        let (mut reader, mut writer) = tokio::io::split(daemon.duplex("jim", pieces));
        let writing = tokio::spawn(async move {
            use tokio::io::AsyncWriteExt;
            writer.write_all(STREAM.as_bytes()).await.unwrap();
            writer.shutdown().await.unwrap();
        });
        let mut answers = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut reader, &mut answers)
            .await
            .unwrap();
        writing.await.unwrap();
        let answers: Vec<Value> = answers
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(codes(&answers), CODES, "by {pieces}");
        daemon.stop().await;
    }
}

#[tokio::test]
async fn a_stream_cut_in_two_has_the_same_answers() {
    let daemon = Daemon::start("").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let object = bare_msg("anna", "#tea", "\u{1F600} \"\\ ы");
    for cut in 1..object.len() {
        let (head, tail) = object.as_bytes().split_at(cut);
        anna.send(head).await;
        tokio::task::yield_now().await;
        anna.send(tail).await;
        assert_eq!(anna.code().await, 200, "cut at {cut}");
        boris.hears("anna", "#tea", "\u{1F600} \"\\ ы").await;
    }
}

#[tokio::test]
async fn three_runs_of_junk_in_a_row_close_the_connection() {
    let daemon = Daemon::start("").await;
    let mut jim = daemon.jim().await;
    jim.send("junk\njunk\n").await;
    jim.send(r#"{"action":"presence","time":1,"user":{"account_name":"anna"}}"#)
        .await;
    jim.send("junk\n] , \n").await;
    assert_eq!(
        [jim.code().await, jim.code().await, jim.code().await],
        [400, 400, 200]
    );
    assert_eq!([jim.code().await, jim.code().await], [400, 400]);
    // An object that is not valid JSON is answered, and interrupts nothing.
    jim.send("{bad}third\n").await;
    assert_eq!([jim.code().await, jim.code().await], [400, 400]);
    jim.end().await;
}

#[tokio::test]
async fn bytes_that_are_no_text_are_400() {
    let daemon = Daemon::start("").await;
    let mut jim = daemon.guest("anna").await;
    jim.send(b"{\"action\":\"presence\",\"time\":1,\"more\":\"\xff\xfe\"}")
        .await;
    assert_eq!(jim.code().await, 400);
    jim.send(b"\x16\x03\x01\x02\x00\x01\n").await;
    assert_eq!(jim.code().await, 400);
    jim.hears_nothing().await;
}

#[tokio::test]
async fn a_half_closed_client_gets_its_answers_and_then_the_end() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut jim = daemon.jim().await;
    let mut stream = json!({"action": "authenticate", "time": 1,
        "user": {"account_name": "anna", "password": crate::support::PASSWORD}})
    .to_string();
    stream += &json!({"action": "join", "time": 1, "room": "#tea"}).to_string();
    for n in 0..300 {
        stream += &bare_msg("anna", "#tea", &n.to_string());
    }
    jim.send(stream).await;
    jim.finish().await;
    let answers = codes(&jim.rest().await);
    assert_eq!(answers.len(), 302);
    assert_eq!(answers[..2], [200, 201]);
    assert!(answers[2..].iter().all(|code| *code == 200));
    assert_eq!(daemon.history(crate::support::room("tea")).await.len(), 300);
}

#[tokio::test]
async fn what_was_received_whole_is_carried_out_though_nobody_reads_the_answers() {
    let daemon = Daemon::start("").await;
    for round in 0..10 {
        let room = format!("#room-{round}");
        let mut boris = daemon.guest_in("boris", &room).await;
        let mut anna = daemon.guest_in("anna", &room).await;
        let mut stream = String::new();
        for n in 0..100 {
            stream += &bare_msg("anna", &room, &n.to_string());
        }
        anna.send(stream).await;
        // It is gone altogether, not half.
        drop(anna);
        for n in 0..100 {
            boris.hears("anna", &room, &n.to_string()).await;
        }
        boris.write(json!({"action": "quit"})).await;
        boris.end().await;
    }
}

#[tokio::test]
async fn what_waits_for_its_turn_is_carried_out_though_its_client_has_gone() {
    let daemon = Daemon::start("[limits]\nrequests_per_second = 100\nburst = 5").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let stream: String = (0..60)
        .map(|n| bare_msg("anna", "#tea", &n.to_string()))
        .collect();
    anna.send(stream).await;
    // The first answer is on its way when it goes; the second finds nobody.
    drop(anna);
    for n in 0..60 {
        boris.hears("anna", "#tea", &n.to_string()).await;
    }
}

#[tokio::test]
async fn what_is_sent_is_one_object_and_a_newline() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut boris = Jim::new(daemon.client("jim").await);
    boris.hello("boris").await;
    boris.join("#tea").await;
    assert_eq!(anna.say("#tea", "two\nlines").await, 200);
    let line = boris.line().await.unwrap();
    assert!(line.starts_with('{') && line.ends_with("}\n"), "{line:?}");
    assert_eq!(line.matches('\n').count(), 1);
}
