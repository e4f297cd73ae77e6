//! What must not be seen in logs.

use std::fmt;

/// A password or a token: its `Debug` does not show it.
///
/// ```
/// let token = tolmach_json::Secret::from("0123");
/// assert_eq!(format!("{token:?}"), "Secret(…)");
/// assert_eq!(token.0, "0123");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(
    /// The secret itself, to be written to the wire or compared.
    pub String,
);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<T: Into<String>> From<T> for Secret {
    fn from(secret: T) -> Self {
        Self(secret.into())
    }
}
