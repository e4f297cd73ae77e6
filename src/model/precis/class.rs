//! The string classes of PRECIS: what a text may be made of.

use std::ops::RangeInclusive;

use unicode_joining_type::{JoiningType, get_joining_type};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};

use crate::model::text::is_default_ignorable;

/// The combining class of a virama.
const VIRAMA: u8 = 9;

/// A string class (RFC 8264, section 4).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Identifier,
    Freeform,
}

impl Class {
    /// Whether a text is of this class.
    pub(super) fn allows(self, text: &[char]) -> bool {
        text.iter().enumerate().all(|(at, c)| match property(*c) {
            Property::Valid => true,
            Property::FreeformOnly => self == Self::Freeform,
            Property::Contextual => context_allows(text, at),
            Property::Disallowed => false,
        })
    }
}

/// The derived property of a character (RFC 8264, section 8); what is not assigned is disallowed, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Property {
    Valid,
    FreeformOnly,
    Contextual,
    Disallowed,
}

/// By the first that applies of section 8's list, whose names (section 9) stand beside.
fn property(c: char) -> Property {
    use GeneralCategory as G;
    match c {
        // Exceptions, ASCII7, JoinControl.
        'ß' | 'ς' | '\u{6fd}' | '\u{6fe}' | '\u{f0b}' | '\u{3007}' | '!'..='~' => Property::Valid,
        '\u{b7}' | '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{30fb}' => Property::Contextual,
        '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' => Property::Contextual,
        '\u{200c}' | '\u{200d}' => Property::Contextual,
        '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' => Property::Disallowed,
        '\u{3031}'..='\u{3035}' | '\u{303b}' => Property::Disallowed,
        // OldHangulJamo.
        '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97c}' => Property::Disallowed,
        '\u{d7b0}'..='\u{d7c6}' | '\u{d7cb}'..='\u{d7fb}' => Property::Disallowed,
        // PrecisIgnorableProperties.
        _ if is_default_ignorable(c) => Property::Disallowed,
        _ => match c.general_category() {
            G::Unassigned | G::Control | G::Format | G::PrivateUse | G::Surrogate => {
                Property::Disallowed
            }
            G::LineSeparator | G::ParagraphSeparator => Property::Disallowed,
            // HasCompat.
            _ if !c.nfkc().eq([c]) => Property::FreeformOnly,
            // LetterDigits.
            G::LowercaseLetter | G::UppercaseLetter | G::ModifierLetter | G::OtherLetter => {
                Property::Valid
            }
            G::DecimalNumber | G::NonspacingMark | G::SpacingMark => Property::Valid,
            // OtherLetterDigits, Spaces, Symbols, Punctuation.
            G::TitlecaseLetter | G::LetterNumber | G::OtherNumber | G::EnclosingMark => {
                Property::FreeformOnly
            }
            G::SpaceSeparator => Property::FreeformOnly,
            G::MathSymbol | G::CurrencySymbol | G::ModifierSymbol | G::OtherSymbol => {
                Property::FreeformOnly
            }
            G::ConnectorPunctuation
            | G::DashPunctuation
            | G::OpenPunctuation
            | G::ClosePunctuation
            | G::InitialPunctuation
            | G::FinalPunctuation
            | G::OtherPunctuation => Property::FreeformOnly,
        },
    }
}

/// Whether the rule of the contextual character at `at` lets it stand there (RFC 5892, appendix A).
fn context_allows(text: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    let after = text.get(at + 1);
    let follows_virama = before.is_some_and(|c| canonical_combining_class(*c) == VIRAMA);
    let is = |c: Option<&char>, script: Script| c.is_some_and(|c| c.script() == script);
    let has = |digits: RangeInclusive<char>| text.iter().any(|c| digits.contains(c));
    match text.get(at) {
        Some('\u{200c}') => follows_virama || parts_joined(text, at),
        Some('\u{200d}') => follows_virama,
        Some('\u{b7}') => before == Some(&'l') && after == Some(&'l'),
        Some('\u{375}') => is(after, Script::Greek),
        Some('\u{5f3}' | '\u{5f4}') => is(before, Script::Hebrew),
        Some('\u{30fb}') => text.iter().any(|c| {
            let script = c.script();
            [Script::Hiragana, Script::Katakana, Script::Han].contains(&script)
        }),
        Some('\u{660}'..='\u{669}') => !has('\u{6f0}'..='\u{6f9}'),
        Some('\u{6f0}'..='\u{6f9}') => !has('\u{660}'..='\u{669}'),
        Some(_) | None => false,
    }
}

/// Whether the characters on both sides of `at` would join if nothing stood between them.
fn parts_joined(text: &[char], at: usize) -> bool {
    let (before, after) = text.split_at(at);
    let joining = |c: &char| Some(get_joining_type(*c)).filter(|t| *t != JoiningType::Transparent);
    let left = before.iter().rev().find_map(joining);
    let right = after.iter().skip(1).find_map(joining);
    matches!(
        left,
        Some(JoiningType::LeftJoining | JoiningType::DualJoining)
    ) && matches!(
        right,
        Some(JoiningType::RightJoining | JoiningType::DualJoining)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_has_the_property_that_the_registry_gives_it() {
        let lines = include_str!("registry.txt").lines();
        let mut known = 0;
        for line in lines.filter(|line| !line.starts_with('#')) {
            let (range, name) = line.split_once(' ').unwrap();
            let (first, last) = range.split_once("..").unwrap();
            let number = |text| u32::from_str_radix(text, 16).unwrap();
            let expected = match name {
                "valid" => Property::Valid,
                "free" => Property::FreeformOnly,
                "context" => Property::Contextual,
                "no" => Property::Disallowed,
                other => panic!("{other}"),
            };
            for c in (number(first)..=number(last)).filter_map(char::from_u32) {
                assert_eq!(property(c), expected, "U+{:04X}", u32::from(c));
                known += 1;
            }
        }
        assert_eq!(known, 247_721);
    }

    #[test]
    fn the_tables_know_what_came_after_the_registry_and_what_is_nothing() {
        for (c, expected) in [
            ('\u{ab70}', Property::Valid),
            ('\u{1f9a9}', Property::FreeformOnly),
            ('\u{378}', Property::Disallowed),
            ('\u{ffff}', Property::Disallowed),
            ('\u{e000}', Property::Disallowed),
        ] {
            assert_eq!(property(c), expected, "{c:?}");
        }
    }
}
