//! JIM's client side: for a person, and inside the process.

mod chat;
mod conversation;
mod recording;

use crate::dialects::client::{ChatSide, Key, MakeConversation, TranscodeSide};
use chat::Jim;
use conversation::JimConversation;
use recording::{JimClient, JimRecording};
use std::sync::Arc;

/// What `tolmach chat` needs to know of the dialect.
pub(super) const CHAT: ChatSide = ChatSide {
    key: Key::Password,
    signs_up: false,
    needs: "--user NAME: a guest, with a password an account; without it some guest",
    room_passwords: true,
    commands: "",
    client: |identity| Ok(Box::new(Jim::new(identity))),
};

/// What `tolmach transcode` needs to know of the dialect.
pub(super) const TRANSCODE: TranscodeSide = TranscodeSide {
    sends_files: false,
    client: |_| Arc::new(JimClient),
    recording: |_, speaker| Box::new(JimRecording::new(speaker)),
};

/// For `replay`.
pub(super) const CONVERSATION: MakeConversation = |_| Box::new(JimConversation);
