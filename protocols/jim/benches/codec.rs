//! How many frames, and how many bytes of them, a codec takes and gives in a second.

use bytes::BytesMut;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use tokio_util::codec::Decoder;
use tolmach_jim::{
    ClientCodec, ClientFrame, ClientRequest, Encoding, Extra, ServerCodec, ServerFrame,
};

/// Objects in one buffer, as they lie there when a client sends faster than they are read.
const FRAMES: usize = 64;

const TEXTS: [(&str, &str, usize); 4] = [
    ("ascii 24", "see you at the fountain ", 1),
    ("ascii 480", "see you at the fountain ", 20),
    ("utf-8 480", "встретимся у фонтана 🦀 \"\n", 20),
    ("escapes 480", "\"\\\n\t", 120),
];

fn msg(message: String) -> ServerFrame {
    ServerFrame::Msg {
        to: "#lobby".into(),
        from: "C0deMaver1ck".into(),
        time: 1_700_000_000,
        message,
        extra: Extra::default(),
    }
}

fn request(message: String) -> ClientRequest {
    let frame = ClientFrame::Msg {
        to: "#lobby".into(),
        from: "C0deMaver1ck".into(),
        message,
        encoding: Encoding::Utf8,
        extra: Extra::default(),
    };
    ClientRequest {
        time: 1_700_000_000,
        frame,
    }
}

/// Measures in frames and in bytes.
fn both(
    criterion: &mut Criterion,
    name: &str,
    frames: usize,
    bytes: usize,
    mut run: impl FnMut(&mut BenchmarkGroup<'_, WallTime>, &str),
) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(frames as u64));
    run(&mut group, "frames");
    group.throughput(Throughput::Bytes(bytes as u64));
    run(&mut group, "bytes");
}

fn decode<D: Decoder>(codec: &mut D, wire: &[u8], cut: usize) -> usize {
    let mut buffer = BytesMut::with_capacity(wire.len());
    let mut frames = 0;
    for piece in wire.chunks(cut) {
        buffer.extend_from_slice(piece);
        while let Ok(Some(frame)) = codec.decode(&mut buffer) {
            black_box(frame);
            frames += 1;
        }
    }
    frames
}

fn decoding(criterion: &mut Criterion) {
    for (name, text, times) in TEXTS {
        let mut wire = BytesMut::new();
        (0..FRAMES).for_each(|_| request(text.repeat(times)).write(&mut wire));
        both(
            criterion,
            &format!("server decodes msg, {name}"),
            FRAMES,
            wire.len(),
            |group, unit| {
                group.bench_function(unit, |b| {
                    b.iter(|| decode(&mut ServerCodec::new(), &wire, wire.len()))
                });
            },
        );
    }
    let mut wire = BytesMut::new();
    (0..FRAMES).for_each(|_| request("see you".into()).write(&mut wire));
    both(
        criterion,
        "server decodes msg, byte by byte",
        FRAMES,
        wire.len(),
        |group, unit| {
            group.bench_function(unit, |b| {
                b.iter(|| decode(&mut ServerCodec::new(), &wire, 1))
            });
        },
    );
    let mut wire = BytesMut::new();
    (0..FRAMES).for_each(|_| msg("see you".into()).write(&mut wire));
    both(
        criterion,
        "client decodes msg",
        FRAMES,
        wire.len(),
        |group, unit| {
            group.bench_function(unit, |b| {
                b.iter(|| decode(&mut ClientCodec::new(), &wire, wire.len()))
            });
        },
    );
}

fn encoding(criterion: &mut Criterion) {
    for (name, text, times) in TEXTS {
        let frame = msg(text.repeat(times));
        let mut wire = BytesMut::with_capacity(8192);
        frame.write(&mut wire);
        both(
            criterion,
            &format!("server encodes msg, {name}"),
            1,
            wire.len(),
            |group, unit| {
                group.bench_function(unit, |b| {
                    b.iter(|| {
                        wire.clear();
                        black_box(&frame).write(&mut wire);
                    });
                });
            },
        );
    }
}

criterion_group!(benches, decoding, encoding);
criterion_main!(benches);
