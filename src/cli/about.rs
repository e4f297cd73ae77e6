//! Errors in the words of whoever typed the command.

use crate::control::ControlError;
use crate::model::Error;

use super::failure::Failure;
use super::room_name::RoomName;
use crate::suggest::nearest;

/// Whose names may have been misspelt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Users,
    Rooms,
}

/// What a request is about, as it was typed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct About<'a> {
    user: Option<&'a str>,
    room: Option<&'a RoomName>,
}

impl<'a> About<'a> {
    /// About nothing in particular.
    pub(super) const NOTHING: Self = Self {
        user: None,
        room: None,
    };

    /// What a failure is about: the account of this login.
    pub(super) fn user(login: &'a str) -> Self {
        Self {
            user: Some(login),
            room: None,
        }
    }

    /// What a failure is about: the room of this name.
    pub(super) fn room(name: &'a RoomName) -> Self {
        Self {
            user: None,
            room: Some(name),
        }
    }

    /// What must be known to tell a misspelt name.
    pub(super) fn known(self) -> Option<Known> {
        match (self.user, self.room) {
            (Some(_), _) => Some(Known::Users),
            (None, Some(RoomName::Named(_))) => Some(Known::Rooms),
            (None, _) => None,
        }
    }

    /// Why a request failed, and how to mend it; `known` are names that may have been meant.
    pub(super) fn explain(self, error: ControlError, known: &[String]) -> Failure {
        let ControlError::Refused(error) = error else {
            return Failure::because(error.to_string());
        };
        let word = self.user.or(self.room.map(RoomName::bare)).unwrap_or("");
        let meant = nearest(word, known.iter().map(String::as_str));
        let meant = meant.map(|name| format!("; did you mean {name}?"));
        Failure::because(self.sentence(error) + &meant.unwrap_or_default())
    }

    fn sentence(self, error: Error) -> String {
        match (&error, self.user, self.room) {
            (Error::NoSuchUser, Some(user), _) => {
                format!("no account called {user}; `tolmach user list` shows them")
            }
            (Error::NoSuchRoom, _, Some(RoomName::Direct(a, b))) => {
                format!("{a} and {b} have no direct room: neither has written to the other")
            }
            (Error::NoSuchRoom, _, Some(room)) => {
                format!("no room called {room}; `tolmach room list` shows them")
            }
            (Error::NameTaken, Some(user), _) => {
                format!(
                    "the name {user} is taken, by an account or a guest who is present; choose another"
                )
            }
            (Error::NameTaken, _, Some(room)) => {
                format!("there is a room called {room} already; choose another name")
            }
            (Error::Invalid { field, reason }, Some(user), _) if field == "login" => {
                format!("{user:?}: {reason}")
            }
            (Error::Invalid { field, reason }, _, Some(room)) if field == "name" => {
                format!("{:?}: {reason}", room.to_string())
            }
            (Error::TooLarge { limit }, ..) => {
                format!("over a limit of {limit}; `tolmach check` shows the limits that hold")
            }
            _ => error.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_named() {
        let room: RoomName = "#tea".parse().unwrap();
        let direct: RoomName = "@a,b".parse().unwrap();
        let said = |about: About<'_>, error| match about.explain(
            ControlError::Refused(error),
            &["anne".to_owned(), "ten".to_owned()],
        ) {
            Failure::Because(reason) => reason,
            other => format!("{other:?}"),
        };
        let no_room = said(About::room(&room), Error::NoSuchRoom);
        assert_eq!(
            no_room,
            "no room called tea; `tolmach room list` shows them; did you mean ten?"
        );
        assert!(said(About::room(&direct), Error::NoSuchRoom).contains("a and b"));
        assert!(said(About::user("anna"), Error::NoSuchUser).ends_with("did you mean anne?"));
        assert!(
            said(About::user("a b"), Error::invalid("login", "no spaces"))
                .contains("\"a b\": no spaces")
        );
        assert_eq!(said(About::NOTHING, Error::NoSuchUser), "no such user");
    }
}
