//! How a room is named on the command line.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use crate::model::{RoomSelector, is_direct_name};

/// `lobby`, `#lobby`, or `@anna,boris` for the direct room of two. A room of old that is called so itself is `#@anna,boris`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RoomName {
    /// A room by its name, or by digits.
    Named(String),
    /// By the logins of its two members.
    Direct(String, String),
}

impl RoomName {
    /// The name as the gateway knows it; a direct room has none.
    pub(crate) fn bare(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::Direct(..) => "",
        }
    }

    pub(crate) fn selector(&self) -> RoomSelector {
        match self {
            Self::Named(name) => RoomSelector::Name(name.clone()),
            Self::Direct(a, b) => RoomSelector::Direct(a.clone(), b.clone()),
        }
    }
}

/// A name for a room to have. `@a,b` is none, since everywhere else it means the direct room of two.
pub(crate) fn new_name(text: &str) -> Result<RoomName, String> {
    match text.parse() {
        Ok(name) if matches!(name, RoomName::Direct(..)) || is_direct_name(name.bare()) => {
            Err("this is what the direct room of two is called; choose another".to_owned())
        }
        Ok(name) => Ok(name),
        Err(error) => match error {},
    }
}

impl FromStr for RoomName {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        if let Some((a, b)) = pair(text) {
            return Ok(Self::Direct(a.to_owned(), b.to_owned()));
        }
        Ok(Self::Named(
            text.strip_prefix('#').unwrap_or(text).to_owned(),
        ))
    }
}

/// The two of `@anna,boris`.
fn pair(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('@')?.split_once(',')
}

/// As it can be typed again.
impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) if pair(name).is_some() => write!(f, "#{name}"),
            Self::Named(name) => f.write_str(name),
            Self::Direct(a, b) => write!(f, "@{a},{b}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_room_is_not_called_like_the_direct_room_of_two() {
        for name in ["@a,b", "#@a,b", "#＠a，b"] {
            assert!(new_name(name).unwrap_err().contains("direct room"));
        }
        assert_eq!(new_name("tea").unwrap().to_string(), "tea");
    }

    #[test]
    fn a_hash_is_no_part_of_the_name() {
        for (text, shown) in [
            ("lobby", "lobby"),
            ("#lobby", "lobby"),
            ("@a,b", "@a,b"),
            ("#@a,b", "#@a,b"),
            ("@a", "@a"),
            ("##x", "#x"),
        ] {
            let Ok(name) = text.parse::<RoomName>();
            assert_eq!(name.to_string(), shown);
            assert_eq!(matches!(name, RoomName::Direct(..)), text == "@a,b");
        }
    }
}
