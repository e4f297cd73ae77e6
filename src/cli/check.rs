//! `tolmach check`.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::config::Config;
use crate::daemon::{self, NO_LISTENER};

use super::failure::{Failure, Outcome};
use super::output::Output;

/// Prints what a configuration means, and what would keep a gateway of it from starting here and now.
pub(super) fn run(config: &Config) -> Outcome<ExitCode> {
    daemon::check(config).map_err(Failure::Configuration)?;
    let mut out = Output::standard();
    config
        .describe()
        .lines()
        .try_for_each(|line| out.line(line))?;
    out.flush()?;
    if config.listeners.is_empty() {
        // Nobody may be there to read it.
        let _ = writeln!(io::stderr(), "tolmach: {NO_LISTENER}");
    }
    let obstacles = daemon::obstacles(config);
    if obstacles.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::Several(obstacles))
}
