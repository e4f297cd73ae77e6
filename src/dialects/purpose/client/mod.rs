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
.with_room_passwords()
.recognized_by(begins_with_frame)
.with_commands(chat::COMMANDS);

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

/// The longest body that a server's first frame is taken to have: its reason, or nothing.
const FIRST_BYTES: u32 = 4096;

/// Whether the bytes begin with the header of a server's frame: what may come first is an answer, a HEARTBEAT or a DISCONNECT.
fn begins_with_frame(bytes: &[u8]) -> bool {
    match bytes {
        [a, b, c, d, 0..=3, _task, ..] => u32::from_le_bytes([*a, *b, *c, *d]) <= FIRST_BYTES,
        _ => false,
    }
}
