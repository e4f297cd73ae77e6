//! The client of the `uchat` dialect. Which frame answers what was asked, [`tolmach_uchat::Client`] knows.
//!
//! ```text
//! open ─▶ LogIn ─▶ MyRooms ─┬─────────────────▶ Members ─▶ in the room: Say, Name, and the commands
//!                           └▶ FindRoom ─┬▶ Join ─┤
//!                                        └▶ NewRoom
//! ```
//!
//! Read it in this order: `asked` (why something is asked), `entering` (the picture above), `hearing` (what the server
//! tells), `said` (what is said), `commands` (what only this dialect can), `files`, `missed` (after a connection was lost).

mod asked;
mod commands;
mod entering;
mod files;
mod hearing;
mod missed;
mod said;

pub(in crate::dialects::uchat::client) use commands::COMMANDS;

use crate::dialects::client::ChatError;
use crate::dialects::client::EMOTE;
use crate::dialects::client::Identity;
use crate::dialects::client::pending_arrivals::PendingArrivals;
use crate::dialects::client::split::pieces_of_bytes;
use crate::dialects::client::{Arrival, ChatClient, Errand, Saying};
use asked::Asked;
use bytes::BytesMut;
use entering::credentials;
use missed::Missed;
use std::collections::VecDeque;
use tolmach_uchat::limits::MESSAGE_BYTES;
use tolmach_uchat::{Client, Credentials, Flavor, Id, MessageType, Request};

/// A client of the dialect.
pub(super) struct Uchat {
    client: Client<Asked>,
    has_password: bool,
    room: Room,
    /// The name of the room to go to.
    target: String,
    is_in: bool,
    /// Whether one is on the way to another room.
    is_moving: bool,
    has_parted: bool,
    pending: PendingArrivals,
    /// Messages that were heard lately and who said them, the oldest first: an edit does not tell it.
    authors: VecDeque<(Id, Id)>,
    errands: VecDeque<Errand>,
    missed: Missed,
}

/// The room that one speaks in.
struct Room {
    name: String,
    id: Id,
}

impl Uchat {
    pub(super) fn new(identity: Identity) -> Result<Self, &'static str> {
        let credentials = credentials(&identity)?;
        Ok(Self {
            has_password: !matches!(credentials, Credentials::Token(_)),
            client: Client::new(Flavor::Field, credentials),
            room: Room {
                name: identity.room.clone(),
                id: 0,
            },
            target: identity.room,
            is_in: false,
            is_moving: false,
            has_parted: false,
            pending: PendingArrivals::default(),
            authors: VecDeque::new(),
            errands: VecDeque::new(),
            missed: Missed::default(),
        })
    }

    /// Sends a text in as many messages as it needs.
    fn send(&mut self, room: Id, saying: Saying, out: &mut BytesMut) {
        let emote = if saying.emote { EMOTE } else { "" };
        let text = format!("{emote}{}", saying.text);
        let mut pieces = pieces_of_bytes(text.trim(), *MESSAGE_BYTES.end()).peekable();
        let mut whole = Some(saying);
        while let Some(piece) = pieces.next() {
            let frame = Request::Message {
                room,
                message: piece.to_owned(),
                kind: MessageType::Text,
            };
            let is_last = pieces.peek().is_none();
            let asked = Asked::Say(room, whole.take_if(|_| is_last));
            self.client.ask(frame, asked, out);
        }
    }
}

impl ChatClient for Uchat {
    fn open(&mut self, _now: i64, out: &mut BytesMut) {
        self.client.open(out);
    }

    fn hear(
        &mut self,
        input: &mut BytesMut,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<Option<Arrival>, ChatError> {
        let garbled = |error: tolmach_uchat::DecodeError| ChatError::Garbled(error.to_string());
        loop {
            let arrival = self.pending.pop();
            if arrival.is_some() {
                return Ok(arrival);
            }
            match self.client.next(input, out).map_err(garbled)? {
                None => return Ok(None),
                Some(event) => self.hear_event(event, now, out)?,
            }
        }
    }

    fn is_in(&self) -> bool {
        self.is_in && !self.is_moving
    }

    fn say(&mut self, saying: Saying, _now: i64, out: &mut BytesMut) {
        let Some(name) = &saying.to else {
            return self.send(self.room.id, saying, out);
        };
        // What was to be said before is said before.
        let is_looking = self.client.unanswered().any(|asked| asked.looks_for(name));
        match self.pending.direct(name).filter(|_| !is_looking) {
            Some(room) => self.send(room, saying, out),
            None => {
                let frame = Request::Rooms { date: 0 };
                self.client.ask(frame, Asked::Recipient(saying), out);
            }
        }
    }

    fn unanswered(&self) -> usize {
        self.client.unanswered().count()
    }

    /// What waits for a name is still to be shown.
    fn is_settled(&self) -> bool {
        self.unanswered() == 0 && self.pending.is_empty()
    }

    fn lost(&mut self) -> bool {
        self.client = self.client.again(Flavor::Field);
        self.target.clone_from(&self.room.name);
        (self.is_in, self.is_moving) = (false, false);
        self.missed.begin_anew();
        true
    }

    fn told_missed(&self, _saying: &Saying) -> bool {
        !self.missed.failed
    }

    fn farewell(&mut self, _now: i64, out: &mut BytesMut) {
        self.has_parted = true;
        self.client.log_out(out);
    }

    fn known(&self) -> Vec<String> {
        self.pending.known()
    }

    fn command(
        &mut self,
        word: &str,
        rest: &str,
        now: i64,
        out: &mut BytesMut,
    ) -> Option<Result<(), String>> {
        self.carry_out(word, rest, now, out)
    }

    fn errand(&mut self) -> Option<Errand> {
        self.errands.pop_front()
    }
}

#[cfg(test)]
mod tests;
