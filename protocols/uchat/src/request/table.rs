//! The requests, in the order of PROTOCOL.md 4 to 8. Members are read and written in the order of their row.

use super::value::{alone, second_type, sendable};
use super::{State, requests};
use crate::Id;
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::key::{Key, key_name};
use crate::number::{MessageType, RoomType};
use crate::object::Object;
use crate::request_type::RequestType;
use crate::secret::Secret;
use crate::value::{read, write};

requests! {
    /// RQ_LOG_IN: logs in with a password. Its `name` and `desc` mean nothing; they are written empty.
    LogIn Stranger {
        login: String = Login,
        /// The SHA-256 of the password in 64 hexadecimal digits, see [`Secret::of_password`].
        pass: Secret = Pass by alone,
    }

    /// RQ_SIGN_UP: makes an account, and logs in.
    SignUp Stranger {
        login: String = Login,
        /// As in a log in.
        pass: Secret = Pass,
        /// The name that is shown.
        name: String = Name,
        desc: String = Desc,
    }

    /// RQ_TOKEN: logs in with what an earlier RQ_TOKEN told.
    Token Stranger { token: Secret = Token }

    /// RQ_LOG_OUT: ends a token.
    LogOut LoggedIn { token: Secret = Token }

    /// RQ_UPD_USER_DESC: changes what one says of oneself.
    DescribeUser LoggedIn { desc: String = Desc }

    /// RQ_GET_ROOMS: asks for the rooms that one is in.
    Rooms LoggedIn {
        /// Those made after this time, in milliseconds.
        date: i64 = Date,
    }

    /// RQ_NEW_ROOM: makes a room.
    NewRoom LoggedIn {
        name: String = Name,
        desc: String = Desc,
        /// The second of this key in the frame: PROTOCOL.md 2.2.
        kind: RoomType = Type by second_type,
    }

    /// RQ_JOIN_ROOM: becomes a member.
    JoinRoom LoggedIn { room: Id = RoomId }

    /// RQ_DEL_ROOM: deletes a room.
    DeleteRoom LoggedIn { room: Id = RoomId }

    /// RQ_UPD_ROOM_NAME: changes a room's name.
    RenameRoom LoggedIn {
        room: Id = RoomId,
        /// What bounds it is [`valid_room_name`](crate::valid_room_name).
        name: String = RoomName,
    }

    /// RQ_UPD_ROOM_DESC: changes a room's description.
    DescribeRoom LoggedIn { room: Id = RoomId, desc: String = Desc }

    /// RQ_SEARCH_CH: asks for rooms that one is not in, by what their names start with.
    SearchRooms LoggedIn { name: String = Name }

    /// RQ_GET_MEMBERS: asks who is in a room.
    Members LoggedIn { room: Id = RoomId }

    /// RQ_MEMBER_INFO: asks who a user is.
    MemberInfo LoggedIn { user: Id = UserId }

    /// RQ_BAN_MEMBER: bans a member.
    Ban LoggedIn { room: Id = RoomId, user: Id = UserId }

    /// RQ_MSG: says something in a room.
    Message LoggedIn {
        room: Id = RoomId,
        /// What bounds it is [`sendable_text`](crate::sendable_text).
        message: String = Message,
        /// A text or a sticker: any other is a [`BadFrame`](crate::BadFrame).
        kind: MessageType = MsgType by sendable,
    }

    /// RQ_EDIT_MSG: changes what one said.
    Edit LoggedIn {
        room: Id = RoomId,
        message: Id = MsgId,
        /// The new text; what bounds it is [`sendable_text`](crate::sendable_text).
        text: String = Msg,
    }

    /// RQ_DEL_MSG: deletes what was said.
    Delete LoggedIn { room: Id = RoomId, message: Id = MsgId }

    /// RQ_DEL_HIST: deletes all that was said in a room.
    ClearHistory LoggedIn { room: Id = RoomId }

    /// RQ_GET_NEW_MSGS: asks for messages newer than a time, the newest first.
    NewMessages LoggedIn {
        /// The time, in milliseconds.
        date: i64 = Date,
        room: Id = RoomId,
        /// How many; the server gives no more than [`COUNT`](crate::limits::COUNT). More than 32 bits are read as
        /// `u32::MAX`.
        count: u32 = Count,
    }

    /// RQ_OLD_MSGS: asks for messages older than a time, the newest first.
    OldMessages LoggedIn {
        /// The time, in milliseconds.
        date: i64 = Date,
        room: Id = RoomId,
        /// How many, as in `NewMessages`.
        count: u32 = Count,
    }

    /// RQ_SEARCH_MSGS: asks for messages with some text.
    Search LoggedIn { text: String = Msg, room: Id = RoomId }

    /// RQ_UPLOAD_FILE: a file will come, on this connection, and become a message. It need not be logged in.
    Upload Stranger {
        /// The file's name as the client has it. It may be a path, of which the last component counts.
        name: String = Name,
        /// How many raw bytes will come; see [`ServerCodec::expect_raw`](crate::ServerCodec::expect_raw).
        size: u64 = Size,
        room: Id = RoomId,
        token: Secret = Token,
    }

    /// RQ_DOWNLOAD_FILE: asks for the file of a message on this connection. It need not be logged in.
    Download Stranger { room: Id = RoomId, message: Id = MsgId, token: Secret = Token }

    /// RQ_READY_READ: the raw bytes of a download may come. Elsewhere it is an error of who is logged in.
    ReadyRead LoggedIn
}
