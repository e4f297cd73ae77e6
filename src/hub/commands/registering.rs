//! How accounts come to be: made by the operator, by who signs up, or known elsewhere.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::accounts::{DESCRIPTION_CHARS, check_length, check_password, display_name, new_user};
use super::command::{about, looks_at};
use super::work::Done;
use super::{Actor, Caller, Change, Command, Mandate, Needs, Work};
use crate::hub::Session;
use crate::hub::newcomers::Newcomer;
use crate::hub::state::HubState;
use crate::model::{
    Error, Result, Role, Secret, User, UserId, UserKind, clean_text, fold_login, validate_login,
};
use crate::store::{RowKeys, UserRow};

/// Makes an account. A guest who registers under its own name becomes the account and keeps its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    /// The login, as it is to be shown.
    pub login: String,
    /// What proves it: the password, or its SHA-256.
    pub secret: Secret,
    /// The display name; empty: the login.
    pub name: String,
    /// Free text that others see; it may be empty and have several lines.
    pub description: String,
}

impl Command for Register {
    type Reply = Arc<User>;
    const NEEDS: Needs = Needs::Nobody;
    about!(texts: login, name, description);

    async fn call(mut self, caller: &mut Caller<'_>) -> Result<Arc<User>> {
        if let Ok(session) = caller.connection()
            && !session.hub.options().open_registration
        {
            return Err(Error::not_allowed("accounts are made by the operator here"));
        }
        if caller.connection().is_ok() && caller.hub().has_authenticator() {
            let reason = "accounts are made elsewhere; log in with what you have there";
            return Err(Error::Unsupported(reason.to_owned()));
        }
        if let Ok(session) = caller.connection() {
            let newcomer = Some((UserId::GATEWAY, self.login.as_str()));
            session
                .hub
                .check_ban(session.connection.address, newcomer)?;
        }
        let folded = validate_login("login", &self.login, &caller.hub().options().name)?;
        self.name = display_name(&self.name, &caller.hub().options().name)?;
        self.description = clean_text(&self.description).into_owned();
        check_length("description", &self.description, DESCRIPTION_CHARS)?;
        let holder = caller.store().user_by_login(&folded).await?;
        if holder.is_some_and(|row| row.user.kind == UserKind::Account) {
            return Err(Error::NameTaken);
        }
        check_password(&self.secret, caller)?;
        let hub = caller.hub();
        let session = caller.connection().ok();
        let address = session.and_then(|session| session.connection.address);
        let registration = hub.registration(address)?;
        let asker = caller.asker(&folded);
        let hash = hub.inner.hashing.hash(&self.secret, asker).await?;
        self.secret = Secret::Hashed(hash);
        let user = session.and_then(Session::user);
        let actor = user.map_or(Actor::Operator, |user| Actor::User(user.id));
        let mandate = Mandate {
            actor,
            warrant: caller.warrant(),
        };
        let (claim, own) = match session {
            Some(session) => (session.claim_own().await?, session.id()),
            None => (None, None),
        };
        let then = move |state: &mut HubState, row: Arc<UserRow>| {
            state.update_user(&row);
            if let (Some(own), Some(claim)) = (own, claim)
                && state.user_of(own) == Some(row.user.id)
            {
                state.hold(own, claim.taken());
            }
            Ok(row.user.clone())
        };
        let account = self;
        let made = match session {
            Some(_) => {
                hub.commit(mandate, None, SignUp { account, address }, then)
                    .await?
            }
            None => hub.commit(mandate, None, account, then).await?,
        };
        registration.keep();
        if session.is_some() {
            let newcomer = Newcomer::new(&made.login, address);
            hub.inner.newcomers.made(newcomer);
        }
        Ok(made)
    }
}

impl Change for Register {
    type Outcome = Arc<UserRow>;
    looks_at!(login: login);

    fn apply(self, work: &mut Work<'_>) -> Done<Arc<UserRow>> {
        work.register(self, None)
    }
}

/// A client asks for an account: unlike the operator, it makes none that a ban keeps out.
#[derive(Debug)]
struct SignUp {
    account: Register,
    /// From where it asks, if not from inside the process.
    address: Option<IpAddr>,
}

impl Change for SignUp {
    type Outcome = Arc<UserRow>;

    fn rows(&self, keys: &mut RowKeys) {
        self.account.rows(keys);
    }

    fn apply(self, work: &mut Work<'_>) -> Done<Arc<UserRow>> {
        work.check_newcomer(&self.account.login)?;
        work.register(self.account, self.address)
    }
}

impl Work<'_> {
    fn register(&mut self, account: Register, address: Option<IpAddr>) -> Done<Arc<UserRow>> {
        let folded = fold_login(&account.login).map_err(|why| Error::invalid("login", why))?;
        let password = account.secret.into_hashed()?;
        let holder = self.rows.user_by_login(&folded)?;
        let guest = match self.actor {
            Actor::User(guest) => Some(self.existing_user(guest)?),
            Actor::Operator => None,
        };
        let guest = guest.filter(|guest| {
            guest.user.kind == UserKind::Guest && guest.folded.as_deref() == Some(&folded)
        });
        if guest.is_none() && holder.is_some() {
            return Err(Error::NameTaken.into());
        }
        let mut user = User {
            description: account.description,
            ..new_user(account.login, UserKind::Account, self.at)
        };
        if !account.name.is_empty() {
            user.name = account.name;
        }
        if let Some(guest) = &guest {
            (user.id, user.created) = (guest.user.id, guest.user.created);
        }
        let row = UserRow::new(user, Some(folded), Some(password));
        let row = match guest {
            Some(_) => self.rows.put_user(row)?,
            None => self.rows.add_user(row)?,
        };
        self.keep_out_of_rooms(&row, address)?;
        Ok(row)
    }

    /// Rooms that keep out guests of this name, or from this place, keep out the account that is made of it, whatever it is called
    /// later: else who is banned as a guest would sign up and enter.
    fn keep_out_of_rooms(&mut self, row: &UserRow, address: Option<IpAddr>) -> Done {
        let newcomer = UserRow {
            address,
            ..row.clone()
        };
        for ban in self.rows.guest_bans(None)? {
            let id = row.user.id;
            if newcomer.is_bound_by(&ban) && self.rows.member(ban.room, id)?.is_none() {
                self.put_member(ban.room, id, Role::Banned)?;
            }
        }
        Ok(())
    }
}

/// An account without a password of its own, of a user whom an authenticator knows. One that is there already is that
/// user.
#[derive(Debug)]
pub(crate) struct AddExternal {
    login: String,
    name: String,
    pub(crate) folded: String,
}

impl AddExternal {
    /// By the rules for all logins and names.
    ///
    /// # Errors
    /// [`Error::Invalid`]
    pub(crate) fn new(login: String, name: String, gateway: &str) -> Result<Self> {
        let folded = validate_login("login", &login, gateway)?;
        let name = display_name(&name, gateway)?;
        Ok(Self {
            login,
            name,
            folded,
        })
    }
}

impl Change for AddExternal {
    type Outcome = Arc<UserRow>;
    looks_at!(login: login);

    fn apply(self, work: &mut Work<'_>) -> Done<Arc<UserRow>> {
        match work.rows.user_by_login(&self.folded)? {
            Some(row) if row.user.kind == UserKind::Account => Ok(row),
            Some(_) => Err(Error::NameTaken.into()),
            None => {
                work.check_newcomer(&self.login)?;
                let mut user = new_user(self.login, UserKind::Account, work.at);
                if !self.name.is_empty() {
                    user.name = self.name;
                }
                let row = UserRow::new(user, Some(self.folded), None);
                let row = work.rows.add_user(row)?;
                work.keep_out_of_rooms(&row, None)?;
                Ok(row)
            }
        }
    }
}
