//! The client of the `jim` dialect: every request but the farewell has one answer, in the order sent.
//!
//! ```text
//! open ─▶ LogIn ──200──▶ Join ──200, 201──▶ in the room: Piece, Piece, …
//!           └── 4xx ──▶ refused ◀── 4xx ──┘
//! ```
//!
//! What the dialect has no request for, the gateway's own user is asked (`questions`); so also what was missed, where
//! a connection was lost.

mod questions;
mod recall;

use crate::dialects::client::split::pieces;
use crate::dialects::client::{
    Arrival, ChatClient, ChatError, EMOTE, Identity, Place, Said, Saying,
};
use bytes::BytesMut;
use questions::{Question, Questions};
use recall::Recall;
use std::collections::VecDeque;
use tolmach_jim::{Answer, Client, ClientFrame, DecodeError, Event, Message};

pub(super) use questions::COMMANDS;

/// A client of the dialect.
pub(super) struct Jim {
    client: Client<Asked>,
    /// Whether the name was made up here.
    is_nameless: bool,
    password: Option<String>,
    /// The room that one speaks in.
    room: String,
    room_password: Option<String>,
    /// The rooms that one is in, the last one entered last.
    rooms: Vec<String>,
    is_in: bool,
    /// Whether a connection was lost before.
    is_again: bool,
    /// How many rooms one is on the way into.
    joining: usize,
    questions: Questions,
    recall: Recall,
    arrivals: VecDeque<Arrival>,
}

/// Why something was asked.
enum Asked {
    Join(String),
    Leave(String),
    /// A message, or a part of a long one.
    Piece {
        to: String,
        text: String,
        /// With the last part, the whole: it is shown once it is accepted.
        whole: Option<Saying>,
    },
    /// Something of the gateway's own user.
    Question(Question),
    /// Whether all of its answer has come.
    AnswerIsWhole,
}

impl Jim {
    /// Who gives no name comes in as a guest of one that nobody is likely to have.
    pub(super) fn new(identity: Identity) -> Self {
        let guest = || format!("guest-{:04}", rand::random_range(0..10_000));
        Self {
            is_nameless: identity.user.is_none(),
            client: Client::new(identity.user.unwrap_or_else(guest)),
            password: identity.password,
            room: identity.room,
            room_password: identity.room_password,
            rooms: Vec::new(),
            is_in: false,
            is_again: false,
            joining: 0,
            questions: Questions::new(identity.gateway),
            recall: Recall::default(),
            arrivals: VecDeque::new(),
        }
    }

    fn hear_event(
        &mut self,
        event: Event<Asked>,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<(), ChatError> {
        let arrival = match event {
            Event::LoggedIn(answer) => {
                self.logged_in(&answer, now, out);
                return Ok(());
            }
            Event::Refused(answer) => return Err(ChatError::Refused(words(&answer))),
            Event::Answered { asked, answer } => return self.answered(asked, &answer, now, out),
            Event::Notice(answer) => match answer.code {
                100 | 200..400 => Arrival::Notice(words(&answer)),
                _ => Arrival::Warning(words(&answer)),
            },
            Event::Message(message) => {
                let Some(message) = self.questions.hear(message, self.client.name()) else {
                    return Ok(());
                };
                if let Some(room) = message.to.strip_prefix('#') {
                    self.recall
                        .heard(room, message.time, &message.from, &message.text);
                }
                Arrival::Said(said(message))
            }
            // This client asks for no contact list.
            Event::Contact(_) => return Ok(()),
            Event::Bad(bad) => Arrival::Warning(format!("not understood: {bad}")),
        };
        self.arrivals.push_back(arrival);
        Ok(())
    }

    fn logged_in(&mut self, answer: &Answer, now: i64, out: &mut BytesMut) {
        let name = self.client.name().to_owned();
        // The exercise: it says its presence and shows the answer.
        self.arrivals
            .push_back(match self.is_nameless && !self.is_again {
                true => Arrival::Notice(format!("{name}: {}", words(answer))),
                false => Arrival::LoggedIn {
                    name,
                    answer: Some(words(answer)),
                },
            });
        let rooms = match self.is_again {
            true => std::mem::take(&mut self.rooms),
            false => vec![self.room.clone()],
        };
        for room in rooms {
            self.join(room, now, out);
        }
    }

    fn join(&mut self, room: String, now: i64, out: &mut BytesMut) {
        let frame = ClientFrame::join(
            format!("#{room}"),
            self.room_password.clone().map(Into::into),
        );
        self.joining += 1;
        self.client.ask(frame, Asked::Join(room), now, out);
    }

    fn answered(
        &mut self,
        asked: Asked,
        answer: &Answer,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<(), ChatError> {
        let (is_accepted, words) = (answer.is_accepted(), words(answer));
        match asked {
            Asked::Join(room) => return self.joined(room, answer, now, out),
            Asked::Leave(room) if is_accepted => self.left(&room),
            Asked::Leave(room) => self.not_accepted(format!("/leave #{room}: {words}")),
            Asked::Piece { to, .. } if !is_accepted => {
                self.not_accepted(format!("to {to}: {words}"));
            }
            Asked::Piece { to, text, whole } => {
                let name = self.client.name();
                if let Some(room) = to.strip_prefix('#') {
                    self.recall.heard(room, answer.time, name, &text);
                }
                let echo = whole.map(|whole| whole.echo(name, &self.room, answer.time));
                self.arrivals.extend(echo);
            }
            Asked::Question(question) if is_accepted => self.questions.begin(question),
            Asked::Question(question) => self.not_answered(&question, &words),
            Asked::AnswerIsWhole => self.told(),
        }
        Ok(())
    }

    fn not_accepted(&mut self, what: String) {
        self.arrivals.push_back(Arrival::NotAccepted(what));
    }

    fn joined(
        &mut self,
        room: String,
        answer: &Answer,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<(), ChatError> {
        self.joining -= 1;
        let words = words(answer);
        if !answer.is_accepted() {
            if !self.is_in && room == self.room {
                return Err(ChatError::Refused(words));
            }
            self.not_accepted(format!("#{room}: {words}"));
            return Ok(());
        }
        self.recall.entered(&room, answer.time);
        self.rooms.retain(|other| *other != room);
        self.rooms.push(room.clone());
        if self.is_again && !self.is_in {
            self.ask_for_missed(room.clone(), now, out);
        }
        // Of the rooms that one comes back to, the one to speak in is the last.
        if self.is_in || room == self.room {
            self.enter(room, Some(words));
        }
        Ok(())
    }

    fn enter(&mut self, room: String, answer: Option<String>) {
        self.is_in = true;
        self.room.clone_from(&room);
        self.arrivals.push_back(Arrival::Entered { room, answer });
    }

    /// One speaks in the room entered before, if there is one.
    fn left(&mut self, room: &str) {
        self.rooms.retain(|other| other != room);
        let told = Arrival::Notice(format!("#{room}: left"));
        self.arrivals.push_back(told);
        if room != self.room {
            return;
        }
        match self.rooms.last() {
            Some(other) => self.enter(other.clone(), None),
            None => {
                let told = "you are in no room now; /join ROOM enters one".to_owned();
                self.arrivals.push_back(Arrival::Notice(told));
            }
        }
    }

    fn hashed_room(&self) -> String {
        format!("#{}", self.room)
    }
}

impl ChatClient for Jim {
    fn open(&mut self, now: i64, out: &mut BytesMut) {
        let password = self.password.clone().map(Into::into);
        self.client.open(password, now, out);
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
            match self.client.next(input, now, out).map_err(garbled)? {
                None => return Ok(None),
                Some(event) => self.hear_event(event, now, out)?,
            }
        }
    }

    fn is_in(&self) -> bool {
        self.is_in && self.joining == 0 && !self.questions.is_catching_up()
    }

    fn say(&mut self, saying: Saying, now: i64, out: &mut BytesMut) {
        let to = saying.to.clone().unwrap_or_else(|| self.hashed_room());
        let text = saying.marked_text();
        let mut whole = Some(saying);
        let mut pieces = pieces(&text, self.client.text_chars(&to, now)).peekable();
        while let Some(piece) = pieces.next() {
            let whole = whole.take_if(|_| pieces.peek().is_none());
            let asked = Asked::Piece {
                to: to.clone(),
                text: piece.to_owned(),
                whole,
            };
            self.client.say(&to, piece, asked, now, out);
        }
    }

    fn unanswered(&self) -> usize {
        self.client.unanswered()
    }

    fn lost(&mut self) -> bool {
        self.client = Client::new(self.client.name());
        (self.is_in, self.is_again, self.joining) = (false, true, 0);
        self.questions.forget();
        true
    }

    fn told_missed(&self, saying: &Saying) -> bool {
        saying.to.is_none() && self.questions.told_missed(&self.room)
    }

    fn farewell(&mut self, now: i64, out: &mut BytesMut) {
        self.client.quit(now, out);
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

fn said(message: Message) -> Said {
    let (emote, text) = match message.text.strip_prefix(EMOTE) {
        Some(rest) => (true, rest.to_owned()),
        None => (false, message.text),
    };
    let room = message.to.strip_prefix('#').map(str::to_owned);
    Said {
        place: room.map_or(Place::Private, Place::Room),
        from: message.from,
        text,
        emote,
        own: false,
        time: message.time,
    }
}

fn words(answer: &Answer) -> String {
    match &answer.text {
        Some(text) => format!("{} {text}", answer.code),
        None => answer.code.to_string(),
    }
}

#[cfg(test)]
mod tests;
