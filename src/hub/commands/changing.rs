//! Several things of a room or an account at once: all of them are changed, or nothing is.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::accounts::{came_in_by_password, display_name, hashed_for};
use super::command::{about, looks_at};
use super::describing::cleaned_description;
use super::rooms::{check_pause, hashed};
use super::rules::{Action, operator_only};
use super::work::Done;
use super::{
    Caller, Change, Command, DescribeUser, Needs, PutMember, RenameRoom, SetDescription,
    SetDisabled, SetKeep, SetOperator, SetPassword, SetPrivate, SetQuiet, SetRoomPassword, SetSlow,
    SetTitle, Work,
};
use crate::model::{
    EndReason, Result, Role, Room, RoomSelector, Secret, User, UserSelector, clean_text,
    fold_room_name, kept_title, validate_room_name,
};
use crate::store::{RoomRow, RowKey, RowKeys, UserRow};

/// Changes what is said of a room; `None`: it stays.
///
/// Who may: the row of [`rules::Action::Configure`](super::rules::Action::Configure) in [`rules::TABLE`](super::rules::TABLE).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRoom {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
    /// The name from now on, by the rules of [`RenameRoom`].
    pub name: Option<String>,
    /// The title from now on, by the rules of [`SetTitle`].
    pub title: Option<String>,
    /// The description from now on, by the rules of [`SetDescription`].
    pub description: Option<String>,
    /// Whether it is private, by the rules of [`SetPrivate`].
    pub private: Option<bool>,
    /// As [`SetRoomPassword`]; an empty one ends it.
    pub password: Option<Secret>,
    /// Whether it is quiet, by the rules of [`SetQuiet`].
    pub quiet: Option<bool>,
    /// The pause between two messages, by the rules of [`SetSlow`].
    pub slow: Option<Duration>,
    /// As [`SetKeep`], for operators alone.
    pub keep: Option<Keep>,
    /// Who owns it from now on; made a member if need be.
    pub owner: Option<UserSelector>,
}

/// For how long a room keeps messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// As the configuration says.
    AsConfigured,
    /// So long; zero: for ever.
    For(Duration),
}

impl Command for ChangeRoom {
    type Reply = Arc<Room>;
    const NEEDS: Needs = Needs::User;
    about!(room: room, texts: name, title, description);

    async fn call(mut self, caller: &mut Caller<'_>) -> Result<Arc<Room>> {
        if let Some(name) = &self.name {
            validate_room_name("name", name)?;
        }
        if let Some(title) = &mut self.title {
            *title = kept_title("title", title)?;
        }
        if let Some(description) = &mut self.description {
            *description = clean_text(description).into_owned();
        }
        self.slow.map(check_pause).transpose()?;
        if let Some(password) = self.password.take() {
            let hashed = hashed(Some(password), caller).await?;
            self.password = Some(hashed.unwrap_or(Secret::Password(String::new())));
        }
        let is_kept_otherwise = self.keep.is_some();
        let row = caller.commit(self).await?;
        if is_kept_otherwise {
            caller.hub().look_for_aged();
        }
        Ok(Arc::new(row.room.clone()))
    }
}

impl Change for ChangeRoom {
    type Outcome = Arc<RoomRow>;

    fn rows(&self, keys: &mut RowKeys) {
        keys.room(&self.room);
        if let Some(name) = &self.name {
            keys.add(RowKey::RoomName(fold_room_name(name)));
        }
        if let Some(owner) = &self.owner {
            keys.user(owner);
        }
    }

    /// What may be refused is looked at first: then nothing was changed.
    fn apply(mut self, work: &mut Work<'_>) -> Done<Arc<RoomRow>> {
        let (row, _) = work.room_for(Action::Configure, &self.room)?;
        self.room = RoomSelector::Id(row.room.id);
        if self.keep.is_some() {
            operator_only(work.actor)?;
        }
        if let Some(name) = &self.name {
            work.check_free(&row, name)?;
        }
        if let Some(owner) = self.new_owner() {
            owner.check(work)?;
        }
        self.apply_each(work)?;
        work.existing_room(row.room.id)
    }
}

impl ChangeRoom {
    fn apply_each(self, work: &mut Work<'_>) -> Done {
        let owner = self.new_owner();
        let room = || self.room.clone();
        if let Some(pause) = self.slow {
            let room = room();
            SetSlow { room, pause }.apply(work)?;
        }
        if let Some(name) = self.name {
            let room = room();
            RenameRoom { room, name }.apply(work)?;
        }
        if let Some(title) = self.title {
            let room = room();
            SetTitle { room, title }.apply(work)?;
        }
        if let Some(description) = self.description {
            let room = room();
            SetDescription { room, description }.apply(work)?;
        }
        if let Some(private) = self.private {
            let room = room();
            SetPrivate { room, private }.apply(work)?;
        }
        if let Some(password) = self.password {
            let (room, password) = (room(), Some(password).filter(|one| !one.is_empty()));
            SetRoomPassword { room, password }.apply(work)?;
        }
        if let Some(quiet) = self.quiet {
            let room = room();
            SetQuiet { room, quiet }.apply(work)?;
        }
        if let Some(keep) = self.keep {
            let (room, keep) = match keep {
                Keep::AsConfigured => (room(), None),
                Keep::For(time) => (room(), Some(time)),
            };
            SetKeep { room, keep }.apply(work)?;
        }
        owner.map_or(Ok(()), |owner| owner.apply(work))
    }

    fn new_owner(&self) -> Option<PutMember> {
        self.owner.clone().map(|user| PutMember {
            room: self.room.clone(),
            user,
            role: Role::Owner,
        })
    }
}

/// Changes what is known of an account; `None`: it stays. Operators, or the account itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeUser {
    /// Whose account, by number or by login.
    pub user: UserSelector,
    /// The name that others see, by the rules of [`DescribeUser`].
    pub name: Option<String>,
    /// The description, by the rules of [`DescribeUser`].
    pub description: Option<String>,
    /// The password, by the rules of [`SetPassword`].
    pub secret: Option<Secret>,
    /// As [`SetDisabled`], for operators alone.
    pub disabled: Option<bool>,
    /// As [`SetOperator`], for operators alone.
    pub operator: Option<bool>,
}

impl Command for ChangeUser {
    type Reply = Arc<User>;
    const NEEDS: Needs = Needs::User;
    about!(texts: name, description);

    async fn call(mut self, caller: &mut Caller<'_>) -> Result<Arc<User>> {
        let row = caller.account(&self.user).await?;
        self.user = UserSelector::Id(row.user.id);
        if let Some(name) = &mut self.name {
            *name = display_name(name, &caller.hub().options().name)?;
        }
        if let Some(description) = &mut self.description {
            *description = cleaned_description(description)?;
        }
        if let Some(secret) = self.secret.take() {
            self.secret = Some(hashed_for(&row, secret, caller).await?);
        }
        let has_password = self.secret.is_some();
        let is_off = self.disabled == Some(true);
        let changed = caller.commit_then(self, move |state, row: Arc<UserRow>| {
            state.update_user(&row);
            if has_password {
                let reason = EndReason::PasswordChanged;
                state.end_sessions_of(row.user.id, reason, came_in_by_password);
            }
            if is_off {
                state.end_sessions_of(row.user.id, EndReason::AccountDisabled, |_| true);
            }
            Ok(row.user.clone())
        });
        changed.await
    }
}

impl Change for ChangeUser {
    type Outcome = Arc<UserRow>;
    looks_at!(user: user);

    /// What may be refused is looked at first: then nothing was changed.
    fn apply(self, work: &mut Work<'_>) -> Done<Arc<UserRow>> {
        let user = UserSelector::Id(work.account(&self.user)?.user.id);
        let user = || user.clone();
        if self.disabled.is_some() || self.operator.is_some() {
            operator_only(work.actor)?;
        }
        let (name, description) = (self.name, self.description);
        let describe = DescribeUser {
            user: user(),
            name,
            description,
        };
        let id = describe.apply(work)?.user.id;
        if let Some(secret) = self.secret {
            let user = user();
            SetPassword { user, secret }.apply(work)?;
        }
        if let Some(disabled) = self.disabled {
            let user = user();
            SetDisabled { user, disabled }.apply(work)?;
        }
        if let Some(operator) = self.operator {
            let user = user();
            SetOperator { user, operator }.apply(work)?;
        }
        work.existing_user(id)
    }
}
