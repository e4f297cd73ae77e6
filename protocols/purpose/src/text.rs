//! Texts: a frame's, and secret ones.

use bytes::Bytes;
use bytestring::ByteString;
use std::fmt;
use std::ops::Deref;

/// A text of a frame that was read: a slice of the frame's bytes, known to be UTF-8.
///
/// Nothing is copied, neither by reading nor by cloning. A text so keeps the whole buffer alive that its frame
/// was read into: what is to live longer than the frame's handling is to be copied (`to_owned`, `into`).
///
/// ```
/// use tolmach_purpose::Text;
///
/// let text = Text::from("anna");
/// assert_eq!(text.len(), 4); // a `str` where one is wanted
/// assert_eq!(text, "anna");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(ByteString);

impl Text {
    /// The text that these bytes are, unless they are not UTF-8.
    pub(crate) fn read(bytes: Bytes) -> Option<Self> {
        ByteString::try_from(bytes).ok().map(Self)
    }

    /// The text as a `str`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text's bytes, not copied.
    pub fn into_bytes(self) -> Bytes {
        self.0.into_bytes()
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.as_str().to_owned()
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

/// A text that is not for logs: a password, or a session's hash. Its `Debug` shows nothing of it, and it has
/// no `Display`.
///
/// ```
/// use tolmach_purpose::{Secret, Text};
///
/// let password: Secret = "letmein".into();
/// assert_eq!(format!("{password:?}"), "***");
/// assert_eq!(password.as_str(), "letmein");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Secret<T = Text>(pub T);

impl<T: AsRef<str>> Secret<T> {
    /// The secret in the clear.
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }
}

impl<T: AsRef<str>> AsRef<str> for Secret<T> {
    fn as_ref(&self) -> &str {
        self.0.as_ref()
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'a, T: From<&'a str>> From<&'a str> for Secret<T> {
    fn from(text: &'a str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}
