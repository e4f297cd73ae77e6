//! What a terminal sends, as keys.

/// Ends a text that the terminal says was pasted.
const PASTE_END: &[u8] = b"\x1b[201~";

/// Bytes of a sequence of which nothing is known; beyond that it is none.
const MAX_SEQUENCE: usize = 32;

/// Something that a person pressed, or pasted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// A character of the text; a line break by Alt-Enter.
    Char(char),
    /// A text at once, its line breaks LF.
    Paste(String),
    Enter,
    /// Completes a name or a command.
    Tab,
    Backspace,
    Delete,
    Left,
    Right,
    WordLeft,
    WordRight,
    Home,
    End,
    /// The line before in what was typed.
    Up,
    /// The line behind it.
    Down,
    CutToEnd,
    CutToStart,
    CutWordLeft,
    CutWordRight,
    /// Puts back what was cut last.
    PutBack,
    /// Clears the terminal and draws everything anew.
    Redraw,
    Interrupt,
    EndOfInput,
    Suspend,
}

/// Bytes in, keys out.
#[derive(Debug, Default)]
pub(super) struct Keys {
    state: State,
    /// What belongs together and is not whole yet.
    bytes: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// Behind ESC: what follows says which key it is.
    Escape,
    /// Behind `ESC [` or `ESC O`.
    Sequence,
    Paste,
}

impl Keys {
    /// Whether it is not clear yet if ESC was a key of its own.
    pub(super) fn is_escape(&self) -> bool {
        self.state == State::Escape
    }

    /// It was: nothing came behind it in time.
    pub(super) fn end_escape(&mut self) {
        self.state = State::Text;
    }

    /// The next byte, and the key that is whole with it.
    pub(super) fn next(&mut self, byte: u8) -> Option<Key> {
        match self.state {
            State::Text => self.text(byte),
            State::Escape => self.behind_escape(byte),
            State::Sequence => self.sequence(byte),
            State::Paste => self.paste(byte),
        }
    }

    fn text(&mut self, byte: u8) -> Option<Key> {
        if byte < 0x80 {
            // A character that broke off is lost.
            self.bytes.clear();
        }
        Some(match byte {
            0x1b => {
                self.state = State::Escape;
                return None;
            }
            b'\r' | b'\n' => Key::Enter,
            b'\t' => Key::Tab,
            0x08 | 0x7f => Key::Backspace,
            0x01 => Key::Home,
            0x02 => Key::Left,
            0x03 => Key::Interrupt,
            0x04 => Key::EndOfInput,
            0x05 => Key::End,
            0x06 => Key::Right,
            0x0b => Key::CutToEnd,
            0x0c => Key::Redraw,
            0x0e => Key::Down,
            0x10 => Key::Up,
            0x15 => Key::CutToStart,
            0x17 => Key::CutWordLeft,
            0x19 => Key::PutBack,
            0x1a => Key::Suspend,
            0x00..0x20 => return None,
            0x20..0x80 => Key::Char(char::from(byte)),
            0x80.. => return self.character(byte),
        })
    }

    /// A part of a character of several bytes.
    fn character(&mut self, byte: u8) -> Option<Key> {
        self.bytes.push(byte);
        let key = match std::str::from_utf8(&self.bytes) {
            Ok(text) => text.chars().next().map(Key::Char),
            Err(error) if error.error_len().is_none() => return None,
            Err(_) => Some(Key::Char(char::REPLACEMENT_CHARACTER)),
        };
        self.bytes.clear();
        key
    }

    fn behind_escape(&mut self, byte: u8) -> Option<Key> {
        self.state = State::Text;
        match byte {
            b'[' | b'O' => {
                self.bytes.clear();
                self.state = State::Sequence;
                None
            }
            b'b' => Some(Key::WordLeft),
            b'f' => Some(Key::WordRight),
            b'd' => Some(Key::CutWordRight),
            0x08 | 0x7f => Some(Key::CutWordLeft),
            b'\r' | b'\n' => Some(Key::Char('\n')),
            // ESC and then something else.
            0x1b => self.text(byte),
            _ => None,
        }
    }

    fn sequence(&mut self, byte: u8) -> Option<Key> {
        self.bytes.push(byte);
        let is_last = (0x40..0x7f).contains(&byte);
        if !is_last && self.bytes.len() < MAX_SEQUENCE {
            return None;
        }
        self.state = State::Text;
        let bytes = std::mem::take(&mut self.bytes);
        let (last, before) = bytes.split_last()?;
        let by_words = before.ends_with(b";5") || before.ends_with(b";3");
        Some(match (last, before) {
            (b'A', _) => Key::Up,
            (b'B', _) => Key::Down,
            (b'C', _) if by_words => Key::WordRight,
            (b'C', _) => Key::Right,
            (b'D', _) if by_words => Key::WordLeft,
            (b'D', _) => Key::Left,
            (b'H', _) | (b'~', b"1" | b"7") => Key::Home,
            (b'F', _) | (b'~', b"4" | b"8") => Key::End,
            (b'M', b"") => Key::Enter,
            (b'~', b"3") => Key::Delete,
            (b'~', b"200") => {
                self.state = State::Paste;
                return None;
            }
            _ => return None,
        })
    }

    fn paste(&mut self, byte: u8) -> Option<Key> {
        self.bytes.push(byte);
        let text = self.bytes.strip_suffix(PASTE_END)?;
        let text = String::from_utf8_lossy(text).replace("\r\n", "\n");
        let key = Key::Paste(text.replace('\r', "\n"));
        self.bytes.clear();
        self.state = State::Text;
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Keys};

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut keys = Keys::default();
        bytes.iter().filter_map(|byte| keys.next(*byte)).collect()
    }

    #[test]
    fn text_and_control_keys() {
        let typed = "aж👩\r\x03\x04\x7f\t\x17";
        let expected = [
            Key::Char('a'),
            Key::Char('ж'),
            Key::Char('👩'),
            Key::Enter,
            Key::Interrupt,
            Key::EndOfInput,
            Key::Backspace,
            Key::Tab,
            Key::CutWordLeft,
        ];
        assert_eq!(keys(typed.as_bytes()), expected);
        let broken = [Key::Char('\u{fffd}'), Key::Char('a')];
        assert_eq!(keys(b"\xff\xd0a")[..], broken);
    }

    #[test]
    fn sequences_of_many_terminals() {
        for (bytes, key) in [
            (&b"\x1b[A"[..], Key::Up),
            (b"\x1bOB", Key::Down),
            (b"\x1b[1;5C", Key::WordRight),
            (b"\x1bb", Key::WordLeft),
            (b"\x1b[3~", Key::Delete),
            (b"\x1b[7~", Key::Home),
            (b"\x1bOF", Key::End),
            (b"\x1b\r", Key::Char('\n')),
            (b"\x1b\x1b[D", Key::Left),
        ] {
            assert_eq!(keys(bytes), [key], "{bytes:?}");
        }
        assert_eq!(keys(b"\x1b[24;1Ra"), [Key::Char('a')]);
        let endless = [&b"\x1b["[..], &[b'1'; 40]].concat();
        assert_eq!(keys(&endless).len(), 8);
    }

    #[test]
    fn a_paste_is_one_key() {
        let pasted = b"\x1b[200~/quit\r\ntwo\rthree\x1b[31m\x1b[201~\r";
        let text = "/quit\ntwo\nthree\x1b[31m".to_owned();
        assert_eq!(keys(pasted), [Key::Paste(text), Key::Enter]);
    }
}
