//! Talker's client side: for a person, and inside the process.

mod chat;
mod conversation;
mod recording;

use crate::dialects::client::{ChatSide, Key, MakeConversation, TranscodeSide, first_member};
use chat::Talker;
use conversation::TalkerConversation;
use recording::{TalkerClient, TalkerRecording};
use std::sync::Arc;

/// What `tolmach chat` needs to know of the dialect.
pub(super) const CHAT: ChatSide = ChatSide::new(Key::Token, "--token TOKEN", |identity| {
    Ok(Box::new(Talker::new(identity)?))
})
.recognized_by(|bytes| first_member(bytes, &["type"]).is_some_and(|kind| kind.is_string()))
.with_commands(chat::COMMANDS);

/// What `tolmach transcode` needs to know of the dialect.
pub(super) const TRANSCODE: TranscodeSide = TranscodeSide {
    sends_files: false,
    client: |_| Arc::new(TalkerClient),
    recording: |_, speaker| Box::new(TalkerRecording::new(speaker)),
};

/// How `tolmach replay` speaks the dialect on a connection.
pub(super) const CONVERSATION: MakeConversation = |_| Box::<TalkerConversation>::default();
