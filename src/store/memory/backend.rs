//! A transaction over the rows in memory: changes happen at once, and a log of what was there undoes them.

use std::sync::Arc;

use super::rows::broken;
use super::tables::{Counters, GuestBanKey, Oldest, RoomEntry, Tables};
use crate::model::{
    BanSubject, GatewayBan, GuestBan, Membership, Message, MessageId, RoomId, Seq, TokenId, UserId,
    fold_room_name,
};
use crate::store::batch::{Backend, CommitError};
use crate::store::logged::Logged;
use crate::store::{RoomRow, RowsError, TokenRow, Transaction, UserRow, Write};

/// The rows, and the way back to where the transaction began.
#[derive(Debug, Default)]
pub(in crate::store) struct MemoryBackend {
    pub(super) tables: Tables,
    pub(super) undo: Vec<Undo>,
    /// The last message's number when the transaction began.
    message_before: i64,
}

/// What was there before a change.
#[derive(Debug)]
pub(super) enum Undo {
    User(UserId, Option<Arc<UserRow>>),
    Spoke(UserId),
    Token(TokenId, Option<TokenRow>),
    ContactAdded((UserId, UserId)),
    ContactRemoved((UserId, UserId)),
    Room(RoomId, Option<Box<RoomEntry>>),
    RoomRow(RoomId, Arc<RoomRow>),
    Counters(RoomId, Counters),
    Logged(RoomId, Seq),
    Member((RoomId, UserId), Option<Membership>),
    GuestBan(GuestBanKey, Option<GuestBan>),
    GatewayBan(BanSubject, Option<GatewayBan>),
    Secret(String),
    Message(RoomId, MessageId, Option<Arc<Message>>),
    Hidden(UserId, MessageId),
    Forgotten(RoomId, Oldest),
    Renamed(RoomId, Seq, Logged),
    News,
}

impl Backend for MemoryBackend {
    fn begin(&mut self, _: &[Box<dyn Write>]) -> Result<(), RowsError> {
        self.undo.clear();
        self.message_before = self.tables.last.message;
        Ok(())
    }

    fn rows(&mut self) -> &mut dyn Transaction {
        self
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        self.undo.clear();
        self.tables.news.forget_old();
        Ok(())
    }

    fn rollback(&mut self) {
        while let Some(step) = self.undo.pop() {
            self.take_back(step);
        }
        self.tables.last.message = self.message_before;
    }
}

impl MemoryBackend {
    fn take_back(&mut self, step: Undo) {
        let tables = &mut self.tables;
        match step {
            Undo::User(id, row) => drop(tables.set_user(id, row)),
            Undo::Spoke(id) => drop(tables.spoke.remove(&id)),
            Undo::Token(id, row) => drop(tables.set_token(id, row)),
            Undo::ContactAdded(pair) => drop(tables.contacts.remove(&pair)),
            Undo::ContactRemoved(pair) => drop(tables.contacts.insert(pair)),
            Undo::Room(id, entry) => drop(tables.set_room(id, entry.map(|entry| *entry))),
            Undo::RoomRow(id, row) => drop(tables.set_room_row(id, row)),
            Undo::Counters(id, counters) => {
                if let Some(entry) = tables.rooms.get_mut(&id) {
                    entry.counters = counters;
                }
            }
            Undo::Logged(id, seq) => {
                if let Some(entry) = tables.rooms.get_mut(&id) {
                    entry.changes.remove(&seq);
                }
            }
            Undo::Member(key, membership) => drop(tables.set_member(key, membership)),
            Undo::GuestBan(key, Some(ban)) => drop(tables.guest_bans.insert(key, ban)),
            Undo::GuestBan(key, None) => drop(tables.guest_bans.remove(&key)),
            Undo::GatewayBan(key, Some(ban)) => drop(tables.gateway_bans.insert(key, ban)),
            Undo::GatewayBan(key, None) => drop(tables.gateway_bans.remove(&key)),
            Undo::Secret(name) => drop(tables.secrets.remove(&name)),
            Undo::Message(room, id, message) => drop(tables.set_message(room, id, message)),
            Undo::Renamed(room, seq, logged) => {
                if let Some(entry) = tables.rooms.get_mut(&room) {
                    entry.changes.insert(seq, logged);
                }
            }
            Undo::News => tables.news.take_back(),
            Undo::Forgotten(room, oldest) => tables.give_back(room, oldest),
            Undo::Hidden(user, id) => {
                if let Some(entry) = tables.home_of(id) {
                    entry.hidden.remove(&(user, id));
                }
            }
        }
    }

    pub(super) fn set_user(&mut self, id: UserId, row: Option<Arc<UserRow>>) {
        let before = self.tables.set_user(id, row);
        self.undo.push(Undo::User(id, before));
    }

    pub(super) fn set_token(&mut self, id: TokenId, row: Option<TokenRow>) {
        let before = self.tables.set_token(id, row);
        self.undo.push(Undo::Token(id, before));
    }

    pub(super) fn set_room(&mut self, id: RoomId, entry: Option<RoomEntry>) {
        let before = self.tables.set_room(id, entry);
        self.undo.push(Undo::Room(id, before.map(Box::new)));
    }

    pub(super) fn set_member(&mut self, key: (RoomId, UserId), membership: Option<Membership>) {
        let before = self.tables.set_member(key, membership);
        self.undo.push(Undo::Member(key, before));
    }

    pub(super) fn set_message(&mut self, message: &Message) {
        let before =
            self.tables
                .set_message(message.room, message.id, Some(Arc::new(message.clone())));
        self.undo
            .push(Undo::Message(message.room, message.id, before));
    }

    /// Refuses a name or pair that another room has: the rules should have seen it.
    pub(super) fn check_room(&self, id: RoomId, row: &RoomRow) -> Result<(), RowsError> {
        let holder = match row.room.pair {
            Some((a, b)) => self.tables.direct_room(a, b),
            None => self.tables.room_by_name(&fold_room_name(&row.room.name)),
        };
        if holder.is_some_and(|holder| holder.row.room.id != id) {
            Err(broken("two rooms of one name"))
        } else {
            Ok(())
        }
    }

    pub(super) fn check_user(&self, id: UserId, row: &UserRow) -> Result<(), RowsError> {
        let holder = row
            .folded
            .as_ref()
            .and_then(|folded| self.tables.user_by_login(folded));
        if holder.is_some_and(|holder| holder.user.id != id) {
            Err(broken("two users of one login"))
        } else {
            Ok(())
        }
    }
}
