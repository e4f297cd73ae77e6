//! What a member's value can be taken for.

use std::borrow::Cow;

/// Whole numbers beyond this may not be what was meant when they were written as floating-point ones: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The value, if it is a string.
pub(crate) fn string(json: &str) -> Option<String> {
    tolmach_json::string(json).map(Cow::into_owned)
}

/// The value, if it is a whole number that `T` holds.
///
/// Clients that keep all numbers as floating-point ones may write them so: `5.0` and `1.7e12` are whole numbers
/// too, up to 2^53. A string is no number.
pub(crate) fn whole<T: TryFrom<i128>>(json: &str) -> Option<T> {
    let number = match json.parse::<i128>() {
        Ok(number) => number,
        Err(_) => floating(json)?,
    };
    number.try_into().ok()
}

fn floating(json: &str) -> Option<i128> {
    // Of JSON's values only numbers begin so; `parse` would take `inf` and the like.
    if !json.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return None;
    }
    let number: f64 = json.parse().ok()?;
    let is_whole = number.fract() == 0.0 && number.abs() <= EXACT;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole, and within 2^53"
    )]
    is_whole.then_some(number as i128)
}

/// How many arrays and objects stand open at once at most in `json`, which is valid JSON.
pub(crate) fn depth(json: &str) -> usize {
    if !json.starts_with(['{', '[']) {
        return 0;
    }
    let (mut open, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                open += 1;
                deepest = deepest.max(open);
            }
            b'}' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_numbers() {
        for (json, want) in [
            ("5", Some(5)),
            ("-5", Some(-5)),
            ("-0", Some(0)),
            ("5.0", Some(5)),
            ("1.7e12", Some(1_700_000_000_000)),
            ("1700000000000", Some(1_700_000_000_000)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9007199254740992.0", Some(1 << 53)),
            ("9007199254740994.0", None),
            ("9223372036854775808", None),
            ("5.5", None),
            ("1e400", None),
            ("\"5\"", None),
            ("true", None),
            ("[5]", None),
            ("null", None),
        ] {
            assert_eq!(whole::<i64>(json), want, "{json}");
        }
        let digits = "1".repeat(1000);
        assert_eq!(whole::<i64>(&digits), None);
    }

    #[test]
    fn strings_are_strings() {
        for (json, want) in [
            (r#""""#, Some("")),
            (r#""a\n\"\\\u0041\ud83d\ude00""#, Some("a\n\"\\A😀")),
            (r#""\ud83d""#, None),
            ("5", None),
            ("[\"a\"]", None),
        ] {
            assert_eq!(string(json).as_deref(), want, "{json}");
        }
    }

    #[test]
    fn depth_counts_what_is_open_at_once() {
        for (json, want) in [
            ("1", 0),
            (r#""[[\"[""#, 0),
            ("[]", 1),
            (r#"{"a\"[":"{"}"#, 1),
            ("[[],[]]", 2),
            (r#"{"[":[{"\\":"}"}]}"#, 3),
        ] {
            assert_eq!(depth(json), want, "{json}");
        }
    }
}
