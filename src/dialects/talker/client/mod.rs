//! Talker's client side: for a person, and inside the process.

mod chat;
mod recording;

use super::TalkerSettings;
use crate::dialects::client::{ClientSide, Key};
use crate::gateway::Settings;
use chat::Talker;
use recording::{TalkerClient, TalkerRecording};
use std::sync::Arc;
use std::time::Duration;

/// What `chat` and `transcode` know of the dialect.
pub(in crate::dialects) const CLIENT_SIDE: ClientSide = ClientSide {
    name: "talker",
    ports: &[8500],
    key: Key::Token,
    signs_up: false,
    needs: "--token TOKEN",
    chat: |identity| Ok(Box::new(Talker::new(identity)?)),
    sends_files: false,
    settings: |_| {
        Settings::of::<super::Talker>(TalkerSettings {
            idle_after: Duration::ZERO,
            close_after: Duration::ZERO,
            ..TalkerSettings::default()
        })
    },
    virtual_client: |_| Arc::new(TalkerClient),
    recording: |_, speaker| Box::new(TalkerRecording::new(speaker)),
};
