//! The one loop that every dialect shares.
//!
//! ```text
//! Entering ──in the room──▶ Talking ──end of input──▶ Finishing ──all accepted──▶ Parting ──the server closes──▶ 0
//!     └─────────────── refused, cut off, no answer ───────────────┘
//! ```

use super::failure::Failure;
use super::line::{HELP, Wish};
use super::outgoing::Outgoing;
use super::server::Server;
use super::ui::Ui;
use crate::dialects::client::{Arrival, ChatClient, MAX_UNANSWERED};
use bytes::BytesMut;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, interval_at, sleep_until};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the server may take to close after the farewell; then this side does.
const PARTING_TIME: Duration = Duration::from_secs(15);

/// A time that does not come.
const NEVER: Duration = Duration::from_secs(86400 * 365);

/// Chats until the input ends and everything was accepted, or until it cannot go on.
pub(super) async fn converse<S: AsyncRead + AsyncWrite>(
    stream: S,
    server: Server,
    client: Box<dyn ChatClient>,
    commands: &'static str,
    ui: Ui,
) -> Result<(), Failure> {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut session = Session::new(server, client, commands, ui);
    let every = session.client.keep_alive_every().unwrap_or(NEVER);
    let mut keep_alive = interval_at(Instant::now() + every, every);
    while session.phase != Phase::Over {
        let (takes_lines, has_output) = (session.takes_lines(), session.outgoing.is_waiting());
        let deadline = session.deadline();
        tokio::select! {
            read = reader.read_buf(&mut session.input) => session.heard(read)?,
            sent = session.outgoing.advance(&mut writer), if has_output => session.sent(sent),
            line = session.ui.line(), if takes_lines => session.typed(line)?,
            Some(done) = session.errands.join_next() => session.errand_done(done)?,
            _ = keep_alive.tick() => session.client.keep_alive(&mut session.outgoing.bytes),
            () = sleep_until(deadline) => session.waited()?,
        }
        session.turn()?;
    }
    session.outcome()
}

/// Where a session stands; the picture is above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Entering,
    Talking,
    Finishing,
    Parting,
    Over,
}

struct Session {
    server: Server,
    /// What goes on over connections of its own.
    errands: JoinSet<Result<String, String>>,
    client: Box<dyn ChatClient>,
    /// What `/help` says of those that only this dialect has.
    commands: &'static str,
    ui: Ui,
    phase: Phase,
    input: BytesMut,
    outgoing: Outgoing,
    /// When the server last answered, or the phase began.
    patient_since: Instant,
    /// What the server last said that may be the reason for what follows.
    last_words: Option<String>,
    not_accepted: usize,
}

impl Session {
    fn new(
        server: Server,
        mut client: Box<dyn ChatClient>,
        commands: &'static str,
        ui: Ui,
    ) -> Self {
        let mut outgoing = Outgoing::default();
        client.open(now(), &mut outgoing.bytes);
        Self {
            server,
            errands: JoinSet::new(),
            client,
            commands,
            ui,
            phase: Phase::Entering,
            input: BytesMut::new(),
            outgoing,
            patient_since: Instant::now(),
            last_words: None,
            not_accepted: 0,
        }
    }

    fn takes_lines(&self) -> bool {
        self.phase == Phase::Talking
            && self.client.is_in()
            && self.client.unanswered() < MAX_UNANSWERED
            && !self.outgoing.is_full()
    }

    /// Something was read; nothing at all is the end of the stream.
    fn heard(&mut self, read: io::Result<usize>) -> Result<(), Failure> {
        match read {
            Ok(0) => return self.closed(None),
            Err(error) => return self.closed(Some(error)),
            Ok(_) => {}
        }
        let unanswered = self.client.unanswered();
        self.show_arrivals()?;
        // What others say is no answer.
        if self.phase == Phase::Entering || self.client.unanswered() < unanswered {
            self.patient_since = Instant::now();
        }
        Ok(())
    }

    /// Shows what arrived, or came of what was typed.
    fn show_arrivals(&mut self) -> Result<(), Failure> {
        let out = &mut self.outgoing.bytes;
        while let Some(arrival) = self.client.hear(&mut self.input, now(), out)? {
            self.not_accepted += usize::from(matches!(arrival, Arrival::NotAccepted(_)));
            self.last_words = match &arrival {
                Arrival::Warning(words) | Arrival::NotAccepted(words) => Some(words.clone()),
                _ => None,
            };
            self.ui.show(&arrival).map_err(Failure::Output)?;
        }
        Ok(())
    }

    fn closed(&mut self, error: Option<io::Error>) -> Result<(), Failure> {
        match (self.phase, error) {
            (Phase::Parting, _) => {
                self.phase = Phase::Over;
                Ok(())
            }
            (_, Some(error)) if self.last_words.is_none() => Err(Failure::Transport(error)),
            _ => Err(Failure::CutOff(self.last_words.take())),
        }
    }

    /// A write that fails is no end: the server's last words may still be read.
    fn sent(&mut self, sent: io::Result<()>) {
        if sent.is_err() {
            self.outgoing.give_up();
        }
    }

    fn typed(&mut self, line: io::Result<Option<String>>) -> Result<(), Failure> {
        let line = line.map_err(Failure::Input)?;
        let wish = line.map_or(Wish::Quit, |line| self.ui.understand(&line));
        let tell = match wish {
            Wish::Nothing => return Ok(()),
            Wish::Say(saying) => {
                let out = &mut self.outgoing.bytes;
                self.client.say(saying, now(), out);
                return self.show_arrivals();
            }
            Wish::Quit => {
                self.enter(Phase::Finishing);
                return Ok(());
            }
            Wish::Help => format!("{HELP}\n{}", self.commands).trim_end().to_owned(),
            Wish::Who => match self.client.who() {
                Some(names) => format!("here: {}", names.join(", ")),
                None => match self.command("who", "") {
                    Some(Ok(())) => return self.show_arrivals(),
                    Some(Err(wrong)) => wrong,
                    None => "this dialect does not tell who is here".to_owned(),
                },
            },
            Wish::Command { word, rest } => match self.command(&word, &rest) {
                Some(Ok(())) => return self.show_arrivals(),
                Some(Err(wrong)) => wrong,
                None => format!("/{word} is unknown; /help tells what there is"),
            },
            Wish::Wrong(words) => words,
        };
        let arrival = Arrival::Notice(tell);
        self.ui.show(&arrival).map_err(Failure::Output)
    }

    fn command(&mut self, word: &str, rest: &str) -> Option<Result<(), String>> {
        let out = &mut self.outgoing.bytes;
        self.client.command(word, rest, now(), out)
    }

    /// What is due after each step.
    fn turn(&mut self) -> Result<(), Failure> {
        if self.phase == Phase::Entering && self.client.is_in() {
            self.ui.open().map_err(Failure::Input)?;
            self.enter(Phase::Talking);
        }
        while let Some(errand) = self.client.errand() {
            let server = self.server.clone();
            self.errands.spawn(async move {
                let stream = server.connect().await.map_err(|error| error.to_string())?;
                errand(stream).await
            });
        }
        if self.phase == Phase::Finishing && self.client.is_settled() && self.errands.is_empty() {
            self.client.farewell(now(), &mut self.outgoing.bytes);
            self.outgoing.end();
            self.enter(Phase::Parting);
        }
        Ok(())
    }

    fn errand_done(
        &mut self,
        done: Result<Result<String, String>, JoinError>,
    ) -> Result<(), Failure> {
        self.patient_since = Instant::now();
        let arrival = match done.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(told) => Arrival::Notice(told),
            Err(reason) => {
                self.not_accepted += 1;
                Arrival::NotAccepted(reason)
            }
        };
        self.ui.show(&arrival).map_err(Failure::Output)
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.patient_since = Instant::now();
    }

    fn deadline(&self) -> Instant {
        let wait = match self.phase {
            Phase::Finishing if !self.errands.is_empty() => NEVER,
            Phase::Entering | Phase::Finishing => PATIENCE,
            Phase::Parting => PARTING_TIME,
            Phase::Talking | Phase::Over => NEVER,
        };
        self.patient_since + wait
    }

    fn waited(&mut self) -> Result<(), Failure> {
        match self.phase {
            Phase::Parting => {
                self.phase = Phase::Over;
                Ok(())
            }
            Phase::Talking | Phase::Over => Ok(()),
            Phase::Entering | Phase::Finishing => Err(Failure::Silence(PATIENCE.as_secs())),
        }
    }

    /// A person saw what was refused, and went on; a pipe's caller wants to know.
    fn outcome(&self) -> Result<(), Failure> {
        if self.not_accepted > 0 && self.ui.is_pipe() {
            return Err(Failure::NotAccepted(self.not_accepted));
        }
        Ok(())
    }
}

/// Seconds since 1970, UTC; 0 on a clock before that.
fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs().cast_signed())
}
