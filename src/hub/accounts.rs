//! Accounts, tokens and sessions, as their owners and the operator manage them.

use std::sync::Arc;

use super::hashing::{new_token, token_hash};
use super::rooms::{is_account, operator_only};
use super::state::{HubState, SessionEntry};
use super::{Caller, Hub};
use crate::ledger::{Actor, Change, NewToken, Outcome};
use crate::model::{
    Command, EndReason, Error, Reply, Result, Secret, SessionId, Timestamp, TokenId, TokenKind,
    UserId, UserSelector, validate_login,
};

/// Most characters of a display name.
const NAME_CHARS: usize = 100;
/// Most characters of a user's description.
const DESCRIPTION_CHARS: usize = 10_000;

fn check_profile(field: &str, text: &str, limit: usize) -> Result<()> {
    if text.chars().count() > limit {
        return Err(Error::invalid(
            field,
            format!("it has at most {limit} characters"),
        ));
    }
    if text
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t')
    {
        return Err(Error::invalid(
            field,
            "it has no control characters but tab and line feed",
        ));
    }
    Ok(())
}

impl Hub {
    pub(super) async fn add_account(
        &self,
        actor: Actor,
        login: String,
        secret: &Secret,
        name: String,
        description: String,
    ) -> Result<Reply> {
        let folded = validate_login("login", &login, &self.options().name)?;
        check_profile("name", &name, NAME_CHARS)?;
        check_profile("description", &description, DESCRIPTION_CHARS)?;
        if self
            .inner
            .store
            .user_by_login(&folded)
            .await?
            .is_some_and(|row| is_account(&row))
        {
            return Err(Error::NameTaken);
        }
        let password = self.inner.hashing.hash(secret).await?;
        let change = Change::AddAccount {
            login,
            folded,
            name,
            description,
            password,
        };
        match self.write(actor, None, change).await? {
            Outcome::User(row) => Ok(Reply::User(Arc::new(row.user.clone()))),
            _ => Err(Error::Internal),
        }
    }

    pub(super) async fn execute_account(&self, caller: Caller, command: Command) -> Result<Reply> {
        match command {
            Command::FindUser { user } => {
                // Who is gone is still somebody whose messages are shown.
                let row = match user {
                    UserSelector::Id(id) => self.inner.store.user(id).await?,
                    by_login => Some(self.user(by_login).await?),
                };
                let row = row.ok_or(Error::NoSuchUser)?;
                Ok(Reply::User(Arc::new(row.user.clone())))
            }
            Command::SetOwnDescription { description } => {
                check_profile("description", &description, DESCRIPTION_CHARS)?;
                self.done(caller, Change::DescribeUser { description })
                    .await
            }
            Command::Contacts => {
                let Actor::User(own) = caller.actor else {
                    return Err(Error::Unauthenticated);
                };
                Ok(Reply::Contacts(self.inner.store.contacts(own).await?))
            }
            Command::AddContact { user } => {
                let contact = self.user(user).await?.user.id;
                self.done(caller, Change::AddContact { contact }).await
            }
            Command::RemoveContact { user } => {
                let contact = self.user(user).await?.user.id;
                self.done(caller, Change::RemoveContact { contact }).await
            }
            Command::Users => {
                operator_only(caller)?;
                let rows = self.inner.store.accounts().await?;
                Ok(Reply::Users(
                    rows.iter().map(|row| Arc::new(row.user.clone())).collect(),
                ))
            }
            Command::SetPassword { user, secret } => {
                let user = self.account(caller, user).await?;
                let password = self.inner.hashing.hash(&secret).await?;
                let change = Change::SetPassword { user, password };
                self.change_and_end(caller, change, user, EndReason::PasswordChanged, |entry| {
                    !entry.by_api_token
                })
                .await
            }
            Command::SetDisabled { user, disabled } => {
                operator_only(caller)?;
                let user = self.account(caller, user).await?;
                let change = Change::SetDisabled { user, disabled };
                self.change_and_end(
                    caller,
                    change,
                    user,
                    EndReason::AccountDisabled,
                    move |_| disabled,
                )
                .await
            }
            Command::RemoveUser { user } => {
                operator_only(caller)?;
                let user = self.account(caller, user).await?;
                self.change_and_end(
                    caller,
                    Change::RemoveUser { user },
                    user,
                    EndReason::AccountRemoved,
                    |_| true,
                )
                .await
            }
            Command::CreateToken { user, value } => self.create_token(caller, user, value).await,
            Command::Tokens { user } => {
                let user = self.account(caller, user).await?;
                let mut tokens = self.inner.store.tokens(user).await?;
                let open = self.with_state(|state| state.open_tokens(user));
                // "An open connection is use."
                let now = Timestamp::now();
                for token in tokens.iter_mut().filter(|token| open.contains(&token.id)) {
                    token.used = Some(now);
                }
                Ok(Reply::Tokens(tokens))
            }
            Command::RevokeToken { user, id } => {
                let user = self.account(caller, user).await?;
                self.revoke_tokens(caller, user, id).await
            }
            Command::Sessions => {
                let of = match caller.actor {
                    Actor::Operator => None,
                    Actor::User(user) => Some(user),
                };
                Ok(Reply::Sessions(
                    self.with_state(|state| state.session_infos(of)),
                ))
            }
            Command::CloseSession { id } => self.close_session(caller, id),
            other => Err(Error::Unsupported(format!("{other:?} is not for accounts"))),
        }
    }

    /// An account that the asker may manage: the operator any, others their own.
    async fn account(&self, caller: Caller, selector: UserSelector) -> Result<UserId> {
        let row = self.user(selector).await?;
        if !is_account(&row) {
            return Err(Error::NoSuchUser);
        }
        match caller.actor {
            Actor::User(user) if user != row.user.id => Err(Error::not_allowed(
                "only the account itself or the operator may do this",
            )),
            _ => Ok(row.user.id),
        }
    }

    async fn change_and_end(
        &self,
        caller: Caller,
        change: Change,
        user: UserId,
        reason: EndReason,
        which: impl Fn(&SessionEntry) -> bool + Send + 'static,
    ) -> Result<Reply> {
        let then = move |state: &mut HubState, outcome: Result<Outcome>| {
            outcome?;
            state.end_sessions_of(user, reason, which);
            Ok(Reply::Done)
        };
        self.write_then(caller.actor, caller.session, change, then)
            .await
    }

    async fn create_token(
        &self,
        caller: Caller,
        user: UserSelector,
        value: Option<String>,
    ) -> Result<Reply> {
        let user = self.account(caller, user).await?;
        let row = self
            .inner
            .store
            .user(user)
            .await?
            .ok_or(Error::NoSuchUser)?;
        let value = value.unwrap_or_else(|| new_token(&row.user.login));
        if value.is_empty() || value.chars().any(char::is_control) {
            return Err(Error::invalid(
                "token",
                "a token is a line of text, not empty",
            ));
        }
        let token = NewToken {
            hash: token_hash(&value),
            kind: TokenKind::Api,
        };
        match self
            .write(
                caller.actor,
                caller.session,
                Change::AddToken { user, token },
            )
            .await?
        {
            Outcome::Token(info) => Ok(Reply::Token { id: info.id, value }),
            _ => Err(Error::Internal),
        }
    }

    async fn revoke_tokens(
        &self,
        caller: Caller,
        user: UserId,
        id: Option<TokenId>,
    ) -> Result<Reply> {
        let then = move |state: &mut HubState, outcome: Result<Outcome>| {
            let Outcome::Tokens(ended) = outcome? else {
                return Err(Error::Internal);
            };
            let of_these =
                move |entry: &SessionEntry| entry.token.is_some_and(|token| ended.contains(&token));
            state.end_sessions_of(user, EndReason::TokenRevoked, of_these);
            Ok(Reply::Done)
        };
        self.write_then(
            caller.actor,
            caller.session,
            Change::RemoveTokens { user, id },
            then,
        )
        .await
    }

    fn close_session(&self, caller: Caller, id: SessionId) -> Result<Reply> {
        self.with_state(|state| {
            let entry = state.sessions.get(&id);
            let allowed = entry.is_some_and(|entry| match caller.actor {
                Actor::Operator => true,
                Actor::User(user) => entry.user.id == user,
            });
            if !allowed {
                return Err(Error::invalid("session", "no open session has this id"));
            }
            state.end_later(id, EndReason::ClosedByOperator);
            Ok(Reply::Done)
        })
    }
}
