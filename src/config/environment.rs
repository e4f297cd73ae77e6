//! Variables of the environment that set keys: `TOLMACH_` and the key in capitals, two underscores for the dot.

use std::ffi::OsString;

use super::error::{ConfigError, Origin};
use super::keys::Keys;
use super::suggest;
use super::written::{self, Entry, Source};

const PREFIX: &str = "TOLMACH_";

/// Variables that commands read; to every other command they are nothing.
const OTHERS: [&str; 3] = ["TOLMACH_PASSWORD", "TOLMACH_ROOM_PASSWORD", "TOLMACH_TOKEN"];

/// The variable that sets a key: `TOLMACH_LIMITS__QUEUE_EVENTS`.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"))
}

/// The keys that the environment sets, by the variables' names in alphabetical order.
pub(super) fn entries<K: Into<OsString>, V: Into<OsString>>(
    environment: impl IntoIterator<Item = (K, V)>,
    keys: &Keys,
) -> Vec<Result<Entry, ConfigError>> {
    let all = environment
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()));
    let ours = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value));
    let mut variables: Vec<_> = all
        .filter_map(ours)
        .filter(|(name, _)| is_ours(name, keys))
        .collect();
    variables.sort();
    variables
        .into_iter()
        .map(|(name, value)| entry(name, value, keys))
        .collect()
}

fn is_ours(name: &str, keys: &Keys) -> bool {
    let key = name
        .strip_prefix(PREFIX)
        .filter(|_| !OTHERS.contains(&name));
    key.is_some_and(|key| !keys.is_elsewhere(&key.to_lowercase().replace("__", ".")))
}

fn entry(name: String, value: OsString, keys: &Keys) -> Result<Entry, ConfigError> {
    let Some(key) = keys.all.iter().find(|key| variable(key) == name).cloned() else {
        let meant = name.strip_prefix(PREFIX).unwrap_or(&name).to_lowercase();
        let known = keys.all.iter().map(String::as_str);
        let wrong = suggest::unknown(&meant.replace("__", "."), known, variable);
        return Err(ConfigError::new(
            Origin::Variable(name),
            "",
            wrong.wrong,
            wrong.right,
        ));
    };
    match value.into_string() {
        Ok(text) => Ok(Entry {
            key,
            written: written::variable(&text),
            source: Source::Variable(name),
        }),
        Err(_) => Err(ConfigError::new(
            Origin::Variable(name),
            key,
            "the value is not UTF-8",
            "write it in UTF-8",
        )),
    }
}
