//! The line that is being typed, and those that were.

use super::keys::Key;
use unicode_segmentation::UnicodeSegmentation;

/// Lines that can be gone back to.
const MAX_LINES: usize = 500;

/// A line with a cursor in it; no terminal.
#[derive(Debug, Default)]
pub(super) struct InputLine {
    /// What stands before the cursor.
    pub(super) before: String,
    /// What stands behind it.
    pub(super) after: String,
    /// What was cut last.
    cut: String,
    typed: Vec<String>,
    /// Which of `typed` is shown; their number for none of them.
    shown: usize,
    /// The line that was left to go back.
    left: String,
}

impl InputLine {
    pub(super) fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    /// Takes the line away, to be said; it can be gone back to.
    pub(super) fn take(&mut self) -> String {
        let line = self.clear();
        if !line.is_empty() && self.typed.last() != Some(&line) {
            self.typed.push(line.clone());
            if self.typed.len() > MAX_LINES {
                self.typed.remove(0);
            }
        }
        self.shown = self.typed.len();
        line
    }

    /// Throws the line away.
    pub(super) fn clear(&mut self) -> String {
        self.shown = self.typed.len();
        std::mem::take(&mut self.before) + &std::mem::take(&mut self.after)
    }

    /// What a key does to the line; nothing by one that is not about it.
    pub(super) fn press(&mut self, key: Key) {
        match key {
            Key::Char(c) => self.before.push(c),
            Key::Paste(text) => self.paste(&text),
            Key::Backspace => self.before.truncate(last_grapheme(&self.before)),
            Key::Delete => drop(self.after.drain(..first_grapheme(&self.after))),
            Key::Left => self.go_back(last_grapheme(&self.before)),
            Key::Right => self.go_on(first_grapheme(&self.after)),
            Key::WordLeft => self.go_back(word_before(&self.before)),
            Key::WordRight => self.go_on(word_behind(&self.after)),
            Key::Home => self.go_back(0),
            Key::End => self.go_on(self.after.len()),
            Key::CutToEnd => self.cut = std::mem::take(&mut self.after),
            Key::CutToStart => self.cut = std::mem::take(&mut self.before),
            Key::CutWordLeft => self.cut = self.before.split_off(word_before(&self.before)),
            Key::CutWordRight => {
                self.cut = self.after.drain(..word_behind(&self.after)).collect();
            }
            Key::PutBack => self.before.push_str(&self.cut),
            Key::Up => self.recall(self.shown.checked_sub(1)),
            Key::Down => self.recall(self.shown.checked_add(1)),
            Key::Enter
            | Key::Tab
            | Key::Redraw
            | Key::Interrupt
            | Key::EndOfInput
            | Key::Suspend => {}
        }
    }

    /// Nothing of it is said before Enter: its line breaks stay in the line, but for those at its end.
    fn paste(&mut self, text: &str) {
        let kept = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
        let text = text.trim_end_matches('\n');
        self.before.extend(text.chars().filter(kept));
    }

    /// Puts the cursor to this byte of what stands before it.
    fn go_back(&mut self, at: usize) {
        let between = self.before.split_off(at);
        self.after.insert_str(0, &between);
    }

    /// Puts the cursor to this byte of what stands behind it.
    fn go_on(&mut self, at: usize) {
        self.before.extend(self.after.drain(..at));
    }

    /// Shows a line that was typed, or the one that was left for it.
    fn recall(&mut self, index: Option<usize>) {
        let Some(index) = index.filter(|index| *index <= self.typed.len()) else {
            return;
        };
        let line = std::mem::take(&mut self.before) + &std::mem::take(&mut self.after);
        if self.shown == self.typed.len() {
            self.left = line;
        }
        self.before = match self.typed.get(index) {
            Some(line) => line.clone(),
            None => std::mem::take(&mut self.left),
        };
        self.shown = index;
    }
}

fn last_grapheme(text: &str) -> usize {
    text.grapheme_indices(true)
        .next_back()
        .map_or(0, |(at, _)| at)
}

fn first_grapheme(text: &str) -> usize {
    text.graphemes(true).next().map_or(0, str::len)
}

/// Where the last word begins: behind white space.
fn word_before(text: &str) -> usize {
    let word = text.trim_end();
    word.char_indices()
        .rfind(|(_, c)| c.is_whitespace())
        .map_or(0, |(at, c)| at + c.len_utf8())
}

/// Where the first word ends.
fn word_behind(text: &str) -> usize {
    let word = text.trim_start();
    let end = word.find(char::is_whitespace).unwrap_or(word.len());
    text.len() - word.len() + end
}

#[cfg(test)]
mod tests {
    use super::{InputLine, Key};

    fn press(line: &mut InputLine, keys: impl IntoIterator<Item = Key>) {
        keys.into_iter().for_each(|key| line.press(key));
    }

    fn typed(text: &str) -> InputLine {
        let mut line = InputLine::default();
        press(&mut line, text.chars().map(Key::Char));
        line
    }

    #[test]
    fn a_line_is_edited_by_graphemes_and_words() {
        let mut line = typed("one two e\u{301}");
        press(&mut line, [Key::Backspace, Key::WordLeft, Key::CutToEnd]);
        assert_eq!((&*line.before, &*line.after), ("one ", ""));
        press(&mut line, [Key::Home, Key::PutBack, Key::Delete, Key::End]);
        assert_eq!(line.take(), "two ne ");
        let mut line = typed("one two");
        press(&mut line, [Key::Left, Key::CutWordLeft, Key::CutToStart]);
        assert_eq!(line.clear(), "o");
        press(
            &mut line,
            [Key::Backspace, Key::Delete, Key::Left, Key::Right],
        );
        press(
            &mut line,
            [Key::WordLeft, Key::WordRight, Key::CutWordRight],
        );
        assert!(line.is_empty());
    }

    #[test]
    fn lines_are_gone_back_to() {
        let mut line = typed("one");
        line.take();
        press(&mut line, "two".chars().map(Key::Char));
        line.take();
        press(&mut line, [Key::Char('h'), Key::Up, Key::Up, Key::Up]);
        assert_eq!(line.before, "one");
        press(&mut line, [Key::Down, Key::Down, Key::Down]);
        assert_eq!(line.before, "h");
    }

    #[test]
    fn a_paste_keeps_its_line_breaks_and_no_control_characters() {
        let mut line = typed("a ");
        press(&mut line, [Key::Paste("/quit\n\x1b[1mb\n\n".into())]);
        assert_eq!(line.take(), "a /quit\n[1mb");
    }
}
