//! How fast frames are read and written.

use bytes::BytesMut;
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use tolmach_protocol_testing::bench;
use tolmach_uchat::{
    ClientCodec, Flavor, Message, MessageStatus, MessageType, Page, ServerCodec, ServerFrame,
    limits,
};

/// Frames in one buffer, as they lie there when a client sends faster than they are read.
const FRAMES: usize = 64;

const TEXT: &str = "The quick brown fox jumps over the lazy dog. ";

fn message(text: &str) -> Message<'_> {
    Message {
        message_id: 987_654_321,
        room_id: 1234,
        user_id: 5678,
        date: 1_700_000_000_000,
        message: text.into(),
        msg_type: MessageType::Text,
        status: MessageStatus::New,
        file_size: 0,
        file_name: "".into(),
        power: text.len() as u64,
    }
}

fn decoding(criterion: &mut Criterion) {
    let server = || ServerCodec::new(Flavor::Field, limits::FRAME_BYTES);
    let line = |text: &str| {
        format!("{{\"type\":3,\"room_id\":1234,\"message\":\"{text}\",\"msg_type\":0}}\n")
    };
    for (name, text) in [
        ("RQ_MSG of 45 bytes", TEXT),
        ("RQ_MSG of 765 bytes", &TEXT.repeat(17)),
        ("RQ_MSG of 200 escaped emoji", &r"\ud83d\ude00".repeat(200)),
    ] {
        let (name, wire) = (format!("server decodes {name}"), line(text).repeat(FRAMES));
        bench::decoding(
            criterion,
            &name,
            server,
            wire.as_bytes(),
            FRAMES,
            wire.len(),
        );
    }
    let mut wire = BytesMut::new();
    let told = ServerFrame::Message(message(TEXT));
    (0..FRAMES).for_each(|_| told.write(Flavor::Field, &mut wire));
    let client = || ClientCodec::new(Flavor::Field, limits::FRAME_BYTES);
    let name = "client decodes RQ_MSG";
    bench::decoding(criterion, name, client, &wire, FRAMES, wire.len());
}

fn encoding(criterion: &mut Criterion) {
    for (name, text) in [
        ("RQ_MSG of 45 bytes", TEXT),
        ("RQ_MSG of 765 bytes", &TEXT.repeat(17)),
        ("RQ_MSG of 800 quotes", &"\"".repeat(800)),
    ] {
        let (name, frame) = (
            format!("server encodes {name}"),
            ServerFrame::Message(message(text)),
        );
        bench::encoding(criterion, &name, |out| {
            black_box(&frame).write(Flavor::Field, out);
        });
    }
    let message = message(TEXT);
    bench::encoding(criterion, "server encodes a page of 500 messages", |out| {
        let mut page = Page::old_messages(1234, Flavor::Field, out);
        (0..500).for_each(|_| page.push(black_box(&message)));
    });
}

criterion_group!(benches, decoding, encoding);
criterion_main!(benches);
