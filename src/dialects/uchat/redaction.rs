//! How uchat's frames are shown to those who watch: as they are, without what is secret. Of a file's bytes only their
//! number is told.

use serde_json::Value;
use tolmach_uchat::RequestType;

use super::gateway;
use crate::dialects::redaction::Objects;
use crate::hub::tap::Show;

pub(super) fn show() -> Box<dyn Show> {
    Box::new(Objects::new(is_private))
}

/// Whether a frame that is shown is RQ_LOG_OUT, the client's or the gateway's.
pub(super) fn is_logout(frame: &[String]) -> bool {
    let frame: Value = serde_json::from_str(&frame.concat()).unwrap_or_default();
    frame["type"] == RequestType::LogOut.number()
}

/// Whether a message is for the gateway.
fn is_private(frame: &Value) -> bool {
    frame["room_id"] == gateway::ROOM
}
