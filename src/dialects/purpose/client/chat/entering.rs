//! The way into the room; the picture is in `mod.rs`.

use super::Purpose;
use super::asked::Asked;
use crate::dialects::client::Arrival;
use crate::dialects::client::ChatError;
use crate::dialects::client::Identity;
use crate::dialects::client::pending_arrivals::Chat;
use bytes::BytesMut;
use tolmach_purpose::{Answer, Credentials, Request, Revision};

/// What was given to say who one is: a token before a password.
pub(super) fn credentials(identity: &Identity) -> Result<Credentials, &'static str> {
    if let Some(token) = &identity.token {
        let parts = token.split_once(':');
        let parts = parts.and_then(|(id, token)| Some((id.parse().ok()?, token)));
        let (id, token) = parts.filter(|(_, token)| !token.is_empty()).ok_or(
            "purpose takes --token ID:TOKEN (`tolmach token create NAME` makes the token, `tolmach token list NAME` \
             tells its id)",
        )?;
        let hash = token.into();
        return Ok(Credentials::Session { id, hash });
    }
    let login = identity.user.clone().ok_or(
        "purpose needs --user NAME with a password (TOLMACH_PASSWORD, or the prompt), or --token ID:TOKEN",
    )?;
    let password = identity
        .password
        .as_deref()
        .ok_or("purpose has no guests: set TOLMACH_PASSWORD, or give --token ID:TOKEN")?
        .into();
    Ok(Credentials::Password { login, password })
}

impl Purpose {
    /// There is a session: asks who one is, as far as the revision tells it, and for the room.
    pub(super) fn logged_in(&mut self, user: i32, out: &mut BytesMut) {
        self.pending.me = user;
        let who = match (self.client.revision(), &self.name) {
            (Revision::Two, _) => Some(Request::OwnUser),
            (Revision::One, Some(name)) => Some(Request::UserId {
                name: name.as_str().into(),
            }),
            (Revision::One, None) => None,
        };
        if let Some(request) = who {
            self.ask(request, Asked::OwnUser, out);
        }
        match self.missed.is_again {
            true => self.ask_for_missed(out),
            false => self.find_room(out),
        }
    }

    pub(super) fn find_room(&mut self, out: &mut BytesMut) {
        let name = self.room.name.as_str().into();
        let request = Request::ChatId { name };
        self.ask(request, Asked::FindRoom, out);
    }

    /// Who one is; where a server does not tell, what is known must do.
    pub(super) fn is_user(&mut self, answer: Answer) {
        match answer {
            Answer::OwnUser { user, .. } => {
                self.pending.me = user.id;
                self.name = Some(user.nickname.to_string());
            }
            Answer::UserId(user) => self.pending.me = user,
            _ => {}
        }
        if self.pending.me != 0 {
            self.pending.name(self.pending.me, self.name.clone());
        }
        let name = self.own_name();
        self.pending.push(Arrival::LoggedIn { name, answer: None });
    }

    /// One's own name, or something that stands for it.
    pub(super) fn own_name(&self) -> String {
        self.name.clone().unwrap_or_else(|| "me".to_owned())
    }

    pub(super) fn found_room(&mut self, chat: i32, out: &mut BytesMut) {
        self.room.id = Some(chat);
        let password = self.room.password.clone().map(Into::into);
        let request = Request::Join { chat, password };
        self.ask(request, Asked::Join, out);
    }

    /// There is no such room, or it is not told: revision 2 can make it.
    pub(super) fn no_room(&mut self, reason: &str, out: &mut BytesMut) -> Result<(), ChatError> {
        let room = &self.room.name;
        if !self.knows_names() {
            let reason = format!("#{room}: {reason} (revision 1 cannot make a room)");
            return Err(ChatError::Refused(reason));
        }
        let request = Request::Create {
            name: room.as_str().into(),
            password: self.room.password.clone().map(Into::into),
        };
        self.ask(request, Asked::CreateRoom, out);
        Ok(())
    }

    /// Becoming a member was declined: is it for the want of a password?
    pub(super) fn not_let_in(
        &mut self,
        reason: String,
        out: &mut BytesMut,
    ) -> Result<(), ChatError> {
        let chat = self.room.id.unwrap_or_default();
        if self.room.password.is_some() {
            return Err(self.refusal(&reason));
        }
        let request = match self.client.revision() {
            Revision::One => Request::ChatRequiresPassword { chat },
            Revision::Two => Request::ChatById { chat },
        };
        self.ask(request, Asked::WhyNot(reason), out);
        Ok(())
    }

    /// It was declined for this reason; the answer tells whether a password would have helped.
    pub(super) fn why_not(&self, reason: &str, answer: Option<&Answer>) -> ChatError {
        match answer {
            Some(Answer::HasPassword(true)) => {}
            Some(Answer::Chat { chat, .. }) if chat.has_password => {}
            _ => return self.refusal(reason),
        }
        self.refusal(&format!(
            "{reason} (the room has a password: TOLMACH_ROOM_PASSWORD)"
        ))
    }

    pub(super) fn refusal(&self, reason: &str) -> ChatError {
        ChatError::Refused(format!("#{}: {reason}", self.room.name))
    }

    /// One is a member now: learns who else is, where the revision tells it.
    pub(super) fn joined(&mut self, chat: i32, now: i64, out: &mut BytesMut) {
        self.missed.entered(now);
        self.room.id = Some(chat);
        self.pending
            .chat(chat, Some(Chat::Room(self.room.name.clone())));
        if self.knows_names() {
            let request = Request::ChatById { chat };
            self.ask(request, Asked::Members, out);
        } else {
            self.entered();
        }
    }

    /// Nothing is left to be waited for.
    pub(super) fn entered(&mut self) {
        self.is_in = true;
        self.before = None;
        self.pending.push(Arrival::Entered {
            room: self.room.name.clone(),
            answer: None,
        });
    }

    /// The server closes: nobody will tell names any more, and its words come last.
    pub(super) fn is_closed(&mut self, words: String) {
        self.pending.give_up();
        if !self.has_parted {
            self.pending.push(Arrival::Warning(words));
        }
    }
}
