//! For how long messages are kept, and what is kept no longer.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::command::{about, looks_at};
use super::rules::operator_only;
use super::work::Done;
use super::{Caller, Change, Command, Needs, Work};
use crate::model::{Error, Membership, Result, Room, RoomId, RoomKind, RoomSelector, Timestamp};
use crate::store::{RoomRow, RowKey, RowKeys};

/// Says for how long a room keeps messages; what is older is removed, and stays so when it is longer again. Nobody is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetKeep {
    /// Which room is meant, by number or by name; no direct one.
    pub room: RoomSelector,
    /// How long, zero: for ever; `None`: as the configuration says.
    pub keep: Option<Duration>,
}

impl Command for SetKeep {
    type Reply = ();
    const NEEDS: Needs = Needs::Operator;
    about!(room: room);

    async fn call(self, caller: &mut Caller<'_>) -> Result<()> {
        caller.commit(self).await?;
        caller.hub().look_for_aged();
        Ok(())
    }
}

impl Change for SetKeep {
    type Outcome = ();
    const NEEDS_ROOM: bool = false;
    looks_at!(room: room);

    fn apply(self, work: &mut Work<'_>) -> Done {
        operator_only(work.actor)?;
        let row = work.room(&self.room)?;
        if row.room.kind == RoomKind::Direct {
            let reason = "a direct room keeps its messages as the configuration says";
            return Err(Error::invalid("room", reason).into());
        }
        let keep = self.keep;
        work.replace_room(&row, |room| room.keep = keep)
    }
}

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
    fn replace_room(&mut self, row: &RoomRow, edit: impl FnOnce(&mut Room)) -> Done {
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
