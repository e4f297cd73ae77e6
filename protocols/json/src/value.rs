//! What a member's value can be taken for, and the white space between values.

use crate::plain::plain_run;
use bytes::{Buf, BytesMut};
use memchr::memchr;
use std::borrow::Cow;

/// The text that a valid JSON string stands for, borrowed where it has no escapes; `None` where `json` is no string, or
/// has a half of a surrogate pair that [`mend_surrogates`](crate::mend_surrogates) has not seen.
#[must_use]
#[inline]
pub fn string(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(json).ok().map(Cow::Owned)
}

/// Whether `text` is decimal digits, at least one, and nothing else.
#[must_use]
pub fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// White space as JSON has it.
#[must_use]
pub const fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Takes the white space off the front of `input`.
pub fn skip_white_space(input: &mut BytesMut) {
    let white = input.iter().take_while(|byte| is_white_space(**byte));
    input.advance(white.count());
}

/// Appends valid `json` to `out` without the white space between its tokens, which may be line breaks. False, with some
/// of it appended, where `out` would get longer than `limit` bytes.
pub fn compact(out: &mut String, json: &str, limit: usize) -> bool {
    let mut rest = json;
    while !rest.is_empty() {
        let (token, after) = rest.split_at(token_length(rest));
        out.push_str(token);
        if out.len() > limit {
            return false;
        }
        rest = after.trim_start_matches([' ', '\t', '\r', '\n']);
    }
    true
}

/// The length of a string, or of all that comes before the next string or white space; at least one byte.
fn token_length(json: &str) -> usize {
    let bytes = json.as_bytes();
    if bytes[0] != b'"' {
        let goes_on = |byte: &&u8| **byte != b'"' && !is_white_space(**byte);
        return 1 + bytes[1..].iter().take_while(goes_on).count();
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
    use super::{compact, is_digits, is_white_space, skip_white_space, string};
    use bytes::BytesMut;

    #[test]
    fn a_string_is_decoded_and_nothing_else_is_one() {
        assert_eq!(string(r#""a""#).unwrap(), "a");
        assert_eq!(string(r#""\u0061\n""#).unwrap(), "a\n");
        assert!(string(r#""\ud800""#).is_none());
        assert!(string("1").is_none());
        assert!(string("null").is_none());
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
            (
                r#"{"k k":"v  v","":["a b"]}"#,
                r#"{"k k":"v  v","":["a b"]}"#,
            ),
            (r#"["\\ a" , "\n b","\" c"]"#, r#"["\\ a","\n b","\" c"]"#),
        ] {
            let mut out = String::new();
            assert!(compact(&mut out, json, usize::MAX));
            assert_eq!(out, want);
        }
    }

    #[test]
    fn a_string_that_is_cut_off_goes_as_far_as_it_does() {
        for json in [r#"""#, r#""a"#, r#""a\"#, r#""a\\"#] {
            let mut out = String::new();
            assert!(compact(&mut out, json, usize::MAX));
            assert_eq!(out, json);
        }
    }

    #[test]
    fn digits_are_ascii_and_at_least_one() {
        for (text, want) in [
            ("0", true),
            ("0129", true),
            ("", false),
            ("1a", false),
            ("-1", false),
            ("١", false),
        ] {
            assert_eq!(is_digits(text), want, "{text}");
        }
    }

    #[test]
    fn white_space_is_that_of_json() {
        let white: Vec<u8> = (0..=u8::MAX).filter(|byte| is_white_space(*byte)).collect();
        assert_eq!(white, b"\t\n\r ");
        for (input, rest) in [
            (&b" \r\n\t{ "[..], &b"{ "[..]),
            (b"{", b"{"),
            (b" ", b""),
            (b"", b""),
        ] {
            let mut input = BytesMut::from(input);
            skip_white_space(&mut input);
            assert_eq!(input, rest);
        }
    }

    #[test]
    fn compact_keeps_to_its_limit() {
        assert!(compact(&mut String::new(), "[1, 2]", 5));
        assert!(!compact(&mut String::new(), "[1, 2]", 4));
        assert!(!compact(&mut "x".into(), "[1, 2]", 5));
    }
}
