//! The purpose-byte protocol's client side: for a person, and inside the process.

mod chat;
mod conversation;
mod recording;
mod words;

use crate::dialects::client::{ChatSide, Key, MakeConversation, TranscodeSide};
use chat::Purpose;
use conversation::PurposeConversation;
use recording::{PurposeClient, PurposeRecording};
use std::sync::Arc;
use tolmach_purpose::Revision;

/// What `tolmach chat` needs to know of the dialect.
pub(super) const CHAT: ChatSide = ChatSide::new(
    Key::Either,
    "--user NAME and its password, or --token ID:TOKEN; --revision 1 or 2",
    |identity| Ok(Box::new(Purpose::new(identity)?)),
)
.with_room_passwords();

/// What `tolmach transcode` needs to know of the dialect.
pub(super) const TRANSCODE: TranscodeSide = TranscodeSide {
    sends_files: false,
    client: |revision| Arc::new(PurposeClient::new(revision)),
    recording: |revision, speaker| Box::new(PurposeRecording::new(revision, speaker)),
};

/// How `tolmach replay` speaks the dialect on a connection.
pub(super) const CONVERSATION: MakeConversation =
    |number| Box::new(PurposeConversation::new(revision(number)));

/// The revision of this number.
fn revision(number: u8) -> Revision {
    match number {
        1 => Revision::One,
        _ => Revision::Two,
    }
}
