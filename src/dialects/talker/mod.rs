//! Talker: JSON lines, one room per connection, everyone's presence.

mod adapter;
#[cfg(feature = "cli")]
mod client;
mod encoder;
mod shown;
mod translations;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tolmach_talker::Flavor;

use crate::config::{Config, TalkerFlavor, TalkerSettings};
use crate::gateway::{Dialect, SessionOptions};
use crate::hub::tap::Show;
use crate::hub::{Scope, SharedEncoder};

use adapter::TalkerAdapter;
#[cfg(feature = "cli")]
pub(super) use client::CLIENT_SIDE;
use encoder::TalkerEncoder;
pub(super) use translations::TRANSLATIONS;

/// Talker as one listener speaks it.
pub struct Talker {
    rules: Rules,
    encoder: SharedEncoder,
}

/// What the listener's settings say to its connections.
#[derive(Debug, Clone)]
struct Rules {
    frame_bytes: usize,
    idle_after: Duration,
    close_after: Duration,
    replay: usize,
    flavor: Flavor,
    gateway: String,
}

impl Talker {
    /// Talker with these settings.
    #[must_use]
    pub fn new(settings: &TalkerSettings, config: &Config) -> Self {
        let flavor = match settings.flavor {
            TalkerFlavor::Document => Flavor::Document,
            TalkerFlavor::TalkerApp => Flavor::TalkerApp,
        };
        let frame_bytes = if config.limits.frame_bytes == 0 {
            usize::MAX
        } else {
            config.limits.frame_bytes
        };
        let rules = Rules {
            frame_bytes,
            idle_after: settings.idle_after,
            close_after: settings.close_after,
            replay: settings.replay,
            flavor,
            gateway: config.name.clone(),
        };
        let encoder = SharedEncoder(Arc::new(TalkerEncoder::new(flavor, config.name.clone())));
        Self { rules, encoder }
    }
}

impl Dialect for Talker {
    type Adapter = TalkerAdapter;

    fn name(&self) -> &'static str {
        "talker"
    }

    fn show(&self) -> Box<dyn Show> {
        shown::show()
    }

    fn session_options(&self) -> SessionOptions {
        SessionOptions {
            exclusive: false,
            scope: Scope::OneRoom,
            encoder: self.encoder.clone(),
            numbering: None,
        }
    }

    fn adapter(&self, now: Instant) -> TalkerAdapter {
        TalkerAdapter::new(self.rules.clone(), now)
    }
}

/// A form that says all that the dialect can.
#[cfg(test)]
pub(super) fn talkative() -> Box<dyn crate::hub::EventEncoder> {
    Box::new(TalkerEncoder::new(Flavor::Document, "tolmach".to_owned()))
}
