//! A person's terminal: a line to type at the bottom, arrivals printed above it.
//!
//! The line is one row and never wraps, so that it can be taken away whole: on a row too narrow for it a part is shown. A
//! thread reads what the terminal sends, as nothing can interrupt such a read; all else happens where the chat does.
//! The terminal is put back here into the state in which it was found.

use super::clock::Clock;
use super::colour::Paint;
use super::completion::Completion;
use super::input_line::InputLine;
use super::keys::{Key, Keys};
use super::row::{self, Row};
use super::show::Style;
use super::{Input, Standing};
use crate::cli::chat::line;
use crate::dialects::client::{Arrival, Place, Said, clean};
use nix::sys::signal::{Signal as Stop, kill};
use nix::sys::termios::{InputFlags, LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::Pid;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::thread;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::sleep;

/// How long what belongs to an ESC may take behind it.
const ESCAPE_TIME: Duration = Duration::from_millis(50);

/// What tells pasted text from typed, on and off.
const PASTES_MARKED: &str = "\x1b[?2004h";
const PASTES_NOT_MARKED: &str = "\x1b[?2004l";

/// Bytes of one read.
const READ_BYTES: usize = 4096;

/// The columns of a terminal that does not tell how many it has.
const COLUMNS: usize = 80;

/// The terminal with the line that is typed.
pub(in crate::cli::chat) struct Terminal {
    style: Style,
    keys: Keys,
    line: InputLine,
    completion: Completion,
    /// Lines that were typed and are not taken yet.
    typed: VecDeque<String>,
    standing: Standing,
    /// The row that is drawn, and for how many columns; none while there is none.
    drawn: Option<(Row, usize)>,
    /// Whether the key before was Ctrl-C on an empty line.
    was_interrupted: bool,
    /// Whether the person has nothing more to say.
    ends: bool,
    /// Whether the person leaves at once.
    leaves: bool,
    input: Option<mpsc::Receiver<io::Result<Vec<u8>>>>,
    signals: Signals,
    mode: Mode,
}

struct Signals {
    resized: Signal,
    continued: Signal,
    hung_up: Signal,
    interrupted: Signal,
    terminated: Signal,
}

/// How the terminal was found, and how it is while one types.
struct Mode {
    found: Termios,
    typing: Termios,
}

impl Terminal {
    /// Takes the terminal and shows the line.
    ///
    /// # Errors
    /// Where it cannot be set up, or no thread can be started.
    pub(super) fn open(room: &str, seconds: bool, commands: &[&str]) -> io::Result<Self> {
        let mode = Mode::take()?;
        let (sender, input) = mpsc::channel(16);
        thread::Builder::new().spawn(move || read_all(&sender))?;
        let mut terminal = Self {
            style: Style {
                room: room.to_owned(),
                clock: Clock::here(seconds),
                paint: Paint::from_environment(),
            },
            keys: Keys::default(),
            line: InputLine::default(),
            completion: Completion::new(commands),
            typed: VecDeque::new(),
            standing: Standing::Coming,
            drawn: None,
            was_interrupted: false,
            ends: false,
            leaves: false,
            input: Some(input),
            signals: Signals {
                resized: signal(SignalKind::window_change())?,
                continued: signal(SignalKind::from_raw(Stop::SIGCONT as i32))?,
                hung_up: signal(SignalKind::hangup())?,
                interrupted: signal(SignalKind::interrupt())?,
                terminated: signal(SignalKind::terminate())?,
            },
            mode,
        };
        terminal.mode.begin()?;
        terminal.print("")?;
        Ok(terminal)
    }

    /// What comes next; lines only where they are taken. What was typed before the end is taken before it. May be dropped
    /// at any point without a loss.
    pub(super) async fn next(&mut self, takes_lines: bool) -> io::Result<Input> {
        loop {
            if std::mem::take(&mut self.leaves) {
                let unsaid = self.typed.len();
                if unsaid > 0 {
                    self.remark(&format!("lines that were typed and not said: {unsaid}"))?;
                }
                return Ok(Input::Leave);
            }
            if takes_lines && let Some(line) = self.typed.pop_front() {
                return Ok(Input::Line(line));
            }
            if self.ends && self.typed.is_empty() {
                self.ends = false;
                return Ok(Input::End);
            }
            self.step().await?;
        }
    }

    /// Says in front of the line whether one is in the room.
    pub(super) fn stands(&mut self, standing: Standing) -> io::Result<()> {
        self.standing = standing;
        self.print("")
    }

    /// Prints the arrival above the line.
    pub(super) fn show(&mut self, arrival: &Arrival) -> io::Result<()> {
        match arrival {
            Arrival::Entered { room, .. } => {
                self.style.room.clone_from(room);
                self.completion.learn_room(room);
            }
            Arrival::Said(Said { place, from, .. }) => {
                self.completion.learn_name(from);
                if let Place::Room(room) = place {
                    self.completion.learn_room(room);
                }
            }
            Arrival::LoggedIn { .. }
            | Arrival::Presence(_)
            | Arrival::Notice(_)
            | Arrival::Warning(_)
            | Arrival::NotAccepted(_) => {}
        }
        let text = self.style.show(arrival);
        self.print(&text)
    }

    /// Names, and rooms with a `#`, that can be completed from now on.
    pub(super) fn learn(&mut self, names: &[String]) {
        for name in names {
            match name.strip_prefix('#') {
                Some(room) => self.completion.learn_room(room),
                None => self.completion.learn_name(name),
            }
        }
    }

    async fn step(&mut self) -> io::Result<()> {
        let input = async {
            match &mut self.input {
                Some(input) => input.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            bytes = input => match bytes {
                Some(bytes) => {
                    for byte in bytes? {
                        if let Some(key) = self.keys.next(byte) {
                            self.press(key)?;
                        }
                    }
                }
                None => {
                    self.input = None;
                    self.ends = true;
                }
            },
            () = sleep(ESCAPE_TIME), if self.keys.is_escape() => self.keys.end_escape(),
            _ = self.signals.resized.recv() => {}
            _ = self.signals.continued.recv() => {
                self.mode.begin()?;
                self.drawn = None;
            }
            _ = self.signals.hung_up.recv() => self.ends = true,
            _ = self.signals.interrupted.recv() => self.ends = true,
            _ = self.signals.terminated.recv() => self.leaves = true,
        }
        self.print("")
    }

    fn press(&mut self, key: Key) -> io::Result<()> {
        let was_interrupted = std::mem::take(&mut self.was_interrupted);
        match key {
            Key::Enter => self.enter(),
            Key::Interrupt if !self.line.is_empty() => {
                self.line.clear();
                Ok(())
            }
            Key::Interrupt if was_interrupted => {
                self.leaves = true;
                Ok(())
            }
            Key::Interrupt => {
                self.was_interrupted = true;
                self.remark("Ctrl-C again leaves, and Ctrl-D does")
            }
            Key::EndOfInput if self.line.is_empty() => {
                self.ends = true;
                Ok(())
            }
            Key::EndOfInput => {
                self.line.press(Key::Delete);
                Ok(())
            }
            Key::Tab => match self.completion.complete(&mut self.line) {
                Some(choices) => self.remark(&choices),
                None => Ok(()),
            },
            Key::Suspend => {
                self.mode.end(&self.erased())?;
                self.drawn = None;
                kill(Pid::from_raw(0), Stop::SIGTSTP).map_err(io::Error::from)
            }
            Key::Redraw => {
                self.drawn = None;
                write("\x1b[H\x1b[2J")
            }
            key => {
                self.line.press(key);
                Ok(())
            }
        }
    }

    /// What is said is shown when the room has it, a command now.
    fn enter(&mut self) -> io::Result<()> {
        let line = self.line.take();
        let is_away = self.standing == Standing::Away && !line.trim().is_empty();
        let remark = match line::is_command(&line) {
            _ if is_away => format!("waits for the connection: {line}"),
            true => format!("{}{line}", self.prompt()),
            false => String::new(),
        };
        self.typed.push_back(line);
        if remark.is_empty() {
            return Ok(());
        }
        self.remark(&remark)
    }

    fn remark(&mut self, text: &str) -> io::Result<()> {
        let text = self.style.paint.dim(&clean::one_line(text));
        self.print(&(text + "\n"))
    }

    /// Prints whole lines above the line, and draws it anew.
    fn print(&mut self, lines: &str) -> io::Result<()> {
        let columns = columns();
        let row = row::draw(&self.prompt(), &self.line.before, &self.line.after, columns);
        let is_there = self
            .drawn
            .as_ref()
            .is_some_and(|drawn| (&drawn.0, drawn.1) == (&row, columns));
        if lines.is_empty() && is_there {
            return Ok(());
        }
        let text = format!("{}{lines}{}", self.erased(), row.text);
        self.drawn = Some((row, columns));
        write(&text)
    }

    /// What takes the row away. A terminal that became narrower has broken it.
    fn erased(&self) -> String {
        let Some((row, _)) = &self.drawn else {
            return String::new();
        };
        match row.cursor / columns() {
            0 => "\r\x1b[J".to_owned(),
            rows => format!("\x1b[{rows}A\r\x1b[J"),
        }
    }

    fn prompt(&self) -> String {
        let room = clean::one_line(&self.style.room);
        let state = match self.standing {
            Standing::Coming | Standing::In => "",
            Standing::Away => " (no connection)",
        };
        format!("#{room}{state}> ")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Nobody is left to be told where the terminal is gone.
        _ = self.mode.end(&self.erased());
    }
}

impl Mode {
    fn take() -> io::Result<Self> {
        let found = tcgetattr(io::stdin())?;
        let mut typing = found.clone();
        typing.input_flags &= !(InputFlags::ICRNL | InputFlags::INLCR | InputFlags::IXON);
        typing.local_flags &=
            !(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::IEXTEN | LocalFlags::ISIG);
        Ok(Self { found, typing })
    }

    /// What was typed before stays to be read.
    fn begin(&self) -> io::Result<()> {
        tcsetattr(io::stdin(), SetArg::TCSADRAIN, &self.typing)?;
        write(PASTES_MARKED)
    }

    fn end(&self, last: &str) -> io::Result<()> {
        let written = write(&format!("{last}{PASTES_NOT_MARKED}"));
        tcsetattr(io::stdin(), SetArg::TCSADRAIN, &self.found)?;
        written
    }
}

fn read_all(to: &mpsc::Sender<io::Result<Vec<u8>>>) {
    let mut input = io::stdin();
    let mut bytes = [0; READ_BYTES];
    loop {
        let read = match input.read(&mut bytes) {
            Ok(0) => return,
            Ok(count) => Ok(bytes.get(..count).unwrap_or_default().to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // The terminal is gone.
            Err(error) if error.raw_os_error() == Some(nix::errno::Errno::EIO as i32) => return,
            Err(error) => Err(error),
        };
        let failed = read.is_err();
        if to.blocking_send(read).is_err() || failed {
            return;
        }
    }
}

fn columns() -> usize {
    terminal_size::terminal_size()
        .map(|(width, _)| usize::from(width.0))
        .filter(|columns| *columns > 0)
        .unwrap_or(COLUMNS)
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
