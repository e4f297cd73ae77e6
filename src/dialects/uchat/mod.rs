//! uchat: JSON lines; rooms with roles, histories and searches, and files on connections of their own.

mod account;
mod adapter;
#[cfg(feature = "cli")]
mod client;
mod codec;
mod encoder;
mod files;
mod history;
mod outcome;
mod rooms;
mod shown;
mod translations;

use std::sync::Arc;
use std::time::Instant;

use tolmach_uchat::Flavor;

use crate::config::{Config, UchatFlavor, UchatSettings};
use crate::gateway::{Dialect, SessionOptions};
use crate::hub::tap::Show;
use crate::hub::{Scope, SharedEncoder};

use adapter::UchatAdapter;
#[cfg(feature = "cli")]
pub(super) use client::CLIENT_SIDE;
use encoder::UchatEncoder;
pub(super) use translations::TRANSLATIONS;

/// uchat as one listener speaks it.
pub struct Uchat {
    rules: Rules,
    encoder: SharedEncoder,
}

/// What the listener's settings say to its connections.
#[derive(Debug, Clone, Copy)]
struct Rules {
    flavor: Flavor,
    frame_bytes: usize,
    /// 0: no limit.
    file_bytes: u64,
}

impl Uchat {
    /// uchat with these settings.
    #[must_use]
    pub fn new(settings: &UchatSettings, config: &Config) -> Self {
        let flavor = match settings.flavor {
            UchatFlavor::Field => Flavor::Field,
            UchatFlavor::Document => Flavor::Document,
        };
        let frame_bytes = match config.limits.frame_bytes {
            0 => usize::MAX,
            limit => limit,
        };
        let rules = Rules {
            flavor,
            frame_bytes,
            file_bytes: config.limits.file_bytes,
        };
        Self {
            rules,
            encoder: SharedEncoder(Arc::new(UchatEncoder::new(flavor))),
        }
    }
}

impl Dialect for Uchat {
    type Adapter = UchatAdapter;

    fn name(&self) -> &'static str {
        "uchat"
    }

    fn show(&self) -> Box<dyn Show> {
        shown::show()
    }

    fn session_options(&self) -> SessionOptions {
        SessionOptions {
            exclusive: true,
            scope: Scope::AllRooms,
            encoder: self.encoder.clone(),
            numbering: None,
        }
    }

    fn adapter(&self, now: Instant) -> UchatAdapter {
        UchatAdapter::new(self.rules, now)
    }
}

/// A form that says all that the dialect can.
#[cfg(test)]
pub(super) fn talkative() -> Box<dyn crate::hub::EventEncoder> {
    Box::new(UchatEncoder::new(Flavor::Field))
}
