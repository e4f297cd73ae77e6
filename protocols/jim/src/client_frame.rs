//! What a client says.

use crate::characters::Counter;
use crate::document;
use crate::encoding::Encoding;
use crate::extra::Extra;
use crate::spelling::Spelling;
use bytes::{BufMut, BytesMut};
use tolmach_json::Secret;

/// What a client says, as far as it is meant: its `time` is not kept.
///
/// Names are at most [`NAME_CHARS`](crate::limits::NAME_CHARS) characters when they were decoded by a
/// [`ServerCodec`](crate::ServerCodec); whether they can be names at all (they may be empty) is not decided here.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientFrame {
    /// `authenticate`: says who one is and proves it.
    Authenticate {
        /// The login, `user.account_name` on the wire.
        account_name: String,
        /// `user.password`, as it was typed.
        password: Secret,
    },
    /// `presence`: says that one is there; makes a guest of a client that has no name yet.
    Presence {
        /// `user.account_name`; a presence that answers a probe may come without.
        account_name: Option<String>,
        /// `user.status`, a text for the others.
        status: Option<String>,
    },
    /// `msg`: a message to a user or to a room.
    Msg {
        /// A user's name, or a room's with its `#`.
        to: String,
        /// The sender's own name.
        from: String,
        /// The text, at most [`MESSAGE_CHARS`](crate::limits::MESSAGE_CHARS) characters.
        message: String,
        /// What the client said its text is; ASCII where it said nothing.
        encoding: Encoding,
        /// Unknown fields, to be passed on.
        extra: Extra,
    },
    /// `join`: enters a room.
    Join {
        /// The room's name with its `#`.
        room: String,
        /// What a protected room asks for.
        password: Option<Secret>,
    },
    /// `leave`: leaves a room.
    Leave {
        /// The room's name with its `#`.
        room: String,
    },
    /// `quit`: the farewell; there is no answer, the server closes.
    Quit,
    /// `probe`: to be answered with 400: PROTOCOL.md 4.7.
    Probe,
    /// A message as published clients say it: [`Flavor::Compat`](crate::Flavor::Compat) gives it in place of
    /// [`Msg`](Self::Msg).
    CompatMsg(CompatMsg),
    /// `leave` without a room, of published clients: leaves the one joined last.
    LeaveLast,
    /// `get_contacts`, of published clients: asks for the contact list.
    GetContacts,
    /// `add_contact`, of published clients.
    AddContact {
        /// The name of the account or guest.
        user_id: String,
    },
    /// `del_contact`, of published clients.
    DelContact {
        /// The name of the account or guest.
        user_id: String,
    },
}

/// A message as published clients say it, however they spell it.
#[derive(Debug, Clone, PartialEq)]
pub struct CompatMsg {
    /// The addressee under any of its keys: a user's name, a room's with its `#`, a word for everyone, or nothing.
    pub to: Option<String>,
    /// `from` or `sender`; it may be missing or somebody else's name.
    pub from: Option<String>,
    /// The text, at most [`MESSAGE_CHARS`](crate::limits::MESSAGE_CHARS) characters.
    pub message: String,
    /// What the client said its text is; ASCII where it said nothing.
    pub encoding: Encoding,
    /// Unknown fields, to be passed on.
    pub extra: Extra,
    /// How all this was spelled.
    pub spelling: Spelling,
    /// Where there is no addressee: every text under a key that could be meant for one, with that key. Else what other keys of
    /// an addressee say. Of what is for a room, none of them may be the name of somebody: PROTOCOL.md 7.4.
    pub unclear: Vec<(String, String)>,
}

impl ClientFrame {
    /// Enters a room, whose name has its `#`.
    pub fn join(room: impl Into<String>, password: Option<Secret>) -> Self {
        let room = room.into();
        Self::Join { room, password }
    }
}

/// A client's frame with the time at which it is sent: what a [`ClientCodec`](crate::ClientCodec) encodes.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientRequest {
    /// Seconds since 1970, UTC.
    pub time: i64,
    /// What the object says besides its time.
    pub frame: ClientFrame,
}

impl ClientRequest {
    /// Appends the object and a newline. Limits are not enforced: see [`characters`](Self::characters).
    pub fn write(&self, dst: &mut BytesMut) {
        dst.reserve(document::LIKELY_BYTES);
        document::put_request(dst, self.time, &self.frame);
        dst.put_u8(b'\n');
    }

    /// The length of what [`write`](Self::write) puts, in characters as the wire counts them; a server takes
    /// at most [`OBJECT_CHARS`](crate::limits::OBJECT_CHARS).
    pub fn characters(&self) -> usize {
        let mut counter = Counter::default();
        document::put_request(&mut counter, self.time, &self.frame);
        counter.0
    }
}
