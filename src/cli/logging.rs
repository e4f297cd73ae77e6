//! Logs go to standard error.

use std::io;

use crate::config::LogFormat;
use tracing_subscriber::EnvFilter;

use super::failure::{Failure, Outcome};

/// From now on what `level` lets through is logged, for this process.
pub(crate) fn start(level: &str, format: LogFormat) -> Outcome<()> {
    let filter = EnvFilter::try_new(level)
        .map_err(|error| Failure::because(format!("log.level: {error}")))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    let started = match format {
        LogFormat::Text => subscriber.try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    };
    started.map_err(|error| Failure::because(format!("logging: {error}")))
}
