//! A person's terminal: a prompt to type at, arrivals printed above it.
//!
//! Two threads: the editor reads lines, the printer hands arrivals to the editor, which may keep it waiting.
//! Neither is waited for at the end, so the terminal is put back here into the state in which it was found.

use super::super::line::{self, Wish};
use super::colour::Paint;
use super::show::Style;
use crate::dialects::client::Arrival;
use crate::dialects::client::clean;
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use rustyline::error::ReadlineError;
use rustyline::{DefaultEditor, ExternalPrinter};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc as blocking;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long the last arrivals may take to the screen.
const LAST_PRINT_TIME: Duration = Duration::from_millis(500);

/// Ends the mode in which the editor tells pasted text from typed.
const BRACKETED_PASTE_OFF: &str = "\x1b[?2004l";

type Lines = mpsc::Sender<io::Result<String>>;

/// The terminal, with a prompt once it is open.
pub(super) struct Terminal {
    style: Style,
    /// What the next line is asked for with.
    prompt: Arc<Mutex<String>>,
    open: Option<Open>,
}

/// What is there while a prompt is.
struct Open {
    /// Gone once the printer is to stop.
    printer: Option<blocking::Sender<String>>,
    /// Ends when the printer has stopped.
    printed: blocking::Receiver<()>,
    /// Whether the editor reads, or will again.
    is_editing: Arc<AtomicBool>,
    /// How the terminal was found.
    found: Option<Termios>,
}

impl Terminal {
    pub(super) fn new(room: &str, times: bool) -> Self {
        Self {
            prompt: Arc::new(Mutex::new(prompt(room))),
            style: Style {
                room: room.to_owned(),
                times,
                paint: Paint::from_environment(),
            },
            open: None,
        }
    }

    /// Shows the prompt; what is typed goes to `lines`.
    pub(super) fn open(&mut self, lines: Lines) -> io::Result<()> {
        let found = tcgetattr(io::stdin()).ok();
        let mut editor = DefaultEditor::new().map_err(io::Error::other)?;
        // A terminal that cannot move its cursor has none.
        let printer = editor.create_external_printer().ok();
        let (sender, arrivals) = blocking::channel();
        let (done, printed) = blocking::channel();
        thread::Builder::new().spawn(move || {
            print_all(&arrivals, printer);
            drop(done);
        })?;
        let is_editing = Arc::new(AtomicBool::new(true));
        let (editing, prompt) = (Arc::clone(&is_editing), Arc::clone(&self.prompt));
        thread::Builder::new().spawn(move || {
            edit_all(&mut editor, &prompt, &lines, &editing);
        })?;
        self.open = Some(Open {
            printer: Some(sender),
            printed,
            is_editing,
            found,
        });
        Ok(())
    }

    /// Prints the arrival, above the prompt where there is one.
    pub(super) fn show(&mut self, arrival: &Arrival) -> io::Result<()> {
        if let Arrival::Entered(room) = arrival {
            self.style.room.clone_from(room);
            *self.prompt.lock().unwrap_or_else(PoisonError::into_inner) = prompt(room);
        }
        let text = self.style.show(arrival);
        let printer = self.open.as_ref().and_then(|open| open.printer.as_ref());
        match printer {
            Some(printer) => printer
                .send(text)
                .map_err(|_| io::ErrorKind::BrokenPipe.into()),
            None => print(&text),
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.printer = None;
        // Either it has stopped, or it takes too long: the editor may never come back to it.
        _ = self.printed.recv_timeout(LAST_PRINT_TIME);
        if let Some(found) = &self.found {
            _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, found);
        }
        if self.is_editing.load(Ordering::SeqCst) {
            _ = print(&format!("{BRACKETED_PASTE_OFF}\r\n"));
        }
    }
}

fn print_all(arrivals: &blocking::Receiver<String>, printer: Option<impl ExternalPrinter>) {
    let mut printer = printer;
    for text in arrivals {
        let printed = match &mut printer {
            Some(printer) => printer.print(text).map_err(io::Error::other),
            None => print(&text),
        };
        if printed.is_err() {
            return;
        }
    }
}

/// Reads lines until the person leaves or nobody takes them any more.
fn edit_all(
    editor: &mut DefaultEditor,
    prompt: &Mutex<String>,
    lines: &Lines,
    is_editing: &AtomicBool,
) {
    loop {
        let asked_with = prompt
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let line = match editor.readline(&asked_with) {
            Ok(line) => line,
            Err(ReadlineError::Eof | ReadlineError::Interrupted) => break,
            // The window's size changed, or the like.
            Err(ReadlineError::Signal(_)) => continue,
            Err(error) => {
                _ = lines.blocking_send(Err(io::Error::other(error)));
                break;
            }
        };
        _ = editor.add_history_entry(line.as_str());
        let leaves = line::typed(&line) == Wish::Quit;
        if leaves {
            is_editing.store(false, Ordering::SeqCst);
        }
        if lines.blocking_send(Ok(line)).is_err() || leaves {
            break;
        }
    }
    is_editing.store(false, Ordering::SeqCst);
}

fn prompt(room: &str) -> String {
    format!("#{}> ", clean::one_line(room))
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
