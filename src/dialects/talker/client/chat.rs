//! The client of the `talker` dialect. What one says in the room comes back as an echo: then it is accepted.
//! A private message has no answer but an error.

use crate::dialects::client::ChatError;
use crate::dialects::client::Identity;
use crate::dialects::client::clean;
use crate::dialects::client::{Arrival, ChatClient, Place, Said, Saying};
use bytes::BytesMut;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tokio_util::codec::Decoder;
use tolmach_talker::{
    ClientCodec, ClientFrame, DecodeError, Extra, Message, Recipient, RoomSelector, ServerFrame,
    User,
};

/// The longest event that is read: `users` grows with the room.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// "A client silent for more than 30 s becomes `idle`."
const PING_EVERY: Duration = Duration::from_secs(20);

/// A client of the dialect.
pub(super) struct Talker {
    token: String,
    room: String,
    codec: ClientCodec,
    /// One's own user, once connected.
    me: Option<User>,
    /// Who is in the room, by id: names, and whether they are idle.
    there: BTreeMap<i32, (String, bool)>,
    /// What has no echo yet, oldest first: texts as [`for_comparison`] makes them, `None` for something private, which
    /// has an error or nothing.
    unechoed: VecDeque<Option<String>>,
}

impl Talker {
    pub(super) fn new(identity: Identity) -> Result<Self, &'static str> {
        let token = identity
            .token
            .ok_or("talker needs --token TOKEN (`tolmach token create NAME` makes one)")?;
        Ok(Self {
            token,
            room: identity.room,
            codec: ClientCodec::new(MOST_BYTES),
            me: None,
            there: BTreeMap::new(),
            unechoed: VecDeque::new(),
        })
    }

    fn hear_frame(&mut self, frame: ServerFrame) -> Result<Option<Arrival>, ChatError> {
        Ok(Some(match frame {
            ServerFrame::Connected { user } => {
                let notice = format!("#{}: connected as {}", self.room, user.name);
                self.me = Some(user);
                Arrival::Notice(notice)
            }
            ServerFrame::Users { users } => {
                self.there = users
                    .into_iter()
                    .map(|user| (user.id, (user.name, false)))
                    .collect();
                Arrival::Presence(format!("in #{}: {}", self.room, self.names().join(", ")))
            }
            ServerFrame::Message(message) => Arrival::Said(self.said(message)),
            ServerFrame::Join { user, .. } => self.present(user, false, "joined"),
            ServerFrame::Idle { user, .. } => self.present(user, true, "is idle"),
            ServerFrame::Back { user, .. } => self.present(user, false, "is back"),
            ServerFrame::Leave { user, .. } => self.left(user),
            ServerFrame::Error { message } => return self.refused(message).map(Some),
        }))
    }

    fn said(&mut self, message: Message) -> Said {
        let is_mine = self.me.as_ref().is_some_and(|me| me.id == message.user.id);
        Said {
            own: is_mine && !message.private && message.edit.is_none() && self.echoed(&message),
            place: if message.private {
                Place::Private
            } else {
                Place::Room(self.room.clone())
            },
            from: message.user.name,
            text: message.content,
            emote: message.action,
            time: message.time,
        }
    }

    /// Whether the message is the echo of what this client said. One's other connections say things, too.
    ///
    /// Echoes come in order: what was said before the echoed one and has no echo was refused.
    fn echoed(&mut self, message: &Message) -> bool {
        let text = Some(for_comparison(&message.content, message.action));
        let found = self.unechoed.iter().position(|unechoed| *unechoed == text);
        if let Some(index) = found {
            self.unechoed.drain(..=index);
        }
        found.is_some()
    }

    /// Errors do not say what they are about. It is something private, if anything was said in private (to somebody who
    /// is not there); else the oldest thing without an echo.
    fn refused(&mut self, message: String) -> Result<Arrival, ChatError> {
        if self.me.is_none() {
            return Err(ChatError::Refused(message));
        }
        let private = self.unechoed.iter().position(Option::is_none);
        let said = self.unechoed.remove(private.unwrap_or(0));
        Ok(if said.is_some() {
            Arrival::NotAccepted(message)
        } else {
            Arrival::Warning(message)
        })
    }

    fn present(&mut self, user: User, idle: bool, what: &str) -> Arrival {
        let told = format!("{} {what}", user.name);
        self.there.insert(user.id, (user.name, idle));
        Arrival::Presence(told)
    }

    fn left(&mut self, user: User) -> Arrival {
        let known = self.there.remove(&user.id);
        let name = match known {
            Some((name, _)) => name,
            None if user.name.is_empty() => format!("user {}", user.id),
            None => user.name,
        };
        Arrival::Presence(format!("{name} left"))
    }

    fn names(&self) -> Vec<String> {
        let name =
            |(name, idle): &(String, bool)| format!("{name}{}", if *idle { " (idle)" } else { "" });
        self.there.values().map(name).collect()
    }
}

impl ChatClient for Talker {
    fn open(&mut self, _now: i64, out: &mut BytesMut) {
        let frame = ClientFrame::Connect {
            room: RoomSelector::from(self.room.clone()),
            token: std::mem::take(&mut self.token),
            user: Extra::default(),
            last_event_id: None,
        };
        frame.write(out);
    }

    fn hear(
        &mut self,
        input: &mut BytesMut,
        _now: i64,
        _out: &mut BytesMut,
    ) -> Result<Option<Arrival>, ChatError> {
        match self.codec.decode(input) {
            Ok(None) => Ok(None),
            Ok(Some(frame)) => self.hear_frame(frame),
            // One event that is not understood; the next ones may be.
            Err(error @ (DecodeError::UnknownType(_) | DecodeError::BadFrame(_))) => {
                Ok(Some(Arrival::Warning(format!("not understood: {error}"))))
            }
            Err(error) => Err(ChatError::Garbled(error.to_string())),
        }
    }

    fn is_in(&self) -> bool {
        self.me.is_some()
    }

    fn say(&mut self, saying: Saying, _now: i64, out: &mut BytesMut) {
        let public = saying.to.is_none();
        self.unechoed
            .push_back(public.then(|| for_comparison(&saying.text, saying.emote)));
        let frame = ClientFrame::Message {
            content: saying.text,
            to: saying.to.map(Recipient::from),
            edit: None,
            action: saying.emote,
            extra: Extra::default(),
        };
        frame.write(out);
    }

    fn unanswered(&self) -> usize {
        self.unechoed.iter().flatten().count()
    }

    fn keep_alive_every(&self) -> Option<Duration> {
        Some(PING_EVERY)
    }

    fn keep_alive(&mut self, out: &mut BytesMut) {
        if self.is_in() {
            ClientFrame::Ping.write(out);
        }
    }

    fn farewell(&mut self, _now: i64, out: &mut BytesMut) {
        ClientFrame::Close.write(out);
    }

    fn who(&self) -> Option<Vec<String>> {
        Some(self.names())
    }
}

/// A text as a server that makes texts clean gives it back: to tell an echo. A text that begins with "/me " may
/// come back as an emote.
fn for_comparison(text: &str, emote: bool) -> String {
    let before = if emote { "/me " } else { "" };
    format!("{before}{}", clean::comparable(text))
}

#[cfg(test)]
#[path = "chat_tests.rs"]
mod tests;
