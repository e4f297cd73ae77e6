//! `tolmach config`: an example of a configuration, and what holds here.

use std::process::ExitCode;

use clap::Subcommand;

use super::failure::Outcome;
use super::output::Output;
use super::table::{Column, Value};
use crate::config::{Config, Holding};
use crate::dialects::Dialects;

/// What of a configuration is printed.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// Print a whole configuration: every key, commented out, with its default and what it is for
    Example,
    /// Print every key with its value and where that came from
    Show {
        /// One object a line
        #[arg(long)]
        json: bool,
    },
}

/// A key, what holds for it and why.
pub(super) const COLUMNS: &[Column<Holding>] = &[
    Column::both("key", |one| Value::of(one.key())),
    Column::both("value", |one| Value::of(one.shown.value())),
    Column::both("origin", |one| Value::of(one.origin.to_string())),
];

impl ConfigAction {
    pub(super) fn run(
        &self,
        load: impl FnOnce() -> Outcome<Config>,
        dialects: Dialects,
    ) -> Outcome<ExitCode> {
        let mut out = Output::standard();
        match self {
            Self::Example => {
                let example = Config::example(dialects);
                example.lines().try_for_each(|line| out.line(line))?;
            }
            Self::Show { json } => out.list(COLUMNS, &load()?.holding(), *json)?,
        }
        out.flush().map(|()| ExitCode::SUCCESS)
    }
}
