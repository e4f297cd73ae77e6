//! What a store keeps of sessions that open and of guests that come and go.

use std::net::IpAddr;
use std::sync::Arc;

use super::Change;
use super::Work;
use super::accounts::new_user;
use super::command::looks_at;
use super::work::Done;
use crate::hub::hashing::token_hash;
use crate::model::{
    Error, NodeId, Role, Seq, TokenId, TokenKind, TokenText, UserId, UserKind, UserSelector,
    fold_login,
};
use crate::store::{Footing, RoomRow, RowKey, RowKeys, UserRow};

/// A login is kept if the last one that was is so much older, in milliseconds: not each costs a write.
const KEPT_AFTER: i64 = 60_000;

/// A session may open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Whose it will be.
    pub user: Arc<UserRow>,
    /// Where the user is a member (not banned), direct rooms included, at exactly this place in the order of changes: with the
    /// last change of each.
    pub rooms: Vec<(Arc<RoomRow>, Seq)>,
    /// The token made for the session.
    pub token: Option<TokenId>,
}

/// A session of an account opens.
#[derive(Debug)]
pub(crate) struct OpenSession {
    pub(crate) user: UserId,
    /// The stored password that was checked: it must still be the one.
    pub(crate) password: Option<String>,
    /// The token that opened it: it must still be there.
    pub(crate) by: Option<TokenId>,
    /// A token to make for it.
    pub(crate) token: Option<TokenText>,
    pub(crate) address: String,
    /// It is one by which the account was logged in to.
    pub(crate) is_login: bool,
}

impl Change for OpenSession {
    type Outcome = Opened;
    const NEEDS_ROOM: bool = false;

    fn rows(&self, keys: &mut RowKeys) {
        keys.user(&UserSelector::Id(self.user));
        keys.add(RowKey::Places(self.user));
        if let Some(by) = self.by {
            keys.add(RowKey::Token(by));
        }
        if let Some(made) = &self.token {
            keys.add(RowKey::TokenHash(token_hash(&made.0)));
        }
    }

    fn apply(self, work: &mut Work<'_>) -> Done<Opened> {
        let user = work.rows.user(self.user)?.ok_or(Error::BadCredentials)?;
        let changed = self.password.is_some() && user.password != self.password;
        if changed || user.user.disabled || user.folded.is_none() {
            return Err(Error::BadCredentials.into());
        }
        if let Some(by) = self.by {
            let token = work.rows.token(by)?;
            if token.is_none_or(|row| row.info.user != self.user) {
                return Err(Error::BadCredentials.into());
            }
            work.rows.touch_token(by, work.at, Some(&self.address))?;
        }
        let token = match &self.token {
            Some(value) => {
                let address = Some(self.address.as_str());
                let kept = work.keep_token(self.user, TokenKind::Session, value, address)?;
                Some(kept.id)
            }
            None => None,
        };
        let last = user.last_login.map_or(0, |last| last.0);
        let is_new = self.is_login && work.at.0.saturating_sub(last) >= KEPT_AFTER;
        let user = match is_new {
            true => work.rows.put_user(UserRow {
                last_login: Some(work.at),
                ..UserRow::clone(&user)
            })?,
            false => user,
        };
        let mut rooms = Vec::new();
        for membership in work.rows.memberships(self.user)? {
            if membership.role != Role::Banned {
                let seq = work.rows.seq(membership.room)?;
                let row = work.rows.room(membership.room)?;
                rooms.extend(row.map(|row| (row, seq)));
            }
        }
        Ok(Opened { user, rooms, token })
    }

    fn footings(opened: &Opened) -> Vec<Footing> {
        let user = opened.user.user.id;
        let footing = |(row, seq): &(Arc<RoomRow>, Seq)| Footing {
            room: row.room.id,
            user,
            seq: *seq,
        };
        opened.rooms.iter().map(footing).collect()
    }
}

/// Makes a guest, and opens its session in the same moment.
#[derive(Debug)]
pub(crate) struct AddGuest {
    pub(crate) login: String,
    /// Where it comes from, if not from inside the process.
    pub(crate) address: Option<IpAddr>,
    /// The node that it is at, where there are several.
    pub(crate) node: Option<NodeId>,
}

impl Change for AddGuest {
    type Outcome = Opened;
    looks_at!(login: login);

    fn apply(self, work: &mut Work<'_>) -> Done<Opened> {
        let folded = fold_login(&self.login).map_err(|reason| Error::invalid("login", reason))?;
        if work.rows.user_by_login(&folded)?.is_some() {
            return Err(Error::NameTaken.into());
        }
        let user = new_user(self.login, UserKind::Guest, work.at);
        let row = UserRow {
            address: self.address,
            node: self.node,
            ..UserRow::new(user, Some(folded), None)
        };
        Ok(Opened {
            user: work.rows.add_user(row)?,
            rooms: Vec::new(),
            token: None,
        })
    }
}

/// A guest becomes absent: "its memberships end when it becomes absent", and its name is free.
#[derive(Debug)]
pub(crate) struct EndGuest {
    pub(crate) user: UserId,
}

impl Change for EndGuest {
    type Outcome = ();
    const NEEDS_ROOM: bool = false;

    fn rows(&self, keys: &mut RowKeys) {
        keys.user(&UserSelector::Id(self.user));
        keys.add(RowKey::Places(self.user));
    }

    fn apply(self, work: &mut Work<'_>) -> Done {
        let row = work.rows.user(self.user)?;
        let present = |row: &Arc<UserRow>| row.user.kind == UserKind::Guest && row.folded.is_some();
        let Some(row) = row.filter(present) else {
            return Ok(());
        };
        work.end_memberships(&row)?;
        work.rows.forget_contact(self.user)?;
        // What it said, or the direct rooms that others share with it, keep the row.
        if work.rows.has_spoken(self.user)? || !work.rows.memberships(self.user)?.is_empty() {
            let row = UserRow::new(row.user.clone(), None, None);
            work.rows.put_user(row)?;
            Ok(())
        } else {
            Ok(work.rows.remove_user(self.user)?)
        }
    }
}

/// The guests of a node are absent: it is gone.
#[derive(Debug)]
pub(crate) struct EndGuests {
    /// The node at which they were; `None`: all guests.
    pub(crate) node: Option<NodeId>,
}

impl Change for EndGuests {
    type Outcome = ();
    const NEEDS_ROOM: bool = false;
    looks_at!();

    fn apply(self, work: &mut Work<'_>) -> Done {
        for user in work.rows.guests(self.node)? {
            EndGuest { user }.apply(work)?;
        }
        Ok(())
    }
}
