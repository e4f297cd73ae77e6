//! The documents in `fixtures/purpose`: every purpose of either revision, named field by named field.
//! The rules are those of PROTOCOL.md 3 to 6.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is for tests only"
)]

mod document;
mod feed;

use bytes::BytesMut;
use document::{End, Frame, Line, documents};
use feed::{to_client, to_server};
use std::collections::HashSet;
use std::fmt::Debug;
use tolmach_protocol_testing::feed_every_way;
use tolmach_purpose::purpose::Layout;
use tolmach_purpose::{
    Answer, ClientBody, ClientCodec, ClientFrame, Purpose, RequestKind, Revision, ServerBody,
    ServerCodec, ServerFrame,
};

/// Calls `test` for each frame, with the kind of the request before it.
fn each(test: impl Fn(Revision, &str, &Frame, Option<RequestKind>)) {
    for revision in Revision::ALL {
        for (name, frames) in documents(revision) {
            let mut asked = None;
            for frame in frames {
                test(revision, &name, &frame, asked);
                asked = RequestKind::ALL
                    .iter()
                    .copied()
                    .find(|kind| kind.name() == frame.value("purpose"));
            }
        }
    }
}

#[test]
fn each_purpose_has_one() {
    for revision in Revision::ALL {
        let names: HashSet<_> = documents(revision)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let expected: HashSet<_> = Purpose::all()
            .filter(|purpose| *purpose != Purpose::Accepted)
            .filter(|purpose| purpose.byte(revision).is_some())
            .map(|purpose| purpose.name(revision).to_owned())
            .collect();
        assert_eq!(names, expected, "revision {revision}");
    }
}

/// The bytes of a value in the document, of as many bytes as stand beside it.
fn value_bytes(line: &Line) -> Vec<u8> {
    if let Some(text) = line.value.strip_prefix('"') {
        let text = text.strip_suffix('"').expect("a text ends with a quote");
        return [text.as_bytes(), b"\0"].concat();
    }
    let number: i64 = line.value.parse().expect("a number");
    number.to_le_bytes()[..line.bytes.len()].to_vec()
}

#[test]
fn the_bytes_are_what_is_written_beside_them() {
    each(|revision, document, frame, _| {
        let find = match frame.from {
            End::Client => Purpose::to_server,
            End::Server => Purpose::to_client,
        };
        for line in &frame.lines {
            match line.name.as_str() {
                "purpose" => {
                    let purpose = find(revision, line.bytes[0]).unwrap();
                    assert_eq!(purpose.name(revision), line.value, "{document}");
                }
                _ => assert_eq!(value_bytes(line), line.bytes, "{document}: {line:?}"),
            }
        }
    });
}

/// The names of a body's fields, if they are not those of a content.
fn names(purpose: Purpose, revision: Revision) -> Vec<&'static str> {
    const CHAT: &str = "id title is_direct updated nickname has_password";
    const MESSAGE: &str = "id sender_id chat_id created updated status text";
    let mut names = Vec::new();
    for field in purpose.body(revision) {
        match field.layout {
            Layout::ChatInfo => names.extend(CHAT.split(' ')),
            Layout::Messages => names.extend(MESSAGE.split(' ').cycle().take(7 * 2)),
            _ => names.push(field.name),
        }
    }
    names
}

#[test]
fn the_names_are_those_of_the_table() {
    each(|revision, document, frame, _| {
        let byte = frame.lines[1].bytes[0];
        let purpose = match frame.from {
            End::Client => Purpose::to_server(revision, byte),
            End::Server => Purpose::to_client(revision, byte),
        };
        let written: Vec<_> = frame.lines.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(written[..3], ["length", "purpose", "task"], "{document}");
        if purpose != Some(Purpose::Accepted) {
            let names = names(purpose.unwrap(), revision);
            assert!(names.starts_with(&written[3..]), "{document}: {written:?}");
        }
    });
}

/// That a frame is written as it came and has the task id of the document.
fn compare(document: &str, frame: &Frame, task: u8, body: &dyn Debug, written: &[u8]) {
    assert_eq!(written, frame.bytes(), "{document}: {body:?}");
    assert_eq!(frame.value("task"), task.to_string(), "{document}");
    assert_eq!(format!("{body:?}"), frame.reads_as, "{document}");
}

fn client_frame(revision: Revision, document: &str, frame: &Frame) {
    let read = to_server(revision, &frame.bytes()).items.remove(0).unwrap();
    let mut out = BytesMut::new();
    assert!(ClientFrame::write(&read, revision, &mut out));
    match &read.body {
        ClientBody::Request(request) => compare(document, frame, read.task, request, &out),
        body => compare(document, frame, read.task, body, &out),
    }
}

fn server_frame(revision: Revision, document: &str, frame: &Frame, asked: Option<RequestKind>) {
    let read = to_client(revision, &frame.bytes()).items.remove(0).unwrap();
    let mut out = BytesMut::new();
    match (&read.body, asked) {
        (ServerBody::Accepted(content), Some(kind)) => {
            let answer = Answer::read(kind, revision, content.clone()).unwrap();
            answer.write(revision, read.task, &mut out);
            compare(document, frame, read.task, &answer, &out);
        }
        (body, _) => {
            assert!(ServerFrame::write(&read, revision, &mut out));
            match body {
                ServerBody::Notification(told) => compare(document, frame, read.task, told, &out),
                body => compare(document, frame, read.task, body, &out),
            }
        }
    }
}

#[test]
fn each_frame_is_read_and_written_as_it_came() {
    each(|revision, document, frame, asked| match frame.from {
        End::Client => client_frame(revision, document, frame),
        End::Server => server_frame(revision, document, frame, asked),
    });
}

/// All frames of one end in one stream, and each as the other end alone reads it.
fn glued(revision: Revision, from: End) -> (Vec<u8>, Vec<Vec<u8>>) {
    let frames: Vec<_> = documents(revision)
        .into_iter()
        .flat_map(|(_, frames)| frames)
        .filter(|frame| frame.from == from)
        .map(|frame| frame.bytes())
        .collect();
    (frames.concat(), frames)
}

#[test]
fn all_glued_and_cut_everywhere() {
    for revision in Revision::ALL {
        let (stream, frames) = glued(revision, End::Client);
        let whole = feed_every_way(|| ServerCodec::new(revision, 0), &stream);
        assert_eq!(whole.error, None);
        assert_eq!(whole.items.len(), frames.len());
        for (item, bytes) in whole.items.into_iter().zip(frames) {
            assert_eq!(to_server(revision, &bytes).items, [item]);
        }
        let (stream, frames) = glued(revision, End::Server);
        let whole = feed_every_way(|| ClientCodec::new(revision, 0), &stream);
        assert_eq!(whole.error, None);
        assert_eq!(whole.items.len(), frames.len());
        for (item, bytes) in whole.items.into_iter().zip(frames) {
            assert_eq!(to_client(revision, &bytes).items, [item]);
        }
    }
}
