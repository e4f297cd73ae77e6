//! How fast events are read and written.

use bytes::BytesMut;
use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use std::hint::black_box;
use tokio_util::codec::Decoder;
use tolmach_talker::{ClientCodec, Extra, Flavor, Message, ServerCodec, ServerFrame, User, limits};

const FRAMES: usize = 1000;

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

/// Reads `FRAMES` copies of `event`, glued together; run once per frame and once per byte.
fn read<D: Decoder>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    codec: impl Fn() -> D,
    event: &str,
) {
    let stream = event.repeat(FRAMES);
    for throughput in [
        Throughput::Elements(FRAMES as u64),
        Throughput::Bytes(stream.len() as u64),
    ] {
        let unit = if matches!(throughput, Throughput::Bytes(_)) {
            "bytes"
        } else {
            "frames"
        };
        group
            .throughput(throughput)
            .bench_function(format!("{name}/{unit}"), |bencher| {
                bencher.iter_batched(
                    || BytesMut::from(stream.as_str()),
                    |mut input| {
                        let mut codec = codec();
                        while let Ok(Some(item)) = codec.decode(&mut input) {
                            black_box(item);
                        }
                        assert!(input.is_empty());
                        input
                    },
                    criterion::BatchSize::LargeInput,
                );
            });
    }
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    let server = || ServerCodec::new(limits::FRAME_BYTES, Flavor::Document);
    let text = "The quick brown fox jumps over the lazy dog. ";
    read(&mut group, "ping", server, "{\"type\":\"ping\"}\n");
    let short = format!("{{\"type\":\"message\",\"content\":\"{text}\"}}\n");
    read(&mut group, "message of 45 characters", server, &short);
    let extra =
        format!("{{\"type\":\"message\",\"content\":\"{text}\",\"mood\":\"good\",\"at\":[1,2]}}\n");
    read(&mut group, "message with other properties", server, &extra);
    let long = format!(
        "{{\"type\":\"message\",\"content\":\"{}\"}}\n",
        text.repeat(100)
    );
    read(&mut group, "message of 4,500 characters", server, &long);
    let escaped = format!(
        "{{\"type\":\"message\",\"content\":\"{}\"}}\n",
        r"\ud83d\ude00".repeat(375)
    );
    read(&mut group, "message of 375 escaped emoji", server, &escaped);
    let mut event = BytesMut::new();
    message(text).write(Flavor::Document, &mut event);
    let event = String::from_utf8_lossy(&event).into_owned();
    read(
        &mut group,
        "message at a client",
        || ClientCodec::new(limits::FRAME_BYTES),
        &event,
    );
    group.finish();
}

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    let text = "The quick brown fox jumps over the lazy dog. ";
    for (name, frame) in [
        ("message of 45 characters", message(text)),
        ("message of 4,500 characters", message(&text.repeat(100))),
        ("message of 375 quotes", message(&"\"".repeat(375))),
    ] {
        let mut out = BytesMut::new();
        frame.write(Flavor::Document, &mut out);
        for throughput in [Throughput::Elements(1), Throughput::Bytes(out.len() as u64)] {
            let unit = if matches!(throughput, Throughput::Bytes(_)) {
                "bytes"
            } else {
                "frames"
            };
            group
                .throughput(throughput)
                .bench_function(format!("{name}/{unit}"), |bencher| {
                    bencher.iter(|| {
                        out.clear();
                        black_box(&frame).write(Flavor::Document, &mut out);
                        black_box(out.len())
                    });
                });
        }
    }
    group.finish();
}

criterion_group!(benches, decode, encode);
criterion_main!(benches);
