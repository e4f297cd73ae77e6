//! The way into a room; the picture is in `mod.rs`.

use super::Uchat;
use super::exchange::Asked;
use crate::dialects::client::Arrival;
use crate::dialects::client::ChatError;
use crate::dialects::client::Identity;
use crate::dialects::client::pending_arrivals::Chat;
use bytes::BytesMut;
use sha2::{Digest, Sha256};
use tolmach_uchat::{ErrorCode, Id, Member, Request, Room, RoomType, Secret};

/// What says who one is.
pub(super) enum Proof {
    /// A name and its password.
    Password {
        /// The login.
        login: String,
        /// "The SHA-256 of the password in 64 hexadecimal digits."
        pass: Secret,
        /// Whether the account is to be made first.
        sign_up: bool,
    },
    /// A token that was given.
    Token(Secret),
}

impl Proof {
    /// The one that was given: a token before a password.
    pub(super) fn of(identity: &Identity) -> Result<Self, &'static str> {
        if let Some(token) = &identity.token {
            return Ok(Self::Token(token.as_str().into()));
        }
        let login = identity.user.clone().ok_or(
            "uchat needs --user NAME with a password (TOLMACH_PASSWORD, or the prompt), or --token TOKEN",
        )?;
        let password = identity
            .password
            .as_ref()
            .ok_or("uchat has no guests: set TOLMACH_PASSWORD, or give --token TOKEN")?;
        let digest = Sha256::digest(password.as_bytes());
        let pass: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self::Password {
            login,
            pass: pass.into(),
            sign_up: identity.sign_up,
        })
    }

    fn request(&self) -> (Request, Asked) {
        match self {
            Self::Token(token) => {
                let token = token.clone();
                (Request::Token { token }, Asked::LogIn)
            }
            Self::Password {
                login,
                pass,
                sign_up,
            } => {
                let (login, pass) = (login.clone(), pass.clone());
                if *sign_up {
                    let (name, desc) = (login.clone(), String::new());
                    let frame = Request::SignUp {
                        login,
                        pass,
                        name,
                        desc,
                    };
                    (frame, Asked::SignUp)
                } else {
                    (Request::LogIn { login, pass }, Asked::LogIn)
                }
            }
        }
    }
}

impl Uchat {
    pub(super) fn log_in(&mut self, out: &mut BytesMut) {
        let (frame, asked) = self.proof.request();
        self.exchange.ask(frame, asked, out);
    }

    /// The account was not made. Where there is one of this name, it may be one's own.
    pub(super) fn not_signed_up(
        &mut self,
        code: ErrorCode,
        reason: String,
        out: &mut BytesMut,
    ) -> Result<(), ChatError> {
        match &mut self.proof {
            Proof::Password { sign_up, .. } if code == ErrorCode::UserExists => *sign_up = false,
            _ => return Err(ChatError::Refused(reason)),
        }
        self.log_in(out);
        Ok(())
    }

    pub(super) fn not_logged_in(&self, code: ErrorCode, reason: &str) -> ChatError {
        let hint = match &self.proof {
            Proof::Password { .. } if code == ErrorCode::AuthData => {
                " (--signup makes an account where there is none)"
            }
            _ => "",
        };
        ChatError::Refused(format!("{reason}{hint}"))
    }

    pub(super) fn logged_in(&mut self, login: String, token: String, out: &mut BytesMut) {
        let told = format!("logged in as {login}");
        self.held.push(Arrival::Notice(told));
        self.login = login;
        self.token = Some(token.into());
        self.go_to(self.target.clone(), out);
    }

    /// Goes to the room of this name, which is made if there is none when one comes in.
    pub(super) fn go_to(&mut self, room: String, out: &mut BytesMut) {
        self.target = room;
        self.exchange
            .ask(Request::Rooms { date: 0 }, Asked::MyRooms, out);
    }

    pub(super) fn among_my_rooms(&mut self, rooms: &[Room<'_>], out: &mut BytesMut) {
        match titled(&self.target, rooms) {
            Some(room) => self.joined(room, out),
            None => {
                let name = self.target.clone();
                self.exchange
                    .ask_first(Request::SearchRooms { name }, Asked::FindRoom, out);
            }
        }
    }

    pub(super) fn among_others(&mut self, rooms: &[Room<'_>], out: &mut BytesMut) {
        if let Some(room) = titled(&self.target, rooms) {
            let frame = Request::JoinRoom { room: room.id };
            self.exchange.ask_first(frame, Asked::Join, out);
        } else if self.is_in {
            let room = &self.target;
            let told = format!("there is no #{room}; /new {room} makes it");
            self.is_moving = false;
            self.held.push(Arrival::NotAccepted(told));
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
        self.exchange.ask_first(frame, Asked::NewRoom, out);
    }

    /// One is a member of the room to go to.
    pub(super) fn joined(&mut self, room: &Room<'_>, out: &mut BytesMut) {
        let name = Chat::Room(room.name.to_string());
        self.held.chat(room.id, Some(name));
        let frame = Request::Members { room: room.id };
        self.exchange.ask_first(frame, Asked::Members(room.id), out);
    }

    pub(super) fn entered(&mut self, room: Id, members: &[Member<'_>]) {
        self.meet(members);
        self.room.id = room;
        self.room.name.clone_from(&self.target);
        self.held
            .chat(room, Some(Chat::Room(self.room.name.clone())));
        (self.is_in, self.is_moving) = (true, false);
        self.held.push(Arrival::Entered(self.room.name.clone()));
    }

    pub(super) fn meet(&mut self, members: &[Member<'_>]) {
        for member in members {
            if member.login == self.login {
                self.held.me = member.id;
            }
            self.held.name(member.id, Some(member.login.to_string()));
        }
    }

    /// Going to a room failed: at first that is the end.
    pub(super) fn not_entered(&mut self, reason: &str) -> Result<(), ChatError> {
        let told = format!("#{}: {reason}", self.target);
        if !self.is_in {
            return Err(ChatError::Refused(told));
        }
        self.is_moving = false;
        self.held.push(Arrival::NotAccepted(told));
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
