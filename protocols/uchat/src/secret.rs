//! What must not be seen in logs.

use sha2::{Digest, Sha256};
use std::fmt;

/// A `pass` or a `token`: its `Debug` does not show it.
///
/// ```
/// use tolmach_uchat::Secret;
///
/// let token: Secret = "0123ann".into();
/// assert_eq!(format!("{token:?}"), "Secret(…)");
/// assert_eq!(token.0, "0123ann");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret<T = String>(
    /// The secret itself, which only its bearer is to see.
    pub T,
);

impl Secret {
    /// The `pass` of a password: PROTOCOL.md 4.2.
    ///
    /// ```
    /// use tolmach_uchat::Secret;
    ///
    /// let pass = Secret::of_password("secret").0;
    /// assert_eq!(pass, "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b");
    /// ```
    pub fn of_password(password: &str) -> Self {
        let digest = Sha256::digest(password.as_bytes());
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'a, T: From<&'a str>> From<&'a str> for Secret<T> {
    fn from(secret: &'a str) -> Self {
        Self(secret.into())
    }
}

impl<T: From<String>> From<String> for Secret<T> {
    fn from(secret: String) -> Self {
        Self(secret.into())
    }
}
