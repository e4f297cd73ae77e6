//! The client for people and pipes.
//!
//! ```text
//! open ─▶ LogIn ──"--"──▶ Join ──"--"──▶ in the room: Say, Tell, Ask, …
//!           └── "!!" ──▶ refused ◀── "!!" ──┘
//! ```

use std::collections::VecDeque;
use std::time::Duration;

use bytes::BytesMut;
use tokio_util::codec::Decoder;
use tolmach::dialects::client::{
    Arrival, ChatClient, ChatError, ChatSide, Identity, Key, Place, Said, Saying,
};

use crate::client_line::ClientLine;
use crate::codec::ClientCodec;
use crate::server_line::ServerLine;

/// The dialect's side of `tolmach chat`.
pub(crate) const CHAT: ChatSide = ChatSide::new(
    Key::Password,
    "--user NAME: a guest, with a password an account",
    |identity| Ok(Box::new(TelnetChat::new(identity)?)),
)
.with_room_passwords()
.with_commands("/join ROOM  goes to another room");

/// Bytes of a server's line, at most: a message may be as long as the hub lets it.
const LINE_BYTES: usize = 4 * 1024 * 1024;
/// A server is taken to call silence idleness not before a minute.
const PING_EVERY: Duration = Duration::from_secs(50);

struct TelnetChat {
    codec: ClientCodec,
    identity: Identity,
    name: String,
    asked: VecDeque<Asked>,
    is_in: bool,
}

/// What was asked and has no answer yet; answers come in the same order.
enum Asked {
    LogIn,
    Join(String),
    Say(Saying),
    Tell(Saying),
    Who,
    Ping,
}

impl TelnetChat {
    fn new(identity: Identity) -> Result<Self, &'static str> {
        let name = identity.user.clone().ok_or(
            "telnet needs --user NAME: who comes without a password is a guest of that name",
        )?;
        Ok(Self {
            codec: ClientCodec::new(LINE_BYTES),
            identity,
            name,
            asked: VecDeque::new(),
            is_in: false,
        })
    }

    fn ask(&mut self, line: ClientLine, asked: Asked, out: &mut BytesMut) {
        line.write(out);
        self.asked.push_back(asked);
    }

    fn join(&mut self, room: String, password: Option<String>, out: &mut BytesMut) {
        let line = ClientLine::Join {
            room: room.clone(),
            password,
        };
        self.ask(line, Asked::Join(room), out);
    }

    fn hear_line(
        &mut self,
        line: ServerLine,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<Option<Arrival>, ChatError> {
        Ok(match line {
            ServerLine::Said { room, from, text } => Some(self.said(room, from, text, false, now)),
            ServerLine::Emote { room, from, text } => Some(self.said(room, from, text, true, now)),
            ServerLine::Private { from, text } => Some(Arrival::Said(Said {
                place: Place::Private,
                from,
                text,
                emote: false,
                own: false,
                time: now,
            })),
            ServerLine::Notice(text) => Some(Arrival::Notice(text)),
            ServerLine::Sent { text, .. } | ServerLine::Answer(text) => {
                self.answered(text, now, out)
            }
            ServerLine::Refusal(reason) => self.refused(reason)?,
        })
    }

    /// What is said in a room; one's own is the answer to what one said.
    fn said(&mut self, room: String, from: String, text: String, emote: bool, now: i64) -> Arrival {
        let is_own = |asked: &Asked| match asked {
            Asked::Say(saying) => {
                is_same(&from, &self.name)
                    && is_same(&room, &self.identity.room)
                    && saying.emote == emote
                    && saying.text == text.trim()
            }
            _ => false,
        };
        let own = self.asked.front().is_some_and(is_own);
        if own {
            self.asked.pop_front();
        }
        Arrival::Said(Said {
            place: Place::Room(room),
            from,
            text,
            emote,
            own,
            time: now,
        })
    }

    fn answered(&mut self, words: String, now: i64, out: &mut BytesMut) -> Option<Arrival> {
        match self.asked.pop_front() {
            Some(Asked::LogIn) => {
                let password = self.identity.room_password.take();
                self.join(self.identity.room.clone(), password, out);
                Some(Arrival::Notice(words))
            }
            Some(Asked::Join(room)) if self.is_in => {
                self.identity.room.clone_from(&room);
                Some(Arrival::Entered { room, answer: None })
            }
            Some(Asked::Join(_)) => {
                self.is_in = true;
                Some(Arrival::Notice(words))
            }
            Some(Asked::Tell(saying)) => Some(saying.echo(&self.name, &self.identity.room, now)),
            Some(Asked::Ping) => None,
            Some(Asked::Say(_) | Asked::Who) | None => Some(Arrival::Notice(words)),
        }
    }

    fn refused(&mut self, reason: String) -> Result<Option<Arrival>, ChatError> {
        match self.asked.pop_front() {
            Some(Asked::LogIn) => Err(ChatError::Refused(reason)),
            Some(Asked::Join(_)) if !self.is_in => Err(ChatError::Refused(reason)),
            Some(Asked::Say(_) | Asked::Tell(_)) => Ok(Some(Arrival::NotAccepted(reason))),
            Some(Asked::Join(_) | Asked::Who | Asked::Ping) | None => {
                Ok(Some(Arrival::Warning(reason)))
            }
        }
    }
}

impl ChatClient for TelnetChat {
    fn open(&mut self, _now: i64, out: &mut BytesMut) {
        let name = self.name.clone();
        let line = match self.identity.password.take() {
            None => ClientLine::Text(name),
            Some(password) => ClientLine::Login { name, password },
        };
        self.ask(line, Asked::LogIn, out);
    }

    fn hear(
        &mut self,
        input: &mut BytesMut,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<Option<Arrival>, ChatError> {
        let garbled = |error: std::io::Error| ChatError::Garbled(error.to_string());
        while let Some(line) = self.codec.decode(input).map_err(garbled)? {
            let arrival = match line {
                Ok(line) => self.hear_line(line, now, out)?,
                Err(bad) => Some(Arrival::Warning(format!("not understood: {bad}"))),
            };
            if arrival.is_some() {
                return Ok(arrival);
            }
        }
        Ok(None)
    }

    fn is_in(&self) -> bool {
        self.is_in && !matches!(self.asked.front(), Some(Asked::Join(_)))
    }

    fn say(&mut self, mut saying: Saying, _now: i64, out: &mut BytesMut) {
        // As it is written, to know the echo.
        let one_line = saying
            .text
            .replace(|c: char| c.is_control() && c != '\t', " ");
        one_line.trim().clone_into(&mut saying.text);
        if saying.text.is_empty() {
            return;
        }
        let text = saying.text.clone();
        match (saying.to.clone(), saying.emote) {
            (Some(to), _) => {
                let text = saying.marked_text();
                self.ask(ClientLine::Tell { to, text }, Asked::Tell(saying), out);
            }
            (None, true) => self.ask(ClientLine::Emote(text), Asked::Say(saying), out),
            (None, false) => self.ask(ClientLine::Text(text), Asked::Say(saying), out),
        }
    }

    fn unanswered(&self) -> usize {
        self.asked.len()
    }

    fn keep_alive_every(&self) -> Option<Duration> {
        Some(PING_EVERY)
    }

    fn keep_alive(&mut self, out: &mut BytesMut) {
        if self.is_in {
            self.ask(ClientLine::Ping, Asked::Ping, out);
        }
    }

    fn farewell(&mut self, _now: i64, out: &mut BytesMut) {
        ClientLine::Quit.write(out);
    }

    fn command(
        &mut self,
        word: &str,
        rest: &str,
        _now: i64,
        out: &mut BytesMut,
    ) -> Option<Result<(), String>> {
        match (word, rest.trim()) {
            ("who", _) => self.ask(ClientLine::Who(None), Asked::Who, out),
            ("join", "") => return Some(Err("say it so: /join ROOM".to_owned())),
            ("join", room) => {
                let room = room.strip_prefix('#').unwrap_or(room).to_owned();
                self.join(room, None, out);
            }
            _ => return None,
        }
        Some(Ok(()))
    }
}

fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
