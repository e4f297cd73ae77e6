//! What the log calls things: reasons, errors and commands by their names in the code, people and rooms as somebody typed
//! them.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// The name of an enum's variant, as serde writes it, in small letters with underscores. What the variant holds is not
/// shown.
pub(crate) struct Word<T>(pub(crate) T);

impl<T: Serialize> fmt::Display for Word<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = serde_json::to_value(&self.0).map_err(|_| fmt::Error)?;
        let name = match &written {
            Value::String(name) => name,
            Value::Object(fields) => fields.keys().next().ok_or(fmt::Error)?,
            _ => return Err(fmt::Error),
        };
        for (at, letter) in name.char_indices() {
            if at > 0 && letter.is_ascii_uppercase() {
                f.write_str("_")?;
            }
            write!(f, "{}", letter.to_ascii_lowercase())?;
        }
        Ok(())
    }
}

/// Most characters of what somebody typed.
const TYPED_CHARS: usize = 64;

/// The beginning of what somebody typed; whoever logs it as a text has it escaped.
pub(crate) fn bounded(typed: &str) -> String {
    match typed.char_indices().nth(TYPED_CHARS) {
        Some((end, _)) => format!("{}…", &typed[..end]),
        None => typed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::{AnyCommand, SetPassword};
    use crate::model::{EndReason, Error, Secret, UserSelector};

    #[test]
    fn what_was_typed_is_bounded() {
        assert_eq!(bounded("anna"), "anna");
        assert_eq!(bounded(&"é".repeat(65)), "é".repeat(64) + "…");
    }

    #[test]
    fn a_word_shows_the_name_alone() {
        assert_eq!(Word(EndReason::TooSlow).to_string(), "too_slow");
        assert_eq!(Word(Error::NoSuchUser).to_string(), "no_such_user");
        assert_eq!(Word(Error::TooLarge { limit: 3 }).to_string(), "too_large");
        let command = SetPassword {
            user: UserSelector::login("anna"),
            secret: Secret::password("secret"),
        };
        let word = Word(AnyCommand::from(command)).to_string();
        assert_eq!(word, "set_password");
    }
}
