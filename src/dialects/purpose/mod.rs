//! The purpose-byte protocol: binary frames, tasks in both directions, sessions that outlive connections.

mod adapter;
mod chats;
#[cfg(feature = "cli")]
mod client;
mod encoder;
mod frames;
mod history;
mod infos;
mod messages;
mod people;
mod redaction;
mod sessions;
mod settings;
mod translations;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tolmach_purpose::Revision;

#[cfg(feature = "cli")]
use crate::dialects::client::{ChatSide, MakeConversation, TranscodeSide};
use crate::dialects::{DialectKind, DialectOptions};
use crate::gateway::{Dialect, Messages, Numbering, SessionOptions};
use crate::hub::tap::Show;
use crate::hub::translation::Translation;
use crate::hub::{Scope, SharedEncoder};
use crate::settings::Key;

use adapter::PurposeAdapter;
use encoder::PurposeEncoder;
pub use settings::PurposeSettings;

/// How many frames of the server may be unanswered: PROTOCOL.md 2.3.
const MAX_UNANSWERED: usize = 200;

/// The purpose-byte protocol as one listener speaks it.
pub struct Purpose {
    rules: Arc<Rules>,
    encoder: SharedEncoder,
}

/// What the listener's settings say to its connections.
#[derive(Debug)]
struct Rules {
    revision: Revision,
    probe_after: Duration,
    frame_bytes: usize,
    /// What links to files begin with; empty: there are none.
    public_url: String,
}

impl DialectKind for Purpose {
    type Settings = PurposeSettings;

    const NAME: &'static str = "purpose";
    const SUMMARY: &'static str = "binary frames with a purpose byte, in two revisions";
    const PORTS: &'static [u16] = &[9600, 9601];
    const KEYS: &'static [Key<PurposeSettings>] = settings::KEYS;
    const TRANSLATIONS: &'static [Translation] = translations::TRANSLATIONS;
    #[cfg(feature = "cli")]
    const CHAT: Option<&'static ChatSide> = Some(&client::CHAT);
    #[cfg(feature = "cli")]
    const TRANSCODE: Option<&'static TranscodeSide> = Some(&client::TRANSCODE);
    #[cfg(feature = "cli")]
    const CONVERSATION: Option<MakeConversation> = Some(client::CONVERSATION);
    const HAS_BYTES: bool = true;

    fn revision(settings: &PurposeSettings) -> u8 {
        match settings.revision {
            Revision::One => 1,
            Revision::Two => 2,
        }
    }

    fn set_revision(settings: &mut PurposeSettings, revision: u8) {
        settings.revision = match revision {
            1 => Revision::One,
            _ => Revision::Two,
        };
    }

    fn stop_timers(settings: &mut PurposeSettings) {
        settings.probe_after = Duration::ZERO;
    }

    fn new(settings: &PurposeSettings, options: &DialectOptions) -> Self {
        let revision = settings.revision;
        let url = options.public_url.clone();
        let encoder = SharedEncoder(Arc::new(PurposeEncoder::new(revision, url.clone())));
        let rules = Arc::new(Rules {
            revision,
            probe_after: settings.probe_after,
            frame_bytes: options.frame_bytes,
            public_url: url,
        });
        Self { rules, encoder }
    }
}

impl Dialect for Purpose {
    type Adapter = PurposeAdapter;

    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn label(&self) -> String {
        format!("{}.{}", self.name(), self.rules.revision)
    }

    fn show(&self) -> Box<dyn Show> {
        redaction::show(self.rules.revision)
    }

    fn session_options(&self) -> SessionOptions {
        SessionOptions {
            exclusive: false,
            scope: Scope::AllRooms,
            encoder: self.encoder.clone(),
            numbering: Some(Numbering {
                unanswered: MAX_UNANSWERED,
                length: encoder::frame_length,
                number: encoder::number,
            }),
        }
    }

    fn messages(&self) -> Messages {
        Messages::Frames(encoder::frame_length)
    }

    fn adapter(&self, now: Instant) -> PurposeAdapter {
        PurposeAdapter::new(self.rules.clone(), now)
    }
}

/// A form that says all that the dialect can.
#[cfg(test)]
pub(super) fn talkative() -> Box<dyn crate::hub::EventEncoder> {
    Box::new(PurposeEncoder::new(Revision::Two, String::new()))
}
