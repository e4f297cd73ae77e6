//! What can be set for a listener that speaks telnet.

use std::time::Duration;

use tolmach::key;
use tolmach::settings::{Key, ValueError, Written, read};

/// `[telnet]`, or its keys inside a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelnetSettings {
    /// What is said to whoever connects; empty: nothing.
    pub banner: String,
    /// Silence after which a connection is idle; 0 is never.
    pub idle_after: Duration,
    /// Bytes of one line, at most.
    pub line_bytes: usize,
}

impl Default for TelnetSettings {
    fn default() -> Self {
        Self {
            banner: "Who are you? Say your name, or /login NAME PASSWORD".to_owned(),
            idle_after: Duration::from_secs(600),
            line_bytes: 4096,
        }
    }
}

pub(crate) const KEYS: &[Key<TelnetSettings>] = &[
    key!(banner: text, "What is said to whoever connects; empty: nothing."),
    key!(idle_after: read::duration, "Silence after which a connection is idle; `\"0s\"` is never."),
    key!(line_bytes: read::whole, "Bytes of one line, at most."),
];

fn text(written: &Written) -> Result<String, ValueError> {
    read::text(written).map(str::to_owned)
}
