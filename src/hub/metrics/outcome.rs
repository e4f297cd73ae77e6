//! What came of a command, by number.

use crate::model::Error;

/// How many there are.
pub(super) const COUNT: usize = NAMES.len();

/// By number: done, then each error by its name in the log.
pub(super) const NAMES: [&str; 19] = [
    "ok",
    "unauthenticated",
    "bad_credentials",
    "already_connected",
    "name_taken",
    "not_allowed",
    "banned",
    "no_such_user",
    "no_such_room",
    "no_such_message",
    "recipient_offline",
    "bad_room_password",
    "invalid",
    "too_large",
    "rate_limited",
    "unsupported",
    "unavailable",
    "outcome_unknown",
    "internal",
];

/// An outcome's place in [`NAMES`].
pub(super) fn number(error: Option<&Error>) -> usize {
    let Some(error) = error else { return 0 };
    match error {
        Error::Unauthenticated => 1,
        Error::BadCredentials => 2,
        Error::AlreadyConnected => 3,
        Error::NameTaken => 4,
        Error::NotAllowed(_) => 5,
        Error::Banned => 6,
        Error::NoSuchUser => 7,
        Error::NoSuchRoom => 8,
        Error::NoSuchMessage => 9,
        Error::RecipientOffline => 10,
        Error::BadRoomPassword => 11,
        Error::Invalid { .. } => 12,
        Error::TooLarge { .. } => 13,
        Error::RateLimited { .. } => 14,
        Error::Unsupported(_) => 15,
        Error::Unavailable => 16,
        Error::OutcomeUnknown => 17,
        Error::Internal => 18,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::word::Word;

    #[test]
    fn an_error_has_the_place_of_its_name_in_the_log() {
        let retry_after = Duration::ZERO;
        let errors = [
            Error::Unauthenticated,
            Error::BadCredentials,
            Error::AlreadyConnected,
            Error::NameTaken,
            Error::not_allowed(""),
            Error::Banned,
            Error::NoSuchUser,
            Error::NoSuchRoom,
            Error::NoSuchMessage,
            Error::RecipientOffline,
            Error::BadRoomPassword,
            Error::invalid("", ""),
            Error::TooLarge { limit: 0 },
            Error::RateLimited { retry_after },
            Error::Unsupported(String::new()),
            Error::Unavailable,
            Error::OutcomeUnknown,
            Error::Internal,
        ];
        assert_eq!(errors.len() + 1, COUNT);
        for error in errors {
            let name = NAMES[number(Some(&error))];
            assert_eq!(Word(error).to_string(), name);
        }
        assert_eq!(NAMES[number(None)], "ok");
    }
}
