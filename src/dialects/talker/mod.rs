//! Talker: JSON lines, one room per connection, everyone's presence.

mod adapter;
mod form;
mod shown;
mod translations;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tolmach_talker::Flavor;

use crate::config::{Config, TalkerFlavor, TalkerSettings};
use crate::gateway::{Dialect, Terms};
use crate::hub::tap::Show;
use crate::hub::{Form, Scope};

use adapter::TalkerAdapter;
use form::TalkerForm;
pub(super) use translations::TRANSLATIONS;

/// Talker as one listener speaks it.
pub struct Talker {
    rules: Rules,
    form: Form,
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
        let form = Form(Arc::new(TalkerForm::new(flavor, config.name.clone())));
        Self { rules, form }
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

    fn terms(&self) -> Terms {
        Terms {
            exclusive: false,
            scope: Scope::OneRoom,
            form: self.form.clone(),
            numbering: None,
        }
    }

    fn adapter(&self, now: Instant) -> TalkerAdapter {
        TalkerAdapter::new(self.rules.clone(), now)
    }
}

/// A form that says all that the dialect can.
#[cfg(test)]
pub(super) fn talkative() -> Box<dyn crate::hub::Render> {
    Box::new(TalkerForm::new(Flavor::Document, "tolmach".to_owned()))
}
