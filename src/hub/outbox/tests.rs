//! An outbox by itself.

use std::sync::Arc;
use std::task::Context;

use tokio::io::AsyncReadExt;

use super::*;

const BOUNDS: Bounds = Bounds {
    events: 3,
    bytes: 10,
};

fn outbox() -> (Outbox, tokio::io::DuplexStream) {
    let (near, far) = tokio::io::duplex(1024);
    (Outbox::new(Wire::Stream(Box::new(near)), BOUNDS), far)
}

/// What was written by the end.
async fn written(outbox: Outbox, mut far: tokio::io::DuplexStream) -> String {
    std::future::poll_fn(|cx| outbox.poll_drain(cx)).await;
    drop(outbox);
    let mut text = String::new();
    far.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn an_answer_goes_before_what_came_after_its_request() {
    let (outbox, far) = outbox();
    outbox.push("a".into(), 1).unwrap();
    let first = outbox.reserve();
    outbox.push("b".into(), 1).unwrap();
    let second = outbox.reserve();
    outbox.push("c".into(), 1).unwrap();
    outbox.fill(second, "2".into());
    outbox.fill(first, "1".into());
    outbox.close("!".into(), false);
    assert_eq!(written(outbox, far).await, "a1b2c!");
}

#[tokio::test]
async fn who_waits_for_room_is_woken_though_its_own_request_is_open() {
    let (outbox, _far) = outbox();
    let outbox = Arc::new(outbox);
    let (first, own) = (outbox.reserve(), outbox.reserve());
    let waiting = tokio::spawn({
        let outbox = outbox.clone();
        async move { outbox.room_for_requests(1, usize::MAX).await }
    });
    tokio::task::yield_now().await;
    outbox.fill(first, Bytes::new());
    waiting.await.unwrap();
    outbox.fill(own, Bytes::new());
}

#[test]
fn more_than_the_bounds_is_an_overflow_and_answers_do_not_count() {
    let (outbox, _far) = outbox();
    let slot = outbox.reserve();
    outbox.fill(slot, vec![0; 100].into());
    assert_eq!(outbox.unread_answers(), 100);
    assert!(outbox.push("12345".into(), 1).is_ok());
    assert_eq!(outbox.push("123456".into(), 1), Err(Overflow));
    assert_eq!(outbox.push("1".into(), 3), Err(Overflow));
    assert!(outbox.push("1".into(), 2).is_ok());
}

#[tokio::test]
async fn who_does_not_read_loses_what_was_not_begun_and_hears_why() {
    let (near, mut far) = tokio::io::duplex(2);
    let outbox = Outbox::new(
        Wire::Stream(Box::new(near)),
        Bounds {
            events: 0,
            bytes: 0,
        },
    );
    outbox.push("abc".into(), 1).unwrap();
    outbox.push("lost".into(), 1).unwrap();
    let waker = Waker::noop();
    assert!(
        outbox
            .poll_drain(&mut Context::from_waker(waker))
            .is_pending()
    );
    outbox.close("bye".into(), true);
    let reading = tokio::spawn(async move {
        let mut text = String::new();
        far.read_to_string(&mut text).await.unwrap();
        text
    });
    assert_eq!(
        std::future::poll_fn(|cx| outbox.poll_drain(cx)).await,
        Drained::Closed
    );
    drop(outbox);
    assert_eq!(reading.await.unwrap(), "abcbye");
}
