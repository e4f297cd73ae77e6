//! A client of the protocol, without I/O and without a clock: bytes in, events out; requests append bytes to a buffer.
//!
//! Answers bear no number of their request. So one request is open at a time, and a frame is its answer when it is what
//! the request is answered with; only messages, whose answer is their echo, are sent several at once.

mod exchange;

use crate::Id;
use crate::codec::ClientCodec;
use crate::error::{BadFrame, DecodeError};
use crate::flavor::Flavor;
use crate::number::ErrorCode;
use crate::request::Request;
use crate::secret::Secret;
use crate::server::ServerFrame;
use bytes::BytesMut;
use exchange::{Exchange, is_only_an_answer};
use std::collections::VecDeque;
use tokio_util::codec::Decoder;

/// The longest line that is read: a history of long messages.
const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

/// What opens a session.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// An account's login and the hash of its password, see [`Secret::of_password`].
    Password {
        /// The unique name of the account.
        login: String,
        /// The hash of its password.
        pass: Secret,
    },
    /// The same, for an account that is made first; where there is one of this login, it may be one's own.
    SignUp {
        /// The login, which becomes the name that is shown, too.
        login: String,
        /// The hash of the password that it is to have.
        pass: Secret,
    },
    /// What [`Event::LoggedIn`] told, or an API token.
    Token(Secret),
}

/// A client: it logs in by itself, sends one request after the other, and finds their answers among what servers tell.
///
/// `T` is what the caller wants to have back with the answer to a request: why it asked.
///
/// A bot that answers each "ping" in the rooms that its account is in:
///
/// ```
/// use bytes::BytesMut;
/// use tolmach_uchat::{Client, Credentials, Event, Flavor, MessageType, Request, ServerFrame};
///
/// let mut client = Client::new(Flavor::Field, Credentials::Token("c0ffeebot".into()));
/// let mut out = BytesMut::new();
/// client.open(&mut out);
/// // What a socket would bring: logged in, and a message in room 7.
/// let mut input = BytesMut::from(
///     "{\"type\":2,\"token\":\"c0ffeebot\",\"login\":\"bot\",\"desc\":\"\"}\n\
///      {\"type\":3,\"message_id\":1,\"room_id\":7,\"user_id\":2,\"date\":0,\"message\":\"ping\",\"msg_type\":0}\n",
/// );
/// while let Some(event) = client.next(&mut input, &mut out)? {
///     match event {
///         Event::Told(ServerFrame::Message(said)) if said.message == "ping" => {
///             let (room, message, kind) = (said.room_id, "pong".into(), MessageType::Text);
///             client.ask(Request::Message { room, message, kind }, (), &mut out);
///         }
///         Event::Refused(refusal) => eprintln!("not logged in: {}", refusal.reason),
///         _ => {}
///     }
/// } // … and `out` would be written to the socket.
/// assert!(out.ends_with(b"{\"type\":3,\"room_id\":7,\"message\":\"pong\",\"msg_type\":0}\n"));
/// # Ok::<(), tolmach_uchat::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct Client<T = ()> {
    codec: ClientCodec,
    credentials: Credentials,
    /// The token of a session that goes on over this connection.
    resumed: Option<Secret>,
    token: Option<Secret>,
    login: String,
    exchange: Exchange<Asked<T>>,
    events: VecDeque<Event<T>>,
}

/// Why something was asked.
#[derive(Debug)]
enum Asked<T> {
    SignUp,
    LogIn,
    Caller(T),
}

/// What a server's bytes mean to a [`Client`].
#[derive(Debug, PartialEq, Eq)]
pub enum Event<T = ()> {
    /// The connection is somebody's now.
    LoggedIn {
        /// Who the connection belongs to.
        login: String,
        /// What logs in again, and opens connections for files.
        token: Secret,
    },
    /// The server does not let this client in.
    Refused(Refusal),
    /// A request has its answer; a message's is its echo.
    Answered {
        /// What [`Client::ask`] was given with it.
        asked: T,
        /// The frame that carries it out, or why it was not.
        answer: Result<ServerFrame<'static>, Refusal>,
    },
    /// The server tells something that answers nothing.
    Told(ServerFrame<'static>),
    /// An error that answers nothing.
    Stray(Refusal),
    /// A frame cannot be understood, and is no answer.
    Bad(BadFrame),
}

/// What an RQ_ERROR_MSG says: PROTOCOL.md 3.6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What went wrong, for programs.
    pub code: ErrorCode,
    /// What went wrong, for people.
    pub reason: String,
}

impl<T> Client<T> {
    /// A client that has said nothing yet, of a server of this flavor.
    pub fn new(flavor: Flavor, credentials: Credentials) -> Self {
        Self {
            codec: ClientCodec::new(flavor, MAX_LINE_BYTES),
            credentials,
            resumed: None,
            token: None,
            login: String::new(),
            exchange: Exchange::default(),
            events: VecDeque::new(),
        }
    }

    /// A client for another connection after this one's was lost. It goes on with the session if there is one, else it logs in.
    #[must_use]
    pub fn again(&self, flavor: Flavor) -> Self {
        Self {
            resumed: self.token.clone(),
            ..Self::new(flavor, self.credentials.clone())
        }
    }

    /// Says who one is: [`Event::LoggedIn`] or [`Event::Refused`] follows.
    pub fn open(&mut self, out: &mut BytesMut) {
        if let Some(token) = self.resumed.take() {
            return self
                .exchange
                .ask(Request::Token { token }, Asked::LogIn, out);
        }
        let (request, asked) = match self.credentials.clone() {
            Credentials::Password { login, pass } => (Request::LogIn { login, pass }, Asked::LogIn),
            Credentials::Token(token) => (Request::Token { token }, Asked::LogIn),
            Credentials::SignUp { login, pass } => {
                let request = Request::SignUp {
                    name: login.clone(),
                    login,
                    pass,
                    desc: String::new(),
                };
                (request, Asked::SignUp)
            }
        };
        self.exchange.ask(request, asked, out);
    }

    /// Asks when its turn comes. The answer is an [`Event::Answered`] with `asked`.
    pub fn ask(&mut self, request: Request, asked: T, out: &mut BytesMut) {
        self.exchange.ask(request, Asked::Caller(asked), out);
    }

    /// Asks before all that waits for its turn.
    pub fn ask_first(&mut self, request: Request, asked: T, out: &mut BytesMut) {
        self.exchange.ask_first(request, Asked::Caller(asked), out);
    }

    /// Ends the session's token at once, whatever waits for an answer: a farewell. A token that was given goes on.
    pub fn log_out(&mut self, out: &mut BytesMut) {
        let is_given = matches!(self.credentials, Credentials::Token(_));
        if let Some(token) = self.token.take_if(|_| !is_given) {
            Request::LogOut { token }.write(out);
        }
    }

    /// The session's token, which connections for files need; none before the login and after the session.
    pub fn token(&self) -> Option<&Secret> {
        self.token.as_ref()
    }

    /// Whose the connection is; empty before the login.
    pub fn login(&self) -> &str {
        &self.login
    }

    /// One's own id, once a server told it.
    pub fn user(&self) -> Option<Id> {
        self.exchange.user
    }

    /// Why each request was asked that has no answer, or is not sent yet, the oldest first.
    pub fn unanswered(&self) -> impl Iterator<Item = &T> {
        self.exchange.asked().filter_map(|asked| match asked {
            Asked::Caller(asked) => Some(asked),
            Asked::SignUp | Asked::LogIn => None,
        })
    }

    /// The next thing that happened; `None` when `input` holds no whole frame any more.
    ///
    /// # Errors
    /// The stream cannot be read any further.
    pub fn next(
        &mut self,
        input: &mut BytesMut,
        out: &mut BytesMut,
    ) -> Result<Option<Event<T>>, DecodeError> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            match self.codec.decode(input)? {
                None => return Ok(None),
                Some(Ok(frame)) => self.frame(frame, out),
                Some(Err(bad)) => self.bad(bad, out),
            }
        }
    }

    fn frame(&mut self, frame: ServerFrame<'static>, out: &mut BytesMut) {
        if let ServerFrame::Error { code, text } = frame {
            let reason = match &*text {
                "" => format!("error {}", code.number()),
                _ => text.into_owned(),
            };
            return self.failed(Refusal { code, reason }, out);
        }
        self.learn(&frame);
        let outcomes = self.exchange.heard(&frame, out);
        if outcomes.is_empty() {
            return self.events.push_back(Event::Told(frame));
        }
        let mut frame = Some(frame);
        for (asked, outcome) in outcomes {
            match outcome {
                Some(refusal) => self.answered(asked, Err(refusal), out),
                None => {
                    if let Some(frame) = frame.take() {
                        self.answered(asked, Ok(frame), out);
                    }
                }
            }
        }
    }

    /// What frames tell of oneself.
    fn learn(&mut self, frame: &ServerFrame<'_>) {
        match frame {
            ServerFrame::Members { members, .. } => {
                let me = members.iter().find(|member| member.login == self.login);
                self.exchange.user = me.map(|me| me.id).or(self.exchange.user);
            }
            ServerFrame::NewMember { user, login, .. } if *login == self.login => {
                self.exchange.user = Some(*user);
            }
            ServerFrame::LogOut { .. } => self.token = None,
            _ => {}
        }
    }

    /// A frame that cannot be understood: of what was asked, it is the answer.
    fn bad(&mut self, bad: BadFrame, out: &mut BytesMut) {
        if self.exchange.is_empty() || !bad.request.is_some_and(is_only_an_answer) {
            return self.events.push_back(Event::Bad(bad));
        }
        let refusal = Refusal {
            code: ErrorCode::Server,
            reason: format!("not understood: {bad}"),
        };
        self.failed(refusal, out);
    }

    fn failed(&mut self, refusal: Refusal, out: &mut BytesMut) {
        match self.exchange.failed(refusal, out) {
            Ok(refused) => {
                for (asked, refusal) in refused {
                    self.answered(asked, Err(refusal), out);
                }
            }
            Err(refusal) => self.events.push_back(Event::Stray(refusal)),
        }
    }

    fn answered(
        &mut self,
        asked: Asked<T>,
        answer: Result<ServerFrame<'static>, Refusal>,
        out: &mut BytesMut,
    ) {
        let event = match (asked, answer) {
            (Asked::Caller(asked), answer) => Event::Answered { asked, answer },
            (Asked::SignUp, Err(refusal)) if refusal.code == ErrorCode::UserExists => {
                return self.log_in_instead(out);
            }
            (Asked::SignUp | Asked::LogIn, Err(refusal)) => Event::Refused(refusal),
            (Asked::SignUp | Asked::LogIn, Ok(frame)) => self.logged_in(frame),
        };
        self.events.push_back(event);
    }

    /// There is an account of the login already.
    fn log_in_instead(&mut self, out: &mut BytesMut) {
        if let Credentials::SignUp { login, pass } = &self.credentials {
            let (login, pass) = (login.clone(), pass.clone());
            self.credentials = Credentials::Password { login, pass };
            self.open(out);
        }
    }

    fn logged_in(&mut self, frame: ServerFrame<'static>) -> Event<T> {
        let ServerFrame::Token { token, login, .. } = frame else {
            return Event::Told(frame);
        };
        let token = Secret(token.0.into_owned());
        self.login = login.into_owned();
        self.token = Some(token.clone());
        let login = self.login.clone();
        Event::LoggedIn { login, token }
    }
}
