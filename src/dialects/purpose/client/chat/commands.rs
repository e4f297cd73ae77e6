//! What a person can ask for.

use super::Purpose;
use super::asked::Asked;
use crate::dialects::client::pending_arrivals::PendingMessage;
use crate::dialects::client::{Arrival, ChatError};
use bytes::BytesMut;
use tolmach_purpose::{ChatInfo, Message, Request};

/// What they do, a line each.
pub(in crate::dialects::purpose::client) const COMMANDS: &str = "\
    /join ROOM  goes to another room; revision 2 makes it if there is none\n\
    /leave  leaves the room, /rooms  lists yours (both in revision 2)\n\
    /history [N]  tells what was said last";

/// How many messages `/history` shows.
const HISTORY: usize = 20;

/// How far back it looks, in seconds: the wire knows times, not numbers. Further each time, and at last everything.
const SPANS: [i64; 4] = [3600, 86_400, 30 * 86_400, i64::MAX];

type Done = Result<(), String>;

impl Purpose {
    pub(super) fn carry_out(
        &mut self,
        word: &str,
        rest: &str,
        now: i64,
        out: &mut BytesMut,
    ) -> Option<Done> {
        let chat = self.room.id.unwrap_or_default();
        match (word, rest) {
            ("join", "") => return Some(Err("/join ROOM: which one?".to_owned())),
            ("join", room) => self.go_to(room.strip_prefix('#').unwrap_or(room), out),
            ("history", count) => {
                let count = match count {
                    "" => Ok(HISTORY),
                    count => count
                        .parse()
                        .map_err(|_| "/history [N]: how many?".to_owned()),
                };
                match count {
                    Ok(count) => self.ask_history(count, 0, now, out),
                    Err(wrong) => return Some(Err(wrong)),
                }
            }
            ("who", _) if self.knows_names() => {
                self.ask(Request::ChatById { chat }, Asked::Who, out);
            }
            ("rooms", _) if self.knows_names() => self.ask(Request::MyChats, Asked::Rooms, out),
            ("leave", "") if self.knows_names() => {
                self.ask(Request::Leave { chat }, Asked::Leave, out);
            }
            ("leave", _) if self.knows_names() => {
                return Some(Err("/leave leaves the room that one speaks in".to_owned()));
            }
            _ => return None,
        }
        Some(Ok(()))
    }

    fn go_to(&mut self, room: &str, out: &mut BytesMut) {
        let room = super::Room {
            name: room.to_owned(),
            id: None,
            password: self.room.password.clone(),
        };
        self.before = Some(std::mem::replace(&mut self.room, room));
        self.is_in = false;
        self.find_room(out);
    }

    /// The way into another room ended; one stays where one was.
    pub(super) fn stay(&mut self, error: ChatError) -> Result<(), ChatError> {
        let Some(before) = self.before.take() else {
            return Err(error);
        };
        self.room = before;
        self.is_in = true;
        self.pending.push(Arrival::NotAccepted(error.to_string()));
        Ok(())
    }

    pub(super) fn left(&mut self) {
        let told = format!("#{}: left; /join ROOM enters another one", self.room.name);
        self.room.id = None;
        self.pending.push(Arrival::Notice(told));
    }

    pub(super) fn tell_rooms(&mut self, chats: &[ChatInfo]) {
        let mut lines = vec!["your rooms:".to_owned()];
        for chat in chats {
            self.learn(chat);
            lines.push(match chat.is_direct {
                true => format!("(private) {}", chat.title),
                false => format!("#{}", chat.nickname),
            });
        }
        self.pending.push(Arrival::Notice(lines.join("\n")));
    }

    fn ask_history(&mut self, count: usize, span: usize, now: i64, out: &mut BytesMut) {
        let back = SPANS.get(span).copied().unwrap_or(i64::MAX);
        let request = Request::Messages {
            chat: self.room.id.unwrap_or_default(),
            from: now.saturating_sub(back).max(0),
            to: None,
        };
        self.ask(request, Asked::History { count, span }, out);
    }

    /// Messages came, oldest first; perhaps fewer than are wanted, and there are older ones.
    pub(super) fn tell_history(
        &mut self,
        (count, span): (usize, usize),
        messages: Vec<Message>,
        now: i64,
        out: &mut BytesMut,
    ) {
        if messages.len() < count && span + 1 < SPANS.len() {
            return self.ask_history(count, span + 1, now, out);
        }
        let surplus = messages.len().saturating_sub(count);
        let list: Vec<PendingMessage> = messages
            .into_iter()
            .skip(surplus)
            .map(|message| {
                self.look_up(&message, out);
                super::hearing::pending(message)
            })
            .collect();
        self.pending.push_list("history:".to_owned(), list);
    }
}
