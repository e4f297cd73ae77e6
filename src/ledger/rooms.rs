//! Making, entering, leaving, changing and ending rooms.

use std::sync::Arc;

use super::apply::{Done, Work};
use super::rules::Action;
use super::{Actor, ApplyError, Outcome, RoomRow};
use crate::model::{
    Error, Membership, Role, Room, RoomChange, RoomId, RoomKind, RoomSelector, Seq, Timestamp,
    UserId, UserKind, fold_room_name, room_name_from_title,
};

impl Work<'_> {
    pub(super) fn create_room(
        &mut self,
        name: String,
        title: String,
        description: String,
        kind: RoomKind,
        password: Option<String>,
        owned: bool,
    ) -> Done {
        if kind == RoomKind::Direct {
            return Err(Error::invalid(
                "kind",
                "a direct room is made by writing to its other member",
            )
            .into());
        }
        let name = if name.is_empty() {
            self.free_name(&title)?
        } else {
            name
        };
        if self.rows.room_by_name(&fold_room_name(&name))?.is_some() {
            return Err(Error::NameTaken.into());
        }
        let creator = match self.actor {
            Actor::User(id) => Some(self.existing_user(id)?),
            Actor::Operator => None,
        };
        if let Some(creator) = &creator {
            self.room_for_one_more(creator.user.id, None)?;
        }
        let owner = creator
            .as_ref()
            .filter(|user| owned && user.user.kind == UserKind::Account)
            .map(|user| user.user.id);
        let title = if title.is_empty() {
            name.clone()
        } else {
            title
        };
        let room = self.new_room(name, title, description, kind, owner);
        let row = self.rows.add_room(RoomRow::new(room, password))?;
        self.tell(&row, RoomChange::Created)?;
        if let Some(creator) = creator {
            let role = if owner.is_some() {
                Role::Owner
            } else {
                Role::Member
            };
            self.new_member(&row, creator.user.id, role)?;
        }
        self.room_outcome(row, true)
    }

    /// "A dialect that creates a room from free text gets a name made from it, with `-2`, `-3`… when taken."
    fn free_name(&mut self, title: &str) -> Done<String> {
        for attempt in 1..=u32::MAX {
            let name = room_name_from_title(title, attempt);
            if self.rows.room_by_name(&fold_room_name(&name))?.is_none() {
                return Ok(name);
            }
        }
        Err(Error::NameTaken.into())
    }

    fn new_room(
        &self,
        name: String,
        title: String,
        description: String,
        kind: RoomKind,
        owner: Option<UserId>,
    ) -> Room {
        Room {
            id: RoomId(0),
            name,
            title,
            description,
            kind,
            protected: false,
            owner,
            pair: None,
            created: self.at,
            updated: self.at,
            seq: Seq(0),
            cleared: Seq(0),
            last_message: Timestamp(0),
        }
    }

    pub(super) fn enter(
        &mut self,
        selector: RoomSelector,
        password: Option<&str>,
        known: bool,
        create: bool,
    ) -> Done {
        let user = self.acting_user()?.user.id;
        let by_name = matches!(
            selector,
            RoomSelector::Name(_) | RoomSelector::NameOrPublicId(_)
        );
        let Some(row) = self.select(&selector)? else {
            return match selector {
                RoomSelector::Name(name) | RoomSelector::NameOrPublicId(name) if create => self
                    .create_room(
                        name,
                        String::new(),
                        String::new(),
                        RoomKind::Public,
                        None,
                        true,
                    ),
                _ => Err(Error::NoSuchRoom.into()),
            };
        };
        let membership = self.rows.member(row.room.id, user)?;
        match membership.map(|membership| membership.role) {
            Some(Role::Banned) => return Err(Error::Banned.into()),
            Some(_) => return self.room_outcome(row, false),
            None => {}
        }
        match row.room.kind {
            RoomKind::Direct => return Err(Error::NoSuchRoom.into()),
            RoomKind::Private if !by_name && !known => return Err(Error::NoSuchRoom.into()),
            RoomKind::Private | RoomKind::Public => {}
        }
        if row.password.is_some() && row.password.as_deref() != password {
            return Err(Error::BadRoomPassword.into());
        }
        self.room_for_one_more(user, Some(row.room.id))?;
        self.new_member(&row, user, Role::Member)?;
        self.room_outcome(row, false)
    }

    fn select(&mut self, selector: &RoomSelector) -> Done<Option<Arc<RoomRow>>> {
        Ok(match selector {
            RoomSelector::Id(id) => self.rows.room(*id)?,
            RoomSelector::Name(name) => self.rows.room_by_name(&fold_room_name(name))?,
            RoomSelector::NameOrPublicId(name) => {
                match self.rows.room_by_name(&fold_room_name(name))? {
                    Some(row) => Some(row),
                    None => match name.parse() {
                        Ok(id) => self
                            .rows
                            .room(RoomId(id))?
                            .filter(|row| row.room.kind == RoomKind::Public),
                        Err(_) => None,
                    },
                }
            }
            RoomSelector::Direct(..) => None,
        })
    }

    pub(super) fn leave(&mut self, room: RoomId) -> Done {
        let user = self.acting_user()?;
        let row = self.existing_room(room)?;
        let membership = self.rows.member(room, user.user.id)?;
        let membership = match membership {
            None if row.room.kind != RoomKind::Public => return Err(Error::NoSuchRoom.into()),
            None => return Err(Error::not_allowed("you are not in this room").into()),
            Some(membership) if membership.role == Role::Banned => return Err(Error::Banned.into()),
            Some(_) if row.room.kind == RoomKind::Direct => {
                return Err(Error::not_allowed("a direct room cannot be left").into());
            }
            Some(membership) => membership,
        };
        if membership.role == Role::Owner {
            self.succeed_owner(room, user.user.id)?;
        }
        let row = self.existing_room(room)?;
        let row = self.drop_member(&row, &membership)?;
        self.tell(
            &row,
            RoomChange::MemberLeft {
                user: user.reference.clone(),
            },
        )?;
        self.room_outcome(row, false)
    }

    pub(super) fn existing_direct_room(&mut self, other: UserId) -> Done<Arc<RoomRow>> {
        let own = self.acting_user()?.user.id;
        Ok(self
            .rows
            .direct_room(own, other)?
            .ok_or(Error::NoSuchMessage)?)
    }

    /// The direct room of the actor and another (or of the actor alone, who may write to oneself), and whether it was
    /// made now.
    pub(super) fn direct_room_with(&mut self, other: UserId) -> Done<(Arc<RoomRow>, bool)> {
        let own = self.acting_user()?.user.id;
        let other = self.existing_user(other)?;
        if let Some(row) = self.rows.direct_room(own, other.user.id)? {
            return Ok((row, false));
        }
        if other.folded.is_none() {
            return Err(Error::NoSuchUser.into());
        }
        let mut room = self.new_room(
            String::new(),
            String::new(),
            String::new(),
            RoomKind::Direct,
            None,
        );
        room.pair = Some((own.min(other.user.id), own.max(other.user.id)));
        let row = self.rows.add_room(RoomRow::new(room, None))?;
        for user in [own, other.user.id] {
            let role = Role::Member;
            let (joined, seen) = (self.at, Timestamp(0));
            self.rows.put_member(Membership {
                room: row.room.id,
                user,
                role,
                joined,
                seen,
            })?;
        }
        self.tell(&row, RoomChange::Created)?;
        Ok((row, true))
    }

    pub(super) fn delete_room(&mut self, room: RoomId) -> Done {
        let row = self.existing_room(room)?;
        self.permitted(Action::DeleteRoom, &row, false)?;
        self.tell(&row, RoomChange::RoomDeleted)?;
        self.rows.remove_room(room)?;
        Ok(Outcome::Done)
    }

    pub(super) fn rename_room(&mut self, room: RoomId, name: String) -> Done {
        let row = self.configurable(room)?;
        if let Some(other) = self.rows.room_by_name(&fold_room_name(&name))?
            && other.room.id != room
        {
            return Err(Error::NameTaken.into());
        }
        let from = row.room.name.clone();
        // A title that was never set follows the name.
        let title = if row.room.title == from {
            name.clone()
        } else {
            row.room.title.clone()
        };
        self.change_room(&row, RoomChange::Renamed { from }, |room| {
            room.name = name;
            room.title = title;
        })
    }

    pub(super) fn set_title(&mut self, room: RoomId, title: String) -> Done {
        let row = self.configurable(room)?;
        self.change_room(&row, RoomChange::Titled, |room| room.title = title)
    }

    pub(super) fn set_description(&mut self, room: RoomId, description: String) -> Done {
        let row = self.configurable(room)?;
        let change = RoomChange::Described {
            description: description.clone(),
        };
        self.change_room(&row, change, |room| room.description = description)
    }

    pub(super) fn set_room_password(&mut self, room: RoomId, password: Option<String>) -> Done {
        let row = self.configurable(room)?;
        let row = Arc::new(RoomRow::new(row.room.clone(), password));
        self.change_room(&row, RoomChange::AccessChanged, |_| {})
    }

    pub(super) fn set_private(&mut self, room: RoomId, private: bool) -> Done {
        let row = self.configurable(room)?;
        let kind = if private {
            RoomKind::Private
        } else {
            RoomKind::Public
        };
        self.change_room(&row, RoomChange::AccessChanged, |room| room.kind = kind)
    }

    fn configurable(&mut self, room: RoomId) -> Done<Arc<RoomRow>> {
        let row = self.existing_room(room)?;
        self.permitted(Action::Configure, &row, false)?;
        Ok(row)
    }

    fn change_room(
        &mut self,
        row: &RoomRow,
        change: RoomChange,
        edit: impl FnOnce(&mut Room),
    ) -> Done {
        let mut room = row.room.clone();
        edit(&mut room);
        let row = self.put_changed(room, row.password.clone())?;
        self.tell(&row, change)?;
        self.room_outcome(row, false)
    }

    /// Keeps a room with `updated` moved to now.
    pub(super) fn put_changed(
        &mut self,
        mut room: Room,
        password: Option<String>,
    ) -> Done<Arc<RoomRow>> {
        room.updated = self.at.max(room.updated);
        Ok(self.rows.put_room(RoomRow::new(room, password))?)
    }

    /// Refuses what would pass `limits.rooms_per_user` or `limits.members_per_room`.
    pub(super) fn room_for_one_more(&mut self, user: UserId, room: Option<RoomId>) -> Done<()> {
        let limit = self.policy.rooms_per_user;
        if limit > 0 && self.rows.room_count(user)? >= limit {
            return Err(ApplyError::Refused(Error::TooLarge { limit }));
        }
        let limit = self.policy.members_per_room;
        if let Some(room) = room
            && limit > 0
            && self.rows.member_count(room)? >= limit
        {
            return Err(ApplyError::Refused(Error::TooLarge { limit }));
        }
        Ok(())
    }
}
