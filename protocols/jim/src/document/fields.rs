//! The fields of the document, with their limits.

use crate::field::Field;
use crate::limits::{ACTION_CHARS, MESSAGE_CHARS, NAME_CHARS, OBJECT_CHARS};

/// A text without a limit of its own.
const fn text(path: &'static str, key: &'static str, right: &'static str) -> Field {
    Field {
        path,
        key,
        limit: OBJECT_CHARS,
        may_be_room: false,
        right,
    }
}

pub(crate) const ACTION: Field = Field {
    limit: ACTION_CHARS,
    ..text("action", "action", "it must be the name of an action")
};

pub(crate) const TIME: Field = text(
    "time",
    "time",
    "it must be a number, the seconds since 1970, or a text",
);

pub(crate) const USER: Field = text("user", "user", "it must be an object with account_name");

pub(crate) const ACCOUNT_NAME: Field = Field {
    limit: NAME_CHARS,
    ..text(
        "user.account_name",
        "account_name",
        "it must be a name as text",
    )
};

pub(crate) const PASSWORD: Field = text("user.password", "password", "it must be a text");

pub(crate) const STATUS: Field = text("user.status", "status", "it must be a text, or left out");

pub(crate) const TYPE: Field = text("type", "type", "it must be \"status\", or left out");

pub(crate) const TO: Field = Field {
    limit: NAME_CHARS,
    may_be_room: true,
    ..text("to", "to", "it must be a user's name or \"#room\" as text")
};

pub(crate) const FROM: Field = Field {
    limit: NAME_CHARS,
    ..text("from", "from", "it must be one's own name as text")
};

pub(crate) const MESSAGE: Field = Field {
    limit: MESSAGE_CHARS,
    ..text("message", "message", "it must be a text")
};

pub(crate) const ENCODING: Field = text(
    "encoding",
    "encoding",
    "it must be \"ascii\" or \"utf-8\", or left out",
);

pub(crate) const ROOM: Field = Field {
    limit: NAME_CHARS,
    may_be_room: true,
    ..text(
        "room",
        "room",
        "it must be the room's name with # in front, as text",
    )
};

pub(crate) const ROOM_PASSWORD: Field =
    text("password", "password", "it must be a text, or left out");

pub(crate) const ALERT: Field = text("alert", "alert", "it must be a text, or left out");

pub(crate) const ERROR: Field = text("error", "error", "it must be a text, or left out");

pub(crate) const RESPONSE: Field = text(
    "response",
    "response",
    "it must be three digits, 100 to 999",
);
