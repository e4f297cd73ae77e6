//! What was missed while there was no connection.

use super::Purpose;
use super::asked::Asked;
use crate::dialects::client::Arrival;
use bytes::BytesMut;
use std::collections::VecDeque;
use tolmach_purpose::{ChatInfo, Message, Request};

/// So many messages are remembered.
const MAX_SEEN: usize = 1000;

/// Messages may be heard not in the order of their seconds; none is so late.
const LATE: i64 = 5;

/// What was heard, and how far what was missed is told.
#[derive(Default)]
pub(super) struct Missed {
    /// Whether a connection was lost before.
    pub(super) is_again: bool,
    /// Messages that were heard, by id and the time of their last change.
    seen: VecDeque<(i32, i64)>,
    /// What one said oneself and was accepted: neither its id nor its time is told.
    own: VecDeque<String>,
    /// When the first thing that could be missed was said or heard, and the last; UNIX seconds.
    first: Option<i64>,
    last: i64,
    /// How many answers are awaited.
    open: usize,
    /// Whether one of them is a refusal.
    pub(super) failed: bool,
}

impl Missed {
    /// From now on something can be missed.
    pub(super) fn entered(&mut self, now: i64) {
        self.first.get_or_insert(now);
    }

    /// Whether it is heard for the first time.
    pub(super) fn is_new(&mut self, message: &Message) -> bool {
        let (id, time) = (message.id, message.updated.max(message.created));
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = self.last.max(time);
        if self.seen.contains(&(id, time)) {
            return false;
        }
        self.seen.push_back((id, time));
        if self.seen.len() > MAX_SEEN {
            self.seen.pop_front();
        }
        true
    }

    pub(super) fn accepted(&mut self, text: &str) {
        self.own.push_back(text.trim().to_owned());
        if self.own.len() > MAX_SEEN {
            self.own.pop_front();
        }
    }

    fn since(&self) -> i64 {
        let first = self.first.unwrap_or_default();
        first.max(self.last - LATE)
    }

    pub(super) fn is_open(&self) -> bool {
        self.open > 0
    }

    /// The connection is gone, and with it the answers.
    pub(super) fn begin_anew(&mut self) {
        (self.is_again, self.open, self.failed) = (true, 0, false);
    }
}

impl Purpose {
    /// Asks for what was said since something was heard last: in all chats, where the revision tells which.
    pub(super) fn ask_for_missed(&mut self, out: &mut BytesMut) {
        let (users, chats) = self.pending.asked_for();
        if self.knows_names() {
            for user in users {
                self.ask(Request::UserById { user }, Asked::User(user), out);
            }
            for chat in chats {
                self.ask(Request::ChatById { chat }, Asked::Chat(chat), out);
            }
            self.missed.open += 1;
            self.ask(Request::MyChats, Asked::MissedChats, out);
        } else if let Some(chat) = self.room.id {
            self.ask_for_more(chat, self.missed.since(), out);
        }
    }

    fn ask_for_more(&mut self, chat: i32, from: i64, out: &mut BytesMut) {
        self.missed.open += 1;
        let request = Request::Messages {
            chat,
            from,
            to: None,
        };
        self.ask(request, Asked::Missed(chat), out);
    }

    pub(super) fn missed_in(&mut self, chats: &[ChatInfo], out: &mut BytesMut) {
        let since = self.missed.since();
        for chat in chats {
            self.learn(chat);
            self.ask_for_more(chat.id, since, out);
        }
        self.missed_one();
    }

    /// A long answer is cut: the next one begins where it ended.
    pub(super) fn tell_missed(&mut self, chat: i32, messages: Vec<Message>, out: &mut BytesMut) {
        let last = messages.last().map(|last| last.updated.max(last.created));
        let mut is_new = false;
        for message in messages {
            let own = (message.sender_id == self.pending.me)
                .then(|| {
                    self.missed
                        .own
                        .iter()
                        .position(|text| message.text.trim() == text)
                })
                .flatten();
            if let Some(index) = own {
                self.missed.own.remove(index);
                is_new |= self.missed.is_new(&message);
            } else if self.missed.is_new(&message) {
                is_new = true;
                self.hear_message(message, out);
            }
        }
        if let Some(from) = last.filter(|_| is_new) {
            self.ask_for_more(chat, from, out);
        }
        self.missed_one();
    }

    pub(super) fn cannot_tell_missed(&mut self, chat: i32, reason: &str) {
        self.missed.failed = true;
        let place = self.pending.place(chat);
        let told = format!("{place}: it cannot be told what was said meanwhile: {reason}");
        self.pending.push(Arrival::Warning(told));
        self.missed_one();
    }

    /// One answer less to wait for; after the last one is in the room again.
    pub(super) fn missed_one(&mut self) {
        self.missed.open -= 1;
        if !self.missed.is_open() {
            self.is_in = true;
            self.pending.push(Arrival::Entered {
                room: self.room.name.clone(),
                answer: None,
            });
        }
    }
}
