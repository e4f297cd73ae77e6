//! How messages read as text, where a dialect has nothing better; the same in every dialect.

use std::borrow::Cow;

#[cfg(feature = "jim")]
use unicode_segmentation::UnicodeSegmentation;

use crate::model::{Message, MessageKind};

/// The mark in front of an edited message.
#[cfg(any(feature = "jim", feature = "talker"))]
pub(super) const EDITED: &str = "✎ ";

#[cfg(any(feature = "jim", feature = "purpose", feature = "talker"))]
/// A message's text for a dialect that has no emotes, stickers or files.
pub(super) fn plain(message: &Message) -> Cow<'_, str> {
    match message.kind {
        MessageKind::Emote => emote(message),
        _ => without_emote(message),
    }
}

/// A message's text for a dialect that has stickers and files but no emotes.
pub(super) fn emote(message: &Message) -> Cow<'_, str> {
    match message.kind {
        MessageKind::Emote => Cow::Owned(format!("/me {}", message.text)),
        _ => Cow::Borrowed(&message.text),
    }
}

#[cfg(any(feature = "jim", feature = "purpose", feature = "talker"))]
/// A message's text for a dialect that has emotes but no stickers or files.
pub(super) fn without_emote(message: &Message) -> Cow<'_, str> {
    match (message.kind, &message.file) {
        (MessageKind::Sticker, _) => Cow::Owned(format!(":{}:", message.text)),
        (MessageKind::File, Some(file)) => {
            let line = format!("[file] {} ({})", file.name, size(file.size));
            Cow::Owned(if message.text.is_empty() || message.text == file.name {
                line
            } else {
                format!("{line}\n{}", message.text)
            })
        }
        _ => Cow::Borrowed(&message.text),
    }
}

#[cfg(any(feature = "jim", feature = "purpose", feature = "talker"))]
/// A size for people: bytes below 1,000, then kB and MB with one digit behind the point.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

#[cfg(feature = "jim")]
/// Cuts a text into at most `pieces` of at most `limit` characters each: between graphemes, at white space where there
/// is some in a piece's second half. When that is not enough, the last piece says how many characters are missing.
pub(super) fn cut(text: &str, limit: usize, pieces: usize) -> Vec<String> {
    let mut cut = Vec::new();
    let mut rest = text;
    while is_longer(rest, limit) && cut.len() + 1 < pieces {
        let (piece, left) = split_piece(rest, limit);
        cut.push(piece.to_owned());
        rest = left;
    }
    if is_longer(rest, limit) {
        cut.push(last_piece(rest, limit));
    } else if !rest.is_empty() || cut.is_empty() {
        cut.push(rest.to_owned());
    }
    cut
}

#[cfg(feature = "jim")]
fn is_longer(text: &str, characters: usize) -> bool {
    text.chars().nth(characters).is_some()
}

#[cfg(feature = "jim")]
fn last_piece(rest: &str, limit: usize) -> String {
    let total = rest.chars().count();
    // Room for the longest note there can be.
    let room = limit.saturating_sub(missing(total).chars().count());
    let (piece, left) = split_piece(rest, room);
    format!("{piece}{}", missing(left.chars().count()))
}

#[cfg(feature = "jim")]
fn missing(characters: usize) -> String {
    format!(" … ({characters} more characters)")
}

#[cfg(feature = "jim")]
/// The longest beginning of at most `limit` characters that ends well, and what is left, without the white space between.
fn split_piece(text: &str, limit: usize) -> (&str, &str) {
    let mut end = 0;
    let mut characters = 0;
    let mut space = None;
    // One grapheme may be as long as the whole text; past the window none is taken anyway.
    let window = text
        .char_indices()
        .nth(limit + 2)
        .map_or(text, |(at, _)| &text[..at]);
    for (at, grapheme) in window.grapheme_indices(true) {
        characters += grapheme.chars().count();
        let is_space = grapheme.chars().all(char::is_whitespace);
        if is_space && characters > limit / 2 && characters <= limit + 1 {
            space = Some((at, at + grapheme.len()));
        }
        if characters > limit {
            break;
        }
        end = at + grapheme.len();
    }
    match space {
        Some((before, after)) if end < text.len() => (&text[..before], &text[after..]),
        _ if end > 0 => text.split_at(end),
        // One grapheme that is longer than a piece: cut it between characters.
        _ => text.split_at(
            text.char_indices()
                .nth(limit)
                .map_or(text.len(), |(at, _)| at),
        ),
    }
}

#[cfg(all(test, feature = "jim"))]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_one_piece() {
        assert_eq!(cut("hello", 5, 8), ["hello"]);
        assert_eq!(cut("", 5, 8), [""]);
    }

    #[test]
    fn a_long_text_is_cut_at_white_space() {
        assert_eq!(cut("one two three", 8, 8), ["one two", "three"]);
        assert_eq!(cut("onetwothree", 4, 8), ["onet", "woth", "ree"]);
    }

    #[test]
    fn graphemes_stay_whole() {
        let family = "👨‍👩‍👧‍👦";
        let text = family.repeat(3);
        assert_eq!(cut(&text, 10, 8), [family, family, family]);
        for piece in cut(&"e\u{301}".repeat(100), 7, 100) {
            assert_eq!(piece.chars().count() % 2, 0, "{piece:?}");
        }
    }

    #[test]
    fn the_last_piece_says_how_much_is_missing() {
        let text = "a".repeat(5000);
        let pieces = cut(&text, 500, 8);
        assert_eq!(pieces.len(), 8);
        assert!(pieces.iter().all(|piece| piece.chars().count() <= 500));
        let shown: usize = pieces
            .iter()
            .map(|piece| piece.chars().filter(|c| *c == 'a').count())
            .sum();
        let note = pieces[7].rsplit_once(" … (").unwrap().1;
        let said: usize = note.split(' ').next().unwrap().parse().unwrap();
        // The note itself has three times the letter a.
        assert_eq!(shown - 2 + said, 5000);
    }

    #[test]
    fn a_text_that_is_one_grapheme_is_cut_as_quickly_as_any() {
        let text = format!("a{}", "\u{301}".repeat(1_000_000));
        let began = std::time::Instant::now();
        assert_eq!(cut(&text, 500, 8).len(), 8);
        // Walking the whole for each piece takes a hundred times as long.
        assert!(
            began.elapsed() < std::time::Duration::from_secs(2),
            "{:?}",
            began.elapsed()
        );
    }

    #[test]
    fn a_grapheme_longer_than_a_piece_is_cut_between_characters() {
        let zalgo = format!("a{}", "\u{301}".repeat(30));
        let pieces = cut(&zalgo, 10, 8);
        assert_eq!(pieces.concat(), zalgo);
        assert!(pieces.iter().all(|piece| piece.chars().count() <= 10));
    }
}
