//! The client of the `jim` dialect: every request but the farewell has one answer, in the order sent.
//!
//! ```text
//! open ─▶ Login ──200──▶ Join ──200, 201──▶ in the room: Piece, Piece, …
//!           └── 4xx ──▶ refused ◀── 4xx ──┘
//! ```

use crate::dialects::client::ChatError;
use crate::dialects::client::Identity;
use crate::dialects::client::split::pieces;
use crate::dialects::client::{Arrival, ChatClient, Place, Said, Saying, WINDOW};
use bytes::BytesMut;
use std::collections::VecDeque;
use tokio_util::codec::Decoder;
use tolmach_jim::limits::{MESSAGE_CHARS, OBJECT_CHARS};
use tolmach_jim::{Answer, ClientCodec, ClientFrame, ClientRequest, Encoding, Extra, ServerFrame};

/// What an emote's text begins with.
const EMOTE: &str = "/me ";

/// A client of the dialect.
pub(super) struct Jim {
    name: String,
    password: Option<String>,
    room: String,
    room_password: Option<String>,
    codec: ClientCodec,
    /// What is sent and has no answer, oldest first.
    pending: VecDeque<Pending>,
    /// What waits to be sent.
    unsaid: VecDeque<Piece>,
    is_in: bool,
}

/// A request that waits for its answer.
enum Pending {
    Login,
    Join,
    Piece(Piece),
}

/// A `msg`, which holds a message or a part of a long one.
struct Piece {
    to: String,
    text: String,
    /// With the last part, the whole: it is shown once it is accepted.
    whole: Option<Saying>,
}

impl Jim {
    pub(super) fn new(identity: Identity) -> Result<Self, &'static str> {
        let name = identity
            .user
            .ok_or("jim needs --user NAME: who comes without a password is a guest of that name")?;
        Ok(Self {
            name,
            password: identity.password,
            room: identity.room,
            room_password: identity.room_password,
            codec: ClientCodec::new(),
            pending: VecDeque::new(),
            unsaid: VecDeque::new(),
            is_in: false,
        })
    }

    /// Sends pieces while the window has room for them.
    fn send_pieces(&mut self, now: i64, out: &mut BytesMut) {
        while self.pending.len() < WINDOW {
            let Some(piece) = self.unsaid.pop_front() else {
                return;
            };
            send(out, now, self.msg(&piece.to, &piece.text));
            self.pending.push_back(Pending::Piece(piece));
        }
    }

    fn msg(&self, to: &str, text: &str) -> ClientFrame {
        ClientFrame::Msg {
            to: to.to_owned(),
            from: self.name.clone(),
            message: text.to_owned(),
            encoding: Encoding::of(text),
            extra: Extra::default(),
        }
    }

    /// How many characters a text may have in one object.
    fn text_limit(&self, to: &str, now: i64) -> usize {
        // One character that is not ASCII: `encoding` has the longer of its two names.
        let frame = self.msg(to, "\u{fffd}");
        let around = ClientRequest { time: now, frame }.characters() - 1;
        MESSAGE_CHARS
            .min(OBJECT_CHARS.saturating_sub(around))
            .max(1)
    }

    fn hear_frame(
        &mut self,
        frame: ServerFrame,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<Option<Arrival>, ChatError> {
        match frame {
            ServerFrame::Answer(answer) => self.hear_answer(answer, now, out),
            ServerFrame::Msg {
                to,
                from,
                time,
                message,
                ..
            } => Ok(Some(Arrival::Said(said(&to, from, message, time)))),
            ServerFrame::Probe { .. } => {
                // "The client should answer with `presence`", and that has no answer.
                send(out, now, self.presence());
                Ok(None)
            }
            // This client asks for no contact list.
            ServerFrame::ContactCount { .. } | ServerFrame::Contact { .. } => Ok(None),
        }
    }

    fn hear_answer(
        &mut self,
        answer: Answer,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<Option<Arrival>, ChatError> {
        let words = words(&answer);
        match answer.code {
            100 => return Ok(Some(Arrival::Notice(words))),
            101..200 => return Ok(Some(Arrival::Warning(words))),
            _ => {}
        }
        let accepted = answer.code < 400;
        match self.pending.pop_front() {
            None if accepted => Ok(Some(Arrival::Notice(words))),
            None => Ok(Some(Arrival::Warning(words))),
            Some(Pending::Login | Pending::Join) if !accepted => Err(ChatError::Refused(words)),
            Some(Pending::Login) => {
                let room = format!("#{}", self.room);
                send(
                    out,
                    now,
                    ClientFrame::Join {
                        room,
                        password: self.room_password.take(),
                    },
                );
                self.pending.push_back(Pending::Join);
                Ok(Some(Arrival::Notice(format!("{}: {words}", self.name))))
            }
            Some(Pending::Join) => {
                self.is_in = true;
                Ok(Some(Arrival::Notice(format!("#{}: {words}", self.room))))
            }
            Some(Pending::Piece(piece)) => {
                self.send_pieces(now, out);
                Ok(if accepted {
                    piece.whole.map(|whole| self.echo(whole, answer.time))
                } else {
                    Some(Arrival::NotAccepted(format!("to {}: {words}", piece.to)))
                })
            }
        }
    }

    fn echo(&self, saying: Saying, time: i64) -> Arrival {
        Arrival::Said(Said {
            place: saying
                .to
                .map_or_else(|| Place::Room(self.room.clone()), Place::PrivateTo),
            from: self.name.clone(),
            text: saying.text,
            emote: saying.emote,
            own: true,
            time,
        })
    }

    fn presence(&self) -> ClientFrame {
        ClientFrame::Presence {
            account_name: Some(self.name.clone()),
            status: None,
        }
    }
}

impl ChatClient for Jim {
    fn open(&mut self, now: i64, out: &mut BytesMut) {
        let frame = match self.password.take() {
            Some(password) => ClientFrame::Authenticate {
                account_name: self.name.clone(),
                password,
            },
            None => self.presence(),
        };
        send(out, now, frame);
        self.pending.push_back(Pending::Login);
    }

    fn hear(
        &mut self,
        input: &mut BytesMut,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<Option<Arrival>, ChatError> {
        loop {
            let garbled = |error: tolmach_jim::DecodeError| ChatError::Garbled(error.to_string());
            let arrival = match self.codec.decode(input).map_err(garbled)? {
                None => return Ok(None),
                Some(Ok(frame)) => self.hear_frame(frame, now, out)?,
                Some(Err(bad)) => Some(Arrival::Warning(format!("not understood: {bad}"))),
            };
            if arrival.is_some() {
                return Ok(arrival);
            }
        }
    }

    fn is_in(&self) -> bool {
        self.is_in
    }

    fn say(&mut self, saying: Saying, now: i64, out: &mut BytesMut) {
        let to = saying
            .to
            .clone()
            .unwrap_or_else(|| format!("#{}", self.room));
        let emote = if saying.emote { EMOTE } else { "" };
        let text = format!("{emote}{}", saying.text);
        self.unsaid
            .extend(pieces(&text, self.text_limit(&to, now)).map(|text| Piece {
                to: to.clone(),
                text: text.to_owned(),
                whole: None,
            }));
        if let Some(last) = self.unsaid.back_mut() {
            last.whole = Some(saying);
        }
        self.send_pieces(now, out);
    }

    fn unanswered(&self) -> usize {
        self.pending.len() + self.unsaid.len()
    }

    fn farewell(&mut self, now: i64, out: &mut BytesMut) {
        send(out, now, ClientFrame::Quit);
    }
}

fn send(out: &mut BytesMut, time: i64, frame: ClientFrame) {
    ClientRequest { time, frame }.write(out);
}

fn said(to: &str, from: String, text: String, time: i64) -> Said {
    let (emote, text) = match text.strip_prefix(EMOTE) {
        Some(rest) => (true, rest.to_owned()),
        None => (false, text),
    };
    Said {
        place: to
            .strip_prefix('#')
            .map_or(Place::Private, |room| Place::Room(room.to_owned())),
        from,
        text,
        emote,
        own: false,
        time,
    }
}

fn words(answer: &Answer) -> String {
    match &answer.text {
        Some(text) => format!("{} {text}", answer.code),
        None => answer.code.to_string(),
    }
}

#[cfg(test)]
#[path = "chat_tests.rs"]
mod tests;
