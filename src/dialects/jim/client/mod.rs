//! JIM's client side: for a person, and inside the process.

mod chat;
mod recording;

use super::JimSettings;
use crate::dialects::client::{ClientSide, Key};
use crate::gateway::Settings;
use chat::Jim;
use recording::{JimClient, JimRecording};
use std::sync::Arc;
use std::time::Duration;

/// What `chat` and `transcode` know of the dialect.
pub(in crate::dialects) const CLIENT_SIDE: ClientSide = ClientSide {
    name: "jim",
    ports: &[7777],
    key: Key::Password,
    signs_up: false,
    needs: "--user NAME: a guest, with a password an account",
    chat: |identity| Ok(Box::new(Jim::new(identity)?)),
    sends_files: false,
    settings: |_| {
        Settings::of::<super::Jim>(JimSettings {
            probe_after: Duration::ZERO,
            ..JimSettings::default()
        })
    },
    virtual_client: |_| Arc::new(JimClient),
    recording: |_, speaker| Box::new(JimRecording::new(speaker)),
};
