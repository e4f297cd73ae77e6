//! The streams in `fixtures/talker`: each is read whole, byte by byte and cut at every place.
//! The rules are those of PROTOCOL.md 1 and 3.
//!
//! `NAME.expected` has a line per item of `NAME.stream`: a frame as this crate writes it, `? ` and a bad frame's
//! text, or `! ` and the error that ended the stream.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use bytes::BytesMut;
use std::fs;
use std::path::PathBuf;
use tolmach_protocol_testing::{Outcome, feed_every_way};
use tolmach_talker::{ClientCodec, Flavor, ServerCodec, limits};

/// Reads every stream in `folder` with `read`, and compares what it makes of it.
fn compare(folder: &str, read: impl Fn(&[u8]) -> String) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/talker")
        .join(folder);
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "stream")
        {
            let expected = fs::read_to_string(path.with_extension("expected")).unwrap();
            assert_eq!(
                read(&fs::read(&path).unwrap()),
                expected,
                "{}",
                path.display()
            );
            count += 1;
        }
    }
    assert!(count > 0, "{} is empty", folder.display());
}

#[test]
fn streams_of_clients() {
    compare("client", |stream| {
        let Outcome { items, error: end } = feed_every_way(
            || ServerCodec::new(limits::FRAME_BYTES, Flavor::Document),
            stream,
        );
        let mut lines = BytesMut::new();
        for item in items {
            match item {
                Ok(frame) => frame.write(&mut lines),
                Err(bad) => lines.extend_from_slice(format!("? {bad}\n").as_bytes()),
            }
        }
        text(&lines, end)
    });
}

#[test]
fn streams_of_servers() {
    compare("server", |stream| {
        let Outcome { items, error: end } =
            feed_every_way(|| ClientCodec::new(limits::FRAME_BYTES), stream);
        let mut lines = BytesMut::new();
        items
            .iter()
            .for_each(|frame| frame.write(Flavor::TalkerApp, &mut lines));
        text(&lines, end)
    });
}

fn text(lines: &[u8], end: Option<String>) -> String {
    let end = end.map(|error| format!("! {error}\n")).unwrap_or_default();
    String::from_utf8(lines.to_vec()).unwrap() + &end
}
