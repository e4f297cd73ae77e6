//! Talker in transcripts.

use serde_json::json;

use crate::dialects::client::{Barrier, Conversation, Ends, Entry, LogIn, json_line, parsed};

/// Where a connection stands.
///
/// ```text
///  Silent ──anything said──▶ Asked ──users──▶ Entered
///                              └──error, closed
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum TalkerConversation {
    /// Nothing was said, so nothing is told.
    #[default]
    Silent,
    /// What comes is `users` or the end.
    Asked,
    Entered,
}

impl Conversation for TalkerConversation {
    fn sent(&mut self, _: &[u8]) {
        if *self == Self::Silent {
            *self = Self::Asked;
        }
    }

    /// No event has an echo that nobody else sees. This one is never carried out, and answered with an error in its
    /// place among the answers; a transcript must not say the same.
    fn barrier(&self, _: u32) -> Barrier {
        match self {
            Self::Silent => Barrier::Nothing,
            Self::Asked => Barrier::Wait,
            Self::Entered => Barrier::Ask(json_line(
                &json!({"type": "message", "content": "", "edit": []}),
            )),
        }
    }

    fn ends_wait(&mut self, _: u32, frame: &[u8]) -> Ends {
        let event = parsed(frame);
        let error = event["message"].as_str().unwrap_or_default();
        if *self == Self::Asked && event["type"] == "users" {
            *self = Self::Entered;
            Ends::Shown
        } else if event["type"] == "error" && error.starts_with("message: `edit`") {
            Ends::Hidden
        } else {
            Ends::No
        }
    }

    fn log_in(&self, who: &LogIn<'_>) -> Vec<Vec<u8>> {
        match (who.entry, who.room) {
            (Entry::Account, Some((room, _))) => {
                let token = format!("token-{}", who.login);
                let connect = json!({"type": "connect", "room": room, "token": token});
                vec![json_line(&connect)]
            }
            _ => Vec::new(),
        }
    }

    fn refuses(&self, frame: &[u8]) -> bool {
        parsed(frame)["type"] == "error"
    }
}
