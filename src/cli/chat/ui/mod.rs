//! Where lines come from and arrivals go to: a pipe, or a person's terminal.

mod colour;
mod show;
mod terminal;

use super::line::{self, Wish};
use crate::dialects::client::{Arrival, Said};
use std::io::{self, BufRead, Write};
use std::thread;
use terminal::Terminal;
use tokio::sync::mpsc;

/// Lines that were read and not yet taken.
const MAX_LINES_AHEAD: usize = 16;

/// A pipe or a terminal.
pub(super) struct Ui {
    screen: Screen,
    /// None before [`open`](Ui::open).
    lines: Option<mpsc::Receiver<io::Result<String>>>,
}

enum Screen {
    Pipe { commands: bool },
    Terminal(Box<Terminal>),
}

impl Ui {
    /// Lines from standard input, what is said on standard output, all else on standard error.
    /// With `commands`, lines mean what they would mean on a terminal.
    pub(super) fn pipe(commands: bool) -> Self {
        Self {
            screen: Screen::Pipe { commands },
            lines: None,
        }
    }

    /// A prompt with the room's name, arrivals above it.
    pub(super) fn terminal(room: &str, times: bool) -> Self {
        Self {
            screen: Screen::Terminal(Box::new(Terminal::new(room, times))),
            lines: None,
        }
    }

    /// Whether no person is there.
    pub(super) fn is_pipe(&self) -> bool {
        matches!(self.screen, Screen::Pipe { .. })
    }

    /// Starts to read lines, on a thread of their own: nothing can interrupt such a read, and nobody has to
    /// wait for it at the end.
    pub(super) fn open(&mut self) -> io::Result<()> {
        let (sender, receiver) = mpsc::channel(MAX_LINES_AHEAD);
        self.lines = Some(receiver);
        match &mut self.screen {
            Screen::Pipe { .. } => {
                thread::Builder::new().spawn(move || read_lines(&sender))?;
                Ok(())
            }
            Screen::Terminal(terminal) => terminal.open(sender),
        }
    }

    /// The next line without its end; none at the end of the input. Never before [`open`](Ui::open).
    pub(super) async fn line(&mut self) -> io::Result<Option<String>> {
        match &mut self.lines {
            Some(lines) => lines.recv().await.transpose(),
            None => std::future::pending().await,
        }
    }

    /// What a line means here.
    pub(super) fn understand(&self, line: &str) -> Wish {
        match self.screen {
            Screen::Pipe { commands: false } => line::piped(line),
            Screen::Pipe { commands: true } | Screen::Terminal(_) => line::typed(line),
        }
    }

    /// Shows a person, or writes into the pipe, what arrived.
    ///
    /// # Errors
    /// Where standard output is gone. What goes to standard error may be lost.
    pub(super) fn show(&mut self, arrival: &Arrival) -> io::Result<()> {
        match &mut self.screen {
            Screen::Terminal(terminal) => terminal.show(arrival),
            Screen::Pipe { .. } => print(arrival),
        }
    }
}

fn print(arrival: &Arrival) -> io::Result<()> {
    match arrival {
        Arrival::Said(Said { own: true, .. }) => {}
        Arrival::Said(said) => {
            let mut line = show::piped(said);
            line.push('\n');
            let mut out = io::stdout().lock();
            out.write_all(line.as_bytes())?;
            out.flush()?;
        }
        other => {
            let line = show::piped_notice(other) + "\n";
            _ = io::stderr().lock().write_all(line.as_bytes());
        }
    }
    Ok(())
}

/// What is no UTF-8 becomes U+FFFD.
fn read_lines(lines: &mpsc::Sender<io::Result<String>>) {
    let mut input = io::stdin().lock();
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let line = match input.read_until(b'\n', &mut bytes) {
            Ok(0) => return,
            Ok(_) => {
                let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                Ok(String::from_utf8_lossy(line).into_owned())
            }
            Err(error) => Err(error),
        };
        let failed = line.is_err();
        if lines.blocking_send(line).is_err() || failed {
            return;
        }
    }
}
