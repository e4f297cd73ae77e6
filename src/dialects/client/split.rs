//! Long texts in pieces.

use unicode_segmentation::UnicodeSegmentation;

/// The pieces of `text`, each at most `limit` characters (Unicode scalar values, at least one): cut at white
/// space where there is some in the second half of a piece, else between graphemes, else (a grapheme longer than
/// the limit) between characters. The white space at a cut is left out. Nothing for an empty text.
pub fn pieces(text: &str, limit: usize) -> impl Iterator<Item = &str> {
    pieces_of(text, move |text, share| {
        let chars = text.char_indices().nth(limit / share);
        chars.map_or(text.len(), |(at, _)| at)
    })
}

/// The same, each piece at most `limit` bytes, at least four.
pub fn pieces_of_bytes(text: &str, limit: usize) -> impl Iterator<Item = &str> {
    pieces_of(text, move |text, share| {
        text.floor_char_boundary(limit / share)
    })
}

/// `most(text, n)` is how many bytes of the text an nth of a piece may hold.
fn pieces_of(text: &str, most: impl Fn(&str, usize) -> usize + Copy) -> impl Iterator<Item = &str> {
    let mut rest = text;
    let pieces = std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = rest.split_at(cut(rest, most));
        if after.is_empty() {
            rest = after;
            return Some(piece);
        }
        rest = after.trim_start();
        Some(piece.trim_end())
    });
    pieces.filter(|piece| !piece.is_empty())
}

/// Where the first piece ends, in bytes.
fn cut(text: &str, most_of: impl Fn(&str, usize) -> usize) -> usize {
    let (most, half) = (most_of(text, 1), most_of(text, 2));
    if most >= text.len() {
        return text.len();
    }
    // White space right behind the piece is a place to cut, too.
    let boundaries = || {
        text.grapheme_indices(true)
            .map(|(at, _)| at)
            .take_while(|at| *at <= most)
    };
    let at_space = |at: &usize| {
        *at > half
            && text[*at..].chars().next().is_some_and(char::is_whitespace)
            && !text[..*at].trim().is_empty()
    };
    boundaries()
        .filter(at_space)
        .last()
        .or_else(|| boundaries().filter(|at| *at > 0).last())
        .unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::pieces;

    fn split(text: &str, limit: usize) -> Vec<&str> {
        pieces(text, limit).collect()
    }

    #[test]
    fn what_fits_is_whole() {
        assert_eq!(split("", 5), [""; 0]);
        assert_eq!(split("12345", 5), ["12345"]);
        assert_eq!(split(" 1 2 ", 5), [" 1 2 "]);
        assert_eq!(split("        1", 3), ["1"]);
    }

    #[test]
    fn cuts_are_at_white_space() {
        assert_eq!(split("one two three", 7), ["one two", "three"]);
        assert_eq!(split("one two three", 8), ["one two", "three"]);
        assert_eq!(split("a bcdefghij", 8), ["a bcdefg", "hij"]);
    }

    #[test]
    fn cuts_are_between_graphemes() {
        let family = "👩\u{200d}👩\u{200d}👧"; // five characters
        assert_eq!(
            split(&family.repeat(3), 12),
            [family.repeat(2), family.into()]
        );
        assert_eq!(split(family, 2).concat(), family);
        assert_eq!(split("e\u{301}e\u{301}", 3), ["e\u{301}", "e\u{301}"]);
    }

    #[test]
    fn bytes_can_be_counted() {
        let text = "слово ".repeat(400);
        let parts: Vec<_> = super::pieces_of_bytes(&text, 800).collect();
        assert!(
            parts
                .iter()
                .all(|part| part.len() <= 800 && part.len() > 400)
        );
        assert_eq!(parts.join(" ").trim(), text.trim());
    }

    #[test]
    fn no_piece_is_too_long() {
        let text = "слово ".repeat(400);
        let parts = split(&text, 500);
        assert!(
            parts
                .iter()
                .all(|part| part.chars().count() <= 500 && !part.is_empty())
        );
        assert_eq!(parts.join(" ").trim(), text.trim());
    }
}
