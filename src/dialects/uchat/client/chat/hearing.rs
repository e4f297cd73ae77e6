//! What the server says.

use super::Uchat;
use super::exchange::Asked;
use crate::dialects::client::ChatError;
use crate::dialects::client::pending_arrivals::Chat;
use crate::dialects::client::{Arrival, Saying};
use bytes::BytesMut;
use tolmach_uchat::{ErrorCode, RequestType, Room, RoomType, ServerFrame};

impl Uchat {
    pub(super) fn hear_frame(
        &mut self,
        frame: ServerFrame<'_>,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<(), ChatError> {
        match frame {
            ServerFrame::Token { token, login, .. } => {
                let is_it = |asked: &Asked| matches!(asked, Asked::LogIn | Asked::SignUp);
                if self.exchange.answered(is_it, out).is_some() {
                    self.logged_in(login.into_owned(), token.0.into_owned(), out);
                }
            }
            ServerFrame::Error { code, text } => {
                let reason = if text.is_empty() {
                    format!("error {}", code.number())
                } else {
                    text.into_owned()
                };
                return self.hear_error(code, reason, out);
            }
            ServerFrame::LogOut { .. } if self.has_parted => {}
            ServerFrame::LogOut { .. } => {
                self.token = None;
                self.held.give_up();
                let told = "the server ended the session".to_owned();
                self.held.push(Arrival::Warning(told));
            }
            ServerFrame::Message(message) => self.hear_message(&message, now, out),
            ServerFrame::Edit {
                room,
                message,
                text,
                ..
            } => self.hear_edit(room, message, text.into_owned(), now, out),
            ServerFrame::Delete { room, message } => self.hear_delete(room, message, out),
            frame => self.hear_of_rooms(frame, out),
        }
        Ok(())
    }

    fn hear_of_rooms(&mut self, frame: ServerFrame<'_>, out: &mut BytesMut) {
        match frame {
            ServerFrame::Rooms(rooms) => self.hear_rooms(&rooms, out),
            ServerFrame::SearchRooms(rooms) => match self.exchange.answered(|_| true, out) {
                Some(Asked::FindRoom) => self.among_others(&rooms, out),
                _ => self.tell_rooms("rooms to join", &rooms),
            },
            ServerFrame::NewRoom(room) => {
                let is_it = |asked: &Asked| matches!(asked, Asked::NewRoom);
                if self.exchange.answered(is_it, out).is_some() {
                    self.joined(&room, out);
                }
            }
            ServerFrame::JoinRoom(room) => {
                let is_it = |asked: &Asked| matches!(asked, Asked::Join);
                if self.exchange.answered(is_it, out).is_some() {
                    self.joined(&room, out);
                }
                // Else it was joined by another connection, or is a direct one: it is not told which.
            }
            ServerFrame::Members { room, members } => match self.exchange.answered(|_| true, out) {
                Some(Asked::Members(asked)) if asked == room => self.entered(room, &members),
                _ => self.tell_members(&members),
            },
            ServerFrame::MemberInfo { login, .. } => {
                let asked = self.exchange.answered(|_| true, out);
                if let Some(Asked::Name(user)) = asked {
                    self.held.name(user, Some(login.into_owned()));
                }
            }
            ServerFrame::OldMessages { messages, .. }
            | ServerFrame::NewMessages { messages, .. } => {
                self.tell_messages("history", &messages, out);
            }
            ServerFrame::Search(messages) => self.tell_messages("found", &messages, out),
            frame => self.hear_news(frame),
        }
    }

    fn hear_news(&mut self, frame: ServerFrame<'_>) {
        let told = match frame {
            // One knows it oneself.
            ServerFrame::NewMember { login, .. } if login == self.login => return,
            ServerFrame::NewMember { room, user, login } => {
                let told = format!("{login} is a member of {} now", self.held.place(room));
                self.held.name(user, Some(login.into_owned()));
                Arrival::Presence(told)
            }
            ServerFrame::Ban { room, user } => {
                let name = self.held.known_name(user);
                Arrival::Presence(format!("{name} is banned from {}", self.held.place(room)))
            }
            ServerFrame::RenameRoom { room, name } => {
                let told = format!("{} is called {name} now", self.held.place(room));
                Arrival::Notice(told)
            }
            ServerFrame::DescribeRoom { room, desc } => {
                Arrival::Notice(format!("{} is about: {desc}", self.held.place(room)))
            }
            ServerFrame::ClearHistory { room } => {
                Arrival::Notice(format!("the history of {} is gone", self.held.place(room)))
            }
            ServerFrame::DeleteRoom { room } => {
                let room = self.held.place(room);
                Arrival::Warning(format!(
                    "{room} is gone, or one is no member of it any more"
                ))
            }
            _ => return,
        };
        self.held.push(told);
    }

    fn hear_rooms(&mut self, rooms: &[Room<'_>], out: &mut BytesMut) {
        for room in rooms.iter().filter(|room| room.id != self.room.id) {
            let name = room.name.to_string();
            let chat = match room.kind {
                Some(RoomType::Direct) => Chat::Direct(name),
                _ => Chat::Room(name),
            };
            self.held.chat(room.id, Some(chat));
        }
        match self.exchange.answered(|_| true, out) {
            Some(Asked::MyRooms) => self.among_my_rooms(rooms, out),
            Some(Asked::Chat(room)) if !self.held.knows_chat(room) => self.held.chat(room, None),
            Some(Asked::Recipient(saying)) => self.say_to_recipient(saying, out),
            Some(Asked::Command(_)) => self.tell_rooms("your rooms", rooms),
            _ => {}
        }
    }

    fn say_to_recipient(&mut self, saying: Saying, out: &mut BytesMut) {
        let name = saying.to.clone().unwrap_or_default();
        match self.held.direct(&name) {
            Some(room) => self.send(room, saying, out),
            None => self.held.push(Arrival::NotAccepted(format!(
                "to {name}: uchat can answer in private, but not begin; nothing was said between you yet"
            ))),
        }
    }

    /// A frame that cannot be understood: of what was asked, it is the answer.
    pub(super) fn hear_bad(
        &mut self,
        request: Option<RequestType>,
        words: String,
        out: &mut BytesMut,
    ) -> Result<(), ChatError> {
        let is_answer = matches!(
            request,
            Some(
                RequestType::Token
                    | RequestType::Rooms
                    | RequestType::SearchRooms
                    | RequestType::Members
                    | RequestType::MemberInfo
                    | RequestType::OldMessages
                    | RequestType::NewMessages
                    | RequestType::Search
                    | RequestType::NewRoom
            )
        );
        if is_answer && self.exchange.unanswered() > 0 {
            return self.hear_error(ErrorCode::Server, words, out);
        }
        self.held.push(Arrival::Warning(words));
        Ok(())
    }

    fn hear_error(
        &mut self,
        code: ErrorCode,
        reason: String,
        out: &mut BytesMut,
    ) -> Result<(), ChatError> {
        let Some(mut outcomes) = self.exchange.failed(reason.clone(), out) else {
            self.held.push(Arrival::Warning(reason));
            return Ok(());
        };
        let is_message = matches!(outcomes.first(), None | Some((Asked::Say { .. }, _)));
        if is_message {
            self.conclude(outcomes, 0);
            return Ok(());
        }
        match outcomes.pop().map(|(asked, _)| asked) {
            Some(Asked::SignUp) => return self.not_signed_up(code, reason, out),
            Some(Asked::LogIn) => return Err(self.not_logged_in(code, &reason)),
            Some(
                Asked::MyRooms | Asked::FindRoom | Asked::NewRoom | Asked::Join | Asked::Members(_),
            ) => return self.not_entered(&reason),
            Some(Asked::Name(user)) => self.held.name(user, None),
            Some(Asked::Chat(room)) => self.held.chat(room, None),
            Some(Asked::Recipient(saying)) => self.not_accepted(saying.to.as_deref(), &reason),
            Some(Asked::Command(word)) => {
                let told = format!("/{word}: {reason}");
                self.held.push(Arrival::NotAccepted(told));
            }
            Some(Asked::Edit(id) | Asked::Delete(id)) => {
                let told = format!("message {id}: {reason}");
                self.held.push(Arrival::NotAccepted(told));
            }
            Some(Asked::Say { .. }) | None => {}
        }
        Ok(())
    }
}
