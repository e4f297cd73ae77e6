//! Escapes that stand for half of a surrogate pair, as programs write them that cut a text inside a character.

use memchr::memchr;

/// Makes every `\u` escape that stands for half of a surrogate pair one for U+FFFD, in place: such a text can be read, and
/// passed on to anybody. The length stays the same, and so does all else; `json` need not be valid.
///
/// ```
/// let mut json = br#"{"cut":"\ud83d","whole":"\ud83d\ude00"}"#.to_vec();
/// tolmach_json::mend_surrogates(&mut json);
/// assert_eq!(json, br#"{"cut":"\ufffd","whole":"\ud83d\ude00"}"#);
/// ```
pub fn mend_surrogates(json: &mut [u8]) {
    let mut at = 0;
    while let Some(before) = json.get(at..).and_then(|rest| memchr(b'\\', rest)) {
        at += before;
        at += mend_escape(&mut json[at..]);
    }
}

/// Mends the escape that `json` begins with; its length, that of both where it is a pair.
fn mend_escape(json: &mut [u8]) -> usize {
    match utf16_unit(json) {
        None => 2,
        Some(0xD800..=0xDBFF) if matches!(utf16_unit(&json[6..]), Some(0xDC00..=0xDFFF)) => 12,
        Some(unit) => {
            if matches!(unit, 0xD800..=0xDFFF) {
                json[2..6].copy_from_slice(b"fffd");
            }
            6
        }
    }
}

/// The UTF-16 unit of a `\uXXXX` that `json` begins with.
#[must_use]
pub fn utf16_unit(json: &[u8]) -> Option<u32> {
    let digits = json.strip_prefix(br"\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, digit| {
        Some(unit * 16 + char::from(*digit).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use super::mend_surrogates;

    #[test]
    fn halves_are_mended_and_nothing_else_is_touched() {
        for (json, want) in [
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\uDC00x""#, r#""\ufffdx""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\u0041\n""#, r#""\ufffd\u0041\n""#),
            (r#""\\ud83d \\\ud83d""#, r#""\\ud83d \\\ufffd""#),
            (r#"{"\ud83dk":["\ud83dv"]}"#, r#"{"\ufffdk":["\ufffdv"]}"#),
            (r#""\ud83d\ude00 \u00e9 é""#, r#""\ud83d\ude00 \u00e9 é""#),
            (r#""\ud83d\ude0"#, r#""\ufffd\ude0"#),
            (r#""\ud83"#, r#""\ud83"#),
            (r#""\ud83x""#, r#""\ud83x""#),
            (r"\", r"\"),
            ("", ""),
        ] {
            let mut mended = json.as_bytes().to_vec();
            mend_surrogates(&mut mended);
            assert_eq!(String::from_utf8_lossy(&mended), want, "{json}");
        }
    }
}
