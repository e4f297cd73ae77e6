//! A client of the protocol, without I/O and without a clock: bytes in, events out; requests append bytes to a buffer.

use crate::client_frame::{ClientFrame, Recipient, RoomSelector};
use crate::codec::ClientCodec;
use crate::error::DecodeError;
use crate::extra::Extra;
use crate::server::{Message, ServerFrame};
use crate::user::User;
use bytes::BytesMut;
use std::collections::{BTreeMap, VecDeque};
use tokio_util::codec::Decoder;
use tolmach_json::Secret;

/// The longest event in bytes that a client reads: `users` grows with the room.
const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;

/// A client in one room: it tells the echoes of what it said from what others say, what an error is about, and who is
/// there.
///
/// What is said in the room is accepted once it comes back (PROTOCOL.md 4.2); what is said in private has no answer but
/// an error. `T` is what the caller wants to have back then: why it was said.
///
/// A bot that answers each "ping" in its room:
///
/// ```
/// use bytes::BytesMut;
/// use tolmach_talker::{Client, Event};
///
/// let (mut client, mut out) = (Client::new("lobby", "secret"), BytesMut::new());
/// client.open(&mut out);
/// // What a socket would bring.
/// let mut input = BytesMut::from(r#"{"type":"connected","user":{"id":"7","name":"bot"}}
///     {"type":"message","content":"ping","user":{"id":"8","name":"anna"},"time":5}"#);
/// while let Some(event) = client.next(&mut input)? {
///     if let Event::Message { message, echo_of: None } = event {
///         if message.content == "ping" {
///             client.say("pong", false, (), &mut out);
///         }
///     }
/// }
/// // … and `out` would be written to the socket.
/// assert_eq!(out, concat!(r#"{"type":"connect","room":"lobby","token":"secret"}"#, "\n",
///     r#"{"type":"message","content":"pong"}"#, "\n"));
/// # Ok::<(), tolmach_talker::DecodeError>(())
/// ```
pub struct Client<T = ()> {
    room: RoomSelector,
    token: Secret,
    codec: ClientCodec,
    me: Option<User>,
    /// The newest message's id, also from before a connection was lost.
    last: Option<i64>,
    present: BTreeMap<i32, Present>,
    /// What has no echo yet, oldest first.
    unechoed: VecDeque<Unechoed<T>>,
}

/// Something that was said and has no echo.
struct Unechoed<T> {
    /// The text as [`comparable`] makes it; `None` for something private, which has an error or nothing.
    text: Option<String>,
    asked: T,
}

/// Somebody in the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// The name to show.
    pub name: String,
    /// Whether the user is silent, or has lost the connection.
    pub idle: bool,
}

/// What happened on the connection.
#[derive(Debug)]
pub enum Event<T = ()> {
    /// The server let this client in, as this user.
    Connected(User),
    /// The server does not let this client in, for this reason.
    Refused(String),
    /// Everyone who is in the room: see [`Client::present`].
    Users,
    /// Something was said, in the room or to this user alone.
    Message {
        /// The message as the server tells it.
        message: Message,
        /// That it is the echo of what this client said: what [`Client::say`] was given with it.
        echo_of: Option<T>,
    },
    /// Something that this client said is not accepted.
    NotAccepted {
        /// What was given with it.
        asked: T,
        /// What the server says of it, for people.
        reason: String,
    },
    /// A user entered; it may be this client's own.
    Joined(User),
    /// A user is silent, or has lost the connection.
    Idle(User),
    /// A user is there again.
    Back(User),
    /// A user left. The name is empty where it never was told.
    Left {
        /// The id of the user, of 31 bits.
        id: i32,
        /// The name that was told last; empty where none was.
        name: String,
    },
    /// An error about nothing that this client said; often the server's last word.
    Error(String),
    /// An event that is not understood. The next ones may be.
    Bad(DecodeError),
}

impl<T> Client<T> {
    /// A client for this room that has said nothing yet.
    pub fn new(room: impl Into<String>, token: impl Into<Secret>) -> Self {
        Self {
            room: RoomSelector::from(room.into()),
            token: token.into(),
            codec: ClientCodec::new(MAX_EVENT_BYTES),
            me: None,
            last: None,
            present: BTreeMap::new(),
            unechoed: VecDeque::new(),
        }
    }

    /// A client for another connection to the room, after this one's was lost: it is told what was said since the message
    /// that this one heard last, or what was said last where it heard none (PROTOCOL.md 4.7).
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            last: Some(self.last.unwrap_or_default()),
            room: self.room.clone(),
            token: self.token.clone(),
            codec: ClientCodec::new(MAX_EVENT_BYTES),
            me: None,
            present: BTreeMap::new(),
            unechoed: VecDeque::new(),
        }
    }

    /// Who this client is, once it is connected.
    pub fn me(&self) -> Option<&User> {
        self.me.as_ref()
    }

    /// Says who it is and enters the room: [`Event::Connected`] or [`Event::Refused`] follows.
    pub fn open(&self, out: &mut BytesMut) {
        let frame = ClientFrame::Connect {
            room: self.room.clone(),
            token: self.token.clone(),
            user: Extra::default(),
            last_event_id: self.last,
        };
        frame.write(out);
    }

    /// Says something in the room, as an emote or not.
    pub fn say(&mut self, text: &str, emote: bool, asked: T, out: &mut BytesMut) {
        let echo = Some(comparable(text, emote));
        self.write(text, None, emote, echo, asked, out);
    }

    /// Says something to one user only.
    pub fn tell(&mut self, to: Recipient, text: &str, asked: T, out: &mut BytesMut) {
        self.write(text, Some(to), false, None, asked, out);
    }

    /// Says that it is still there: PROTOCOL.md 3.3.
    pub fn ping(&self, out: &mut BytesMut) {
        ClientFrame::Ping.write(out);
    }

    /// Leaves the room; the server closes.
    pub fn close(&self, out: &mut BytesMut) {
        ClientFrame::Close.write(out);
    }

    /// Whether it is in the room.
    pub fn is_connected(&self) -> bool {
        self.me.is_some()
    }

    /// Who is in the room, by id.
    pub fn present(&self) -> &BTreeMap<i32, Present> {
        &self.present
    }

    /// How much of what was said in the room has neither an echo nor an error.
    pub fn unanswered(&self) -> usize {
        let public = self.unechoed.iter().filter(|said| said.text.is_some());
        public.count()
    }

    /// The next thing that happened; `None` when `input` holds no whole event any more.
    ///
    /// # Errors
    /// The stream cannot be read any further.
    pub fn next(&mut self, input: &mut BytesMut) -> Result<Option<Event<T>>, DecodeError> {
        match self.codec.decode(input) {
            Ok(frame) => Ok(frame.map(|frame| self.event(frame))),
            Err(bad @ (DecodeError::UnknownType(_) | DecodeError::BadFrame(_))) => {
                Ok(Some(Event::Bad(bad)))
            }
            Err(lost) => Err(lost),
        }
    }

    fn event(&mut self, frame: ServerFrame) -> Event<T> {
        match frame {
            ServerFrame::Connected { user } => {
                self.me = Some(user.clone());
                Event::Connected(user)
            }
            ServerFrame::Users { users } => {
                self.present.clear();
                users.iter().for_each(|user| self.come(user, false));
                Event::Users
            }
            ServerFrame::Message(message) => {
                self.last = self.last.max(message.id);
                Event::Message {
                    echo_of: self.echo_of(&message),
                    message,
                }
            }
            ServerFrame::Join { user, .. } => {
                self.come(&user, false);
                Event::Joined(user)
            }
            ServerFrame::Idle { user, .. } => {
                self.come(&user, true);
                Event::Idle(user)
            }
            ServerFrame::Back { user, .. } => {
                self.come(&user, false);
                Event::Back(user)
            }
            ServerFrame::Leave { user, .. } => {
                let known = self.present.remove(&user.id);
                Event::Left {
                    id: user.id,
                    name: known.map_or(user.name, |present| present.name),
                }
            }
            ServerFrame::Error { message } => self.error(message),
        }
    }

    fn come(&mut self, user: &User, idle: bool) {
        let name = user.name.clone();
        self.present.insert(user.id, Present { name, idle });
    }

    /// Of what the message is the echo. One's other connections say things, too.
    ///
    /// Echoes come in order: what was said before the echoed one and has no echo was refused.
    fn echo_of(&mut self, message: &Message) -> Option<T> {
        let is_mine = self.me.as_ref().is_some_and(|me| me.id == message.user.id);
        // The gateway's own user answers what it was asked.
        if message.private && message.user.id == 0 {
            let private = self.unechoed.iter().position(|said| said.text.is_none());
            private.map(|index| self.unechoed.remove(index));
        }
        if !is_mine || message.private || message.edit.is_some() {
            return None;
        }
        let text = Some(comparable(&message.content, message.action));
        let index = self.unechoed.iter().position(|said| said.text == text)?;
        let echoed = self.unechoed.drain(..=index).next_back();
        echoed.map(|said| said.asked)
    }

    /// Errors do not say what they are about. It is something private, if anything was said in private (to somebody who
    /// is not there); else the oldest thing without an echo.
    fn error(&mut self, reason: String) -> Event<T> {
        if self.me.is_none() {
            return Event::Refused(reason);
        }
        let private = self.unechoed.iter().position(|said| said.text.is_none());
        match self.unechoed.remove(private.unwrap_or(0)) {
            Some(Unechoed { asked, .. }) => Event::NotAccepted { asked, reason },
            None => Event::Error(reason),
        }
    }

    fn write(
        &mut self,
        text: &str,
        to: Option<Recipient>,
        action: bool,
        echo: Option<String>,
        asked: T,
        out: &mut BytesMut,
    ) {
        let frame = ClientFrame::Message {
            content: text.to_owned(),
            to,
            edit: None,
            action,
            extra: Extra::default(),
        };
        frame.write(out);
        self.unechoed.push_back(Unechoed { text: echo, asked });
    }
}

/// A text as a server that makes texts clean gives it back: lines ended by LF, control characters replaced, nothing
/// around. A text that begins with "/me " may come back as an emote.
fn comparable(text: &str, emote: bool) -> String {
    let before = if emote { "/me " } else { "" };
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let clean = lines.replace(
        |c: char| c.is_control() && !matches!(c, '\t' | '\n'),
        "\u{fffd}",
    );
    format!("{before}{}", clean.trim())
}
