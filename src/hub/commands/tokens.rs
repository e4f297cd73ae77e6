//! Tokens: made, listed, replaced, ended.

use serde::{Deserialize, Serialize};

use super::command::looks_at;
use super::work::Done;
use super::{Caller, Change, Command, Needs, Work};
use crate::hub::hashing::{new_token, token_hash};
use crate::hub::state::{HubState, SessionEntry};
use crate::model::{
    EndReason, Error, News, Result, Timestamp, TokenId, TokenInfo, TokenKind, TokenText, UserId,
    UserSelector,
};
use crate::store::{RowKeys, TokenRow};

/// A token, told this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    /// The number that lists show, not a secret.
    pub id: TokenId,
    /// The secret text, told this once.
    pub value: TokenText,
}

/// Makes an API token. Operators, or the account itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateToken {
    /// Whose account, by number or by login.
    pub user: UserSelector,
    /// A token that clients already have; else one is made.
    pub value: Option<TokenText>,
}

impl Command for CreateToken {
    type Reply = NewToken;
    const NEEDS: Needs = Needs::User;

    async fn call(self, caller: &mut Caller<'_>) -> Result<NewToken> {
        let user = caller.account(&self.user).await?;
        let made = || TokenText(new_token(&user.user.login));
        let value = self.value.unwrap_or_else(made);
        if value.0.is_empty() || value.0.chars().any(char::is_control) {
            let reason = "a token is a line of text, not empty";
            return Err(Error::invalid("token", reason));
        }
        let change = Self {
            user: UserSelector::Id(user.user.id),
            value: Some(value.clone()),
        };
        let id = caller.commit(change).await?.id;
        Ok(NewToken { id, value })
    }
}

impl Change for CreateToken {
    type Outcome = TokenInfo;
    looks_at!(user: user);

    fn apply(self, work: &mut Work<'_>) -> Done<TokenInfo> {
        let user = work.account(&self.user)?.user.id;
        let value = self.value.ok_or(Error::Internal)?;
        work.keep_token(user, TokenKind::Api, &value, None)
    }
}

impl Work<'_> {
    /// Keeps a token: the SHA-256 of its text. With an address it counts as used from there now.
    pub(super) fn keep_token(
        &mut self,
        user: UserId,
        kind: TokenKind,
        value: &TokenText,
        address: Option<&str>,
    ) -> Done<TokenInfo> {
        let info = TokenInfo {
            id: TokenId(0),
            user,
            kind,
            created: self.at,
            used: address.map(|_| self.at),
            address: address.map(str::to_owned),
        };
        let hash = token_hash(&value.0);
        let kept = self.rows.add_token(TokenRow { info, hash })?;
        let taken = || Error::invalid("token", "this token is in use already; choose another");
        Ok(kept.ok_or_else(taken)?)
    }

    /// The actor, if this is a token of a session of its own.
    fn own_session_token(&mut self, id: TokenId) -> Done<UserId> {
        let user = self.acting_user()?.user.id;
        match self.rows.token(id)? {
            Some(row) if row.info.user == user && row.info.kind == TokenKind::Session => Ok(user),
            _ => Err(Error::invalid("token", "this account has no session with that id").into()),
        }
    }
}

/// An account's tokens, without their texts, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Whose account, by number or by login.
    pub user: UserSelector,
}

impl Command for Tokens {
    type Reply = Vec<TokenInfo>;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Vec<TokenInfo>> {
        let user = caller.account(&self.user).await?.user.id;
        let mut tokens = caller.store().tokens(user).await?;
        let open = caller.hub().with_state(|state| state.open_tokens(user));
        // "An open connection is use."
        let now = caller.hub().time();
        for token in tokens.iter_mut().filter(|token| open.contains(&token.id)) {
            token.used = Some(now);
        }
        Ok(tokens)
    }
}

/// Ends a token, or all of an account, and the sessions they opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeToken {
    /// Whose account, by number or by login.
    pub user: UserSelector,
    /// That one; else all.
    pub id: Option<TokenId>,
}

impl Command for RevokeToken {
    type Reply = ();
    const NEEDS: Needs = Needs::User;

    async fn call(mut self, caller: &mut Caller<'_>) -> Result<()> {
        let user = caller.account(&self.user).await?.user.id;
        self.user = UserSelector::Id(user);
        let ended = caller.commit_then(self, move |state, ended| {
            end_sessions_by(state, user, ended);
            Ok(())
        });
        ended.await
    }
}

/// Ends a user's sessions that were opened by these tokens.
pub(super) fn end_sessions_by(state: &mut HubState, user: UserId, tokens: Vec<TokenId>) {
    let of_these =
        move |entry: &SessionEntry| entry.token.is_some_and(|token| tokens.contains(&token));
    state.end_sessions_of(user, EndReason::TokenRevoked, of_these);
}

impl Change for RevokeToken {
    const NEEDS_ROOM: bool = false;
    /// The tokens that ended.
    type Outcome = Vec<TokenId>;
    looks_at!(user: user);

    fn apply(self, work: &mut Work<'_>) -> Done<Vec<TokenId>> {
        let user = work.account(&self.user)?.user.id;
        let tokens = work.rows.tokens(user)?;
        let ended: Vec<TokenId> = tokens
            .iter()
            .map(|token| token.id)
            .filter(|token| self.id.is_none_or(|id| id == *token))
            .collect();
        if ended.is_empty() && self.id.is_some() {
            return Err(Error::invalid("token", "this account has no token with that id").into());
        }
        for token in &ended {
            work.rows.remove_token(*token)?;
        }
        work.add_news(&News::User(user))?;
        Ok(ended)
    }
}

/// Makes a second session token for this session; the one that it was opened by holds until [`UseToken`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewToken;

impl Command for RenewToken {
    type Reply = NewToken;
    const NEEDS: Needs = Needs::Session;

    async fn call(self, caller: &mut Caller<'_>) -> Result<NewToken> {
        let session = caller.session()?;
        let opened_by = |state: &mut HubState| state.sessions.get(&session)?.token;
        let by = caller.hub().with_state(opened_by);
        let none = || Error::invalid("token", "this session was not opened by a token");
        let by = by.ok_or_else(none)?;
        let login = caller.connection()?.user().map(|user| user.login.clone());
        let value = TokenText(new_token(&login.unwrap_or_default()));
        let change = AddSessionToken {
            by,
            value: value.clone(),
        };
        let id = caller.commit(change).await?.id;
        Ok(NewToken { id, value })
    }
}

/// Keeps another token of the actor, if the one it is to take the place of still holds.
#[derive(Debug)]
pub(crate) struct AddSessionToken {
    /// The one that holds, of kind session.
    pub(crate) by: TokenId,
    pub(crate) value: TokenText,
}

impl Change for AddSessionToken {
    type Outcome = TokenInfo;
    looks_at!(token: by);

    fn apply(self, work: &mut Work<'_>) -> Done<TokenInfo> {
        let user = work.own_session_token(self.by)?;
        let opened_by = work.rows.token(self.by)?;
        let address = opened_by.and_then(|row| row.info.address);
        work.keep_token(user, TokenKind::Session, &self.value, address.as_deref())
    }
}

/// The session, and all others that were opened by the same token, are held by this one from now on; that token ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseToken {
    /// The number of the token that [`RenewToken`] gave.
    pub id: TokenId,
    /// Whose place it takes.
    pub old: TokenId,
}

impl Command for UseToken {
    type Reply = ();
    const NEEDS: Needs = Needs::Session;

    async fn call(self, caller: &mut Caller<'_>) -> Result<()> {
        let (new, old) = (self.id, self.old);
        let used = caller.commit_then(self, move |state, ()| {
            state.replace_token(old, new);
            Ok(())
        });
        used.await
    }
}

impl Change for UseToken {
    type Outcome = ();
    const NEEDS_ROOM: bool = false;
    looks_at!(token: id, token: old);

    fn apply(self, work: &mut Work<'_>) -> Done {
        work.own_session_token(self.id)?;
        work.own_session_token(self.old)?;
        if self.old != self.id {
            work.rows.remove_token(self.old)?;
            let (old, new) = (self.old, self.id);
            work.add_news(&News::TokenReplaced { old, new })?;
        }
        Ok(())
    }
}

/// Tokens were in use until now: their connections are open, or have just closed.
#[derive(Debug)]
pub struct TouchTokens {
    /// The numbers that lists show, not secrets.
    pub tokens: Vec<TokenId>,
}

impl Change for TouchTokens {
    type Outcome = ();
    const NEEDS_ROOM: bool = false;

    fn rows(&self, keys: &mut RowKeys) {
        self.tokens.iter().for_each(|token| keys.token(token));
    }

    fn apply(self, work: &mut Work<'_>) -> Done {
        for token in self.tokens {
            work.rows.touch_token(token, work.at, None)?;
        }
        Ok(())
    }
}

/// Removes the session tokens that were last used before this.
#[derive(Debug)]
pub struct ExpireTokens {
    /// The time of the last use that still counts.
    pub before: Timestamp,
}

impl Change for ExpireTokens {
    type Outcome = ();
    const NEEDS_ROOM: bool = false;
    looks_at!();

    fn apply(self, work: &mut Work<'_>) -> Done {
        Ok(work.rows.expire_tokens(self.before)?)
    }
}
