//! The purpose-byte protocol.

use bytes::BytesMut;
use tokio_util::codec::Encoder;
use tolmach_purpose::{
    Answer, ClientCodec, ClientFrame, RequestKind, Revision, ServerBody, ServerCodec, ServerFrame,
    limits,
};

use super::{comes_back, every_way};

/// What clients say, in both revisions.
pub fn server(bytes: &[u8]) {
    for revision in Revision::ALL.iter().copied() {
        let codec = || ServerCodec::new(revision, limits::FRAME_BYTES);
        every_way(|| ServerCodec::new(revision, 16), bytes);
        let items = every_way(codec, bytes);
        let frames: Vec<ClientFrame> = items.into_iter().flatten().collect();
        let mut wire = BytesMut::new();
        for frame in &frames {
            ClientCodec::new(revision, 0)
                .encode(frame, &mut wire)
                .unwrap();
        }
        comes_back(codec(), &wire, frames.into_iter().map(Ok).collect());
    }
}

/// What servers say, in both revisions; each content is read as the answer to every kind of request.
pub fn client(bytes: &[u8]) {
    for revision in Revision::ALL.iter().copied() {
        let codec = || ClientCodec::new(revision, limits::FRAME_BYTES);
        let items = every_way(codec, bytes);
        let frames: Vec<ServerFrame> = items.into_iter().flatten().collect();
        let mut wire = BytesMut::new();
        for frame in &frames {
            ServerCodec::new(revision, 0)
                .encode(frame, &mut wire)
                .unwrap();
            answers(frame, revision);
        }
        comes_back(codec(), &wire, frames.into_iter().map(Ok).collect());
    }
}

/// An answer that can be read is written as it came.
fn answers(frame: &ServerFrame, revision: Revision) {
    let ServerBody::Accepted(content) = &frame.body else {
        return;
    };
    for kind in RequestKind::ALL.iter().copied() {
        if let Ok(answer) = Answer::read(kind, revision, content.clone()) {
            let mut wire = BytesMut::new();
            answer.write(revision, frame.task, &mut wire);
            assert_eq!(&wire[limits::HEADER_BYTES..], &content[..], "{answer:?}");
        }
    }
}
