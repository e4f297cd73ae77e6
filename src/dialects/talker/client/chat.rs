//! The client of the `talker` dialect. What one says in the room comes back as an echo: then it is accepted.
//! A private message has no answer but an error.

use crate::dialects::client::{Arrival, ChatClient, ChatError, Identity, Place, Said, Saying};
use bytes::BytesMut;
use std::time::Duration;
use tolmach_talker::{Client, DecodeError, Event, Message, Present, Recipient};

/// Who is silent for 30 seconds becomes idle: PROTOCOL.md 3.3.
const PING_EVERY: Duration = Duration::from_secs(20);

/// A client of the dialect.
pub(super) struct Talker {
    client: Client,
    room: String,
}

impl Talker {
    pub(super) fn new(identity: Identity) -> Result<Self, &'static str> {
        let token = identity
            .token
            .ok_or("talker needs --token TOKEN (`tolmach token create NAME` makes one)")?;
        Ok(Self {
            client: Client::new(identity.room.clone(), token),
            room: identity.room,
        })
    }

    fn hear_event(&self, event: Event) -> Result<Arrival, ChatError> {
        Ok(match event {
            Event::Connected(user) => {
                Arrival::Notice(format!("#{}: connected as {}", self.room, user.name))
            }
            Event::Refused(reason) => return Err(ChatError::Refused(reason)),
            Event::Users => {
                Arrival::Presence(format!("in #{}: {}", self.room, self.names().join(", ")))
            }
            Event::Message { message, echo_of } => {
                Arrival::Said(self.said(message, echo_of.is_some()))
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
        })
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
        _now: i64,
        _out: &mut BytesMut,
    ) -> Result<Option<Arrival>, ChatError> {
        let garbled = |error: DecodeError| ChatError::Garbled(error.to_string());
        let event = self.client.next(input).map_err(garbled)?;
        event.map(|event| self.hear_event(event)).transpose()
    }

    fn is_in(&self) -> bool {
        self.client.is_connected()
    }

    fn say(&mut self, saying: Saying, _now: i64, out: &mut BytesMut) {
        match saying.to {
            None => self.client.say(&saying.text, saying.emote, (), out),
            Some(to) => self.client.tell(Recipient::from(to), &saying.text, (), out),
        }
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
}

#[cfg(test)]
#[path = "chat_tests.rs"]
mod tests;
