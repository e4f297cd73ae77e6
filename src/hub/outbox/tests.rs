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
async fn what_was_for_one_reader_is_not_for_the_next() {
    let (outbox, far) = numbered();
    outbox.push("a_b_c_".into(), 3).unwrap();
    let slot = outbox.reserve();
    outbox.push("d_".into(), 1).unwrap();
    outbox.ask("e_".into());
    outbox.change_reader();
    outbox.push("f_".into(), 1).unwrap();
    outbox.fill(slot, "=".into());
    // Answers to what the one before was told free their numbers and mean nothing.
    assert_eq!(outbox.refused(1, |_| true), None);
    assert_eq!(outbox.answered(2), None);
    outbox.close("z_".into(), false);
    assert_eq!(written(outbox, far).await, "a1b2=e3f4z5");
}

#[tokio::test]
async fn a_late_refusal_of_what_was_told_before_suspends_nobody() {
    let (outbox, far) = numbered();
    outbox.push("a_b_".into(), 2).unwrap();
    assert_eq!(outbox.refused(1, |_| true), Some(b'a'));
    outbox.suspend(false);
    assert_eq!(outbox.refused(2, |_| true), None);
    outbox.push("c_".into(), 1).unwrap();
    outbox.close("z_".into(), false);
    assert_eq!(written(outbox, far).await, "a1b2c3z4");
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

const INTERVAL: Duration = Duration::from_millis(50);

/// Frames end with a semicolon.
fn paced(capacity: usize, interval: Duration) -> (Arc<Outbox>, tokio::io::DuplexStream) {
    let (near, far) = tokio::io::duplex(capacity);
    let rule = Pacing {
        length: |bytes| {
            let end = bytes.iter().position(|byte| *byte == b';');
            end.map_or(bytes.len(), |end| end + 1)
        },
        interval,
    };
    let outbox = Outbox::new(Wire::Stream(Box::new(near)), BOUNDS).paced(Some(rule));
    (Arc::new(outbox), far)
}

/// What each read gives, with the milliseconds since the beginning.
async fn reads(mut far: tokio::io::DuplexStream) -> Vec<(u128, String)> {
    let (begun, mut all) = (tokio::time::Instant::now(), Vec::new());
    let mut bytes = [0; 1024];
    loop {
        match far.read(&mut bytes).await.unwrap() {
            0 => return all,
            count => {
                let text = String::from_utf8(bytes[..count].to_vec()).unwrap();
                all.push((begun.elapsed().as_millis(), text));
            }
        }
    }
}

fn drain(outbox: Arc<Outbox>) -> tokio::task::JoinHandle<Drained> {
    tokio::spawn(async move { std::future::poll_fn(|cx| outbox.poll_drain(cx)).await })
}

fn at(times: &[(u128, &str)]) -> Vec<(u128, String)> {
    let owned = |(at, text): &(u128, &str)| (*at, (*text).to_owned());
    times.iter().map(owned).collect()
}

#[tokio::test(start_paused = true)]
async fn paced_frames_go_one_at_a_time_answers_too() {
    let (outbox, far) = paced(1024, INTERVAL);
    let reading = tokio::spawn(reads(far));
    let drained = drain(outbox.clone());
    outbox.push("a;b;".into(), 2).unwrap();
    let slot = outbox.reserve();
    outbox.push("c;".into(), 1).unwrap();
    outbox.fill(slot, "1;2;".into());
    outbox.flush();
    tokio::time::sleep(Duration::from_secs(1)).await;
    // After a long silence the first one goes at once, and what comes soon after waits for its turn.
    outbox.push("d;".into(), 1).unwrap();
    outbox.flush();
    tokio::time::sleep(Duration::from_millis(20)).await;
    outbox.push("e;".into(), 1).unwrap();
    outbox.flush();
    outbox.close("bye;".into(), false);
    assert_eq!(drained.await.unwrap(), Drained::Closed);
    drop(outbox);
    let expected = [
        (0, "a;"),
        (50, "b;"),
        (100, "1;"),
        (150, "2;"),
        (200, "c;"),
        (1000, "d;"),
        (1050, "e;"),
        (1100, "bye;"),
    ];
    assert_eq!(reading.await.unwrap(), at(&expected));
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_the_peer_takes_in_parts_has_no_pause_inside() {
    let (outbox, far) = paced(2, INTERVAL);
    outbox.push("12345;6;".into(), 2).unwrap();
    outbox.close(Bytes::new(), false);
    let drained = drain(outbox.clone());
    drop(outbox);
    let expected = [(0, "12"), (0, "34"), (0, "5;"), (50, "6;")];
    assert_eq!(reads(far).await, at(&expected));
    assert_eq!(drained.await.unwrap(), Drained::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_pace_of_nothing_is_one_frame_a_write_without_a_pause() {
    let (outbox, mut far) = paced(1024, Duration::ZERO);
    outbox.push("a;b;".into(), 2).unwrap();
    outbox.flush();
    let mut bytes = [0; 1024];
    // Nobody but the connection's own task writes.
    let read = tokio::time::timeout(INTERVAL, far.read(&mut bytes)).await;
    assert!(read.is_err());
    let begun = tokio::time::Instant::now();
    let drained = drain(outbox.clone());
    outbox.close(Bytes::new(), false);
    drained.await.unwrap();
    assert!(begun.elapsed().is_zero());
    assert_eq!(far.read(&mut bytes).await.unwrap(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_begun_is_dropped_between_frames_too() {
    let (outbox, far) = paced(3, INTERVAL);
    outbox.push("a;12;3;".into(), 3).unwrap();
    let drained = drain(outbox.clone());
    tokio::task::yield_now().await;
    // `a;` is written, and nothing of what stands behind it.
    outbox.close("!;".into(), true);
    let reading = tokio::spawn(reads(far));
    drained.await.unwrap();
    drop(outbox);
    assert_eq!(reading.await.unwrap(), at(&[(0, "a;"), (50, "!;")]));

    let (outbox, far) = paced(3, INTERVAL);
    outbox.push("12345;6;".into(), 2).unwrap();
    let drained = drain(outbox.clone());
    tokio::task::yield_now().await;
    // `123` is written: its frame is finished.
    outbox.close("!;".into(), true);
    let reading = tokio::spawn(reads(far));
    drained.await.unwrap();
    drop(outbox);
    let expected = [(0, "123"), (0, "45;"), (50, "!;")];
    assert_eq!(reading.await.unwrap(), at(&expected));
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_turn_is_within_the_bounds() {
    let (outbox, _far) = paced(1024, INTERVAL);
    let _drained = drain(outbox.clone());
    outbox.push("a;".into(), 1).unwrap();
    outbox.flush();
    tokio::task::yield_now().await;
    outbox.push("b;c;d;".into(), 3).unwrap();
    assert_eq!(outbox.push("e;".into(), 1), Err(Overflow));
    outbox.flush();
    tokio::time::sleep(INTERVAL * 4).await;
    outbox.push("e;".into(), 1).unwrap();
}
