//! What is said: by others, by oneself, and what becomes of it.

use super::Uchat;
use super::asked::Asked;
use crate::dialects::client::pending_arrivals::{Fate, PendingMessage};
use crate::dialects::client::{Arrival, Place, Said, Saying};
use bytes::BytesMut;
use tolmach_uchat::{Id, Message, MessageStatus, MessageType, Request};

/// Of so many messages it is known who said them.
const MAX_AUTHORS: usize = 10_000;

impl Uchat {
    pub(super) fn hear_message(&mut self, message: &Message<'_>, out: &mut BytesMut) {
        let heard = heard(message);
        self.remember(heard.id, heard.user);
        self.missed.heard(message.date);
        self.look_up(heard.room, heard.user, out);
        let (id, is_file) = (heard.id, message.msg_type == MessageType::File);
        self.pending.push_message(heard);
        if is_file {
            let told = format!("/download {id} FILE fetches it");
            self.pending.push(Arrival::Notice(told));
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
        let author = self.authors.iter().rev().find(|(id, _)| *id == message);
        let Some(&(_, user)) = author else {
            let told = format!(
                "message {message} in {} is now: {text}",
                self.pending.place(room)
            );
            return self.pending.push(Arrival::Notice(told));
        };
        self.look_up(room, user, out);
        self.pending.push_message(PendingMessage {
            id: message,
            user,
            room,
            text,
            time: now,
            fate: Fate::Edited,
        });
    }

    pub(super) fn hear_delete(&mut self, room: Id, message: Id) {
        let told = format!(
            "message {message} in {} was deleted",
            self.pending.place(room)
        );
        self.pending.push(Arrival::Notice(told));
    }

    /// Asks for the names that it takes to show something.
    pub(super) fn look_up(&mut self, room: Id, user: Id, out: &mut BytesMut) {
        if self.pending.is_new_chat(room) {
            let frame = Request::Rooms { date: 0 };
            self.client.ask_first(frame, Asked::Chat(room), out);
        }
        if self.pending.is_new_user(user) {
            let frame = Request::MemberInfo { user };
            self.client.ask_first(frame, Asked::Name(user), out);
        }
        if self.has_parted {
            self.pending.give_up();
        }
    }

    pub(super) fn remember(&mut self, message: Id, user: Id) {
        self.authors.push_back((message, user));
        if self.authors.len() > MAX_AUTHORS {
            self.authors.pop_front();
        }
    }

    /// Its echo came: it counts as said now.
    pub(super) fn accepted(&mut self, room: Id, saying: Saying, now: i64) {
        let name = self.pending.room_name(room);
        self.pending.push(Arrival::Said(Said {
            place: saying.to.map_or(Place::Room(name), Place::PrivateTo),
            from: self.client.login().to_owned(),
            text: saying.text,
            emote: saying.emote,
            own: true,
            time: now,
        }));
    }

    pub(super) fn not_accepted(&mut self, to: Option<&str>, reason: &str) {
        let to = to.map_or_else(|| format!("#{}", self.room.name), ToOwned::to_owned);
        self.pending
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
