//! uchat's client side: for a person, and inside the process.

mod chat;
mod conversation;
mod recording;

use crate::dialects::client::{ChatSide, Key, MakeConversation, TranscodeSide};
use chat::Uchat;
use conversation::UchatConversation;
use recording::{UchatClient, UchatRecording};
use std::sync::Arc;

/// What `tolmach chat` needs to know of the dialect.
pub(super) const CHAT: ChatSide = ChatSide {
    key: Key::Either,
    signs_up: true,
    needs: "--user NAME and its password (--signup makes the account), or --token TOKEN",
    room_passwords: false,
    commands: "  /rooms   /find PREFIX   /join ROOM   /new ROOM   /members
  /history [N]   /search TEXT   /edit ID TEXT   /delete ID
  /upload FILE   /download ID FILE
",
    client: |identity| Ok(Box::new(Uchat::new(identity)?)),
};

/// What `tolmach transcode` needs to know of the dialect.
pub(super) const TRANSCODE: TranscodeSide = TranscodeSide {
    sends_files: true,
    client: |_| Arc::new(UchatClient),
    recording: |_, speaker| Box::new(UchatRecording::new(speaker)),
};

/// For `replay`.
pub(super) const CONVERSATION: MakeConversation = |_| Box::<UchatConversation>::default();
