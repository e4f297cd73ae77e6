//! The purpose-byte protocol's client side: for a person, and inside the process.

mod chat;
mod recording;

use crate::dialects::client::{ChatSide, Key, TranscodeSide};
use chat::Purpose;
use recording::{PurposeClient, PurposeRecording};
use std::sync::Arc;
use tolmach_purpose::Revision;

/// What `tolmach chat` needs to know of the dialect.
pub(super) const CHAT: ChatSide = ChatSide {
    key: Key::Either,
    signs_up: false,
    needs: "--user NAME and its password, or --token ID:TOKEN; --revision 1 or 2",
    room_passwords: true,
    commands: "",
    client: |identity| Ok(Box::new(Purpose::new(identity)?)),
};

/// What `tolmach transcode` needs to know of the dialect.
pub(super) const TRANSCODE: TranscodeSide = TranscodeSide {
    sends_files: false,
    client: |revision| Arc::new(PurposeClient::new(revision)),
    recording: |revision, speaker| Box::new(PurposeRecording::new(revision, speaker)),
};

/// The revision of this number.
fn revision(number: u8) -> Revision {
    match number {
        1 => Revision::One,
        _ => Revision::Two,
    }
}
