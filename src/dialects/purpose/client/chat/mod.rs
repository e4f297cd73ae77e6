//! The client of the `purpose` dialect, in both revisions: every request has one answer, which bears its task id.
//!
//! ```text
//! open ─▶ Hello ─▶ LogIn ─▶ FindRoom ─┬──────────────▶ Join ─▶ Members ─▶ in the room: Say, User, Chat, …
//!           └────────┴── DECLINED ─┐   └ none ─▶ Create ──────────┘
//!                               refused ◀──────── DECLINED ┘
//! ```
//!
//! What of it is the protocol's, [`tolmach_purpose::Client`] does. Read it in this order: `asked` (why something is
//! asked), `entering` (the picture above), `saying` (what is said, and to
//! whom), `hearing` (what the server tells).

mod asked;
mod entering;
mod hearing;
mod saying;

use crate::dialects::client::ChatError;
use crate::dialects::client::Identity;
use crate::dialects::client::pending_arrivals::PendingArrivals;
use crate::dialects::client::{Arrival, ChatClient, Saying};
use asked::Asked;
use bytes::BytesMut;
use entering::credentials;
use saying::Directs;
use tolmach_purpose::{Client, Credentials, Request, Revision};

/// A client of the dialect.
pub(super) struct Purpose {
    client: Client<Asked>,
    /// Whether the session is this client's own, to be ended with it.
    made_session: bool,
    /// One's own name, as far as it is known.
    name: Option<String>,
    room: Room,
    is_in: bool,
    has_parted: bool,
    directs: Directs,
    /// What was said and is neither accepted nor declined.
    unanswered: usize,
    pending: PendingArrivals,
}

/// The room to be in.
struct Room {
    name: String,
    /// None before it is found or made.
    id: Option<i32>,
    password: Option<String>,
}

impl Purpose {
    pub(super) fn new(identity: Identity) -> Result<Self, &'static str> {
        let revision = super::revision(identity.revision);
        let credentials = credentials(&identity)?;
        Ok(Self {
            made_session: matches!(credentials, Credentials::Password { .. }),
            client: Client::new(revision, credentials),
            name: identity.user,
            room: Room {
                name: identity.room,
                id: None,
                password: identity.room_password,
            },
            is_in: false,
            has_parted: false,
            directs: Directs::default(),
            unanswered: 0,
            pending: PendingArrivals::default(),
        })
    }

    fn ask(&mut self, request: Request, asked: Asked, out: &mut BytesMut) {
        self.client.ask(request, asked, out);
    }

    /// Whether the revision tells who somebody is, and has direct chats.
    fn knows_names(&self) -> bool {
        self.client.revision() == Revision::Two
    }
}

impl ChatClient for Purpose {
    fn open(&mut self, _now: i64, out: &mut BytesMut) {
        self.client.open(out);
    }

    fn hear(
        &mut self,
        input: &mut BytesMut,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<Option<Arrival>, ChatError> {
        let garbled = |error: tolmach_purpose::DecodeError| ChatError::Garbled(error.to_string());
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
        self.is_in
    }

    fn say(&mut self, saying: Saying, _now: i64, out: &mut BytesMut) {
        self.unanswered += 1;
        match saying.to.clone() {
            None => self.send(self.room.id.unwrap_or_default(), saying, out),
            Some(name) => self.say_privately(&name, saying, out),
        }
    }

    fn unanswered(&self) -> usize {
        self.unanswered
    }

    /// What waits for a name is still to be shown.
    fn is_settled(&self) -> bool {
        self.unanswered == 0 && self.pending.is_empty()
    }

    fn farewell(&mut self, _now: i64, out: &mut BytesMut) {
        self.has_parted = true;
        // The new hash is not kept: the old one must go on.
        self.client.keep_session(false, out);
        if self.made_session {
            self.ask(Request::LogOff, Asked::LogOff, out);
        }
        self.client.disconnect(out);
    }

    fn known(&self) -> Vec<String> {
        self.pending.known()
    }

    fn command(
        &mut self,
        word: &str,
        _rest: &str,
        _now: i64,
        out: &mut BytesMut,
    ) -> Option<Result<(), String>> {
        let chat = self.room.id?;
        if word != "who" || !self.knows_names() {
            return None;
        }
        self.ask(Request::ChatById { chat }, Asked::Who, out);
        Some(Ok(()))
    }
}

#[cfg(test)]
mod tests;
