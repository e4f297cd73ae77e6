//! The two tables of purposes in the field.

use std::fmt;

/// Which table of purposes a stream is written in.
///
/// Nothing on the wire tells it: PROTOCOL.md 1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Revision {
    /// The table of the source document.
    One,
    /// The later, larger one.
    Two,
}

impl Revision {
    /// Both, in their order.
    pub const ALL: [Self; 2] = [Self::One, Self::Two];

    /// What stands for this revision in a pair.
    pub(crate) fn of<T: Copy>(self, pair: [T; 2]) -> T {
        let [one, two] = pair;
        match self {
            Self::One => one,
            Self::Two => two,
        }
    }
}

/// The number of the revision: `1` or `2`.
impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.of(["1", "2"]))
    }
}
