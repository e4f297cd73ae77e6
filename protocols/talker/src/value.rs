//! What a member's value can be taken for.

use std::borrow::Cow;
use tolmach_json::{compact, is_digits, string};

/// The value as a text: a string is itself, anything else its compact JSON.
/// PROTOCOL.md 3.2.
pub(crate) fn text(value: &str) -> Option<String> {
    match string(value) {
        Some(text) => Some(text.into_owned()),
        None => {
            let mut json = String::new();
            compact(&mut json, value, usize::MAX);
            Some(json)
        }
    }
}

/// The value, if it is a whole number of 64 bits, or a string of its decimal digits.
pub(crate) fn integer(value: &str) -> Option<i64> {
    let text = string(value).unwrap_or(Cow::Borrowed(value));
    let digits = text.strip_prefix('-').unwrap_or(&text);
    if is_digits(digits) {
        text.parse().ok()
    } else {
        None
    }
}

/// Whether the value is `true`; all else is not.
pub(crate) fn flag(value: Option<&str>) -> bool {
    value.is_some_and(|value| value == "true")
}

/// The value, if it is a string, or a number as it is written.
pub(crate) fn name(value: &str) -> Option<String> {
    let is_number = value.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    match string(value) {
        Some(text) => Some(text.into_owned()),
        None => is_number.then(|| value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_numbers_or_digits() {
        for (json, want) in [
            ("5", Some(5)),
            ("\"5\"", Some(5)),
            ("\"\\u0035\"", Some(5)),
            ("-5", Some(-5)),
            ("\"9223372036854775807\"", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("5.0", None),
            ("5e1", None),
            ("\"+5\"", None),
            ("\"\"", None),
            ("\"-\"", None),
            ("\" 5\"", None),
            ("true", None),
            ("[5]", None),
        ] {
            assert_eq!(integer(json), want, "{json}");
        }
    }
}
