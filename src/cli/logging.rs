//! Logs go to standard error, and nobody waits for it.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io;
use std::panic;
use std::time::SystemTime;

use crate::config::LogFormat;
use crate::refusal::words;
use tracing_subscriber::EnvFilter;

use super::failure::{Failure, Outcome};
use super::line_queue::LineQueue;

/// A log; when it is dropped, what waits is written, for 1 s at most.
#[must_use]
pub(super) struct Log(LineQueue);

impl Drop for Log {
    fn drop(&mut self) {
        self.0.drain();
    }
}

/// From now on what `level` lets through is logged, for this process, and so is each panic.
pub(super) fn start(level: &str, format: LogFormat) -> Outcome<Log> {
    let filter = EnvFilter::try_new(level)
        .map_err(|error| Failure::because(format!("log.level: {error}")))?;
    let queue = LineQueue::start(io::stderr(), move |lines| gap(lines, format))
        .map_err(|error| Failure::because(format!("logging: {}", words(&error))))?;
    let writer = queue.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || writer.clone());
    let started = match format {
        LogFormat::Text => subscriber.try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    };
    started.map_err(|error| Failure::because(format!("logging: {error}")))?;
    // The one that is there would write to standard error itself, and wait for it.
    panic::set_hook(Box::new(log_panic));
    Ok(Log(queue))
}

/// A line like the others.
fn gap(lines: u64, format: LogFormat) -> Vec<u8> {
    let time = humantime::format_rfc3339_micros(SystemTime::now());
    let message = "log lines were lost here: they could not be written, or not in time";
    let line = match format {
        LogFormat::Text => format!("{time}  WARN {}: {message} lines={lines}", module_path!()),
        LogFormat::Json => serde_json::json!({
            "timestamp": time.to_string(),
            "level": "WARN",
            "fields": {"message": message, "lines": lines},
            "target": module_path!(),
        })
        .to_string(),
    };
    (line + "\n").into_bytes()
}

fn log_panic(panic: &panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    tracing::error!(place, reason = panic.payload_as_str(), "a defect");
    let trace = Backtrace::capture();
    if trace.status() == BacktraceStatus::Captured {
        tracing::error!(%trace, "where it was");
    }
}
