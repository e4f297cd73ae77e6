//! JIM: JSON objects, one answer per request.
//!
//! The flavor says which clients are served: those that keep to the document, or published ones as well (`field`).

mod adapter;
#[cfg(feature = "cli")]
mod client;
mod compat;
mod encoder;
mod outcome;
mod requests;
mod settings;
mod shown;
mod translations;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tolmach_jim::Flavor;

#[cfg(feature = "cli")]
use crate::dialects::client::{ChatSide, MakeConversation, TranscodeSide};
use crate::dialects::{DialectKind, DialectOptions};
use crate::gateway::{Dialect, Messages, Pacing, SessionOptions};
use crate::hub::tap::Show;
use crate::hub::translation::Translation;
use crate::hub::{Scope, SharedEncoder};
use crate::settings::Key;

use adapter::JimAdapter;
use compat::{CompatSide, Encoders};
use encoder::JimEncoder;
use outcome::Style;
pub use settings::JimSettings;

/// JIM as one listener speaks it.
pub struct Jim {
    rules: Arc<Rules>,
    encoder: SharedEncoder,
    compat: Option<Compat>,
}

/// What the listener's settings say to its connections.
struct Rules {
    probe_after: Duration,
    /// What links to files begin with; empty: there are none.
    public_url: Arc<str>,
}

/// What a listener of the flavor `field` has beside the document's.
struct Compat {
    everyone: Arc<str>,
    encoders: Arc<Encoders>,
    pace: Duration,
}

impl DialectKind for Jim {
    type Settings = JimSettings;

    const NAME: &'static str = "jim";
    const SUMMARY: &'static str = "JSON instant messaging";
    const PORTS: &'static [u16] = &[7777];
    const KEYS: &'static [Key<JimSettings>] = settings::KEYS;
    const TRANSLATIONS: &'static [Translation] = translations::TRANSLATIONS;
    #[cfg(feature = "cli")]
    const CHAT: Option<&'static ChatSide> = Some(&client::CHAT);
    #[cfg(feature = "cli")]
    const TRANSCODE: Option<&'static TranscodeSide> = Some(&client::TRANSCODE);
    #[cfg(feature = "cli")]
    const CONVERSATION: Option<MakeConversation> = Some(client::CONVERSATION);

    fn stop_timers(settings: &mut JimSettings) {
        settings.probe_after = Duration::ZERO;
    }

    fn new(settings: &JimSettings, options: &DialectOptions) -> Self {
        let public_url: Arc<str> = options.public_url.as_str().into();
        let rules = Arc::new(Rules {
            probe_after: match settings.flavor {
                Flavor::Document => settings.probe_after,
                // "No probe."
                Flavor::Compat => Duration::ZERO,
            },
            public_url: public_url.clone(),
        });
        match settings.flavor {
            Flavor::Document => Self {
                rules,
                encoder: SharedEncoder(Arc::new(JimEncoder::new(
                    &settings.notices,
                    Style::Document,
                    None,
                    public_url,
                ))),
                compat: None,
            },
            Flavor::Compat => {
                let everyone: Arc<str> = settings.everyone.as_str().into();
                let encoders = Encoders::new(&settings.notices, everyone.clone(), public_url);
                Self {
                    rules,
                    encoder: encoders.first(),
                    compat: Some(Compat {
                        everyone,
                        encoders: Arc::new(encoders),
                        pace: settings.pace,
                    }),
                }
            }
        }
    }
}

impl Dialect for Jim {
    type Adapter = JimAdapter;

    fn name(&self) -> &'static str {
        Self::NAME
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

    fn pacing(&self) -> Option<Pacing> {
        self.compat.as_ref().map(|compat| Pacing {
            length: line_length,
            interval: compat.pace,
        })
    }

    fn messages(&self) -> Messages {
        Messages::Lines
    }

    fn adapter(&self, now: Instant) -> JimAdapter {
        let compat = self.compat.as_ref().map(|compat| {
            let (everyone, encoders) = (compat.everyone.clone(), compat.encoders.clone());
            Box::new(CompatSide::new(everyone, encoders))
        });
        JimAdapter::new(self.rules.clone(), compat, now)
    }
}

/// Every object is one line.
fn line_length(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    end.map_or(bytes.len(), |end| end + 1)
}

/// A form that says all that the dialect can.
#[cfg(test)]
pub(super) fn talkative() -> Box<dyn crate::hub::EventEncoder> {
    Box::new(JimEncoder::new(
        &[100, 101],
        Style::Document,
        None,
        "".into(),
    ))
}
