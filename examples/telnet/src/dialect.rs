//! The dialect as tolmach knows it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tolmach::dialects::client::{ChatSide, TranscodeSide};
use tolmach::dialects::{DialectKind, DialectOptions};
use tolmach::gateway::{Dialect, Messages, SessionOptions};
use tolmach::hub::tap::Show;
use tolmach::hub::translation::Translation;
use tolmach::hub::{Scope, SharedEncoder};
use tolmach::settings::Key;

use crate::adapter::TelnetAdapter;
use crate::encoder::TelnetEncoder;
use crate::settings::{KEYS, TelnetSettings};
use crate::{chat, recording, shown, translations};

/// Telnet as one listener speaks it.
pub struct Telnet {
    settings: TelnetSettings,
    encoder: SharedEncoder,
}

impl DialectKind for Telnet {
    type Settings = TelnetSettings;

    const NAME: &'static str = "telnet";
    const SUMMARY: &'static str = "lines for people with telnet or nc";
    const PORTS: &'static [u16] = &[2323];
    const KEYS: &'static [Key<TelnetSettings>] = KEYS;
    const TRANSLATIONS: &'static [Translation] = translations::TRANSLATIONS;
    const CHAT: Option<&'static ChatSide> = Some(&chat::CHAT);
    const TRANSCODE: Option<&'static TranscodeSide> = Some(&recording::TRANSCODE);

    fn stop_timers(settings: &mut TelnetSettings) {
        settings.idle_after = Duration::ZERO;
    }

    fn new(settings: &TelnetSettings, options: &DialectOptions) -> Self {
        let mut settings = settings.clone();
        settings.line_bytes = settings.line_bytes.min(options.longest_frame());
        Self {
            settings,
            encoder: SharedEncoder(Arc::new(TelnetEncoder)),
        }
    }
}

impl Dialect for Telnet {
    type Adapter = TelnetAdapter;

    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn show(&self) -> Box<dyn Show> {
        Box::new(shown::Lines)
    }

    fn session_options(&self) -> SessionOptions {
        SessionOptions {
            exclusive: false,
            scope: Scope::AllRooms,
            encoder: self.encoder.clone(),
            numbering: None,
        }
    }

    fn messages(&self) -> Messages {
        Messages::Lines
    }

    fn adapter(&self, now: Instant) -> TelnetAdapter {
        TelnetAdapter::new(self.settings.clone(), now)
    }
}
