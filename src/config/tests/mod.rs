//! The tests of the configuration, by what they hold it to.

#![cfg(all(
    feature = "jim",
    feature = "purpose",
    feature = "talker",
    feature = "uchat"
))]

mod defaults;
mod environment;
mod errors;
mod every_key;
mod listeners;
mod reference;
mod urls;

use super::Config;
use super::draft::Draft;
use super::written::{Source, document};
use super::{ConfigError, environment as variables};
use crate::dialects;
use crate::dialects::AnyDialect;

/// On a machine with IPv6, with every dialect, and a file of the name `tolmach.toml`.
fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    load_on(dialects::ALL, || true, file, environment)
}

fn load_on(
    dialects: &[&dyn AnyDialect],
    has_ipv6: fn() -> bool,
    file: &str,
    environment: &[(&str, &str)],
) -> Result<Config, ConfigError> {
    let mut draft = Draft::new(dialects);
    draft.apply_all(document(
        file,
        &Source::File("tolmach.toml".into()),
        &draft.keys,
    ));
    draft.apply_all(variables::entries(environment.iter().copied(), &draft.keys));
    draft.finish(has_ipv6)
}

/// The keys of a file with every dialect.
fn keys() -> Vec<String> {
    Draft::new(dialects::ALL).keys.all
}

/// The dialects of these names.
fn only(names: &[&str]) -> Vec<&'static dyn AnyDialect> {
    let all = dialects::ALL.iter().copied();
    names
        .iter()
        .map(|name| all.clone().find(|kind| kind.name() == *name).unwrap())
        .collect()
}

fn error(file: &str) -> String {
    load(file, &[]).unwrap_err().to_string()
}

fn variable_error(name: &str, value: &str) -> String {
    load("", &[(name, value)]).unwrap_err().to_string()
}
