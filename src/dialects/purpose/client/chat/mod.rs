//! The client of the `purpose` dialect, in both revisions: every request has one answer, which bears its task id.
//!
//! ```text
//! open ─▶ Hello ─▶ LogIn ─▶ FindRoom ─┬──────────────▶ Join ─▶ Members ─▶ in the room: Say, User, Chat, …
//!           └────────┴── DECLINED ─┐   └ none ─▶ Create ──────────┘
//!                               refused ◀──────── DECLINED ┘
//! ```
//!
//! Read it in this order: `requests` (task ids), `entering` (the picture above), `saying` (what is said, and to
//! whom), `hearing` (what the server tells).

mod entering;
mod hearing;
mod requests;
mod saying;

use crate::dialects::client::ChatError;
use crate::dialects::client::Identity;
use crate::dialects::client::pending_arrivals::PendingArrivals;
use crate::dialects::client::{Arrival, ChatClient, Saying};
use bytes::BytesMut;
use entering::Proof;
use requests::{Asked, Requests};
use saying::Directs;
use tokio_util::codec::Decoder;
use tolmach_purpose::limits::SKIPPED_BYTES;
use tolmach_purpose::{BadFrame, ClientBody, ClientCodec, ClientFrame, Request, Revision};

/// A client of the dialect.
pub(super) struct Purpose {
    revision: Revision,
    codec: ClientCodec,
    /// None once it is used.
    proof: Option<Proof>,
    /// Whether the session is this client's own, to be ended with it.
    made_session: bool,
    /// One's own name, as far as it is known.
    name: Option<String>,
    room: Room,
    is_in: bool,
    has_parted: bool,
    requests: Requests,
    directs: Directs,
    /// What was said and is neither accepted nor declined.
    unanswered: usize,
    held: PendingArrivals,
    /// The SESSION_DATA that waits for its answer until the end.
    renewal: Option<u8>,
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
        let revision = match identity.revision {
            1 => Revision::One,
            _ => Revision::Two,
        };
        let proof = Proof::of(&identity)?;
        Ok(Self {
            revision,
            codec: ClientCodec::new(revision, SKIPPED_BYTES),
            made_session: matches!(proof, Proof::Password { .. }),
            proof: Some(proof),
            name: identity.user,
            room: Room {
                name: identity.room,
                id: None,
                password: identity.room_password,
            },
            is_in: false,
            has_parted: false,
            requests: Requests::new(revision),
            directs: Directs::default(),
            unanswered: 0,
            held: PendingArrivals::default(),
            renewal: None,
        })
    }

    /// Answers what the server asks or tells.
    fn answer(&self, task: u8, body: ClientBody, out: &mut BytesMut) {
        // Both revisions have both answers.
        _ = ClientFrame { task, body }.write(self.revision, out);
    }

    /// What cannot be understood: an answer counts as a refusal; else the server may go on.
    fn hear_bad(&mut self, bad: &BadFrame, now: i64, out: &mut BytesMut) -> Result<(), ChatError> {
        let words = format!("not understood: {bad}");
        if bad.is_answer() {
            return self.hear_answer(bad.task, Err(words), now, out);
        }
        self.answer(bad.task, ClientBody::Accepted(bytes::Bytes::new()), out);
        self.held.push(Arrival::Warning(words));
        Ok(())
    }
}

impl ChatClient for Purpose {
    fn open(&mut self, _now: i64, out: &mut BytesMut) {
        self.requests
            .ask(Request::Hello { major: 0, minor: 1 }, Asked::Hello, out);
    }

    fn hear(
        &mut self,
        input: &mut BytesMut,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<Option<Arrival>, ChatError> {
        let garbled = |error: tolmach_purpose::DecodeError| ChatError::Garbled(error.to_string());
        loop {
            let arrival = self.held.pop();
            if arrival.is_some() {
                return Ok(arrival);
            }
            match self.codec.decode(input).map_err(garbled)? {
                None => return Ok(None),
                Some(Ok(frame)) => self.hear_frame(frame, now, out)?,
                Some(Err(bad)) => self.hear_bad(&bad, now, out)?,
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
        self.unanswered == 0 && self.held.is_empty()
    }

    fn farewell(&mut self, _now: i64, out: &mut BytesMut) {
        self.has_parted = true;
        if let Some(task) = self.renewal.take() {
            // The new hash is not kept: the old one must go on.
            self.answer(task, ClientBody::Declined("not kept".into()), out);
        }
        if self.made_session {
            self.requests.ask(Request::LogOff, Asked::LogOff, out);
        }
        let task = self.requests.free_task();
        self.answer(task, ClientBody::Disconnect, out);
    }

    fn command(
        &mut self,
        word: &str,
        _rest: &str,
        _now: i64,
        out: &mut BytesMut,
    ) -> Option<Result<(), String>> {
        let chat = self.room.id?;
        if word != "who" || self.revision == Revision::One {
            return None;
        }
        self.requests
            .ask(Request::ChatById { chat }, Asked::Who, out);
        Some(Ok(()))
    }
}

#[cfg(test)]
mod tests;
