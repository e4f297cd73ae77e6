//! Where a frame's JSON goes: into a buffer, or only into a count of its characters.

use crate::characters::measure;
use bytes::{BufMut, BytesMut};
use std::fmt::Write;

/// Takes JSON piece by piece. One description of a frame so serves both for writing and for counting.
pub(crate) trait Sink {
    /// JSON without white space between its tokens, and without escapes: the frame's own punctuation.
    fn raw(&mut self, json: &'static str);
    /// Valid JSON from elsewhere.
    fn json(&mut self, json: &str);
    /// A string, which is put between quotes and escaped; what is not ASCII goes as UTF-8.
    fn text(&mut self, text: &str);
    /// A number.
    fn number(&mut self, number: i64);
}

impl Sink for BytesMut {
    fn raw(&mut self, json: &'static str) {
        self.put_slice(json.as_bytes());
    }

    fn json(&mut self, json: &str) {
        self.put_slice(json.as_bytes());
    }

    fn text(&mut self, text: &str) {
        escape(text, |piece| self.put_slice(piece.as_bytes()));
    }

    fn number(&mut self, number: i64) {
        // Writing to a `BytesMut` fails only where memory does.
        let _ = write!(self, "{number}");
    }
}

impl Sink for String {
    fn raw(&mut self, json: &'static str) {
        self.push_str(json);
    }

    fn json(&mut self, json: &str) {
        self.push_str(json);
    }

    fn text(&mut self, text: &str) {
        escape(text, |piece| self.push_str(piece));
    }

    fn number(&mut self, number: i64) {
        let _ = write!(self, "{number}");
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
        self.0 += measure(json.as_bytes()).characters;
    }

    fn text(&mut self, text: &str) {
        self.0 += text.chars().count() + 2;
    }

    fn number(&mut self, number: i64) {
        let digits = number.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
        self.0 += digits + usize::from(number < 0);
    }
}

/// The escapes of what may not stand in a JSON string as it is: quotes, backslashes, control characters.
const ESCAPES: [Option<&str>; 256] = {
    let mut escapes = [None; 256];
    let mut i = 0;
    while i < CONTROLS.len() {
        escapes[i] = Some(CONTROLS[i]);
        i += 1;
    }
    escapes[b'"' as usize] = Some("\\\"");
    escapes[b'\\' as usize] = Some("\\\\");
    escapes
};

#[rustfmt::skip]
const CONTROLS: [&str; 32] = [
    "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007",
    "\\b", "\\t", "\\n", "\\u000b", "\\f", "\\r", "\\u000e", "\\u000f",
    "\\u0010", "\\u0011", "\\u0012", "\\u0013", "\\u0014", "\\u0015", "\\u0016", "\\u0017",
    "\\u0018", "\\u0019", "\\u001a", "\\u001b", "\\u001c", "\\u001d", "\\u001e", "\\u001f",
];

/// Gives the pieces of the string that stands for `text`, its quotes included. What is escaped is ASCII, so
/// text can be cut on both sides of it.
fn escape(text: &str, mut put: impl FnMut(&str)) {
    put("\"");
    let mut from = 0;
    // Most blocks hold nothing to escape, which is seen faster for a whole block.
    let blocks = text.as_bytes().chunks(BLOCK).enumerate();
    for (i, block) in blocks.filter(|(_, block)| must_escape(block)) {
        for (at, byte) in (i * BLOCK..).zip(block) {
            if let Some(escape) = ESCAPES[usize::from(*byte)] {
                put(&text[from..at]);
                put(escape);
                from = at + 1;
            }
        }
    }
    put(&text[from..]);
    put("\"");
}

const BLOCK: usize = 32;

/// Without branches, for the compiler to do many bytes at once.
fn must_escape(block: &[u8]) -> bool {
    block.iter().fold(false, |any, byte| {
        any | (*byte < b' ') | (*byte == b'"') | (*byte == b'\\')
    })
}

#[cfg(test)]
mod tests {
    use super::{Counter, Sink};

    #[test]
    fn every_character_survives_and_is_counted_as_one() {
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
    fn what_is_written_is_one_line() {
        let mut json = String::new();
        json.text("a\r\n\"\\\u{1}ж");
        assert_eq!(json, "\"a\\r\\n\\\"\\\\\\u0001ж\"");
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
