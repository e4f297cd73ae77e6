//! What the server says.

use super::Uchat;
use super::asked::Asked;
use crate::dialects::client::ChatError;
use crate::dialects::client::pending_arrivals::Chat;
use crate::dialects::client::{Arrival, Saying};
use bytes::BytesMut;
use tolmach_uchat::{Event, Room, RoomType, ServerFrame};

impl Uchat {
    pub(super) fn hear_event(
        &mut self,
        event: Event<Asked>,
        now: i64,
        out: &mut BytesMut,
    ) -> Result<(), ChatError> {
        match event {
            Event::LoggedIn { login, .. } => self.logged_in(&login, out),
            Event::Refused(refusal) => return Err(self.not_logged_in(&refusal)),
            Event::Answered {
                asked,
                answer: Ok(frame),
            } => self.granted(asked, frame, now, out),
            Event::Answered {
                asked,
                answer: Err(refusal),
            } => return self.refused(asked, &refusal.reason),
            Event::Told(frame) => self.hear_told(frame, now, out),
            Event::Stray(refusal) => self.pending.push(Arrival::Warning(refusal.reason)),
            Event::Bad(bad) => {
                let words = format!("not understood: {bad}");
                self.pending.push(Arrival::Warning(words));
            }
        }
        Ok(())
    }

    /// The frame is what the request is answered with.
    fn granted(&mut self, asked: Asked, frame: ServerFrame<'static>, now: i64, out: &mut BytesMut) {
        if let ServerFrame::Rooms(rooms) = &frame {
            self.learn(rooms);
        }
        match (asked, frame) {
            (Asked::MyRooms, ServerFrame::Rooms(rooms)) => self.among_my_rooms(&rooms, out),
            (Asked::FindRoom, ServerFrame::SearchRooms(rooms)) => self.among_others(&rooms, out),
            (Asked::NewRoom, ServerFrame::NewRoom(room))
            | (Asked::Join, ServerFrame::JoinRoom(room)) => self.joined(&room, out),
            (Asked::Members, ServerFrame::Members { room, members }) => {
                self.entered(room, &members, now);
            }
            (Asked::Name(user), ServerFrame::MemberInfo { login, .. }) => {
                self.pending.name(user, Some(login.into_owned()));
            }
            (Asked::Chat(room), ServerFrame::Rooms(_)) if !self.pending.knows_chat(room) => {
                self.pending.chat(room, None);
            }
            (Asked::MissedRooms, ServerFrame::Rooms(rooms)) => self.ask_for_missed(&rooms, out),
            (
                Asked::Missed(room),
                ServerFrame::NewMessages { messages, .. }
                | ServerFrame::OldMessages { messages, .. },
            ) => self.tell_missed(room, messages, out),
            (Asked::Recipient(saying), ServerFrame::Rooms(_)) => self.say_to_recipient(saying, out),
            (Asked::Say(room, whole), ServerFrame::Message(echo)) => {
                self.remember(echo.message_id, echo.user_id);
                self.missed.heard(echo.date);
                if let Some(saying) = whole {
                    self.accepted(room, saying, now);
                }
            }
            (Asked::Command(_), frame) => self.tell(frame, out),
            (Asked::Edit(_) | Asked::Delete(_), frame) => self.hear_told(frame, now, out),
            // A room that is known by now.
            _ => {}
        }
    }

    /// The answer to a command is for the person.
    fn tell(&mut self, frame: ServerFrame<'_>, out: &mut BytesMut) {
        match frame {
            ServerFrame::Rooms(rooms) => self.tell_rooms("your rooms", &rooms),
            ServerFrame::SearchRooms(rooms) => self.tell_rooms("rooms to join", &rooms),
            ServerFrame::Members { members, .. } => self.tell_members(&members),
            ServerFrame::OldMessages { messages, .. } => {
                self.tell_messages("history", &messages, out);
            }
            ServerFrame::Search(messages) => self.tell_messages("found", &messages, out),
            _ => {}
        }
    }

    fn hear_told(&mut self, frame: ServerFrame<'_>, now: i64, out: &mut BytesMut) {
        match frame {
            ServerFrame::LogOut { .. } if self.has_parted => {}
            ServerFrame::LogOut { .. } => {
                self.pending.give_up();
                let told = "the server ended the session".to_owned();
                self.pending.push(Arrival::Warning(told));
            }
            ServerFrame::Message(message) => self.hear_message(&message, out),
            ServerFrame::Edit {
                room,
                message,
                text,
                ..
            } => self.hear_edit(room, message, text.into_owned(), now, out),
            ServerFrame::Delete { room, message } => self.hear_delete(room, message),
            frame => self.hear_news(frame),
        }
    }

    fn hear_news(&mut self, frame: ServerFrame<'_>) {
        let told = match frame {
            // One knows it oneself.
            ServerFrame::NewMember { login, .. } if login == self.client.login() => return,
            ServerFrame::NewMember { room, user, login } => {
                let told = format!("{login} is a member of {} now", self.pending.place(room));
                self.pending.name(user, Some(login.into_owned()));
                Arrival::Presence(told)
            }
            ServerFrame::Ban { room, user } => {
                let name = self.pending.known_name(user);
                Arrival::Presence(format!(
                    "{name} is banned from {}",
                    self.pending.place(room)
                ))
            }
            ServerFrame::RenameRoom { room, name } => {
                let told = format!("{} is called {name} now", self.pending.place(room));
                Arrival::Notice(told)
            }
            ServerFrame::DescribeRoom { room, desc } => {
                Arrival::Notice(format!("{} is about: {desc}", self.pending.place(room)))
            }
            ServerFrame::ClearHistory { room } => Arrival::Notice(format!(
                "the history of {} is gone",
                self.pending.place(room)
            )),
            ServerFrame::DeleteRoom { room } => {
                let room = self.pending.place(room);
                Arrival::Warning(format!(
                    "{room} is gone, or one is no member of it any more"
                ))
            }
            _ => return,
        };
        self.pending.push(told);
    }

    fn learn(&mut self, rooms: &[Room<'_>]) {
        for room in rooms.iter().filter(|room| room.id != self.room.id) {
            let name = room.name.to_string();
            let chat = match room.kind {
                Some(RoomType::Direct) => Chat::Direct(name),
                _ => Chat::Room(name),
            };
            self.pending.chat(room.id, Some(chat));
        }
    }

    fn say_to_recipient(&mut self, saying: Saying, out: &mut BytesMut) {
        let name = saying.to.clone().unwrap_or_default();
        match self.pending.direct(&name) {
            Some(room) => self.send(room, saying, out),
            None => self.pending.push(Arrival::NotAccepted(format!(
                "to {name}: uchat can answer in private, but not begin; nothing was said between you yet"
            ))),
        }
    }

    fn refused(&mut self, asked: Asked, reason: &str) -> Result<(), ChatError> {
        match asked {
            Asked::MyRooms | Asked::FindRoom | Asked::NewRoom | Asked::Join | Asked::Members => {
                return self.not_entered(reason);
            }
            Asked::MissedRooms => self.cannot_tell_missed(self.room.id, reason),
            Asked::Missed(room) => self.cannot_tell_missed(room, reason),
            Asked::Name(user) => self.pending.name(user, None),
            Asked::Chat(room) => self.pending.chat(room, None),
            Asked::Recipient(saying) => self.not_accepted(saying.to.as_deref(), reason),
            Asked::Say(_, whole) => {
                let to = whole.and_then(|saying| saying.to);
                self.not_accepted(to.as_deref(), reason);
            }
            Asked::Command(word) => {
                let told = format!("/{word}: {reason}");
                self.pending.push(Arrival::NotAccepted(told));
            }
            Asked::Edit(id) | Asked::Delete(id) => {
                let told = format!("message {id}: {reason}");
                self.pending.push(Arrival::NotAccepted(told));
            }
        }
        Ok(())
    }
}
