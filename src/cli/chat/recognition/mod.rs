//! What a server speaks, by its first bytes.

#[cfg(test)]
mod tests;

use super::dialects::with_chat;
use super::failure::Failure;
use crate::dialects::Dialects;
use crate::dialects::client::Recognize;

/// What a person is told of TLS where a server sends or wants it.
const TLS: &str = "TLS; --tls speaks it";

/// Bytes that are looked at.
const MAX_FIRST: usize = 4096;

/// What is expected of a server, and what else it could speak.
pub(super) struct Recognition {
    dialect: &'static str,
    dialects: Vec<(&'static str, Recognize)>,
    first: Vec<u8>,
}

impl Recognition {
    /// Of the server this dialect is expected.
    pub(super) fn new(dialect: &'static str, dialects: Dialects) -> Self {
        let dialects = with_chat(dialects);
        Self {
            dialect,
            dialects: dialects
                .filter_map(|(dialect, chat)| Some((dialect.name(), chat.recognize?)))
                .collect(),
            first: Vec::new(),
        }
    }

    /// Whether the server has said anything at all.
    pub(super) fn has_heard(&self) -> bool {
        !self.first.is_empty()
    }

    /// More bytes of the server came.
    ///
    /// # Errors
    /// [`Failure::Speaks`] where they are something else than what is expected.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let room = MAX_FIRST.saturating_sub(self.first.len());
        self.first.extend(bytes.iter().take(room));
        let first = &*self.first;
        let speaks = |(_, recognize): &&(&'static str, Recognize)| recognize(first);
        let expected = self.dialects.iter().find(|(name, _)| *name == self.dialect);
        if expected.is_none_or(|expected| speaks(&expected)) {
            return Ok(());
        }
        let spoken = match self.dialects.iter().find(speaks) {
            Some((name, _)) => (*name).to_owned(),
            // An alert, or a handshake.
            None if first.starts_with(&[0x15, 3]) || first.starts_with(&[0x16, 3]) => {
                TLS.to_owned()
            }
            None if first.starts_with(b"HTTP/") => "HTTP".to_owned(),
            None if first.starts_with(b"SSH-") => "SSH".to_owned(),
            None => return Ok(()),
        };
        Err(Failure::Speaks {
            spoken,
            expected: self.dialect,
        })
    }

    /// The server did this before it said anything.
    pub(super) fn nothing(&self, what: String) -> Failure {
        Failure::Nothing {
            what,
            expected: self.dialect,
        }
    }
}
