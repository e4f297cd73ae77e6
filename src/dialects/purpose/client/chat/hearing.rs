//! What the server answers and tells.

use super::Purpose;
use super::asked::Asked;
use crate::dialects::client::Arrival;
use crate::dialects::client::ChatError;
use crate::dialects::client::pending_arrivals::{Fate, PendingMessage};
use bytes::BytesMut;
use tolmach_purpose::{Answer, Event, Message, Request, Status, UserInfo};

impl Purpose {
    pub(super) fn hear_event(
        &mut self,
        event: Event<Asked>,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<(), ChatError> {
        match event {
            Event::LoggedIn { user, session } => {
                self.session = session;
                self.logged_in(user, out);
            }
            Event::Refused(reason) => return Err(ChatError::Refused(reason)),
            Event::Answered {
                asked,
                answer: Ok(answer),
            } => {
                let granted = self.granted(asked, answer, now, out);
                return granted.or_else(|error| self.stay(error));
            }
            Event::Answered {
                asked,
                answer: Err(reason),
            } => {
                let declined = self.declined(asked, reason, out);
                return declined.or_else(|error| self.stay(error));
            }
            Event::Messages(messages) => {
                for message in messages {
                    // While it is told what was missed, something may come twice.
                    if self.missed.is_new(&message) || !self.missed.is_open() {
                        self.hear_message(message, out);
                    }
                }
            }
            Event::Joined(chat) => {
                self.learn(&chat);
                if !chat.is_direct && self.room.id != Some(chat.id) {
                    let told = format!("#{}: entered by another connection", chat.nickname);
                    self.pending.push(Arrival::Notice(told));
                }
            }
            Event::Left(chat) => {
                let told = format!("#{}: no longer a member", chat.nickname);
                self.pending.push(Arrival::Warning(told));
            }
            Event::Deauthorized(reason) => {
                let reason = match reason.as_str() {
                    "" => "no reason was given",
                    reason => reason,
                };
                self.made_session = false;
                self.is_closed(format!("the session is ended: {reason}"));
            }
            // Answered at the end: who gave the token would not have the new hash.
            Event::Renewed { .. } => {}
            Event::Disconnected if self.is_in => {
                self.is_closed("the server says farewell".to_owned());
            }
            // The dialect has no words for it.
            Event::Disconnected => self.is_closed(
                "the server says farewell before anybody is in; perhaps it takes TLS only (--tls)"
                    .to_owned(),
            ),
            Event::Stray(reason) => self.pending.push(Arrival::Warning(reason)),
            Event::Bad(bad) => {
                let words = format!("not understood: {bad}");
                self.pending.push(Arrival::Warning(words));
            }
        }
        Ok(())
    }

    fn granted(
        &mut self,
        asked: Asked,
        answer: Answer,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<(), ChatError> {
        match (asked, answer) {
            (Asked::OwnUser, answer) => self.is_user(answer),
            (Asked::FindRoom, Answer::ChatId(chat)) => self.found_room(chat, out),
            (Asked::CreateRoom, Answer::ChatInfo(chat)) => self.joined(chat.id, now, out),
            (Asked::Join, _) => self.joined(self.room.id.unwrap_or_default(), now, out),
            (Asked::WhyNot(reason), answer) => return Err(self.why_not(&reason, Some(&answer))),
            (Asked::Members, Answer::Chat { members, .. }) => {
                self.meet(&members);
                self.entered();
            }
            (Asked::Who, Answer::Chat { members, .. }) => self.tell_members(&members),
            (Asked::Rooms, Answer::Chats(chats)) => self.tell_rooms(&chats),
            (Asked::Leave, _) => self.left(),
            (Asked::History { count, span }, Answer::Messages(messages)) => {
                self.tell_history((count, span), messages, now, out);
            }
            (Asked::MissedChats, Answer::Chats(chats)) => self.missed_in(&chats, out),
            (Asked::Missed(chat), Answer::Messages(messages)) => {
                self.tell_missed(chat, messages, out);
            }
            (Asked::User(_), Answer::User(user)) => self.meet(&[user]),
            (Asked::Chat(_), Answer::Chat { chat, members }) => {
                self.learn(&chat);
                self.meet(&members);
            }
            (Asked::Say(saying), _) => self.accepted(saying, now),
            (Asked::Recipient(key), Answer::UserId(user)) => self.recipient(key, user, out),
            (Asked::Direct(key), Answer::ChatInfo(chat)) => self.direct(key, &chat, out),
            // An answer was read as the one to its request.
            _ => {}
        }
        Ok(())
    }

    fn declined(
        &mut self,
        asked: Asked,
        reason: String,
        out: &mut BytesMut,
    ) -> Result<(), ChatError> {
        match asked {
            Asked::OwnUser => self.is_user(Answer::Nothing),
            Asked::FindRoom => return self.no_room(&reason, out),
            Asked::CreateRoom => return Err(self.refusal(&reason)),
            Asked::Join => return self.not_let_in(reason, out),
            Asked::WhyNot(reason) => return Err(self.why_not(&reason, None)),
            Asked::Members => self.entered(),
            Asked::Who | Asked::Rooms | Asked::Leave | Asked::History { .. } => {
                self.pending.push(Arrival::NotAccepted(reason));
            }
            Asked::MissedChats => {
                let room = self.room.id.unwrap_or_default();
                self.cannot_tell_missed(room, &reason);
            }
            Asked::Missed(chat) => self.cannot_tell_missed(chat, &reason),
            Asked::User(user) => self.pending.name(user, None),
            Asked::Chat(chat) => self.pending.chat(chat, None),
            Asked::Say(saying) => self.not_accepted(&saying, &reason),
            Asked::Recipient(key) | Asked::Direct(key) => self.no_direct(&key, &reason),
            Asked::LogOff => {
                let words = format!("the session stays: {reason}");
                self.pending.push(Arrival::Warning(words));
            }
        }
        Ok(())
    }

    pub(super) fn hear_message(&mut self, message: Message, out: &mut BytesMut) {
        self.look_up(&message, out);
        self.pending.push_message(pending(message));
    }

    /// Asks for the names that it takes to show a message.
    pub(super) fn look_up(&mut self, message: &Message, out: &mut BytesMut) {
        let (user, chat) = (message.sender_id, message.chat_id);
        let asks = self.knows_names() && !self.has_parted;
        if self.pending.is_new_user(user) && asks {
            let request = Request::UserById { user };
            self.ask(request, Asked::User(user), out);
        }
        if self.pending.is_new_chat(chat) && asks {
            let request = Request::ChatById { chat };
            self.ask(request, Asked::Chat(chat), out);
        }
        if !asks {
            self.pending.give_up();
        }
    }

    fn meet(&mut self, users: &[UserInfo]) {
        for user in users {
            let nickname = Some(&user.nickname).filter(|name| !name.is_empty());
            let name = nickname.unwrap_or(&user.name).to_string();
            self.pending.name(user.id, Some(name));
        }
    }

    fn tell_members(&mut self, members: &[UserInfo]) {
        self.meet(members);
        let names: Vec<_> = members.iter().map(|user| user.nickname.as_str()).collect();
        let told = format!("members of #{}: {}", self.room.name, names.join(", "));
        self.pending.push(Arrival::Notice(told));
    }
}

/// A message as it is shown. Nothing of the frame's buffer is kept.
pub(super) fn pending(message: Message) -> PendingMessage {
    PendingMessage {
        id: message.id,
        user: message.sender_id,
        room: message.chat_id,
        text: message.text.into(),
        time: message.created,
        fate: match message.status {
            Status::Deleted => Fate::Deleted,
            _ if message.updated > message.created => Fate::Edited,
            _ => Fate::New,
        },
    }
}
