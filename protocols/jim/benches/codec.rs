//! How many frames, and how many bytes of them, a codec takes and gives in a second.

use bytes::BytesMut;
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use tolmach_jim::{
    ClientCodec, ClientFrame, ClientRequest, Encoding, Extra, ServerCodec, ServerFrame,
};
use tolmach_protocol_testing::bench;

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

fn requests(message: String) -> BytesMut {
    let frame = ClientFrame::Msg {
        to: "#lobby".into(),
        from: "C0deMaver1ck".into(),
        message,
        encoding: Encoding::Utf8,
        extra: Extra::default(),
    };
    let time = 1_700_000_000;
    let request = ClientRequest { time, frame };
    let mut wire = BytesMut::new();
    (0..FRAMES).for_each(|_| request.write(&mut wire));
    wire
}

fn decoding(criterion: &mut Criterion) {
    for (name, text, times) in TEXTS {
        let wire = requests(text.repeat(times));
        let name = format!("server decodes msg, {name}");
        bench::decoding(
            criterion,
            &name,
            ServerCodec::new,
            &wire,
            FRAMES,
            wire.len(),
        );
    }
    let wire = requests("see you".into());
    let name = "server decodes msg, byte by byte";
    bench::decoding(criterion, name, ServerCodec::new, &wire, FRAMES, 1);
    let mut wire = BytesMut::new();
    (0..FRAMES).for_each(|_| msg("see you".into()).write(&mut wire));
    let name = "client decodes msg";
    bench::decoding(criterion, name, ClientCodec::new, &wire, FRAMES, wire.len());
}

fn encoding(criterion: &mut Criterion) {
    for (name, text, times) in TEXTS {
        let frame = msg(text.repeat(times));
        let name = format!("server encodes msg, {name}");
        bench::encoding(criterion, &name, |out| black_box(&frame).write(out));
    }
}

criterion_group!(benches, decoding, encoding);
criterion_main!(benches);
