//! `tolmach check`.

use std::process::ExitCode;

use crate::config::Config;

use super::failure::Outcome;
use super::output::Output;

/// Prints what a configuration means; that it could be read is all there was to check.
pub(super) fn run(config: &Config) -> Outcome<ExitCode> {
    let mut out = Output::standard();
    config
        .describe()
        .lines()
        .try_for_each(|line| out.line(line))?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
