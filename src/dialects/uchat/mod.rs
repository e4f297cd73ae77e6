//! uchat: JSON lines; rooms with roles, histories and searches, and files on connections of their own.

mod account;
mod adapter;
#[cfg(feature = "cli")]
mod client;
mod codec;
mod encoder;
mod files;
mod gateway;
mod history;
mod outcome;
mod redaction;
mod rooms;
mod settings;
mod translations;

use std::sync::Arc;
use std::time::Instant;

use tolmach_uchat::Flavor;

#[cfg(feature = "cli")]
use crate::dialects::client::{ChatSide, MakeConversation, TranscodeSide};
use crate::dialects::{DialectKind, DialectOptions};
use crate::gateway::{Dialect, Messages, SessionOptions};
use crate::hub::tap::Show;
use crate::hub::translation::Translation;
use crate::hub::{Scope, SharedEncoder};
use crate::settings::Key;

use adapter::UchatAdapter;
use encoder::UchatEncoder;
pub use settings::UchatSettings;

/// uchat as one listener speaks it.
pub struct Uchat {
    rules: Arc<Rules>,
    encoder: SharedEncoder,
}

/// What the listener's settings say to its connections.
#[derive(Debug)]
struct Rules {
    flavor: Flavor,
    frame_bytes: usize,
    /// Most bytes of a file that is sent; 0: no limit.
    file_bytes: u64,
    /// What links to files begin with; empty: there are none.
    public_url: String,
}

impl DialectKind for Uchat {
    type Settings = UchatSettings;

    const NAME: &'static str = "uchat";
    const SUMMARY: &'static str = "JSON lines, rooms with roles, edits, searches, files";
    const PORTS: &'static [u16] = &[3333];
    const KEYS: &'static [Key<UchatSettings>] = settings::KEYS;
    const TRANSLATIONS: &'static [Translation] = translations::TRANSLATIONS;
    #[cfg(feature = "cli")]
    const CHAT: Option<&'static ChatSide> = Some(&client::CHAT);
    #[cfg(feature = "cli")]
    const TRANSCODE: Option<&'static TranscodeSide> = Some(&client::TRANSCODE);
    #[cfg(feature = "cli")]
    const CONVERSATION: Option<MakeConversation> = Some(client::CONVERSATION);

    fn names_own_token(frame: &[String]) -> bool {
        redaction::is_logout(frame)
    }

    fn new(settings: &UchatSettings, options: &DialectOptions) -> Self {
        let flavor = settings.flavor;
        let rules = Arc::new(Rules {
            flavor,
            frame_bytes: options.longest_frame(),
            file_bytes: options.file_bytes,
            public_url: options.public_url.clone(),
        });
        Self {
            rules,
            encoder: SharedEncoder(Arc::new(UchatEncoder::new(flavor))),
        }
    }
}

impl Dialect for Uchat {
    type Adapter = UchatAdapter;

    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn show(&self) -> Box<dyn Show> {
        redaction::show()
    }

    fn session_options(&self) -> SessionOptions {
        SessionOptions {
            exclusive: true,
            scope: Scope::AllRooms,
            encoder: self.encoder.clone(),
            numbering: None,
        }
    }

    fn messages(&self) -> Messages {
        Messages::Lines
    }

    fn adapter(&self, now: Instant) -> UchatAdapter {
        UchatAdapter::new(self.rules.clone(), now)
    }
}

/// A form that says all that the dialect can.
#[cfg(test)]
pub(super) fn talkative() -> Box<dyn crate::hub::EventEncoder> {
    Box::new(UchatEncoder::new(Flavor::Field))
}
