//! Inside a JSON string: escapes, and surrogate escapes that must come in pairs.

use super::Fault;

/// A place in a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InString {
    /// Between characters.
    Plain,
    /// After a `\`.
    Escape,
    /// In the digits of `\uXXXX`.
    Hex(Hex),
    /// After a high surrogate: the `\` of the low one must come.
    PairBackslash,
    /// After that `\`: its `u` must come.
    PairU,
}

/// The digits of a `\uXXXX` read so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hex {
    left: u8,
    unit: u16,
    /// Whether it must be a low surrogate.
    low: bool,
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
            (Self::Escape, b'u') => Self::Hex(Hex {
                left: 4,
                unit: 0,
                low: false,
            }),
            (Self::Escape, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Self::Plain,
            (Self::Hex(hex), _) => hex.step(byte)?,
            (Self::PairBackslash, b'\\') => Self::PairU,
            (Self::PairU, b'u') => Self::Hex(Hex {
                left: 4,
                unit: 0,
                low: true,
            }),
            _ => return Err(Fault::Invalid),
        };
        Ok(Step::Inside(next))
    }
}

impl Hex {
    fn step(self, byte: u8) -> Result<InString, Fault> {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            _ => return Err(Fault::Invalid),
        };
        let hex = Self {
            left: self.left - 1,
            unit: self.unit << 4 | u16::from(digit),
            ..self
        };
        if hex.left > 0 {
            Ok(InString::Hex(hex))
        } else {
            hex.finish()
        }
    }

    fn finish(self) -> Result<InString, Fault> {
        match (self.unit, self.low) {
            (0xD800..=0xDBFF, false) => Ok(InString::PairBackslash),
            (0xDC00..=0xDFFF, true) => Ok(InString::Plain),
            (0xD800..=0xDFFF, false) | (_, true) => Err(Fault::Invalid),
            _ => Ok(InString::Plain),
        }
    }
}
