//! The client of the `jim` dialect: every request but the farewell has one answer, in the order sent.
//!
//! ```text
//! open ─▶ LogIn ──200──▶ Join ──200, 201──▶ in the room: Piece, Piece, …
//!           └── 4xx ──▶ refused ◀── 4xx ──┘
//! ```

use crate::dialects::client::split::pieces;
use crate::dialects::client::{
    Arrival, ChatClient, ChatError, EMOTE, Identity, Place, Said, Saying,
};
use bytes::BytesMut;
use tolmach_jim::{Answer, Client, ClientFrame, DecodeError, Event, Message};

/// A client of the dialect.
pub(super) struct Jim {
    client: Client<Asked>,
    password: Option<String>,
    room: String,
    room_password: Option<String>,
    is_in: bool,
}

/// Why something was asked.
enum Asked {
    Join,
    /// A message, or a part of a long one.
    Piece {
        to: String,
        /// With the last part, the whole: it is shown once it is accepted.
        whole: Option<Saying>,
    },
}

impl Jim {
    /// Who gives no name comes in as a guest of one that nobody is likely to have.
    pub(super) fn new(identity: Identity) -> Self {
        let guest = || format!("guest-{:04}", rand::random_range(0..10_000));
        Self {
            client: Client::new(identity.user.unwrap_or_else(guest)),
            password: identity.password,
            room: identity.room,
            room_password: identity.room_password,
            is_in: false,
        }
    }

    fn hear_event(
        &mut self,
        event: Event<Asked>,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<Option<Arrival>, ChatError> {
        Ok(Some(match event {
            Event::LoggedIn(answer) => {
                let join = ClientFrame::join(
                    self.hashed_room(),
                    self.room_password.take().map(Into::into),
                );
                self.client.ask(join, Asked::Join, now, out);
                Arrival::LoggedIn {
                    name: self.client.name().to_owned(),
                    answer: Some(words(&answer)),
                }
            }
            Event::Refused(answer) => return Err(ChatError::Refused(words(&answer))),
            Event::Answered { asked, answer } => return self.answered(asked, &answer),
            Event::Notice(answer) => match answer.code {
                100 | 200..400 => Arrival::Notice(words(&answer)),
                _ => Arrival::Warning(words(&answer)),
            },
            Event::Message(message) => Arrival::Said(said(message)),
            // This client asks for no contact list.
            Event::Contact(_) => return Ok(None),
            Event::Bad(bad) => Arrival::Warning(format!("not understood: {bad}")),
        }))
    }

    fn answered(&mut self, asked: Asked, answer: &Answer) -> Result<Option<Arrival>, ChatError> {
        let words = words(answer);
        Ok(match asked {
            Asked::Join if !answer.is_accepted() => return Err(ChatError::Refused(words)),
            Asked::Join => {
                self.is_in = true;
                Some(Arrival::Entered {
                    room: self.room.clone(),
                    answer: Some(words),
                })
            }
            Asked::Piece { to, .. } if !answer.is_accepted() => {
                Some(Arrival::NotAccepted(format!("to {to}: {words}")))
            }
            Asked::Piece { whole, .. } => {
                whole.map(|whole| whole.echo(self.client.name(), &self.room, answer.time))
            }
        })
    }

    fn hashed_room(&self) -> String {
        format!("#{}", self.room)
    }
}

impl ChatClient for Jim {
    fn open(&mut self, now: i64, out: &mut BytesMut) {
        let password = self.password.take().map(Into::into);
        self.client.open(password, now, out);
    }

    fn hear(
        &mut self,
        input: &mut BytesMut,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<Option<Arrival>, ChatError> {
        let garbled = |error: DecodeError| ChatError::Garbled(error.to_string());
        while let Some(event) = self.client.next(input, now, out).map_err(garbled)? {
            let arrival = self.hear_event(event, now, out)?;
            if arrival.is_some() {
                return Ok(arrival);
            }
        }
        Ok(None)
    }

    fn is_in(&self) -> bool {
        self.is_in
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
                whole,
            };
            self.client.say(&to, piece, asked, now, out);
        }
    }

    fn unanswered(&self) -> usize {
        self.client.unanswered()
    }

    fn farewell(&mut self, now: i64, out: &mut BytesMut) {
        self.client.quit(now, out);
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
#[path = "chat_tests.rs"]
mod tests;
