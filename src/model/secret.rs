//! What opens an account: passwords and tokens.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Error, Result, Timestamp, TokenId, UserId};

/// A password, or its lower-case hexadecimal SHA-256, whichever the dialect sends.
///
/// Its `Debug` shows none of them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Secret {
    /// The password as a person types it.
    Password(String),
    /// The password's SHA-256, as 64 hexadecimal digits.
    Sha256(String),
    /// Argon2id, PHC string form, as it is stored; never comes from outside the process.
    #[serde(skip)]
    Hashed(String),
}

impl Secret {
    /// A password in clear.
    pub fn password(password: impl Into<String>) -> Self {
        Self::Password(password.into())
    }

    /// Whether it is an empty password: none at all, where one may be left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Password(password) if password.is_empty())
    }

    /// As it is stored.
    ///
    /// # Errors
    /// [`Error::Internal`] where nobody has hashed it.
    pub fn into_hashed(self) -> Result<String> {
        match self {
            Self::Hashed(hash) => Ok(hash),
            Self::Password(_) | Self::Sha256(_) => Err(Error::Internal),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The text of a token: whoever has it is the account. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenText(pub String);

impl From<String> for TokenText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for TokenText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenText(…)")
    }
}

/// A token as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenInfo {
    /// The number that lists show, not a secret.
    pub id: TokenId,
    /// The account it opens.
    pub user: UserId,
    /// Whether a login made it (`session`) or the command line (`api`).
    pub kind: TokenKind,
    /// When it was made.
    pub created: Timestamp,
    /// When it last opened something.
    pub used: Option<Timestamp>,
    /// From which address it was last used.
    pub address: Option<String>,
}

/// Where a token comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// Made by a login, for its session.
    Session,
    /// From the command line, or asked for.
    Api,
}

impl TokenKind {
    /// As lists and the store write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Api => "api",
        }
    }
}
