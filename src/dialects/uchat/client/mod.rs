//! uchat's client side: for a person, and inside the process.

mod chat;
mod conversation;
mod recording;

use crate::dialects::client::{ChatSide, Key, MakeConversation, TranscodeSide, first_member};
use chat::Uchat;
use conversation::UchatConversation;
use recording::{UchatClient, UchatRecording};
use std::sync::Arc;

/// What `tolmach chat` needs to know of the dialect.
pub(super) const CHAT: ChatSide = ChatSide::new(
    Key::Either,
    "--user NAME and its password (--signup makes the account), or --token TOKEN",
    |identity| Ok(Box::new(Uchat::new(identity)?)),
)
.signing_up()
.recognized_by(|bytes| first_member(bytes, &["type"]).is_some_and(|kind| kind.is_number()))
.with_commands(chat::COMMANDS);

/// What `tolmach transcode` needs to know of the dialect.
pub(super) const TRANSCODE: TranscodeSide = TranscodeSide {
    sends_files: true,
    client: |_| Arc::new(UchatClient),
    recording: |_, speaker| Box::new(UchatRecording::new(speaker)),
};

/// How `tolmach replay` speaks the dialect on a connection.
pub(super) const CONVERSATION: MakeConversation = |_| Box::<UchatConversation>::default();
