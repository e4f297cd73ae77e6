//! The writer's memory of rows it has read or written. Exact, for nobody else writes; a rollback forgets it all.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use super::times::Fall;
use crate::model::{GatewayBan, Membership, RoomId, Seq, Timestamp, UserId};
use crate::store::{RoomRow, UserRow};

/// Most entries of each kind; a full one is emptied.
const ENTRIES: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Cache {
    pub(super) users: Bounded<UserId, Arc<UserRow>>,
    /// Those known to have said something.
    pub(super) spoke: Bounded<UserId, ()>,
    pub(super) rooms: Bounded<RoomId, CachedRoom>,
    pub(super) members: Bounded<(RoomId, UserId), Option<Membership>>,
    /// The bans from the whole gateway, once they were read.
    pub(super) gateway_bans: Option<Vec<GatewayBan>>,
    /// Rooms whose counters are ahead of their rows.
    pub(super) ahead: HashSet<RoomId>,
    /// The last message's number.
    pub(super) last_message: Option<i64>,
}

/// A room, with the counters that hold.
#[derive(Debug, Clone)]
pub(super) struct CachedRoom {
    pub(super) row: Arc<RoomRow>,
    pub(super) seq: Seq,
    pub(super) last_message: Timestamp,
    /// How many messages were said.
    pub(super) messages: i64,
    pub(super) falls: Vec<Fall>,
}

impl CachedRoom {
    pub(super) fn new(row: Arc<RoomRow>, messages: i64, falls: Vec<Fall>) -> Self {
        Self {
            seq: row.room.seq,
            last_message: row.room.last_message,
            messages,
            falls,
            row,
        }
    }
}

/// A map that holds so much and no more.
#[derive(Debug)]
pub(super) struct Bounded<K, V>(HashMap<K, V>);

impl<K, V> Default for Bounded<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, V> Bounded<K, V> {
    pub(super) fn lookup(&self, key: &K) -> Option<&V> {
        self.0.get(key)
    }

    pub(super) fn lookup_mut(&mut self, key: &K) -> Option<&mut V> {
        self.0.get_mut(key)
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= ENTRIES
    }

    pub(super) fn keep(&mut self, key: K, value: V) {
        if self.is_full() && !self.0.contains_key(&key) {
            self.0.clear();
        }
        self.0.insert(key, value);
    }

    pub(super) fn forget(&mut self, key: &K) {
        self.0.remove(key);
    }

    pub(super) fn forget_where(&mut self, gone: impl Fn(&K) -> bool) {
        self.0.retain(|key, _| !gone(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_one_is_emptied_for_a_newcomer_only() {
        let mut full = Bounded::default();
        (0..ENTRIES).for_each(|key| full.keep(key, key));
        full.keep(7, 70);
        assert_eq!((full.lookup(&7), full.lookup(&8)), (Some(&70), Some(&8)));
        full.keep(ENTRIES, 0);
        assert_eq!(
            (full.lookup(&7), full.lookup(&ENTRIES), full.is_full()),
            (None, Some(&0), false)
        );
    }
}
