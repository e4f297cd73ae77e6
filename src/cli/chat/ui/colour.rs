//! Colours that every terminal has, or none.

use std::env;

/// The sixteen-colour foregrounds that can be read on dark and on light ground: no black, white or grey.
const NAME_COLOURS: [u8; 12] = [31, 32, 33, 34, 35, 36, 91, 92, 93, 94, 95, 96];

/// Whether there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    /// No escape sequence at all.
    Plain,
    Sixteen,
}

impl Paint {
    /// None where `NO_COLOR` is set to something (<https://no-color.org>) or the terminal is dumb.
    pub(super) fn from_environment() -> Self {
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
        if refused || dumb {
            Self::Plain
        } else {
            Self::Sixteen
        }
    }

    /// `shown` in the colour that `name` always has.
    pub(super) fn name(self, name: &str, shown: &str) -> String {
        let index = hash(name) % NAME_COLOURS.len() as u64;
        // The remainder is below 12.
        self.with(NAME_COLOURS[index as usize], shown)
    }

    /// For what matters less.
    pub(super) fn dim(self, text: &str) -> String {
        self.with(2, text)
    }

    /// For what matters more.
    pub(super) fn loud(self, text: &str) -> String {
        self.with(1, text)
    }

    fn with(self, code: u8, text: &str) -> String {
        match self {
            Self::Sixteen if !text.is_empty() => format!("\x1b[{code}m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }
}

/// FNV-1a: the same for a name today and tomorrow, here and elsewhere.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::Paint;

    #[test]
    fn a_name_keeps_its_colour() {
        assert_eq!(
            Paint::Sixteen.name("bob", "bob"),
            Paint::Sixteen.name("bob", "bob")
        );
        assert_ne!(
            Paint::Sixteen.name("bob", "x"),
            Paint::Sixteen.name("alice", "x")
        );
        assert_eq!(Paint::Plain.name("bob", "bob"), "bob");
        assert_eq!(Paint::Sixteen.dim(""), "");
    }
}
