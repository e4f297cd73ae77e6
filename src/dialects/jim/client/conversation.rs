//! JIM in transcripts.

use serde_json::json;

use crate::dialects::client::{
    Barrier, Conversation, Ends, Entry, LogIn, PASSWORD, json_line, parsed,
};

pub(super) struct JimConversation;

/// An action that nobody knows: "400 that names the action".
fn action(number: u32) -> String {
    format!("wait-{number}")
}

impl Conversation for JimConversation {
    fn barrier(&self, number: u32) -> Barrier {
        Barrier::Ask(json_line(&json!({"action": action(number), "time": 1})))
    }

    fn ends_wait(&mut self, number: u32, frame: &[u8]) -> Ends {
        let answer = parsed(frame);
        let error = answer["error"].as_str().unwrap_or_default();
        let mut words = error.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        match words.any(|word| word == action(number)) {
            true => Ends::Hidden,
            false => Ends::No,
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
        frames.iter().map(json_line).collect()
    }

    fn refuses(&self, frame: &[u8]) -> bool {
        let code = parsed(frame)["response"].as_u64();
        code.is_some_and(|code| code >= 400)
    }
}
