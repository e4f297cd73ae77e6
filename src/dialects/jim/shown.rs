//! How JIM's frames are shown to those who watch: as they are, without what is secret.

use serde_json::Value;

use crate::dialects::redaction::Objects;
use crate::hub::tap::Show;

pub(super) fn show() -> Box<dyn Show> {
    Box::new(Objects::new(is_private))
}

/// Whether a message is for one user, perhaps the gateway; rooms have their `#`, and nobody is everybody.
fn is_private(frame: &Value) -> bool {
    let to = |key| frame.get(key).and_then(Value::as_str);
    let keys = ["to", "destination", "recipient", "receiver", "mess_to"];
    let mut named = keys.into_iter().filter_map(to);
    named.any(|to| !to.trim_start().starts_with('#'))
}
