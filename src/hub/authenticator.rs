//! Who somebody is, where that is known elsewhere.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::Hub;
use super::commands::{Actor, AddExternal};
use super::external::{External, ExternalError};
use crate::model::{Error, Result, Secret, TokenText, UserKind};
use crate::store::UserRow;

/// Knows users that the hub does not: those of a directory, a web site, a file.
///
/// It is asked first at each login with a password (or its hash, whichever the dialect sends), and with each token that the
/// hub did not make. Whom it does not know ([`Authentication::Unknown`]) may still be an account of the hub's own; without
/// one, all are.
///
/// - Whom it knows is an account like any other, made at the first login, without a password; one of that login that is
///   there already is that user, whoever made it. A present guest of that name keeps it: the login is [`Error::NameTaken`].
/// - An account that the operator disabled stays out. One that was removed is made anew: to keep somebody out, disable.
/// - Failed logins count as ever, by account and address, and whoever has too many is not asked about.
/// - One that fails, panics or takes too long: [`Error::Unavailable`], nothing was changed, no attempt is counted.
/// - [`Register`](super::commands::Register) is [`Error::Unsupported`] for connections, so that nobody takes the login of one
///   who is known elsewhere; [`SetPassword`](super::commands::SetPassword) is, for an account that has none here.
/// - A session token that was made at such a login is the hub's: it holds until it ends, and nobody else is asked.
///
/// ```
/// use std::sync::Arc;
/// use tolmach::commands::LogIn;
/// use tolmach::hub::{Authentication, Authenticator, Credentials, ExternalError, Hub, Scope};
/// use tolmach::model::Secret;
///
/// struct OneUser;
///
/// #[async_trait::async_trait]
/// impl Authenticator for OneUser {
///     async fn authenticate(&self, given: &Credentials) -> Result<Authentication, ExternalError> {
///         Ok(match given {
///             Credentials::Password { login, secret } if login == "anna" => {
///                 match *secret == Secret::password("CorrectHorse") {
///                     true => Authentication::User { login: login.clone(), name: "Anna".to_owned() },
///                     false => Authentication::Refused,
///                 }
///             }
///             _ => Authentication::Unknown,
///         })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hub = Hub::builder().authenticator(Arc::new(OneUser)).start().await?;
/// let (mut session, _) = hub.attach("bot", Scope::AllRooms);
/// let (login, secret) = ("anna".to_owned(), Secret::password("CorrectHorse"));
/// let welcome = session.call(LogIn { login, secret, token: false }).await?;
/// assert_eq!(welcome.user.name, "Anna");
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// Says whom the credentials open.
    ///
    /// # Errors
    /// Why it cannot say: for the log, where the first of several is told.
    async fn authenticate(
        &self,
        credentials: &Credentials,
    ) -> Result<Authentication, ExternalError>;
}

/// By what somebody wants to come in. Its `Debug` shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// A login and what goes with it.
    Password {
        /// The login as it was typed.
        login: String,
        /// The password, or its SHA-256: dialects differ in what they send.
        secret: Secret,
    },
    /// A token that the hub did not make.
    Token(TokenText),
}

/// What an [`Authenticator`] says of credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Authentication {
    /// The user of this login, an account of the hub from now on.
    User {
        /// The login under which the hub knows it; by the rules that hold for all.
        login: String,
        /// The display name of a new account; empty: the login.
        name: String,
    },
    /// Nobody: the secret is wrong, or the user is not to come in. [`Error::BadCredentials`], whatever the hub knows.
    Refused,
    /// Nobody that is known there: the hub's own accounts and tokens decide.
    Unknown,
}

/// How long an [`Authenticator`] may take where nothing else is said.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);

/// The authenticator of a hub.
pub(super) struct Asked {
    authenticator: Arc<dyn Authenticator>,
    external: External,
}

impl Asked {
    pub(super) fn new(authenticator: Arc<dyn Authenticator>, timeout: Duration) -> Self {
        Self {
            authenticator,
            external: External::new("authenticator", timeout),
        }
    }
}

impl Hub {
    pub(super) fn has_authenticator(&self) -> bool {
        self.inner.authenticator.is_some()
    }

    /// Whom credentials open by what is known elsewhere; `None` where the hub's own accounts decide.
    pub(super) async fn authenticate(
        &self,
        credentials: impl FnOnce() -> Credentials,
    ) -> Result<Option<Arc<UserRow>>> {
        let Some(asked) = &self.inner.authenticator else {
            return Ok(None);
        };
        let (authenticator, credentials) = (asked.authenticator.clone(), credentials());
        let answer = asked
            .external
            .ask(async move { authenticator.authenticate(&credentials).await });
        match answer.await.ok_or(Error::Unavailable)? {
            Authentication::Unknown => Ok(None),
            Authentication::Refused => Err(Error::BadCredentials),
            Authentication::User { login, name } => self.external_user(login, name).await.map(Some),
        }
    }

    /// The account of a user who is known elsewhere, made where it is new.
    async fn external_user(&self, login: String, name: String) -> Result<Arc<UserRow>> {
        let user = AddExternal::new(login, name, &self.options().name).map_err(|error| {
            tracing::error!(%error, "the authenticator gave a user who cannot be one");
            Error::Unavailable
        })?;
        let known = self.inner.store.user_by_login(&user.folded).await?;
        if let Some(row) = known.filter(|row| row.user.kind == UserKind::Account) {
            return Ok(row);
        }
        let added = self.commit(Actor::Operator, None, user, |_, row| Ok(row));
        added.await
    }
}
