//! The tests of the configuration, by what they hold it to.

mod defaults;
mod environment;
mod errors;
mod every_key;
mod listeners;
mod reference;

use super::Config;
use super::draft::{Draft, Machine};
use super::written::{Source, document};
use super::{ConfigError, DIALECTS, environment as variables};

/// On a machine with IPv6, with every dialect, and a file of the name `tolmach.toml`.
fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    load_on(
        &Machine {
            known: &DIALECTS,
            has_ipv6: || true,
        },
        file,
        environment,
    )
}

fn load_on(
    machine: &Machine<'_>,
    file: &str,
    environment: &[(&str, &str)],
) -> Result<Config, ConfigError> {
    let mut draft = Draft::default();
    draft.apply_all(document(file, &Source::File("tolmach.toml".into()))?)?;
    draft.apply_all(variables::entries(environment.iter().copied())?)?;
    draft.finish(machine)
}

fn error(file: &str) -> String {
    load(file, &[]).unwrap_err().to_string()
}

fn variable_error(name: &str, value: &str) -> String {
    load("", &[(name, value)]).unwrap_err().to_string()
}
