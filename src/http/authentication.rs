//! Who asks: by a token, in `Authorization` or in the cookie of a login. Nobody is online by it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;

use super::Site;
use super::connection::Connection;
use super::origin;
use super::problem::Problem;
use crate::commands::rules::check_operator;
use crate::commands::{AnyCommand, Caller, Command, Identify};
use crate::control::audit::{self, By};
use crate::hexadecimal::{hexadecimal, unhexadecimal};
use crate::hub::{Bounds, ConnectionInfo, Events, Hub, Scope, Session};
use crate::model::{Error, Result, Target, TokenText, User};

/// The cookie that holds the token of a login.
pub(super) const SESSION_COOKIE: &str = "tolmach_session";
/// What a page adds to what it asks, and no form of another page can.
const REQUESTED_WITH: &str = "x-requested-with";
/// The scheme of `Authorization`.
const BEARER: &str = "bearer ";

/// Somebody who has shown a token.
pub(super) struct Asker {
    session: Session,
    /// Who it is, as of now.
    pub(super) user: Arc<User>,
    /// The token by which the account was known, be it from a header or the cookie.
    pub(super) token: TokenText,
    /// The connection that it asks by.
    pub(super) connection: Arc<Connection>,
}

impl FromRequestParts<Arc<Site>> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        site: &Arc<Site>,
    ) -> Result<Self, Self::Rejection> {
        let connection = connection(parts)?.clone();
        let token = match (bearer(&parts.headers)?, cookie(&parts.headers)) {
            (Some(token), _) => token,
            (None, Some(token)) => {
                if !parts.method.is_safe() {
                    check_page(site, &parts.headers, connection.is_encrypted)?;
                }
                token
            }
            (None, None) => return Err(Error::Unauthenticated.into()),
        };
        Ok(Self::by(&site.hub, TokenText(token), connection).await?)
    }
}

/// The connection that a request came by.
pub(super) fn connection(parts: &Parts) -> Result<&Arc<Connection>> {
    let connection = parts.extensions.get::<Arc<Connection>>();
    connection.ok_or(Error::Internal)
}

/// What a page that another page may have made asks by the cookie is not done.
fn check_page(site: &Site, headers: &HeaderMap, is_encrypted: bool) -> Result<()> {
    if !headers.contains_key(REQUESTED_WITH) {
        let reason = "what changes something by the cookie needs the header X-Requested-With";
        return Err(Error::not_allowed(reason));
    }
    if !origin::is_welcome(&site.said().options, headers, is_encrypted) {
        let reason = "the page's origin is not one of http.origins";
        return Err(Error::not_allowed(reason));
    }
    Ok(())
}

/// The token in `Authorization`; one that is no bearer's is nobody's.
fn bearer(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    let value = std::str::from_utf8(value.as_bytes()).map_err(|_| Error::BadCredentials)?;
    let scheme = value.get(..BEARER.len()).unwrap_or_default();
    match scheme.eq_ignore_ascii_case(BEARER) {
        true => Ok(Some(value[BEARER.len()..].trim().to_owned())),
        false => Err(Error::Unauthenticated),
    }
}

/// The token in the cookie.
fn cookie(headers: &HeaderMap) -> Option<String> {
    let all = headers.get_all(COOKIE).iter();
    let mut each = all
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    each.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        let is_it = name == SESSION_COOKIE;
        is_it.then(|| unhexadecimal(value).unwrap_or_default())
    })
}

/// A connection at the hub whose user is not online by it.
pub(super) fn unseen(hub: &Hub, by: &Connection, bounds: Bounds) -> (Session, Events) {
    let (sink, events) = Events::channel_over(bounds, by.is_encrypted);
    let session = hub.connect(ConnectionInfo {
        dialect: crate::config::HTTP,
        address: by.address,
        exclusive: false,
        scope: Scope::Unseen,
        encoder: Events::encoder_of(crate::config::HTTP),
        sink,
    });
    (session, events)
}

impl Asker {
    async fn by(hub: &Hub, token: TokenText, connection: Arc<Connection>) -> Result<Self> {
        let (mut session, _) = unseen(hub, &connection, Bounds::default());
        let identify = Identify {
            token: token.clone(),
        };
        let user = session.call(identify).await?;
        Ok(Self {
            session,
            user,
            token,
            connection,
        })
    }

    /// Refuses what was withdrawn since it was asked who it is: the token, the account, or its being let in.
    pub(super) async fn judge_again(&mut self) -> Result<()> {
        let token = self.token.clone();
        self.user = self.session.call(Identify { token }).await?;
        Ok(())
    }

    /// Waits until its next message is due where it goes to.
    pub(super) async fn keep_pace(&mut self, to: &Target) -> Result<()> {
        let paced = self.connection.keep_pace(&mut self.session, &self.user, to);
        match paced.await {
            true => self.judge_again().await,
            false => Ok(()),
        }
    }

    /// Has something done as the account.
    pub(super) async fn call<C: Command>(&mut self, command: C) -> Result<C::Reply> {
        self.session.call(command).await
    }

    /// Its connection at the hub.
    pub(super) fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Refuses who is no operator.
    pub(super) fn must_operate(&self) -> Result<()> {
        check_operator(&self.user)
    }

    /// Has something done as the operator that the account must be.
    pub(super) async fn operate<C>(&self, command: C) -> Result<C::Reply>
    where
        C: Command + Into<AnyCommand> + Clone,
    {
        self.must_operate()?;
        let by = By::Account {
            account: self.user.login.clone(),
            peer: self.connection.address,
        };
        let operator = Caller::operating(&self.session);
        audit::operate(operator, by, command, |act| act.log()).await
    }

    /// Reads: all there is as an operator, else what the account sees.
    pub(super) async fn read<C>(&mut self, command: C) -> Result<C::Reply>
    where
        C: Command + Into<AnyCommand> + Clone,
    {
        match self.user.operator {
            true => self.operate(command).await,
            false => self.call(command).await,
        }
    }

    /// Changes something by the account's own rights; where they do not reach, by an operator's.
    pub(super) async fn change<C>(&mut self, command: C) -> Result<C::Reply>
    where
        C: Command + Into<AnyCommand> + Clone,
    {
        let again = self.user.operator.then(|| command.clone());
        match (self.call(command).await, again) {
            (
                Err(
                    Error::NotAllowed(_) | Error::Banned | Error::NoSuchRoom | Error::NoSuchMessage,
                ),
                Some(command),
            ) => self.operate(command).await,
            (outcome, _) => outcome,
        }
    }
}

/// Whoever asks for what only operators may.
pub(super) struct OperatorOnly(pub(super) Asker);

impl FromRequestParts<Arc<Site>> for OperatorOnly {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        site: &Arc<Site>,
    ) -> Result<Self, Self::Rejection> {
        let asker = Asker::from_request_parts(parts, site).await?;
        asker.must_operate()?;
        Ok(Self(asker))
    }
}

/// A header's value that sets the cookie of a login, or with none takes it away.
pub(super) fn set_cookie(token: Option<&TokenText>, is_encrypted: bool) -> String {
    let secure = if is_encrypted { "; Secure" } else { "" };
    let (value, age) = match token {
        // A login may have letters in it that a cookie cannot.
        Some(token) => (hexadecimal(token.0.as_bytes()), ""),
        None => (String::new(), "; Max-Age=0"),
    };
    format!("{SESSION_COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}")
}
