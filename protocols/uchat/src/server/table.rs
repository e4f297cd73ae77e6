//! The frames of servers, in the order of PROTOCOL.md 4 to 8. Members are read and written in the order of their row.

use super::codec::{old_messages, or_default};
use super::{Member, Message, Room, frames, read_as};
use crate::Id;
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::flavor::Flavor;
use crate::key::{Key, key_name};
use crate::number::ErrorCode;
use crate::object::Object;
use crate::request_type::RequestType;
use crate::secret::Secret;
use crate::value::{read, write};
use bytes::Bytes;
use std::borrow::Cow;

frames! {
    /// RQ_TOKEN: the client is in.
    Token {
        /// What logs in again: 64 hexadecimal digits followed by the login.
        token: Secret<Cow<'a, str>> = Token,
        /// Who the client is; in the form of [`valid_login`](crate::valid_login), or clients give up.
        login: Cow<'a, str> = Login,
        /// What the user says of itself.
        desc: Cow<'a, str> = Desc,
    }

    /// RQ_LOG_OUT: the token is dead.
    LogOut { token: Secret<Cow<'a, str>> = Token }

    /// RQ_UPD_USER_DESC: the user says this of itself now.
    DescribeUser { desc: Cow<'a, str> = Desc }

    /// RQ_ERROR_MSG: something went wrong.
    Error {
        /// What went wrong, for programs.
        code: ErrorCode = ErrorCode,
        /// What went wrong, for people. Empty where a server does not say it.
        text: Cow<'a, str> = Msg by or_default,
    }

    /// RQ_GET_ROOMS: the rooms that one is in.
    Rooms(rooms: Vec<Room<'a>> = Rooms)

    /// RQ_NEW_ROOM: the room that was made. Its type is not told.
    NewRoom(room: Room<'a>)

    /// RQ_JOIN_ROOM: the room that one joined. Its type is not told.
    JoinRoom(room: Room<'a>)

    /// RQ_DEL_ROOM: the room is gone, or one was banned from it.
    DeleteRoom { room: Id = RoomId }

    /// RQ_UPD_ROOM_NAME: the room has another name.
    RenameRoom { room: Id = RoomId, name: Cow<'a, str> = RoomName }

    /// RQ_UPD_ROOM_DESC: the room has another description.
    DescribeRoom { room: Id = RoomId, desc: Cow<'a, str> = Desc }

    /// RQ_SEARCH_CH: the rooms that were found.
    SearchRooms(rooms: Vec<Room<'a>> = Rooms)

    /// RQ_GET_MEMBERS, of type RQ_SEARCH_CH in [`Flavor::Document`]: who is in a room.
    Members { room: Id = RoomId, members: Vec<Member<'a>> = Members }

    /// RQ_MEMBER_INFO: who a user is.
    MemberInfo { login: Cow<'a, str> = Login, desc: Cow<'a, str> = Desc }

    /// RQ_NEW_MEMBER: a user became a member.
    NewMember { room: Id = RoomId, user: Id = UserId, login: Cow<'a, str> = Login }

    /// RQ_BAN_MEMBER: a member was banned.
    Ban { room: Id = RoomId, user: Id = UserId }

    /// RQ_MSG: something was said.
    Message(message: Message<'a>)

    /// RQ_EDIT_MSG: a message has another text.
    Edit {
        room: Id = RoomId,
        message: Id = MsgId,
        text: Cow<'a, str> = Msg,
        /// Its size in bytes. 0 where a server does not tell it.
        power: u64 = Power by or_default,
    }

    /// RQ_DEL_MSG: a message is gone.
    Delete { room: Id = RoomId, message: Id = MsgId }

    /// RQ_DEL_HIST: all messages of a room are gone.
    ClearHistory { room: Id = RoomId }

    /// RQ_GET_NEW_MSGS: messages newer than asked. See [`Page`](crate::Page) for long ones.
    NewMessages {
        room: Id = RoomId,
        /// The newest comes first.
        messages: Vec<Message<'a>> = Messages,
    }

    /// RQ_OLD_MSGS: messages older than asked. See [`Page`](crate::Page) for long ones.
    OldMessages {
        room: Id = RoomId,
        /// The newest comes first.
        messages: Vec<Message<'a>> = Messages by old_messages,
    }

    /// RQ_SEARCH_MSGS: the messages that were found. See [`Page`](crate::Page) for long ones.
    Search(messages: Vec<Message<'a>> = Msgs)

    /// RQ_DOWNLOAD_FILE: the file that will come after the client's RQ_READY_READ.
    Download {
        /// How many raw bytes; see [`ClientCodec::expect_raw`](crate::ClientCodec::expect_raw).
        size: u64 = Size,
        /// The name that it had when it was uploaded.
        name: Cow<'a, str> = Name,
    }

    /// RQ_READY_READ: the raw bytes of an upload may come.
    ReadyRead
}
