//! JSON text, written straight into the output.

use crate::plain::plain_run;
use bytes::{BufMut, BytesMut};
use std::fmt::Write;

/// Writes `text` as a JSON string with its quotes. Only what JSON demands is escaped; all else is UTF-8.
pub(crate) fn string(out: &mut BytesMut, text: &str) {
    out.reserve(text.len() + 2);
    out.put_u8(b'"');
    escape(text, |part| out.put_slice(part.as_bytes()));
    out.put_u8(b'"');
}

/// The same into a `String`.
pub(crate) fn string_to(out: &mut String, text: &str) {
    out.push('"');
    escape(text, |part| out.push_str(part));
    out.push('"');
}

/// Writes a number.
pub(crate) fn integer(out: &mut BytesMut, number: impl Into<i64>) {
    // Writing into a BytesMut fails only where its length would not fit a usize.
    let _ = write!(out, "{}", number.into());
}

/// Writes a number as a string.
pub(crate) fn integer_as_string(out: &mut BytesMut, number: impl Into<i64>) {
    out.put_u8(b'"');
    integer(out, number);
    out.put_u8(b'"');
}

/// Writes text that is JSON already.
pub(crate) fn raw(out: &mut BytesMut, json: &str) {
    out.extend_from_slice(json.as_bytes());
}

fn escape(text: &str, mut put: impl FnMut(&str)) {
    let mut rest = text;
    loop {
        // What ends the run is ASCII, so both cuts are between characters.
        let (plain, special) = rest.split_at(plain_run(rest.as_bytes()));
        put(plain);
        let Some(&byte) = special.as_bytes().first() else {
            return;
        };
        put(ESCAPES[usize::from(byte)]);
        rest = &special[1..];
    }
}

/// The escape of each character that `plain_run` stops at.
const ESCAPES: [&str; 0x5D] = {
    let mut escapes = [""; 0x5D];
    let control = [
        "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007",
        "\\b", "\\t", "\\n", "\\u000b", "\\f", "\\r", "\\u000e", "\\u000f", "\\u0010", "\\u0011",
        "\\u0012", "\\u0013", "\\u0014", "\\u0015", "\\u0016", "\\u0017", "\\u0018", "\\u0019",
        "\\u001a", "\\u001b", "\\u001c", "\\u001d", "\\u001e", "\\u001f",
    ];
    let mut at = 0;
    while at < control.len() {
        escapes[at] = control[at];
        at += 1;
    }
    escapes[b'"' as usize] = "\\\"";
    escapes[b'\\' as usize] = "\\\\";
    escapes
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_reads_back() {
        for character in ('\0'..'\u{3000}').chain(['\u{2028}', '😀', '\u{10ffff}']) {
            let text = format!("a{character}b");
            let mut out = BytesMut::new();
            string(&mut out, &text);
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
            assert!(!out.contains(&b'\n'));
            let mut same = String::new();
            string_to(&mut same, &text);
            assert_eq!(same.as_bytes(), &out);
        }
    }

    #[test]
    fn what_is_not_ascii_stays_utf8() {
        let mut out = BytesMut::new();
        string(&mut out, "שלום 😀/\"");
        assert_eq!(out, "\"שלום 😀/\\\"\"");
    }

    #[test]
    fn integers_are_decimal() {
        let mut out = BytesMut::new();
        integer(&mut out, i64::MIN);
        integer_as_string(&mut out, 7);
        assert_eq!(out, "-9223372036854775808\"7\"");
    }
}
