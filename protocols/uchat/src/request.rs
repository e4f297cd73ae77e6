//! The numbers of `type`, and the names that the document gives them.

use crate::number::numbered;
use std::fmt;

numbered! {
    /// What a frame asks for, answers or tells: its `type`.
    pub enum RequestType {
        /// RQ_LOG_IN: Logs in with a password.
        LogIn = 0,
        /// RQ_SIGN_UP: Makes an account, and logs in.
        SignUp = 1,
        /// RQ_TOKEN: Logs in with a token; tells a token.
        Token = 2,
        /// RQ_MSG: Says something.
        Message = 3,
        /// RQ_EDIT_MSG: Changes what was said.
        Edit = 4,
        /// RQ_DEL_MSG: Deletes what was said.
        Delete = 5,
        /// RQ_DEL_HIST: Deletes all that was said in a room.
        ClearHistory = 6,
        /// RQ_GET_NEW_MSGS: Asks for what was said after a time.
        NewMessages = 7,
        /// RQ_SEARCH_MSGS: Asks for what was said with some words.
        Search = 8,
        /// RQ_ERROR_MSG: Tells what went wrong.
        Error = 9,
        /// RQ_OLD_MSGS: Asks for what was said before a time.
        OldMessages = 10,
        /// RQ_GET_ROOMS: Asks for one's own rooms.
        Rooms = 11,
        /// RQ_NEW_ROOM: Makes a room.
        NewRoom = 12,
        /// RQ_DEL_ROOM: Deletes a room.
        DeleteRoom = 13,
        /// RQ_JOIN_ROOM: Becomes a member of a room.
        JoinRoom = 14,
        /// RQ_UPD_ROOM_NAME: Changes a room's name.
        RenameRoom = 15,
        /// RQ_UPD_ROOM_DESC: Changes a room's description.
        DescribeRoom = 16,
        /// RQ_UPD_ROOM_POWR: Nobody says this; the number is taken.
        RoomPower = 17,
        /// RQ_SEARCH_CH: Asks for rooms of some name.
        SearchRooms = 18,
        /// RQ_GET_MEMBERS: Asks for a room's members.
        Members = 19,
        /// RQ_MEMBER_INFO: Asks who a user is.
        MemberInfo = 20,
        /// RQ_NEW_MEMBER: Tells of a new member.
        NewMember = 21,
        /// RQ_BAN_MEMBER: Bans a member.
        Ban = 22,
        /// RQ_UPD_USER_DESC: Changes one's own description.
        DescribeUser = 23,
        /// RQ_UPLOAD_FILE: Announces a file to the server.
        Upload = 24,
        /// RQ_DOWNLOAD_FILE: Asks for a file; announces it.
        Download = 25,
        /// RQ_LOG_OUT: Ends a token.
        LogOut = 26,
        /// RQ_READY_READ: Asks for the raw bytes to begin.
        ReadyRead = 27,
    }
}

impl RequestType {
    /// The name in the document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LogIn => "RQ_LOG_IN",
            Self::SignUp => "RQ_SIGN_UP",
            Self::Token => "RQ_TOKEN",
            Self::Message => "RQ_MSG",
            Self::Edit => "RQ_EDIT_MSG",
            Self::Delete => "RQ_DEL_MSG",
            Self::ClearHistory => "RQ_DEL_HIST",
            Self::NewMessages => "RQ_GET_NEW_MSGS",
            Self::Search => "RQ_SEARCH_MSGS",
            Self::Error => "RQ_ERROR_MSG",
            Self::OldMessages => "RQ_OLD_MSGS",
            Self::Rooms => "RQ_GET_ROOMS",
            Self::NewRoom => "RQ_NEW_ROOM",
            Self::DeleteRoom => "RQ_DEL_ROOM",
            Self::JoinRoom => "RQ_JOIN_ROOM",
            Self::RenameRoom => "RQ_UPD_ROOM_NAME",
            Self::DescribeRoom => "RQ_UPD_ROOM_DESC",
            Self::RoomPower => "RQ_UPD_ROOM_POWR",
            Self::SearchRooms => "RQ_SEARCH_CH",
            Self::Members => "RQ_GET_MEMBERS",
            Self::MemberInfo => "RQ_MEMBER_INFO",
            Self::NewMember => "RQ_NEW_MEMBER",
            Self::Ban => "RQ_BAN_MEMBER",
            Self::DescribeUser => "RQ_UPD_USER_DESC",
            Self::Upload => "RQ_UPLOAD_FILE",
            Self::Download => "RQ_DOWNLOAD_FILE",
            Self::LogOut => "RQ_LOG_OUT",
            Self::ReadyRead => "RQ_READY_READ",
        }
    }
}

impl fmt::Display for RequestType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
