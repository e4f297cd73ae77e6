//! JSON in ASCII: what is not goes as `\uXXXX`, beyond U+FFFF as a pair of them.

use bytes::{BufMut, BytesMut};
use std::fmt::Write;
use tolmach_json::Sink;

/// A [`Sink`] that writes nothing but ASCII.
pub(crate) struct Ascii<'a>(pub(crate) &'a mut BytesMut);

impl Ascii<'_> {
    fn put(&mut self, character: char) {
        if character.is_ascii() {
            self.0.put_u8(character as u8);
            return;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a `BytesMut` fails only where memory does.
            let _ = write!(self.0, "\\u{unit:04x}");
        }
    }
}

impl Sink for Ascii<'_> {
    fn raw(&mut self, json: &'static str) {
        self.0.put_slice(json.as_bytes());
    }

    /// Beyond ASCII there is something in strings only, where an escape may stand for it.
    fn json(&mut self, json: &str) {
        json.chars().for_each(|character| self.put(character));
    }

    fn text(&mut self, text: &str) {
        let mut json = String::with_capacity(text.len() + 2);
        json.text(text);
        self.json(&json);
    }

    fn number(&mut self, number: i64) {
        self.0.number(number);
    }
}

/// How many bytes a character takes inside a JSON string in ASCII: 1, 2 (`\n`), 6 (`\uXXXX`), or 12 for a pair.
#[must_use]
pub fn ascii_bytes(character: char) -> usize {
    match character {
        '"' | '\\' | '\u{8}' | '\t' | '\n' | '\u{c}' | '\r' => 2,
        ' '..='\u{7f}' => 1,
        _ => 6 * character.len_utf16(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Ascii, ascii_bytes};
    use bytes::BytesMut;
    use tolmach_json::Sink;

    #[test]
    fn every_character_survives_in_so_many_bytes_of_ascii() {
        let every = (0..0x600).chain(0xFFF0..0x10010).chain(0x1F600..0x1F640);
        for character in every.filter_map(char::from_u32) {
            let mut json = BytesMut::new();
            Ascii(&mut json).text(&character.to_string());
            assert!(json.is_ascii());
            assert_eq!(json.len(), ascii_bytes(character) + 2, "{character:?}");
            let back: String = serde_json::from_slice(&json).unwrap();
            assert_eq!(back, character.to_string());
        }
    }

    #[test]
    fn json_from_elsewhere_keeps_its_meaning() {
        let mut json = BytesMut::new();
        Ascii(&mut json).json(r#""ключ":"🦀\"\u0436\n""#);
        assert!(json.is_ascii());
        let mut object = b"{".to_vec();
        object.extend_from_slice(&json);
        object.push(b'}');
        let value: serde_json::Value = serde_json::from_slice(&object).unwrap();
        assert_eq!(value["ключ"], "🦀\"ж\n");
    }
}
