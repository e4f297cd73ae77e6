//! What is said: by others, by oneself, and what becomes of it.

use super::Uchat;
use super::exchange::{Asked, Outcome};
use crate::dialects::client::clean::comparable;
use crate::dialects::client::pending_arrivals::{Fate, PendingMessage};
use crate::dialects::client::{Arrival, Place, Said};
use bytes::BytesMut;
use tolmach_uchat::{Id, Message, MessageStatus, MessageType, Request};

/// Of so many messages it is known who said them.
const AUTHORS: usize = 10_000;

impl Uchat {
    pub(super) fn hear_message(&mut self, message: &Message<'_>, now: i64, out: &mut BytesMut) {
        let heard = heard(message);
        self.remember(heard.id, heard.user);
        if heard.user == self.held.me {
            let text = comparable(&heard.text);
            let outcomes = self.exchange.echoed(heard.room, &text, out);
            if !outcomes.is_empty() {
                return self.conclude(outcomes, now);
            }
        }
        self.look_up(heard.room, heard.user, out);
        let (id, is_file) = (heard.id, message.msg_type == MessageType::File);
        self.held.push_message(heard);
        if is_file {
            let told = format!("/download {id} FILE fetches it");
            self.held.push(Arrival::Notice(told));
        }
    }

    pub(super) fn hear_edit(
        &mut self,
        room: Id,
        message: Id,
        text: String,
        now: i64,
        out: &mut BytesMut,
    ) {
        let is_it = |asked: &Asked| matches!(asked, Asked::Edit(id) if *id == message);
        self.exchange.answered(is_it, out);
        let author = self.authors.iter().rev().find(|(id, _)| *id == message);
        let Some(&(_, user)) = author else {
            let told = format!(
                "message {message} in {} is now: {text}",
                self.held.place(room)
            );
            return self.held.push(Arrival::Notice(told));
        };
        self.look_up(room, user, out);
        self.held.push_message(PendingMessage {
            id: message,
            user,
            room,
            text,
            time: now,
            fate: Fate::Edited,
        });
    }

    pub(super) fn hear_delete(&mut self, room: Id, message: Id, out: &mut BytesMut) {
        let is_it = |asked: &Asked| matches!(asked, Asked::Delete(id) if *id == message);
        self.exchange.answered(is_it, out);
        let told = format!("message {message} in {} was deleted", self.held.place(room));
        self.held.push(Arrival::Notice(told));
    }

    /// Asks for the names that it takes to show something.
    pub(super) fn look_up(&mut self, room: Id, user: Id, out: &mut BytesMut) {
        if self.held.is_new_chat(room) {
            let frame = Request::Rooms { date: 0 };
            self.exchange.ask_first(frame, Asked::Chat(room), out);
        }
        if self.held.is_new_user(user) {
            let frame = Request::MemberInfo { user };
            self.exchange.ask_first(frame, Asked::Name(user), out);
        }
        if self.has_parted {
            self.held.give_up();
        }
    }

    pub(super) fn remember(&mut self, message: Id, user: Id) {
        self.authors.push_back((message, user));
        if self.authors.len() > AUTHORS {
            self.authors.pop_front();
        }
    }

    /// What became of what was said.
    pub(super) fn conclude(&mut self, outcomes: Vec<Outcome>, now: i64) {
        for (asked, outcome) in outcomes {
            let Asked::Say { room, whole, .. } = asked else {
                continue;
            };
            let to = whole.as_ref().and_then(|saying| saying.to.clone());
            match (outcome, whole) {
                (Err(reason), _) => self.not_accepted(to.as_deref(), &reason),
                (Ok(()), None) => {}
                (Ok(()), Some(saying)) => {
                    let name = self.held.room_name(room);
                    self.held.push(Arrival::Said(Said {
                        place: to.map_or(Place::Room(name), Place::PrivateTo),
                        from: self.login.clone(),
                        text: saying.text,
                        emote: saying.emote,
                        own: true,
                        time: now,
                    }));
                }
            }
        }
    }

    pub(super) fn not_accepted(&mut self, to: Option<&str>, reason: &str) {
        let to = to.map_or_else(|| format!("#{}", self.room.name), ToOwned::to_owned);
        self.held
            .push(Arrival::NotAccepted(format!("to {to}: {reason}")));
    }
}

/// A message as it is shown.
pub(super) fn heard(message: &Message<'_>) -> PendingMessage {
    let text = match message.msg_type {
        MessageType::Text => message.message.to_string(),
        MessageType::Sticker => format!(":{}:", message.message),
        MessageType::File | MessageType::FileWithText => {
            format!("[file] {} ({} bytes)", message.file_name, message.file_size)
        }
    };
    PendingMessage {
        id: message.message_id,
        user: message.user_id,
        room: message.room_id,
        text,
        time: message.date.div_euclid(1000),
        fate: match message.status {
            MessageStatus::New => Fate::New,
            MessageStatus::Edited => Fate::Edited,
        },
    }
}
