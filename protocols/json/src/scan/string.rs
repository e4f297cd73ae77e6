//! Inside a JSON string: plain characters and escapes. Halves of surrogate pairs are let through: see
//! [`mend_surrogates`](crate::mend_surrogates).

use super::Fault;

/// A place in a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InString {
    /// Between two characters, escaped or not.
    Plain,
    /// After the `\` that begins an escape.
    Escape,
    /// Before so many more digits of a `\uXXXX`.
    Hex(u8),
}

/// What a byte does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The string goes on.
    Inside(InString),
    /// The byte was the closing quote.
    Closed,
}

impl InString {
    /// Takes the next byte of the string.
    pub(super) fn step(self, byte: u8) -> Result<Step, Fault> {
        let next = match (self, byte) {
            (Self::Plain, b'"') => return Ok(Step::Closed),
            (Self::Plain, b'\\') => Self::Escape,
            (Self::Plain, 0x20..) => Self::Plain,
            (Self::Escape, b'u') => Self::Hex(4),
            (Self::Escape, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Self::Plain,
            (Self::Hex(1), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => Self::Plain,
            (Self::Hex(left), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => Self::Hex(left - 1),
            _ => return Err(Fault::Invalid),
        };
        Ok(Step::Inside(next))
    }
}
