//! A client of the protocol, without I/O and without a clock: bytes in, events out; requests append bytes to a buffer.
//!
//! ```text
//!  bytes ──▶ next ──▶ Event                    open, ask, keep_session, disconnect ──▶ bytes
//!              └──── answers to HEARTBEAT, DISCONNECT and notifications ────────────────▲
//! ```

use crate::answer::Answer;
use crate::client_frame::{ClientBody, ClientFrame};
use crate::codec::ClientCodec;
use crate::error::{BadFrame, DecodeError};
use crate::limits::SKIPPED_BYTES;
use crate::notification::Notification;
use crate::request::{Request, RequestKind};
use crate::revision::Revision;
use crate::server_frame::{ServerBody, ServerFrame};
use crate::structures::{ChatInfo, Message};
use crate::text::{Secret, Text};
use bytes::{Bytes, BytesMut};
use std::collections::{BTreeMap, VecDeque};
use tokio_util::codec::Decoder;

/// How many requests may be open at once; the others wait for their turn. Task ids are bytes: PROTOCOL.md 2.3.
const MAX_OPEN: usize = 64;

/// What opens a session.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// An account's login and password.
    Password {
        /// The unique name of the account.
        login: String,
        /// The password itself: it goes over the wire as it is.
        password: Secret,
    },
    /// The same, for an account that is made first. Only revision 2 can: the other one is [`Event::Refused`].
    SignUp {
        /// The unique name that the account is to have.
        login: String,
        /// The password that it is to have.
        password: Secret,
    },
    /// A session that [`Event::LoggedIn`] told, or an API token.
    Session {
        /// The number of the session or token.
        id: i32,
        /// The session's hash, or the token.
        hash: Secret,
    },
}

/// A client: it logs in by itself, numbers requests and finds their answers, and answers what servers ask and tell.
///
/// `T` is what the caller wants to have back with the answer to a request: why it asked.
///
/// ```text
///  open ──▶ HELLO ──▶ REGISTER_USER ──▶ LOGIN ──▶ Event::LoggedIn
///             │  ╲      (SignUp)   ╲    or RESTORE_SESSION
///             ╰───┴──── DECLINED ───┴──────┴───▶ Event::Refused
/// ```
///
/// A bot that answers each "ping" in the chats that its account is in:
///
/// ```
/// use bytes::BytesMut;
/// use tolmach_purpose::{Client, Credentials, Event, Request, Revision};
///
/// let credentials = Credentials::Password { login: "bot".into(), password: "secret".into() };
/// let mut client = Client::new(Revision::Two, credentials);
/// let mut out = BytesMut::new();
/// client.open(&mut out);
/// // What a socket would bring: HELLO accepted, LOGIN accepted, a message in chat 7.
/// for received in [
///     &b"\0\0\0\0\x00\0"[..],
///     b"\x0a\0\0\0\x00\x01\x03\0\0\0h\0\x05\0\0\0",
///     b"\x22\0\0\0\x30\x09\x01\0\0\0\x02\0\0\0\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0ping\0",
/// ] {
///     let mut input = BytesMut::from(received);
///     while let Some(event) = client.next(&mut input, &mut out)? {
///         if let Event::Messages(messages) = event {
///             for message in messages.iter().filter(|message| message.text == "ping") {
///                 let (chat, text) = (message.chat_id, "pong".into());
///                 client.ask(Request::Send { chat, text }, (), &mut out);
///             }
///         }
///     }
///     // … and `out` would be written to the socket.
/// }
/// assert!(out.ends_with(b"pong\0\0\0\0\0\x00\x09")); // said, and the notification accepted
/// # Ok::<(), tolmach_purpose::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct Client<T = ()> {
    codec: ClientCodec,
    /// `None` once it is used.
    credentials: Option<Credentials>,
    open: BTreeMap<u8, (RequestKind, Asked<T>)>,
    waiting: VecDeque<(Request, Asked<T>)>,
    next_task: u8,
    /// The ACCEPTED of what was given last.
    owed: Option<(u8, Bytes)>,
    /// The SESSION_DATA that waits for [`Client::keep_session`].
    renewal: Option<u8>,
}

/// Why something was asked.
#[derive(Debug)]
enum Asked<T> {
    Hello,
    SignUp { login: String, password: Secret },
    LogIn,
    Caller(T),
}

/// What a server's bytes mean to a [`Client`].
#[derive(Debug, PartialEq, Eq)]
pub enum Event<T = ()> {
    /// There is a session, which is this connection's now.
    LoggedIn {
        /// Whose; 0 where revision 1 does not tell it.
        user: i32,
        /// What restores the session later: its id and hash; none where it was restored.
        session: Option<(i32, Secret)>,
    },
    /// The server does not let this client in, for this reason.
    Refused(String),
    /// A request has its answer.
    Answered {
        /// What [`Client::ask`] was given with it.
        asked: T,
        /// What ACCEPTED contained, or why it was DECLINED or not understood.
        answer: Result<Answer, String>,
    },
    /// Messages that are new, edited or deleted. As the events below it is accepted when the next event is asked for.
    Messages(Vec<Message>),
    /// The user joined this chat through another connection.
    Joined(ChatInfo),
    /// The user left this chat through another connection, or was removed from it.
    Left(ChatInfo),
    /// The session is over, for this reason, which may be empty. The server closes.
    Deauthorized(Text),
    /// The session has another hash, if the client [keeps](Client::keep_session) it: PROTOCOL.md 5.2.
    Renewed {
        /// The number of the session.
        id: i32,
        /// What restores it from now on.
        hash: Secret,
    },
    /// The server is about to close.
    Disconnected,
    /// A DECLINED that answers nothing that is open, with its reason.
    Stray(String),
    /// A frame that is no answer cannot be understood. It is accepted all the same: the next ones may be.
    Bad(BadFrame),
}

impl<T> Client<T> {
    /// A client that has said nothing yet.
    pub fn new(revision: Revision, credentials: Credentials) -> Self {
        Self {
            codec: ClientCodec::new(revision, SKIPPED_BYTES),
            credentials: Some(credentials),
            open: BTreeMap::new(),
            waiting: VecDeque::new(),
            next_task: 0,
            owed: None,
            renewal: None,
        }
    }

    /// The table of purposes that it speaks.
    pub fn revision(&self) -> Revision {
        self.codec.revision()
    }

    /// Says HELLO; what follows up to [`Event::LoggedIn`] is done by [`Client::next`].
    pub fn open(&mut self, out: &mut BytesMut) {
        self.put(Request::Hello { major: 0, minor: 1 }, Asked::Hello, out);
    }

    /// Sends a request as soon as those before it are sent and few enough are open. Its answer is an
    /// [`Event::Answered`] with `asked`. A request that the revision lacks is not sent and has no answer.
    pub fn ask(&mut self, request: Request, asked: T, out: &mut BytesMut) {
        self.put(request, Asked::Caller(asked), out);
    }

    /// Answers an [`Event::Renewed`]: whether the new hash is kept, so that the old one may end. Nothing where nothing
    /// waits for it.
    pub fn keep_session(&mut self, is_kept: bool, out: &mut BytesMut) {
        let body = match is_kept {
            true => ClientBody::Accepted(Bytes::new()),
            false => ClientBody::Declined("not kept".into()),
        };
        if let Some(task) = self.renewal.take() {
            self.write(task, body, out);
        }
    }

    /// Says that it is about to close. A session is ended by LOGOFF before.
    pub fn disconnect(&mut self, out: &mut BytesMut) {
        let task = self.free_task();
        self.write(task, ClientBody::Disconnect, out);
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
            if let Some((task, echo)) = self.owed.take() {
                self.write(task, ClientBody::Accepted(echo), out);
            }
            let event = match self.codec.decode(input)? {
                None => return Ok(None),
                Some(Ok(frame)) => self.frame(frame, out),
                Some(Err(bad)) if bad.is_answer() => {
                    self.answer(bad.task, Err(not_understood(&bad)), out)
                }
                Some(Err(bad)) => {
                    self.owed = Some((bad.task, Bytes::new()));
                    Some(Event::Bad(bad))
                }
            };
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    fn frame(&mut self, frame: ServerFrame, out: &mut BytesMut) -> Option<Event<T>> {
        let task = frame.task;
        match frame.body {
            ServerBody::Accepted(content) => self.answer(task, Ok(content), out),
            ServerBody::Declined(reason) => self.answer(task, Err(reason.into()), out),
            ServerBody::Heartbeat(echo) => {
                self.owed = Some((task, echo));
                None
            }
            ServerBody::Notification(told) => Some(self.told(task, told)),
            ServerBody::Disconnect => {
                self.owed = Some((task, Bytes::new()));
                Some(Event::Disconnected)
            }
        }
    }

    fn told(&mut self, task: u8, told: Notification) -> Event<T> {
        let event = match told {
            // The old hash ends with the ACCEPTED: it is the caller's to say.
            Notification::SessionData {
                session_id: id,
                session_hash: hash,
            } => {
                self.renewal = Some(task);
                return Event::Renewed { id, hash };
            }
            Notification::Messages { messages, .. } => Event::Messages(messages),
            Notification::Deauthorized { reason } => Event::Deauthorized(reason),
            Notification::Joined(chat) => Event::Joined(chat),
            Notification::Left(chat) => Event::Left(chat),
        };
        self.owed = Some((task, Bytes::new()));
        event
    }

    /// What an answer to the request of this task means.
    fn answer(
        &mut self,
        task: u8,
        content: Result<Bytes, String>,
        out: &mut BytesMut,
    ) -> Option<Event<T>> {
        let Some((kind, asked)) = self.open.remove(&task) else {
            return content.err().map(Event::Stray);
        };
        let answer = content.and_then(|content| {
            Answer::read(kind, self.revision(), content).map_err(|bad| not_understood(&bad))
        });
        let event = match (asked, answer) {
            (Asked::Caller(asked), answer) => Some(Event::Answered { asked, answer }),
            (Asked::Hello, Ok(_)) => self.log_in(out),
            (Asked::SignUp { login, password }, Ok(_)) => {
                self.put(log_in(login, password), Asked::LogIn, out);
                None
            }
            (Asked::LogIn, Ok(answer)) => Some(logged_in(answer)),
            (Asked::Hello | Asked::SignUp { .. } | Asked::LogIn, Err(reason)) => {
                Some(Event::Refused(reason))
            }
        };
        self.send(out);
        event
    }

    /// Sends the login that was asked for, once HELLO is answered.
    fn log_in(&mut self, out: &mut BytesMut) -> Option<Event<T>> {
        let (request, asked) = match self.credentials.take()? {
            Credentials::Password { login, password } => (log_in(login, password), Asked::LogIn),
            Credentials::Session { id, hash } => {
                let request = Request::RestoreSession {
                    session_id: id,
                    session_hash: hash,
                };
                (request, Asked::LogIn)
            }
            Credentials::SignUp { .. } if self.revision() == Revision::One => {
                let reason = "revision 1 cannot make an account";
                return Some(Event::Refused(reason.to_owned()));
            }
            Credentials::SignUp { login, password } => {
                let request = Request::RegisterUser {
                    login: login.as_str().into(),
                    password: password.clone(),
                };
                (request, Asked::SignUp { login, password })
            }
        };
        self.put(request, asked, out);
        None
    }

    fn put(&mut self, request: Request, asked: Asked<T>, out: &mut BytesMut) {
        self.waiting.push_back((request, asked));
        self.send(out);
    }

    fn send(&mut self, out: &mut BytesMut) {
        while self.open.len() < MAX_OPEN {
            let Some((request, asked)) = self.waiting.pop_front() else {
                return;
            };
            let task = self.free_task();
            if request.write(self.revision(), task, out) {
                self.open.insert(task, (request.kind(), asked));
            }
        }
    }

    /// A task id that no open request has.
    fn free_task(&mut self) -> u8 {
        while self.open.contains_key(&self.next_task) {
            self.next_task = self.next_task.wrapping_add(1);
        }
        let task = self.next_task;
        self.next_task = self.next_task.wrapping_add(1);
        task
    }

    fn write(&self, task: u8, body: ClientBody, out: &mut BytesMut) {
        // Both revisions have all that is written so.
        let _ = ClientFrame { task, body }.write(self.revision(), out);
    }
}

fn log_in(login: String, password: Secret) -> Request {
    Request::LogIn {
        login: login.into(),
        password,
    }
}

fn logged_in<T>(answer: Answer) -> Event<T> {
    let (user, session) = match answer {
        Answer::Session {
            session_id,
            session_hash,
            user_id,
        } => (user_id, Some((session_id, session_hash))),
        Answer::Restored { user_id } => (user_id, None),
        _ => (0, None),
    };
    Event::LoggedIn { user, session }
}

fn not_understood(bad: &impl std::fmt::Display) -> String {
    format!("not understood: {bad}")
}
