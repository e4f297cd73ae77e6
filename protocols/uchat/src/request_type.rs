//! The numbers of `type`, and the names that the document gives them.

use crate::number::numbered;
use std::fmt;

/// Each entry: what it asks for; `Variant = number, "RQ_NAME"`.
macro_rules! request_types {
    ($($(#[doc = $doc:literal])* $kind:ident = $number:literal, $name:literal;)+) => {
        numbered! {
            /// What a frame asks for, answers or tells: its `type`.
            pub enum RequestType {
                $(#[doc = concat!($name, ":")] $(#[doc = $doc])* $kind = $number,)+
            }
        }

        impl RequestType {
            /// The name in the document.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }
    };
}

request_types! {
    /// logs in with a password.
    LogIn = 0, "RQ_LOG_IN";
    /// makes an account, and logs in.
    SignUp = 1, "RQ_SIGN_UP";
    /// logs in with a token; tells a token.
    Token = 2, "RQ_TOKEN";
    /// says something in a room.
    Message = 3, "RQ_MSG";
    /// changes what was said.
    Edit = 4, "RQ_EDIT_MSG";
    /// deletes what was said.
    Delete = 5, "RQ_DEL_MSG";
    /// deletes all that was said in a room.
    ClearHistory = 6, "RQ_DEL_HIST";
    /// asks for what was said after a time.
    NewMessages = 7, "RQ_GET_NEW_MSGS";
    /// asks for what was said with some words.
    Search = 8, "RQ_SEARCH_MSGS";
    /// tells what went wrong.
    Error = 9, "RQ_ERROR_MSG";
    /// asks for what was said before a time.
    OldMessages = 10, "RQ_OLD_MSGS";
    /// asks for one's own rooms.
    Rooms = 11, "RQ_GET_ROOMS";
    /// makes a room, which the asker owns.
    NewRoom = 12, "RQ_NEW_ROOM";
    /// deletes a room for everybody.
    DeleteRoom = 13, "RQ_DEL_ROOM";
    /// becomes a member of a room.
    JoinRoom = 14, "RQ_JOIN_ROOM";
    /// changes a room's name.
    RenameRoom = 15, "RQ_UPD_ROOM_NAME";
    /// changes a room's description.
    DescribeRoom = 16, "RQ_UPD_ROOM_DESC";
    /// nobody says this; the number is taken.
    RoomPower = 17, "RQ_UPD_ROOM_POWR";
    /// asks for rooms of some name.
    SearchRooms = 18, "RQ_SEARCH_CH";
    /// asks for a room's members.
    Members = 19, "RQ_GET_MEMBERS";
    /// asks who a user is.
    MemberInfo = 20, "RQ_MEMBER_INFO";
    /// tells of a new member.
    NewMember = 21, "RQ_NEW_MEMBER";
    /// bans a member from a room.
    Ban = 22, "RQ_BAN_MEMBER";
    /// changes one's own description.
    DescribeUser = 23, "RQ_UPD_USER_DESC";
    /// announces a file to the server.
    Upload = 24, "RQ_UPLOAD_FILE";
    /// asks for a file; announces it.
    Download = 25, "RQ_DOWNLOAD_FILE";
    /// ends a token.
    LogOut = 26, "RQ_LOG_OUT";
    /// asks for the raw bytes to begin.
    ReadyRead = 27, "RQ_READY_READ";
}

impl fmt::Display for RequestType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
