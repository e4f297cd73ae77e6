//! Private messages that came while somebody was away, until they are read.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::work::Done;
use super::{Caller, Change, Command, Needs, Work};
use crate::model::{
    HistoryOrder, HistoryQuery, Membership, Result, RoomId, RoomSelector, UserId, UserRef,
};
use crate::store::{RowKey, RowKeys};

/// How far back the other's messages are looked through for those that were deleted since; more than that are taken to be there.
const LOOKS: usize = 200;

/// From whom private messages wait for one, and how many: they came while one was away, and were not read or deleted since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting;

/// What waits from one sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingFrom {
    /// Who said it.
    pub from: Arc<UserRef>,
    /// How many messages wait; 1 at least.
    pub messages: u64,
    /// The sender's account was removed, or the guest is absent: nobody, or somebody else, has its login now, and
    /// [`Direct`](super::Direct) finds the room by its number.
    pub is_gone: bool,
}

impl Command for Waiting {
    type Reply = Vec<WaitingFrom>;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Vec<WaitingFrom>> {
        let own = caller.user_id()?;
        let mut waiting = Vec::new();
        for (room, membership) in caller.store().rooms_of(own).await? {
            let Some(other) = room.room.other_than(own).filter(|_| membership.waiting > 0) else {
                continue;
            };
            let messages = caller.still_waiting(&membership, other).await?;
            let Some(row) = caller.store().user(other).await?.filter(|_| messages > 0) else {
                continue;
            };
            waiting.push(WaitingFrom {
                from: row.reference.clone(),
                messages,
                is_gone: row.is_gone(),
            });
        }
        Ok(waiting)
    }
}

impl Caller<'_> {
    /// How many of the messages that wait in one's direct room are still shown: they are the last ones of the other.
    async fn still_waiting(&self, membership: &Membership, other: UserId) -> Result<u64> {
        let newest = HistoryQuery {
            order: HistoryOrder::Newest,
            ..HistoryQuery::page(RoomSelector::Id(membership.room), None, LOOKS)
        };
        let page = self
            .store()
            .history(membership.room, Some(membership.user), &newest);
        let page = page.await?;
        let waiting = usize::try_from(membership.waiting).unwrap_or(usize::MAX);
        let from_other = page.messages.iter().filter(|said| said.sender.id == other);
        let (mut seen, mut shown) = (0, 0);
        for said in from_other.take(waiting) {
            seen += 1;
            shown += u64::from(!said.deleted);
        }
        let beyond = match page.omitted {
            0 => 0,
            _ => membership.waiting.saturating_sub(seen),
        };
        Ok(shown + beyond)
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
