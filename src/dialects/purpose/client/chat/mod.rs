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
//! whom), `hearing` (what the server tells), `commands` (what a person asks for), `missed` (after a connection was lost).

mod asked;
mod commands;
mod entering;
mod hearing;
mod missed;
mod saying;

pub(in crate::dialects::purpose::client) use commands::COMMANDS;

use crate::dialects::client::ChatError;
use crate::dialects::client::Identity;
use crate::dialects::client::pending_arrivals::PendingArrivals;
use crate::dialects::client::{Arrival, ChatClient, Saying};
use asked::Asked;
use bytes::BytesMut;
use entering::credentials;
use missed::Missed;
use saying::{Direct, Directs};
use tolmach_purpose::{Client, Credentials, Request, Revision, Secret};

/// A client of the dialect.
pub(super) struct Purpose {
    client: Client<Asked>,
    credentials: Credentials,
    /// What restores the session over another connection.
    session: Option<(i32, Secret)>,
    /// Whether the session is this client's own, to be ended with it.
    made_session: bool,
    /// One's own name, as far as it is known.
    name: Option<String>,
    room: Room,
    /// The room that one was in, on the way to another.
    before: Option<Room>,
    is_in: bool,
    has_parted: bool,
    directs: Directs,
    /// What was said and is neither accepted nor declined.
    unanswered: usize,
    pending: PendingArrivals,
    missed: Missed,
}

/// The room to be in.
#[derive(Default)]
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
            client: Client::new(revision, credentials.clone()),
            credentials,
            session: None,
            name: identity.user,
            room: Room {
                name: identity.room,
                id: None,
                password: identity.room_password,
            },
            before: None,
            is_in: false,
            has_parted: false,
            directs: Directs::default(),
            unanswered: 0,
            pending: PendingArrivals::default(),
            missed: Missed::default(),
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

    fn lost(&mut self) -> bool {
        let credentials = match self.session.take() {
            Some((id, hash)) => Credentials::Session { id, hash },
            None => self.credentials.clone(),
        };
        self.client = Client::new(self.client.revision(), credentials);
        self.room = self
            .before
            .take()
            .unwrap_or_else(|| std::mem::take(&mut self.room));
        self.directs
            .retain(|_, direct| matches!(direct, Direct::Known(_)));
        (self.is_in, self.unanswered) = (false, 0);
        self.missed.begin_anew();
        true
    }

    fn told_missed(&self, saying: &Saying) -> bool {
        !self.missed.failed && (saying.to.is_none() || self.knows_names())
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
        rest: &str,
        now: i64,
        out: &mut BytesMut,
    ) -> Option<Result<(), String>> {
        self.carry_out(word, rest, now, out)
    }
}

#[cfg(test)]
mod tests;
