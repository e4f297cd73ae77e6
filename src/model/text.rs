//! What texts are made of: the one cleaning of all that others see, and whether there is anything to see.

use std::borrow::Cow;

/// The code points that Unicode calls Default_Ignorable: first and last of each range, in order.
const DEFAULT_IGNORABLE: [(char, char); 17] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// What else is invisible beside white space and controls: the blank braille pattern, the annotation marks, the
/// controls of hieroglyphs, the null note head. Ranges as above.
const BLANK: [(char, char); 4] = [
    ('\u{2800}', '\u{2800}'),
    ('\u{fff9}', '\u{fffb}'),
    ('\u{13430}', '\u{13440}'),
    ('\u{1d159}', '\u{1d159}'),
];

/// Whether Unicode says of a character that nothing is shown for it.
pub(super) fn is_default_ignorable(c: char) -> bool {
    !c.is_ascii() && is_in(&DEFAULT_IGNORABLE, c)
}

fn is_in(ranges: &[(char, char)], c: char) -> bool {
    ranges
        .iter()
        .any(|&(first, last)| (first..=last).contains(&c))
}

/// A text without the byte order mark that some programs write at the start of one.
///
/// ```
/// assert_eq!(tolmach::model::without_mark("\u{feff}a\u{feff}"), "a\u{feff}");
/// ```
#[must_use]
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Whether a character turns the direction of what follows it: embeddings, overrides, isolates, and what ends them.
///
/// ```
/// use tolmach::model::turns_direction;
/// assert!(turns_direction('\u{202e}') && turns_direction('\u{2066}') && !turns_direction('\u{200f}'));
/// ```
#[must_use]
pub fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character leaves something to see.
#[must_use]
pub fn is_visible(c: char) -> bool {
    c.is_ascii_graphic()
        || !(c.is_whitespace() || c.is_control() || is_default_ignorable(c) || is_in(&BLANK, c))
}

/// Whether there is anything to see in a text.
///
/// ```
/// assert!(tolmach::model::has_visible("\u{200b}!"));
/// assert!(!tolmach::model::has_visible(" \n\u{200b}\u{ad}\u{3164}"));
/// ```
#[must_use]
pub fn has_visible(text: &str) -> bool {
    text.chars().any(is_visible)
}

/// Makes a text clean: CRLF and CR become LF; the other C0 controls but tab and LF, DEL and the C1 controls become
/// U+FFFD.
///
/// ```
/// assert_eq!(tolmach::model::clean_text("a\r\nb\rc\0\u{85}"), "a\nb\nc\u{fffd}\u{fffd}");
/// ```
#[must_use]
pub fn clean_text(text: &str) -> Cow<'_, str> {
    if !may_have_controls(text)
        || !text.contains(|c: char| c.is_control() && c != '\t' && c != '\n')
    {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                clean.push('\n');
            }
            '\t' | '\n' => clean.push(c),
            c if c.is_control() => clean.push('\u{fffd}'),
            c => clean.push(c),
        }
    }
    Cow::Owned(clean)
}

/// Whether any byte is of a control character but tab and LF, or begins what may be a C1 control: without branches, for the
/// compiler to look at many at once.
fn may_have_controls(text: &str) -> bool {
    text.bytes().fold(false, |any, byte| {
        any | ((byte < b' ') & (byte != b'\t') & (byte != b'\n')) | (byte == 0x7f) | (byte == 0xc2)
    })
}

/// Makes a text of one line clean: as [`clean_text`], with a space for each line break and tab, and without what turns the
/// direction of text: names and titles stand beside others', which it would turn, too.
///
/// ```
/// assert_eq!(tolmach::model::clean_line("a\r\nb\tc\u{7f}\u{202e}d"), "a b c\u{fffd}d");
/// ```
#[must_use]
pub fn clean_line(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| c.is_control() || turns_direction(c)) {
        return Cow::Borrowed(text);
    }
    let text = clean_text(text).replace(['\n', '\t'], " ");
    Cow::Owned(text.replace(turns_direction, ""))
}

/// Makes the strings in a piece of JSON clean, escaped characters and raw ones, as [`clean_text`] does a text; half
/// surrogates become U+FFFD, too.
///
/// ```
/// assert_eq!(tolmach::model::clean_json(r#""a":"\u001b[m\r\n\ud83d""#), r#""a":"\ufffd[m\n\ufffd""#);
/// ```
#[must_use]
pub fn clean_json(json: &str) -> String {
    let mut clean = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find(|c: char| c == '\\' || c.is_control()) {
        let (before, found) = rest.split_at(at);
        clean.push_str(before);
        let length = match found.starts_with('\\') {
            true => clean_escape(found, &mut clean),
            false => clean_raw(found, &mut clean),
        };
        rest = found.get(length..).unwrap_or_default();
    }
    clean.push_str(rest);
    clean
}

/// A control character that stands in JSON as it is: white space between tokens, or DEL and C1 in a string.
fn clean_raw(found: &str, clean: &mut String) -> usize {
    let c = found.chars().next().unwrap_or_default();
    clean.push(if c.is_ascii_whitespace() {
        c
    } else {
        '\u{fffd}'
    });
    c.len_utf8()
}

/// An escape; how many bytes of `found` it took.
fn clean_escape(found: &str, clean: &mut String) -> usize {
    let (unit, length) = match found.as_bytes().get(1) {
        Some(b'r') => (Some(0x0d), 2),
        Some(b'b' | b'f') => (Some(0), 2),
        Some(b'u') => (code_unit(found), 6),
        _ => (None, 2),
    };
    let kept = found.get(..length).unwrap_or(found);
    let pair = |unit| (0xd800..0xdc00).contains(&unit) && follows_low_half(found);
    match unit {
        Some(0x0d) => {
            let after = found.get(length..).unwrap_or_default();
            clean.push_str("\\n");
            return match ["\\n", "\\u000a", "\\u000A"]
                .iter()
                .find(|lf| after.starts_with(**lf))
            {
                Some(lf) => length + lf.len(),
                None => length,
            };
        }
        Some(unit) if pair(unit) => {
            clean.push_str(found.get(..12).unwrap_or(found));
            return 12;
        }
        Some(0x09 | 0x0a) => clean.push_str(kept),
        Some(0..0x20 | 0x7f..0xa0 | 0xd800..0xe000) => clean.push_str("\\ufffd"),
        Some(_) | None => clean.push_str(kept),
    }
    kept.len()
}

/// The UTF-16 unit of the `\uXXXX` at the start.
fn code_unit(found: &str) -> Option<u32> {
    let digits = found.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16).ok()
}

fn follows_low_half(found: &str) -> bool {
    let low = found.get(6..).and_then(code_unit);
    low.is_some_and(|unit| (0xdc00..0xe000).contains(&unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_not_visible() {
        for blank in [
            "",
            " ",
            "\t\n",
            "\u{a0}",
            "\u{2003}",
            "\u{3000}",
            "\u{200b}",
            "\u{200d}",
            "\u{2060}",
            "\u{feff}",
            "\u{ad}",
            "\u{2800}",
            "\u{3164}",
            "\u{115f}",
            "\u{fe0f}",
            "\u{202e}",
            "\u{e0020}",
            "\u{1b}",
            "\u{85}",
        ] {
            assert!(!has_visible(blank), "{blank:?}");
            assert!(has_visible(&format!("{blank}.")), "{blank:?}");
        }
        for seen in ["a", "й", "👍", "\u{301}", "\u{fffd}", "1\u{fe0f}", "שלום"] {
            assert!(has_visible(seen), "{seen:?}");
        }
    }

    #[test]
    fn controls_are_gone_from_texts_lines_and_json() {
        assert_eq!(
            clean_text("\r\n\r\t\u{1b}[1m\u{7f}\u{80}\u{9f}\u{a0}"),
            "\n\n\t\u{fffd}[1m\u{fffd}\u{fffd}\u{fffd}\u{a0}"
        );
        assert_eq!(
            clean_line("one\r\ntwo\tthree\u{9b}"),
            "one two three\u{fffd}"
        );
        assert_eq!(
            clean_line("\u{202e}txt.\u{2066}exe\u{200f}"),
            "txt.exe\u{200f}"
        );
        assert_eq!(clean_text("\u{202e}txt.exe"), "\u{202e}txt.exe");
        for (json, clean) in [
            (r#""a":"\\u001b""#, r#""a":"\\u001b""#),
            (
                r#""a":"\u001B\u007f\u009b\b\f""#,
                r#""a":"\ufffd\ufffd\ufffd\ufffd\ufffd""#,
            ),
            (r#""a":"\r\n\r\u000d\u000a\t\"""#, r#""a":"\n\n\n\t\"""#),
            (
                r#""a":"\ud83d\ude00\ud83d.\ude00""#,
                r#""a":"\ud83d\ude00\ufffd.\ufffd""#,
            ),
            (
                "\"a\":\"\u{7f}\u{85}\",\n\"b\":[1,\t2]",
                "\"a\":\"\u{fffd}\u{fffd}\",\n\"b\":[1,\t2]",
            ),
            (r#""a":"\u12"#, r#""a":"\u12"#),
        ] {
            assert_eq!(clean_json(json), clean);
        }
    }
}
