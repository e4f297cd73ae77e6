//! Accounts, guests, sessions' openings and tokens.

use super::apply::{Done, Work};
use super::{Actor, ApplyError, NewToken, Outcome, TokenRow, UserRow};
use crate::model::{
    Error, Membership, Role, RoomChange, RoomKind, Timestamp, TokenId, TokenInfo, TokenKind, User,
    UserId, UserKind,
};

impl Work<'_> {
    pub(super) fn add_account(
        &mut self,
        login: String,
        folded: String,
        name: String,
        description: String,
        password: String,
    ) -> Done {
        let name = if name.is_empty() { login.clone() } else { name };
        let holder = self.rows.user_by_login(&folded)?;
        if let Actor::User(guest) = self.actor {
            let guest = self.existing_user(guest)?;
            if guest.user.kind == UserKind::Guest && guest.folded.as_deref() == Some(&folded) {
                let user = User {
                    login,
                    name,
                    description,
                    kind: UserKind::Account,
                    ..guest.user.clone()
                };
                return Ok(Outcome::User(self.rows.put_user(UserRow::new(
                    user,
                    Some(folded),
                    Some(password),
                ))?));
            }
        }
        if holder.is_some() {
            return Err(Error::NameTaken.into());
        }
        let user = new_user(login, name, description, UserKind::Account, self.at);
        Ok(Outcome::User(self.rows.add_user(UserRow::new(
            user,
            Some(folded),
            Some(password),
        ))?))
    }

    pub(super) fn add_guest(&mut self, login: String, folded: String) -> Done {
        if self.rows.user_by_login(&folded)?.is_some() {
            return Err(Error::NameTaken.into());
        }
        let user = new_user(
            login.clone(),
            login,
            String::new(),
            UserKind::Guest,
            self.at,
        );
        let user = self.rows.add_user(UserRow::new(user, Some(folded), None))?;
        Ok(Outcome::Opened {
            user,
            rooms: Vec::new(),
            token: None,
        })
    }

    /// "Its memberships end when it becomes absent."
    pub(super) fn end_guest(&mut self, id: UserId) -> Done {
        let Some(row) = self.rows.user(id)? else {
            return Ok(Outcome::Done);
        };
        if row.user.kind == UserKind::Guest && row.folded.is_some() {
            self.end_memberships(&row)?;
            self.rows.forget_contact(id)?;
            // What it said, or the direct rooms that others share with it, keep the row.
            if self.rows.has_spoken(id)? || !self.rows.memberships(id)?.is_empty() {
                self.rows
                    .put_user(UserRow::new(row.user.clone(), None, None))?;
            } else {
                self.rows.remove_user(id)?;
            }
        }
        Ok(Outcome::Done)
    }

    pub(super) fn end_all_guests(&mut self) -> Done {
        for guest in self.rows.guests()? {
            self.end_guest(guest)?;
        }
        Ok(Outcome::Done)
    }

    fn end_memberships(&mut self, row: &UserRow) -> Done<()> {
        for membership in self.rows.memberships(row.user.id)? {
            let Some(room) = self.rows.room(membership.room)? else {
                continue;
            };
            if room.room.kind == RoomKind::Direct {
                continue;
            }
            let room = self.drop_member(&room, &membership)?;
            if membership.role != Role::Banned {
                self.tell(
                    &room,
                    RoomChange::MemberLeft {
                        user: row.reference.clone(),
                    },
                )?;
            }
        }
        Ok(())
    }

    pub(super) fn open_session(
        &mut self,
        user: UserId,
        password: Option<&str>,
        by: Option<TokenId>,
        token: Option<NewToken>,
        address: &str,
    ) -> Done {
        let bad = ApplyError::Refused(Error::BadCredentials);
        let Some(user) = self.rows.user(user)? else {
            return Err(bad);
        };
        let changed = password.is_some_and(|checked| user.password.as_deref() != Some(checked));
        if changed || user.user.disabled || user.folded.is_none() {
            return Err(bad);
        }
        if let Some(by) = by {
            if self
                .rows
                .token(by)?
                .is_none_or(|row| row.info.user != user.user.id)
            {
                return Err(bad);
            }
            self.rows.touch_token(by, self.at, Some(address))?;
        }
        let token = match token {
            Some(token) => Some(self.keep_token(user.user.id, token, Some(address))?.id),
            None => None,
        };
        let mut rooms = Vec::new();
        for membership in self.rows.memberships(user.user.id)? {
            if membership.role == Role::Banned {
                continue;
            }
            if let Some(room) = self.rows.room(membership.room)? {
                rooms.push((room, membership));
            }
        }
        Ok(Outcome::Opened { user, rooms, token })
    }

    pub(super) fn set_password(&mut self, id: UserId, password: String) -> Done {
        if self.actor != Actor::Operator && self.actor != Actor::User(id) {
            return Err(
                Error::not_allowed("only the account itself or the operator may do this").into(),
            );
        }
        let row = self.existing_account(id)?;
        // "A new password ends the sessions that came in by the old one, not API tokens."
        for token in self
            .rows
            .tokens(id)?
            .into_iter()
            .filter(|token| token.kind == TokenKind::Session)
        {
            self.rows.remove_token(token.id)?;
        }
        Ok(Outcome::User(self.rows.put_user(UserRow::new(
            row.user.clone(),
            row.folded.clone(),
            Some(password),
        ))?))
    }

    pub(super) fn set_disabled(&mut self, id: UserId, disabled: bool) -> Done {
        self.operator_only()?;
        let row = self.existing_account(id)?;
        let user = User {
            disabled,
            ..row.user.clone()
        };
        Ok(Outcome::User(self.rows.put_user(UserRow::new(
            user,
            row.folded.clone(),
            row.password.clone(),
        ))?))
    }

    /// The account's name is free again; what it said stays its own.
    pub(super) fn remove_user(&mut self, id: UserId) -> Done {
        self.operator_only()?;
        let row = self.existing_account(id)?;
        for token in self.rows.tokens(id)? {
            self.rows.remove_token(token.id)?;
        }
        for membership in self.rows.memberships(id)? {
            if membership.role == Role::Owner {
                self.succeed_owner(membership.room, id)?;
            }
        }
        self.end_memberships(&row)?;
        self.rows.forget_contact(id)?;
        let user = User {
            disabled: true,
            ..row.user.clone()
        };
        Ok(Outcome::User(
            self.rows.put_user(UserRow::new(user, None, None))?,
        ))
    }

    pub(super) fn describe_user(&mut self, description: String) -> Done {
        let row = self.acting_user()?;
        let user = User {
            description,
            ..row.user.clone()
        };
        Ok(Outcome::User(self.rows.put_user(UserRow::new(
            user,
            row.folded.clone(),
            row.password.clone(),
        ))?))
    }

    pub(super) fn add_token(&mut self, user: UserId, token: NewToken) -> Done {
        if self.actor != Actor::Operator && self.actor != Actor::User(user) {
            return Err(
                Error::not_allowed("only the account itself or the operator may do this").into(),
            );
        }
        self.existing_account(user)?;
        Ok(Outcome::Token(self.keep_token(user, token, None)?))
    }

    pub(super) fn renew_token(&mut self, by: TokenId, token: NewToken) -> Done {
        let user = self.own_session_token(by)?;
        let address = self.rows.token(by)?.and_then(|row| row.info.address);
        let kept = self.keep_token(user, token, address.as_deref())?;
        Ok(Outcome::Token(kept))
    }

    pub(super) fn replace_token(&mut self, old: TokenId, new: TokenId) -> Done {
        self.own_session_token(new)?;
        self.own_session_token(old)?;
        if old != new {
            self.rows.remove_token(old)?;
        }
        Ok(Outcome::Done)
    }

    /// The actor, if this is a token of a session of its own.
    fn own_session_token(&mut self, id: TokenId) -> Done<UserId> {
        let user = self.acting_user()?.user.id;
        match self.rows.token(id)? {
            Some(row) if row.info.user == user && row.info.kind == TokenKind::Session => Ok(user),
            _ => Err(Error::invalid("token", "this account has no session with that id").into()),
        }
    }

    pub(super) fn remove_tokens(&mut self, user: UserId, id: Option<TokenId>) -> Done {
        if self.actor != Actor::Operator && self.actor != Actor::User(user) {
            return Err(
                Error::not_allowed("only the account itself or the operator may do this").into(),
            );
        }
        let ended: Vec<TokenId> = self
            .rows
            .tokens(user)?
            .iter()
            .map(|token| token.id)
            .filter(|token| id.is_none_or(|id| id == *token))
            .collect();
        if ended.is_empty() && id.is_some() {
            return Err(Error::invalid("token", "this account has no token with that id").into());
        }
        for token in &ended {
            self.rows.remove_token(*token)?;
        }
        Ok(Outcome::Tokens(ended))
    }

    fn keep_token(
        &mut self,
        user: UserId,
        token: NewToken,
        address: Option<&str>,
    ) -> Done<TokenInfo> {
        let info = TokenInfo {
            id: TokenId(0),
            user,
            kind: token.kind,
            created: self.at,
            used: address.map(|_| self.at),
            address: address.map(str::to_owned),
        };
        let kept = self.rows.add_token(TokenRow {
            info,
            hash: token.hash,
        })?;
        kept.ok_or_else(|| {
            ApplyError::Refused(Error::invalid(
                "token",
                "this token is in use already; choose another",
            ))
        })
    }

    fn existing_account(&mut self, id: UserId) -> Done<std::sync::Arc<UserRow>> {
        let row = self.existing_user(id)?;
        if row.user.kind != UserKind::Account || row.folded.is_none() {
            return Err(Error::NoSuchUser.into());
        }
        Ok(row)
    }

    fn operator_only(&self) -> Done<()> {
        match self.actor {
            Actor::Operator => Ok(()),
            Actor::User(_) => Err(Error::not_allowed("only the operator may do this").into()),
        }
    }

    /// "When the owner leaves, the oldest admin succeeds, else nobody."
    pub(super) fn succeed_owner(&mut self, room: crate::model::RoomId, owner: UserId) -> Done<()> {
        let row = self.existing_room(room)?;
        let admins = self
            .rows
            .members(room)?
            .into_iter()
            .filter(|member| member.role == Role::Admin && member.user != owner);
        let mut heir = None;
        for admin in admins {
            // A guest owns nothing.
            if self.existing_user(admin.user)?.user.kind == UserKind::Account {
                heir = Some(admin);
                break;
            }
        }
        let mut changed = row.room.clone();
        changed.owner = heir.as_ref().map(|heir| heir.user);
        let row = self
            .rows
            .put_room(super::RoomRow::new(changed, row.password.clone()))?;
        if let Some(heir) = heir {
            self.rows.put_member(Membership {
                role: Role::Owner,
                ..heir.clone()
            })?;
            let user = self.existing_user(heir.user)?.reference.clone();
            self.tell(
                &row,
                RoomChange::RoleChanged {
                    user,
                    role: Role::Owner,
                },
            )?;
        }
        Ok(())
    }
}

fn new_user(
    login: String,
    name: String,
    description: String,
    kind: UserKind,
    created: Timestamp,
) -> User {
    let name = if name.is_empty() { login.clone() } else { name };
    User {
        id: UserId(0),
        login,
        name,
        description,
        kind,
        disabled: false,
        created,
    }
}
