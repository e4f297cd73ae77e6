//! Several things of a room or an account at once: all of them are changed, or nothing is.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::accounts::{came_in_by_password, display_name, hashed_for};
use super::command::{about, looks_at};
use super::describing::cleaned_description;
use super::making::hashed;
use super::rules::{Action, operator_only};
use super::work::Done;
use super::{
    Caller, Change, Command, DescribeUser, Needs, PutMember, RenameRoom, SetDescription,
    SetDisabled, SetOperator, SetPassword, SetTitle, Work,
};
use crate::model::{
    EndReason, Error, Result, Role, Room, RoomChange, RoomKind, RoomSelector, Secret, User,
    UserSelector, clean_text, fold_room_name, kept_title, validate_room_name,
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
    /// Whether it is in no list from now on.
    pub private: Option<bool>,
    /// The password that newcomers must give from now on; an empty one ends it.
    pub password: Option<Secret>,
    /// Whether it is quiet: only moderators, admins and the owner speak in it, and edit what they said.
    pub quiet: Option<bool>,
    /// The pause between two messages of one member, but for moderators, admins and the owner: at most 6 h; zero: there is none.
    pub slow: Option<Duration>,
    /// For how long it keeps messages, for operators alone. What is older is removed, and stays so when it is longer again;
    /// nobody is told.
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

impl Keep {
    /// As a room's row has it.
    fn time(self) -> Option<Duration> {
        match self {
            Self::AsConfigured => None,
            Self::For(time) => Some(time),
        }
    }
}

impl ChangeRoom {
    /// Changes nothing of this room yet.
    #[must_use]
    pub fn of(room: RoomSelector) -> Self {
        Self {
            room,
            name: None,
            title: None,
            description: None,
            private: None,
            password: None,
            quiet: None,
            slow: None,
            keep: None,
            owner: None,
        }
    }
}

/// The longest pause between two messages.
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 60 * 60);

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
        if self.slow.is_some_and(|pause| pause > LONGEST_PAUSE) {
            return Err(Error::invalid("slow", "the longest pause is 6h"));
        }
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
        let at = &self.room;
        let room = || at.clone();
        if let Some(pause) = self.slow {
            work.configure(at, RoomChange::Slowed { pause }, |room| room.slow = pause)?;
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
            work.configure(at, RoomChange::AccessChanged, |room| {
                room.kind = match private {
                    true => RoomKind::Private,
                    false => RoomKind::Public,
                };
            })?;
        }
        if let Some(password) = self.password {
            protect(at, password, work)?;
        }
        if let Some(quiet) = self.quiet {
            work.configure(at, RoomChange::Quieted { quiet }, |room| room.quiet = quiet)?;
        }
        if let Some(keep) = self.keep {
            let row = work.room(at)?;
            work.replace_room(&row, |room| room.keep = keep.time())?;
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

/// Gives a room another password, or none, and tells of it, if it has or had one.
fn protect(room: &RoomSelector, password: Secret, work: &mut Work<'_>) -> Done {
    let row = work.room(room)?;
    let password = match password.is_empty() {
        true => None,
        false => Some(password.into_hashed()?),
    };
    if password.is_none() && row.password.is_none() {
        return Ok(());
    }
    let row = work.put_room(row.room.clone(), password)?;
    work.tell(&row, RoomChange::AccessChanged)
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
