//! JIM's client side: for a person, and inside the process.

mod chat;
mod conversation;
mod recording;

use crate::dialects::client::{ChatSide, Key, MakeConversation, TranscodeSide, first_member};
use chat::Jim;
use conversation::JimConversation;
use recording::{JimClient, JimRecording};
use std::sync::Arc;

/// What `tolmach chat` needs to know of the dialect.
pub(super) const CHAT: ChatSide = ChatSide::new(
    Key::Password,
    "--user NAME: a guest, with a password an account; without it some guest",
    |identity| Ok(Box::new(Jim::new(identity))),
)
.with_room_passwords()
.recognized_by(|bytes| first_member(bytes, &["response", "action"]).is_some())
.with_commands(chat::COMMANDS);

/// What `tolmach transcode` needs to know of the dialect.
pub(super) const TRANSCODE: TranscodeSide = TranscodeSide {
    sends_files: false,
    client: |_| Arc::new(JimClient),
    recording: |_, speaker| Box::new(JimRecording::new(speaker)),
};

/// How `tolmach replay` speaks the dialect on a connection.
pub(super) const CONVERSATION: MakeConversation = |_| Box::new(JimConversation);
