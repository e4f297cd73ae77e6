//! The client of the `talker` dialect. What one says in the room comes back as an echo: then it is accepted.
//! A private message has no answer but an error.
//!
//! A connection is in one room; another room takes another connection, and where that is refused, a third one takes the person back
//! to the room before. After one was lost the server tells by itself what
//! was missed, and the gateway's own user, who is asked something, answers behind that.

use crate::dialects::client::{Arrival, ChatClient, ChatError, Identity, Place, Said, Saying};
use bytes::BytesMut;
use std::collections::VecDeque;
use std::time::Duration;
use tolmach_talker::{Client, DecodeError, Event, Message, Present, Recipient};

/// What the dialect has beside what all have, a line each.
pub(super) const COMMANDS: &str = "\
    /join ROOM  goes to another room, which is made if there is none\n\
    /rooms  lists those that you can join; /leave ROOM  ends your membership of another one\n\
    /history [N]  tells what was said last; /search WORDS  what contains them";

/// The id of the gateway's own user.
const GATEWAY: i32 = 0;

/// Who is silent for 30 seconds becomes idle: PROTOCOL.md 3.3.
const PING_EVERY: Duration = Duration::from_secs(20);

/// A client of the dialect.
pub(super) struct Talker {
    client: Client,
    token: String,
    room: String,
    /// What another connection is to take the place of this one for.
    moves: Option<Move>,
    /// The room that one was in before this one, until one is in this one.
    former: Option<Former>,
    /// When one came in first. What was said before was not missed.
    entered: Option<i64>,
    /// Whether a message of the room was heard, by which the server knows what was missed.
    has_heard: bool,
    missed: Missed,
    arrivals: VecDeque<Arrival>,
}

/// Where another connection leads.
#[derive(Debug, PartialEq, Eq)]
enum Move {
    To(String),
    /// To the former room.
    Back,
}

/// A room, and what was heard in it.
struct Former {
    client: Client,
    room: String,
    entered: Option<i64>,
    has_heard: bool,
}

/// How far what was missed is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missed {
    Nothing,
    /// It is being told.
    Coming,
    Told,
}

impl Talker {
    pub(super) fn new(identity: Identity) -> Result<Self, &'static str> {
        let token = identity
            .token
            .ok_or("talker needs --token TOKEN (`tolmach token create NAME` makes one)")?;
        Ok(Self {
            client: Client::new(identity.room.clone(), token.clone()),
            token,
            room: identity.room,
            moves: None,
            former: None,
            entered: None,
            has_heard: false,
            missed: Missed::Nothing,
            arrivals: VecDeque::new(),
        })
    }

    fn hear_event(
        &mut self,
        event: Event,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<Option<Arrival>, ChatError> {
        Ok(Some(match event {
            Event::Connected(user) => {
                self.entered.get_or_insert(now);
                self.former = None;
                Arrival::Entered {
                    room: self.room.clone(),
                    answer: Some(format!("connected as {}", user.name)),
                }
            }
            Event::Refused(reason) => {
                let Some(former) = &self.former else {
                    return Err(ChatError::Refused(reason));
                };
                self.moves = Some(Move::Back);
                let (room, back) = (&self.room, &former.room);
                Arrival::NotAccepted(format!("/join {room}: {reason}; back to #{back}"))
            }
            Event::Users => {
                if self.missed == Missed::Coming {
                    self.ask_gateway(&format!("who #{}", self.room), out);
                }
                Arrival::Presence(format!("in #{}: {}", self.room, self.names().join(", ")))
            }
            Event::Message { message, echo_of } => {
                return Ok(self.heard(message, echo_of.is_some()));
            }
            // To the gateway's own user, which some servers do not have.
            Event::NotAccepted { .. } if self.missed == Missed::Coming => {
                self.missed = Missed::Nothing;
                return Ok(None);
            }
            Event::NotAccepted { reason, .. } => Arrival::NotAccepted(reason),
            Event::Joined(user) => Arrival::Presence(format!("{} joined", user.name)),
            Event::Idle(user) => Arrival::Presence(format!("{} is idle", user.name)),
            Event::Back(user) => Arrival::Presence(format!("{} is back", user.name)),
            Event::Left { id, name } if name.is_empty() => {
                Arrival::Presence(format!("user {id} left"))
            }
            Event::Left { name, .. } => Arrival::Presence(format!("{name} left")),
            Event::Error(reason) => Arrival::Warning(reason),
            Event::Bad(bad) => Arrival::Warning(format!("not understood: {bad}")),
        }))
    }

    /// What is to be shown of a message.
    fn heard(&mut self, message: Message, is_echo: bool) -> Option<Arrival> {
        if message.private && message.user.id == GATEWAY {
            let is_end = self.missed == Missed::Coming;
            if is_end {
                self.missed = Missed::Told;
            }
            return (!is_end).then_some(Arrival::Notice(message.content));
        }
        let is_missed = self.missed == Missed::Coming && !message.private;
        if is_missed
            && !self.has_heard
            && self.entered.is_some_and(|entered| message.time < entered)
        {
            return None;
        }
        let is_mine = self.client.me().is_some_and(|me| me.id == message.user.id);
        if !is_missed {
            self.has_heard |= message.id.is_some();
        }
        Some(Arrival::Said(
            self.said(message, is_echo || is_missed && is_mine),
        ))
    }

    /// Its answers arrive as private messages.
    fn ask_gateway(&mut self, question: &str, out: &mut BytesMut) {
        self.client.tell(Recipient::Id(GATEWAY), question, (), out);
    }

    fn said(&self, message: Message, own: bool) -> Said {
        Said {
            own,
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

    fn names(&self) -> Vec<String> {
        let name = |Present { name, idle }: &Present| match idle {
            true => format!("{name} (idle)"),
            false => name.clone(),
        };
        self.client.present().values().map(name).collect()
    }
}

impl ChatClient for Talker {
    fn open(&mut self, _now: i64, out: &mut BytesMut) {
        self.client.open(out);
    }

    fn hear(
        &mut self,
        input: &mut BytesMut,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<Option<Arrival>, ChatError> {
        let garbled = |error: DecodeError| ChatError::Garbled(error.to_string());
        loop {
            let arrival = self.arrivals.pop_front();
            if arrival.is_some() {
                return Ok(arrival);
            }
            let Some(event) = self.client.next(input).map_err(garbled)? else {
                return Ok(None);
            };
            let arrival = self.hear_event(event, now, out)?;
            self.arrivals.extend(arrival);
        }
    }

    fn is_in(&self) -> bool {
        self.client.is_connected() && self.missed != Missed::Coming && self.moves.is_none()
    }

    fn say(&mut self, saying: Saying, now: i64, out: &mut BytesMut) {
        let Some(to) = saying.to.clone() else {
            return self.client.say(&saying.text, saying.emote, (), out);
        };
        self.client.tell(Recipient::from(to), &saying.text, (), out);
        // It has no echo.
        let name = self.client.me().map(|me| me.name.clone());
        let echo = saying.echo(&name.unwrap_or_default(), &self.room, now);
        self.arrivals.push_back(echo);
    }

    fn unanswered(&self) -> usize {
        self.client.unanswered()
    }

    fn keep_alive_every(&self) -> Option<Duration> {
        Some(PING_EVERY)
    }

    fn keep_alive(&mut self, out: &mut BytesMut) {
        if self.is_in() {
            self.client.ping(out);
        }
    }

    fn lost(&mut self) -> bool {
        self.client = self.client.again();
        self.missed = Missed::Coming;
        true
    }

    fn told_missed(&self, saying: &Saying) -> bool {
        saying.to.is_none() && self.missed == Missed::Told
    }

    fn moves(&mut self) -> bool {
        match self.moves.take() {
            None => return false,
            Some(Move::To(room)) => {
                let client = Client::new(room.clone(), self.token.clone());
                self.former = Some(Former {
                    client: std::mem::replace(&mut self.client, client),
                    room: std::mem::replace(&mut self.room, room),
                    entered: self.entered.take(),
                    has_heard: std::mem::take(&mut self.has_heard),
                });
                self.missed = Missed::Nothing;
            }
            Some(Move::Back) => {
                if let Some(former) = self.former.take() {
                    self.client = former.client;
                    self.room = former.room;
                    (self.entered, self.has_heard) = (former.entered, former.has_heard);
                }
                self.lost();
            }
        }
        true
    }

    fn farewell(&mut self, _now: i64, out: &mut BytesMut) {
        self.client.close(out);
    }

    fn who(&self) -> Option<Vec<String>> {
        Some(self.names())
    }

    fn known(&self) -> Vec<String> {
        let present = self.client.present().values();
        present.map(|present| present.name.clone()).collect()
    }

    fn command(
        &mut self,
        word: &str,
        rest: &str,
        _now: i64,
        out: &mut BytesMut,
    ) -> Option<Result<(), String>> {
        let room = &self.room;
        let question = match (word, rest) {
            ("join", "") => return Some(Err("/join ROOM: which one?".to_owned())),
            ("join", other) => {
                let other = other.strip_prefix('#').unwrap_or(other);
                self.moves = Some(Move::To(other.to_owned()));
                self.client.close(out);
                return Some(Ok(()));
            }
            ("rooms", _) => "rooms".to_owned(),
            ("leave", other) => match other.strip_prefix('#').unwrap_or(other) {
                "" => return Some(Err("/leave ROOM: which one?".to_owned())),
                other if other == *room => {
                    let reason = "/leave: one is always in a room here; /join another one first";
                    return Some(Err(reason.to_owned()));
                }
                other => format!("leave #{other}"),
            },
            ("history", count) => format!("history #{room} {count}"),
            ("search", "") => return Some(Err("/search WORDS: which ones?".to_owned())),
            ("search", words) => format!("search #{room} {words}"),
            _ => return None,
        };
        self.ask_gateway(&question, out);
        Some(Ok(()))
    }
}

#[cfg(test)]
#[path = "chat_tests.rs"]
mod tests;
