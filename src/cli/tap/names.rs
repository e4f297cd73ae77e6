//! Who is meant: connections' names in a transcript, and what their entries say of them.

use std::collections::HashSet;

use crate::control::tap::Endpoint;
use crate::dialects::{AnyDialect, Dialects};

/// Names that mean something else at the beginning of a line.
const WORDS: [&str; 5] = ["config", "clock", "answers", "operator", "wait"];

/// Bytes that were not shown: `<9 bytes>`.
pub(super) fn is_counted(line: &str) -> bool {
    line.starts_with("<") && !line.starts_with("<secret>")
}

/// The dialect of a connection, which may be named with its revision; none where this program has no such dialect.
pub(super) fn dialect_of(
    dialects: Dialects,
    connection: &Endpoint,
) -> Option<&'static dyn AnyDialect> {
    let name = connection.dialect.split('.').next();
    let mut dialects = dialects.iter().copied();
    dialects.find(|dialect| Some(dialect.name()) == name)
}

/// The first name that is not taken of `anna`, `anna.2`, `anna.3`…
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
