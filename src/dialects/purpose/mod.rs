//! The purpose-byte protocol: binary frames, tasks in both directions, sessions that outlive connections.

mod adapter;
mod chats;
#[cfg(feature = "cli")]
mod client;
mod encoder;
mod fields;
mod history;
mod infos;
mod messages;
mod people;
mod sessions;
mod shown;
mod translations;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tolmach_purpose::Revision;

use crate::config::{Config, PurposeSettings};
use crate::gateway::{Dialect, SessionOptions};
use crate::hub::outbox::Numbering;
use crate::hub::tap::Show;
use crate::hub::{Scope, SharedEncoder};

use adapter::PurposeAdapter;
#[cfg(feature = "cli")]
pub(super) use client::CLIENT_SIDE;
use encoder::PurposeEncoder;
pub(super) use translations::TRANSLATIONS;

/// "The server never has more than 200 unanswered requests open towards one client."
const UNANSWERED: usize = 200;

/// The purpose-byte protocol as one listener speaks it.
pub struct Purpose {
    rules: Rules,
    encoder: SharedEncoder,
}

/// What the listener's settings say to its connections.
#[derive(Debug, Clone, Copy)]
struct Rules {
    revision: Revision,
    probe_after: Duration,
    frame_bytes: usize,
}

impl Purpose {
    /// The purpose-byte protocol with these settings.
    #[must_use]
    pub fn new(settings: &PurposeSettings, config: &Config) -> Self {
        let revision = match settings.revision {
            1 => Revision::One,
            _ => Revision::Two,
        };
        let rules = Rules {
            revision,
            probe_after: settings.probe_after,
            frame_bytes: config.limits.frame_bytes,
        };
        Self {
            rules,
            encoder: SharedEncoder(Arc::new(PurposeEncoder::new(revision))),
        }
    }
}

impl Dialect for Purpose {
    type Adapter = PurposeAdapter;

    fn name(&self) -> &'static str {
        "purpose"
    }

    fn label(&self) -> String {
        format!("{}.{}", self.name(), self.rules.revision)
    }

    fn show(&self) -> Box<dyn Show> {
        shown::show(self.rules.revision)
    }

    fn session_options(&self) -> SessionOptions {
        SessionOptions {
            exclusive: false,
            scope: Scope::AllRooms,
            encoder: self.encoder.clone(),
            numbering: Some(Numbering {
                unanswered: UNANSWERED,
                length: encoder::frame_length,
                number: encoder::number,
            }),
        }
    }

    fn adapter(&self, now: Instant) -> PurposeAdapter {
        PurposeAdapter::new(self.rules, now)
    }
}

/// A form that says all that the dialect can.
#[cfg(test)]
pub(super) fn talkative() -> Box<dyn crate::hub::EventEncoder> {
    Box::new(PurposeEncoder::new(Revision::Two))
}
