//! What can be set for a listener that speaks Talker.

use std::time::Duration;

use tolmach_talker::Flavor;

use crate::key;
use crate::settings::{Choice, Key, choice, read};

/// `[talker]`, or its keys inside a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TalkerSettings {
    /// Whose forms of `id`, `join` and `leave` are spoken.
    pub flavor: Flavor,
    /// Silence after which a connection is idle; 0 is never.
    pub idle_after: Duration,
    /// Silence after which a connection is closed; 0 is never.
    pub close_after: Duration,
    /// The most messages that are sent after `last_event_id`, the newest ones; 0 is none.
    pub replay: usize,
}

impl Default for TalkerSettings {
    fn default() -> Self {
        Self {
            flavor: Flavor::Document,
            idle_after: Duration::from_secs(30),
            close_after: Duration::from_secs(60),
            replay: 1000,
        }
    }
}

impl Choice for Flavor {
    const WORDS: &'static [(&'static str, Self)] =
        &[("document", Self::Document), ("talkerapp", Self::TalkerApp)];
}

pub(super) const KEYS: &[Key<TalkerSettings>] = &[
    key!(flavor: choice, "`\"document\"` writes ids as text and events as printed; `\"talkerapp\"` as the service's own application needs them."),
    key!(idle_after: read::duration, "Silence after which a connection is idle; `\"0s\"` is never."),
    key!(close_after: read::duration, "Silence after which a connection is closed; `\"0s\"` is never."),
    key!(replay: read::whole, "The most messages that come after `last_event_id`, the newest ones; 0 is none."),
];
