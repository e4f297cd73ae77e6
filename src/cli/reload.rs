//! `tolmach reload`.

use std::process::ExitCode;

use clap::Args;

use super::failure::{Failure, Outcome};
use super::operator::unreachable;
use super::output::Output;
use super::table::{Column, Value};
use crate::config::Config;
use crate::control::{ControlClient, ControlError, Reloaded, socket_path};

/// The gateway reads its configuration again, from the file and the environment that it was started with, and this prints what
/// changed, a line each. Nobody's connection ends but those of a listener that went. A wrong configuration changes nothing: exit 2.
#[derive(Debug, Args)]
pub(crate) struct ReloadArgs {
    /// Print what would change, and change nothing
    #[arg(long)]
    check: bool,
    /// One object a line, a change each
    #[arg(long)]
    json: bool,
}

const COLUMNS: &[Column<String>] = &[Column::both("change", |change| Value::of(change.clone()))];

impl ReloadArgs {
    pub(super) async fn run(self, config: Config) -> Outcome<ExitCode> {
        let (path, data_dir) = (socket_path(&config.data_dir), config.data_dir.display());
        let because = |error: ControlError| match error {
            ControlError::NotRunning => Failure::because(format!(
                "no gateway runs on {data_dir}: there is nothing to reload; start one with `tolmach serve`, \
                 or name the data_dir of the one that runs (TOLMACH_DATA_DIR=…)"
            )),
            error => unreachable(&config, error),
        };
        let mut gateway = ControlClient::connect(&path).await.map_err(because)?;
        let changes = match gateway.reload(self.check).await.map_err(because)? {
            Reloaded::Done(changes) => changes,
            Reloaded::Wrong(wrong) => return Err(Failure::Wrong(wrong)),
            Reloaded::Failed(reason) => return Err(Failure::because(reason)),
        };
        let mut out = Output::standard();
        match self.json {
            true => out.list(COLUMNS, &changes, true)?,
            false if changes.is_empty() => {
                out.line("nothing changes in the configuration that the gateway was started with")?
            }
            false => changes.iter().try_for_each(|change| out.line(change))?,
        }
        out.flush().map(|()| ExitCode::SUCCESS)
    }
}
