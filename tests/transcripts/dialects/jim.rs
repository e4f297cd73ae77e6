//! JIM.

use serde_json::json;

use super::{Barrier, Dialect, Ends, From, LogIn, json};
use crate::PASSWORD;
use crate::file::Entry;
use crate::values::Values;

pub(super) struct Jim;

/// An action that nobody knows: "400 that names the action".
fn action(number: u32) -> String {
    format!("wait-{number}")
}

impl Dialect for Jim {
    fn cut(&self, bytes: &[u8]) -> Option<usize> {
        json::cut(bytes)
    }

    fn show(&mut self, _: From, frame: &[u8], who: &str, values: &mut Values) -> Vec<String> {
        json::show(frame, who, values)
    }

    fn read(&self, lines: &[String], values: &Values) -> Result<Vec<u8>, String> {
        Ok(json::read(lines, values))
    }

    fn barrier(&self, number: u32) -> Barrier {
        Barrier::Ask(json::line(&json!({"action": action(number), "time": 1})))
    }

    fn ends_wait(&mut self, number: u32, frame: &[u8]) -> Ends {
        let answer = json::parse(frame);
        let error = answer["error"].as_str().unwrap_or_default();
        let words = error.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
        if words.into_iter().any(|word| word == action(number)) {
            Ends::Hidden
        } else {
            Ends::No
        }
    }

    fn log_in(&self, who: &LogIn<'_>) -> Vec<Vec<u8>> {
        let mut user = json!({"account_name": who.login});
        let mut frames = match who.entry {
            Entry::Bare | Entry::Hello => return Vec::new(),
            Entry::Guest => vec![json!({"action": "presence", "time": 1, "user": user})],
            Entry::Account => {
                user["password"] = json!(PASSWORD);
                vec![json!({"action": "authenticate", "time": 1, "user": user})]
            }
        };
        if let Some((room, _)) = who.room {
            frames.push(json!({"action": "join", "time": 1, "room": format!("#{room}")}));
        }
        frames.iter().map(json::line).collect()
    }

    fn refuses(&self, frame: &[u8]) -> bool {
        json::parse(frame)["response"]
            .as_u64()
            .is_some_and(|code| code >= 400)
    }
}
