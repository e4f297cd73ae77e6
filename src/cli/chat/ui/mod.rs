//! Where lines come from and arrivals go to: a pipe, or a person's terminal.

mod clock;
mod colour;
mod completion;
mod input_line;
mod keys;
mod row;
mod show;
mod terminal;

use super::line::{self, Wish};
use crate::dialects::client::{Arrival, Said, clean};
use crate::model::without_mark;
use std::io::{self, BufRead, IsTerminal, Write};
use std::thread;
use terminal::Terminal;
use tokio::sync::mpsc;

/// Lines that were read and not yet taken.
const MAX_LINES_AHEAD: usize = 16;

/// A pipe or a terminal.
pub(super) enum Ui {
    /// Lines from standard input, what is said on standard output, all else on standard error.
    Pipe {
        /// Whether lines mean what they would mean on a terminal.
        commands: bool,
        /// Whether it is read from, or was.
        is_open: bool,
        /// None before it is read from, and at its end.
        lines: Option<mpsc::Receiver<io::Result<String>>>,
    },
    /// A line to type, arrivals above it.
    Terminal(Box<Terminal>),
}

/// Whether one is in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// On the way into it, for the first time.
    Coming,
    In,
    /// One was in; there is no connection.
    Away,
}

/// What comes from whoever sits there.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A line without its end.
    Line(String),
    /// There are no more lines.
    End,
    /// The person leaves at once, whatever is under way.
    Leave,
}

impl Ui {
    /// A pipe; with `commands`, its lines mean what they would mean on a terminal.
    pub(super) fn pipe(commands: bool) -> Self {
        Self::Pipe {
            commands,
            is_open: false,
            lines: None,
        }
    }

    /// The person's terminal, which is this program's until it is dropped.
    ///
    /// # Errors
    /// Where it cannot be set up.
    pub(super) fn terminal(room: &str, seconds: bool, commands: &[&str]) -> io::Result<Self> {
        Terminal::open(room, seconds, commands).map(|terminal| Self::Terminal(Box::new(terminal)))
    }

    /// Whether no person is there.
    pub(super) fn is_pipe(&self) -> bool {
        matches!(self, Self::Pipe { .. })
    }

    /// Says whether one is in a room. A pipe is read from then on, on a thread of its own: nothing can interrupt such a
    /// read, and nobody has to wait for it at the end.
    ///
    /// # Errors
    /// Where no thread can be started, or the terminal is gone.
    pub(super) fn stands(&mut self, standing: Standing) -> io::Result<()> {
        match self {
            Self::Terminal(terminal) => terminal.stands(standing),
            Self::Pipe { is_open, .. } if *is_open || standing != Standing::In => Ok(()),
            Self::Pipe { is_open, lines, .. } => {
                *is_open = true;
                let (sender, receiver) = mpsc::channel(MAX_LINES_AHEAD);
                *lines = Some(receiver);
                thread::Builder::new().spawn(move || read_lines(&sender))?;
                Ok(())
            }
        }
    }

    /// What comes next; lines only where they are taken. May be dropped at any point without a loss.
    ///
    /// # Errors
    /// Where the input cannot be read.
    pub(super) async fn next(&mut self, takes_lines: bool) -> io::Result<Input> {
        match self {
            Self::Terminal(terminal) => terminal.next(takes_lines).await,
            Self::Pipe { lines, .. } => {
                let Some(open) = lines.as_mut().filter(|_| takes_lines) else {
                    return std::future::pending().await;
                };
                Ok(match open.recv().await.transpose()? {
                    Some(line) => Input::Line(line),
                    None => {
                        *lines = None;
                        Input::End
                    }
                })
            }
        }
    }

    /// What a line means here.
    pub(super) fn understand(&self, line: &str) -> Wish {
        match self {
            Self::Pipe {
                commands: false, ..
            } => line::piped(line),
            Self::Pipe { commands: true, .. } | Self::Terminal(_) => line::typed(line),
        }
    }

    /// Shows a person, or writes into the pipe, what arrived.
    ///
    /// # Errors
    /// Where standard output is gone. What goes to standard error may be lost.
    pub(super) fn show(&mut self, arrival: &Arrival) -> io::Result<()> {
        match self {
            Self::Terminal(terminal) => terminal.show(arrival),
            Self::Pipe { .. } => print(arrival),
        }
    }

    /// Names, and rooms with a `#`, that a person can complete from now on.
    pub(super) fn learn(&mut self, names: &[String]) {
        match self {
            Self::Terminal(terminal) => terminal.learn(names),
            Self::Pipe { .. } => {}
        }
    }
}

/// Whether the terminal can take back what it shows.
pub(super) fn can_move_cursor() -> bool {
    std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}

fn print(arrival: &Arrival) -> io::Result<()> {
    match arrival {
        Arrival::Said(Said { own: true, .. }) => {}
        Arrival::Said(said) => {
            let mut out = io::stdout().lock();
            let mut line = show::piped(said);
            if out.is_terminal() {
                line = clean::isolated(&line);
            }
            line.push('\n');
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

/// What is no UTF-8 becomes U+FFFD; a byte order mark at the start is no part of a line.
fn read_lines(lines: &mpsc::Sender<io::Result<String>>) {
    let mut input = io::stdin().lock();
    let (mut bytes, mut is_first) = (Vec::new(), true);
    loop {
        bytes.clear();
        let line = match input.read_until(b'\n', &mut bytes) {
            Ok(0) => return,
            Ok(_) => {
                let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                let line = String::from_utf8_lossy(line);
                let line = if is_first { without_mark(&line) } else { &line };
                is_first = false;
                Ok(line.to_owned())
            }
            Err(error) => Err(error),
        };
        let failed = line.is_err();
        if lines.blocking_send(line).is_err() || failed {
            return;
        }
    }
}
