//! The rows in memory, with what finds them. Every replacement gives back what was there, so that it can be undone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::news::KeptNews;
use crate::id_map::{IdMap, IdSet};
use crate::model::{
    BanSubject, GatewayBan, GuestBan, Membership, Message, MessageId, Network, RoomId, Seq,
    Timestamp, TokenId, UserId, UserRef, fold_room_name,
};
use crate::store::logged::Logged;
use crate::store::{RoomRow, SecretBytes, TokenRow, UserRow, time};

/// All that is stored. The indices follow the rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    pub(super) users: BTreeMap<UserId, Arc<UserRow>>,
    pub(super) spoke: IdSet<UserId>,
    pub(super) tokens: BTreeMap<TokenId, TokenRow>,
    pub(super) rooms: BTreeMap<RoomId, RoomEntry>,
    pub(super) members: BTreeMap<(RoomId, UserId), Membership>,
    /// Who has whom on its list.
    pub(super) contacts: BTreeSet<(UserId, UserId)>,
    /// Who is kept out of which room, by its name and network.
    pub(super) guest_bans: BTreeMap<GuestBanKey, GuestBan>,
    /// Who is kept out of the whole gateway.
    pub(super) gateway_bans: BTreeMap<BanSubject, GatewayBan>,
    /// By what they are for.
    pub(super) secrets: BTreeMap<String, SecretBytes>,
    pub(super) news: KeptNews,
    pub(super) last: LastIds,
    logins: HashMap<String, UserId>,
    hashes: HashMap<[u8; 32], TokenId>,
    names: HashMap<String, RoomId>,
    pairs: IdMap<(UserId, UserId), RoomId>,
    memberships: BTreeSet<(UserId, RoomId)>,
    /// New messages have the greatest numbers: these are found where the last one was.
    homes: BTreeMap<MessageId, RoomId>,
}

/// By which two bans of guests are the same.
pub(super) type GuestBanKey = (RoomId, String, Option<Network>);

pub(super) fn guest_ban_key(ban: &GuestBan) -> GuestBanKey {
    (ban.room, ban.folded.clone(), ban.network)
}

/// The greatest numbers given so far.
#[derive(Debug, Clone, Default)]
pub(super) struct LastIds {
    pub(super) user: i32,
    pub(super) token: i32,
    pub(super) room: i32,
    pub(super) message: i64,
}

/// What moves with every change of a room.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counters {
    pub(super) seq: Seq,
    pub(super) last_message: Timestamp,
    /// Some message bears an earlier time than one before it.
    pub(super) has_fallen: bool,
}

/// A room with all that ends with it.
#[derive(Debug, Clone)]
pub(super) struct RoomEntry {
    pub(super) row: Arc<RoomRow>,
    pub(super) counters: Counters,
    /// In the order of `seq`, and so of `id`.
    pub(super) messages: Vec<Arc<Message>>,
    pub(super) changes: BTreeMap<Seq, Logged>,
    pub(super) hidden: IdSet<(UserId, MessageId)>,
}

/// What was taken from the beginning of a room.
#[derive(Debug, Default)]
pub(super) struct Oldest {
    pub(super) messages: Vec<Arc<Message>>,
    changes: BTreeMap<Seq, Logged>,
    hidden: Vec<(UserId, MessageId)>,
}

impl RoomEntry {
    pub(super) fn new(row: Arc<RoomRow>) -> Self {
        let counters = Counters {
            seq: row.room.seq,
            last_message: row.room.last_message,
            has_fallen: false,
        };
        Self {
            row,
            counters,
            messages: Vec::new(),
            changes: BTreeMap::new(),
            hidden: IdSet::default(),
        }
    }

    /// From whom a message is hidden, in the order of numbers.
    pub(super) fn hidden_from(&self, message: MessageId) -> Vec<UserId> {
        let marks = self.hidden.iter().filter(|(_, id)| *id == message);
        let mut users: Vec<UserId> = marks.map(|(user, _)| *user).collect();
        users.sort_unstable();
        users
    }

    /// The row with the counters that hold.
    pub(super) fn current(&self) -> Arc<RoomRow> {
        let mut row = RoomRow::clone(&self.row);
        let Counters {
            seq, last_message, ..
        } = self.counters;
        (row.room.seq, row.room.last_message) = (seq, last_message);
        Arc::new(row)
    }

    /// The first time from `at` on that no message bears.
    pub(super) fn free(&self, at: Timestamp) -> Timestamp {
        let mut taken: Vec<Timestamp> = self.messages.iter().map(|said| said.created).collect();
        taken.retain(|created| *created >= at);
        taken.sort_unstable();
        let next = |free, created| {
            if created == free {
                time::after(free)
            } else {
                free
            }
        };
        taken.into_iter().fold(at, next)
    }

    /// How many messages are still there that are kept no longer.
    pub(super) fn pruned(&self) -> usize {
        let mark = self.row.room.pruned;
        self.messages.partition_point(|said| said.seq <= mark)
    }

    pub(super) fn message(&self, id: MessageId) -> Option<&Arc<Message>> {
        self.position(id).and_then(|place| self.messages.get(place))
    }

    fn position(&self, id: MessageId) -> Option<usize> {
        self.messages
            .binary_search_by_key(&id, |message| message.id)
            .ok()
    }
}

impl Tables {
    pub(super) fn user_by_login(&self, folded: &str) -> Option<&Arc<UserRow>> {
        self.users.get(self.logins.get(folded)?)
    }

    pub(super) fn token_by_hash(&self, hash: &[u8; 32]) -> Option<&TokenRow> {
        self.tokens.get(self.hashes.get(hash)?)
    }

    pub(super) fn room_by_name(&self, folded: &str) -> Option<&RoomEntry> {
        self.rooms.get(self.names.get(folded)?)
    }

    pub(super) fn direct_room(&self, a: UserId, b: UserId) -> Option<&RoomEntry> {
        self.rooms.get(self.pairs.get(&(a.min(b), a.max(b)))?)
    }

    pub(super) fn message(&self, id: MessageId) -> Option<&Arc<Message>> {
        self.rooms.get(self.homes.get(&id)?)?.message(id)
    }

    pub(super) fn home_of(&mut self, id: MessageId) -> Option<&mut RoomEntry> {
        self.rooms.get_mut(self.homes.get(&id)?)
    }

    /// A room's members and banned, in the order of `joined`, then of user.
    pub(super) fn members(&self, room: RoomId) -> Vec<Membership> {
        let all = (room, UserId(i32::MIN))..=(room, UserId(i32::MAX));
        let mut members: Vec<Membership> = self
            .members
            .range(all)
            .map(|(_, membership)| membership.clone())
            .collect();
        members.sort_by_key(|membership| membership.joined);
        members
    }

    /// A user's memberships and bans, in the order of rooms.
    pub(super) fn memberships(&self, user: UserId) -> Vec<Membership> {
        let all = (user, RoomId(i32::MIN))..=(user, RoomId(i32::MAX));
        self.memberships
            .range(all)
            .filter_map(|(user, room)| self.members.get(&(*room, *user)).cloned())
            .collect()
    }

    /// Whom a user has on its contact list, in the order of numbers.
    pub(super) fn contacts_of(&self, user: UserId) -> impl Iterator<Item = UserId> {
        let all = (user, UserId(i32::MIN))..=(user, UserId(i32::MAX));
        self.contacts.range(all).map(|(_, contact)| *contact)
    }

    /// The bans of guests from a room, or from all, in the order of room and name.
    pub(super) fn guest_bans(&self, room: Option<RoomId>) -> Vec<GuestBan> {
        let wanted = |ban: &&GuestBan| room.is_none_or(|room| room == ban.room);
        self.guest_bans.values().filter(wanted).cloned().collect()
    }

    /// The bans from the whole gateway, in the order of their subjects.
    pub(super) fn gateway_bans(&self) -> Vec<GatewayBan> {
        self.gateway_bans.values().cloned().collect()
    }

    pub(super) fn reference(&self, user: UserId) -> Option<Arc<UserRef>> {
        self.users.get(&user).map(|row| row.reference.clone())
    }

    pub(super) fn set_user(
        &mut self,
        id: UserId,
        row: Option<Arc<UserRow>>,
    ) -> Option<Arc<UserRow>> {
        let folded = row.as_ref().and_then(|row| row.folded.clone());
        let before = match row {
            Some(row) => self.users.insert(id, row),
            None => self.users.remove(&id),
        };
        if let Some(old) = before.as_ref().and_then(|row| row.folded.as_ref()) {
            self.logins.remove(old);
        }
        self.logins.extend(folded.map(|folded| (folded, id)));
        before
    }

    pub(super) fn set_token(&mut self, id: TokenId, row: Option<TokenRow>) -> Option<TokenRow> {
        let hash = row.as_ref().map(|row| row.hash);
        let before = match row {
            Some(row) => self.tokens.insert(id, row),
            None => self.tokens.remove(&id),
        };
        if let Some(old) = &before {
            self.hashes.remove(&old.hash);
        }
        self.hashes.extend(hash.map(|hash| (hash, id)));
        before
    }

    pub(super) fn set_room(&mut self, id: RoomId, entry: Option<RoomEntry>) -> Option<RoomEntry> {
        if let Some(entry) = &entry {
            self.homes
                .extend(entry.messages.iter().map(|message| (message.id, id)));
        }
        let row = entry.as_ref().map(|entry| entry.row.clone());
        let before = match entry {
            Some(entry) => self.rooms.insert(id, entry),
            None => self.rooms.remove(&id),
        };
        self.index_room(before.as_ref().map(|entry| &*entry.row), row.as_deref());
        for message in before.iter().flat_map(|entry| &entry.messages) {
            self.homes.remove(&message.id);
        }
        before
    }

    /// The row alone; a room that is not there stays so.
    pub(super) fn set_room_row(&mut self, id: RoomId, row: Arc<RoomRow>) -> Option<Arc<RoomRow>> {
        let entry = self.rooms.get_mut(&id)?;
        let before = std::mem::replace(&mut entry.row, row.clone());
        self.index_room(Some(&before), Some(&row));
        Some(before)
    }

    fn index_room(&mut self, before: Option<&RoomRow>, now: Option<&RoomRow>) {
        if let Some(row) = before {
            match row.room.pair {
                Some(pair) => self.pairs.remove(&pair),
                None => self.names.remove(&fold_room_name(&row.room.name)),
            };
        }
        if let Some(row) = now {
            match row.room.pair {
                Some(pair) => self.pairs.insert(pair, row.room.id),
                None => self
                    .names
                    .insert(fold_room_name(&row.room.name), row.room.id),
            };
        }
    }

    pub(super) fn set_member(
        &mut self,
        key: (RoomId, UserId),
        membership: Option<Membership>,
    ) -> Option<Membership> {
        match membership {
            Some(membership) => {
                self.memberships.insert((key.1, key.0));
                self.members.insert(key, membership)
            }
            None => {
                self.memberships.remove(&(key.1, key.0));
                self.members.remove(&key)
            }
        }
    }

    /// Takes the oldest messages and changes of a room, and the marks by which these messages are hidden.
    pub(super) fn take_oldest(&mut self, room: RoomId, messages: usize, upto: Seq) -> Oldest {
        let mut oldest = Oldest::default();
        let Some(entry) = self.rooms.get_mut(&room) else {
            return oldest;
        };
        oldest.messages = entry.messages.drain(..messages).collect();
        let later = entry.changes.split_off(&Seq(upto.0 + 1));
        oldest.changes = std::mem::replace(&mut entry.changes, later);
        if let Some(last) = oldest.messages.last() {
            let gone = |mark: &&(UserId, MessageId)| mark.1 <= last.id;
            oldest.hidden = entry.hidden.iter().filter(gone).copied().collect();
            entry.hidden.retain(|mark| !gone(&mark));
        }
        for message in &oldest.messages {
            self.homes.remove(&message.id);
        }
        oldest
    }

    /// Puts back what [`Tables::take_oldest`] took, as if it had not been called.
    pub(super) fn give_back(&mut self, room: RoomId, mut oldest: Oldest) {
        if let Some(entry) = self.rooms.get_mut(&room) {
            let homes = oldest.messages.iter().map(|message| (message.id, room));
            self.homes.extend(homes);
            entry.messages.splice(..0, oldest.messages);
            entry.changes.append(&mut oldest.changes);
            entry.hidden.extend(oldest.hidden);
        }
    }

    /// Keeps a message or replaces it; `None` takes it away.
    pub(super) fn set_message(
        &mut self,
        room: RoomId,
        id: MessageId,
        message: Option<Arc<Message>>,
    ) -> Option<Arc<Message>> {
        let entry = self.rooms.get_mut(&room)?;
        match (entry.position(id), message) {
            (Some(place), Some(message)) => entry
                .messages
                .get_mut(place)
                .map(|old| std::mem::replace(old, message)),
            (Some(place), None) => {
                self.homes.remove(&id);
                Some(entry.messages.remove(place))
            }
            (None, Some(message)) => {
                self.homes.insert(id, room);
                entry.messages.push(message);
                None
            }
            (None, None) => None,
        }
    }
}
