//! The streams in `fixtures/uchat`: each is read whole, byte by byte and cut at every place.
//! The rules are those of PROTOCOL.md 1 and 2.
//!
//! `NAME.expected` has a line per item of `NAME.stream`: a frame as this crate writes it, `? ` and a bad frame's
//! text, or `! ` and the error that ended the stream. A client's streams named after a request are the document's
//! examples, a number standing where it has a word, and one line each; so are a server's `document-…`, which are
//! read and written in [`Flavor::Document`].
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use bytes::BytesMut;
use std::fs;
use std::path::PathBuf;
use tolmach_protocol_testing::{Outcome, feed_every_way};
use tolmach_uchat::{BadFrame, ClientCodec, Flavor, ServerCodec, limits};

/// Reads every stream in `folder` with `read`, and compares what it makes of it.
fn compare(folder: &str, read: impl Fn(&str, &[u8]) -> String) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/uchat")
        .join(folder);
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "stream") {
            let name = path.file_stem().unwrap().to_str().unwrap();
            let expected = fs::read_to_string(path.with_extension("expected")).unwrap();
            let outcome = read(name, &fs::read(&path).unwrap());
            assert_eq!(outcome, expected, "{}", path.display());
            count += 1;
        }
    }
    assert!(count > 0, "{} is empty", folder.display());
}

/// What was read, in lines; `write` writes a frame.
fn lines<F>(
    outcome: Outcome<Result<F, BadFrame>>,
    write: fn(&F, Flavor, &mut BytesMut),
    flavor: Flavor,
) -> String {
    let Outcome { items, error: end } = outcome;
    let mut lines = BytesMut::new();
    for item in items {
        match item {
            Ok(frame) => write(&frame, flavor, &mut lines),
            Err(bad) => lines.extend_from_slice(format!("? {bad}\n").as_bytes()),
        }
    }
    let end = end.map(|error| format!("! {error}\n")).unwrap_or_default();
    String::from_utf8(lines.to_vec()).unwrap() + &end
}

#[test]
fn streams_of_clients() {
    compare("client", |_, stream| {
        let codec = || ServerCodec::new(Flavor::Field, limits::FRAME_BYTES);
        let outcome = feed_every_way(codec, stream);
        lines(outcome, |frame, _, out| frame.write(out), Flavor::Field)
    });
}

#[test]
fn streams_of_servers() {
    compare("server", |name, stream| {
        let flavor = if name.starts_with("document-") {
            Flavor::Document
        } else {
            Flavor::Field
        };
        let codec = || ClientCodec::new(flavor, limits::FRAME_BYTES);
        let outcome = feed_every_way(codec, stream);
        lines(
            outcome,
            |frame, flavor, out| frame.write(flavor, out),
            flavor,
        )
    });
}
