//! The purposes to the server: PROTOCOL.md 4.2 to 4.7.

use super::{byte, requests};
use crate::answer::AnswerKind;
use crate::body::Body;
use crate::error::BadBody;
use crate::purpose::{Field, Row, Sender, State};
use crate::text::{Secret, Text};
use crate::value::{Put, Value};
use crate::writer::FrameWriter;

requests! {
    /// the API version the client speaks. It comes first, and `major` is 0: PROTOCOL.md 4.1, 4.3.
    Hello "HELLO" 0x20 0x20, Connected, Nothing { major: u8 = "major", minor: u8 = "minor" }

    /// opens a session of an account.
    LogIn "LOGIN" 0x21 0x21, Greeted, Session { login: Text = "login", password: Secret = "password" }

    /// ends the session of this connection.
    LogOff "LOGOFF" 0x22 0x22, LoggedIn, Nothing

    /// goes on with a session.
    RestoreSession "RESTORE_SESSION" 0x23 0x23, Greeted, Restored {
        session_id: i32 = "session_id", session_hash: Secret = "session_hash"
    }

    /// makes an account, without logging in.
    RegisterUser "REGISTER_USER" - 0x24, Greeted, Nothing {
        login: Text = "login", password: Secret = "password"
    }

    /// the id of a user's name.
    UserId "GET_USER_ID" 0x24 0x28, LoggedIn, UserId { name: Text = "name" }

    /// the id of a chat's name.
    ChatId "GET_CHAT_ID" 0x25 0x29, LoggedIn, ChatId { name: Text = "chat_name" }

    /// whether a chat has a password.
    ChatRequiresPassword "CHAT_REQ_PASS" 0x26 -, LoggedIn, HasPassword { chat: i32 = "chat_id" }

    /// a chat and its members.
    ChatById "GET_CHAT_BY_ID" - 0x2A, LoggedIn, Chat { chat: i32 = "chat_id" }

    /// a chat and its members.
    ChatByName "GET_CHAT_BY_NAME" - 0x2B, LoggedIn, Chat { name: Text = "chat_name" }

    /// the direct chat with a user.
    DirectById "GET_DCHAT_BY_ID" - 0x2C, LoggedIn, ChatInfo { user: i32 = "user_id" }

    /// the direct chat with a user.
    DirectByName "GET_DCHAT_BY_NAME" - 0x2D, LoggedIn, ChatInfo { name: Text = "user_name" }

    /// becomes a member of a chat.
    Join "JOIN_CHAT" 0x27 0x30, LoggedIn, Nothing {
        chat: i32 = "chat_id", password: Option<Secret> = "password"
    }

    /// is no member any more. A direct chat cannot be left.
    Leave "LEAVE_CHAT" - 0x31, LoggedIn, Nothing { chat: i32 = "chat_id" }

    /// makes a chat that anybody can find and the asker owns.
    Create "CREATE_CHAT" - 0x32, LoggedIn, ChatInfo {
        name: Text = "chat_name", password: Option<Secret> = "password"
    }

    /// the direct chat with a user, made if there is none.
    StartChat "START_CHAT" - 0x33, LoggedIn, ChatInfo { user: i32 = "user_id" }

    /// removes a chat; an administrator's request.
    Delete "DELETE_CHAT" - 0x34, LoggedIn, Nothing { chat: i32 = "chat_id" }

    /// gives a chat another unique name, if it is free; an administrator's request.
    Rename "RENAME_CHAT" - 0x35, LoggedIn, Nothing { chat: i32 = "chat_id", name: Text = "chat_name" }

    /// gives a chat another title; an administrator's request.
    SetTitle "CH_CHAT_TITLE" - 0x36, LoggedIn, Nothing { chat: i32 = "chat_id", title: Text = "title" }

    /// makes a member an administrator; an administrator's request.
    SetAdmin "SET_CHAT_ADMIN" - 0x37, LoggedIn, Nothing { chat: i32 = "chat_id", user: i32 = "user_id" }

    /// makes an administrator a member; an administrator's request.
    RemoveAdmin "REM_CHAT_ADMIN" - 0x38, LoggedIn, Nothing {
        chat: i32 = "chat_id", user: i32 = "user_id"
    }

    /// the chats of the asker.
    MyChats "GET_USR_CHATS" - 0x39, LoggedIn, Chats

    /// says something in a chat.
    Send "SEND_CHAT_MSG" 0x28 0x40, LoggedIn, Nothing { chat: i32 = "chat_id", text: Text = "text" }

    /// the messages created or updated between two times, see PROTOCOL.md 4.8.
    Messages "REQUEST_CHAT_MSG" 0x29 0x41, LoggedIn, Messages {
        chat: i32 = "chat_id", from: i64 = "from", to: Option<i64> = "to"
    }

    /// the asker has seen a chat up to a time, UNIX seconds.
    MarkSeen "MARK_SEEN" 0x2A 0x42, LoggedIn, Nothing { chat: i32 = "chat_id", time: i64 = "time" }

    /// up to when the asker has seen a chat.
    Seen "GET_SEEN" - 0x43, LoggedIn, Seen { chat: i32 = "chat_id" }

    /// hides a message from the asker alone.
    Hide "REMOVE_MSG" - 0x44, LoggedIn, Nothing { message: i32 = "message_id" }

    /// deletes a message for everybody.
    DeleteMessage "DELETE_MSG" - 0x45, LoggedIn, Nothing { message: i32 = "message_id" }

    /// the user of an id.
    UserById "GET_USR_DATA" - 0x48, LoggedIn, User { user: i32 = "user_id" }

    /// the user of a login.
    UserByName "GET_USR_DATA_NAME" - 0x49, LoggedIn, User { name: Text = "user_name" }

    /// who the asker is.
    OwnUser "GET_USR_PR_DATA" - 0x4A, LoggedIn, OwnUser

    /// the sessions of the asker.
    Sessions "GET_SESSIONS" - 0x4B, LoggedIn, Sessions
}
