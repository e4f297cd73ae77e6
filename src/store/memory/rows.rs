//! What is read and written in a transaction.

use std::sync::Arc;

use super::backend::{MemoryBackend, Undo};
use super::tables::{RoomEntry, guest_ban_key};
use crate::model::{
    BanSubject, GatewayBan, GuestBan, Membership, Message, MessageId, News, NodeId, Role,
    RoomEvent, RoomId, RoomKind, Seq, Timestamp, TokenId, TokenInfo, TokenKind, UserId, UserKind,
    UserRef,
};
use crate::store::batch::NumbersUsed;
use crate::store::logged::Logged;
use crate::store::{RoomRow, RowsError, Scrub, SecretBytes, TokenRow, Transaction, UserRow, time};

pub(super) fn broken(why: &'static str) -> RowsError {
    RowsError(why.into())
}

fn next(last: &mut i32) -> Result<i32, NumbersUsed> {
    *last = last.checked_add(1).ok_or(NumbersUsed)?;
    Ok(*last)
}

impl Transaction for MemoryBackend {
    fn user(&mut self, id: UserId) -> Result<Option<Arc<UserRow>>, RowsError> {
        Ok(self.tables.users.get(&id).cloned())
    }

    fn user_by_login(&mut self, folded: &str) -> Result<Option<Arc<UserRow>>, RowsError> {
        Ok(self.tables.user_by_login(folded).cloned())
    }

    fn add_user(&mut self, mut row: UserRow) -> Result<Arc<UserRow>, RowsError> {
        Arc::make_mut(&mut row.user).id = UserId(next(&mut self.tables.last.user)?);
        self.check_user(row.user.id, &row)?;
        let row = Arc::new(UserRow {
            address: row.address,
            node: row.node,
            erasing: row.erasing,
            last_login: row.last_login,
            ..UserRow::new(row.user, row.folded, row.password)
        });
        self.set_user(row.user.id, Some(row.clone()));
        Ok(row)
    }

    fn put_user(&mut self, row: UserRow) -> Result<Arc<UserRow>, RowsError> {
        self.check_user(row.user.id, &row)?;
        let row = Arc::new(row);
        self.set_user(row.user.id, Some(row.clone()));
        Ok(row)
    }

    fn remove_user(&mut self, id: UserId) -> Result<(), RowsError> {
        self.set_user(id, None);
        Ok(())
    }

    fn guests(&mut self, node: Option<NodeId>) -> Result<Vec<UserId>, RowsError> {
        let present = |row: &&Arc<UserRow>| {
            let is_there = node.is_none() || row.node == node;
            row.user.kind == UserKind::Guest && row.folded.is_some() && is_there
        };
        Ok(self
            .tables
            .users
            .values()
            .filter(present)
            .map(|row| row.user.id)
            .collect())
    }

    fn has_spoken(&mut self, id: UserId) -> Result<bool, RowsError> {
        Ok(self.tables.spoke.contains(&id))
    }

    fn contacts(&mut self, user: UserId) -> Result<Vec<UserId>, RowsError> {
        Ok(self.tables.contacts_of(user).collect())
    }

    fn add_contact(&mut self, user: UserId, contact: UserId) -> Result<(), RowsError> {
        if self.tables.contacts.insert((user, contact)) {
            self.undo.push(Undo::ContactAdded((user, contact)));
        }
        Ok(())
    }

    fn remove_contact(&mut self, user: UserId, contact: UserId) -> Result<(), RowsError> {
        if self.tables.contacts.remove(&(user, contact)) {
            self.undo.push(Undo::ContactRemoved((user, contact)));
        }
        Ok(())
    }

    fn forget_contact(&mut self, user: UserId) -> Result<(), RowsError> {
        let has = |pair: &&(UserId, UserId)| pair.0 == user || pair.1 == user;
        let pairs: Vec<_> = self.tables.contacts.iter().filter(has).copied().collect();
        for (user, contact) in pairs {
            self.remove_contact(user, contact)?;
        }
        Ok(())
    }

    fn add_token(&mut self, mut row: TokenRow) -> Result<Option<TokenInfo>, RowsError> {
        if self.tables.token_by_hash(&row.hash).is_some() {
            return Ok(None);
        }
        // A token is not always the first row that a write touches.
        let number = next(&mut self.tables.last.token);
        row.info.id = TokenId(number.map_err(|_| broken("all numbers are used"))?);
        let info = row.info.clone();
        self.set_token(info.id, Some(row));
        Ok(Some(info))
    }

    fn token(&mut self, id: TokenId) -> Result<Option<TokenRow>, RowsError> {
        Ok(self.tables.tokens.get(&id).cloned())
    }

    fn tokens(&mut self, user: UserId) -> Result<Vec<TokenInfo>, RowsError> {
        Ok(self
            .tables
            .tokens
            .values()
            .filter(|row| row.info.user == user)
            .map(|row| row.info.clone())
            .collect())
    }

    fn touch_token(
        &mut self,
        id: TokenId,
        used: Timestamp,
        address: Option<&str>,
    ) -> Result<(), RowsError> {
        if let Some(mut row) = self.tables.tokens.get(&id).cloned() {
            row.info.used = Some(used);
            row.info.address = address.map(str::to_owned).or(row.info.address);
            self.set_token(id, Some(row));
        }
        Ok(())
    }

    fn remove_token(&mut self, id: TokenId) -> Result<(), RowsError> {
        self.set_token(id, None);
        Ok(())
    }

    fn expire_tokens(&mut self, before: Timestamp) -> Result<(), RowsError> {
        let unused = |row: &&TokenRow| {
            row.info.kind == TokenKind::Session
                && row.info.used.unwrap_or(row.info.created) < before
        };
        let ended: Vec<TokenId> = self
            .tables
            .tokens
            .values()
            .filter(unused)
            .map(|row| row.info.id)
            .collect();
        ended.into_iter().for_each(|id| self.set_token(id, None));
        Ok(())
    }

    fn room(&mut self, id: RoomId) -> Result<Option<Arc<RoomRow>>, RowsError> {
        Ok(self.tables.rooms.get(&id).map(|entry| entry.row.clone()))
    }

    fn room_by_name(&mut self, folded: &str) -> Result<Option<Arc<RoomRow>>, RowsError> {
        Ok(self
            .tables
            .room_by_name(folded)
            .map(|entry| entry.row.clone()))
    }

    fn direct_room(&mut self, a: UserId, b: UserId) -> Result<Option<Arc<RoomRow>>, RowsError> {
        Ok(self.tables.direct_room(a, b).map(|entry| entry.row.clone()))
    }

    fn add_room(&mut self, mut row: RoomRow) -> Result<Arc<RoomRow>, RowsError> {
        row.room.id = RoomId(next(&mut self.tables.last.room)?);
        self.check_room(row.room.id, &row)?;
        let row = Arc::new(RoomRow::new(row.room, row.password));
        self.set_room(row.room.id, Some(RoomEntry::new(row.clone())));
        Ok(row)
    }

    fn put_room(&mut self, row: RoomRow) -> Result<Arc<RoomRow>, RowsError> {
        self.check_room(row.room.id, &row)?;
        let row = Arc::new(row);
        let id = row.room.id;
        let before = self
            .tables
            .set_room_row(id, row.clone())
            .ok_or_else(|| broken("no such room"))?;
        self.undo.push(Undo::RoomRow(id, before));
        Ok(row)
    }

    fn owned_rooms(&mut self, user: UserId) -> Result<Vec<RoomId>, RowsError> {
        let rooms = self.tables.rooms.iter();
        let owned = rooms.filter(|(_, entry)| entry.row.room.owner == Some(user));
        Ok(owned.map(|(id, _)| *id).collect())
    }

    fn remove_room(&mut self, id: RoomId) -> Result<(), RowsError> {
        for membership in self.tables.members(id) {
            self.set_member((id, membership.user), None);
        }
        for ban in self.tables.guest_bans(Some(id)) {
            self.remove_guest_ban(&ban)?;
        }
        self.set_room(id, None);
        Ok(())
    }

    fn advance(
        &mut self,
        id: RoomId,
        message_at: Option<Timestamp>,
    ) -> Result<(Seq, Timestamp), RowsError> {
        let entry = self
            .tables
            .rooms
            .get_mut(&id)
            .ok_or_else(|| broken("no such room"))?;
        self.undo.push(Undo::Counters(id, entry.counters));
        entry.counters.seq.0 += 1;
        if let Some(now) = message_at {
            let last = entry.counters.last_message;
            let mut at = time::next(now, last);
            if at <= last || entry.counters.has_fallen {
                at = entry.free(at);
                entry.counters.has_fallen |= at < last;
            }
            entry.counters.last_message = at;
        }
        Ok((entry.counters.seq, entry.counters.last_message))
    }

    fn seq(&mut self, id: RoomId) -> Result<Seq, RowsError> {
        Ok(self
            .tables
            .rooms
            .get(&id)
            .map_or(Seq(0), |entry| entry.counters.seq))
    }

    fn log(&mut self, event: &RoomEvent) -> Result<(), RowsError> {
        let entry = self
            .tables
            .rooms
            .get_mut(&event.room.id)
            .ok_or_else(|| broken("no such room"))?;
        if let Some(logged) = Logged::new(event) {
            entry.changes.insert(event.seq, logged);
            self.undo.push(Undo::Logged(event.room.id, event.seq));
        }
        Ok(())
    }

    fn member(&mut self, room: RoomId, user: UserId) -> Result<Option<Membership>, RowsError> {
        Ok(self.tables.members.get(&(room, user)).cloned())
    }

    fn members(&mut self, room: RoomId) -> Result<Vec<Membership>, RowsError> {
        Ok(self.tables.members(room))
    }

    fn memberships(&mut self, user: UserId) -> Result<Vec<Membership>, RowsError> {
        Ok(self.tables.memberships(user))
    }

    fn member_count(&mut self, room: RoomId) -> Result<u64, RowsError> {
        let members = self
            .tables
            .members(room)
            .iter()
            .filter(|membership| membership.role != Role::Banned)
            .count();
        Ok(members as u64)
    }

    fn room_count(&mut self, user: UserId) -> Result<u64, RowsError> {
        let counts = |membership: &&Membership| {
            let room = self.tables.rooms.get(&membership.room);
            membership.role != Role::Banned
                && room.is_some_and(|entry| entry.row.room.kind != RoomKind::Direct)
        };
        Ok(self.tables.memberships(user).iter().filter(counts).count() as u64)
    }

    fn put_member(&mut self, membership: Membership) -> Result<(), RowsError> {
        self.set_member((membership.room, membership.user), Some(membership));
        Ok(())
    }

    fn remove_member(&mut self, room: RoomId, user: UserId) -> Result<(), RowsError> {
        self.set_member((room, user), None);
        Ok(())
    }

    fn guest_bans(&mut self, room: Option<RoomId>) -> Result<Vec<GuestBan>, RowsError> {
        Ok(self.tables.guest_bans(room))
    }

    fn put_guest_ban(&mut self, ban: GuestBan) -> Result<(), RowsError> {
        let key = guest_ban_key(&ban);
        let before = self.tables.guest_bans.insert(key.clone(), ban);
        self.undo.push(Undo::GuestBan(key, before));
        Ok(())
    }

    fn remove_guest_ban(&mut self, ban: &GuestBan) -> Result<(), RowsError> {
        let key = guest_ban_key(ban);
        let before = self.tables.guest_bans.remove(&key);
        self.undo.push(Undo::GuestBan(key, before));
        Ok(())
    }

    fn gateway_bans(&mut self) -> Result<Vec<GatewayBan>, RowsError> {
        Ok(self.tables.gateway_bans())
    }

    fn put_gateway_ban(&mut self, ban: GatewayBan) -> Result<(), RowsError> {
        let key = ban.subject.clone();
        let before = self.tables.gateway_bans.insert(key.clone(), ban);
        self.undo.push(Undo::GatewayBan(key, before));
        Ok(())
    }

    fn remove_gateway_ban(&mut self, subject: &BanSubject) -> Result<(), RowsError> {
        let before = self.tables.gateway_bans.remove(subject);
        self.undo.push(Undo::GatewayBan(subject.clone(), before));
        Ok(())
    }

    fn secret(&mut self, name: &str, new: SecretBytes) -> Result<SecretBytes, RowsError> {
        if let Some(secret) = self.tables.secrets.get(name) {
            return Ok(*secret);
        }
        self.tables.secrets.insert(name.to_owned(), new);
        self.undo.push(Undo::Secret(name.to_owned()));
        Ok(new)
    }

    fn next_message_id(&mut self) -> Result<MessageId, RowsError> {
        self.tables.last.message += 1;
        Ok(MessageId(self.tables.last.message))
    }

    fn add_message(&mut self, message: &Message) -> Result<(), RowsError> {
        if !self.tables.rooms.contains_key(&message.room) {
            return Err(broken("no such room"));
        }
        self.set_message(message);
        if self.tables.spoke.insert(message.sender.id) {
            self.undo.push(Undo::Spoke(message.sender.id));
        }
        Ok(())
    }

    fn message(&mut self, id: MessageId) -> Result<Option<Message>, RowsError> {
        Ok(self
            .tables
            .message(id)
            .map(|message| Message::clone(message)))
    }

    fn last_said(
        &mut self,
        room: RoomId,
        user: UserId,
        after: Timestamp,
        before: Timestamp,
    ) -> Result<Option<Timestamp>, RowsError> {
        let messages = self.tables.rooms.get(&room).map(|entry| &entry.messages);
        let newest = messages.into_iter().flatten().rev();
        let mut recent = newest.take_while(|message| message.created > after);
        let last = recent.find(|message| message.sender.id == user && message.created < before);
        Ok(last.map(|message| message.created))
    }

    fn update_message(&mut self, message: &Message) -> Result<(), RowsError> {
        if self.tables.message(message.id).is_none() {
            return Err(broken("no such message"));
        }
        self.set_message(message);
        Ok(())
    }

    fn rename_in_log(
        &mut self,
        user: &Arc<UserRef>,
        after: (RoomId, Seq),
        looks: usize,
    ) -> Result<Option<(RoomId, Seq)>, RowsError> {
        let Self { tables, undo, .. } = self;
        let mut looked = 0;
        for (id, entry) in tables.rooms.range_mut(after.0..) {
            let first = if *id == after.0 { after.1.0 + 1 } else { 0 };
            for (seq, logged) in entry.changes.range_mut(Seq(first)..) {
                let before = logged.clone();
                if logged.rename(user) {
                    undo.push(Undo::Renamed(*id, *seq, before));
                }
                looked += 1;
                if looked == looks {
                    return Ok(Some((*id, *seq)));
                }
            }
        }
        Ok(None)
    }

    fn scrub(&mut self) -> Scrub {
        Scrub::Done
    }

    fn over_age(
        &mut self,
        room: RoomId,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Seq>, RowsError> {
        let mut aged = None;
        if let Some(entry) = self.tables.rooms.get(&room) {
            for message in &entry.messages[entry.pruned()..] {
                if message.created < before {
                    aged = Some(message.seq);
                } else if message.created <= now {
                    break;
                }
            }
        }
        Ok(aged)
    }

    fn messages_left(&mut self, room: RoomId) -> Result<u64, RowsError> {
        let entry = self.tables.rooms.get(&room);
        Ok(entry.map_or(0, |entry| entry.messages.len() - entry.pruned()) as u64)
    }

    fn forget(&mut self, room: RoomId, limit: usize) -> Result<(bool, bool), RowsError> {
        let Some(entry) = self.tables.rooms.get(&room) else {
            return Ok((true, false));
        };
        let mut upto = entry.row.room.pruned;
        let marked = entry.pruned();
        if marked > limit
            && let Some(next) = entry.messages.get(limit)
        {
            upto = Seq(next.seq.0 - 1);
        }
        if let Some((next, _)) = entry.changes.range(..=upto).nth(limit) {
            upto = Seq(next.0 - 1);
        }
        let gone = entry
            .messages
            .partition_point(|message| message.seq <= upto);
        let all = upto == entry.row.room.pruned;
        let oldest = self.tables.take_oldest(room, gone, upto);
        let files = oldest.messages.iter().any(|message| message.file.is_some());
        self.undo.push(Undo::Forgotten(room, oldest));
        Ok((all, files))
    }

    fn add_news(&mut self, news: &News) -> Result<(), RowsError> {
        self.tables.news.add(news.clone());
        self.undo.push(Undo::News);
        Ok(())
    }

    fn hide_message(&mut self, user: UserId, message: MessageId) -> Result<(), RowsError> {
        let entry = self
            .tables
            .home_of(message)
            .ok_or_else(|| broken("no such message"))?;
        if entry.hidden.insert((user, message)) {
            self.undo.push(Undo::Hidden(user, message));
        }
        Ok(())
    }

    fn hidden_from(&mut self, room: RoomId, message: MessageId) -> Result<Vec<UserId>, RowsError> {
        let entry = self.tables.rooms.get(&room);
        Ok(entry.map_or_else(Vec::new, |entry| entry.hidden_from(message)))
    }
}
