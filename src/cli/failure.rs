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
    /// The configuration of the gateway that runs cannot be used, each of these lines says why: exit 2.
    Wrong(Vec<String>),
    /// What the command was given cannot be used, this sentence says why: exit 2.
    Unusable(String),
    /// This sentence says why: exit 1.
    Because(String),
    /// Each of these sentences says why: exit 1.
    Several(Vec<String>),
    /// Whoever read standard output wants no more of it: nothing to say, and nothing went wrong.
    OutputClosed,
    /// Ctrl-C, which is nothing to say either: exit 130.
    Interrupted,
}

impl Failure {
    pub(crate) fn because(reason: impl Into<String>) -> Self {
        Self::Because(reason.into())
    }

    /// Says it on standard error, each reason in a line.
    pub(crate) fn report(self) -> ExitCode {
        let (lines, code) = match self {
            Self::Configuration(error) => (error.all().map(ToString::to_string).collect(), 2),
            Self::Wrong(lines) => (lines, 2),
            Self::Unusable(reason) => (vec![format!("tolmach: {reason}")], 2),
            Self::Because(reason) => (vec![format!("tolmach: {reason}")], 1),
            Self::Several(reasons) => {
                let lines = reasons.iter().map(|reason| format!("tolmach: {reason}"));
                (lines.collect::<Vec<_>>(), 1)
            }
            Self::OutputClosed => return ExitCode::SUCCESS,
            Self::Interrupted => return ExitCode::from(130),
        };
        // Nobody may be there to read it, or ever read it; the exit code says it, too.
        if let Ok(stderr) = LineQueue::start(io::stderr(), |_| Vec::new()) {
            for line in lines {
                let line = line.trim_end().replace('\n', " ");
                stderr.push((visible(&line) + "\n").as_bytes());
            }
            stderr.drain();
        }
        ExitCode::from(code)
    }
}
