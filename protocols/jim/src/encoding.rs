//! The `encoding` of a `msg`.

/// What a `msg` says its text is. The wire is UTF-8 all the same: PROTOCOL.md 3.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Encoding {
    /// `"ascii"`, and where there is no `encoding`.
    #[default]
    Ascii,
    /// UTF-8, `"utf-8"` on the wire.
    Utf8,
}

impl Encoding {
    /// The encoding that `name` names, in any case: `ascii`, `us-ascii`, `utf-8`, `utf8`; else `None`.
    pub fn from_name(name: &str) -> Option<Self> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("ascii") || is("us-ascii") {
            Some(Self::Ascii)
        } else if is("utf-8") || is("utf8") {
            Some(Self::Utf8)
        } else {
            None
        }
    }

    /// The name that is sent: `"ascii"` or `"utf-8"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ascii => "ascii",
            Self::Utf8 => "utf-8",
        }
    }

    /// `Ascii` when the text is ASCII, else `Utf8`.
    pub fn of(text: &str) -> Self {
        if text.is_ascii() {
            Self::Ascii
        } else {
            Self::Utf8
        }
    }
}
