//! Talker.

use bytes::BytesMut;
use tokio_util::codec::Encoder;
use tolmach_talker::{
    ClientCodec, ClientFrame, Extra, Flavor, Message, ServerCodec, ServerFrame, User, limits,
};

use super::{comes_back, every_way};

const FLAVORS: [Flavor; 2] = [Flavor::Document, Flavor::TalkerApp];

/// What clients say.
pub fn server(bytes: &[u8]) {
    let codec = || ServerCodec::new(limits::FRAME_BYTES, Flavor::Document);
    every_way(
        || ServerCodec::new(64, Flavor::Document).with_nesting(3),
        bytes,
    );
    let items = every_way(codec, bytes);
    let frames: Vec<ClientFrame> = items.into_iter().flatten().collect();
    let mut wire = BytesMut::new();
    for frame in &frames {
        ClientCodec::new(limits::FRAME_BYTES)
            .encode(frame, &mut wire)
            .unwrap();
    }
    comes_back(codec(), &wire, frames.into_iter().map(Ok).collect());
}

/// What servers say, in both flavors.
pub fn client(bytes: &[u8]) {
    let codec = || ClientCodec::new(limits::FRAME_BYTES);
    let frames = every_way(codec, bytes);
    for flavor in FLAVORS {
        let mut wire = BytesMut::new();
        for frame in &frames {
            ServerCodec::new(limits::FRAME_BYTES, flavor)
                .encode(frame, &mut wire)
                .unwrap();
        }
        let frames = frames.iter().cloned();
        comes_back(
            codec(),
            &wire,
            frames.map(|frame| told(frame, flavor)).collect(),
        );
    }
}

/// What of a frame is told: of a message's user, and of one who leaves, not all.
fn told(frame: ServerFrame, flavor: Flavor) -> ServerFrame {
    let bare = |user: User, name: String| User {
        id: user.id,
        name,
        status: None,
        extra: Extra::default(),
    };
    match frame {
        ServerFrame::Message(message) => {
            let name = message.user.name.clone();
            let user = bare(message.user, name);
            ServerFrame::Message(Message { user, ..message })
        }
        ServerFrame::Leave { user, time } if flavor == Flavor::Document => {
            let user = bare(user, String::new());
            ServerFrame::Leave { user, time }
        }
        frame => frame,
    }
}
