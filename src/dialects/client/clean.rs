//! What never reaches a screen, or a line of output, raw: control characters, escape sequences, line breaks,
//! and the marks that turn the direction of all that follows.

use crate::model::turns_direction;

/// Stands for a line break where a text must be one line.
const LINE_BREAK: &str = " ⏎ ";

/// Opens a stretch of text that has its own direction.
const FIRST_STRONG_ISOLATE: char = '\u{2068}';
/// Closes it, and all embeddings and overrides that were opened in it.
const POP_ISOLATE: char = '\u{2069}';

/// The text in one line: control characters become U+FFFD (tabs stay), each line break ` ⏎ `.
pub fn one_line(text: &str) -> String {
    lines(text).collect::<Vec<_>>().join(LINE_BREAK)
}

/// The text's lines, ended by LF, CR or CRLF, their control characters replaced by U+FFFD but for tabs.
pub fn lines(text: &str) -> impl Iterator<Item = String> {
    let unified = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<_> = unified.split('\n').map(printable).collect();
    lines.into_iter()
}

/// One line whose marks of direction end with it.
///
/// A text with none is not changed; else it is isolated, and what would close the isolation is left out.
pub fn isolated(line: &str) -> String {
    if !line.contains(turns_direction) {
        return line.to_owned();
    }
    let mut open = 0_usize;
    let mut isolated = String::from(FIRST_STRONG_ISOLATE);
    for c in line.chars() {
        match c {
            '\u{2066}'..='\u{2068}' => open += 1,
            POP_ISOLATE if open == 0 => continue,
            POP_ISOLATE => open -= 1,
            _ => {}
        }
        isolated.push(c);
    }
    isolated.extend(std::iter::repeat_n(POP_ISOLATE, open + 1));
    isolated
}

fn printable(line: &str) -> String {
    let replaced = |c: char| {
        if c.is_control() && c != '\t' {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    line.chars().map(replaced).collect()
}

#[cfg(test)]
mod tests {
    use super::{isolated, lines, one_line};

    #[test]
    fn controls_are_replaced() {
        assert_eq!(
            one_line("a\tb\x1b[2J\x07\u{9b}1m\x7f\0"),
            "a\tb\u{fffd}[2J\u{fffd}\u{fffd}1m\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn line_breaks_are_shown() {
        assert_eq!(one_line("a\nb\r\nc\rd"), "a ⏎ b ⏎ c ⏎ d");
        assert_eq!(lines("a\n\nb\n").collect::<Vec<_>>(), ["a", "", "b", ""]);
    }

    #[test]
    fn other_writing_is_kept() {
        for text in ["Привет", "שלום", "👩\u{200d}👩\u{200d}👧", "e\u{301}"] {
            assert_eq!(one_line(text), text);
            assert_eq!(isolated(text), text);
        }
    }

    #[test]
    fn directions_end_with_the_text() {
        assert_eq!(isolated("\u{202e}abc"), "\u{2068}\u{202e}abc\u{2069}");
        assert_eq!(isolated("a\u{2069}\u{202e}b"), "\u{2068}a\u{202e}b\u{2069}");
        assert_eq!(isolated("\u{2067}a"), "\u{2068}\u{2067}a\u{2069}\u{2069}");
        assert_eq!(
            isolated("\u{2067}a\u{2069}"),
            "\u{2068}\u{2067}a\u{2069}\u{2069}"
        );
    }
}
