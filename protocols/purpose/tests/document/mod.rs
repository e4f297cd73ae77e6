//! Reads the documents in `fixtures/purpose`.
//!
//! `client` or `server` begins a frame. Each line after it is hexadecimal bytes, a field's name and its value,
//! and `=` ends it with the frame as `Debug` shows it. Empty lines and `#` are passed over.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is for tests only"
)]

use std::fs;
use std::path::PathBuf;
use tolmach_purpose::Revision;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum End {
    Client,
    Server,
}

/// One field: its bytes, and its name and value as written.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) bytes: Vec<u8>,
    pub(crate) name: String,
    pub(crate) value: String,
}

/// One frame of a document.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) from: End,
    pub(crate) lines: Vec<Line>,
    pub(crate) reads_as: String,
}

impl Frame {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let lines = self.lines.iter();
        lines.flat_map(|line| &line.bytes).copied().collect()
    }

    /// The value written for one of the header's fields.
    pub(crate) fn value(&self, name: &str) -> &str {
        let line = self.lines.iter().find(|line| line.name == name);
        &line.expect("every frame has a header").value
    }
}

/// All documents of a revision, by their names, in order.
pub(crate) fn documents(revision: Revision) -> Vec<(String, Vec<Frame>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/purpose")
        .join(format!("r{revision}"));
    let files = fs::read_dir(&folder).expect("the fixtures are there");
    let mut documents: Vec<_> = files
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, parse(&fs::read_to_string(&path).unwrap()))
        })
        .collect();
    documents.sort_by(|(one, _), (other, _)| one.cmp(other));
    documents
}

fn parse(document: &str) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut from = None;
    let mut lines = Vec::new();
    for line in document.lines() {
        match line.split_once(' ') {
            _ if line == "client" => from = Some(End::Client),
            _ if line == "server" => from = Some(End::Server),
            Some(("#", _)) => {}
            Some(("=", reads_as)) => frames.push(Frame {
                from: from.take().expect("who sends it stands above"),
                lines: std::mem::take(&mut lines),
                reads_as: reads_as.to_owned(),
            }),
            Some((hex, field)) => {
                let (name, value) = field.trim_start().split_once(' ').expect("name value");
                lines.push(Line {
                    bytes: bytes(hex),
                    name: name.to_owned(),
                    value: value.to_owned(),
                });
            }
            None => assert!(line.is_empty(), "{line}"),
        }
    }
    assert!(
        lines.is_empty() && from.is_none(),
        "the last frame has no ="
    );
    frames
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
