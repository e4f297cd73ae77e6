//! The way into a room; the picture is in `mod.rs`.

use super::Uchat;
use super::asked::Asked;
use crate::dialects::client::Arrival;
use crate::dialects::client::ChatError;
use crate::dialects::client::Identity;
use crate::dialects::client::pending_arrivals::Chat;
use bytes::BytesMut;
use tolmach_uchat::{Credentials, ErrorCode, Id, Member, Refusal, Request, Room, RoomType, Secret};

/// What was given to say who one is: a token before a password.
pub(super) fn credentials(identity: &Identity) -> Result<Credentials, &'static str> {
    if let Some(token) = &identity.token {
        return Ok(Credentials::Token(token.as_str().into()));
    }
    let login = identity.user.clone().ok_or(
        "uchat needs --user NAME with a password (TOLMACH_PASSWORD, or the prompt), or --token TOKEN",
    )?;
    let password = identity
        .password
        .as_ref()
        .ok_or("uchat has no guests: set TOLMACH_PASSWORD, or give --token TOKEN")?;
    let pass = Secret::of_password(password);
    Ok(match identity.sign_up {
        true => Credentials::SignUp { login, pass },
        false => Credentials::Password { login, pass },
    })
}

impl Uchat {
    pub(super) fn not_logged_in(&self, refusal: &Refusal) -> ChatError {
        let hint = match refusal.code {
            ErrorCode::AuthData if self.has_password => {
                " (--signup makes an account where there is none)"
            }
            _ => "",
        };
        ChatError::Refused(format!("{}{hint}", refusal.reason))
    }

    pub(super) fn logged_in(&mut self, login: &str, out: &mut BytesMut) {
        self.pending.push(Arrival::LoggedIn {
            name: login.to_owned(),
            answer: None,
        });
        if self.missed.is_again {
            let frame = Request::Rooms { date: 0 };
            return self.client.ask(frame, Asked::MissedRooms, out);
        }
        self.go_to(self.target.clone(), out);
    }

    /// Goes to the room of this name, which is made if there is none when one comes in.
    pub(super) fn go_to(&mut self, room: String, out: &mut BytesMut) {
        self.target = room;
        self.client
            .ask(Request::Rooms { date: 0 }, Asked::MyRooms, out);
    }

    pub(super) fn among_my_rooms(&mut self, rooms: &[Room<'_>], out: &mut BytesMut) {
        match titled(&self.target, rooms) {
            Some(room) => self.joined(room, out),
            None => {
                let name = self.target.clone();
                self.client
                    .ask_first(Request::SearchRooms { name }, Asked::FindRoom, out);
            }
        }
    }

    pub(super) fn among_others(&mut self, rooms: &[Room<'_>], out: &mut BytesMut) {
        if let Some(room) = titled(&self.target, rooms) {
            let frame = Request::JoinRoom { room: room.id };
            self.client.ask_first(frame, Asked::Join, out);
        } else if self.is_in {
            let room = &self.target;
            let told = format!("there is no #{room}; /new {room} makes it");
            self.is_moving = false;
            self.pending.push(Arrival::NotAccepted(told));
        } else {
            self.make_room(out);
        }
    }

    /// Makes the room to go to.
    pub(super) fn make_room(&mut self, out: &mut BytesMut) {
        let frame = Request::NewRoom {
            name: self.target.clone(),
            desc: String::new(),
            kind: RoomType::Global,
        };
        self.client.ask_first(frame, Asked::NewRoom, out);
    }

    /// One is a member of the room to go to.
    pub(super) fn joined(&mut self, room: &Room<'_>, out: &mut BytesMut) {
        let name = Chat::Room(room.name.to_string());
        self.pending.chat(room.id, Some(name));
        let frame = Request::Members { room: room.id };
        self.client.ask_first(frame, Asked::Members, out);
    }

    pub(super) fn entered(&mut self, room: Id, members: &[Member<'_>], now: i64) {
        self.missed.entered(now);
        self.meet(members);
        self.room.id = room;
        self.room.name.clone_from(&self.target);
        self.pending
            .chat(room, Some(Chat::Room(self.room.name.clone())));
        (self.is_in, self.is_moving) = (true, false);
        self.pending.push(Arrival::Entered {
            room: self.room.name.clone(),
            answer: None,
        });
    }

    pub(super) fn meet(&mut self, members: &[Member<'_>]) {
        for member in members {
            if member.login == self.client.login() {
                self.pending.me = member.id;
            }
            self.pending.name(member.id, Some(member.login.to_string()));
        }
    }

    /// Going to a room failed: at first that is the end.
    pub(super) fn not_entered(&mut self, reason: &str) -> Result<(), ChatError> {
        let told = format!("#{}: {reason}", self.target);
        if !self.is_in {
            return Err(ChatError::Refused(told));
        }
        self.is_moving = false;
        self.pending.push(Arrival::NotAccepted(told));
        Ok(())
    }
}

/// The room with exactly this title, else with one that is the same but for the case; no direct one.
fn titled<'a, 'r>(title: &str, rooms: &'a [Room<'r>]) -> Option<&'a Room<'r>> {
    let rooms = || {
        rooms
            .iter()
            .filter(|room| room.kind != Some(RoomType::Direct))
    };
    let lower = title.to_lowercase();
    rooms()
        .find(|room| room.name == title)
        .or_else(|| rooms().find(|room| room.name.to_lowercase() == lower))
}
