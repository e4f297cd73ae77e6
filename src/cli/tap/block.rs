//! An entry as a person reads it: a block of lines.
//!
//! ```text
//! 11:12:40.123  #1   jim        anna       > {"action":"msg",…}
//! 11:12:40.125                             * tea 7: posted by anna
//!                                            {"room":…}
//! 11:12:40.125  #2   purpose.2  boris      < 2f000000 30 01  NTF_CHAT_MSG task 1
//!                                            …
//! ```

use crate::control::tap::{Endpoint, Entry, Happened};
use serde_json::Value;

/// How wide what stands before the signs is, unless numbers and names are long.
const NUMBER: usize = 4;
const DIALECT: usize = 10;
const USER: usize = 10;

/// The lines that an entry is shown as, without line ends.
pub(super) fn lines(entry: &Entry) -> Vec<String> {
    let clock = entry.time.split('T').nth(1).unwrap_or(&entry.time);
    let who = who(entry.connection.as_ref());
    let head = format!("{}  {who}", clock.trim_end_matches('Z'));
    let (sign, blocks) = blocks(&entry.what, entry.connection.as_ref());
    let indent = " ".repeat(head.chars().count() + 3);
    let mut lines = Vec::new();
    for block in blocks {
        for (number, line) in block.iter().enumerate() {
            lines.push(match number {
                0 => format!("{head} {sign} {line}"),
                _ => format!("{indent}{line}"),
            });
        }
    }
    lines
}

fn who(connection: Option<&Endpoint>) -> String {
    let number = connection.map(|one| format!("#{}", one.connection));
    let number = number.unwrap_or_default();
    let dialect = connection.map_or("", |one| &one.dialect);
    let user = connection.map_or("", |one| one.user.as_deref().unwrap_or("-"));
    format!("{number:NUMBER$} {dialect:DIALECT$} {user:USER$}")
}

fn blocks(what: &Happened, connection: Option<&Endpoint>) -> (char, Vec<Vec<String>>) {
    let one = |line: String| vec![vec![line]];
    let address = || connection.map_or("-", |one| one.address.as_str());
    match what {
        Happened::Opened => ('+', one(format!("from {}", address()))),
        Happened::Ended => ('>', one("(end)".to_owned())),
        Happened::Closed => ('-', one("closed".to_owned())),
        Happened::In { frames } => ('>', frames.clone()),
        Happened::Out { frames } => ('<', frames.clone()),
        Happened::Event { event } => ('*', vec![vec![headline(event), event.to_string()]]),
        Happened::Refused { error } => ('!', one(error.clone())),
        Happened::Lost { entries } => (
            '…',
            one(format!(
                "{entries} entries are missing: this was read too slowly"
            )),
        ),
    }
}

/// What happened, where, by whom.
fn headline(event: &Value) -> String {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or("");
    if event.get("room").is_some() {
        let seq = event.pointer("/room/seq").and_then(Value::as_i64);
        let change = event.pointer("/room/change");
        let change = change.map(|change| match change {
            Value::Object(one) => one.keys().next().cloned().unwrap_or_default(),
            other => other.as_str().unwrap_or_default().to_owned(),
        });
        return format!(
            "{} {}: {} by {}",
            room(event.pointer("/room/room")),
            seq.unwrap_or_default(),
            change.unwrap_or_default(),
            text("/room/actor/login")
        );
    }
    format!(
        "{}: {} {}",
        room(event.pointer("/presence/room")),
        text("/presence/who/user/login"),
        text("/presence/change")
    )
}

fn room(room: Option<&Value>) -> String {
    let field = |name| room.and_then(|room| room.get(name));
    match field("name").and_then(Value::as_str) {
        Some(name) if !name.is_empty() => format!("#{name}"),
        _ => format!("direct room {}", field("id").unwrap_or(&Value::Null)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stay_apart_however_long_they_are() {
        let mut connection = Endpoint {
            connection: 1113,
            dialect: "wire".to_owned(),
            address: "-".to_owned(),
            session: None,
            user: None,
            user_id: None,
            guest: false,
        };
        let words = |connection: &Endpoint| {
            let shown = who(Some(connection));
            shown
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(words(&connection), ["#1113", "wire", "-"]);
        connection.connection = 1_234_567;
        connection.dialect = "a-dialect.2".to_owned();
        connection.user = Some("somebody-with-a-long-name".to_owned());
        assert_eq!(
            words(&connection),
            ["#1234567", "a-dialect.2", "somebody-with-a-long-name"]
        );
        connection.connection = 1;
        assert!(who(Some(&connection)).starts_with("#1   a-dialect.2 "));
        assert_eq!(who(None).trim(), "");
    }
}
