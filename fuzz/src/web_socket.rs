//! WebSocket below a dialect.

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tolmach::dialects::{ALL, DialectOptions};
use tolmach::gateway::{Gateway, Transport};
use tolmach::hub::Hub;

use crate::session::on_still_time;

/// Any bytes behind the handshake: the first says which dialect is spoken, and in which pieces the others come. Whatever they
/// are, what the gateway says is whole frames of its own, the last of them a farewell.
pub fn connection(input: &[u8]) {
    let Some((first, bytes)) = input.split_first() else {
        return;
    };
    let (dialect, piece) = (usize::from(first % 4), usize::from(first / 4).max(1));
    on_still_time(async {
        let hub = Hub::builder().start().await.unwrap();
        let gateway = Gateway::builder(hub).start().await.unwrap();
        let options = DialectOptions::default().frame_bytes(2000);
        let serve = ALL[dialect].settings().without_timers().serve(&options);
        let (near, far) = tokio::io::duplex(256);
        gateway.connect(
            serve,
            Transport::memory(far).with_web_socket(BytesMut::new()),
        );
        let (mut reader, mut writer) = tokio::io::split(near);
        let mut received = Vec::new();
        let say = async {
            for piece in bytes.chunks(piece) {
                if writer.write_all(piece).await.is_err() {
                    return;
                }
            }
            // Who is closed already hears of no end.
            let _ = writer.shutdown().await;
        };
        let (_, read) = tokio::join!(say, reader.read_to_end(&mut received));
        read.unwrap();
        gateway.stop().await;
        check(&received);
    });
}

fn check(mut received: &[u8]) {
    let mut last = 0;
    while !received.is_empty() {
        assert_ne!(last, 0x88, "something behind the farewell");
        let (head, payload, rest) = frame(received);
        (last, received) = (head, rest);
        match head {
            0x81 => assert!(str::from_utf8(payload).is_ok_and(|text| !text.contains('\n'))),
            0x82 => {}
            0x88..=0x8A => assert!(payload.len() <= 125),
            other => panic!("a frame of kind {other:#x}"),
        }
    }
    assert_eq!(last, 0x88, "no farewell");
}

/// The first frame: its first byte, what it holds, and what follows.
fn frame(bytes: &[u8]) -> (u8, &[u8], &[u8]) {
    let (head, length) = match bytes[1] {
        126 => (4, usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))),
        127 => (
            10,
            u64::from_be_bytes(bytes[2..10].try_into().unwrap()) as usize,
        ),
        short => (2, usize::from(short)),
    };
    let (payload, rest) = bytes[head..].split_at(length);
    (bytes[0], payload, rest)
}

/// A client's frame.
fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let length = u8::try_from(payload.len()).unwrap();
    let mut bytes = vec![first];
    match length {
        0..126 => bytes.push(0x80 | length),
        _ => bytes.extend([0x80 | 126, 0, length]),
    }
    bytes.extend(mask);
    bytes.extend(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, key)| byte ^ key),
    );
    bytes
}

/// What a fuzzer begins with.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let jim = br#"{"action":"presence","time":1,"user":{"account_name":"anna"}}"#;
    let uchat = br#"{"type":11,"date":0}"#;
    let talker = br#"{"type":"connect","room":"tea","token":"x"}"#;
    let (head, tail) = jim.split_at(20);
    let all = |first: u8, frames: &[Vec<u8>]| [vec![first], frames.concat()].concat();
    vec![
        (
            "text",
            all(
                252,
                &[client_frame(0x81, jim), client_frame(0x88, b"\x03\xe8")],
            ),
        ),
        (
            "fragments",
            all(
                4,
                &[
                    client_frame(0x01, head),
                    client_frame(0x89, b"?"),
                    client_frame(0x00, b""),
                    client_frame(0x80, tail),
                ],
            ),
        ),
        (
            "binary",
            all(
                23,
                &[
                    client_frame(0x82, uchat),
                    client_frame(0x82, b"no"),
                    client_frame(0x8A, b""),
                ],
            ),
        ),
        (
            "refused",
            all(
                29,
                &[client_frame(0x81, talker), client_frame(0x81, b"\xff")],
            ),
        ),
        (
            "purpose",
            all(
                42,
                &[
                    client_frame(0x82, b"\x02\0\0\0\x20\x01\0\x01"),
                    vec![0x81, 0],
                ],
            ),
        ),
        (
            "long",
            all(
                252,
                &[client_frame(0x81, &[b' '; 200]), client_frame(0xC1, b"")],
            ),
        ),
    ]
}
