//! What the gateway's own user is asked in private, and what it answers: PROTOCOL.md has no requests for these.

use super::{Asked, Jim};
use crate::dialects::client::Arrival;
use bytes::BytesMut;
use std::collections::BTreeSet;
use tolmach_jim::{ClientFrame, Message};

/// What they do, a line each.
pub(in crate::dialects::jim::client) const COMMANDS: &str = "\
    /join ROOM  goes to another room, which is made if there is none\n\
    /leave [ROOM]  leaves it\n\
    /rooms  lists those that you can join\n\
    /history [N]  tells what was said last; /search WORDS  what contains them";

/// How many messages are asked for that may have been missed: the most that the gateway tells.
const MISSED: usize = 100;

/// Something that the gateway is asked.
pub(super) enum Question {
    /// For the person: the command.
    Command(String),
    /// What was said in this room meanwhile.
    Missed(String),
}

/// What is asked, and how far it is answered.
pub(super) struct Questions {
    /// What the gateway's own user is called.
    gateway: String,
    /// The one that is being answered, and what came of it.
    answer: Option<(Question, Vec<String>)>,
    /// How many rooms there are of which it is not told yet what was missed.
    catching_up: usize,
    /// The rooms of which it was told, all of it.
    caught_up: BTreeSet<String>,
}

impl Questions {
    pub(super) fn new(gateway: String) -> Self {
        Self {
            gateway,
            answer: None,
            catching_up: 0,
            caught_up: BTreeSet::new(),
        }
    }

    /// The connection is gone, and with it the answers.
    pub(super) fn forget(&mut self) {
        (self.answer, self.catching_up) = (None, 0);
        self.caught_up.clear();
    }

    pub(super) fn is_catching_up(&self) -> bool {
        self.catching_up > 0
    }

    pub(super) fn told_missed(&self, room: &str) -> bool {
        self.caught_up.contains(room)
    }

    /// It is accepted: what the gateway says next is the answer.
    pub(super) fn begin(&mut self, question: Question) {
        self.answer = Some((question, Vec::new()));
    }

    /// Takes a message that is a part of an answer.
    pub(super) fn hear(&mut self, message: Message, name: &str) -> Option<Message> {
        match &mut self.answer {
            Some((_, lines)) if message.from == self.gateway && message.to == name => {
                lines.push(message.text);
                None
            }
            _ => Some(message),
        }
    }
}

impl Jim {
    pub(super) fn carry_out(
        &mut self,
        word: &str,
        rest: &str,
        now: i64,
        out: &mut BytesMut,
    ) -> Option<Result<(), String>> {
        let room = rest.strip_prefix('#').unwrap_or(rest);
        let here = &self.room;
        let question = match (word, rest) {
            ("join", "") => return Some(Err("/join ROOM: which one?".to_owned())),
            ("join", _) => {
                self.join(room.to_owned(), now, out);
                return Some(Ok(()));
            }
            ("leave", _) => {
                let room = if room.is_empty() { here } else { room }.to_owned();
                let frame = ClientFrame::Leave {
                    room: format!("#{room}"),
                };
                self.client.ask(frame, Asked::Leave(room), now, out);
                return Some(Ok(()));
            }
            ("who", _) => format!("who #{here}"),
            ("rooms", _) => "rooms".to_owned(),
            ("history", count) => format!("history #{here} {count}"),
            ("search", "") => return Some(Err("/search WORDS: which ones?".to_owned())),
            ("search", words) => format!("search #{here} {words}"),
            _ => return None,
        };
        self.ask_gateway(&question, Question::Command(word.to_owned()), now, out);
        Some(Ok(()))
    }

    /// Asks for what was said in a room that one was in when the connection was lost.
    pub(super) fn ask_for_missed(&mut self, room: String, now: i64, out: &mut BytesMut) {
        self.questions.catching_up += 1;
        let question = format!("history #{room} {MISSED}");
        self.ask_gateway(&question, Question::Missed(room), now, out);
    }

    /// The answer has no end of its own; a presence is answered behind it.
    fn ask_gateway(&mut self, text: &str, question: Question, now: i64, out: &mut BytesMut) {
        let gateway = self.questions.gateway.clone();
        self.client
            .say(&gateway, text, Asked::Question(question), now, out);
        let presence = ClientFrame::Presence {
            account_name: Some(self.client.name().to_owned()),
            status: None,
        };
        self.client.ask(presence, Asked::AnswerIsWhole, now, out);
    }

    pub(super) fn not_answered(&mut self, question: &Question, reason: &str) {
        self.arrivals.push_back(match question {
            Question::Command(word) => {
                let gateway = &self.questions.gateway;
                Arrival::NotAccepted(format!(
                    "/{word}: {reason} ({gateway} was asked; --gateway says what the gateway's own user is called)"
                ))
            }
            Question::Missed(room) => {
                self.questions.catching_up -= 1;
                let told = format!("#{room}: it cannot be told what was said meanwhile: {reason}");
                Arrival::Warning(told)
            }
        });
    }

    /// The answer is whole.
    pub(super) fn told(&mut self) {
        let Some((question, lines)) = self.questions.answer.take() else {
            return;
        };
        let room = match question {
            Question::Command(_) => {
                self.arrivals.push_back(Arrival::Notice(lines.join("\n")));
                return;
            }
            Question::Missed(room) => room,
        };
        self.questions.catching_up -= 1;
        let (missed, is_all) = self.recall.missed(&room, &lines, MISSED);
        if is_all {
            self.questions.caught_up.insert(room);
        } else {
            let told = format!("#{room}: more was said meanwhile than the gateway tells");
            self.arrivals.push_back(Arrival::Warning(told));
        }
        self.arrivals.extend(missed.into_iter().map(Arrival::Said));
    }
}
