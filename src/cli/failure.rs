//! How a command ends that was not carried out.

use std::io;
use std::process::ExitCode;

use crate::config::ConfigError;

use super::line_queue::LineQueue;
use super::output::visible;

/// What a command comes to.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// Why a command was not carried out.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The configuration cannot be used: exit 2.
    Configuration(ConfigError),
    /// What the command was given cannot be used, this sentence says why: exit 2.
    Unusable(String),
    /// This sentence says why: exit 1.
    Because(String),
    /// Whoever read standard output wants no more of it: nothing to say, and nothing went wrong.
    OutputClosed,
}

impl Failure {
    pub(crate) fn because(reason: impl Into<String>) -> Self {
        Self::Because(reason.into())
    }

    /// Says it on standard error, in one line.
    pub(crate) fn report(self) -> ExitCode {
        let (line, code) = match self {
            Self::Configuration(error) => (error.to_string(), 2),
            Self::Unusable(reason) => (format!("tolmach: {reason}"), 2),
            Self::Because(reason) => (format!("tolmach: {reason}"), 1),
            Self::OutputClosed => return ExitCode::SUCCESS,
        };
        let line = line.trim_end().replace('\n', " ");
        // Nobody may be there to read it, or ever read it; the exit code says it, too.
        if let Ok(stderr) = LineQueue::start(io::stderr(), |_| Vec::new()) {
            stderr.push((visible(&line) + "\n").as_bytes());
            stderr.drain();
        }
        ExitCode::from(code)
    }
}
