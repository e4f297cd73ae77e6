//! How long a piece of JSON text is, as the wire counts.
//! PROTOCOL.md 2.1.

use tolmach_json::{Sink, is_white_space, utf16_unit};

/// The characters of JSON text as the wire counts them; near enough where it is not valid. It need not be whole.
pub(crate) fn measure(json: &[u8]) -> usize {
    let (mut characters, mut at, mut in_string) = (0, 0, false);
    while let Some(&byte) = json.get(at) {
        let mut width = 1;
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => width = escape_bytes(&json[at..]),
            _ => {}
        }
        characters += usize::from(counts(byte, in_string));
        at += width;
    }
    characters
}

/// Whether a character begins with this byte: not where UTF-8 goes on, nor at white space between tokens.
fn counts(byte: u8, in_string: bool) -> bool {
    let goes_on = byte & 0xC0 == 0x80;
    !goes_on && (in_string || !is_white_space(byte))
}

/// The bytes of the escape sequence that `json` begins with; a surrogate pair is one of twelve bytes.
fn escape_bytes(json: &[u8]) -> usize {
    match utf16_unit(json) {
        None => 2,
        Some(0xD800..=0xDBFF) if matches!(utf16_unit(&json[6..]), Some(0xDC00..=0xDFFF)) => 12,
        Some(_) => 6,
    }
}

/// Counts characters as the wire does.
#[derive(Debug, Default)]
pub(crate) struct Counter(pub(crate) usize);

impl Sink for Counter {
    fn raw(&mut self, json: &'static str) {
        self.0 += json.len();
    }

    fn json(&mut self, json: &str) {
        self.0 += measure(json.as_bytes());
    }

    fn text(&mut self, text: &str) {
        self.0 += text.chars().count() + 2;
    }

    fn number(&mut self, number: i64) {
        let digits = number.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
        self.0 += digits + usize::from(number < 0);
    }
}

/// At most `limit` characters of `text`, fit to be shown: control characters become U+FFFD.
pub(crate) fn printable(text: &str, limit: usize) -> String {
    let shown = text.chars().map(|c| {
        if c.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    });
    shown.take(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::{Counter, measure, printable};
    use tolmach_json::Sink;

    fn characters(json: &str) -> usize {
        measure(json.as_bytes())
    }

    #[test]
    fn white_space_counts_inside_strings_only() {
        assert_eq!(characters("{ \t\r\n\"a b\" : 1 }"), 9);
    }

    #[test]
    fn a_character_is_one_however_many_bytes_it_has() {
        assert_eq!(characters(r#""aжж🦀""#), 6);
    }

    #[test]
    fn an_escape_is_one_character() {
        assert_eq!(characters(r#""\n\"\\A""#), 6);
        assert_eq!(characters(r#""\u0041\u0416""#), 4);
        assert_eq!(characters(r#""\ud83e\udd80\uD83E\uDD80""#), 4);
    }

    #[test]
    fn half_a_pair_is_one_character() {
        assert_eq!(characters(r#""\ud83e""#), 3);
        assert_eq!(characters(r#""\ud83ex""#), 4);
        assert_eq!(characters(r#""\ud83e\u0041""#), 4);
        assert_eq!(characters(r#""\ud83e\ud83e\udd80""#), 4);
        assert_eq!(characters(r#""\udd80""#), 3);
        assert_eq!(characters(r#""\\ud83e""#), 8);
    }

    #[test]
    fn text_cut_anywhere_is_measured_without_a_crash() {
        let json = r#"{"a\ud83e\udd80":"ж\u0416\\"}"#;
        for end in 0..json.len() {
            measure(&json.as_bytes()[..end]);
        }
    }

    #[test]
    fn what_is_shown_is_short_and_harmless() {
        assert_eq!(printable("a\u{1b}[2J\nbcd", 6), "a\u{fffd}[2J\u{fffd}");
    }

    #[test]
    fn every_character_is_counted_as_one() {
        let every = (0..0x300)
            .chain(0x1F600..0x1F640)
            .filter_map(char::from_u32);
        let text: String = every.collect();
        let mut json = String::new();
        json.text(&text);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);

        let (mut by_sink, mut by_json) = (Counter::default(), Counter::default());
        by_sink.text(&text);
        by_json.json(&json);
        assert_eq!(by_sink.0, by_json.0);
    }

    #[test]
    fn numbers_are_counted_as_they_are_written() {
        for number in [0, 9, 10, -1, -10, 1_700_000_000, i64::MIN, i64::MAX] {
            let mut counter = Counter::default();
            counter.number(number);
            assert_eq!(counter.0, number.to_string().len());
        }
    }
}
