//! A frame's name and values as words.

use serde::de::IgnoredAny;

/// Words and texts in quotation marks, between spaces and commas.
pub(super) struct Words<'a>(pub(super) &'a str);

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start_matches([' ', ',']);
        let end = if text.starts_with('"') {
            closing_quote(text)
        } else {
            text.find([' ', ',']).unwrap_or(text.len())
        };
        let (word, rest) = text.split_at(end);
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }
}

/// Where a text in quotation marks ends.
fn closing_quote(text: &str) -> usize {
    let mut texts = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    match texts.next() {
        Some(Ok(_)) => texts.byte_offset(),
        _ => text.len(),
    }
}
