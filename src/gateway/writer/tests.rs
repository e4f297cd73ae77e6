//! A writer by itself.

use std::sync::Arc;
use std::task::Context;

use tokio::io::AsyncReadExt;

use super::*;

const BOUNDS: Bounds = Bounds {
    events: 3,
    bytes: 10,
};

fn writer() -> (Writer, tokio::io::DuplexStream) {
    let (near, far) = tokio::io::duplex(1024);
    (plain(near, BOUNDS), far)
}

fn plain(near: tokio::io::DuplexStream, bounds: Bounds) -> Writer {
    over(near, bounds, None, None)
}

fn over(
    near: tokio::io::DuplexStream,
    bounds: Bounds,
    numbering: Option<Numbering>,
    pacing: Option<Pacing>,
) -> Writer {
    let (wire, timeout) = (Wire::Stream(Box::new(near)), PeerTimeout(Duration::ZERO));
    Writer::new(
        wire,
        timeout,
        bounds,
        Counted::default(),
        numbering,
        pacing,
        None,
    )
}

/// Queues so many events.
fn push(writer: &Writer, text: &'static str, events: usize) -> Result<bool, Overflow> {
    writer.push(RoomId(1), Delivery::frames(text.into(), events))
}

/// What was written by the end.
async fn written(writer: Writer, mut far: tokio::io::DuplexStream) -> String {
    std::future::poll_fn(|cx| writer.poll_drain(cx)).await;
    drop(writer);
    let mut text = String::new();
    far.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn an_answer_goes_before_what_came_after_its_request() {
    let (writer, far) = writer();
    push(&writer, "a", 1).unwrap();
    let first = writer.reserve();
    push(&writer, "b", 1).unwrap();
    let second = writer.reserve();
    push(&writer, "c", 1).unwrap();
    writer.fill(&second, "2".into());
    writer.fill(&first, "1".into());
    writer.finish("!".into());
    assert_eq!(written(writer, far).await, "a1b2c!");
}

#[tokio::test]
async fn who_waits_for_room_is_woken_though_its_own_request_is_open() {
    let (writer, _far) = writer();
    let writer = Arc::new(writer);
    let (first, own) = (writer.reserve(), writer.reserve());
    let waiting = tokio::spawn({
        let writer = writer.clone();
        async move { writer.room_for_requests(1, usize::MAX).await }
    });
    tokio::task::yield_now().await;
    writer.fill(&first, Bytes::new());
    waiting.await.unwrap();
    writer.fill(&own, Bytes::new());
}

#[test]
fn more_than_the_bounds_is_an_overflow_and_answers_do_not_count() {
    let (writer, _far) = writer();
    let slot = writer.reserve();
    writer.fill(&slot, vec![0; 100].into());
    assert_eq!(writer.lock().answered, 100);
    assert!(push(&writer, "12345", 1).is_ok());
    assert_eq!(push(&writer, "123456", 1), Err(Overflow));
    assert_eq!(push(&writer, "1", 3), Err(Overflow));
    assert!(push(&writer, "1", 2).is_ok());
}

#[tokio::test]
async fn who_does_not_read_loses_what_was_not_begun_and_hears_why() {
    let (near, mut far) = tokio::io::duplex(2);
    let writer = plain(
        near,
        Bounds {
            events: 0,
            bytes: 0,
        },
    );
    push(&writer, "abc", 1).unwrap();
    push(&writer, "lost", 1).unwrap();
    let waker = Waker::noop();
    assert!(
        writer
            .poll_drain(&mut Context::from_waker(waker))
            .is_pending()
    );
    writer.close(EndReason::TooSlow, "bye".into());
    let reading = tokio::spawn(async move {
        let mut text = String::new();
        far.read_to_string(&mut text).await.unwrap();
        text
    });
    assert_eq!(
        std::future::poll_fn(|cx| writer.poll_drain(cx)).await,
        Drained::Closed
    );
    drop(writer);
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

fn numbered() -> (Writer, tokio::io::DuplexStream) {
    let (near, far) = tokio::io::duplex(1024);
    let bounds = Bounds {
        events: 5,
        bytes: 100,
    };
    (over(near, bounds, Some(NUMBERED), None), far)
}

#[tokio::test]
async fn so_many_are_unanswered_and_the_rest_waits_for_their_numbers() {
    let (writer, far) = numbered();
    push(&writer, "a_b_c_", 3).unwrap();
    push(&writer, "d_", 1).unwrap();
    let slot = writer.reserve();
    // An answer does not wait for numbers.
    writer.fill(&slot, "=".into());
    assert_eq!(writer.answered(7), None);
    assert_eq!(writer.answered(2), Some(b'b'));
    assert_eq!(writer.answered(2), None);
    writer.finish("!?".into());
    assert_eq!(written(writer, far).await, "a1b2=c3!?");
}

#[tokio::test]
async fn what_waits_for_a_number_is_within_the_bounds() {
    let (writer, _far) = numbered();
    push(&writer, "a_b_", 2).unwrap();
    push(&writer, "c_d_e_", 3).unwrap();
    assert_eq!(push(&writer, "f_", 1), Err(Overflow));
}

#[tokio::test]
async fn a_number_in_use_is_not_given_again() {
    let (writer, far) = numbered();
    push(&writer, "a_", 1).unwrap();
    let mut number = 2_u8;
    for _ in 0..300 {
        push(&writer, "b_", 1).unwrap();
        assert_eq!(writer.answered(number), Some(b'b'), "{number}");
        number = if number == 0 {
            2
        } else {
            number.wrapping_add(1)
        };
        std::future::poll_fn(|cx| {
            writer.lock().flush(Some(cx));
            Poll::Ready(())
        })
        .await;
        tokio::task::yield_now().await;
    }
    drop(far);
    assert_eq!(writer.answered(1), Some(b'a'));
}

#[tokio::test]
async fn what_was_for_one_reader_is_not_for_the_next() {
    let (writer, far) = numbered();
    push(&writer, "a_b_c_", 3).unwrap();
    let slot = writer.reserve();
    push(&writer, "d_", 1).unwrap();
    writer.ask("e_".into());
    writer.change_reader();
    push(&writer, "f_", 1).unwrap();
    writer.fill(&slot, "=".into());
    // Answers to what the one before was told free their numbers and mean nothing.
    assert_eq!(writer.refused(1, |_| true), None);
    assert_eq!(writer.answered(2), None);
    writer.finish("z_".into());
    assert_eq!(written(writer, far).await, "a1b2=e3f4z5");
}

#[tokio::test]
async fn a_late_refusal_of_what_was_told_before_suspends_nobody() {
    let (writer, far) = numbered();
    push(&writer, "a_b_", 2).unwrap();
    assert_eq!(writer.refused(1, |_| true), Some(b'a'));
    writer.suspend(false);
    assert_eq!(writer.refused(2, |_| true), None);
    push(&writer, "c_", 1).unwrap();
    writer.finish("z_".into());
    assert_eq!(written(writer, far).await, "a1b2c3z4");
}

#[tokio::test]
async fn a_suspended_peer_is_told_nothing_but_what_is_asked() {
    let (writer, far) = numbered();
    push(&writer, "a_b_c_", 3).unwrap();
    writer.suspend(true);
    push(&writer, "d_", 1).unwrap();
    writer.ask("e_".into());
    let slot = writer.reserve();
    push(&writer, "f_", 1).unwrap();
    writer.answered(1);
    writer.suspend(false);
    writer.fill(&slot, "=".into());
    writer.answered(2);
    writer.close(EndReason::TooSlow, "z_".into());
    let text = written(writer, far).await;
    assert_eq!(text, "z5", "an abrupt end keeps nothing that was not begun");
}

#[tokio::test]
async fn what_was_said_to_a_suspended_peer_is_not_told_later() {
    let (writer, far) = numbered();
    push(&writer, "a_b_c_", 3).unwrap();
    writer.suspend(true);
    push(&writer, "d_", 1).unwrap();
    writer.ask("e_".into());
    let slot = writer.reserve();
    push(&writer, "f_", 1).unwrap();
    writer.suspend(false);
    writer.fill(&slot, "=".into());
    writer.answered(1);
    writer.answered(2);
    writer.finish("z_".into());
    assert_eq!(written(writer, far).await, "a1b2=e3f4z5");
}

#[tokio::test]
async fn a_no_that_suspends_lets_nothing_go_that_waited() {
    let (writer, far) = numbered();
    push(&writer, "a_b_c_", 3).unwrap();
    assert_eq!(writer.refused(7, |_| true), None);
    assert_eq!(writer.refused(1, |what| what == b'a'), Some(b'a'));
    writer.finish(Bytes::new());
    assert_eq!(written(writer, far).await, "a1b2");
}

const INTERVAL: Duration = Duration::from_millis(50);

/// Frames end with a semicolon.
fn paced(capacity: usize, interval: Duration) -> (Arc<Writer>, tokio::io::DuplexStream) {
    paced_within(UNBOUNDED, capacity, interval)
}

fn paced_within(
    bounds: Bounds,
    capacity: usize,
    interval: Duration,
) -> (Arc<Writer>, tokio::io::DuplexStream) {
    let (near, far) = tokio::io::duplex(capacity);
    let rule = Pacing {
        length: |bytes| {
            let end = bytes.iter().position(|byte| *byte == b';');
            end.map_or(bytes.len(), |end| end + 1)
        },
        interval,
    };
    let writer = over(near, bounds, None, Some(rule));
    (Arc::new(writer), far)
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

fn drain(writer: Arc<Writer>) -> tokio::task::JoinHandle<Drained> {
    tokio::spawn(async move { std::future::poll_fn(|cx| writer.poll_drain(cx)).await })
}

fn at(times: &[(u128, &str)]) -> Vec<(u128, String)> {
    let owned = |(at, text): &(u128, &str)| (*at, (*text).to_owned());
    times.iter().map(owned).collect()
}

#[tokio::test(start_paused = true)]
async fn paced_frames_go_one_at_a_time_answers_too() {
    let (writer, far) = paced(1024, INTERVAL);
    let reading = tokio::spawn(reads(far));
    let drained = drain(writer.clone());
    push(&writer, "a;b;", 2).unwrap();
    let slot = writer.reserve();
    push(&writer, "c;", 1).unwrap();
    writer.fill(&slot, "1;2;".into());
    writer.flush();
    tokio::time::sleep(Duration::from_secs(1)).await;
    // After a long silence the first one goes at once, and what comes soon after waits for its turn.
    push(&writer, "d;", 1).unwrap();
    writer.flush();
    tokio::time::sleep(Duration::from_millis(20)).await;
    push(&writer, "e;", 1).unwrap();
    writer.flush();
    writer.finish("bye;".into());
    assert_eq!(drained.await.unwrap(), Drained::Closed);
    drop(writer);
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
    let (writer, far) = paced(2, INTERVAL);
    push(&writer, "12345;6;", 2).unwrap();
    writer.finish(Bytes::new());
    let drained = drain(writer.clone());
    drop(writer);
    let expected = [(0, "12"), (0, "34"), (0, "5;"), (50, "6;")];
    assert_eq!(reads(far).await, at(&expected));
    assert_eq!(drained.await.unwrap(), Drained::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_pace_of_nothing_is_one_frame_a_write_without_a_pause() {
    let (writer, mut far) = paced(1024, Duration::ZERO);
    push(&writer, "a;b;", 2).unwrap();
    writer.flush();
    let mut bytes = [0; 1024];
    // Nobody but the connection's own task writes.
    let read = tokio::time::timeout(INTERVAL, far.read(&mut bytes)).await;
    assert!(read.is_err());
    let begun = tokio::time::Instant::now();
    let drained = drain(writer.clone());
    writer.finish(Bytes::new());
    drained.await.unwrap();
    assert!(begun.elapsed().is_zero());
    assert_eq!(far.read(&mut bytes).await.unwrap(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_begun_is_dropped_between_frames_too() {
    let (writer, far) = paced(3, INTERVAL);
    push(&writer, "a;12;3;", 3).unwrap();
    let drained = drain(writer.clone());
    tokio::task::yield_now().await;
    // `a;` is written, and nothing of what stands behind it.
    writer.close(EndReason::TooSlow, "!;".into());
    let reading = tokio::spawn(reads(far));
    drained.await.unwrap();
    drop(writer);
    assert_eq!(reading.await.unwrap(), at(&[(0, "a;"), (50, "!;")]));

    let (writer, far) = paced(3, INTERVAL);
    push(&writer, "12345;6;", 2).unwrap();
    let drained = drain(writer.clone());
    tokio::task::yield_now().await;
    // `123` is written: its frame is finished.
    writer.close(EndReason::TooSlow, "!;".into());
    let reading = tokio::spawn(reads(far));
    drained.await.unwrap();
    drop(writer);
    let expected = [(0, "123"), (0, "45;"), (50, "!;")];
    assert_eq!(reading.await.unwrap(), at(&expected));
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_turn_is_within_the_bounds() {
    let (writer, _far) = paced_within(BOUNDS, 1024, INTERVAL);
    let _drained = drain(writer.clone());
    push(&writer, "a;", 1).unwrap();
    writer.flush();
    tokio::task::yield_now().await;
    push(&writer, "b;c;d;", 3).unwrap();
    assert_eq!(push(&writer, "e;", 1), Err(Overflow));
    writer.flush();
    tokio::time::sleep(INTERVAL * 4).await;
    push(&writer, "e;", 1).unwrap();
}

const UNBOUNDED: Bounds = Bounds {
    events: 0,
    bytes: 0,
};

#[tokio::test]
async fn room_for_one_more_request_is_told_as_soon_as_it_is_there() {
    let (wire, _peer) = tokio::io::duplex(1024);
    let writer = Arc::new(plain(wire, UNBOUNDED));
    let (first, second) = (writer.reserve(), writer.reserve());
    let waiting = tokio::spawn({
        let writer = writer.clone();
        async move { writer.room_for_requests(1, usize::MAX).await }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    // An empty answer, as where the sender hears its message as an event.
    writer.fill(&first, Bytes::new());
    tokio::time::timeout(Duration::from_secs(5), waiting)
        .await
        .unwrap()
        .unwrap();
    writer.fill(&second, Bytes::new());
}

#[tokio::test]
async fn a_closed_writer_takes_nothing_more() {
    let (wire, mut peer) = tokio::io::duplex(1024);
    let writer = plain(wire, UNBOUNDED);
    let early = writer.reserve();
    push(&writer, "event ", 1).unwrap();
    writer.finish(Bytes::from_static(b"goodbye"));
    writer.fill(&early, Bytes::from_static(b"too late"));
    let late = writer.reserve();
    writer.fill(&late, Bytes::from_static(b"too late"));
    std::future::poll_fn(|cx| writer.poll_drain(cx)).await;
    drop(writer);
    let mut all = String::new();
    peer.read_to_string(&mut all).await.unwrap();
    assert_eq!(all, "event goodbye");
}

#[cfg(feature = "http")]
#[tokio::test]
async fn a_frame_whose_header_went_out_is_written_to_its_end_whoever_is_too_slow() {
    use crate::gateway::dialect::Messages;
    use crate::gateway::transport::Transport;

    let (near, mut far) = tokio::io::duplex(1);
    let transport = Transport::memory(near).with_web_socket(bytes::BytesMut::new());
    let (_reader, wire) = transport.split(None, Messages::Lines);
    let timeout = PeerTimeout(Duration::ZERO);
    let counted = Counted::default();
    let writer = Writer::new(wire, timeout, BOUNDS, counted, None, None, None);
    push(&writer, "one\n", 1).unwrap();
    push(&writer, "two\n", 1).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(writer.poll_drain(&mut cx).is_pending());
    writer.close(EndReason::TooSlow, "end\n".into());
    let mut got = Vec::new();
    let drained = async {
        std::future::poll_fn(|cx| writer.poll_drain(cx)).await;
        writer.say_farewell(1008).await;
        writer.shut_down().await;
    };
    let (_, read) = tokio::join!(drained, far.read_to_end(&mut got));
    read.unwrap();
    assert_eq!(got, b"\x81\x03one\x81\x03end\x88\x02\x03\xF0");
}
