//! What is said in the room, and to one person only.

use super::Purpose;
use super::asked::Asked;
use crate::dialects::client::EMOTE;
use crate::dialects::client::pending_arrivals::Chat;
use crate::dialects::client::{Arrival, Place, Said, Saying};
use bytes::BytesMut;
use std::collections::BTreeMap;
use tolmach_purpose::{ChatInfo, Request};

/// The direct chats to say something in, by the recipient's name as it was given, in lower case.
pub(super) type Directs = BTreeMap<String, Direct>;

/// What is known of the direct chat with somebody.
pub(super) enum Direct {
    /// There is one, of this id.
    Known(i32),
    /// It is asked for; this is to be said there, oldest first.
    Asked(Vec<Saying>),
}

impl Purpose {
    pub(super) fn send(&mut self, chat: i32, saying: Saying, out: &mut BytesMut) {
        let emote = if saying.emote { EMOTE } else { "" };
        let text = format!("{emote}{}", saying.text).into();
        let request = Request::Send { chat, text };
        self.ask(request, Asked::Say(saying), out);
    }

    pub(super) fn say_privately(&mut self, name: &str, saying: Saying, out: &mut BytesMut) {
        if !self.knows_names() {
            let reason = "revision 1 has no request for a direct chat; --revision 2 has".to_owned();
            return self.not_accepted(&saying, &reason);
        }
        let key = name.to_lowercase();
        match self.directs.get_mut(&key) {
            Some(Direct::Known(chat)) => {
                let chat = *chat;
                self.send(chat, saying, out);
            }
            Some(Direct::Asked(sayings)) => sayings.push(saying),
            None => {
                self.directs
                    .insert(key.clone(), Direct::Asked(vec![saying]));
                let name = name.into();
                self.ask(Request::UserId { name }, Asked::Recipient(key), out);
            }
        }
    }

    /// The recipient is this user.
    pub(super) fn recipient(&mut self, key: String, user: i32, out: &mut BytesMut) {
        self.ask(Request::StartChat { user }, Asked::Direct(key), out);
    }

    /// This is the direct chat with the recipient.
    pub(super) fn direct(&mut self, key: String, chat: &ChatInfo, out: &mut BytesMut) {
        self.learn(chat);
        let before = self.directs.insert(key, Direct::Known(chat.id));
        if let Some(Direct::Asked(sayings)) = before {
            for saying in sayings {
                self.send(chat.id, saying, out);
            }
        }
    }

    /// There is no such recipient, or no chat with it.
    pub(super) fn no_direct(&mut self, key: &str, reason: &str) {
        if let Some(Direct::Asked(sayings)) = self.directs.remove(key) {
            for saying in &sayings {
                self.not_accepted(saying, reason);
            }
        }
    }

    pub(super) fn not_accepted(&mut self, saying: &Saying, reason: &str) {
        self.unanswered = self.unanswered.saturating_sub(1);
        let to = match &saying.to {
            Some(name) => name.clone(),
            None => format!("#{}", self.room.name),
        };
        self.pending
            .push(Arrival::NotAccepted(format!("to {to}: {reason}")));
    }

    /// "Accepted": it counts as said now.
    pub(super) fn accepted(&mut self, saying: Saying, now: i64) {
        self.missed.accepted(&saying.marked_text());
        self.unanswered = self.unanswered.saturating_sub(1);
        let room = || Place::Room(self.room.name.clone());
        self.pending.push(Arrival::Said(Said {
            place: saying.to.map_or_else(room, Place::PrivateTo),
            from: self.own_name(),
            text: saying.text,
            emote: saying.emote,
            own: true,
            time: now,
        }));
    }

    /// What a chat is. The room's own name is the one that was given.
    pub(super) fn learn(&mut self, chat: &ChatInfo) {
        if self.room.id == Some(chat.id) {
            return;
        }
        let known = if chat.is_direct {
            Chat::Direct(chat.title.to_string())
        } else {
            Chat::Room(chat.nickname.to_string())
        };
        self.pending.chat(chat.id, Some(known));
    }
}
