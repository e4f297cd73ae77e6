//! How Talker's events are shown to those who watch: as they are, without what is secret.

use serde_json::Value;

use crate::dialects::redaction::Objects;
use crate::hub::tap::Show;

pub(super) fn show() -> Box<dyn Show> {
    Box::new(Objects::new(is_private))
}

/// Whether a message is for one user, perhaps the gateway.
fn is_private(event: &Value) -> bool {
    event.get("to").is_some_and(|to| !to.is_null())
}

/// The room that the frame of a login names; else the one that every gateway has.
pub(super) fn room(login: &[String]) -> String {
    let said: Value = serde_json::from_str(&login.join("\n")).unwrap_or_default();
    let room = said.get("room").and_then(Value::as_str);
    room.unwrap_or("lobby").to_owned()
}
