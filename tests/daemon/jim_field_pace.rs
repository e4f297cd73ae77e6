//! JIM in the field: one object a write, with a pause between two. The clock is paused.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::support::{FieldClient, Jim, LONG, with_field};

/// When each of the next objects came, in milliseconds since `begun`.
async fn times(client: &mut FieldClient, begun: Instant, count: usize) -> Vec<u128> {
    let mut times = Vec::new();
    for _ in 0..count {
        client.recv().await;
        times.push(begun.elapsed().as_millis());
    }
    times
}

#[tokio::test(start_paused = true)]
async fn between_two_objects_there_are_50_ms() {
    let daemon = with_field("", "").await;
    let mut anna = daemon.field_guest("anna").await;
    let mut boris = daemon.document("jim");
    boris.hello("boris").await;
    boris.join("#lobby").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begun = Instant::now();
    for _ in 0..5 {
        boris.say("#lobby", "hello").await;
    }
    assert_eq!(times(&mut anna, begun, 5).await, [0, 50, 100, 150, 200]);
    // Answers are in the same line.
    anna.say(json!({"action": "get_contacts"})).await;
    anna.say(json!({"action": "msg", "message": "hi"})).await;
    anna.say(json!({"action": "dance"})).await;
    assert_eq!(times(&mut anna, begun, 3).await, [250, 300, 350]);
    // And so are contact lists, and the pieces of a long text.
    for user_id in ["anna", "boris"] {
        anna.expect(200, json!({"action": "add_contact", "user_id": user_id}))
            .await;
    }
    anna.say(json!({"action": "get_contacts"})).await;
    assert_eq!(times(&mut anna, begun, 3).await, [500, 550, 600]);
    boris.hears("anna", "#lobby", "hi").await;
    boris.say("#lobby", &"ж".repeat(400)).await;
    let pieces = [650, 700, 750, 800, 850];
    assert_eq!(times(&mut anna, begun, 5).await, pieces);
    anna.say(json!({"action": "quit"})).await;
    anna.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_pace_is_the_listeners_and_others_have_none() {
    let daemon = with_field("jim.pace = '3s'", "").await;
    let mut anna = daemon.field_guest("anna").await;
    let mut boris = daemon.document("jim");
    let begun = Instant::now();
    boris.hello("boris").await;
    boris.join("#lobby").await;
    for _ in 0..3 {
        boris.say("#lobby", "hello").await;
    }
    assert!(begun.elapsed().is_zero());
    assert_eq!(times(&mut anna, begun, 3).await, [3000, 6000, 9000]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_written_at_the_end_at_the_same_pace() {
    // Longer than a silent peer is waited for.
    let daemon = with_field("", "pace = '20s'").await;
    let mut anna = daemon.field_guest("anna").await;
    let begun = Instant::now();
    for _ in 0..3 {
        anna.say(json!({"action": "msg", "message": "hi"})).await;
    }
    anna.say(json!({"action": "quit"})).await;
    assert_eq!(times(&mut anna, begun, 3).await, [20_000, 40_000, 60_000]);
    anna.end().await;
}

#[tokio::test(start_paused = true)]
async fn who_falls_behind_by_more_than_the_bounds_is_closed_whatever_its_pace() {
    let daemon = with_field("limits.queue_events = 10", "pace = '1s'").await;
    let mut anna = Jim::new(daemon.memory("field", 64).patient(LONG));
    anna.hello("anna").await;
    let mut boris = daemon.document("jim");
    boris.hello("boris").await;
    boris.join("#lobby").await;
    for _ in 0..30 {
        assert_eq!(boris.say("#lobby", "hello").await, 200);
    }
    let told = anna.rest().await;
    assert!(told.len() < 30);
    let last = told.last().unwrap();
    assert_eq!(last["response"], 101, "{last}");
}

#[tokio::test]
async fn each_object_is_a_write_of_its_own_on_a_socket_too() {
    let daemon = with_field("", "pace = '400ms'").await;
    let socket = TcpStream::connect(daemon.address("field")).await.unwrap();
    let mut anna = FieldClient::over(socket);
    for _ in 0..4 {
        anna.say(json!({"action": "msg", "from": "anna", "message": "hi"}))
            .await;
    }
    for _ in 0..4 {
        anna.code(200).await;
    }
}

#[tokio::test]
async fn without_a_pace_objects_come_at_once() {
    let daemon = with_field("", "pace = '0s'").await;
    let mut socket = TcpStream::connect(daemon.address("field")).await.unwrap();
    let said = json!({"action": "msg", "from": "anna", "message": "hi"}).to_string();
    tokio::io::AsyncWriteExt::write_all(&mut socket, said.repeat(50).as_bytes())
        .await
        .unwrap();
    tokio::io::AsyncWriteExt::shutdown(&mut socket)
        .await
        .unwrap();
    let mut all = String::new();
    socket.read_to_string(&mut all).await.unwrap();
    assert_eq!(all.lines().filter(|line| line.contains("200")).count(), 50);
}
