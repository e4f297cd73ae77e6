//! The frames of a server.

use super::{Member, Message, Room};
use crate::Id;
use crate::number::ErrorCode;
use crate::request::RequestType;
use crate::secret::Secret;
use bytes::Bytes;
use std::borrow::Cow;

/// What a server says. Texts may be borrowed; those that a [`ClientCodec`](crate::ClientCodec) read are owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerFrame<'a> {
    /// RQ_TOKEN: the client is in.
    Token {
        /// "64 hexadecimal digits followed by the login".
        token: Secret<Cow<'a, str>>,
        /// Who the client is; in the form of [`valid_login`](crate::valid_login), or clients give up.
        login: Cow<'a, str>,
        /// What the user says of itself.
        desc: Cow<'a, str>,
    },
    /// RQ_LOG_OUT: the token is dead.
    LogOut {
        /// The token.
        token: Secret<Cow<'a, str>>,
    },
    /// RQ_UPD_USER_DESC: the user says this of itself now.
    DescribeUser {
        /// The text.
        desc: Cow<'a, str>,
    },
    /// RQ_ERROR_MSG: something went wrong.
    Error {
        /// What, for programs.
        code: ErrorCode,
        /// What, for people: `msg`. Empty where a server sends none.
        text: Cow<'a, str>,
    },
    /// RQ_GET_ROOMS: the rooms that one is in.
    Rooms(Vec<Room<'a>>),
    /// RQ_NEW_ROOM: the room that was made. Its type is not told.
    NewRoom(Room<'a>),
    /// RQ_JOIN_ROOM: the room that one joined. Its type is not told.
    JoinRoom(Room<'a>),
    /// RQ_DEL_ROOM: the room is gone, or one was banned from it.
    DeleteRoom {
        /// The room.
        room: Id,
    },
    /// RQ_UPD_ROOM_NAME: the room has another name.
    RenameRoom {
        /// The room.
        room: Id,
        /// The name.
        name: Cow<'a, str>,
    },
    /// RQ_UPD_ROOM_DESC: the room has another description.
    DescribeRoom {
        /// The room.
        room: Id,
        /// The description.
        desc: Cow<'a, str>,
    },
    /// RQ_SEARCH_CH: the rooms that were found.
    SearchRooms(Vec<Room<'a>>),
    /// RQ_GET_MEMBERS, of type RQ_SEARCH_CH in [`Flavor::Document`](crate::Flavor::Document): who is in a room.
    Members {
        /// The room.
        room: Id,
        /// The members.
        members: Vec<Member<'a>>,
    },
    /// RQ_MEMBER_INFO: who a user is.
    MemberInfo {
        /// The user's login.
        login: Cow<'a, str>,
        /// What the user says of itself.
        desc: Cow<'a, str>,
    },
    /// RQ_NEW_MEMBER: a user became a member.
    NewMember {
        /// Of this room.
        room: Id,
        /// The user.
        user: Id,
        /// The user's login.
        login: Cow<'a, str>,
    },
    /// RQ_BAN_MEMBER: a member was banned.
    Ban {
        /// From this room.
        room: Id,
        /// The member.
        user: Id,
    },
    /// RQ_MSG: something was said.
    Message(Message<'a>),
    /// RQ_EDIT_MSG: a message has another text.
    Edit {
        /// Where.
        room: Id,
        /// Which message.
        message: Id,
        /// The text.
        text: Cow<'a, str>,
        /// Its size in bytes. 0 where a server does not tell it.
        power: u64,
    },
    /// RQ_DEL_MSG: a message is gone.
    Delete {
        /// Where.
        room: Id,
        /// Which message.
        message: Id,
    },
    /// RQ_DEL_HIST: all messages are gone.
    ClearHistory {
        /// Where.
        room: Id,
    },
    /// RQ_GET_NEW_MSGS: messages newer than asked. See [`Page`](crate::Page) for long ones.
    NewMessages {
        /// Where.
        room: Id,
        /// The newest first.
        messages: Vec<Message<'a>>,
    },
    /// RQ_OLD_MSGS: messages older than asked. See [`Page`](crate::Page) for long ones.
    OldMessages {
        /// Where.
        room: Id,
        /// The newest first.
        messages: Vec<Message<'a>>,
    },
    /// RQ_SEARCH_MSGS: the messages that were found. See [`Page`](crate::Page) for long ones.
    Search(Vec<Message<'a>>),
    /// RQ_DOWNLOAD_FILE: the file that will come after the client's RQ_READY_READ.
    Download {
        /// How many raw bytes; see [`ClientCodec::expect_raw`](crate::ClientCodec::expect_raw).
        size: u64,
        /// The name that it had when it was uploaded.
        name: Cow<'a, str>,
    },
    /// RQ_READY_READ: the raw bytes of an upload may come.
    ReadyRead,
    /// A piece of a download, no frame at all: some of the raw bytes that
    /// [`ClientCodec::expect_raw`](crate::ClientCodec::expect_raw) announced.
    Raw(Bytes),
}

impl ServerFrame<'_> {
    /// What the frame answers or tells, whatever the flavor writes as its type; none for [`ServerFrame::Raw`].
    pub const fn request(&self) -> Option<RequestType> {
        Some(match self {
            Self::Token { .. } => RequestType::Token,
            Self::LogOut { .. } => RequestType::LogOut,
            Self::DescribeUser { .. } => RequestType::DescribeUser,
            Self::Error { .. } => RequestType::Error,
            Self::Rooms(_) => RequestType::Rooms,
            Self::NewRoom(_) => RequestType::NewRoom,
            Self::JoinRoom(_) => RequestType::JoinRoom,
            Self::DeleteRoom { .. } => RequestType::DeleteRoom,
            Self::RenameRoom { .. } => RequestType::RenameRoom,
            Self::DescribeRoom { .. } => RequestType::DescribeRoom,
            Self::SearchRooms(_) => RequestType::SearchRooms,
            Self::Members { .. } => RequestType::Members,
            Self::MemberInfo { .. } => RequestType::MemberInfo,
            Self::NewMember { .. } => RequestType::NewMember,
            Self::Ban { .. } => RequestType::Ban,
            Self::Message(_) => RequestType::Message,
            Self::Edit { .. } => RequestType::Edit,
            Self::Delete { .. } => RequestType::Delete,
            Self::ClearHistory { .. } => RequestType::ClearHistory,
            Self::NewMessages { .. } => RequestType::NewMessages,
            Self::OldMessages { .. } => RequestType::OldMessages,
            Self::Search(_) => RequestType::Search,
            Self::Download { .. } => RequestType::Download,
            Self::ReadyRead => RequestType::ReadyRead,
            Self::Raw(_) => return None,
        })
    }
}
