//! Changing and ending rooms.

use serde::{Deserialize, Serialize};

use super::command::{about, looks_at};
use super::rules::Action;
use super::work::Done;
use super::{Actor, Caller, Change, Command, Needs, Work};
use crate::model::{
    Error, Result, Room, RoomChange, RoomSelector, clean_text, fold_room_name, is_direct_name,
    is_number, kept_title, validate_room_name,
};
use crate::store::{RoomRow, RowKey, RowKeys};

/// Ends a room and all that was said in it. It is gone for everybody at once; what was said goes little by little behind it.
///
/// Who may: the row of [`rules::Action::DeleteRoom`](super::rules::Action::DeleteRoom) in [`rules::TABLE`](super::rules::TABLE).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteRoom {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
}

impl Command for DeleteRoom {
    type Reply = ();
    const NEEDS: Needs = Needs::User;
    about!(room: room);

    async fn call(self, caller: &mut Caller<'_>) -> Result<()> {
        caller.commit(self).await?;
        caller.hub().look_for_aged();
        Ok(())
    }
}

impl Change for DeleteRoom {
    type Outcome = ();
    const NEEDS_ROOM: bool = false;
    looks_at!(room: room);

    fn apply(self, work: &mut Work<'_>) -> Done {
        let (row, _) = work.room_for(Action::DeleteRoom, &self.room)?;
        work.tell(&row, RoomChange::RoomDeleted)?;
        Ok(work.rows.remove_room(row.room.id)?)
    }
}

/// Gives a room another name; a title that was never set follows it.
///
/// Who may: the row of [`rules::Action::Configure`](super::rules::Action::Configure) in [`rules::TABLE`](super::rules::TABLE).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameRoom {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
    /// Its name from now on.
    pub name: String,
}

impl Command for RenameRoom {
    type Reply = ();
    const NEEDS: Needs = Needs::User;
    about!(room: room, texts: name);

    async fn call(self, caller: &mut Caller<'_>) -> Result<()> {
        validate_room_name("name", &self.name)?;
        caller.commit(self).await
    }
}

impl Change for RenameRoom {
    type Outcome = ();

    fn rows(&self, keys: &mut RowKeys) {
        keys.room(&self.room);
        keys.add(RowKey::RoomName(fold_room_name(&self.name)));
    }

    fn apply(self, work: &mut Work<'_>) -> Done {
        let (row, _) = work.room_for(Action::Configure, &self.room)?;
        work.check_free(&row, &self.name)?;
        let from = row.room.name.clone();
        work.configure(&self.room, RoomChange::Renamed { from }, |room| {
            if room.title == room.name {
                room.title.clone_from(&self.name);
            }
            room.name = self.name;
        })
        .map(drop)
    }
}

/// Gives a room another title; the reply: whether it had another before, else nobody is told.
///
/// Who may: the row of [`rules::Action::Configure`](super::rules::Action::Configure) in [`rules::TABLE`](super::rules::TABLE).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetTitle {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
    /// Its title from now on.
    pub title: String,
}

impl Command for SetTitle {
    type Reply = bool;
    const NEEDS: Needs = Needs::User;
    about!(room: room, texts: title);

    async fn call(mut self, caller: &mut Caller<'_>) -> Result<bool> {
        self.title = kept_title("title", &self.title)?;
        caller.commit(self).await
    }
}

impl Change for SetTitle {
    type Outcome = bool;
    looks_at!(room: room);

    fn apply(self, work: &mut Work<'_>) -> Done<bool> {
        let title = self.title;
        work.configure(&self.room, RoomChange::Titled, |room| room.title = title)
    }
}

/// Gives a room another description; the reply: whether it had another before, else nobody is told.
///
/// Who may: the row of [`rules::Action::Configure`](super::rules::Action::Configure) in [`rules::TABLE`](super::rules::TABLE).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetDescription {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
    /// Its description from now on.
    pub description: String,
}

impl Command for SetDescription {
    type Reply = bool;
    const NEEDS: Needs = Needs::User;
    about!(room: room, texts: description);

    async fn call(mut self, caller: &mut Caller<'_>) -> Result<bool> {
        self.description = clean_text(&self.description).into_owned();
        caller.commit(self).await
    }
}

impl Change for SetDescription {
    type Outcome = bool;
    looks_at!(room: room);

    fn apply(self, work: &mut Work<'_>) -> Done<bool> {
        let description = self.description.clone();
        let change = RoomChange::Described { description };
        work.configure(&self.room, change, |room| {
            room.description = self.description;
        })
    }
}

/// Nobody makes a room whose name means another one wherever rooms are named.
pub(super) fn check_not_direct(field: &str, name: &str) -> Result<()> {
    match is_direct_name(name) {
        true => Err(Error::invalid(
            field,
            "a name with @ in front and a comma is that of the direct room of two",
        )),
        false => Ok(()),
    }
}

impl Work<'_> {
    /// "Nobody but an operator makes an all-digit name": clients would take it for a room's number.
    pub(super) fn may_name(&self, field: &str, room: &str) -> Result<()> {
        match self.actor {
            Actor::User(_) if is_number(room) => {
                Err(Error::invalid(field, "a room's name is not all digits"))
            }
            Actor::User(_) | Actor::Operator => Ok(()),
        }
    }

    /// Whether a room may be called so.
    pub(super) fn check_free(&mut self, room: &RoomRow, name: &str) -> Done {
        self.may_name("name", name)?;
        check_not_direct("name", name)?;
        match self.rows.room_by_name(&fold_room_name(name))? {
            Some(holder) if holder.room.id != room.room.id => Err(Error::NameTaken.into()),
            Some(_) | None => Ok(()),
        }
    }

    /// Changes a room that the actor may configure, and tells of it, if it is another then; whether it is.
    pub(super) fn configure(
        &mut self,
        room: &RoomSelector,
        change: RoomChange,
        edit: impl FnOnce(&mut Room),
    ) -> Done<bool> {
        let (row, _) = self.room_for(Action::Configure, room)?;
        let mut changed = row.room.clone();
        edit(&mut changed);
        if changed == row.room {
            return Ok(false);
        }
        let row = self.put_room(changed, row.password.clone())?;
        self.tell(&row, change)?;
        Ok(true)
    }
}
