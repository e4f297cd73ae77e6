//! What a server tells a client.

use crate::body::Body;
use crate::error::BadBody;
use crate::purpose::{Field, Layout, Purpose, Row, Sender, State};
use crate::revision::Revision;
use crate::structures::{ChatInfo, Message};
use crate::text::{Secret, Text};
use crate::value::{FieldText, Value};
use crate::writer::FrameWriter;

/// What a server tells a client, which answers with ACCEPTED; what DECLINED does is PROTOCOL.md 5.2 and 5.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notification<T = Text> {
    /// `MSG_NOTIFY`, `NTF_CHAT_MSG`: messages that are new, edited or deleted.
    Messages {
        /// The chat of all of them. Only revision 1 writes it; from revision 2 it is the first message's, 0 when
        /// there is none.
        chat: i32,
        /// One at least, all of the same chat.
        messages: Vec<Message<T>>,
    },
    /// `SESSION_DATA`: the session was renewed, PROTOCOL.md 5.2.
    SessionData {
        /// The id of the session.
        session_id: i32,
        /// Its new hash; the old one ends with the client's ACCEPTED.
        session_hash: Secret<T>,
    },
    /// `DEAUTH`, `DEAUTHORIZED`: the session is not valid any more.
    Deauthorized {
        /// Why. Revision 1 does not say it: empty from there.
        reason: T,
    },
    /// `NTF_JOIN_CHAT`, revision 2 only: the user joined through another connection.
    Joined(ChatInfo<T>),
    /// `NTF_LEAVE_CHAT`, revision 2 only: the user left through another connection, or was removed.
    Left(ChatInfo<T>),
}

/// Which [`Notification`] it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotificationKind {
    /// `MSG_NOTIFY`: `0x20` in revision 1; `NTF_CHAT_MSG`: `0x30` in revision 2.
    Messages,
    /// `SESSION_DATA`: `0x21` in revision 1, `0x20` in revision 2.
    SessionData,
    /// `DEAUTH`: `0x22` in revision 1; `DEAUTHORIZED`: `0x21` in revision 2.
    Deauthorized,
    /// `NTF_JOIN_CHAT`: `0x31` in revision 2.
    Joined,
    /// `NTF_LEAVE_CHAT`: `0x32` in revision 2.
    Left,
}

const fn row(
    names: [&'static str; 2],
    bytes: [Option<u8>; 2],
    bodies: [&'static [Field]; 2],
) -> Row {
    Row {
        names,
        bytes,
        bodies,
        sender: Sender::Server,
        state: State::LoggedIn,
    }
}

const fn field(name: &'static str, layout: Layout) -> Field {
    Field {
        name,
        layout,
        is_optional: false,
    }
}

const MESSAGES: Field = field("messages", Layout::Messages);
const SESSION: &[Field] = &[
    field("session_id", Layout::I32),
    field("session_hash", Layout::Text),
];
const CHAT: &[Field] = &[field("chat", Layout::ChatInfo)];

impl NotificationKind {
    /// Every kind, in the order of PROTOCOL.md.
    pub const ALL: [Self; 5] = [
        Self::Messages,
        Self::SessionData,
        Self::Deauthorized,
        Self::Joined,
        Self::Left,
    ];

    /// Its row of PROTOCOL.md 5.1.
    pub(crate) fn row(self) -> &'static Row {
        static MESSAGES_ROW: Row = row(
            ["MSG_NOTIFY", "NTF_CHAT_MSG"],
            [Some(0x20), Some(0x30)],
            [&[field("chat_id", Layout::I32), MESSAGES], &[MESSAGES]],
        );
        static SESSION_DATA: Row = row(["SESSION_DATA"; 2], [Some(0x21), Some(0x20)], [SESSION; 2]);
        static DEAUTHORIZED: Row = row(
            ["DEAUTH", "DEAUTHORIZED"],
            [Some(0x22), Some(0x21)],
            [&[], &[field("reason", Layout::Text)]],
        );
        static JOINED: Row = row(["NTF_JOIN_CHAT"; 2], [None, Some(0x31)], [CHAT; 2]);
        static LEFT: Row = row(["NTF_LEAVE_CHAT"; 2], [None, Some(0x32)], [CHAT; 2]);
        match self {
            Self::Messages => &MESSAGES_ROW,
            Self::SessionData => &SESSION_DATA,
            Self::Deauthorized => &DEAUTHORIZED,
            Self::Joined => &JOINED,
            Self::Left => &LEFT,
        }
    }

    /// The notification of a purpose byte; `None` when the revision has none.
    pub fn from_byte(revision: Revision, byte: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.byte(revision) == Some(byte))
    }

    /// Its name in PROTOCOL.md.
    pub fn name(self, revision: Revision) -> &'static str {
        Purpose::Notification(self).name(revision)
    }

    /// Its byte; `None` when the revision lacks it.
    pub fn byte(self, revision: Revision) -> Option<u8> {
        Purpose::Notification(self).byte(revision)
    }
}

impl<T> Notification<T> {
    /// Which notification it is.
    pub fn kind(&self) -> NotificationKind {
        match self {
            Self::Messages { .. } => NotificationKind::Messages,
            Self::SessionData { .. } => NotificationKind::SessionData,
            Self::Deauthorized { .. } => NotificationKind::Deauthorized,
            Self::Joined(_) => NotificationKind::Joined,
            Self::Left(_) => NotificationKind::Left,
        }
    }
}

impl<T: FieldText> Notification<T> {
    pub(crate) fn write_body(&self, revision: Revision, frame: &mut FrameWriter<'_>) {
        match self {
            Self::Messages { chat, messages } => {
                if revision == Revision::One {
                    frame.i32(*chat);
                }
                for message in messages {
                    frame.message(message);
                }
            }
            Self::SessionData {
                session_id,
                session_hash,
            } => {
                frame.i32(*session_id).text(session_hash);
            }
            Self::Deauthorized { .. } if revision == Revision::One => {}
            Self::Deauthorized { reason } => {
                frame.text(reason);
            }
            Self::Joined(chat) | Self::Left(chat) => {
                frame.chat(chat);
            }
        }
    }
}

impl Notification {
    /// Reads a body, without looking what is behind its last field.
    pub(crate) fn read(
        kind: NotificationKind,
        revision: Revision,
        body: &mut Body,
    ) -> Result<Self, BadBody> {
        match kind {
            NotificationKind::Messages => Self::read_messages(revision, body),
            NotificationKind::SessionData => Ok(Self::SessionData {
                session_id: body.i32("session_id")?,
                session_hash: body.secret("session_hash")?,
            }),
            NotificationKind::Deauthorized => Ok(Self::Deauthorized {
                reason: match revision {
                    Revision::One => Text::default(),
                    Revision::Two => body.text("reason")?,
                },
            }),
            NotificationKind::Joined => ChatInfo::read(body, "chat").map(Self::Joined),
            NotificationKind::Left => ChatInfo::read(body, "chat").map(Self::Left),
        }
    }

    /// Only revision 1 has the chat's id in front: PROTOCOL.md 5.1.
    fn read_messages(revision: Revision, body: &mut Body) -> Result<Self, BadBody> {
        let chat = match revision {
            Revision::One => Some(body.i32("chat_id")?),
            Revision::Two => None,
        };
        let messages = Vec::<Message>::read(body, "messages")?;
        let first = messages.first().map(|message| message.chat_id);
        Ok(Self::Messages {
            chat: chat.or(first).unwrap_or_default(),
            messages,
        })
    }
}
