//! The halves over a stream that takes little at once.

use std::future::poll_fn;
use std::io::IoSlice;

use tokio::io::{AsyncReadExt, DuplexStream};

use super::*;

fn wire(room: usize, messages: Messages) -> (WebSocketWire, Arc<Shared>, DuplexStream) {
    let (near, far) = tokio::io::duplex(room);
    let shared = Arc::new(Shared::default());
    let wire = Wire::Stream(Box::new(near));
    (
        WebSocketWire::new(wire, messages, shared.clone()),
        shared,
        far,
    )
}

/// Writes it all, as a writer does.
async fn write(wire: &mut WebSocketWire, chunks: &[&[u8]]) {
    let mut rest: Vec<_> = chunks.to_vec();
    while !rest.is_empty() {
        let slices: Vec<_> = rest.iter().map(|chunk| IoSlice::new(chunk)).collect();
        let mut taken = poll_fn(|cx| wire.poll_write(&slices, Some(cx)))
            .await
            .unwrap();
        assert!(taken > 0);
        while let Some(first) = rest.first_mut() {
            let count = taken.min(first.len());
            *first = &first[count..];
            taken -= count;
            if !first.is_empty() {
                break;
            }
            rest.remove(0);
        }
    }
}

async fn written(room: usize, messages: Messages, chunks: &[&[u8]]) -> Vec<u8> {
    let (mut wire, _, mut far) = wire(room, messages);
    let mut got = Vec::new();
    let all = async {
        write(&mut wire, chunks).await;
        drop(wire);
    };
    let (_, read) = tokio::join!(all, far.read_to_end(&mut got));
    read.unwrap();
    got
}

#[tokio::test]
async fn frames_are_whole_however_little_is_taken_at_once() {
    let long = [&[b'x'; 300][..], b"\n"].concat();
    let chunks = [&b"one\ntwo\n"[..], b"\n", b"three", &long, b"\n\nfour\n"];
    let want = [
        &b"\x81\x03one\x81\x03two\x81\x05three\x81\x7e\x01\x2c"[..],
        &long[..300],
        b"\x81\x04four",
    ]
    .concat();
    let many: Vec<_> = (0..100).map(|_| &b"a\nb\n"[..]).collect();
    for room in [1, 2, 3, 5, 7, 64, 4096] {
        assert_eq!(
            written(room, Messages::Lines, &chunks).await,
            want,
            "{room}"
        );
        let got = written(room, Messages::Lines, &many).await;
        assert_eq!(got, b"\x81\x01a\x81\x01b".repeat(100), "{room}");
        let got = written(room, Messages::Frames(|_| 2), &[b"abcde"]).await;
        assert_eq!(got, b"\x82\x02ab\x82\x02cd\x82\x01e", "{room}");
        let got = written(room, Messages::Bytes, &[b"a\nb\n", b"\n"]).await;
        assert_eq!(got, b"\x82\x04a\nb\n\x82\x01\n", "{room}");
    }
}

#[tokio::test]
async fn a_content_is_binary_beside_texts() {
    let (mut wire, _, mut far) = wire(64, Messages::Lines);
    wire.is_content = true;
    write(&mut wire, &[b"a\nb\n"]).await;
    wire.is_content = false;
    write(&mut wire, &[b"c\n"]).await;
    drop(wire);
    let mut got = Vec::new();
    far.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"\x82\x04a\nb\n\x81\x01c");
}

#[tokio::test]
async fn what_is_answered_goes_between_frames_and_nothing_behind_the_farewell() {
    let (mut wire, shared, mut far) = wire(3, Messages::Lines);
    let slices = [IoSlice::new(b"one\ntwo\n")];
    // Three bytes fit: the header, and one of the frame.
    let taken = poll_fn(|cx| wire.poll_write(&slices, Some(cx)))
        .await
        .unwrap();
    assert_eq!((taken, wire.is_inside_frame()), (1, true));
    shared.pinged("first".into());
    shared.pinged("?".into());
    assert!(wire.is_pending());
    let all = async {
        write(&mut wire, &[b"ne\ntwo\n"]).await;
        poll_fn(|cx| wire.poll_close(1001, cx)).await;
        shared.pinged("late".into());
        assert!(!wire.is_pending());
        poll_fn(|cx| wire.poll_close(1000, cx)).await;
        drop(wire);
    };
    let mut got = Vec::new();
    let (_, read) = tokio::join!(all, far.read_to_end(&mut got));
    read.unwrap();
    // Of the pings the last one alone has to be answered.
    assert_eq!(got, b"\x81\x03one\x8A\x01?\x81\x03two\x88\x02\x03\xE9");
}

#[tokio::test]
async fn a_farewell_is_answered_by_the_same() {
    let (mut wire, shared, mut far) = wire(64, Messages::Lines);
    shared.closed(Bytes::from_static(b"\x0F\xA0bye"));
    poll_fn(|cx| wire.poll_close(1000, cx)).await;
    drop(wire);
    let mut got = Vec::new();
    far.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"\x88\x05\x0F\xA0bye");
}
