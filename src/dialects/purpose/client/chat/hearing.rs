//! What the server answers and tells.

use super::Purpose;
use super::requests::Asked;
use crate::dialects::client::Arrival;
use crate::dialects::client::ChatError;
use crate::dialects::client::pending_arrivals::{Fate, PendingMessage};
use bytes::{Bytes, BytesMut};
use tolmach_purpose::{
    Answer, ClientBody, Message, Notification, Request, RequestKind, Revision, ServerBody,
    ServerFrame, Status, UserInfo,
};

impl Purpose {
    pub(super) fn hear_frame(
        &mut self,
        frame: ServerFrame,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<(), ChatError> {
        let task = frame.task;
        match frame.body {
            ServerBody::Accepted(content) => self.hear_answer(task, Ok(content), now, out)?,
            ServerBody::Declined(reason) => {
                self.hear_answer(task, Err(reason.into()), now, out)?;
            }
            ServerBody::Heartbeat(echo) => self.answer(task, ClientBody::Accepted(echo), out),
            ServerBody::Disconnect => {
                let words = "the server says farewell".to_owned();
                self.is_closed(task, words, out);
            }
            ServerBody::Notification(told) => self.hear_told(task, told, out),
        }
        Ok(())
    }

    /// The answer to a request: what an ACCEPTED contains, or why it is declined.
    pub(super) fn hear_answer(
        &mut self,
        task: u8,
        answer: Result<Bytes, String>,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<(), ChatError> {
        let Some((kind, asked)) = self.requests.answered(task, out) else {
            if let Err(reason) = answer {
                self.held.push(Arrival::Warning(reason));
            }
            return Ok(());
        };
        let answer = answer.and_then(|content| read(kind, self.revision, content));
        match answer {
            Ok(answer) => self.granted(asked, answer, now, out),
            Err(reason) => self.declined(asked, reason, out),
        }
    }

    fn granted(
        &mut self,
        asked: Asked,
        answer: Answer,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<(), ChatError> {
        match (asked, answer) {
            (Asked::Hello, _) => self.log_in(out),
            (Asked::LogIn, Answer::Session { user_id, .. } | Answer::Restored { user_id }) => {
                self.logged_in(user_id, out);
            }
            (Asked::OwnUser, answer) => self.is_user(answer),
            (Asked::FindRoom, Answer::ChatId(chat)) => self.found_room(chat, out),
            (Asked::CreateRoom, Answer::ChatInfo(chat)) => self.joined(chat.id, out),
            (Asked::Join, _) => self.joined(self.room.id.unwrap_or_default(), out),
            (Asked::WhyNot(reason), answer) => return Err(self.why_not(&reason, Some(&answer))),
            (Asked::Members, Answer::Chat { members, .. }) => {
                self.meet(&members);
                self.entered();
            }
            (Asked::Who, Answer::Chat { members, .. }) => self.tell_members(&members),
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
            Asked::Hello | Asked::LogIn => return Err(ChatError::Refused(reason)),
            Asked::OwnUser => self.is_user(Answer::Nothing),
            Asked::FindRoom => return self.no_room(&reason, out),
            Asked::CreateRoom => return Err(self.refusal(&reason)),
            Asked::Join => return self.not_let_in(reason, out),
            Asked::WhyNot(reason) => return Err(self.why_not(&reason, None)),
            Asked::Members => self.entered(),
            Asked::Who => self.held.push(Arrival::Warning(reason)),
            Asked::User(user) => self.held.name(user, None),
            Asked::Chat(chat) => self.held.chat(chat, None),
            Asked::Say(saying) => self.not_accepted(&saying, &reason),
            Asked::Recipient(key) | Asked::Direct(key) => self.no_direct(&key, &reason),
            Asked::LogOff => {
                let words = format!("the session stays: {reason}");
                self.held.push(Arrival::Warning(words));
            }
        }
        Ok(())
    }

    fn hear_told(&mut self, task: u8, told: Notification, out: &mut BytesMut) {
        match told {
            Notification::Messages { messages, .. } => {
                for message in messages {
                    self.hear_message(message, out);
                }
            }
            // "The old hash ends with the client's ACCEPTED", and who gave the token would not have the new one.
            Notification::SessionData { .. } => {
                self.renewal = Some(task);
                return;
            }
            Notification::Deauthorized { reason } => {
                let reason = Some(reason.as_str()).filter(|reason| !reason.is_empty());
                let reason = reason.unwrap_or("no reason was given");
                self.made_session = false;
                return self.is_closed(task, format!("the session is ended: {reason}"), out);
            }
            Notification::Joined(chat) => {
                self.learn(&chat);
                if !chat.is_direct && self.room.id != Some(chat.id) {
                    let told = format!("#{}: entered by another connection", chat.nickname);
                    self.held.push(Arrival::Notice(told));
                }
            }
            Notification::Left(chat) => {
                let told = format!("#{}: no longer a member", chat.nickname);
                self.held.push(Arrival::Warning(told));
            }
        }
        self.answer(task, ClientBody::Accepted(Bytes::new()), out);
    }

    fn hear_message(&mut self, message: Message, out: &mut BytesMut) {
        let (user, chat) = (message.sender_id, message.chat_id);
        let asks = self.revision == Revision::Two && !self.has_parted;
        if self.held.is_new_user(user) && asks {
            let request = Request::UserById { user };
            self.requests.ask(request, Asked::User(user), out);
        }
        if self.held.is_new_chat(chat) && asks {
            let request = Request::ChatById { chat };
            self.requests.ask(request, Asked::Chat(chat), out);
        }
        if !asks {
            self.held.give_up();
        }
        // Nothing of the frame's buffer is kept.
        self.held.push_message(PendingMessage {
            id: message.id,
            user,
            room: chat,
            text: message.text.into(),
            time: message.created,
            fate: match message.status {
                Status::Deleted => Fate::Deleted,
                _ if message.updated > message.created => Fate::Edited,
                _ => Fate::New,
            },
        });
    }

    fn meet(&mut self, users: &[UserInfo]) {
        for user in users {
            let nickname = Some(&user.nickname).filter(|name| !name.is_empty());
            let name = nickname.unwrap_or(&user.name).to_string();
            self.held.name(user.id, Some(name));
        }
    }

    fn tell_members(&mut self, members: &[UserInfo]) {
        self.meet(members);
        let names: Vec<_> = members.iter().map(|user| user.nickname.as_str()).collect();
        let told = format!("members of #{}: {}", self.room.name, names.join(", "));
        self.held.push(Arrival::Notice(told));
    }
}

fn read(kind: RequestKind, revision: Revision, content: Bytes) -> Result<Answer, String> {
    Answer::read(kind, revision, content).map_err(|bad| format!("not understood: {bad}"))
}
