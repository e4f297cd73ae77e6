//! The one loop that every dialect shares.
//!
//! ```text
//!             ┌───────────── cut off, on a terminal: after a pause ─────────────┐
//!             ▼                                                                 │
//! connect ─▶ Entering ──in the room──▶ Talking ──end of input──▶ Finishing ──all accepted──▶ Parting ──the server closes──▶ 0
//!                └─────────────── refused, cut off, no answer ───────────────┘
//!
//! Where the client wants another connection, Entering and Talking become Moving until the server has closed this one; then it begins anew.
//! ```

use super::again::{Tries, Unconfirmed};
use super::failure::Failure;
use super::line::{self, Wish};
use super::outgoing::Outgoing;
use super::recognition::Recognition;
use super::server::Server;
use super::ui::{Input, Standing, Ui};
use crate::dialects::client::{Arrival, ChatClient, MAX_UNANSWERED, Saying, Stream};
use bytes::BytesMut;
use std::collections::VecDeque;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::AsyncReadExt;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, interval_at, sleep_until};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a server may say nothing at all.
const FIRST_WORD: Duration = Duration::from_secs(10);

/// How long the server may take to close after the farewell; then this side does.
const PARTING_TIME: Duration = Duration::from_secs(15);

/// A time that does not come.
const NEVER: Duration = Duration::from_secs(86400 * 365);

/// Where a session stands; the picture is above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Entering,
    Talking,
    /// On the way to another connection, which the server's close of this one begins.
    Moving,
    Finishing,
    Parting,
    Over,
}

/// A chat over one connection after the other.
pub(super) struct Session {
    server: Server,
    /// What goes on over connections of its own.
    errands: JoinSet<Result<String, String>>,
    client: Box<dyn ChatClient>,
    /// What is shown for `/help`.
    help: String,
    recognition: Recognition,
    ui: Ui,
    phase: Phase,
    input: BytesMut,
    outgoing: Outgoing,
    /// When the server last answered, or the phase began.
    patient_since: Instant,
    /// What the server last said that may be the reason for what follows.
    last_words: Option<String>,
    /// Whether the server has closed the connection that was to be closed.
    is_closed: bool,
    not_accepted: usize,
    tries: Tries,
    unconfirmed: Unconfirmed,
    /// What was said over a connection that is gone, and did not arrive.
    to_repeat: VecDeque<Saying>,
    /// One's own name, once it is told.
    name: Option<String>,
    /// Why the last try failed.
    told_reason: Option<String>,
}

impl Session {
    pub(super) fn new(
        server: Server,
        client: Box<dyn ChatClient>,
        help: String,
        recognition: Recognition,
        ui: Ui,
    ) -> Self {
        Self {
            server,
            errands: JoinSet::new(),
            client,
            help,
            recognition,
            ui,
            phase: Phase::Entering,
            input: BytesMut::new(),
            outgoing: Outgoing::default(),
            patient_since: Instant::now(),
            last_words: None,
            is_closed: false,
            not_accepted: 0,
            tries: Tries::default(),
            unconfirmed: Unconfirmed::default(),
            to_repeat: VecDeque::new(),
            name: None,
            told_reason: None,
        }
    }

    /// Chats until the input ends and everything was accepted, or until it cannot go on.
    ///
    /// # Errors
    /// Why it cannot.
    pub(super) async fn run(mut self) -> Result<(), Failure> {
        loop {
            let ended = match self.connect().await {
                Ok(Some(stream)) => self.converse(stream).await,
                Ok(None) => return Ok(()),
                Err(failure) => Err(failure),
            };
            let failure = match ended {
                Ok(()) if self.phase == Phase::Moving => {
                    self.begin_anew();
                    continue;
                }
                Ok(()) => return self.outcome(),
                Err(failure) => failure,
            };
            let is_there =
                !self.ui.is_pipe() && matches!(self.phase, Phase::Entering | Phase::Talking);
            let Some(pause) = self
                .tries
                .pause(&failure)
                .filter(|_| is_there && self.client.lost())
            else {
                return Err(failure);
            };
            self.begin_anew();
            self.ui.stands(Standing::Away).map_err(Failure::Output)?;
            let reason = failure.to_string();
            // Of many tries that fail for the same reason the first is told.
            if self.told_reason.as_ref() != Some(&reason) {
                let seconds = pause.as_secs_f64().ceil();
                let told = format!("{reason}; the next try is in {seconds} s");
                self.show(&Arrival::Warning(told))?;
                self.told_reason = Some(reason);
            }
            let next = Instant::now() + pause;
            if self.until_one_leaves(sleep_until(next)).await?.is_none() {
                return Ok(());
            }
        }
    }

    /// What belonged to a connection is gone with it.
    fn begin_anew(&mut self) {
        self.enter(Phase::Entering);
        self.is_closed = false;
        self.outgoing = Outgoing::default();
        self.input.clear();
    }

    /// A connection; none where the person leaves first.
    async fn connect(&mut self) -> Result<Option<Box<dyn Stream>>, Failure> {
        let server = self.server.clone();
        self.until_one_leaves(server.connect()).await?.transpose()
    }

    /// What comes of this; nothing where the person leaves first.
    async fn until_one_leaves<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<Option<T>, Failure> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(Some(done)),
                left = self.ui.next(false) => match left.map_err(Failure::Input)? {
                    Input::End | Input::Leave => return Ok(None),
                    // None is taken.
                    Input::Line(_) => {}
                },
            }
        }
    }

    /// Chats over one connection.
    async fn converse(&mut self, stream: Box<dyn Stream>) -> Result<(), Failure> {
        let (mut reader, mut writer) = tokio::io::split(stream);
        self.enter(Phase::Entering);
        self.client.open(now(), &mut self.outgoing.bytes);
        let every = self.client.keep_alive_every().unwrap_or(NEVER);
        let mut keep_alive = interval_at(Instant::now() + every, every);
        while self.phase != Phase::Over {
            if self.phase == Phase::Moving && self.is_closed {
                return Ok(());
            }
            let (takes_lines, has_output) = (self.takes_lines(), self.outgoing.is_waiting());
            let deadline = self.deadline();
            tokio::select! {
                read = reader.read_buf(&mut self.input) => self.heard(read)?,
                sent = self.outgoing.advance(&mut writer), if has_output => self.sent(sent),
                input = self.ui.next(takes_lines) => self.take(input)?,
                Some(done) = self.errands.join_next() => self.errand_done(done)?,
                _ = keep_alive.tick() => self.client.keep_alive(&mut self.outgoing.bytes),
                () = sleep_until(deadline) => self.waited()?,
            }
            self.turn()?;
        }
        Ok(())
    }

    fn takes_lines(&self) -> bool {
        self.is_ready() && self.to_repeat.is_empty()
    }

    /// Whether something can be said now.
    fn is_ready(&self) -> bool {
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
            Ok(_) if self.phase == Phase::Moving => {
                self.input.clear();
                return Ok(());
            }
            Ok(count) if self.phase == Phase::Entering => {
                let begin = self.input.len().saturating_sub(count);
                self.recognition
                    .hear(self.input.get(begin..).unwrap_or_default())?;
            }
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
            match &arrival {
                Arrival::LoggedIn { name, .. } => self.name = Some(name.clone()),
                // What was missed may be what one said oneself.
                Arrival::Said(said)
                    if said.own
                        || self.phase == Phase::Entering
                            && self.name.as_ref() == Some(&said.from) =>
                {
                    self.unconfirmed.heard(said);
                }
                _ => {}
            }
            self.ui.show(&arrival).map_err(Failure::Output)?;
            if matches!(arrival, Arrival::Entered { .. } | Arrival::Presence(_)) {
                self.ui.learn(&self.client.known());
            }
        }
        if self.phase != Phase::Entering && self.client.unanswered() == 0 {
            self.unconfirmed.clear();
        }
        Ok(())
    }

    fn show(&mut self, arrival: &Arrival) -> Result<(), Failure> {
        self.ui.show(arrival).map_err(Failure::Output)
    }

    fn closed(&mut self, error: Option<io::Error>) -> Result<(), Failure> {
        match (self.phase, error) {
            (Phase::Parting, _) => {
                self.phase = Phase::Over;
                Ok(())
            }
            (Phase::Moving, _) => {
                self.is_closed = true;
                Ok(())
            }
            (_, None) if !self.recognition.has_heard() => {
                Err(self.recognition.nothing(Failure::CutOff(None).to_string()))
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

    fn take(&mut self, input: io::Result<Input>) -> Result<(), Failure> {
        match (input.map_err(Failure::Input)?, self.phase) {
            (Input::Line(line), _) => self.typed(&line),
            (Input::End, Phase::Talking) => {
                self.enter(Phase::Finishing);
                Ok(())
            }
            (Input::Leave, Phase::Talking | Phase::Finishing) => {
                self.part();
                Ok(())
            }
            (Input::End, Phase::Finishing | Phase::Parting) => Ok(()),
            (Input::End, Phase::Entering | Phase::Moving | Phase::Over) | (Input::Leave, _) => {
                self.phase = Phase::Over;
                Ok(())
            }
        }
    }

    fn typed(&mut self, line: &str) -> Result<(), Failure> {
        let tell = match self.ui.understand(line) {
            Wish::Nothing => return Ok(()),
            Wish::Say(saying) => {
                self.say(saying);
                return self.show_arrivals();
            }
            Wish::Quit => {
                self.enter(Phase::Finishing);
                return Ok(());
            }
            Wish::Help => self.help.clone(),
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
                None => line::unknown(&word, &self.help),
            },
            Wish::Wrong(words) => words,
        };
        self.show(&Arrival::Notice(tell))
    }

    fn say(&mut self, saying: Saying) {
        self.unconfirmed.said(&saying);
        self.client.say(saying, now(), &mut self.outgoing.bytes);
    }

    fn command(&mut self, word: &str, rest: &str) -> Option<Result<(), String>> {
        let out = &mut self.outgoing.bytes;
        self.client.command(word, rest, now(), out)
    }

    /// What is due after each step.
    fn turn(&mut self) -> Result<(), Failure> {
        if self.phase == Phase::Entering && self.client.is_in() {
            self.is_in()?;
        }
        if matches!(self.phase, Phase::Entering | Phase::Talking) && self.client.moves() {
            self.outgoing.end();
            self.enter(Phase::Moving);
        }
        while self.is_ready()
            && let Some(saying) = self.to_repeat.pop_front()
        {
            self.say(saying);
        }
        while let Some(errand) = self.client.errand() {
            let server = self.server.clone();
            self.errands.spawn(async move {
                let stream = server.connect().await.map_err(|error| error.to_string())?;
                errand(stream).await
            });
        }
        if self.phase == Phase::Finishing && self.client.is_settled() && self.errands.is_empty() {
            self.part();
        }
        Ok(())
    }

    /// One is in the room, perhaps again: what had no answer and did not arrive is said once more.
    fn is_in(&mut self) -> Result<(), Failure> {
        self.ui.stands(Standing::In).map_err(Failure::Input)?;
        self.enter(Phase::Talking);
        self.tries.entered();
        self.told_reason = None;
        for saying in self.unconfirmed.take() {
            if self.client.told_missed(&saying) {
                self.to_repeat.push_back(saying);
            } else {
                let told = format!(
                    "the server did not say whether it has this: {}",
                    saying.text
                );
                self.show(&Arrival::NotAccepted(told))?;
            }
        }
        Ok(())
    }

    fn part(&mut self) {
        self.client.farewell(now(), &mut self.outgoing.bytes);
        self.outgoing.end();
        self.enter(Phase::Parting);
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
        self.show(&arrival)
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.patient_since = Instant::now();
    }

    fn deadline(&self) -> Instant {
        let wait = match self.phase {
            Phase::Finishing if !self.errands.is_empty() => NEVER,
            Phase::Entering if !self.recognition.has_heard() => FIRST_WORD,
            Phase::Entering | Phase::Finishing => PATIENCE,
            Phase::Parting | Phase::Moving => PARTING_TIME,
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
            Phase::Moving => {
                self.is_closed = true;
                Ok(())
            }
            Phase::Talking | Phase::Over => Ok(()),
            Phase::Entering if !self.recognition.has_heard() => {
                let silence = format!(
                    "the server said nothing for {} seconds",
                    FIRST_WORD.as_secs()
                );
                Err(self.recognition.nothing(silence))
            }
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
pub(crate) fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs().cast_signed())
}
