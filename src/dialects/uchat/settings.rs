//! What can be set for a listener that speaks uchat.

use tolmach_uchat::Flavor;

use crate::key;
use crate::settings::{Choice, Key, choice};

/// `[uchat]`, or its keys inside a listener.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UchatSettings {
    /// Whose forms of three answers are spoken.
    pub flavor: Flavor,
}

impl Choice for Flavor {
    const WORDS: &'static [(&'static str, Self)] =
        &[("field", Self::Field), ("document", Self::Document)];
}

pub(super) const KEYS: &[Key<UchatSettings>] = &[
    key!(flavor: choice, "`\"field\"` speaks as the published client and server do; `\"document\"` differs where the document, printed as it is, does."),
];
