//! The purpose-byte protocol's client side: for a person, and inside the process.

mod chat;
mod recording;

use super::PurposeSettings;
use crate::dialects::client::{ClientSide, Key};
use crate::gateway::Settings;
use chat::Purpose;
use recording::{PurposeClient, PurposeRecording};
use std::sync::Arc;
use std::time::Duration;
use tolmach_purpose::Revision;

/// What `chat` and `transcode` know of the dialect.
pub(in crate::dialects) const CLIENT_SIDE: ClientSide = ClientSide {
    name: "purpose",
    ports: &[9600, 9601],
    key: Key::Either,
    signs_up: false,
    needs: "--user NAME and its password, or --token ID:TOKEN; --revision 1 or 2",
    chat: |identity| Ok(Box::new(Purpose::new(identity)?)),
    sends_files: false,
    settings: |revision| {
        Settings::of::<super::Purpose>(PurposeSettings {
            revision: self::revision(revision),
            probe_after: Duration::ZERO,
        })
    },
    virtual_client: |revision| Arc::new(PurposeClient::new(revision)),
    recording: |revision, speaker| Box::new(PurposeRecording::new(revision, speaker)),
};

/// The revision of this number.
fn revision(number: u8) -> Revision {
    match number {
        1 => Revision::One,
        _ => Revision::Two,
    }
}
