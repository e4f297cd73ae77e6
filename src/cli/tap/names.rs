//! Who is meant: connections' names in a transcript, and what their entries say of them.

use std::collections::HashSet;

use crate::control::tap::Endpoint;

/// Names that mean something else at the beginning of a line.
const WORDS: [&str; 4] = ["config", "clock", "operator", "wait"];

/// Bytes that were not shown: `<9 bytes>`.
pub(super) fn is_counted(line: &str) -> bool {
    line.starts_with("<") && !line.starts_with("<secret>")
}

pub(super) fn is_purpose(connection: &Endpoint) -> bool {
    connection.dialect.starts_with("purpose")
}

/// The room that a Talker connection is in from the beginning.
pub(super) fn room(connection: &Endpoint, login: Option<&[String]>) -> Option<String> {
    if connection.dialect != "talker" {
        return None;
    }
    let said = login.map(|lines| lines.join("\n")).unwrap_or_default();
    let said: serde_json::Value = serde_json::from_str(&said).unwrap_or_default();
    let room = said.get("room").and_then(serde_json::Value::as_str);
    Some(room.unwrap_or(super::save::THERE).to_owned())
}

/// `anna`, then `anna.2`…
pub(super) fn free_name(login: &str, taken: &HashSet<String>) -> String {
    let mut names = (2..).map(|number| format!("{login}.{number}"));
    if !taken.contains(login) {
        return login.to_owned();
    }
    names.find(|name| !taken.contains(name)).unwrap_or_default()
}

pub(super) fn is_plain(login: &str) -> bool {
    let is_plain = |c: char| !c.is_whitespace() && !matches!(c, '.' | ':' | '#');
    login.chars().all(is_plain) && !WORDS.contains(&login)
}

pub(super) fn seconds(time: &str) -> i64 {
    let time = humantime::parse_rfc3339(time).ok();
    let since = time.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_secs().try_into().unwrap_or(0))
}
