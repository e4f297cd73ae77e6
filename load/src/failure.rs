//! Why a crowd cannot go on.

use std::io;

/// Why a crowd cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The operating system refused what was asked of it.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A connection's end; the last bytes that came may say why.
    #[error("the server closed connection {member}, last words {last:?}")]
    Closed {
        /// The place in the crowd.
        member: usize,
        /// What was not understood before.
        last: String,
    },
    /// The server refused something, or said something that is none.
    #[error("connection {member}: {reason}")]
    Refused {
        /// The place in the crowd.
        member: usize,
        /// In the server's words.
        reason: String,
    },
    /// What a connection heard is not what was said.
    #[error("connection {member} heard {heard:?}, which is not what was to come{}", due(*expected))]
    Wrong {
        /// The place in the crowd.
        member: usize,
        /// The text as it was heard.
        heard: String,
        /// The number of the message of this sender that was to come, where the sender is known.
        expected: Option<u32>,
    },
    /// Not all that had to come did so in time.
    #[error("{missing} of {expected} {what} did not come within {seconds} s")]
    Missing {
        /// What did not come, in the plural: deliveries, answers.
        what: &'static str,
        /// How many did not come.
        missing: u64,
        /// How many were to come.
        expected: u64,
        /// How long nothing came.
        seconds: u64,
    },
}

fn due(expected: Option<u32>) -> String {
    expected.map_or_else(String::new, |number| {
        format!(": message {number} of its sender")
    })
}
