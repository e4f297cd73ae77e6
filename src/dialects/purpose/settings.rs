//! What can be set for a listener that speaks the purpose-byte protocol.

use std::time::Duration;

use tolmach_purpose::Revision;

use crate::key;
use crate::settings::{Key, Show, Value, ValueError, Written, read};

/// `[purpose]`, or its keys inside a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurposeSettings {
    /// Which table of purposes is spoken.
    pub revision: Revision,
    /// Silence after which the gateway sends HEARTBEAT; 0 is never.
    pub probe_after: Duration,
}

impl Default for PurposeSettings {
    fn default() -> Self {
        Self {
            revision: Revision::Two,
            probe_after: Duration::from_secs(60),
        }
    }
}

pub(super) const KEYS: &[Key<PurposeSettings>] = &[
    key!(revision: revision, "The table of purposes, 1 or 2, of listeners that do not say."),
    key!(probe_after: read::duration, "Silence after which the gateway sends HEARTBEAT; `\"0s\"` is never."),
];

fn revision(written: &Written) -> Result<Revision, ValueError> {
    match written.value {
        Value::Integer(1) => Ok(Revision::One),
        Value::Integer(2) => Ok(Revision::Two),
        _ => Err(ValueError::new(
            format!("{} is not a revision", written.quote()),
            "write 1 or 2",
        )),
    }
}

impl Show for Revision {
    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }
}
