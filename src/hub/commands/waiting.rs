//! Private messages that came while somebody was away, until they are read.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::work::Done;
use super::{Caller, Change, Command, Needs, Work};
use crate::model::{Membership, Result, RoomId, RoomSelector, UserId, UserRef};
use crate::store::{RowKey, RowKeys};

/// From whom private messages wait for one, and how many: they came while one was away, and were not read since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting;

impl Command for Waiting {
    type Reply = Vec<(Arc<UserRef>, u64)>;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Vec<(Arc<UserRef>, u64)>> {
        let own = caller.user_id()?;
        let mut waiting = Vec::new();
        for (room, membership) in caller.store().rooms_of(own).await? {
            let Some((a, b)) = room.room.pair.filter(|_| membership.waiting > 0) else {
                continue;
            };
            let other = if a == own { b } else { a };
            let row = caller.store().user(other).await?;
            waiting.extend(row.map(|row| (row.reference.clone(), membership.waiting)));
        }
        Ok(waiting)
    }
}

/// A message came in a direct room for somebody who is away.
#[derive(Debug)]
pub(crate) struct LeaveWaiting {
    pub(crate) room: RoomId,
    pub(crate) user: UserId,
}

impl Change for LeaveWaiting {
    type Outcome = ();
    const STAYS_IN_ROOMS: bool = true;

    fn rows(&self, keys: &mut RowKeys) {
        keys.add(RowKey::Member(self.room, self.user));
    }

    fn apply(self, work: &mut Work<'_>) -> Done {
        work.set_waiting(self.room, self.user, |waiting| waiting.saturating_add(1))
    }
}

/// So many of the messages that waited for the actor in a direct room were read.
#[derive(Debug)]
pub(super) struct ReadWaiting {
    pub(super) room: RoomId,
    pub(super) read: u64,
}

impl Change for ReadWaiting {
    type Outcome = ();
    const STAYS_IN_ROOMS: bool = true;

    fn rows(&self, keys: &mut RowKeys) {
        keys.room(&RoomSelector::Id(self.room));
    }

    fn apply(self, work: &mut Work<'_>) -> Done {
        let user = work.acting_user()?.user.id;
        work.set_waiting(self.room, user, |waiting| waiting.saturating_sub(self.read))
    }
}

impl Work<'_> {
    fn set_waiting(&mut self, room: RoomId, user: UserId, count: impl FnOnce(u64) -> u64) -> Done {
        if let Some(membership) = self.rows.member(room, user)? {
            let waiting = count(membership.waiting);
            self.rows.put_member(Membership {
                waiting,
                ..membership
            })?;
        }
        Ok(())
    }
}
