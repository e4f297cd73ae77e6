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

/// Frames are a letter and a place for the number; `!` is answered by nobody.
const NUMBERED: Numbering = Numbering {
    unanswered: 2,
    length: |_| 2,
    number: |frame, number| {
        if frame[0] == b'!' {
            return None;
        }
        frame[1] = b'0'.wrapping_add(number);
        Some(frame[0])
    },
};

fn numbered() -> (Outbox, tokio::io::DuplexStream) {
    let (near, far) = tokio::io::duplex(1024);
    let wire = Wire::Stream(Box::new(near));
    let bounds = Bounds {
        events: 5,
        bytes: 100,
    };
    (Outbox::with_numbering(wire, bounds, Some(NUMBERED)), far)
}

#[tokio::test]
async fn so_many_are_unanswered_and_the_rest_waits_for_their_numbers() {
    let (outbox, far) = numbered();
    outbox.push("a_b_c_".into(), 3).unwrap();
    outbox.push("d_".into(), 1).unwrap();
    let slot = outbox.reserve();
    // An answer does not wait for numbers.
    outbox.fill(slot, "=".into());
    assert_eq!(outbox.answered(7), None);
    assert_eq!(outbox.answered(2), Some(b'b'));
    assert_eq!(outbox.answered(2), None);
    outbox.close("!?".into(), false);
    assert_eq!(written(outbox, far).await, "a1b2=c3!?");
}

#[tokio::test]
async fn what_waits_for_a_number_is_within_the_bounds() {
    let (outbox, _far) = numbered();
    outbox.push("a_b_".into(), 2).unwrap();
    outbox.push("c_d_e_".into(), 3).unwrap();
    assert_eq!(outbox.push("f_".into(), 1), Err(Overflow));
}

#[tokio::test]
async fn a_number_in_use_is_not_given_again() {
    let (outbox, far) = numbered();
    outbox.push("a_".into(), 1).unwrap();
    let mut number = 2_u8;
    for _ in 0..300 {
        outbox.push("b_".into(), 1).unwrap();
        assert_eq!(outbox.answered(number), Some(b'b'), "{number}");
        number = if number == 0 {
            2
        } else {
            number.wrapping_add(1)
        };
        std::future::poll_fn(|cx| {
            outbox.lock().flush(Some(cx));
            Poll::Ready(())
        })
        .await;
        tokio::task::yield_now().await;
    }
    drop(far);
    assert_eq!(outbox.answered(1), Some(b'a'));
}

#[tokio::test]
async fn a_suspended_peer_is_told_nothing_but_what_is_asked() {
    let (outbox, far) = numbered();
    outbox.push("a_b_c_".into(), 3).unwrap();
    outbox.suspend(true);
    outbox.push("d_".into(), 1).unwrap();
    outbox.ask("e_".into());
    let slot = outbox.reserve();
    outbox.push("f_".into(), 1).unwrap();
    outbox.answered(1);
    outbox.suspend(false);
    outbox.fill(slot, "=".into());
    outbox.answered(2);
    outbox.close("z_".into(), true);
    let text = written(outbox, far).await;
    assert_eq!(text, "z5", "an abrupt end keeps nothing that was not begun");
}

#[tokio::test]
async fn what_was_said_to_a_suspended_peer_is_not_told_later() {
    let (outbox, far) = numbered();
    outbox.push("a_b_c_".into(), 3).unwrap();
    outbox.suspend(true);
    outbox.push("d_".into(), 1).unwrap();
    outbox.ask("e_".into());
    let slot = outbox.reserve();
    outbox.push("f_".into(), 1).unwrap();
    outbox.suspend(false);
    outbox.fill(slot, "=".into());
    outbox.answered(1);
    outbox.answered(2);
    outbox.close("z_".into(), false);
    assert_eq!(written(outbox, far).await, "a1b2=e3f4z5");
}

#[tokio::test]
async fn a_no_that_suspends_lets_nothing_go_that_waited() {
    let (outbox, far) = numbered();
    outbox.push("a_b_c_".into(), 3).unwrap();
    assert_eq!(outbox.refused(7, |_| true), None);
    assert_eq!(outbox.refused(1, |what| what == b'a'), Some(b'a'));
    outbox.close(Bytes::new(), false);
    assert_eq!(written(outbox, far).await, "a1b2");
}
