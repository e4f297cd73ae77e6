//! Members: added, removed, banned, given roles by others.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::command::{committed_as_asked, looks_at};
use super::rules::{Action, Standing, View, check_subject, check_view};
use super::work::Done;
use super::{Actor, Caller, Change, Command, Needs, Work};
use crate::model::{
    Error, Membership, Result, Role, RoomChange, RoomSelector, UserKind, UserSelector,
};
use crate::store::{RoomRow, UserRow};

/// Makes somebody a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddMember {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
    /// Who becomes a member, by number or by login.
    pub user: UserSelector,
}

committed_as_asked!(AddMember, room);

impl Change for AddMember {
    type Outcome = ();
    looks_at!(room: room, user: user);

    fn apply(self, work: &mut Work<'_>) -> Done {
        let (row, user, _) = work.on_member(Action::Add, &self.room, &self.user)?;
        let (room, user) = (row.room.id, user.user.id);
        match work.role(room, user)? {
            Some(Role::Banned) => {
                Err(Error::not_allowed("this user is banned; lift the ban first").into())
            }
            Some(_) => Ok(()),
            None => {
                work.room_for_one_more(user, Some(room))?;
                work.new_member(&row, user, Role::Member)
            }
        }
    }
}

/// Ends somebody's membership; they may come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveMember {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
    /// Which member, by number or by login.
    pub user: UserSelector,
}

committed_as_asked!(RemoveMember, room);

impl Change for RemoveMember {
    type Outcome = ();
    looks_at!(room: room, user: user);

    fn apply(self, work: &mut Work<'_>) -> Done {
        let (row, user, standing) = work.on_member(Action::Expel, &self.room, &self.user)?;
        let membership = work.membership(&row, &user)?;
        check_subject(standing, Some(membership.role))?;
        let row = work.without_owner(row, &membership)?;
        let row = work.drop_member(&row, &membership)?;
        let user = user.reference.clone();
        work.tell(&row, RoomChange::MemberRemoved { user })
    }
}

/// Ends somebody's membership and keeps them out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ban {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
    /// Who is kept out, member or not.
    pub user: UserSelector,
}

committed_as_asked!(Ban, room);

impl Change for Ban {
    type Outcome = ();
    looks_at!(room: room, user: user);

    fn apply(self, work: &mut Work<'_>) -> Done {
        let (row, user, standing) = work.on_member(Action::Expel, &self.room, &self.user)?;
        let membership = work.rows.member(row.room.id, user.user.id)?;
        let role = membership.as_ref().map(|membership| membership.role);
        check_subject(standing, role)?;
        let row = match &membership {
            Some(membership) if membership.role == Role::Banned => return Ok(()),
            Some(membership) => work.without_owner(row, membership)?,
            None => row,
        };
        work.put_member(row.room.id, user.user.id, Role::Banned)?;
        let row = work.put_room(row.room.clone(), row.password.clone())?;
        let user = user.reference.clone();
        work.tell(&row, RoomChange::MemberBanned { user })
    }
}

/// Lifts a ban from a room; that makes nobody a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unban {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
    /// Who was kept out; [`Error::NoSuchUser`] where nobody did.
    pub user: UserSelector,
}

committed_as_asked!(Unban, room);

impl Change for Unban {
    type Outcome = ();
    looks_at!(room: room, user: user);

    fn apply(self, work: &mut Work<'_>) -> Done {
        let (row, user, _) = work.on_member(Action::Expel, &self.room, &self.user)?;
        if work.role(row.room.id, user.user.id)? != Some(Role::Banned) {
            return Err(Error::NoSuchUser.into());
        }
        work.rows.remove_member(row.room.id, user.user.id)?;
        let user = user.reference.clone();
        work.tell(&row, RoomChange::MemberUnbanned { user })
    }
}

/// Gives a member a role; the former owner becomes an admin where the new one is owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRole {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
    /// Which member, by number or by login.
    pub user: UserSelector,
    /// The role from now on; [`Role::Banned`] is refused, since that is a command of its own.
    pub role: Role,
}

committed_as_asked!(SetRole, room);

impl Change for SetRole {
    type Outcome = ();
    looks_at!(room: room, user: user);

    fn apply(self, work: &mut Work<'_>) -> Done {
        let (row, user, standing) = work.on_member(Action::Appoint, &self.room, &self.user)?;
        if self.role == Role::Banned {
            let reason = "owner, admin, moderator or member; to keep somebody out, ban them";
            return Err(Error::invalid("role", reason).into());
        }
        let membership = work.membership(&row, &user)?;
        if membership.role == self.role {
            return Ok(());
        }
        check_subject(standing, Some(membership.role))?;
        let row = match self.role {
            Role::Owner => work.hand_over(&row, standing, &user)?,
            _ => work.without_owner(row, &membership)?,
        };
        work.give_role(&row, membership, self.role)
    }
}

impl Work<'_> {
    /// The room, the user and as what the actor does this there. Who may not know of the room learns nothing from
    /// which users there are.
    fn on_member(
        &mut self,
        action: Action,
        room: &RoomSelector,
        user: &UserSelector,
    ) -> Done<(Arc<RoomRow>, Arc<UserRow>, Standing)> {
        let row = self.room(room)?;
        if let Actor::User(own) = self.actor {
            let role = self.role(row.room.id, own)?;
            check_view(View::History, &row.room, role, room.is_by_name())?;
        }
        let user = self.user(user)?;
        let standing = self.permitted(action, &row, false)?;
        Ok((row, user, standing))
    }

    fn membership(&mut self, room: &RoomRow, user: &UserRow) -> Done<Membership> {
        let membership = self.rows.member(room.room.id, user.user.id)?;
        let membership = membership.filter(|membership| membership.role != Role::Banned);
        Ok(membership.ok_or(Error::NoSuchUser)?)
    }

    /// Makes a user the room's owner; the former one becomes an admin.
    fn hand_over(&mut self, row: &RoomRow, standing: Standing, to: &UserRow) -> Done<Arc<RoomRow>> {
        if let Standing::User { role, .. } = standing
            && role != Some(Role::Owner)
        {
            let reason = "only the owner and the operator may name another owner";
            return Err(Error::not_allowed(reason).into());
        }
        if to.user.kind != UserKind::Account {
            return Err(Error::not_allowed("only an account can own a room").into());
        }
        let former = match row.room.owner {
            Some(former) => self.rows.member(row.room.id, former)?,
            None => None,
        };
        let mut room = row.room.clone();
        room.owner = Some(to.user.id);
        let row = self.put_room(room, row.password.clone())?;
        if let Some(former) = former {
            self.give_role(&row, former, Role::Admin)?;
        }
        Ok(row)
    }
}
