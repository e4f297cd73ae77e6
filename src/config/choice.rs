//! Values that are one of a few words.

use super::error::Wrong;
use super::listener::{JimFlavor, TalkerFlavor, TlsMode, UchatFlavor};
use super::section::{LogFormat, Registration};
use super::written::Written;

/// A value that is one of a few words.
pub(super) trait Choice: Copy + PartialEq + 'static {
    /// The words and what they mean.
    const WORDS: &'static [(&'static str, Self)];
}

pub(super) fn choice<T: Choice>(written: &Written) -> Result<T, Wrong> {
    let found = T::WORDS
        .iter()
        .find(|(word, _)| written.text() == Some(word));
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let words: Vec<_> = T::WORDS
            .iter()
            .map(|(word, _)| format!("{word:?}"))
            .collect();
        Wrong::new(
            format!("{} is unknown here", written.quote()),
            format!("write {}", words.join(" or ")),
        )
    })
}

impl Choice for Registration {
    const WORDS: &'static [(&'static str, Self)] =
        &[("open", Self::Open), ("closed", Self::Closed)];
}

impl Choice for TlsMode {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("required", Self::Required),
        ("off", Self::Off),
    ];
}

impl Choice for JimFlavor {
    const WORDS: &'static [(&'static str, Self)] =
        &[("document", Self::Document), ("field", Self::Field)];
}

impl Choice for TalkerFlavor {
    const WORDS: &'static [(&'static str, Self)] =
        &[("document", Self::Document), ("talkerapp", Self::TalkerApp)];
}

impl Choice for UchatFlavor {
    const WORDS: &'static [(&'static str, Self)] =
        &[("field", Self::Field), ("document", Self::Document)];
}

impl Choice for LogFormat {
    const WORDS: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}
