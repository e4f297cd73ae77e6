//! Logs go to standard error, and nobody waits for it.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;
use std::{fmt, io};

use crate::config::LogFormat;
use crate::refusal::words;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, ParseError, Targets};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, format};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, reload};

use super::failure::{Failure, Outcome};
use super::line_queue::LineQueue;

/// A log; when it is dropped, what waits is written, for 1 s at most.
#[must_use]
pub(super) struct Log {
    queue: LineQueue,
    handle: LogHandle,
}

impl Log {
    /// By which it is changed while it goes on.
    pub(super) fn handle(&self) -> LogHandle {
        self.handle.clone()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.queue.drain();
    }
}

/// What is logged, and how: whoever has it can change both.
#[derive(Clone)]
pub(super) struct LogHandle {
    filter: reload::Handle<Targets, Registry>,
    form: Form,
}

impl LogHandle {
    /// From now on what `level` lets through is logged, in this format.
    pub(super) fn set(&self, level: &str, format: LogFormat) {
        self.form.set(format);
        let changed = filter(level).and_then(|filter| {
            let changed = self.filter.reload(filter);
            changed.map_err(|error| error.to_string())
        });
        if let Err(error) = changed {
            tracing::error!(%error, "what is logged stays as it was");
        }
    }
}

/// The crates that speak to NATS and to S3. Of what they say at `info` the gateway says what matters itself.
const SPEAKERS: [&str; 2] = ["async_nats", "object_store"];

/// What `level` lets through; of these crates warnings at most, unless they are named.
fn filter(level: &str) -> Result<Targets, String> {
    let filter = level.parse::<Targets>();
    let filter = filter.map_err(|error: ParseError| format!("log.level: {error}"))?;
    let Some(level) = filter.default_level() else {
        return Ok(filter);
    };
    let is_named = |speaker: &&str| {
        filter
            .iter()
            .any(|(target, _)| target.starts_with(*speaker))
    };
    let unnamed: Vec<_> = SPEAKERS.into_iter().filter(|it| !is_named(it)).collect();
    Ok(unnamed.into_iter().fold(filter, |filter, speaker| {
        filter.with_target(speaker, level.min(LevelFilter::WARN))
    }))
}

/// From now on what `level` lets through is logged, for this process, and so is each panic.
pub(super) fn start(level: &str, format: LogFormat) -> Outcome<Log> {
    let (filter, handle) = reload::Layer::new(filter(level).map_err(Failure::because)?);
    let form = Form::default();
    form.set(format);
    let of_gaps = form.clone();
    let queue = LineQueue::start(io::stderr(), move |lines| gap(lines, of_gaps.format()))
        .map_err(|error| Failure::because(format!("logging: {}", words(&error))))?;
    let writer = queue.clone();
    let lines = tracing_subscriber::fmt::layer()
        .event_format(form.clone())
        .with_writer(move || writer.clone());
    let started = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init();
    started.map_err(|error| Failure::because(format!("logging: {error}")))?;
    // The one that is there would write to standard error itself, and wait for it.
    panic::set_hook(Box::new(log_panic));
    Ok(Log {
        queue,
        handle: LogHandle {
            filter: handle,
            form,
        },
    })
}

/// How a line looks, which can be changed. A handle: clones are the same.
#[derive(Clone, Default)]
struct Form(Arc<AtomicBool>);

impl Form {
    fn set(&self, format: LogFormat) {
        self.0.store(format == LogFormat::Json, Ordering::Relaxed);
    }

    fn format(&self) -> LogFormat {
        match self.0.load(Ordering::Relaxed) {
            true => LogFormat::Json,
            false => LogFormat::Text,
        }
    }
}

impl<S, N> FormatEvent<S, N> for Form
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: format::Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        match self.format() {
            LogFormat::Text => format().format_event(context, writer, event),
            // Spans would be written as the format of their beginning has them; there are none.
            LogFormat::Json => format()
                .json()
                .with_current_span(false)
                .with_span_list(false)
                .format_event(context, writer, event),
        }
    }
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

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn of_the_crates_that_speak_to_servers_only_trouble_is_logged_unless_they_are_named() {
        for (level, info, warn) in [
            ("info", false, true),
            ("trace", false, true),
            ("error", false, false),
            ("off", false, false),
            ("tolmach=info", false, false),
            ("warn,async_nats=info", true, true),
            ("info,async_nats::connector=debug", true, true),
            ("info,object_store=info", false, true),
        ] {
            let filter = filter(level).unwrap();
            let enabled = |at: Level| filter.would_enable("async_nats::connector", &at);
            assert_eq!(
                (enabled(Level::INFO), enabled(Level::WARN)),
                (info, warn),
                "{level}"
            );
        }
    }
}
