//! How many frames, and how many bytes of them, a codec takes and gives in a second.

use bytes::BytesMut;
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use tolmach_protocol_testing::bench;
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

fn server_decodes(criterion: &mut Criterion, name: &str, text: &str, is_whole: bool) {
    let mut wire = BytesMut::new();
    (0..FRAMES).for_each(|_| send(text, &mut wire));
    let cut = if is_whole { wire.len() } else { 1 };
    let name = format!("server decodes SEND_CHAT_MSG, {name}");
    let codec = || ServerCodec::new(Revision::Two, limits::FRAME_BYTES);
    bench::decoding(criterion, &name, codec, &wire, FRAMES, cut);
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
    let codec = || ClientCodec::new(Revision::Two, limits::FRAME_BYTES);
    bench::decoding(criterion, name, codec, &wire, FRAMES, wire.len());
}

fn encoding(criterion: &mut Criterion) {
    for (name, text, times) in TEXTS {
        let text = text.repeat(times);
        let frame = notification(&text);
        let name = format!("server encodes NTF_CHAT_MSG, {name}");
        bench::encoding(criterion, &name, |out| {
            let _ = black_box(&frame).write(Revision::Two, out);
        });
    }
}

criterion_group!(benches, decoding, encoding);
criterion_main!(benches);
