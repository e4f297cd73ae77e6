//! The client of the `uchat` dialect. Answers bear no number of their request, so at most one request is open at
//! a time; only messages, whose answer is their echo, are sent several at once.
//!
//! ```text
//! open ─▶ LogIn ─▶ MyRooms ─┬─────────────────▶ Members ─▶ in the room: Say, Name, and the commands
//!                           └▶ FindRoom ─┬▶ Join ─┤
//!                                        └▶ NewRoom
//! ```
//!
//! Read it in this order: `exchange` (what is open), `entering` (the picture above), `hearing` (what the server
//! tells), `said` (what is said), `commands` (what only this dialect can), `files`.

mod commands;
mod entering;
mod exchange;
mod files;
mod hearing;
mod said;

use crate::dialects::client::ChatError;
use crate::dialects::client::Identity;
use crate::dialects::client::pending_arrivals::{EMOTE, PendingArrivals};
use crate::dialects::client::split::pieces_of_bytes;
use crate::dialects::client::{Arrival, ChatClient, Errand, Saying};
use bytes::BytesMut;
use entering::Proof;
use exchange::{Asked, Exchange};
use std::collections::VecDeque;
use tokio_util::codec::Decoder;
use tolmach_uchat::limits::MESSAGE_BYTES;
use tolmach_uchat::{ClientCodec, Flavor, Id, MessageType, Request, Secret};

/// The longest line that is read: a history of long messages.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// A client of the dialect.
pub(super) struct Uchat {
    codec: ClientCodec,
    proof: Proof,
    /// What the server gave, or took: it opens connections for files.
    token: Option<Secret>,
    /// One's own name.
    login: String,
    room: Room,
    /// The name of the room to go to.
    target: String,
    is_in: bool,
    /// Whether one is on the way to another room.
    is_moving: bool,
    has_parted: bool,
    exchange: Exchange,
    held: PendingArrivals,
    /// Messages that were heard lately and who said them, the oldest first: an edit does not tell it.
    authors: VecDeque<(Id, Id)>,
    errands: VecDeque<Errand>,
}

/// The room that one speaks in.
struct Room {
    name: String,
    id: Id,
}

impl Uchat {
    pub(super) fn new(identity: Identity) -> Result<Self, &'static str> {
        let proof = Proof::of(&identity)?;
        Ok(Self {
            codec: ClientCodec::new(Flavor::Field, MOST_BYTES),
            proof,
            token: None,
            login: identity.user.unwrap_or_default(),
            room: Room {
                name: identity.room.clone(),
                id: 0,
            },
            target: identity.room,
            is_in: false,
            is_moving: false,
            has_parted: false,
            exchange: Exchange::default(),
            held: PendingArrivals::default(),
            authors: VecDeque::new(),
            errands: VecDeque::new(),
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
            let asked = Asked::Say {
                room,
                text: crate::dialects::client::clean::comparable(piece),
                whole: whole.take_if(|_| is_last),
            };
            self.exchange.ask(frame, asked, out);
        }
    }
}

impl ChatClient for Uchat {
    fn open(&mut self, _now: i64, out: &mut BytesMut) {
        self.log_in(out);
    }

    fn hear(
        &mut self,
        input: &mut BytesMut,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<Option<Arrival>, ChatError> {
        let garbled = |error: tolmach_uchat::DecodeError| ChatError::Garbled(error.to_string());
        loop {
            let arrival = self.held.pop();
            if arrival.is_some() {
                return Ok(arrival);
            }
            match self.codec.decode(input).map_err(garbled)? {
                None => return Ok(None),
                Some(Ok(frame)) => self.hear_frame(frame, now, out)?,
                Some(Err(bad)) => {
                    let words = format!("not understood: {bad}");
                    self.hear_bad(bad.request, words, out)?;
                }
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
        let is_looking = self.exchange.is_looking_for(name);
        match self.held.direct(name).filter(|_| !is_looking) {
            Some(room) => self.send(room, saying, out),
            None => {
                let frame = Request::Rooms { date: 0 };
                self.exchange.ask(frame, Asked::Recipient(saying), out);
            }
        }
    }

    fn unanswered(&self) -> usize {
        self.exchange.unanswered()
    }

    /// What waits for a name is still to be shown.
    fn is_settled(&self) -> bool {
        self.unanswered() == 0 && self.held.is_empty()
    }

    fn farewell(&mut self, _now: i64, out: &mut BytesMut) {
        self.has_parted = true;
        // A token that was given must go on.
        if let (Proof::Password { .. }, Some(token)) = (&self.proof, self.token.take()) {
            Request::LogOut { token }.write(out);
        }
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

    fn commands(&self) -> &'static str {
        commands::HELP
    }

    fn errand(&mut self) -> Option<Errand> {
        self.errands.pop_front()
    }
}

#[cfg(test)]
mod tests;
