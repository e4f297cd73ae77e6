//! Files: raw bytes behind a frame.
//! The rules are those of PROTOCOL.md 8.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use bytes::BytesMut;
use tokio_util::codec::Decoder;
use tolmach_uchat::{ClientCodec, ClientFrame, Flavor, Request, ServerCodec, ServerFrame, limits};

/// What a server does: it expects raw bytes when an upload was announced.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    frames: Vec<ClientFrame>,
    file: Vec<u8>,
    raw_left: u64,
}

fn serve<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Seen {
    let mut codec = ServerCodec::new(Flavor::Field, 256);
    let (mut input, mut seen) = (BytesMut::new(), Seen::default());
    let mut take = |codec: &mut ServerCodec, frame| match frame {
        ClientFrame::Raw(bytes) => {
            assert!(!bytes.is_empty() && bytes.len() <= limits::RAW_BYTES);
            seen.file.extend_from_slice(&bytes);
        }
        frame => {
            if let ClientFrame::Request(Request::Upload { size, .. }) = frame {
                codec.expect_raw(size);
                assert_eq!(codec.raw_left(), size);
            }
            seen.frames.push(frame);
        }
    };
    for piece in pieces {
        input.extend_from_slice(piece);
        while let Some(frame) = codec.decode(&mut input).unwrap() {
            take(&mut codec, frame.unwrap());
        }
    }
    while let Some(frame) = codec.decode_eof(&mut input).unwrap() {
        take(&mut codec, frame.unwrap());
    }
    seen.raw_left = codec.raw_left();
    seen
}

fn upload(size: usize) -> ClientFrame {
    Request::Upload {
        name: "a.bin".into(),
        size: size as u64,
        room: 7,
        token: "t".into(),
    }
    .into()
}

/// Bytes that would be anything but frames.
fn file(size: usize) -> Vec<u8> {
    b"\n{}\n{\"type\":27}\r\n\xff\0"
        .iter()
        .copied()
        .cycle()
        .take(size)
        .collect()
}

/// An upload that announces `announced` bytes, and what follows it.
fn stream(announced: usize, follows: &[u8]) -> Vec<u8> {
    let mut stream = BytesMut::new();
    upload(announced).write(&mut stream);
    stream.extend_from_slice(follows);
    stream.to_vec()
}

/// Serves `stream` whole, byte by byte and cut at every place; all must come to the same.
fn serve_every_way(stream: &[u8]) -> Seen {
    let whole = serve([stream]);
    assert_eq!(serve(stream.chunks(1)), whole);
    for at in 0..=stream.len() {
        let (first, second) = stream.split_at(at);
        assert_eq!(serve([first, second]), whole, "cut at {at}");
    }
    whole
}

#[test]
fn exactly_the_announced_bytes_are_raw() {
    for size in [0, 1, 2, 20, 300] {
        let seen = serve_every_way(&stream(size, &file(size)));
        let (frames, file) = (vec![upload(size)], file(size));
        let raw_left = 0;
        assert_eq!(
            seen,
            Seen {
                frames,
                file,
                raw_left
            }
        );
    }
}

#[test]
fn what_follows_is_frames_again() {
    for size in [0, 1, 40] {
        let follows = [&file(size)[..], b"{\"type\":14,\"room_id\":7}\n"].concat();
        let seen = serve_every_way(&stream(size, &follows));
        let frames = vec![upload(size), Request::JoinRoom { room: 7 }.into()];
        let (file, raw_left) = (file(size), 0);
        assert_eq!(
            seen,
            Seen {
                frames,
                file,
                raw_left
            }
        );
    }
}

#[test]
fn what_is_lacking_at_the_end_is_known() {
    for (size, came) in [(1, 0), (40, 0), (40, 39), (300, 7)] {
        let seen = serve_every_way(&stream(size, &file(came)));
        let (frames, file) = (vec![upload(size)], file(came));
        let raw_left = (size - came) as u64;
        assert_eq!(
            seen,
            Seen {
                frames,
                file,
                raw_left
            }
        );
    }
}

#[test]
fn pieces_are_bounded_and_the_line_s_limit_is_none_for_them() {
    let size = 3 * limits::RAW_BYTES + 1;
    let seen = serve([&stream(size, &file(size))[..]]);
    assert_eq!((seen.file, seen.raw_left), (file(size), 0));
}

#[test]
fn nothing_is_taken_before_it_is_asked_for() {
    let mut codec = ServerCodec::new(Flavor::Field, 256);
    let mut input = BytesMut::from(&stream(4, b"{\n}\nrest")[..]);
    assert_eq!(codec.decode(&mut input).unwrap(), Some(Ok(upload(4))));
    assert_eq!(input, "{\n}\nrest");
    codec.expect_raw(4);
    let raw = codec.decode(&mut input).unwrap();
    assert_eq!(raw, Some(Ok(ClientFrame::Raw("{\n}\n".into()))));
    assert_eq!(input, "rest");
}

#[test]
fn any_size_may_be_announced() {
    let mut codec = ServerCodec::new(Flavor::Field, 256);
    codec.expect_raw(u64::MAX);
    let mut input = BytesMut::from("abc");
    let raw = codec.decode(&mut input).unwrap();
    assert_eq!(raw, Some(Ok(ClientFrame::Raw("abc".into()))));
    assert!(codec.decode(&mut input).unwrap().is_none());
    assert_eq!(codec.raw_left(), u64::MAX - 3);
}

#[test]
fn a_download_comes_the_same_way() {
    let mut stream = BytesMut::new();
    let name = || "a.bin".into();
    let download = ServerFrame::Download {
        size: 20,
        name: name(),
    };
    download.write(Flavor::Field, &mut stream);
    ServerFrame::Raw(file(20).into()).write(Flavor::Field, &mut stream);
    for step in [1, 7, stream.len()] {
        let mut codec = ClientCodec::new(Flavor::Field, 256);
        let (mut input, mut came) = (BytesMut::new(), Vec::new());
        for piece in stream.chunks(step) {
            input.extend_from_slice(piece);
            while let Some(frame) = codec.decode(&mut input).unwrap() {
                match frame.unwrap() {
                    ServerFrame::Download { size, .. } => codec.expect_raw(size),
                    ServerFrame::Raw(bytes) => came.extend_from_slice(&bytes),
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!((came, codec.raw_left()), (file(20), 0));
        assert!(codec.decode_eof(&mut input).unwrap().is_none());
    }
}
