//! The row in which a line is typed: as much of it as there is room for.

use crate::model::turns_direction;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Stands for a part that is not shown.
const MORE: &str = "…";

/// A row to be written at the start of an empty one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// It, with what puts the cursor into its place.
    pub(super) text: String,
    /// The column of the cursor, from 0.
    pub(super) cursor: usize,
}

/// The row of a line whose cursor stands between `before` and `after`. It leaves the last of the columns free.
pub(super) fn draw(prompt: &str, before: &str, after: &str, columns: usize) -> Row {
    let room = columns.saturating_sub(1);
    // A prompt that would leave no room to type is left out but for its end.
    let prompt = if prompt.width() * 2 > room {
        "> "
    } else {
        prompt
    };
    let room = room.saturating_sub(prompt.width());
    let (before, after) = (shown(before), shown(after));
    let behind = after.width().min(room / 3);
    let before = tail(&before, room.saturating_sub(behind));
    let after = head(&after, room.saturating_sub(before.width()));
    let cursor = prompt.width() + before.width();
    let back = match after.width() {
        0 => String::new(),
        _ => format!("\r\x1b[{cursor}C"),
    };
    Row {
        text: format!("{prompt}{before}{after}{back}"),
        cursor,
    }
}

/// A line break as a sign, nothing that moves the cursor or turns the line.
fn shown(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' => '⏎',
            '\t' => ' ',
            c if c.is_control() || turns_direction(c) => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect()
}

/// The end of a text, at most so wide.
fn tail(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut parts: Vec<_> = fitting(text.graphemes(true).rev(), room).collect();
    parts.push(more(room));
    parts.into_iter().rev().collect()
}

/// The beginning of a text, at most so wide.
fn head(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    fitting(text.graphemes(true), room)
        .chain([more(room)])
        .collect()
}

/// What stands for the rest where there is room for anything.
fn more(room: usize) -> &'static str {
    if room > 0 { MORE } else { "" }
}

/// As many of the first parts as fit beside [`MORE`].
fn fitting<'a>(parts: impl Iterator<Item = &'a str>, room: usize) -> impl Iterator<Item = &'a str> {
    let mut left = room.saturating_sub(1);
    parts.map_while(move |part| {
        left = left.checked_sub(part.width())?;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::{Row, draw};
    use unicode_width::UnicodeWidthStr;

    fn row(text: &str, cursor: usize) -> Row {
        Row {
            text: text.into(),
            cursor,
        }
    }

    #[test]
    fn a_line_that_fits_is_whole() {
        assert_eq!(draw("#a> ", "hi", "", 20), row("#a> hi", 6));
        assert_eq!(draw("#a> ", "a\n", "b", 20), row("#a> a⏎b\r\x1b[6C", 6));
        assert_eq!(
            draw("#a> ", "\x1b\u{202e}", "", 20),
            row("#a> \u{fffd}\u{fffd}", 6)
        );
    }

    #[test]
    fn of_a_long_line_the_part_around_the_cursor_is_shown() {
        assert_eq!(draw("> ", "0123456789", "", 10), row("> …456789", 9));
        assert_eq!(
            draw("> ", "", "0123456789", 10),
            row("> 012345…\r\x1b[2C", 2)
        );
        let middle = draw("> ", "0123456789", "abcdefgh", 12);
        assert_eq!(middle, row("> …56789ab…\r\x1b[8C", 8));
        for columns in 0..40 {
            let text = draw("#a room> ", "ж日本語👩 long", "語語語語語", columns).text;
            let text = text.split('\r').next().unwrap();
            assert!(text.width() < columns.max(4), "{columns}: {text}");
        }
    }
}
