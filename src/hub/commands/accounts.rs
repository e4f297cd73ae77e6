//! Accounts, as their owners and the operator manage them, and contact lists.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::command::{about, committed_as_asked, looks_at};
use super::work::Done;
use super::{Caller, Change, Command, Needs, Work, rules};
use crate::hub::state::SessionEntry;
use crate::model::{
    EndReason, Error, GatewayBan, News, Result, Secret, Timestamp, TokenKind, User, UserId,
    UserKind, UserRef, UserSelector, clean_text, fold_login, fold_room_name, is_visible,
    kept_display_name, validate_login,
};
use crate::store::UserRow;

/// Most characters of a user's description.
pub(super) const DESCRIPTION_CHARS: usize = 10_000;
/// Most names of one contact list.
const CONTACTS: usize = 1000;

/// A new password, where it comes in clear, has as many characters as the configuration wants.
pub(super) fn check_password(secret: &Secret, caller: &Caller<'_>) -> Result<()> {
    let least = caller.hub().options().password_min;
    match secret {
        Secret::Password(password) if password.chars().count() < least => {
            let reason = format!("a password has at least {least} characters");
            Err(Error::invalid("password", reason))
        }
        Secret::Password(_) | Secret::Sha256(_) | Secret::Hashed(_) => Ok(()),
    }
}

/// A display name made clean; an empty one is none, and nobody's looks like the gateway's own name.
pub(super) fn display_name(name: &str, gateway: &str) -> Result<String> {
    let name = kept_display_name("name", name)?;
    let seen: String = name.chars().filter(|c| is_visible(*c)).collect();
    if fold_room_name(&seen) == fold_room_name(gateway) {
        return Err(Error::invalid("name", "this name is reserved"));
    }
    Ok(name)
}

pub(super) fn check_length(field: &str, text: &str, limit: usize) -> Result<()> {
    if text.chars().count() > limit {
        let reason = format!("it has at most {limit} characters");
        return Err(Error::invalid(field, reason));
    }
    Ok(())
}

pub(super) fn new_user(login: String, kind: UserKind, created: Timestamp) -> User {
    User {
        id: UserId(0),
        name: login.clone(),
        login,
        description: String::new(),
        kind,
        disabled: false,
        operator: false,
        created,
    }
}

/// A user. By number also one who is gone: it is still somebody whose messages are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindUser {
    /// Which user, by number or by login.
    pub user: UserSelector,
}

impl Command for FindUser {
    type Reply = Arc<User>;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Arc<User>> {
        let row = match &self.user {
            UserSelector::Id(id) => caller.store().user(*id).await?.ok_or(Error::NoSuchUser)?,
            UserSelector::Login(_) => caller.user(&self.user).await?,
        };
        Ok(row.user.clone())
    }
}

/// All accounts, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Users;

/// An account, as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whose account it is.
    #[serde(flatten)]
    pub user: Arc<User>,
    /// When it was last logged in to, to the minute; `None`: never, or not since that is kept.
    #[serde(default)]
    pub last_login: Option<Timestamp>,
}

impl Command for Users {
    type Reply = Vec<Account>;
    const NEEDS: Needs = Needs::Operator;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Vec<Account>> {
        let rows = caller.store().accounts().await?;
        let account = |row: &Arc<UserRow>| Account {
            user: row.user.clone(),
            last_login: row.last_login,
        };
        Ok(rows.iter().map(account).collect())
    }
}

/// Gives oneself another description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetOwnDescription {
    /// Free text that others see; it may be empty and have several lines.
    pub description: String,
}

impl Command for SetOwnDescription {
    type Reply = ();
    const NEEDS: Needs = Needs::User;
    about!(texts: description);

    async fn call(mut self, caller: &mut Caller<'_>) -> Result<()> {
        self.description = clean_text(&self.description).into_owned();
        check_length("description", &self.description, DESCRIPTION_CHARS)?;
        caller.commit(self).await
    }
}

impl Change for SetOwnDescription {
    type Outcome = ();
    looks_at!();

    fn apply(self, work: &mut Work<'_>) -> Done {
        let row = work.acting_user()?;
        work.put_user(&row, |user| user.description = self.description)?;
        Ok(())
    }
}

/// Gives an account another password and ends the sessions that came in by the old one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetPassword {
    /// Whose account, by number or by login.
    pub user: UserSelector,
    /// Its password from now on.
    pub secret: Secret,
}

impl Command for SetPassword {
    type Reply = ();
    const NEEDS: Needs = Needs::User;

    async fn call(mut self, caller: &mut Caller<'_>) -> Result<()> {
        let row = caller.account(&self.user).await?;
        self.user = UserSelector::Id(row.user.id);
        self.secret = hashed_for(&row, self.secret, caller).await?;
        let reason = EndReason::PasswordChanged;
        change_and_end(self, caller, reason, came_in_by_password).await
    }
}

/// A new password of an account, hashed.
///
/// # Errors
/// [`Error::Unsupported`]: its password is kept elsewhere; [`Error::Invalid`]: it is too short.
pub(super) async fn hashed_for(
    row: &UserRow,
    secret: Secret,
    caller: &Caller<'_>,
) -> Result<Secret> {
    if row.password.is_none() && caller.hub().has_authenticator() {
        let reason = "this account has its password elsewhere; change it there";
        return Err(Error::Unsupported(reason.to_owned()));
    }
    check_password(&secret, caller)?;
    let asker = caller.asker(&row.user.login);
    let hashing = &caller.hub().inner.hashing;
    Ok(Secret::Hashed(hashing.hash(&secret, asker).await?))
}

/// Whether a new password ends a session.
pub(super) fn came_in_by_password(session: &SessionEntry) -> bool {
    !session.by_api_token
}

/// Has an account changed, and then ends some of its sessions.
async fn change_and_end(
    change: impl Change<Outcome = UserId>,
    caller: &Caller<'_>,
    reason: EndReason,
    which: impl Fn(&SessionEntry) -> bool + Send + 'static,
) -> Result<()> {
    let changed = caller.commit_then(change, move |state, user| {
        state.end_sessions_of(user, reason, which);
        Ok(())
    });
    changed.await
}

impl Change for SetPassword {
    type Outcome = UserId;
    looks_at!(user: user);

    fn apply(self, work: &mut Work<'_>) -> Done<UserId> {
        let row = work.account(&self.user)?;
        let password = Some(self.secret.into_hashed()?);
        // "A new password ends the sessions that came in by the old one, not API tokens."
        for token in work.rows.tokens(row.user.id)? {
            if token.kind == TokenKind::Session {
                work.rows.remove_token(token.id)?;
            }
        }
        let row = UserRow {
            password,
            ..UserRow::clone(&row)
        };
        work.add_news(&News::User(row.user.id))?;
        Ok(work.rows.put_user(row)?.user.id)
    }
}

/// Switches an account off or on; off ends all its sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetDisabled {
    /// Whose account, by number or by login.
    pub user: UserSelector,
    /// Whether nobody may come in by it any more.
    pub disabled: bool,
}

impl Command for SetDisabled {
    type Reply = ();
    const NEEDS: Needs = Needs::Operator;

    async fn call(self, caller: &mut Caller<'_>) -> Result<()> {
        let off = self.disabled;
        change_and_end(self, caller, EndReason::AccountDisabled, move |_| off).await
    }
}

impl Change for SetDisabled {
    type Outcome = UserId;
    const NEEDS_ROOM: bool = false;
    looks_at!(user: user);

    fn apply(self, work: &mut Work<'_>) -> Done<UserId> {
        rules::operator_only(work.actor)?;
        let row = work.change_account(&self.user, |user| user.disabled = self.disabled)?;
        Ok(row.user.id)
    }
}

/// Makes an account an operator's, or takes that away: over HTTP an operator may do what the command line may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetOperator {
    /// Whose account, by number or by login.
    pub user: UserSelector,
    /// Whether it is one from now on.
    pub operator: bool,
}

impl Command for SetOperator {
    type Reply = ();
    const NEEDS: Needs = Needs::Operator;

    async fn call(self, caller: &mut Caller<'_>) -> Result<()> {
        let changed = caller.commit_then(self, |state, row| {
            state.update_user(&row);
            Ok(())
        });
        changed.await
    }
}

impl Change for SetOperator {
    type Outcome = Arc<UserRow>;
    looks_at!(user: user);

    fn apply(self, work: &mut Work<'_>) -> Done<Arc<UserRow>> {
        rules::operator_only(work.actor)?;
        work.change_account(&self.user, |user| user.operator = self.operator)
    }
}

/// Gives an account another login. Its sessions and tokens go on, and what it said is its own; a display name that was the
/// login follows, and so does a ban from the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameUser {
    /// Whose account, by number or by login.
    pub user: UserSelector,
    /// Its login from now on, as it is to be shown.
    pub login: String,
}

impl Command for RenameUser {
    type Reply = Arc<User>;
    const NEEDS: Needs = Needs::Operator;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Arc<User>> {
        validate_login("login", &self.login, &caller.hub().options().name)?;
        let renamed = caller.commit_then(self, |state, (row, bans)| {
            state.bans = bans;
            state.update_user(&row);
            Ok(row.user.clone())
        });
        renamed.await
    }
}

impl Change for RenameUser {
    type Outcome = (Arc<UserRow>, Vec<GatewayBan>);
    looks_at!(user: user, login: login);

    fn apply(self, work: &mut Work<'_>) -> Done<(Arc<UserRow>, Vec<GatewayBan>)> {
        rules::operator_only(work.actor)?;
        let row = work.account(&self.user)?;
        let folded = fold_login(&self.login).map_err(|reason| Error::invalid("login", reason))?;
        let holder = work.rows.user_by_login(&folded)?;
        if holder.is_some_and(|holder| holder.user.id != row.user.id) {
            return Err(Error::NameTaken.into());
        }
        let is_own = row.folded.as_ref() == Some(&folded);
        if !is_own && work.ban_of_login(&self.login)?.is_some() {
            let reason = "this login is banned from the gateway; lift the ban first";
            return Err(Error::not_allowed(reason).into());
        }
        let bans = work.move_ban(&row.user, &folded)?;
        let mut user = User::clone(&row.user);
        if user.name == user.login {
            user.name.clone_from(&self.login);
        }
        user.login = self.login;
        let row = UserRow {
            last_login: row.last_login,
            ..UserRow::new(user, Some(folded), row.password.clone())
        };
        work.add_news(&News::User(row.user.id))?;
        Ok((work.rows.put_user(row)?, bans))
    }
}

/// Ends an account, its sessions, tokens and memberships; what it said stays. Its name is free again, but bans of it hold on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveUser {
    /// Whose account, by number or by login.
    pub user: UserSelector,
}

impl Command for RemoveUser {
    type Reply = ();
    const NEEDS: Needs = Needs::Operator;

    async fn call(self, caller: &mut Caller<'_>) -> Result<()> {
        change_and_end(self, caller, EndReason::AccountRemoved, |_| true).await
    }
}

impl Change for RemoveUser {
    type Outcome = UserId;
    const NEEDS_ROOM: bool = false;
    looks_at!(user: user);

    fn apply(self, work: &mut Work<'_>) -> Done<UserId> {
        rules::operator_only(work.actor)?;
        let row = work.account(&self.user)?;
        let id = row.user.id;
        work.keep_name_out(&row)?;
        work.end_account(&row)?;
        let user = User {
            disabled: true,
            operator: false,
            ..User::clone(&row.user)
        };
        work.rows.put_user(UserRow::new(user, None, None))?;
        work.add_news(&News::User(id))?;
        Ok(id)
    }
}

impl Work<'_> {
    /// Changes an account that the actor may manage; its sessions at all nodes are concerned.
    pub(super) fn change_account(
        &mut self,
        user: &UserSelector,
        edit: impl FnOnce(&mut User),
    ) -> Done<Arc<UserRow>> {
        let row = self.account(user)?;
        let row = self.put_user(&row, edit)?;
        self.add_news(&News::User(row.user.id))?;
        Ok(row)
    }

    /// Ends an account's tokens, its memberships but in direct rooms, and contacts; what it owns gets another owner.
    pub(super) fn end_account(&mut self, row: &UserRow) -> Done {
        let id = row.user.id;
        for token in self.rows.tokens(id)? {
            self.rows.remove_token(token.id)?;
        }
        for room in self.rows.owned_rooms(id)? {
            self.succeed_owner(room, id, Some(id))?;
        }
        self.end_memberships(row)?;
        Ok(self.rows.forget_contact(id)?)
    }
}

/// Whom one has on one's contact list, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacts;

impl Command for Contacts {
    type Reply = Vec<Arc<UserRef>>;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Vec<Arc<UserRef>>> {
        caller.store().contacts(caller.user_id()?).await
    }
}

/// Puts somebody on one's contact list; whom one has already stays there. A guest's list ends with it. Nobody else is
/// told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddContact {
    /// Whom to put there.
    pub user: UserSelector,
}

committed_as_asked!(AddContact);

impl Change for AddContact {
    type Outcome = ();
    looks_at!(user: user);

    fn apply(self, work: &mut Work<'_>) -> Done {
        let contact = work.user(&self.user)?.user.id;
        let own = work.acting_user()?.user.id;
        let contacts = work.rows.contacts(own)?;
        if contacts.contains(&contact) {
            return Ok(());
        }
        if contacts.len() >= CONTACTS {
            let limit = CONTACTS as u64;
            return Err(Error::TooLarge { limit }.into());
        }
        Ok(work.rows.add_contact(own, contact)?)
    }
}

/// Takes somebody from one's contact list; [`Error::NoSuchUser`] where they are not on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveContact {
    /// Whom to take from it.
    pub user: UserSelector,
}

committed_as_asked!(RemoveContact);

impl Change for RemoveContact {
    type Outcome = ();
    const NEEDS_ROOM: bool = false;
    looks_at!(user: user);

    fn apply(self, work: &mut Work<'_>) -> Done {
        let contact = work.user(&self.user)?.user.id;
        let own = work.acting_user()?.user.id;
        if !work.rows.contacts(own)?.contains(&contact) {
            return Err(Error::NoSuchUser.into());
        }
        Ok(work.rows.remove_contact(own, contact)?)
    }
}
