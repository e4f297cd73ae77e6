//! How a connection becomes somebody.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::Hub;
use super::hashing::{new_token, token_hash};
use super::session::{ConnectionInfo, Session};
use super::state::{HubState, SessionEntry};
use crate::ledger::{Actor, Change, NewToken, Outcome, UserRow};
use crate::model::{
    EndReason, Error, Reply, Result, Secret, SessionId, Timestamp, TokenEnd, TokenId, TokenInfo,
    TokenKind, UserKind, fold_login, validate_login,
};

/// By what a session is opened.
struct Key {
    password: Option<String>,
    by: Option<(TokenId, TokenKind)>,
    token: Option<String>,
}

impl Hub {
    /// A token that holds, and whose it is.
    async fn bearer_of(
        &self,
        token: &str,
        id: Option<TokenId>,
    ) -> Result<(TokenInfo, Arc<UserRow>)> {
        let store = &self.inner.store;
        let row = store.token(token_hash(token)).await?;
        let info = row
            .map(|row| row.info)
            .filter(|info| id.is_none_or(|id| id == info.id))
            .ok_or(Error::BadCredentials)?;
        let life = i64::try_from(self.options().session_life.as_millis()).unwrap_or(i64::MAX);
        let used = info.used.unwrap_or(info.created);
        let expired =
            info.kind == TokenKind::Session && used.0.saturating_add(life) < Timestamp::now().0;
        // "An open connection is use."
        let is_open = |state: &mut HubState| {
            state
                .sessions
                .values()
                .any(|entry| entry.token == Some(info.id))
        };
        if expired && !self.with_state(is_open) {
            return Err(Error::BadCredentials);
        }
        let user = store.user(info.user).await?;
        Ok((info, user.ok_or(Error::BadCredentials)?))
    }
}

impl Session {
    pub(super) async fn log_in(
        &mut self,
        login: &str,
        secret: &Secret,
        token: bool,
    ) -> Result<Reply> {
        let hub = self.hub.clone();
        let folded = fold_login(login).map_err(|_| Error::BadCredentials)?;
        let address = self.connection.address;
        hub.inner.attempts.check(&folded, address, hub.now().0)?;
        let row = hub.inner.store.user_by_login(&folded).await?;
        let stored = row.as_ref().and_then(|row| row.password.clone());
        let right = hub.inner.hashing.verify(secret, stored.clone()).await?;
        // Attempts that were made at the same time may have failed meanwhile.
        hub.inner.attempts.check(&folded, address, hub.now().0)?;
        let row = row.filter(|row| right && !row.user.disabled);
        let Some(row) = row else {
            hub.inner.attempts.failed(&folded, address, hub.now().0);
            return Err(Error::BadCredentials);
        };
        let token = token.then(|| new_token(&row.user.login));
        self.open(
            &row,
            Key {
                password: stored,
                by: None,
                token,
            },
        )
        .await
    }

    pub(super) async fn log_in_token(&mut self, token: &str, id: Option<TokenId>) -> Result<Reply> {
        let (token, user) = self.hub.bearer_of(token, id).await?;
        let key = Key {
            password: None,
            by: Some((token.id, token.kind)),
            token: None,
        };
        self.open(&user, key).await
    }

    /// "Identified by token": nobody hears of it, and nothing is told to this connection.
    pub(super) async fn identify(&mut self, token: &str) -> Result<Reply> {
        let (token, user) = self.hub.bearer_of(token, None).await?;
        if user.user.disabled {
            return Err(Error::BadCredentials);
        }
        let user = Arc::new(user.user.clone());
        self.bearer = Some(user.clone());
        let touch = Change::TouchToken { id: token.id };
        self.hub
            .submit(Actor::Operator, None, touch, Box::new(|_, _| {}));
        Ok(Reply::User(user))
    }

    /// "Its name cannot be an account's or another present guest's; a newcomer who takes the name while it is idle
    /// ends it at once."
    pub(super) async fn log_in_guest(&mut self, name: String) -> Result<Reply> {
        let hub = self.hub.clone();
        let folded = validate_login("user.account_name", &name, &hub.options().name)?;
        if !hub.options().guests {
            return Err(Error::Unauthenticated);
        }
        if let Some(holder) = hub.inner.store.user_by_login(&folded).await? {
            if holder.user.kind == UserKind::Account {
                return Err(Error::Unauthenticated);
            }
            let at = Timestamp::now();
            let freed = hub.with_state(|state| state.displace_idle_guest(&holder.user, at));
            if !freed {
                return Err(Error::AlreadyConnected);
            }
        }
        let guest = Key {
            password: None,
            by: None,
            token: None,
        };
        match self
            .open_by(
                Actor::Operator,
                Change::AddGuest {
                    login: name,
                    folded,
                },
                guest,
            )
            .await
        {
            Err(Error::NameTaken) => Err(Error::AlreadyConnected),
            other => other,
        }
    }

    async fn open(&mut self, row: &UserRow, key: Key) -> Result<Reply> {
        let own = self.id();
        let hub = self.hub.clone();
        let connection = self.connection.clone();
        let user = row.user.id;
        if connection.exclusive
            && hub.with_state(|state| {
                state
                    .holder(user, &connection, own)
                    .is_some_and(|(_, silent)| !silent)
            })
        {
            return Err(Error::AlreadyConnected);
        }
        let change = Change::OpenSession {
            user,
            password: key.password.clone(),
            by: key.by.map(|(id, _)| id),
            token: key.token.as_deref().map(|text| NewToken {
                hash: token_hash(text),
                kind: TokenKind::Session,
            }),
            address: connection
                .address
                .map(|address| address.to_string())
                .unwrap_or_default(),
        };
        self.open_by(Actor::User(user), change, key).await
    }

    /// Takes a seat by a change that opens a session.
    async fn open_by(&mut self, actor: Actor, change: Change, key: Key) -> Result<Reply> {
        let own = self.id();
        let hub = self.hub.clone();
        let connection = self.connection.clone();
        let by_api_token = key.by.is_some_and(|(_, kind)| kind == TokenKind::Api);
        let opened_by = key.by.map(|(id, _)| id);
        let (tell, told) = oneshot::channel();
        let guard = hub.clone();
        let completion = move |state: &mut HubState, outcome: Result<Outcome>| {
            let opened = state.open(outcome, own, |user, token| {
                new_entry(user, connection, token.or(opened_by), by_api_token)
            });
            let opened = opened.map(|(session, user, token)| {
                (
                    NewEntry {
                        hub: guard,
                        session: Some(session),
                    },
                    user,
                    token,
                )
            });
            if let Err(Ok((entry, ..))) = tell.send(opened) {
                // The connection is gone already, and the state is at hand.
                entry.undo(state);
            }
        };
        hub.submit(actor, own, change, Box::new(completion));
        let (entry, user, token) = told.await.unwrap_or(Err(Error::Unavailable))?;
        let session = entry.taken().ok_or(Error::Internal)?;
        self.entry = Some((session, user.clone()));
        Ok(Reply::Welcome {
            session,
            user,
            token: token.zip(key.token),
        })
    }

    /// The token that a login made for the session ends too where that is asked, and with it its other sessions; an API
    /// token is not the session's to end.
    pub(super) async fn log_out(&mut self, end: TokenEnd) -> Result<Reply> {
        let (session, user) = self.entry.clone().ok_or(Error::Unauthenticated)?;
        let token = self.hub.with_state(|state| {
            let entry = state.sessions.get(&session);
            let ends = |entry: &&SessionEntry| match end {
                TokenEnd::Never => false,
                TokenEnd::IfOfLogin => !entry.by_api_token,
                TokenEnd::Always => true,
            };
            entry.filter(ends).and_then(|entry| entry.token)
        });
        if let Some(id) = token {
            let user = user.id;
            let change = Change::RemoveTokens { user, id: Some(id) };
            let then = move |state: &mut HubState, outcome: Result<Outcome>| {
                outcome?;
                // This one leaves by itself.
                if let Some(entry) = state.sessions.get_mut(&session) {
                    entry.token = None;
                }
                let others = move |entry: &SessionEntry| entry.token == Some(id);
                state.end_sessions_of(user, EndReason::TokenRevoked, others);
                Ok(())
            };
            self.hub
                .write_then(Actor::User(user), Some(session), change, then)
                .await?;
        }
        self.farewell();
        Ok(Reply::Done)
    }

    /// The seat's own token, of whatever kind.
    fn own_token(&self) -> Result<(SessionId, TokenId)> {
        let (session, _) = self.entry.as_ref().ok_or(Error::Unauthenticated)?;
        let token = self
            .hub
            .with_state(|state| state.sessions.get(session).and_then(|entry| entry.token));
        let none = || Error::invalid("token", "this session was not opened by a token");
        Ok((*session, token.ok_or_else(none)?))
    }

    pub(super) async fn renew_token(&mut self) -> Result<Reply> {
        let caller = self.caller()?;
        let (_, by) = self.own_token()?;
        let login = self.user().map(|user| user.login.clone());
        let value = new_token(&login.unwrap_or_default());
        let token = NewToken {
            hash: token_hash(&value),
            kind: TokenKind::Session,
        };
        let change = Change::RenewToken { by, token };
        match self.hub.write(caller.actor, caller.session, change).await? {
            Outcome::Token(info) => Ok(Reply::Token { id: info.id, value }),
            _ => Err(Error::Internal),
        }
    }

    pub(super) async fn use_token(&mut self, new: TokenId, old: TokenId) -> Result<Reply> {
        let caller = self.caller()?;
        let then = move |state: &mut HubState, outcome: Result<Outcome>| {
            outcome?;
            let held = state.sessions.values_mut();
            for entry in held.filter(|entry| entry.token == Some(old)) {
                entry.token = Some(new);
            }
            Ok(Reply::Done)
        };
        let change = Change::ReplaceToken { old, new };
        self.hub
            .write_then(caller.actor, caller.session, change, then)
            .await
    }

    pub(super) async fn register(
        &mut self,
        login: String,
        secret: &Secret,
        name: String,
        description: String,
    ) -> Result<Reply> {
        if !self.hub.options().open_registration {
            return Err(Error::not_allowed("accounts are made by the operator here"));
        }
        let actor = self
            .user()
            .map_or(Actor::Operator, |user| Actor::User(user.id));
        let reply = self
            .hub
            .add_account(actor, login, secret, name, description)
            .await?;
        if let (Reply::User(user), Some((session, own))) = (&reply, &mut self.entry)
            && user.id == own.id
        {
            *own = user.clone();
            self.hub
                .with_state(|state| state.became_account(*session, user));
        }
        Ok(reply)
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
            state.remove_entry(session, None, Timestamp::now());
        }
    }
}

impl Drop for NewEntry {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.hub
                .with_state(|state| state.remove_entry(session, None, Timestamp::now()));
        }
    }
}

fn new_entry(
    user: &UserRow,
    connection: ConnectionInfo,
    token: Option<TokenId>,
    by_api_token: bool,
) -> SessionEntry {
    SessionEntry {
        user: Arc::new(user.user.clone()),
        reference: user.reference.clone(),
        sink: connection.sink,
        encoder: connection.encoder,
        scope: connection.scope,
        dialect: connection.dialect,
        exclusive: connection.exclusive,
        address: connection
            .address
            .map(|address| address.to_string())
            .unwrap_or_else(|| "-".to_owned()),
        since: Timestamp::now(),
        token,
        by_api_token,
        silent: false,
        rooms: Default::default(),
        known: Default::default(),
    }
}
