//! The values of `type`.

use crate::error::DecodeError;
use crate::limits;
use std::fmt;
use tolmach_json::string;

/// The `type` of an event, of either direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A client enters a room.
    Connect,
    /// Something is said, by a client or passed on by the server.
    Message,
    /// A client is there.
    Ping,
    /// A client leaves the room.
    Close,
    /// The server lets a client in.
    Connected,
    /// The server lists who is in the room.
    Users,
    /// A user entered the room.
    Join,
    /// A user went silent, or its connection broke.
    Idle,
    /// An idle user is there again.
    Back,
    /// A user left the room.
    Leave,
    /// The server refuses something.
    Error,
}

impl EventKind {
    /// The word that stands in `type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Message => "message",
            Self::Ping => "ping",
            Self::Close => "close",
            Self::Connected => "connected",
            Self::Users => "users",
            Self::Join => "join",
            Self::Idle => "idle",
            Self::Back => "back",
            Self::Leave => "leave",
            Self::Error => "error",
        }
    }

    /// The type that `word` names among those that a client sends.
    pub(crate) fn of_client(word: &str) -> Option<Self> {
        [Self::Message, Self::Ping, Self::Connect, Self::Close]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }

    /// The type that `word` names among those that a server sends.
    pub(crate) fn of_server(word: &str) -> Option<Self> {
        let kinds = [
            Self::Message,
            Self::Join,
            Self::Leave,
            Self::Idle,
            Self::Back,
            Self::Users,
            Self::Connected,
            Self::Error,
        ];
        kinds.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What `known` makes of the `type` of an event, or the error that names it.
    pub(crate) fn read(
        value: Option<&str>,
        known: fn(&str) -> Option<Self>,
    ) -> Result<Self, DecodeError> {
        let Some(value) = value else {
            return Err(DecodeError::UnknownType("(none)".to_owned()));
        };
        match string(value) {
            Some(word) => known(&word).ok_or_else(|| DecodeError::UnknownType(shortened(&word))),
            None => Err(DecodeError::UnknownType(shortened(value))),
        }
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(limits::TYPE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
