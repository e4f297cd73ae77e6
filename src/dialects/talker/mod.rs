//! Talker: JSON lines, one room per connection, everyone's presence.

mod adapter;
#[cfg(feature = "cli")]
mod client;
mod encoder;
mod settings;
mod shown;
mod translations;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tolmach_talker::Flavor;

#[cfg(feature = "cli")]
use crate::dialects::client::{ChatSide, MakeConversation, TranscodeSide};
use crate::dialects::{DialectKind, DialectOptions};
use crate::gateway::{Dialect, FrameLength, Messages, SessionOptions};
use crate::hub::tap::Show;
use crate::hub::translation::Translation;
use crate::hub::{Scope, SharedEncoder};
use crate::settings::Key;

use adapter::TalkerAdapter;
use encoder::TalkerEncoder;
pub use settings::TalkerSettings;

/// Talker as one listener speaks it.
pub struct Talker {
    rules: Arc<Rules>,
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
    /// What links to files begin with.
    public_url: String,
}

impl DialectKind for Talker {
    type Settings = TalkerSettings;

    const NAME: &'static str = "talker";
    const SUMMARY: &'static str = "JSON lines, one room per connection";
    const PORTS: &'static [u16] = &[8500];
    const KEYS: &'static [Key<TalkerSettings>] = settings::KEYS;
    const TRANSLATIONS: &'static [Translation] = translations::TRANSLATIONS;
    #[cfg(feature = "cli")]
    const CHAT: Option<&'static ChatSide> = Some(&client::CHAT);
    #[cfg(feature = "cli")]
    const TRANSCODE: Option<&'static TranscodeSide> = Some(&client::TRANSCODE);
    #[cfg(feature = "cli")]
    const CONVERSATION: Option<MakeConversation> = Some(client::CONVERSATION);

    fn room_of_login(frame: &[String]) -> Option<String> {
        Some(shown::room(frame))
    }

    fn stop_timers(settings: &mut TalkerSettings) {
        settings.idle_after = Duration::ZERO;
        settings.close_after = Duration::ZERO;
    }

    fn new(settings: &TalkerSettings, options: &DialectOptions) -> Self {
        let flavor = settings.flavor;
        let rules = Arc::new(Rules {
            frame_bytes: options.longest_frame(),
            idle_after: settings.idle_after,
            close_after: settings.close_after,
            replay: settings.replay,
            flavor,
            gateway: options.name.clone(),
            public_url: options.public_url.clone(),
        });
        let (name, url) = (options.name.clone(), options.public_url.clone());
        let encoder = SharedEncoder(Arc::new(TalkerEncoder::new(flavor, name, url)));
        Self { rules, encoder }
    }
}

impl Dialect for Talker {
    type Adapter = TalkerAdapter;

    fn name(&self) -> &'static str {
        Self::NAME
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

    /// "Over TLS each event is a record of its own."
    fn frame_length(&self) -> Option<FrameLength> {
        Some(|events| {
            let end = events.iter().position(|byte| *byte == b'\n');
            end.map_or(events.len(), |end| end + 1)
        })
    }

    fn messages(&self) -> Messages {
        Messages::Lines
    }

    fn adapter(&self, now: Instant) -> TalkerAdapter {
        TalkerAdapter::new(self.rules.clone(), now)
    }
}

/// A form that says all that the dialect can.
#[cfg(test)]
pub(super) fn talkative() -> Box<dyn crate::hub::EventEncoder> {
    Box::new(TalkerEncoder::new(
        Flavor::Document,
        "tolmach".to_owned(),
        String::new(),
    ))
}
