//! Members: added, removed, banned, given roles by others.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::command::{about, committed_as_asked, looks_at};
use super::rules::{Action, Standing, View, check_subject, check_view};
use super::work::Done;
use super::{Actor, Caller, Change, Command, Needs, Work};
use crate::model::{
    Error, GuestBan, Membership, Network, Result, Role, RoomChange, RoomId, RoomSelector, Seq,
    UserId, UserKind, UserRef, UserSelector, fold_login,
};
use crate::store::{ApplyError, RoomRow, UserRow};

/// Makes somebody a member, who sees what was said before, too; also who had come into a private room by its name alone.
///
/// Who may: the row of [`rules::Action::Add`](super::rules::Action::Add) in [`rules::TABLE`](super::rules::TABLE).
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
        let room = row.room.id;
        match work.addable(&row, &user)? {
            Some(_) => work.show_all(room, user.user.id),
            None => work.new_member(&row, user.user.id, Role::Member),
        }
    }
}

/// Ends somebody's membership; they may come back.
///
/// Who may: the row of [`rules::Action::Expel`](super::rules::Action::Expel) in [`rules::TABLE`](super::rules::TABLE).
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
    const NEEDS_ROOM: bool = false;
    looks_at!(room: room, user: user);

    fn apply(self, work: &mut Work<'_>) -> Done {
        let (row, user, standing) = work.on_member(Action::Expel, &self.room, &self.user)?;
        let membership = work.membership(&row, &user)?;
        check_subject(standing, Some(membership.role))?;
        let row = work.without_owner(row, membership.user, true)?;
        let row = work.drop_member(&row, &membership)?;
        let user = user.reference.clone();
        work.tell(&row, RoomChange::MemberRemoved { user })
    }
}

/// Ends somebody's membership and keeps them out until the ban is lifted. An account is bound itself, whatever it is called, and
/// after its end its name; of a guest, who comes again as another user, the name and the place it came from are. A name and a
/// place are bound for guests and for accounts that are made later.
///
/// Who may: the row of [`rules::Action::Expel`](super::rules::Action::Expel) in [`rules::TABLE`](super::rules::TABLE).
///
/// # Errors
/// - [`Error::NoSuchRoom`], [`Error::NoSuchUser`]: there is none, or it is a room that the user may not know of.
/// - [`Error::NotAllowed`]: the user may not expel, it is the owner who was to be banned, or the room is a direct one.
/// - [`Error::Banned`]: the user is banned itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ban {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
    /// Who is kept out, member or not.
    pub user: UserSelector,
}

impl Command for Ban {
    type Reply = Banned;
    const NEEDS: Needs = Needs::User;
    about!(room: room);

    async fn call(self, caller: &mut Caller<'_>) -> Result<Banned> {
        caller.commit(self).await
    }
}

/// Whom a ban binds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Banned {
    /// They were not kept out before; else nobody is told.
    pub changed: bool,
    /// It is a guest: guests of its name are kept out, and those from its network, and who makes an account so.
    pub guest: bool,
    /// Where the guest came from, if not from inside the process.
    pub network: Option<Network>,
}

impl Change for Ban {
    type Outcome = Banned;
    const NEEDS_ROOM: bool = false;
    looks_at!(room: room, user: user);

    fn apply(self, work: &mut Work<'_>) -> Done<Banned> {
        let (row, user, standing) = work.on_member(Action::Expel, &self.room, &self.user)?;
        let (room, id) = (row.room.id, user.user.id);
        let role = work.role(room, id)?;
        check_subject(standing, role)?;
        let banned = Banned {
            changed: role != Some(Role::Banned),
            guest: user.user.kind == UserKind::Guest,
            network: user.address.map(Network::of_place),
        };
        let row = work.without_owner(row, id, false)?;
        match &user.folded {
            Some(folded) if banned.guest => {
                work.rows.remove_member(room, id)?;
                work.rows.put_guest_ban(GuestBan {
                    room,
                    user: id,
                    login: user.user.login.clone(),
                    folded: folded.clone(),
                    network: banned.network,
                    created: work.at,
                })?;
            }
            _ if banned.changed => work.put_member(room, id, Role::Banned)?,
            _ => {}
        }
        if banned.changed {
            let row = work.put_room(row.room.clone(), row.password.clone())?;
            let user = user.reference.clone();
            work.tell(&row, RoomChange::MemberBanned { user })?;
        }
        Ok(banned)
    }
}

/// Lifts a ban from a room, a guest's with all that it binds; that makes nobody a member.
///
/// Who may: the row of [`rules::Action::Expel`](super::rules::Action::Expel) in [`rules::TABLE`](super::rules::TABLE).
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
        let (row, _) = work.on_somebody(Action::Expel, &self.room)?;
        let user = match work.user(&self.user) {
            Ok(user) => Some(user),
            // A guest that is gone may be kept out all the same.
            Err(ApplyError::Refused(Error::NoSuchUser)) => None,
            Err(error) => return Err(error),
        };
        let folded = match (&user, &self.user) {
            (Some(user), _) => user.folded.clone(),
            (None, UserSelector::Login(login)) => fold_login(login).ok(),
            (None, UserSelector::Id(_)) => None,
        };
        let mut lifted = None;
        if let Some(user) = user
            && let Some(membership) = work.rows.member(row.room.id, user.user.id)?
            && membership.role == Role::Banned
        {
            work.rows.remove_member(row.room.id, user.user.id)?;
            lifted = Some(user.reference.clone());
        }
        for ban in work.rows.guest_bans(Some(row.room.id))? {
            if folded.as_ref() == Some(&ban.folded) || self.user == UserSelector::Id(ban.user) {
                work.rows.remove_guest_ban(&ban)?;
                lifted.get_or_insert_with(|| {
                    Arc::new(UserRef {
                        id: ban.user,
                        name: ban.login.clone(),
                        login: ban.login,
                    })
                });
            }
        }
        let user = lifted.ok_or(Error::NoSuchUser)?;
        work.tell(&row, RoomChange::MemberUnbanned { user })
    }
}

/// The bans of guests from a room, and of accounts that ended, in the order of their names. Those of accounts are among its [`Members`](super::Members).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestBans {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
}

impl Command for GuestBans {
    type Reply = Vec<GuestBan>;
    /// Where guests came from is nobody else's business.
    const NEEDS: Needs = Needs::Operator;
    const IS_DECIDED: bool = false;
    about!(room: room);

    async fn call(self, caller: &mut Caller<'_>) -> Result<Vec<GuestBan>> {
        let room = caller.room(&self.room).await?.room.id;
        caller.store().guest_bans(room).await
    }
}

/// Gives a member a role; the former owner becomes an admin where the new one is owner.
///
/// Who may: the row of [`rules::Action::Appoint`](super::rules::Action::Appoint) in [`rules::TABLE`](super::rules::TABLE).
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
        let membership = work.membership(&row, &user)?;
        check_given(standing, &user, (membership.role, self.role))?;
        if membership.role == self.role {
            return Ok(());
        }
        let row = match self.role {
            Role::Owner => work.hand_over(&row, &user)?,
            _ => work.without_owner(row, membership.user, false)?,
        };
        work.give_role(&row, membership, self.role)
    }
}

/// Whether somebody who has one role may be given another.
fn check_given(standing: Standing, user: &UserRow, (from, to): (Role, Role)) -> Result<()> {
    if to == Role::Banned {
        let reason = "owner, admin, moderator or member; to keep somebody out, ban them";
        return Err(Error::invalid("role", reason));
    }
    if from == to {
        return Ok(());
    }
    check_subject(standing, Some(from))?;
    match standing {
        _ if to != Role::Owner => Ok(()),
        Standing::User { role, .. } if role != Some(Role::Owner) => {
            let reason = "only the owner and the operator may name another owner";
            Err(Error::not_allowed(reason))
        }
        Standing::User { .. } | Standing::Operator if user.user.kind != UserKind::Account => {
            Err(Error::not_allowed("only an account can own a room"))
        }
        Standing::User { .. } | Standing::Operator => Ok(()),
    }
}

/// Makes somebody a member of this role, whether a member before or not: [`AddMember`] and [`SetRole`], both or neither.
///
/// Who may: the row of [`rules::Action::Appoint`](super::rules::Action::Appoint) in [`rules::TABLE`](super::rules::TABLE). And that of [`rules::Action::Add`](super::rules::Action::Add).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutMember {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
    /// Who, by number or by login.
    pub user: UserSelector,
    /// The role from now on; [`Role::Banned`] is refused, since that is a command of its own.
    pub role: Role,
}

committed_as_asked!(PutMember, room);

impl Change for PutMember {
    type Outcome = ();
    looks_at!(room: room, user: user);

    fn apply(self, work: &mut Work<'_>) -> Done {
        self.check(work)?;
        let Self { room, user, role } = self;
        let add = AddMember {
            room: room.clone(),
            user: user.clone(),
        };
        add.apply(work)?;
        SetRole { room, user, role }.apply(work)
    }
}

impl PutMember {
    /// Whether it may be done: then nothing of it is refused.
    pub(super) fn check(&self, work: &mut Work<'_>) -> Done {
        let (row, user, standing) = work.on_member(Action::Appoint, &self.room, &self.user)?;
        work.permitted(Action::Add, &row, false)?;
        let role = work.addable(&row, &user)?;
        Ok(check_given(
            standing,
            &user,
            (role.unwrap_or(Role::Member), self.role),
        )?)
    }
}

impl Work<'_> {
    /// The role of a member; `None`: of who can become one.
    fn addable(&mut self, row: &RoomRow, user: &UserRow) -> Done<Option<Role>> {
        let (room, user) = (row.room.id, user.user.id);
        let role = self.role(room, user)?;
        match role {
            Some(Role::Banned) => {
                return Err(Error::not_allowed("this user is banned; lift the ban first").into());
            }
            Some(_) => {}
            None => self.room_for_one_more(user, Some(room))?,
        }
        Ok(role)
    }

    /// The rooms that keep out an account, which ends, keep out its name.
    pub(super) fn keep_name_out(&mut self, row: &UserRow) -> Done {
        let Some(folded) = &row.folded else {
            return Ok(());
        };
        for membership in self.rows.memberships(row.user.id)? {
            if membership.role == Role::Banned {
                self.rows.put_guest_ban(GuestBan {
                    room: membership.room,
                    user: row.user.id,
                    login: row.user.login.clone(),
                    folded: folded.clone(),
                    network: None,
                    created: membership.joined,
                })?;
            }
        }
        Ok(())
    }

    /// A member sees from now on what was said before it came.
    fn show_all(&mut self, room: RoomId, user: UserId) -> Done {
        let membership = self.rows.member(room, user)?;
        if let Some(membership) = membership.filter(|membership| membership.since > Seq(0)) {
            let since = Seq(0);
            self.rows.put_member(Membership {
                since,
                ..membership
            })?;
        }
        Ok(())
    }

    /// The room, the user and as what the actor does this there. Who may not know of the room learns nothing from
    /// which users there are.
    fn on_member(
        &mut self,
        action: Action,
        room: &RoomSelector,
        user: &UserSelector,
    ) -> Done<(Arc<RoomRow>, Arc<UserRow>, Standing)> {
        let (row, standing) = self.on_somebody(action, room)?;
        Ok((row, self.user(user)?, standing))
    }

    /// As [`Work::on_member`], before it is known who that is.
    fn on_somebody(
        &mut self,
        action: Action,
        room: &RoomSelector,
    ) -> Done<(Arc<RoomRow>, Standing)> {
        let row = self.room(room)?;
        if let Actor::User(own) = self.actor {
            let role = self.role(row.room.id, own)?;
            check_view(View::History, &row.room, role, room.is_by_name())?;
        }
        let standing = self.permitted(action, &row, false)?;
        Ok((row, standing))
    }

    fn membership(&mut self, room: &RoomRow, user: &UserRow) -> Done<Membership> {
        let membership = self.rows.member(room.room.id, user.user.id)?;
        let membership = membership.filter(|membership| membership.role != Role::Banned);
        Ok(membership.ok_or(Error::NoSuchUser)?)
    }

    /// Makes a user the room's owner; the former one becomes an admin.
    fn hand_over(&mut self, row: &RoomRow, to: &UserRow) -> Done<Arc<RoomRow>> {
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
