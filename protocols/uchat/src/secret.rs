//! What must not be seen in logs.

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
    /// The secret itself.
    pub T,
);

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
