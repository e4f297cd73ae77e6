//! What a member's value can be taken for.

use crate::plain::plain_run;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The value, if it is a string.
pub(crate) fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    let json = value.get();
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(json).ok().map(Cow::Owned)
}

/// The value as a text: a string is itself, anything else its compact JSON.
///
/// "a non-string is turned into its text: `1` becomes `"1"`".
pub(crate) fn text(value: &RawValue) -> Option<String> {
    match string(value) {
        Some(text) => Some(text.into_owned()),
        None => compact(value.get(), usize::MAX),
    }
}

/// The value, if it is a whole number of 64 bits, or a string of its decimal digits.
pub(crate) fn integer(value: &RawValue) -> Option<i64> {
    let text = string(value).unwrap_or(Cow::Borrowed(value.get()));
    let digits = text.strip_prefix('-').unwrap_or(&text);
    if is_digits(digits) {
        text.parse().ok()
    } else {
        None
    }
}

/// Whether the value is `true`; all else is not.
pub(crate) fn flag(value: Option<&RawValue>) -> bool {
    value.is_some_and(|value| value.get() == "true")
}

/// Whether the value is a number.
pub(crate) fn is_number(value: &RawValue) -> bool {
    value
        .get()
        .starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

/// Whether `text` is decimal digits, at least one, and nothing else.
pub(crate) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Valid `json` without the white space between its tokens; `None` if that is longer than `limit` bytes.
pub(crate) fn compact(json: &str, limit: usize) -> Option<String> {
    let mut compact = String::new();
    let mut rest = json;
    while !rest.is_empty() {
        let (token, after) = rest.split_at(token_length(rest));
        compact.push_str(token);
        if compact.len() > limit {
            return None;
        }
        rest = after.trim_start_matches([' ', '\t', '\r', '\n']);
    }
    Some(compact)
}

/// The length of a string, or of all that comes before the next string or white space; at least one byte.
fn token_length(json: &str) -> usize {
    let bytes = json.as_bytes();
    if bytes[0] != b'"' {
        let ends = |byte: &u8| matches!(byte, b'"' | b' ' | b'\t' | b'\r' | b'\n');
        return 1 + bytes[1..].iter().take_while(|byte| !ends(byte)).count();
    }
    let mut length = 1;
    loop {
        length += plain_run(&bytes[length..]);
        match bytes.get(length) {
            Some(b'\\') if length + 1 < bytes.len() => length += 2,
            Some(_) => return length + 1,
            None => return length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn compact_drops_only_what_is_between_tokens() {
        for (json, want) in [
            ("1", "1"),
            (
                "[ 1 ,\r\n\t\"a  b\\\" c\" , { \"k\" : null } ]",
                r#"[1,"a  b\" c",{"k":null}]"#,
            ),
            (r#""\\""#, r#""\\""#),
            ("[ \"\", \" \" ]", r#"[""," "]"#),
        ] {
            assert_eq!(compact(json, usize::MAX).as_deref(), Some(want));
        }
    }

    #[test]
    fn compact_keeps_to_its_limit() {
        assert_eq!(compact("[1, 2]", 5).as_deref(), Some("[1,2]"));
        assert_eq!(compact("[1, 2]", 4), None);
    }

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
            assert_eq!(integer(raw(json)), want, "{json}");
        }
    }
}
