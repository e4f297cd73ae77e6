//! A program on a terminal of its own, and what can be read there.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::support::TOO_LONG;

/// A running program and its terminal; killed when dropped.
pub(crate) struct Pty {
    child: Child,
    keyboard: File,
    terminal: OwnedFd,
    output: Receiver<Vec<u8>>,
    pub(crate) screen: Screen,
    /// All that was written to the terminal.
    pub(crate) raw: String,
}

impl Pty {
    /// Starts the program on a terminal of so many columns.
    pub(crate) fn start(command: &mut Command, columns: u16) -> Self {
        let size = Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(Some(&size), None).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        command.stdin(end()).stdout(end()).stderr(end());
        let child = command.spawn().unwrap();
        let keyboard = File::from(pty.master);
        let mut display = keyboard.try_clone().unwrap();
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = display.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            keyboard,
            terminal: pty.slave,
            output,
            screen: Screen::new(columns.into()),
            raw: String::new(),
        }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, shows: impl Fn(&Screen) -> bool) {
        let deadline = Instant::now() + TOO_LONG;
        while !shows(&self.screen) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.see(&bytes),
                Err(error) => panic!("{error}: no {what} on\n{}", self.screen.text()),
            }
        }
    }

    /// Waits for a part of the screen's text.
    #[track_caller]
    pub(crate) fn expect(&mut self, part: &str) {
        self.until(part, |screen| screen.text().contains(part));
    }

    /// Waits until the last line is this.
    #[track_caller]
    pub(crate) fn expect_last(&mut self, line: &str) {
        self.until(line, |screen| {
            screen.lines().last().is_some_and(|last| last == line)
        });
    }

    fn see(&mut self, bytes: &[u8]) {
        // The tests write nothing that a read could cut.
        let text = String::from_utf8_lossy(bytes);
        self.raw.push_str(&text);
        self.screen.write(&text);
    }

    /// Another width, as if somebody pulled at the window.
    pub(crate) fn resize(&mut self, columns: u16) {
        self.stty(&["cols", &columns.to_string()]);
        self.screen.resize(columns.into());
        self.signal(Signal::SIGWINCH);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// What `stty` says, given these words.
    pub(crate) fn stty(&self, words: &[&str]) -> String {
        let terminal = Stdio::from(self.terminal.try_clone().unwrap());
        let output = Command::new("stty")
            .args(words)
            .stdin(terminal)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Waits for the end; the screen then.
    #[track_caller]
    pub(crate) fn end(&mut self, code: i32) -> Vec<String> {
        let status = self.child.wait().unwrap();
        // What was written is there, or comes at once.
        while let Ok(bytes) = self
            .output
            .recv_timeout(std::time::Duration::from_millis(200))
        {
            self.see(&bytes);
        }
        assert_eq!(status.code(), Some(code), "{}", self.screen.text());
        self.screen.lines()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// What a terminal shows that breaks long rows anew when its width changes, as most do. Every character is one column.
pub(crate) struct Screen {
    columns: usize,
    rows: Vec<Row>,
    row: usize,
    column: usize,
    sequence: Option<String>,
}

#[derive(Default, Clone)]
struct Row {
    cells: Vec<char>,
    /// Whether the next one goes on with it.
    is_broken: bool,
}

impl Screen {
    fn new(columns: usize) -> Self {
        Self {
            columns,
            rows: vec![Row::default()],
            row: 0,
            column: 0,
            sequence: None,
        }
    }

    /// The rows without what is empty at their ends and below.
    pub(crate) fn lines(&self) -> Vec<String> {
        let text = |row: &Row| row.cells.iter().collect::<String>().trim_end().to_owned();
        let mut lines: Vec<_> = self.rows.iter().map(text).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    pub(crate) fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// How often a text stands there.
    pub(crate) fn count(&self, part: &str) -> usize {
        self.text().matches(part).count()
    }

    fn write(&mut self, text: &str) {
        for c in text.chars() {
            match (self.sequence.take(), c) {
                (None, '\x1b') => self.sequence = Some(String::new()),
                (None, '\r') => self.column = 0,
                (None, '\n') => self.down(false),
                (None, c) => self.put(c),
                (Some(mut sequence), c) => {
                    sequence.push(c);
                    if c == '[' || !c.is_ascii_alphabetic() {
                        self.sequence = Some(sequence);
                    } else {
                        self.obey(&sequence);
                    }
                }
            }
        }
    }

    fn down(&mut self, is_broken: bool) {
        self.rows[self.row].is_broken = is_broken;
        self.row += 1;
        if self.row == self.rows.len() {
            self.rows.push(Row::default());
        }
    }

    fn put(&mut self, c: char) {
        if self.column == self.columns {
            self.down(true);
            self.column = 0;
        }
        let cells = &mut self.rows[self.row].cells;
        if cells.len() <= self.column {
            cells.resize(self.column + 1, ' ');
        }
        cells[self.column] = c;
        self.column += 1;
    }

    fn obey(&mut self, sequence: &str) {
        let number = sequence[1..sequence.len() - 1].parse().unwrap_or(1);
        match sequence.chars().last().unwrap() {
            'A' => self.row = self.row.saturating_sub(number),
            'C' => self.column = (self.column + number).min(self.columns - 1),
            'J' => {
                self.rows[self.row].cells.truncate(self.column);
                self.rows[self.row].is_broken = false;
                self.rows.truncate(self.row + 1);
            }
            'm' | 'h' | 'l' => {}
            other => panic!("the tests do not know the sequence {sequence:?} ({other})"),
        }
    }

    fn resize(&mut self, columns: usize) {
        let old = std::mem::replace(self, Self::new(columns));
        let mut at = None;
        for (index, row) in old.rows.iter().enumerate() {
            // An empty cell is one, up to the cursor.
            let mut cells = row.cells.clone();
            if index == old.row {
                cells.resize(cells.len().max(old.column), ' ');
            }
            for (column, c) in cells.iter().enumerate() {
                if index == old.row && column == old.column {
                    at = Some((self.row, self.column));
                }
                self.put(*c);
            }
            if index == old.row && at.is_none() {
                at = Some((self.row, self.column));
            }
            if !row.is_broken && index + 1 < old.rows.len() {
                self.down(false);
                self.column = 0;
            }
        }
        (self.row, self.column) = at.unwrap();
        if self.column == columns {
            (self.row, self.column) = (self.row + 1, 0);
            self.rows
                .resize(self.rows.len().max(self.row + 1), Row::default());
        }
    }
}
