//! Becoming a member, being added, removed, banned, and given roles.

use std::sync::Arc;

use super::apply::{Done, Work};
use super::rules::{Action, Standing, check_subject};
use super::{Outcome, RoomRow, UserRow};
use crate::model::{Error, Membership, Role, RoomChange, RoomId, Timestamp, UserId, UserKind};

impl Work<'_> {
    /// Keeps a new membership and tells of it.
    pub(super) fn new_member(&mut self, row: &RoomRow, user: UserId, role: Role) -> Done<()> {
        let (joined, seen) = (self.at, Timestamp(0));
        self.rows.put_member(Membership {
            room: row.room.id,
            user,
            role,
            joined,
            seen,
        })?;
        let user = self.existing_user(user)?.reference.clone();
        let row = self.put_changed(row.room.clone(), row.password.clone())?;
        self.tell(&row, RoomChange::MemberJoined { user })
    }

    /// Ends a membership without telling.
    pub(super) fn drop_member(
        &mut self,
        row: &RoomRow,
        membership: &Membership,
    ) -> Done<Arc<RoomRow>> {
        self.rows.remove_member(membership.room, membership.user)?;
        self.put_changed(row.room.clone(), row.password.clone())
    }

    pub(super) fn add_member(&mut self, room: RoomId, user: UserId) -> Done {
        let (row, _) = self.acting_in(Action::Add, room)?;
        let user = self.present_user(user)?;
        match self
            .rows
            .member(room, user.user.id)?
            .map(|membership| membership.role)
        {
            Some(Role::Banned) => {
                Err(Error::not_allowed("this user is banned; lift the ban first").into())
            }
            Some(_) => Ok(Outcome::Done),
            None => {
                self.room_for_one_more(user.user.id, Some(room))?;
                self.new_member(&row, user.user.id, Role::Member)?;
                Ok(Outcome::Done)
            }
        }
    }

    pub(super) fn remove_member(&mut self, room: RoomId, user: UserId) -> Done {
        let (row, standing) = self.acting_in(Action::Expel, room)?;
        let user = self.existing_user(user)?;
        let membership = self
            .rows
            .member(room, user.user.id)?
            .filter(|membership| membership.role != Role::Banned);
        let membership = membership.ok_or(Error::NoSuchUser)?;
        check_subject(standing, Some(membership.role))?;
        let row = self.without_owner(&row, &membership)?;
        let row = self.drop_member(&row, &membership)?;
        self.tell(
            &row,
            RoomChange::MemberRemoved {
                user: user.reference.clone(),
            },
        )?;
        Ok(Outcome::Done)
    }

    pub(super) fn ban(&mut self, room: RoomId, user: UserId) -> Done {
        let (row, standing) = self.acting_in(Action::Expel, room)?;
        let user = self.existing_user(user)?;
        let membership = self.rows.member(room, user.user.id)?;
        check_subject(
            standing,
            membership.as_ref().map(|membership| membership.role),
        )?;
        let row = match &membership {
            Some(membership) if membership.role == Role::Banned => return Ok(Outcome::Done),
            Some(membership) => self.without_owner(&row, membership)?,
            None => row,
        };
        let (joined, seen) = (self.at, Timestamp(0));
        self.rows.put_member(Membership {
            room,
            user: user.user.id,
            role: Role::Banned,
            joined,
            seen,
        })?;
        let row = self.put_changed(row.room.clone(), row.password.clone())?;
        self.tell(
            &row,
            RoomChange::MemberBanned {
                user: user.reference.clone(),
            },
        )?;
        Ok(Outcome::Done)
    }

    pub(super) fn unban(&mut self, room: RoomId, user: UserId) -> Done {
        let (row, _) = self.acting_in(Action::Expel, room)?;
        let user = self.existing_user(user)?;
        let banned = self
            .rows
            .member(room, user.user.id)?
            .is_some_and(|membership| membership.role == Role::Banned);
        if !banned {
            return Err(Error::NoSuchUser.into());
        }
        self.rows.remove_member(room, user.user.id)?;
        self.tell(
            &row,
            RoomChange::MemberUnbanned {
                user: user.reference.clone(),
            },
        )?;
        Ok(Outcome::Done)
    }

    pub(super) fn set_role(&mut self, room: RoomId, user: UserId, role: Role) -> Done {
        let (row, standing) = self.acting_in(Action::Appoint, room)?;
        if role == Role::Banned {
            return Err(Error::invalid(
                "role",
                "owner, admin, moderator or member; to keep somebody out, ban them",
            )
            .into());
        }
        let user = self.existing_user(user)?;
        let membership = self
            .rows
            .member(room, user.user.id)?
            .filter(|membership| membership.role != Role::Banned);
        let membership = membership.ok_or(Error::NoSuchUser)?;
        if membership.role == role {
            return Ok(Outcome::Done);
        }
        check_subject(standing, Some(membership.role))?;
        let row = if role == Role::Owner {
            self.hand_over(&row, standing, &user)?
        } else {
            self.without_owner(&row, &membership)?
        };
        self.rows.put_member(Membership { role, ..membership })?;
        self.tell(
            &row,
            RoomChange::RoleChanged {
                user: user.reference.clone(),
                role,
            },
        )?;
        Ok(Outcome::Done)
    }

    /// Makes a user the room's owner; the former one becomes an admin.
    fn hand_over(&mut self, row: &RoomRow, standing: Standing, to: &UserRow) -> Done<Arc<RoomRow>> {
        if let Standing::User { role, .. } = standing
            && role != Some(Role::Owner)
        {
            return Err(Error::not_allowed(
                "only the owner and the operator may name another owner",
            )
            .into());
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
        let row = self.put_changed(room, row.password.clone())?;
        if let Some(former) = former {
            let user = self.existing_user(former.user)?.reference.clone();
            self.rows.put_member(Membership {
                role: Role::Admin,
                ..former
            })?;
            self.tell(
                &row,
                RoomChange::RoleChanged {
                    user,
                    role: Role::Admin,
                },
            )?;
        }
        Ok(row)
    }

    /// The room once this member, if its owner, no longer owns it.
    fn without_owner(&mut self, row: &Arc<RoomRow>, membership: &Membership) -> Done<Arc<RoomRow>> {
        if membership.role != Role::Owner {
            return Ok(row.clone());
        }
        self.succeed_owner(row.room.id, membership.user)?;
        self.existing_room(row.room.id)
    }

    fn acting_in(&mut self, action: Action, room: RoomId) -> Done<(Arc<RoomRow>, Standing)> {
        let row = self.existing_room(room)?;
        let standing = self.permitted(action, &row, false)?;
        Ok((row, standing))
    }

    fn present_user(&mut self, id: UserId) -> Done<Arc<UserRow>> {
        let row = self.existing_user(id)?;
        if row.folded.is_none() {
            Err(Error::NoSuchUser.into())
        } else {
            Ok(row)
        }
    }
}
