//! PRECIS (RFC 8264): which texts are names, and when two are the same, by the profiles UsernameCaseMapped (RFC 8265,
//! section 3.3) and Nickname (RFC 8266, section 2).
//!
//! The properties of characters are those of the Unicode crates' tables; the steps of the profiles are here.

mod class;

use class::Class;
use unicode_bidi::BidiClass::{self, AL, AN, BN, CS, EN, ES, ET, NSM, ON, R};
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::name::lowered;

/// How often Nickname's rules are applied until their result must have stopped changing (RFC 8266, section 2.3).
const APPLICATIONS: usize = 4;

/// A user's name, enforced by UsernameCaseMapped: the form by which two are the same; `None` if it is no such name.
///
/// A capital sigma becomes `σ` wherever it stands.
pub(super) fn username_case_mapped(name: &str) -> Option<String> {
    let narrow: Vec<char> = name.chars().flat_map(narrowed).collect();
    if narrow.is_empty() || !Class::Identifier.allows(&narrow) {
        return None;
    }
    let lower = narrow.into_iter().flat_map(char::to_lowercase);
    let enforced: String = lower.nfc().collect();
    obeys_bidi_rule(&enforced).then_some(enforced)
}

/// The form by which Nickname compares a name; `None` if it is no nickname.
///
/// As everywhere else where case is not regarded, the final sigma is as any other.
pub(super) fn nickname(name: &str) -> Option<String> {
    let mut compared = name.to_owned();
    for _ in 0..APPLICATIONS {
        let chars: Vec<char> = compared.chars().collect();
        if chars.is_empty() || !Class::Freeform.allows(&chars) {
            return None;
        }
        let spaces = |c: char| c.general_category() == GeneralCategory::SpaceSeparator;
        let words: Vec<&str> = compared.split(spaces).filter(|w| !w.is_empty()).collect();
        let next = lowered(words.join(" ").chars()).nfkc().collect();
        if compared == next {
            return Some(compared);
        }
        compared = next;
    }
    None
}

/// A full-width or half-width character as the one of plain width.
///
/// For the few in this block of which that one is a compatibility character, too, this goes further; no name has them in
/// either form.
fn narrowed(c: char) -> impl Iterator<Item = char> {
    let (wide, plain) = match c {
        '\u{ff00}'..='\u{ffef}' => (Some(c), None),
        _ => (None, Some(c)),
    };
    plain.into_iter().chain(wide.into_iter().nfkd())
}

/// The Bidi Rule (RFC 5893, section 2), for a text with any character that is written from right to left.
fn obeys_bidi_rule(text: &str) -> bool {
    let classes: Vec<BidiClass> = text.chars().map(unicode_bidi::bidi_class).collect();
    let has = |class: BidiClass| classes.contains(&class);
    if ![R, AL, AN].into_iter().any(has) {
        return true;
    }
    let allowed = [R, AL, AN, EN, ES, CS, ET, ON, BN, NSM];
    let last = classes.iter().rfind(|class| **class != NSM);
    matches!(classes.first(), Some(R | AL))
        && classes.iter().all(|class| allowed.contains(class))
        && matches!(last, Some(R | AL | EN | AN))
        && !(has(EN) && has(AN))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each text is as a user's name and as a nickname. All of it is as precis-profiles 0.2.0 has it, but for marks
    /// inside a name written from right to left, which it refuses, the final sigma, and titlecase letters, which it keeps.
    #[test]
    fn names_are_enforced_and_compared_as_the_profiles_say() {
        for (text, user, nick) in [
            ("Guybrush", Some("guybrush"), Some("guybrush")),
            ("", None, None),
            (" ", None, None),
            ("  Guybrush \u{3000} T ", None, Some("guybrush t")),
            // Composed, decomposed, and compatible.
            ("чаи\u{306}", Some("чай"), Some("чай")),
            ("ЧАЙ", Some("чай"), Some("чай")),
            ("Ａﾊ\u{ff9f}１", Some("aパ1"), Some("aパ1")),
            ("Henry\u{2163}", None, Some("henryiv")),
            ("ﬁ", None, Some("fi")),
            ("\u{212b}", None, Some("å")),
            ("\u{2126}", None, Some("ω")),
            // Case.
            ("Straße", Some("straße"), Some("straße")),
            ("ΣΊΣΥΦΟΣ", Some("σίσυφοσ"), Some("σίσυφοσ")),
            ("σίσυφος", Some("σίσυφος"), Some("σίσυφοσ")),
            ("İ", Some("i\u{307}"), Some("i\u{307}")),
            ("ı", Some("ı"), Some("ı")),
            ("\u{1f88}", None, Some("\u{1f80}")),
            ("ǅ", None, Some("dž")),
            // Signs.
            ("fuß♥", None, Some("fuß♥")),
            ("o'neil", Some("o'neil"), Some("o'neil")),
            ("\u{2026}", None, Some("...")),
            // What is invisible, or turns the line.
            ("a\u{200b}b", None, None),
            ("a\u{ad}b", None, None),
            ("a\u{202e}b", None, None),
            ("a\u{200f}", None, None),
            ("a\u{feff}", None, None),
            ("a\u{fe0f}", None, None),
            ("\u{3164}", None, None),
            ("\u{1100}", None, None),
            ("a\0", None, None),
            ("a\u{e001}", None, None),
            // What depends on what stands beside.
            ("a\u{200d}b", None, None),
            ("a\u{200c}b", None, None),
            (
                "क\u{94d}\u{200d}ष",
                Some("क\u{94d}\u{200d}ष"),
                Some("क\u{94d}\u{200d}ष"),
            ),
            (
                "می\u{200c}خواهم",
                Some("می\u{200c}خواهم"),
                Some("می\u{200c}خواهم"),
            ),
            ("د\u{200c}ب", None, None),
            ("l·l", Some("l·l"), Some("l·l")),
            ("L·L", None, None),
            ("a·l", None, None),
            ("\u{375}α", Some("\u{375}α"), Some("\u{375}α")),
            ("\u{375}a", None, None),
            ("א\u{5f3}", Some("א\u{5f3}"), Some("א\u{5f3}")),
            ("\u{5f3}א", None, None),
            ("a・", None, None),
            ("ア・", Some("ア・"), Some("ア・")),
            ("漢・b", Some("漢・b"), Some("漢・b")),
            ("ب٠۰", None, None),
            ("ب٠١", Some("ب٠١"), Some("ب٠١")),
            // Direction: a rule for users' names.
            ("שלום", Some("שלום"), Some("שלום")),
            ("שלום1", Some("שלום1"), Some("שלום1")),
            ("1שלום", None, Some("1שלום")),
            ("aשלום", None, Some("aשלום")),
            ("שלוםa", None, Some("שלוםa")),
            ("שלום!", None, Some("שלום!")),
            ("ب1٠", None, Some("ب1٠")),
            ("مُحَمَّد", Some("مُحَمَّد"), Some("مُحَمَّد")),
            ("\u{301}ب", None, Some("\u{301}ب")),
        ] {
            assert_eq!(username_case_mapped(text).as_deref(), user, "{text:?}");
            assert_eq!(nickname(text).as_deref(), nick, "{text:?}");
        }
    }
}
