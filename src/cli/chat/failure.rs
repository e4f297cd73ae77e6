//! What ends a chat badly.

use crate::dialects::client::ChatError;
use crate::refusal::words;
use std::io;

/// Why the chat ended other than by a farewell.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line lacks something, or asks for what is not built.
    #[error("{0}")]
    Usage(String),

    /// There is no connection.
    #[error("cannot reach {host} on port {port}: {}", words(.source))]
    Connect {
        /// The host as it was given.
        host: String,
        /// The port, given or the dialect's own.
        port: u16,
        source: io::Error,
    },

    /// The connection cannot be encrypted as was asked for.
    #[cfg(feature = "tls")]
    #[error("{0}")]
    Tls(String),

    /// The server closed the connection, and nobody had asked it to.
    #[error("the server closed the connection{}", last_words(.0))]
    CutOff(Option<String>),

    /// The server speaks something else.
    #[error("the server speaks {spoken}, not {expected}")]
    Speaks {
        /// What it speaks, or what it is about.
        spoken: String,
        /// The dialect that was to be spoken.
        expected: &'static str,
    },

    /// The server did this and said nothing.
    #[error(
        "{what}; perhaps it does not speak {expected} on this port, or only through TLS (--tls)"
    )]
    Nothing {
        /// What the server did, as a sentence without a full stop.
        what: String,
        /// The dialect that was to be spoken.
        expected: &'static str,
    },

    #[error("the connection broke: {}", words(.0))]
    Transport(io::Error),

    /// The dialect's client cannot go on.
    #[error(transparent)]
    Client(#[from] ChatError),

    /// The server owes an answer.
    #[error("the server gave no answer for {0} seconds")]
    Silence(u64),

    /// At the end of the input: not all of it was accepted; each refusal was told when it came.
    #[error("not accepted: {0} of what was said")]
    NotAccepted(usize),

    /// Standard input, or the terminal, cannot be read.
    #[error("cannot read the input: {0}")]
    Input(io::Error),

    /// Standard output cannot be written.
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
}

impl Failure {
    /// Whether another try may come to more.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::CutOff(_) | Self::Transport(_) | Self::Silence(_) => true,
            #[cfg(feature = "tls")]
            Self::Tls(_) => true,
            Self::Usage(_)
            | Self::Speaks { .. }
            | Self::Nothing { .. }
            | Self::Client(_)
            | Self::NotAccepted(_)
            | Self::Input(_)
            | Self::Output(_) => false,
        }
    }
}

fn last_words(words: &Option<String>) -> String {
    words.as_ref().map_or_else(
        || " without a word".to_owned(),
        |words| format!(": {words}"),
    )
}
