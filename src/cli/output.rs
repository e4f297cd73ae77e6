//! Standard output: lines for a person on a terminal, lines for a program in a pipe.

use std::borrow::Cow;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};

use serde::Serialize;
use terminal_size::{Width, terminal_size};

use super::failure::{Failure, Outcome};
use super::table::{self, Column, Object};
use crate::model::turns_direction;
use crate::refusal::words;

/// Where a command prints what was asked for.
pub(crate) struct Output {
    writer: Box<dyn Write>,
    /// The width of the terminal, if it is one.
    terminal: Option<usize>,
}

/// How wide a terminal is that does not say it.
const USUAL_WIDTH: usize = 80;

impl Output {
    /// The process's standard output, told apart by whether it is a terminal.
    pub(crate) fn standard() -> Self {
        let stdout = io::stdout();
        let width = || terminal_size().map_or(USUAL_WIDTH, |(Width(width), _)| width.into());
        let terminal = stdout.is_terminal().then(width);
        Self {
            writer: Box::new(BufWriter::new(stdout)),
            terminal,
        }
    }

    /// Prints a line; a terminal gets no control characters.
    pub(crate) fn line(&mut self, text: &str) -> Outcome<()> {
        let text = if self.terminal.is_some() {
            visible(text)
        } else {
            Cow::Borrowed(text)
        };
        writeln!(self.writer, "{text}").map_err(unwritable)
    }

    /// Prints an object in one line.
    pub(crate) fn json(&mut self, object: &impl Serialize) -> Outcome<()> {
        let text =
            serde_json::to_string(object).map_err(|error| Failure::because(error.to_string()))?;
        let text = if self.terminal.is_some() {
            escaped(&text)
        } else {
            Cow::Owned(text)
        };
        writeln!(self.writer, "{text}").map_err(unwritable)
    }

    /// Prints a list: with `json` an object a line, else aligned columns under a header on a terminal and
    /// tab-separated lines in a pipe.
    pub(crate) fn list<T>(&mut self, columns: &[Column<T>], rows: &[T], json: bool) -> Outcome<()> {
        if json {
            return rows
                .iter()
                .try_for_each(|row| self.json(&Object(columns, row)));
        }
        let lines = match self.terminal {
            Some(width) => table::aligned(columns, rows, width),
            None => table::tab_separated(columns, rows),
        };
        lines.iter().try_for_each(|line| self.line(line))
    }

    /// Sends what was printed on its way.
    pub(crate) fn flush(&mut self) -> Outcome<()> {
        self.writer.flush().map_err(unwritable)
    }
}

/// Why standard output takes no more.
pub(crate) fn unwritable(error: io::Error) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe => Failure::OutputClosed,
        _ => Failure::because(format!("standard output: {}", words(&error))),
    }
}

/// The text with U+FFFD for what could steer a terminal: all control characters but the tab, and what turns the direction of all
/// that stands behind it in the line.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let steers = |c: char| steers(c) && c != '\t';
    if text.contains(steers) {
        Cow::Owned(text.replace(steers, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

fn steers(c: char) -> bool {
    c.is_control() || turns_direction(c)
}

/// A frame's bytes as a line for a terminal: what could steer it, and what is no text, as `\x00`.
pub(crate) fn shown_bytes(frame: &[u8]) -> String {
    let mut line = String::new();
    for chunk in frame.trim_ascii_end().utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\t' | '\n' => line.push(c),
                c if steers(c) => line.extend(c.to_string().bytes().map(hex)),
                c => line.push(c),
            }
        }
        line.extend(chunk.invalid().iter().copied().map(hex));
    }
    line + "\n"
}

fn hex(byte: u8) -> String {
    format!("\\x{byte:02x}")
}

/// The same JSON with what could steer a terminal escaped, which JSON lets stand as it is.
fn escaped(json: &str) -> Cow<'_, str> {
    if !json.contains(steers) {
        return Cow::Borrowed(json);
    }
    let escape = |c: char| {
        if steers(c) {
            format!("\\u{:04x}", u32::from(c))
        } else {
            c.to_string()
        }
    };
    Cow::Owned(json.chars().map(escape).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_to_a_terminal() {
        for (frame, shown) in [
            (&b"{\"a\":1}\n"[..], "{\"a\":1}\n"),
            (
                b"\x02\0\0\0\x1b\xff\xc3\xa9",
                "\\x02\\x00\\x00\\x00\\x1b\\xff\u{e9}\n",
            ),
            ("\u{9b}".as_bytes(), "\\xc2\\x9b\n"),
            ("\u{202e}".as_bytes(), "\\xe2\\x80\\xae\n"),
        ] {
            assert_eq!(shown_bytes(frame), shown);
        }
    }

    #[test]
    fn a_terminal_is_not_steered() {
        assert_eq!(
            visible("a\tb \u{1b}[2J \u{9b}31m \u{7f} \u{202e}\u{2069} שלום"),
            "a\tb \u{fffd}[2J \u{fffd}31m \u{fffd} \u{fffd}\u{fffd} שלום"
        );
        let json = serde_json::to_string("\u{1b}\u{9b}\u{7f}\u{202e}é").unwrap();
        assert_eq!(escaped(&json), r#""\u001b\u009b\u007f\u202eé""#);
        assert_eq!(
            serde_json::from_str::<String>(&escaped(&json)).unwrap(),
            "\u{1b}\u{9b}\u{7f}\u{202e}é"
        );
    }
}
