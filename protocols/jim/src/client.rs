//! A client of the protocol, without I/O and without a clock: bytes in, events out; requests append bytes to a buffer.
//!
//! ```text
//!  bytes ──▶ next ──▶ Event            open, say, ask, quit ──▶ bytes
//!              └──── the presence that answers a probe ─────────▲
//! ```

use crate::client_frame::{ClientFrame, ClientRequest};
use crate::codec::ClientCodec;
use crate::encoding::Encoding;
use crate::error::{BadFrame, DecodeError};
use crate::extra::Extra;
use crate::limits::{MESSAGE_CHARS, OBJECT_CHARS};
use crate::server_frame::{Answer, ServerFrame};
use bytes::BytesMut;
use std::collections::VecDeque;
use tokio_util::codec::Decoder;
use tolmach_json::Secret;

/// How many requests may wait for their answers; further ones wait to be sent.
const MAX_OPEN: usize = 32;

/// A client: it says who it is, finds the answer to each request (PROTOCOL.md 3.3: one each, in the order sent), and
/// answers probes.
///
/// `T` is what the caller wants to have back with the answer to a request: why it asked. `now` is in seconds since
/// 1970, UTC.
///
/// A bot that answers each "ping" in its room:
///
/// ```
/// use bytes::BytesMut;
/// use tolmach_jim::{Client, ClientFrame, Event};
///
/// let (mut client, mut out) = (Client::new("bot"), BytesMut::new());
/// client.open(None, 1, &mut out);
/// // What a socket would bring: the login and the join are accepted, somebody says something.
/// let mut input = BytesMut::from(r##"{"response":200,"time":1}{"response":200,"time":1}
///     {"action":"msg","time":2,"to":"#lobby","from":"anna","message":"ping"}"##);
/// while let Some(event) = client.next(&mut input, 2, &mut out)? {
///     match event {
///         Event::LoggedIn(_) => client.ask(ClientFrame::join("#lobby", None), (), 2, &mut out),
///         Event::Message(said) if said.text == "ping" => client.say(&said.to, "pong", (), 2, &mut out),
///         _ => {}
///     }
/// }
/// // … and `out` would be written to the socket.
/// assert!(out.ends_with(br##""to":"#lobby","from":"bot","encoding":"ascii","message":"pong"}
/// "##));
/// # Ok::<(), tolmach_jim::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct Client<T = ()> {
    name: String,
    codec: ClientCodec,
    /// What is sent and has no answer, oldest first.
    open: VecDeque<Asked<T>>,
    waiting: VecDeque<(ClientFrame, Asked<T>)>,
}

/// Why something was asked.
#[derive(Debug)]
enum Asked<T> {
    LogIn,
    Caller(T),
}

/// What happened on the connection.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<T = ()> {
    /// The server knows who this client is.
    LoggedIn(Answer),
    /// The server does not let this client in.
    Refused(Answer),
    /// A request has its answer.
    Answered {
        /// What [`Client::ask`] was given with it.
        asked: T,
        /// What the server said.
        answer: Answer,
    },
    /// An answer that nobody waits for: a notice (PROTOCOL.md 5.3), or the reason for which the server is about to close.
    Notice(Answer),
    /// Somebody said something in a room of this client's, or to it alone.
    Message(Message),
    /// One name of the contact list that was asked for (PROTOCOL.md 7.5); its length is the answer's `text`.
    Contact(String),
    /// An object that is not understood. The next ones may be.
    Bad(BadFrame),
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// A user's name, or a room's with its `#`.
    pub to: String,
    /// The name of the user who said it.
    pub from: String,
    /// Seconds since 1970, UTC, by the server's clock; 0 where the server did not say it.
    pub time: i64,
    /// The text, of any length.
    pub text: String,
    /// Fields that the protocol does not know.
    pub extra: Extra,
}

impl<T> Client<T> {
    /// A client of this name that has said nothing yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            codec: ClientCodec::new(),
            open: VecDeque::new(),
            waiting: VecDeque::new(),
        }
    }

    /// The name that it was made with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Says who it is: the account of its name where there is a password, else a guest. [`Event::LoggedIn`] or
    /// [`Event::Refused`] follows.
    pub fn open(&mut self, password: Option<Secret>, now: i64, out: &mut BytesMut) {
        let frame = match password {
            Some(password) => ClientFrame::Authenticate {
                account_name: self.name.clone(),
                password,
            },
            None => self.presence(),
        };
        self.put(frame, Asked::LogIn, now, out);
    }

    /// Sends a request as soon as those before it are sent and few enough have no answer; [`Event::Answered`] follows,
    /// with `asked`. Not for `quit`, which has no answer.
    pub fn ask(&mut self, frame: ClientFrame, asked: T, now: i64, out: &mut BytesMut) {
        self.put(frame, Asked::Caller(asked), now, out);
    }

    /// Asks to pass on a text to a user, or to a room with its `#`.
    pub fn say(&mut self, to: &str, text: &str, asked: T, now: i64, out: &mut BytesMut) {
        self.ask(self.msg(to, text), asked, now, out);
    }

    /// Says farewell; the server closes.
    pub fn quit(&mut self, now: i64, out: &mut BytesMut) {
        write(ClientFrame::Quit, now, out);
    }

    /// How many characters a text may have for the object that says it to `to` to keep to its limit; at least one.
    pub fn text_chars(&self, to: &str, now: i64) -> usize {
        // One character that is not ASCII: `encoding` has the longer of its two names.
        let frame = self.msg(to, "\u{fffd}");
        let around = ClientRequest { time: now, frame }.characters() - 1;
        let left = OBJECT_CHARS.saturating_sub(around);
        MESSAGE_CHARS.min(left).max(1)
    }

    /// How many requests have no answer yet, or are not sent yet.
    pub fn unanswered(&self) -> usize {
        self.open.len() + self.waiting.len()
    }

    /// The next thing that happened; `None` when `input` holds no whole object any more.
    ///
    /// # Errors
    /// The stream cannot be read any further.
    pub fn next(
        &mut self,
        input: &mut BytesMut,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<Option<Event<T>>, DecodeError> {
        loop {
            let event = match self.codec.decode(input)? {
                None => return Ok(None),
                Some(Err(bad)) => Event::Bad(bad),
                // A probe's answer has no answer itself: PROTOCOL.md 5.2.
                Some(Ok(ServerFrame::Probe { .. })) => {
                    write(self.presence(), now, out);
                    continue;
                }
                Some(Ok(ServerFrame::Answer(answer))) => self.answered(answer, now, out),
                Some(Ok(ServerFrame::ContactCount { time, quantity })) => {
                    let text = Some(quantity.to_string());
                    self.answered(
                        Answer {
                            code: 202,
                            time,
                            text,
                        },
                        now,
                        out,
                    )
                }
                Some(Ok(ServerFrame::Contact { user_id })) => Event::Contact(user_id),
                Some(Ok(ServerFrame::Msg {
                    to,
                    from,
                    time,
                    message: text,
                    extra,
                })) => Event::Message(Message {
                    to,
                    from,
                    time,
                    text,
                    extra,
                }),
            };
            return Ok(Some(event));
        }
    }

    fn answered(&mut self, answer: Answer, now: i64, out: &mut BytesMut) -> Event<T> {
        if answer.code < 200 {
            return Event::Notice(answer);
        }
        let asked = self.open.pop_front();
        self.send(now, out);
        match asked {
            None => Event::Notice(answer),
            Some(Asked::LogIn) if answer.is_accepted() => Event::LoggedIn(answer),
            Some(Asked::LogIn) => Event::Refused(answer),
            Some(Asked::Caller(asked)) => Event::Answered { asked, answer },
        }
    }

    fn put(&mut self, frame: ClientFrame, asked: Asked<T>, now: i64, out: &mut BytesMut) {
        self.waiting.push_back((frame, asked));
        self.send(now, out);
    }

    fn send(&mut self, now: i64, out: &mut BytesMut) {
        while self.open.len() < MAX_OPEN {
            let Some((frame, asked)) = self.waiting.pop_front() else {
                return;
            };
            write(frame, now, out);
            self.open.push_back(asked);
        }
    }

    fn presence(&self) -> ClientFrame {
        ClientFrame::Presence {
            account_name: Some(self.name.clone()),
            status: None,
        }
    }

    fn msg(&self, to: &str, text: &str) -> ClientFrame {
        ClientFrame::Msg {
            to: to.to_owned(),
            from: self.name.clone(),
            message: text.to_owned(),
            encoding: Encoding::of(text),
            extra: Extra::default(),
        }
    }
}

fn write(frame: ClientFrame, time: i64, out: &mut BytesMut) {
    ClientRequest { time, frame }.write(out);
}
