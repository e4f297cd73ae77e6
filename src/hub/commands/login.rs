//! How a connection becomes somebody.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::command::about;
use super::opening::{AddGuest, OpenSession, Opened};
use super::{Actor, Caller, Change, Command, Needs};
use crate::hub::hashing::{new_token, token_hash};
use crate::hub::metrics::DialectNumber;
use crate::hub::names::Claim;
use crate::hub::session::Bearer;
use crate::hub::state::{CurrentUser, HubState, SessionEntry, password_mark};
use crate::hub::{ConnectionInfo, Credentials, Hub, Session};
use crate::model::{
    EndReason, Error, Result, Secret, SessionId, Timestamp, TokenId, TokenInfo, TokenKind,
    TokenText, User, UserId, UserKind, fold_login, validate_login,
};
use crate::store::UserRow;

/// A session is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The number of the session among those of this node.
    pub session: SessionId,
    /// Who one is now.
    pub user: Arc<User>,
    /// The token made for this session, if one was wanted: its id and text.
    pub token: Option<(TokenId, TokenText)>,
}

/// By what a session is opened.
#[derive(Default)]
struct Key {
    password: Option<String>,
    by: Option<(TokenId, TokenKind)>,
    token: Option<TokenText>,
}

/// Opens a session of an account.
///
/// # Errors
/// - [`Error::BadCredentials`]: no such account, another password, or the account is disabled.
/// - [`Error::RateLimited`]: it failed too often lately, or too many passwords from there wait to be checked.
/// - [`Error::AlreadyConnected`]: the dialect allows one connection of a user, and there is one.
/// - [`Error::NotAllowed`]: the login or the address is banned from the gateway.
/// - [`Error::NameTaken`]: an [`Authenticator`](crate::hub::Authenticator) knows the user, and a guest of that name is present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogIn {
    /// The login of the account, without regard to case.
    pub login: String,
    /// What proves it: the password, or its SHA-256.
    pub secret: Secret,
    /// A session token is wanted.
    pub token: bool,
}

impl Command for LogIn {
    type Reply = Welcome;
    const NEEDS: Needs = Needs::Connection;

    fn login(&self) -> Option<&str> {
        Some(&self.login)
    }

    async fn call(self, caller: &mut Caller<'_>) -> Result<Welcome> {
        let session = caller.connection_mut()?;
        let hub = session.hub.clone();
        let (inner, address) = (&hub.inner, session.connection.address);
        let folded = fold_login(&self.login).map_err(|_| Error::BadCredentials)?;
        let admit = || inner.attempts.check(&folded, address, hub.now().0);
        admit()?;
        let checked = match hub.authenticate(|| self.credentials()).await {
            Ok(Some(user)) => Some((user, None)),
            Ok(None) => {
                let own = hub.own_account(&folded, address, &self.secret, admit);
                own.await?
            }
            Err(Error::BadCredentials) => None,
            Err(error) => return Err(error),
        };
        // Attempts that were made at the same time may have failed meanwhile.
        admit()?;
        let Some((row, password)) = checked.filter(|(row, _)| !row.user.disabled) else {
            inner.attempts.failed(&folded, address, hub.now().0);
            return Err(Error::BadCredentials);
        };
        let text = || TokenText(new_token(&row.user.login));
        let key = Key {
            password,
            by: None,
            token: self.token.then(text),
        };
        session.open(&row, key).await
    }
}

impl LogIn {
    fn credentials(&self) -> Credentials {
        Credentials::Password {
            login: self.login.clone(),
            secret: self.secret.clone(),
        }
    }
}

impl Hub {
    /// The account of the hub's own that a secret opens, with its password as it is stored.
    async fn own_account(
        &self,
        folded: &str,
        address: Option<IpAddr>,
        secret: &Secret,
        admit: impl FnOnce() -> Result<()>,
    ) -> Result<Option<(Arc<UserRow>, Option<String>)>> {
        let row = self.inner.store.user_by_login(folded).await?;
        let password = row.as_ref().and_then(|row| row.password.clone());
        let (user, now) = (row.as_ref().map(|row| row.user.id), self.now().0);
        let asker = self.inner.attempts.asker(folded, user, address, now);
        let hashing = &self.inner.hashing;
        let verify = hashing.verify(secret, password.clone(), asker, admit);
        let right = verify.await?;
        Ok(row.filter(|_| right).map(|row| (row, password)))
    }
}

/// Opens a session by a token.
///
/// # Errors
/// - [`Error::BadCredentials`]: nobody knows the token, it has ended, has another number, or the account is disabled.
/// - [`Error::AlreadyConnected`], [`Error::NotAllowed`], [`Error::NameTaken`]: as for [`LogIn`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogInToken {
    /// The secret text of the token, as its owner was told it once.
    pub token: TokenText,
    /// Its number, where the client tells that too: another's is not let in.
    pub id: Option<TokenId>,
}

impl Command for LogInToken {
    type Reply = Welcome;
    const NEEDS: Needs = Needs::Connection;

    fn login(&self) -> Option<&str> {
        Some("")
    }

    async fn call(self, caller: &mut Caller<'_>) -> Result<Welcome> {
        let (token, user) = caller.hub().bearer_of(&self.token, self.id).await?;
        let key = Key {
            by: token.map(|token| (token.id, token.kind)),
            ..Key::default()
        };
        caller.connection_mut()?.open(&user, key).await
    }
}

/// Says who one is by a token, without opening a session: to hand in or fetch a file. Nobody hears of it, and nothing is
/// told to this connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identify {
    /// The secret text of the token, as its owner was told it once.
    pub token: TokenText,
}

impl Command for Identify {
    type Reply = Arc<User>;
    const NEEDS: Needs = Needs::Connection;

    fn login(&self) -> Option<&str> {
        Some("")
    }

    async fn call(self, caller: &mut Caller<'_>) -> Result<Arc<User>> {
        let (token, user) = caller.hub().bearer_of(&self.token, None).await?;
        if user.user.disabled {
            return Err(Error::BadCredentials);
        }
        let user = user.user.clone();
        let address = caller.connection()?.connection.address;
        caller
            .hub()
            .check_ban(address, Some((user.id, &user.login)))?;
        caller.connection_mut()?.bearer = Some(Bearer {
            user: user.clone(),
            token: token.as_ref().map(|token| token.id),
        });
        let hub = caller.hub();
        if let Some(token) = token.filter(|token| !hub.was_just_used(token)) {
            hub.with_state(|state| state.used(token.id));
        }
        Ok(user)
    }
}

/// Opens a session of a new guest. "Its name cannot be an account's or another present guest's; a newcomer who takes
/// the name while it is idle ends it at once."
///
/// # Errors
/// - [`Error::Invalid`]: no login can be so, or it is the gateway's own.
/// - [`Error::Unauthenticated`]: guests are not let in, or it is the login of an account.
/// - [`Error::AlreadyConnected`]: a guest of that name is present.
/// - [`Error::NotAllowed`]: the name or the address is banned from the gateway.
/// - [`Error::RateLimited`]: as many came from there in the last hour as may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogInGuest {
    /// The name to come under, which nobody else may have; at most 25 characters.
    pub name: String,
}

impl Command for LogInGuest {
    type Reply = Welcome;
    const NEEDS: Needs = Needs::Connection;
    about!(texts: name);

    fn login(&self) -> Option<&str> {
        Some(&self.name)
    }

    async fn call(self, caller: &mut Caller<'_>) -> Result<Welcome> {
        let hub = caller.hub();
        let folded = validate_login("user.account_name", &self.name, &hub.options().name)?;
        if !hub.options().guests {
            return Err(Error::Unauthenticated);
        }
        let address = caller.connection()?.connection.address;
        hub.check_ban(address, Some((UserId::GATEWAY, &self.name)))?;
        if let Some(holder) = hub.inner.store.user_by_login(&folded).await? {
            if holder.user.kind == UserKind::Account {
                return Err(Error::Unauthenticated);
            }
            if !hub.frees_guest(&holder).await? {
                return Err(Error::AlreadyConnected);
            }
        }
        let hub = hub.clone();
        let session = caller.connection_mut()?;
        let registration = hub.registration(session.connection.address)?;
        let guest = AddGuest {
            login: self.name,
            address: session.connection.address,
            node: hub.node_among_others(),
        };
        match session.open_by(guest, Key::default(), None).await {
            Err(Error::NameTaken) => Err(Error::AlreadyConnected),
            Err(error) => Err(error),
            Ok(welcome) => {
                registration.keep();
                Ok(welcome)
            }
        }
    }
}

impl Hub {
    /// Whose a token that holds is; with what is kept of it where the hub made it.
    async fn bearer_of(
        &self,
        token: &TokenText,
        id: Option<TokenId>,
    ) -> Result<(Option<TokenInfo>, Arc<UserRow>)> {
        let store = &self.inner.store;
        let Some(row) = store.token(token_hash(&token.0)).await? else {
            if id.is_some() {
                return Err(Error::BadCredentials);
            }
            let known = self.authenticate(|| Credentials::Token(token.clone()));
            return Ok((None, known.await?.ok_or(Error::BadCredentials)?));
        };
        let info = row.info;
        if id.is_some_and(|id| id != info.id) {
            return Err(Error::BadCredentials);
        }
        if self.is_expired(&info) && !self.with_state(|state| state.is_in_use(info.id)) {
            // A use may have been recorded between the two looks.
            let row = store.token(token_hash(&token.0)).await?;
            if row.is_none_or(|row| self.is_expired(&row.info)) {
                return Err(Error::BadCredentials);
            }
        }
        let user = store.user(info.user).await?;
        Ok((Some(info), user.ok_or(Error::BadCredentials)?))
    }
}

impl Hub {
    /// Whether the last use of a token that is kept is so recent that another one need not be: many requests may bear it.
    fn was_just_used(&self, token: &TokenInfo) -> bool {
        let precision = (self.options().session_life / 64).min(Duration::from_secs(60));
        let precision = i64::try_from(precision.as_millis()).unwrap_or(i64::MAX);
        let now = self.time().0;
        token
            .used
            .is_some_and(|used| used.0.saturating_add(precision) > now)
    }

    /// Whether a token was unused for longer than a session lives, as far as the store knows.
    fn is_expired(&self, token: &TokenInfo) -> bool {
        let life = i64::try_from(self.options().session_life.as_millis()).unwrap_or(i64::MAX);
        let used = token.used.unwrap_or(token.created);
        token.kind == TokenKind::Session && used.0.saturating_add(life) < self.time().0
    }
}

impl Session {
    async fn open(&mut self, row: &UserRow, key: Key) -> Result<Welcome> {
        let (own, user, connection) = (self.id(), row.user.id, &self.connection);
        let held = |state: &mut HubState| {
            let holder = state.holder(user, connection, own);
            holder.is_some_and(|(_, displaceable)| !displaceable)
        };
        if connection.exclusive && self.hub.with_state(held) {
            return Err(Error::AlreadyConnected);
        }
        let address = connection.address;
        self.hub.check_ban(address, Some((user, &row.user.login)))?;
        let claim = match connection.exclusive {
            true => self.hub.claim(user, connection.dialect, own).await?,
            false => None,
        };
        let change = OpenSession {
            user,
            password: key.password.clone(),
            by: key.by.map(|(id, _)| id),
            token: key.token.clone(),
            address: address
                .map(|address| address.to_string())
                .unwrap_or_default(),
            is_login: connection.scope.is_seen() || key.by.is_none(),
        };
        self.open_by(change, key, claim).await
    }

    /// Takes a seat by a change that opens a session. The gateway asks for it: nobody is there yet.
    async fn open_by(
        &mut self,
        change: impl Change<Outcome = Opened>,
        key: Key,
        claim: Option<Claim>,
    ) -> Result<Welcome> {
        let (own, hub, since) = (self.id(), self.hub.clone(), self.time());
        let (connection, number) = (self.connection.clone(), self.number);
        let address = connection.address;
        let by_api_token = key.by.is_some_and(|(_, kind)| kind == TokenKind::Api);
        let opened_by = key.by.map(|(id, _)| id);
        let (tell, told) = oneshot::channel();
        let guard = hub.clone();
        let then = move |state: &mut HubState, opened: Result<Opened>| {
            let opened = opened.and_then(|Opened { user, rooms, token }| {
                let token_held = token.or(opened_by);
                let entry = new_entry(&user, connection, number, since, token_held, by_api_token);
                let current = entry.current.clone();
                let session = state.open(entry, own, &rooms)?;
                if let Some(claim) = claim {
                    state.hold(session, claim.taken());
                }
                // A ban may have come between.
                if state
                    .ban_of(address, Some((user.user.id, &user.user.login)))
                    .is_some()
                {
                    state.end_later(session, EndReason::BannedFromGateway);
                }
                let session = Some(session);
                let entry = NewEntry {
                    hub: guard,
                    session,
                };
                Ok((entry, current, token))
            });
            if let Err(Ok((entry, ..))) = tell.send(opened) {
                // The connection is gone already, and the state is at hand.
                entry.undo(state);
            }
        };
        hub.submit(Actor::Operator, own, change, then);
        let (entry, current, token) = told.await.unwrap_or(Err(Error::Unavailable))?;
        let session = entry.taken().ok_or(Error::Internal)?;
        let user = current.load();
        if user.kind == UserKind::Account {
            hub.inner.attempts.succeeded(user.id, address);
        }
        self.entry = Some((session, current));
        let line = self.line();
        tracing::debug!(
            connection = line.map(|line| line.number),
            session = session.0,
            user = user.login,
            peer = self.connection.address.map(tracing::field::display),
            dialect = line.map_or(self.connection.dialect, |line| &line.dialect.label),
            encrypted = self.connection.sink.is_encrypted(),
            "session opened"
        );
        Ok(Welcome {
            session,
            user,
            token: token.zip(key.token),
        })
    }
}

/// A seat that nobody has taken yet: a connection may be gone before it hears that it is somebody.
struct NewEntry {
    hub: Hub,
    session: Option<SessionId>,
}

impl NewEntry {
    fn taken(mut self) -> Option<SessionId> {
        self.session.take()
    }

    fn undo(mut self, state: &mut HubState) {
        if let Some(session) = self.session.take() {
            state.remove_entry(session, None);
        }
    }
}

impl Drop for NewEntry {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.hub
                .with_state(|state| state.remove_entry(session, None));
        }
    }
}

fn new_entry(
    user: &UserRow,
    connection: ConnectionInfo,
    number: DialectNumber,
    since: Timestamp,
    token: Option<TokenId>,
    by_api_token: bool,
) -> SessionEntry {
    SessionEntry {
        current: CurrentUser::new(user.user.clone()),
        user: user.user.clone(),
        reference: user.reference.clone(),
        sink: connection.sink,
        encoder: connection.encoder,
        scope: connection.scope,
        dialect: connection.dialect,
        number,
        exclusive: connection.exclusive,
        address: connection.address,
        since,
        token,
        password_mark: password_mark(user),
        by_api_token,
        silent: false,
        rooms: Default::default(),
        known: Default::default(),
    }
}
