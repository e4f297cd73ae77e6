//! How many frames, and how many bytes of them, a codec takes and gives in a second.

use bytes::BytesMut;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use tokio_util::codec::Decoder;
use tolmach_purpose::{
    ClientBody, ClientCodec, ClientFrame, Message, Notification, Request, Revision, ServerBody,
    ServerCodec, ServerFrame, Status, limits,
};

/// Frames in one buffer, as they lie there when a client sends faster than they are read.
const FRAMES: usize = 64;

const TEXTS: [(&str, &str, usize); 3] = [
    ("ascii 24", "see you at the fountain ", 1),
    ("ascii 480", "see you at the fountain ", 20),
    ("utf-8 480", "встретимся у фонтана 🦀 \"\n", 20),
];

fn send(text: &str, out: &mut BytesMut) {
    let request = Request::Send {
        chat: 17,
        text: text.into(),
    };
    let body = ClientBody::Request(request);
    let _ = ClientFrame { task: 7, body }.write(Revision::Two, out);
}

fn notification(text: &str) -> ServerFrame<&str> {
    let message = Message {
        id: 1_000_001,
        sender_id: 42,
        chat_id: 17,
        created: 1_700_000_000,
        updated: 1_700_000_000,
        status: Status::Sent,
        text,
    };
    ServerFrame {
        task: 7,
        body: ServerBody::Notification(Notification::Messages {
            chat: 17,
            messages: vec![message],
        }),
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

fn server_decodes(criterion: &mut Criterion, name: &str, text: &str, is_whole: bool) {
    let mut wire = BytesMut::new();
    (0..FRAMES).for_each(|_| send(text, &mut wire));
    let cut = if is_whole { wire.len() } else { 1 };
    let name = format!("server decodes SEND_CHAT_MSG, {name}");
    both(criterion, &name, FRAMES, wire.len(), |group, unit| {
        group.bench_function(unit, |b| {
            let mut codec = ServerCodec::new(Revision::Two, limits::FRAME_BYTES);
            b.iter(|| decode(&mut codec, &wire, cut));
        });
    });
}

fn decoding(criterion: &mut Criterion) {
    for (name, text, times) in TEXTS {
        server_decodes(criterion, name, &text.repeat(times), true);
    }
    server_decodes(criterion, "byte by byte", "see you", false);
    let mut wire = BytesMut::new();
    for _ in 0..FRAMES {
        let _ = notification("see you").write(Revision::Two, &mut wire);
    }
    let name = "client decodes NTF_CHAT_MSG";
    both(criterion, name, FRAMES, wire.len(), |group, unit| {
        group.bench_function(unit, |b| {
            let mut codec = ClientCodec::new(Revision::Two, limits::FRAME_BYTES);
            b.iter(|| decode(&mut codec, &wire, wire.len()));
        });
    });
}

fn encoding(criterion: &mut Criterion) {
    for (name, text, times) in TEXTS {
        let text = text.repeat(times);
        let frame = notification(&text);
        let mut wire = BytesMut::with_capacity(8192);
        let _ = frame.write(Revision::Two, &mut wire);
        let name = format!("server encodes NTF_CHAT_MSG, {name}");
        both(criterion, &name, 1, wire.len(), |group, unit| {
            group.bench_function(unit, |b| {
                b.iter(|| {
                    wire.clear();
                    black_box(&frame).write(Revision::Two, &mut wire)
                });
            });
        });
    }
}

criterion_group!(benches, decoding, encoding);
criterion_main!(benches);
