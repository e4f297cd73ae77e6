//! What is kept no longer.

use std::time::Duration;

use super::work::Done;
use super::{Change, Work};
use crate::model::{Membership, Room, RoomId, RoomKind, Timestamp};
use crate::store::{RoomRow, RowKey, RowKeys};

/// Marks what is over age in these rooms: from then on it is shown to nobody.
#[derive(Debug, Clone)]
pub(crate) struct MarkAged {
    pub(crate) rooms: Vec<RoomId>,
    /// For how long the rooms keep messages that say nothing of it themselves; zero: for ever.
    pub(crate) keep: Duration,
    /// By which time a message's age is measured.
    pub(crate) now: Timestamp,
}

impl Change for MarkAged {
    type Outcome = ();
    const NEEDS_ROOM: bool = false;

    fn rows(&self, keys: &mut RowKeys) {
        self.rooms
            .iter()
            .for_each(|room| keys.add(RowKey::Room(*room)));
    }

    fn apply(self, work: &mut Work<'_>) -> Done {
        for id in self.rooms {
            let Some(row) = work.rows.room(id)? else {
                continue;
            };
            let keep = row.room.keep.unwrap_or(self.keep);
            if keep.is_zero() {
                continue;
            }
            let before = self.now.before(keep);
            if let Some(upto) = work.rows.over_age(id, before, self.now)? {
                work.replace_room(&row, |room| room.pruned = upto)?;
                if row.room.kind == RoomKind::Direct {
                    work.forget_waiting(&row.room)?;
                }
            }
        }
        Ok(())
    }
}

/// Removes the oldest of what was marked in a room, or of what is left of one that was removed, at most so many messages and other
/// changes each.
#[derive(Debug, Clone)]
pub(crate) struct Forget {
    pub(crate) room: RoomId,
    pub(crate) limit: usize,
}

/// What a [`Forget`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forgot {
    /// Nothing of it is left.
    pub(crate) all: bool,
    /// Some of it had files.
    pub(crate) files: bool,
}

impl Change for Forget {
    type Outcome = Forgot;
    const NEEDS_ROOM: bool = false;

    fn rows(&self, keys: &mut RowKeys) {
        keys.add(RowKey::Room(self.room));
    }

    fn apply(self, work: &mut Work<'_>) -> Done<Forgot> {
        let (all, files) = work.rows.forget(self.room, self.limit)?;
        Ok(Forgot { all, files })
    }
}

impl Work<'_> {
    /// Keeps a room otherwise without telling.
    pub(super) fn replace_room(&mut self, row: &RoomRow, edit: impl FnOnce(&mut Room)) -> Done {
        let mut room = row.room.clone();
        edit(&mut room);
        let row = RoomRow::new(room, row.password.clone());
        self.rows.put_room(row)?;
        Ok(())
    }

    /// What is gone from a direct room waits for nobody.
    fn forget_waiting(&mut self, room: &Room) -> Done {
        let left = self.rows.messages_left(room.id)?;
        for member in self.rows.members(room.id)? {
            if member.waiting > left {
                self.rows.put_member(Membership {
                    waiting: left,
                    ..member
                })?;
            }
        }
        Ok(())
    }
}
