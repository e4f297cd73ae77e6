//! The frames of a client.

use crate::Id;
use crate::number::{MessageType, RoomType};
use crate::request::RequestType;
use crate::secret::Secret;
use bytes::Bytes;

/// What a client says.
///
/// Texts come as they are: what bounds them is in [`limits`](crate::limits). Keys that a request does not have are
/// ignored, and of those that repeat the first counts. `null` is the same as none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientFrame {
    /// RQ_LOG_IN: logs in with a password. Its `name` and `desc` mean nothing; they are written empty.
    LogIn {
        /// Who.
        login: String,
        /// "the SHA-256 of the password in 64 hexadecimal digits, computed by the client".
        pass: Secret,
    },
    /// RQ_SIGN_UP: makes an account, and logs in.
    SignUp {
        /// Who it is to be.
        login: String,
        /// As in a log in.
        pass: Secret,
        /// The name to show.
        name: String,
        /// What the user says of itself.
        desc: String,
    },
    /// RQ_TOKEN: logs in with a token.
    Token {
        /// What an earlier RQ_TOKEN told.
        token: Secret,
    },
    /// RQ_LOG_OUT: ends a token.
    LogOut {
        /// The token.
        token: Secret,
    },
    /// RQ_UPD_USER_DESC: changes what one says of oneself.
    DescribeUser {
        /// The new text.
        desc: String,
    },
    /// RQ_GET_ROOMS: asks for the rooms that one is in.
    Rooms {
        /// Those made after this time, in milliseconds.
        date: i64,
    },
    /// RQ_NEW_ROOM: makes a room. The room's type is the second `type` of the frame.
    NewRoom {
        /// Its name.
        name: String,
        /// What it is about.
        desc: String,
        /// Its type.
        kind: RoomType,
    },
    /// RQ_JOIN_ROOM: becomes a member.
    JoinRoom {
        /// The room.
        room: Id,
    },
    /// RQ_DEL_ROOM: deletes a room.
    DeleteRoom {
        /// The room.
        room: Id,
    },
    /// RQ_UPD_ROOM_NAME: changes a room's name.
    RenameRoom {
        /// The room.
        room: Id,
        /// "1–100 characters"; see [`valid_room_name`](crate::valid_room_name).
        name: String,
    },
    /// RQ_UPD_ROOM_DESC: changes a room's description.
    DescribeRoom {
        /// The room.
        room: Id,
        /// What it is about.
        desc: String,
    },
    /// RQ_SEARCH_CH: asks for rooms that one is not in.
    SearchRooms {
        /// What their names start with.
        name: String,
    },
    /// RQ_GET_MEMBERS: asks who is in a room.
    Members {
        /// The room.
        room: Id,
    },
    /// RQ_MEMBER_INFO: asks who a user is.
    MemberInfo {
        /// The user.
        user: Id,
    },
    /// RQ_BAN_MEMBER: bans a member.
    Ban {
        /// From this room.
        room: Id,
        /// The member.
        user: Id,
    },
    /// RQ_MSG: says something.
    Message {
        /// Where.
        room: Id,
        /// The text; see [`sendable_text`](crate::sendable_text).
        message: String,
        /// "msg_type (0 or 3)": any other is a [`BadFrame`](crate::BadFrame).
        kind: MessageType,
    },
    /// RQ_EDIT_MSG: changes what one said.
    Edit {
        /// Where.
        room: Id,
        /// What.
        message: Id,
        /// The new text; see [`sendable_text`](crate::sendable_text).
        text: String,
    },
    /// RQ_DEL_MSG: deletes what was said.
    Delete {
        /// Where.
        room: Id,
        /// What.
        message: Id,
    },
    /// RQ_DEL_HIST: deletes all that was said.
    ClearHistory {
        /// Where.
        room: Id,
    },
    /// RQ_GET_NEW_MSGS: asks for messages newer than a time, the newest first.
    NewMessages {
        /// Where.
        room: Id,
        /// The time, in milliseconds.
        date: i64,
        /// How many; the server gives no more than [`COUNT`](crate::limits::COUNT). More than 32 bits are read as
        /// `u32::MAX`.
        count: u32,
    },
    /// RQ_OLD_MSGS: asks for messages older than a time, the newest first.
    OldMessages {
        /// Where.
        room: Id,
        /// The time, in milliseconds.
        date: i64,
        /// How many, as in `NewMessages`.
        count: u32,
    },
    /// RQ_SEARCH_MSGS: asks for messages with some text.
    Search {
        /// Where.
        room: Id,
        /// The text.
        text: String,
    },
    /// RQ_UPLOAD_FILE: a file will come, on this connection, and become a message. It need not be logged in.
    Upload {
        /// The file's name as the client has it. It may be a path: "reduced to its last component".
        name: String,
        /// How many raw bytes will come; see [`ServerCodec::expect_raw`](crate::ServerCodec::expect_raw).
        size: u64,
        /// Where.
        room: Id,
        /// Whose.
        token: Secret,
    },
    /// RQ_DOWNLOAD_FILE: asks for a file on this connection. It need not be logged in.
    Download {
        /// Where.
        room: Id,
        /// The message that the file came with.
        message: Id,
        /// Whose.
        token: Secret,
    },
    /// RQ_READY_READ: the raw bytes of a download may come.
    ReadyRead,
    /// A piece of an upload, no frame at all: some of the raw bytes that
    /// [`ServerCodec::expect_raw`](crate::ServerCodec::expect_raw) announced.
    Raw(Bytes),
}

impl ClientFrame {
    /// The request; none for [`ClientFrame::Raw`].
    pub const fn request(&self) -> Option<RequestType> {
        Some(match self {
            Self::LogIn { .. } => RequestType::LogIn,
            Self::SignUp { .. } => RequestType::SignUp,
            Self::Token { .. } => RequestType::Token,
            Self::LogOut { .. } => RequestType::LogOut,
            Self::DescribeUser { .. } => RequestType::DescribeUser,
            Self::Rooms { .. } => RequestType::Rooms,
            Self::NewRoom { .. } => RequestType::NewRoom,
            Self::JoinRoom { .. } => RequestType::JoinRoom,
            Self::DeleteRoom { .. } => RequestType::DeleteRoom,
            Self::RenameRoom { .. } => RequestType::RenameRoom,
            Self::DescribeRoom { .. } => RequestType::DescribeRoom,
            Self::SearchRooms { .. } => RequestType::SearchRooms,
            Self::Members { .. } => RequestType::Members,
            Self::MemberInfo { .. } => RequestType::MemberInfo,
            Self::Ban { .. } => RequestType::Ban,
            Self::Message { .. } => RequestType::Message,
            Self::Edit { .. } => RequestType::Edit,
            Self::Delete { .. } => RequestType::Delete,
            Self::ClearHistory { .. } => RequestType::ClearHistory,
            Self::NewMessages { .. } => RequestType::NewMessages,
            Self::OldMessages { .. } => RequestType::OldMessages,
            Self::Search { .. } => RequestType::Search,
            Self::Upload { .. } => RequestType::Upload,
            Self::Download { .. } => RequestType::Download,
            Self::ReadyRead => RequestType::ReadyRead,
            Self::Raw(_) => return None,
        })
    }
}
