//! uchat's client side: for a person, and inside the process.

mod chat;
mod recording;

use super::UchatSettings;
use crate::dialects::client::{ClientSide, Key};
use crate::gateway::Settings;
use chat::Uchat;
use recording::{UchatClient, UchatRecording};
use std::sync::Arc;

/// What `chat` and `transcode` know of the dialect.
pub(in crate::dialects) const CLIENT_SIDE: ClientSide = ClientSide {
    name: "uchat",
    ports: &[3333],
    key: Key::Either,
    signs_up: true,
    needs: "--user NAME and its password (--signup makes the account), or --token TOKEN",
    chat: |identity| Ok(Box::new(Uchat::new(identity)?)),
    sends_files: true,
    settings: |_| Settings::of::<super::Uchat>(UchatSettings::default()),
    virtual_client: |_| Arc::new(UchatClient),
    recording: |_, speaker| Box::new(UchatRecording::new(speaker)),
};
