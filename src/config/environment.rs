//! Variables of the environment that set keys: `TOLMACH_` and the key in capitals, two underscores for the dot.

use std::ffi::OsString;

use super::error::{ConfigError, Origin};
use super::written::{Entry, Source, Written};
use super::{keys, suggest};

const PREFIX: &str = "TOLMACH_";

/// Variables that other parts of the program read.
const OTHERS: [&str; 1] = ["TOLMACH_PASSWORD"];

/// The variable that sets a key: `TOLMACH_LIMITS__QUEUE_EVENTS`.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"))
}

/// The keys that the environment sets, by the variables' names in alphabetical order.
pub(super) fn entries<K: Into<OsString>, V: Into<OsString>>(
    environment: impl IntoIterator<Item = (K, V)>,
) -> Result<Vec<Entry>, ConfigError> {
    let all = environment
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()));
    let ours = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value));
    let mut variables: Vec<_> = all
        .filter_map(ours)
        .filter(|(name, _)| is_ours(name))
        .collect();
    variables.sort();
    variables
        .into_iter()
        .map(|(name, value)| entry(name, value))
        .collect()
}

fn is_ours(name: &str) -> bool {
    name.starts_with(PREFIX) && !OTHERS.contains(&name)
}

fn entry(name: String, value: OsString) -> Result<Entry, ConfigError> {
    let Some(key) = keys::all().into_iter().find(|key| variable(key) == name) else {
        let known = keys::all().iter().map(|key| variable(key)).collect();
        let wrong = suggest::unknown(&name, known);
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
            written: Written::variable(&text),
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
