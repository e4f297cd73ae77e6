//! Where a frame's JSON goes.

use bytes::{BufMut, BytesMut};

/// Takes JSON piece by piece: a buffer, or a count of what a buffer would get. One description of a frame so serves both
/// for writing and for counting.
pub trait Sink {
    /// JSON without white space between its tokens, and without escapes: the frame's own punctuation.
    fn raw(&mut self, json: &'static str);

    /// Valid JSON from elsewhere.
    fn json(&mut self, json: &str);

    /// A string, which is put between quotes. Only what JSON demands is escaped, so that it is one line; what is not
    /// ASCII goes as UTF-8.
    fn text(&mut self, text: &str);

    /// A whole number in decimal digits.
    fn number(&mut self, number: i64);

    /// A number as a string of its digits.
    fn number_as_text(&mut self, number: i64) {
        self.raw("\"");
        self.number(number);
        self.raw("\"");
    }
}

impl Sink for BytesMut {
    fn raw(&mut self, json: &'static str) {
        self.put_slice(json.as_bytes());
    }

    fn json(&mut self, json: &str) {
        self.put_slice(json.as_bytes());
    }

    fn text(&mut self, text: &str) {
        self.reserve(text.len() + 2);
        escape(text, |piece| self.put_slice(piece.as_bytes()));
    }

    fn number(&mut self, number: i64) {
        self.put_slice(itoa::Buffer::new().format(number).as_bytes());
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
        self.push_str(itoa::Buffer::new().format(number));
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
                if from < at {
                    put(&text[from..at]);
                }
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
    use super::{Sink, must_escape};
    use bytes::BytesMut;

    #[test]
    fn every_character_reads_back() {
        for character in ('\0'..'\u{3000}').chain(['\u{2028}', '😀', '\u{10ffff}']) {
            for text in [format!("{character}"), format!("a{character}b{character}")] {
                let mut out = BytesMut::new();
                out.text(&text);
                assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
                assert!(!out.contains(&b'\n'));
                let mut same = String::new();
                same.text(&text);
                assert_eq!(same.as_bytes(), &out);
            }
        }
    }

    #[test]
    fn only_what_must_be_is_escaped() {
        let mut json = String::new();
        json.text("a\r\n\"\\\u{1}ж/");
        assert_eq!(json, "\"a\\r\\n\\\"\\\\\\u0001ж/\"");
    }

    /// What is common is put as it is, a block at a time; else it would only be slow.
    #[test]
    fn a_block_without_escapes_is_seen_at_once() {
        assert!(!must_escape("nothing here, чай neither".as_bytes()));
        for one in ["\"", "\\", "\n", "\u{1f}"] {
            assert!(must_escape(format!("a{one}b").as_bytes()));
        }
    }

    #[test]
    fn what_must_be_escaped_is_found_wherever_it_stands() {
        for at in 0..100 {
            for count in 1..4 {
                let text = format!(
                    "{}{}{}",
                    "x".repeat(at),
                    "\"".repeat(count),
                    "y".repeat(100 - at)
                );
                let mut json = String::new();
                json.text(&text);
                assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            }
        }
    }

    #[test]
    fn a_frame_is_the_same_in_each_sink() {
        fn put(sink: &mut impl Sink) {
            sink.raw("{\"n\":");
            sink.number(i64::MIN);
            sink.raw(",");
            sink.json("\"x\":[1]");
            sink.raw(",\"id\":");
            sink.number_as_text(7);
            sink.raw("}");
        }
        let (mut bytes, mut text) = (BytesMut::new(), String::new());
        put(&mut bytes);
        put(&mut text);
        assert_eq!(text, r#"{"n":-9223372036854775808,"x":[1],"id":"7"}"#);
        assert_eq!(bytes, text);
    }
}
