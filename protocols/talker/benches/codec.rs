//! How many events, and how many bytes of them, a codec takes and gives in a second.

use bytes::BytesMut;
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use tolmach_protocol_testing::bench;
use tolmach_talker::{ClientCodec, Extra, Flavor, Message, ServerCodec, ServerFrame, User, limits};

/// Events in one buffer, as they lie there when a client sends faster than they are read.
const FRAMES: usize = 64;

const TEXT: &str = "The quick brown fox jumps over the lazy dog. ";

fn message(content: &str) -> ServerFrame {
    ServerFrame::Message(Message {
        content: content.to_owned(),
        user: User {
            id: 1234,
            name: "Grace Hopper".to_owned(),
            status: None,
            extra: Extra::default(),
        },
        time: 1_255_447_115,
        id: Some(987_654_321),
        private: false,
        action: false,
        edit: None,
        extra: Extra::default(),
    })
}

fn said(content: &str, others: &str) -> String {
    format!("{{\"type\":\"message\",\"content\":\"{content}\"{others}}}\n")
}

fn decoding(criterion: &mut Criterion) {
    let emoji = r"\ud83d\ude00".repeat(375);
    let others = ",\"mood\":\"good\",\"at\":[1,2]";
    for (name, event) in [
        ("ping", "{\"type\":\"ping\"}\n".to_owned()),
        ("message of 45 characters", said(TEXT, "")),
        ("message with other properties", said(TEXT, others)),
        ("message of 4,500 characters", said(&TEXT.repeat(100), "")),
        ("message of 375 escaped emoji", said(&emoji, "")),
    ] {
        let wire = event.repeat(FRAMES).into_bytes();
        let codec = || ServerCodec::new(limits::FRAME_BYTES, Flavor::Document);
        let name = format!("server decodes {name}");
        bench::decoding(criterion, &name, codec, &wire, FRAMES, wire.len());
    }
    let mut wire = BytesMut::new();
    (0..FRAMES).for_each(|_| message(TEXT).write(Flavor::Document, &mut wire));
    let codec = || ClientCodec::new(limits::FRAME_BYTES);
    let name = "client decodes message";
    bench::decoding(criterion, name, codec, &wire, FRAMES, wire.len());
}

fn encoding(criterion: &mut Criterion) {
    for (name, frame) in [
        ("message of 45 characters", message(TEXT)),
        ("message of 4,500 characters", message(&TEXT.repeat(100))),
        ("message of 375 quotes", message(&"\"".repeat(375))),
    ] {
        let name = format!("server encodes {name}");
        bench::encoding(criterion, &name, |out| {
            black_box(&frame).write(Flavor::Document, out);
        });
    }
}

criterion_group!(benches, decoding, encoding);
criterion_main!(benches);
