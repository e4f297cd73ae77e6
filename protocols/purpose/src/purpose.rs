//! The table of purposes: each one's name in PROTOCOL.md, its byte in either revision, its body, who may send it
//! and when.
//!
//! There is one row per purpose. Those of requests stand in one list together with the frames they describe
//! ([`Request`](crate::Request)); decoding, encoding and refusing all go by these rows.
//!
//! ```
//! use tolmach_purpose::{Purpose, Revision, State};
//! use tolmach_purpose::RequestKind::Join;
//!
//! assert_eq!(Join.name(), "JOIN_CHAT");
//! assert_eq!(Join.byte(Revision::One), Some(0x27));
//! assert!(!Join.is_allowed(State::Greeted));
//! let join = Purpose::Request(Join);
//! let fields: Vec<_> = join.body(Revision::One).iter().map(|field| field.name).collect();
//! assert_eq!(fields, ["chat_id", "password"]);
//! ```

use crate::notification::NotificationKind;
use crate::request::RequestKind;
use crate::revision::Revision;

/// A request or notification was carried out.
pub const ACCEPTED: u8 = 0x00;
/// A request or notification was not carried out.
pub const DECLINED: u8 = 0x01;
/// Asks whether the other side is there; ACCEPTED has the same bytes.
pub const HEARTBEAT: u8 = 0x02;
/// Announces a close; both sides close after the ACCEPTED.
pub const DISCONNECT: u8 = 0x03;

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A request or notification was carried out.
    Accepted,
    /// A request or notification was not carried out.
    Declined,
    /// Asks whether the other side is there.
    Heartbeat,
    /// The sender wants to close.
    Disconnect,
    /// What a client asks of a server.
    Request(RequestKind),
    /// What a server tells a client.
    Notification(NotificationKind),
}

/// The state that a purpose asks of its connection, least first: PROTOCOL.md 4.1.
///
/// ```text
///            HELLO accepted          LOGIN or RESTORE_SESSION accepted
/// Connected ────────────────▶ Greeted ────────────────────────────────▶ LoggedIn
///                                ▲          LOGOFF, the session's end         │
///                                └────────────────────────────────────────────┘
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Nothing was said yet: HELLO comes first.
    Connected,
    /// HELLO was accepted; there is no session.
    Greeted,
    /// There is a session.
    LoggedIn,
}

/// Who sends a purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sender {
    /// Either side: PROTOCOL.md 3.
    Both,
    /// A client: PROTOCOL.md 4.
    Client,
    /// A server: PROTOCOL.md 5.
    Server,
}

/// A field of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name in PROTOCOL.md.
    pub name: &'static str,
    /// How it is written.
    pub layout: Layout,
    /// Whether the body may end before it.
    pub is_optional: bool,
}

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layout {
    /// One byte: a number, a truth value or a status.
    U8,
    /// Four bytes, little-endian: an id.
    I32,
    /// Eight bytes, little-endian: a time.
    I64,
    /// UTF-8 ended by one NUL.
    Text,
    /// The fields of a [`ChatInfo`](crate::ChatInfo).
    ChatInfo,
    /// As many [`ChatInfo`](crate::ChatInfo)s as there are.
    Chats,
    /// The fields of a [`UserInfo`](crate::UserInfo).
    UserInfo,
    /// As many [`UserInfo`](crate::UserInfo)s as there are.
    Users,
    /// The fields of a [`Message`](crate::Message).
    Message,
    /// As many [`Message`](crate::Message)s as there are.
    Messages,
    /// The fields of a [`SessionInfo`](crate::SessionInfo).
    SessionInfo,
    /// As many [`SessionInfo`](crate::SessionInfo)s as there are.
    Sessions,
    /// Bytes to the end, whatever they are.
    Content,
}

/// What PROTOCOL.md says of one purpose. A pair is revision 1, then revision 2.
pub(crate) struct Row {
    pub(crate) names: [&'static str; 2],
    pub(crate) bytes: [Option<u8>; 2],
    pub(crate) bodies: [&'static [Field]; 2],
    pub(crate) sender: Sender,
    pub(crate) state: State,
}

impl Row {
    const fn both(name: &'static str, byte: u8, body: &'static [Field]) -> Self {
        Self {
            names: [name; 2],
            bytes: [Some(byte); 2],
            bodies: [body; 2],
            sender: Sender::Both,
            state: State::Connected,
        }
    }
}

const fn optional(name: &'static str, layout: Layout) -> Field {
    Field {
        name,
        layout,
        is_optional: true,
    }
}

/// The rows of PROTOCOL.md 3.1.
static ACCEPTED_ROW: Row = Row::both(
    "ACCEPTED",
    ACCEPTED,
    &[optional("content", Layout::Content)],
);
static DECLINED_ROW: Row = Row::both("DECLINED", DECLINED, &[optional("reason", Layout::Text)]);
static HEARTBEAT_ROW: Row = Row::both("HEARTBEAT", HEARTBEAT, &[optional("text", Layout::Text)]);
static DISCONNECT_ROW: Row = Row::both("DISCONNECT", DISCONNECT, &[]);

impl Purpose {
    /// Every purpose, those of both ways first, then requests, then notifications.
    pub fn all() -> impl Iterator<Item = Self> {
        [
            Self::Accepted,
            Self::Declined,
            Self::Heartbeat,
            Self::Disconnect,
        ]
        .into_iter()
        .chain(RequestKind::ALL.iter().copied().map(Self::Request))
        .chain(NotificationKind::ALL.into_iter().map(Self::Notification))
    }

    /// The purpose of a byte that a client sent; `None` when the revision has none.
    pub fn to_server(revision: Revision, byte: u8) -> Option<Self> {
        Self::both_ways(byte).or_else(|| RequestKind::from_byte(revision, byte).map(Self::Request))
    }

    /// The purpose of a byte that a server sent; `None` when the revision has none.
    pub fn to_client(revision: Revision, byte: u8) -> Option<Self> {
        Self::both_ways(byte)
            .or_else(|| NotificationKind::from_byte(revision, byte).map(Self::Notification))
    }

    fn both_ways(byte: u8) -> Option<Self> {
        match byte {
            ACCEPTED => Some(Self::Accepted),
            DECLINED => Some(Self::Declined),
            HEARTBEAT => Some(Self::Heartbeat),
            DISCONNECT => Some(Self::Disconnect),
            _ => None,
        }
    }

    fn row(self) -> &'static Row {
        match self {
            Self::Accepted => &ACCEPTED_ROW,
            Self::Declined => &DECLINED_ROW,
            Self::Heartbeat => &HEARTBEAT_ROW,
            Self::Disconnect => &DISCONNECT_ROW,
            Self::Request(kind) => kind.row(),
            Self::Notification(kind) => kind.row(),
        }
    }

    /// Its name in PROTOCOL.md. A revision that lacks it calls it as the other does.
    pub fn name(self, revision: Revision) -> &'static str {
        revision.of(self.row().names)
    }

    /// Its byte; `None` when the revision lacks it.
    pub fn byte(self, revision: Revision) -> Option<u8> {
        revision.of(self.row().bytes)
    }

    /// The fields of its body, in their order.
    pub fn body(self, revision: Revision) -> &'static [Field] {
        revision.of(self.row().bodies)
    }

    /// Which side sends it.
    pub fn sender(self) -> Sender {
        self.row().sender
    }

    /// The least state in which it is allowed.
    pub fn state(self) -> State {
        self.row().state
    }
}
