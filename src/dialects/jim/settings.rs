//! What can be set for a listener that speaks JIM.

use std::time::Duration;

use tolmach_jim::Flavor;

use crate::key;
use crate::settings::{Choice, Key, Value, ValueError, Written, choice, read};

/// `[jim]`, or its keys inside a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JimSettings {
    /// Which clients are served.
    pub flavor: Flavor,
    /// Silence after which the gateway sends `probe`; 0 is never.
    pub probe_after: Duration,
    /// The notices that are pushed, 100 and 101.
    pub notices: Vec<u16>,
    /// The room that a `msg` to nobody in particular goes to; in the flavor `field` only.
    pub everyone: String,
    /// The least time between two objects written to a client of the flavor `field`.
    pub pace: Duration,
}

impl Default for JimSettings {
    fn default() -> Self {
        Self {
            flavor: Flavor::Document,
            probe_after: Duration::from_secs(60),
            notices: vec![101],
            everyone: "lobby".into(),
            pace: Duration::from_millis(50),
        }
    }
}

impl Choice for Flavor {
    const WORDS: &'static [(&'static str, Self)] =
        &[("document", Self::Document), ("field", Self::Compat)];
}

pub(super) const KEYS: &[Key<JimSettings>] = &[
    key!(flavor: choice, "`\"document\"` serves clients that keep to the document. `\"field\"` serves the published ones as well"),
    key!(probe_after: read::duration, "Silence after which the gateway sends `probe`; `\"0s\"` is never."),
    key!(notices: notices, "Which notices are pushed: 101 tells what concerns the client (removed, banned, a room gone, shutdown), 100 joins, leaves, new titles"),
    key!(everyone: read::room, "With the flavor `\"field\"`: the room of a `msg` to nobody in particular"),
    key!(pace: read::duration, "With the flavor `\"field\"`: the least time between two objects written to one client"),
];

fn notices(written: &Written) -> Result<Vec<u16>, ValueError> {
    let right = "[101], [100, 101] or []";
    read::set(written, right, |item| match item.value {
        Value::Integer(100) => Ok(100),
        Value::Integer(101) => Ok(101),
        _ => Err(ValueError::new(
            format!("{} is not a notice", item.quote()),
            format!("write {right}"),
        )),
    })
}
