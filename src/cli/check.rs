//! `tolmach check`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;

use crate::config::Config;
use crate::daemon;

use super::config::COLUMNS;
use super::failure::{Failure, Outcome};
use super::output::Output;

/// Takes nothing that `tolmach serve` would need. What keeps a gateway from starting here and now is told on standard error.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// One object a line, a key each, as `tolmach config show --json`
    #[arg(long)]
    json: bool,
}

impl CheckArgs {
    /// Prints what a configuration means, and what would keep a gateway of it from starting here and now.
    pub(super) fn run(&self, config: &Config) -> Outcome<ExitCode> {
        let remarks = daemon::check(config).map_err(Failure::Configuration)?;
        let mut out = Output::standard();
        match self.json {
            true => out.list(COLUMNS, &config.holding(), true)?,
            false => {
                let described = config.describe();
                described.lines().try_for_each(|line| out.line(line))?;
            }
        }
        out.flush()?;
        for remark in remarks {
            // Nobody may be there to read it.
            let _ = writeln!(io::stderr(), "tolmach: {remark}");
        }
        let obstacles = daemon::obstacles(config);
        if obstacles.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        Err(Failure::Several(obstacles))
    }
}
