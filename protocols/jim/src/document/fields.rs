//! The fields of the document, with their limits (PROTOCOL.md 2.2).

use crate::field::Field;
use crate::limits::{ACTION_CHARS, MESSAGE_CHARS, NAME_CHARS};

const TEXT: &str = "it must be a text";
const OPTIONAL_TEXT: &str = "it must be a text, or left out";

pub(crate) const ACTION: Field =
    Field::new("action", "it must be the name of an action").at_most(ACTION_CHARS);
pub(crate) const TIME: Field = Field::new(
    "time",
    "it must be a number, the seconds since 1970, or a text",
);
pub(crate) const USER: Field = Field::new("user", "it must be an object with account_name");
pub(crate) const ACCOUNT_NAME: Field = Field::new("account_name", "it must be a name as text")
    .inside("user.account_name")
    .at_most(NAME_CHARS);
pub(crate) const PASSWORD: Field = Field::new("password", TEXT).inside("user.password");
pub(crate) const STATUS: Field = Field::new("status", OPTIONAL_TEXT).inside("user.status");
pub(crate) const TYPE: Field = Field::new("type", "it must be \"status\", or left out");
pub(crate) const TO: Field = Field::new("to", "it must be a user's name or \"#room\" as text")
    .at_most(NAME_CHARS)
    .or_room();
pub(crate) const FROM: Field =
    Field::new("from", "it must be one's own name as text").at_most(NAME_CHARS);
pub(crate) const MESSAGE: Field = Field::new("message", TEXT).at_most(MESSAGE_CHARS);
pub(crate) const ENCODING: Field =
    Field::new("encoding", "it must be \"ascii\" or \"utf-8\", or left out");
pub(crate) const ROOM: Field = Field::new(
    "room",
    "it must be the room's name with # in front, as text",
)
.at_most(NAME_CHARS)
.or_room();
pub(crate) const ROOM_PASSWORD: Field = Field::new("password", OPTIONAL_TEXT);
pub(crate) const ALERT: Field = Field::new("alert", OPTIONAL_TEXT);
pub(crate) const ERROR: Field = Field::new("error", OPTIONAL_TEXT);
pub(crate) const RESPONSE: Field = Field::new("response", "it must be three digits, 100 to 999");
