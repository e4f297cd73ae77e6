//! How fast frames are read and written.

use bytes::BytesMut;
use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use std::hint::black_box;
use tokio_util::codec::Decoder;
use tolmach_uchat::{
    ClientCodec, Flavor, Message, MessageStatus, MessageType, Page, ServerCodec, ServerFrame,
    limits,
};

const FRAMES: usize = 1000;
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

/// Once per frame and once per byte.
fn units(frames: usize, bytes: usize) -> [(&'static str, Throughput); 2] {
    [
        ("frames", Throughput::Elements(frames as u64)),
        ("bytes", Throughput::Bytes(bytes as u64)),
    ]
}

/// Reads `FRAMES` copies of `line`, glued together.
fn read<D: Decoder>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    codec: impl Fn() -> D,
    line: &str,
) {
    let stream = line.repeat(FRAMES);
    for (unit, throughput) in units(FRAMES, stream.len()) {
        group.throughput(throughput);
        group.bench_function(format!("{name}/{unit}"), |bencher| {
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
    let server = || ServerCodec::new(Flavor::Field, limits::FRAME_BYTES);
    let line = |text: &str| {
        format!("{{\"type\":3,\"room_id\":1234,\"message\":\"{text}\",\"msg_type\":0}}\n")
    };
    read(&mut group, "RQ_MSG of 45 bytes", server, &line(TEXT));
    let long = TEXT.repeat(17);
    read(&mut group, "RQ_MSG of 765 bytes", server, &line(&long));
    let escaped = r"\ud83d\ude00".repeat(200);
    let escaped = line(&escaped);
    read(&mut group, "RQ_MSG of 200 escaped emoji", server, &escaped);
    let mut told = BytesMut::new();
    ServerFrame::Message(message(TEXT)).write(Flavor::Field, &mut told);
    let told = String::from_utf8_lossy(&told);
    let client = || ClientCodec::new(Flavor::Field, limits::FRAME_BYTES);
    read(&mut group, "RQ_MSG at a client", client, &told);
    group.finish();
}

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    let (long, quotes) = (TEXT.repeat(17), "\"".repeat(800));
    for (name, text) in [
        ("RQ_MSG of 45 bytes", TEXT),
        ("RQ_MSG of 765 bytes", &long),
        ("RQ_MSG of 800 quotes", &quotes),
    ] {
        let frame = ServerFrame::Message(message(text));
        let mut out = BytesMut::new();
        frame.write(Flavor::Field, &mut out);
        for (unit, throughput) in units(1, out.len()) {
            group.throughput(throughput);
            group.bench_function(format!("{name}/{unit}"), |bencher| {
                bencher.iter(|| {
                    out.clear();
                    black_box(&frame).write(Flavor::Field, &mut out);
                    black_box(out.len())
                });
            });
        }
    }
    group.throughput(Throughput::Elements(500));
    group.bench_function("page of 500 messages", |bencher| {
        let (message, mut out) = (message(TEXT), BytesMut::new());
        bencher.iter(|| {
            out.clear();
            let mut page = Page::old_messages(1234, Flavor::Field, &mut out);
            (0..500).for_each(|_| page.push(black_box(&message)));
            drop(page);
            black_box(out.len())
        });
    });
    group.finish();
}

criterion_group!(benches, decode, encode);
criterion_main!(benches);
