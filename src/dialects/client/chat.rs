//! What a client of any dialect can do, without I/O and without a clock.

use bytes::BytesMut;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// How many messages may wait for the server's word. Input waits for its turn beyond that.
pub const MAX_UNANSWERED: usize = 32;

/// What an emote's text begins with, in dialects that have no other mark.
pub const EMOTE: &str = "/me ";

/// A client of one dialect: bytes in, arrivals out; what is said in, bytes out.
///
/// `now` is in seconds since 1970, UTC. Whatever is to be sent is appended to `out`.
pub trait ChatClient: Send {
    /// The connection stands: says who one is.
    fn open(&mut self, now: i64, out: &mut BytesMut);

    /// The next thing that arrived; `None` when `input` holds no whole one any more. Answers what only a
    /// client's program has to answer (a probe) by itself.
    ///
    /// # Errors
    /// [`ChatError::Refused`] where the server does not let this user in, [`ChatError::Garbled`] where nothing
    /// that follows can be understood.
    fn hear(
        &mut self,
        input: &mut BytesMut,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<Option<Arrival>, ChatError>;

    /// Whether one is in the room, and not on the way to another. Nothing can be said before.
    fn is_in(&self) -> bool;

    /// Says something, as soon as fewer than [`MAX_UNANSWERED`] messages wait for an answer. What comes of it at once is
    /// [heard](Self::hear).
    fn say(&mut self, saying: Saying, now: i64, out: &mut BytesMut);

    /// How many messages have no answer yet, or are not sent yet.
    fn unanswered(&self) -> usize;

    /// Whether there is nothing to wait for before the farewell.
    fn is_settled(&self) -> bool {
        self.unanswered() == 0
    }

    /// The time after which [`keep_alive`](Self::keep_alive) is due, again and again.
    fn keep_alive_every(&self) -> Option<Duration> {
        None
    }

    /// Says that one is still there.
    fn keep_alive(&mut self, _out: &mut BytesMut) {}

    /// The connection is gone, and another one may be [opened](Self::open): forgets what belonged to it. What was heard is
    /// remembered, to tell what was missed, and that alone, before one [is in](Self::is_in) again. False where the dialect
    /// cannot come again.
    fn lost(&mut self) -> bool {
        false
    }

    /// Whether this would have been told by now if it had arrived over a connection that was lost.
    fn told_missed(&self, _saying: &Saying) -> bool {
        false
    }

    /// Whether the next thing is another connection in place of this one, which the server closes: to be in another room,
    /// where a connection is in one. It is asked once for each time.
    fn moves(&mut self) -> bool {
        false
    }

    /// Says farewell; the server is to close.
    fn farewell(&mut self, now: i64, out: &mut BytesMut);

    /// The names of those who are in the room, where they are known.
    fn who(&self) -> Option<Vec<String>> {
        None
    }

    /// Names of people, and of rooms with a `#`, of whom and which was heard.
    fn known(&self) -> Vec<String> {
        Vec::new()
    }

    /// Carries out a command that only this dialect has: the word behind the `/`, and what follows it. Answers
    /// arrive; an error is to be told at once. `None` where there is no such command.
    fn command(
        &mut self,
        _word: &str,
        _rest: &str,
        _now: i64,
        _out: &mut BytesMut,
    ) -> Option<Result<(), String>> {
        None
    }

    /// The next thing to do over a connection of its own.
    fn errand(&mut self) -> Option<Errand> {
        None
    }
}

/// A connection of its own to the server, for an [`Errand`].
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// What is done over a connection of its own: what to tell of it, or why it failed. It gives up by itself on a
/// server that does nothing.
pub type Errand = Box<dyn FnOnce(Box<dyn Stream>) -> ErrandOutcome + Send>;

/// An [`Errand`] under way.
pub type ErrandOutcome = Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;

/// Something to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// The one it is for; for the room if none.
    pub to: Option<String>,
    /// The text, an emote's without "/me ".
    pub text: String,
    /// Whether it is an emote ("/me").
    pub emote: bool,
}

impl Saying {
    /// The text, an emote's with [`EMOTE`].
    #[must_use]
    pub fn marked_text(&self) -> String {
        let mark = if self.emote { EMOTE } else { "" };
        format!("{mark}{}", self.text)
    }

    /// What is shown of it once it is accepted: said by `from` at this time, in `room` where it was for the room.
    #[must_use]
    pub fn echo(self, from: &str, room: &str, time: i64) -> Arrival {
        let place = match self.to {
            None => Place::Room(room.to_owned()),
            Some(to) => Place::PrivateTo(to),
        };
        Arrival::Said(Said {
            place,
            from: from.to_owned(),
            text: self.text,
            emote: self.emote,
            own: true,
            time,
        })
    }
}

/// Something that arrived, to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// Someone said something, or what one said oneself is accepted.
    Said(Said),
    /// Someone came, went, is silent or back; who is there.
    Presence(String),
    /// The server knows who one is.
    LoggedIn {
        /// The name that one has.
        name: String,
        /// The server's answer as it came, for who wants to see it; else none.
        answer: Option<String>,
    },
    /// One is in this room now, and what one says is said there.
    Entered {
        /// Its name without `#`.
        room: String,
        /// The server's answer as it came, for who wants to see it; else none.
        answer: Option<String>,
    },
    /// The server's answer or notice.
    Notice(String),
    /// An important notice: these may be the server's last words.
    Warning(String),
    /// Something that was said is not accepted.
    NotAccepted(String),
}

/// Something that someone said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// To whom it was said.
    pub place: Place,
    /// The name of the user who said it.
    pub from: String,
    /// The text as it came, an emote's without "/me ". It may hold anything.
    pub text: String,
    /// Whether it is an emote.
    pub emote: bool,
    /// Whether this client said it: accepted now.
    pub own: bool,
    /// When, in seconds since 1970, UTC; 0 where it was not told.
    pub time: i64,
}

/// To whom something is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// To a room; its name without `#`.
    Room(String),
    /// To this client's user alone.
    Private,
    /// By oneself, to this one alone.
    PrivateTo(String),
}

/// What proves who one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A password, for which a person can be asked.
    Password,
    /// A token, from the command line.
    Token,
    /// A token where there is one, else a password.
    Either,
}

/// Who wants to go where.
#[derive(Clone, Default)]
pub struct Identity {
    /// The name to come in with (`--user`).
    pub user: Option<String>,
    /// The account's password; never empty.
    pub password: Option<String>,
    /// A secret that says who one is (`--token`).
    pub token: Option<String>,
    /// The room's name, without `#`.
    pub room: String,
    /// What the room may ask for. Never empty.
    pub room_password: Option<String>,
    /// What the gateway's own user is called, where it is asked what the dialect has no frames for.
    pub gateway: String,
    /// The dialect's revision, one of those that it has.
    pub revision: u8,
    /// Whether to make the account first.
    pub sign_up: bool,
}

/// What ends a chat badly, as the dialect's client sees it.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// The server does not let this user, or anyone, into the room; with its reason.
    #[error("refused: {0}")]
    Refused(String),

    /// What the server sends cannot be read any further.
    #[error("the server does not speak this dialect: {0}")]
    Garbled(String),
}
