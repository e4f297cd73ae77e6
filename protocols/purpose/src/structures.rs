//! What bodies are made of: messages, chats, users, sessions: PROTOCOL.md 6.

use crate::body::Body;
use crate::error::BadBody;
use crate::text::Text;
use crate::writer::{FrameWriter, text_len};
use std::net::Ipv4Addr;

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Status {
    /// Nobody but its author is known to have seen it.
    Sent = 0,
    /// A member other than its author has seen the chat up to it: PROTOCOL.md 6.1.
    Seen = 1,
    /// It is gone; its text is empty.
    Deleted = 2,
}

impl Status {
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        [Self::Sent, Self::Seen, Self::Deleted]
            .into_iter()
            .find(|status| *status as u8 == byte)
    }
}

/// A message of a chat: PROTOCOL.md 6.1. An edited one comes again with its id and a newer `updated`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<T = Text> {
    /// Its id.
    pub id: i32,
    /// Its author's user id.
    pub sender_id: i32,
    /// The chat it was said in.
    pub chat_id: i32,
    /// When it was said, UNIX seconds.
    pub created: i64,
    /// When it last changed, UNIX seconds.
    pub updated: i64,
    /// How far it has come.
    pub status: Status,
    /// What was said.
    pub text: T,
}

impl<T: AsRef<str>> Message<T> {
    /// Its length on the wire, in bytes.
    pub fn encoded_len(&self) -> usize {
        3 * 4 + 2 * 8 + 1 + text_len(self.text.as_ref())
    }

    pub(crate) fn write(&self, frame: &mut FrameWriter<'_>) {
        frame.i32(self.id).i32(self.sender_id).i32(self.chat_id);
        frame.i64(self.created).i64(self.updated);
        frame.u8(self.status as u8).text(&self.text);
    }
}

impl Message {
    pub(crate) fn read(body: &mut Body) -> Result<Self, BadBody> {
        Ok(Self {
            id: body.i32("id")?,
            sender_id: body.i32("sender_id")?,
            chat_id: body.i32("chat_id")?,
            created: body.i64("created")?,
            updated: body.i64("updated")?,
            status: body.status("status")?,
            text: body.text("text")?,
        })
    }
}

/// A chat as one user sees it: PROTOCOL.md 6.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatInfo<T = Text> {
    /// Its id.
    pub id: i32,
    /// The title that is shown.
    pub title: T,
    /// Whether it is between two users.
    pub is_direct: bool,
    /// When it last changed, UNIX seconds.
    pub updated: i64,
    /// Its unique name.
    pub nickname: T,
    /// Whether one needs a password to join it.
    pub has_password: bool,
}

impl<T: AsRef<str>> ChatInfo<T> {
    pub(crate) fn write(&self, frame: &mut FrameWriter<'_>) {
        frame.i32(self.id).text(&self.title).bool(self.is_direct);
        frame.i64(self.updated).text(&self.nickname);
        frame.bool(self.has_password);
    }
}

impl ChatInfo {
    pub(crate) fn read(body: &mut Body) -> Result<Self, BadBody> {
        Ok(Self {
            id: body.i32("id")?,
            title: body.text("title")?,
            is_direct: body.bool("is_direct")?,
            updated: body.i64("updated")?,
            nickname: body.text("nickname")?,
            has_password: body.bool("has_password")?,
        })
    }
}

/// A user: PROTOCOL.md 6.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserInfo<T = Text> {
    /// The user's id.
    pub id: i32,
    /// The name that is shown.
    pub name: T,
    /// The unique name, which is the login.
    pub nickname: T,
}

impl<T: AsRef<str>> UserInfo<T> {
    pub(crate) fn write(&self, frame: &mut FrameWriter<'_>) {
        frame.i32(self.id).text(&self.name).text(&self.nickname);
    }
}

impl UserInfo {
    pub(crate) fn read(body: &mut Body) -> Result<Self, BadBody> {
        Ok(Self {
            id: body.i32("id")?,
            name: body.text("name")?,
            nickname: body.text("nickname")?,
        })
    }
}

/// A session of a user: PROTOCOL.md 6.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionInfo {
    /// Its id.
    pub id: i32,
    /// Where it is used from, see [`ipv4_of`](Self::ipv4_of); 0 when that is not an IPv4 address.
    pub ipv4: i32,
    /// When it was last used, UNIX seconds.
    pub last_activity: i64,
    /// Whose it is.
    pub user_id: i32,
}

impl SessionInfo {
    /// An address as [`ipv4`](Self::ipv4) holds it: the four bytes on the wire are the address's, in its order.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    /// use tolmach_purpose::SessionInfo;
    ///
    /// let ipv4 = SessionInfo::ipv4_of(Ipv4Addr::new(192, 168, 0, 1));
    /// assert_eq!(ipv4.to_le_bytes(), [192, 168, 0, 1]);
    /// ```
    pub fn ipv4_of(address: Ipv4Addr) -> i32 {
        i32::from_le_bytes(address.octets())
    }

    /// The address, unless it is 0.
    pub fn address(&self) -> Option<Ipv4Addr> {
        (self.ipv4 != 0).then(|| Ipv4Addr::from(self.ipv4.to_le_bytes()))
    }

    pub(crate) fn write(&self, frame: &mut FrameWriter<'_>) {
        frame.i32(self.id).i32(self.ipv4);
        frame.i64(self.last_activity).i32(self.user_id);
    }

    pub(crate) fn read(body: &mut Body) -> Result<Self, BadBody> {
        Ok(Self {
            id: body.i32("id")?,
            ipv4: body.i32("ipv4")?,
            last_activity: body.i64("last_activity")?,
            user_id: body.i32("user_id")?,
        })
    }
}
