//! Talker.

use serde_json::json;

use super::{Barrier, Dialect, Ends, From, LogIn, json};
use crate::file::Entry;
use crate::values::Values;

/// ```text
///  Silent ──anything said──▶ Asked ──users──▶ Entered
///                              └──error, closed
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing was said, so nothing is told.
    Silent,
    /// What comes is `users` or the end.
    Asked,
    Entered,
}

pub(super) struct Talker {
    place: Place,
}

impl Talker {
    pub(super) fn new() -> Self {
        Self {
            place: Place::Silent,
        }
    }
}

impl Dialect for Talker {
    fn cut(&self, bytes: &[u8]) -> Option<usize> {
        json::cut(bytes)
    }

    fn show(&mut self, from: From, frame: &[u8], who: &str, values: &mut Values) -> Vec<String> {
        if from == From::Client && self.place == Place::Silent {
            self.place = Place::Asked;
        }
        json::show(frame, who, values)
    }

    fn read(&self, lines: &[String], values: &Values) -> Result<Vec<u8>, String> {
        Ok(json::read(lines, values))
    }

    /// No event has an echo that nobody else sees. This one is never carried out, and answered with an error in its
    /// place among the answers; a transcript must not say the same.
    fn barrier(&self, _: u32) -> Barrier {
        match self.place {
            Place::Silent => Barrier::Nothing,
            Place::Asked => Barrier::Wait,
            Place::Entered => Barrier::Ask(json::line(
                &json!({"type": "message", "content": "", "edit": []}),
            )),
        }
    }

    fn ends_wait(&mut self, _: u32, frame: &[u8]) -> Ends {
        let event = json::parse(frame);
        let error = event["message"].as_str().unwrap_or_default();
        if self.place == Place::Asked && event["type"] == "users" {
            self.place = Place::Entered;
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
                vec![json::line(&connect)]
            }
            _ => Vec::new(),
        }
    }

    fn refuses(&self, frame: &[u8]) -> bool {
        json::parse(frame)["type"] == "error"
    }
}
