//! The durable changes, as data.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{RoomRow, UserRow};
use crate::model::{
    FileInfo, Membership, Message, MessageId, MessageKind, Origin, Role, RoomId, RoomKind,
    RoomSelector, Seq, Timestamp, TokenId, TokenInfo, TokenKind, UserId,
};

/// On whose behalf a change is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    /// A user; the rules hold.
    User(UserId),
    /// The command line or the gateway itself; may do all.
    Operator,
}

/// A durable change that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// On whose behalf.
    pub actor: Actor,
    /// The session that asked, if one did.
    pub origin: Option<Origin>,
    /// The time of asking.
    pub at: Timestamp,
    /// What is asked.
    pub change: Change,
}

/// A token to be kept: only the SHA-256 of its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    /// SHA-256 of the text.
    pub hash: [u8; 32],
    /// Where it comes from.
    pub kind: TokenKind,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// To this room.
    Room(RoomId),
    /// To the direct room with this user, made if absent.
    Direct(UserId),
}

/// The kinds of change. Texts are already clean, names already checked, passwords already hashed; what depends
/// on what is stored is decided in the transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Makes an account. → [`Outcome::User`]
    AddAccount {
        /// As shown.
        login: String,
        /// As compared.
        folded: String,
        /// Display name.
        name: String,
        /// Free text.
        description: String,
        /// Argon2id, PHC string form.
        password: String,
    },
    /// Makes a guest, and opens its session in the same moment. → [`Outcome::Opened`]
    AddGuest {
        /// As shown.
        login: String,
        /// As compared.
        folded: String,
    },
    /// A guest becomes absent: its memberships end and its name is free. → [`Outcome::Done`]
    EndGuest {
        /// Who.
        user: UserId,
    },
    /// All guests are absent: the process that held them is gone. → [`Outcome::Done`]
    EndAllGuests,
    /// A session opens. → [`Outcome::Opened`], the memberships at exactly this place in the order of changes.
    OpenSession {
        /// Whose.
        user: UserId,
        /// The stored password that was checked: it must still be the one.
        password: Option<String>,
        /// The token that opened it: it must still be there.
        by: Option<TokenId>,
        /// A token to make for it.
        token: Option<NewToken>,
        /// From where.
        address: String,
    },
    /// A token was in use until now (its connection closed). → [`Outcome::Done`]
    TouchToken {
        /// Which.
        id: TokenId,
    },
    /// Removes tokens unused since then. → [`Outcome::Done`]
    ExpireTokens {
        /// Session tokens last used before this are gone.
        before: Timestamp,
    },
    /// Gives an account another password. → [`Outcome::User`]
    SetPassword {
        /// Whose.
        user: UserId,
        /// Argon2id, PHC string form.
        password: String,
    },
    /// Switches an account off or on. → [`Outcome::User`]
    SetDisabled {
        /// Whose.
        user: UserId,
        /// Off.
        disabled: bool,
    },
    /// Ends an account. → [`Outcome::User`]
    RemoveUser {
        /// Whose.
        user: UserId,
    },
    /// Gives the actor another description. → [`Outcome::User`]
    DescribeUser {
        /// Free text.
        description: String,
    },
    /// Puts somebody on the actor's contact list. → [`Outcome::Done`]
    AddContact {
        /// Whom.
        contact: UserId,
    },
    /// Takes somebody from the actor's contact list. → [`Outcome::Done`]
    RemoveContact {
        /// Whom.
        contact: UserId,
    },
    /// Keeps a token. → [`Outcome::Token`]
    AddToken {
        /// Whose.
        user: UserId,
        /// The token.
        token: NewToken,
    },
    /// Keeps another token of the actor, if the one it is to take the place of still holds. → [`Outcome::Token`]
    RenewToken {
        /// The one that holds, of kind session.
        by: TokenId,
        /// The new one.
        token: NewToken,
    },
    /// Ends a token of the actor, if the one that takes its place holds. → [`Outcome::Done`]
    ReplaceToken {
        /// What ends.
        old: TokenId,
        /// What goes on.
        new: TokenId,
    },
    /// Ends a token, or all of a user. → [`Outcome::Tokens`], those that ended
    RemoveTokens {
        /// Whose.
        user: UserId,
        /// That one; else all.
        id: Option<TokenId>,
    },
    /// Says something. → [`Outcome::Message`]
    Post {
        /// Where.
        place: Place,
        /// Text, emote, sticker or file.
        kind: MessageKind,
        /// Clean.
        text: String,
        /// What it answers.
        reply_to: Option<MessageId>,
        /// For a file.
        file: Option<FileInfo>,
        /// The sender's dialect's own.
        extra: String,
    },
    /// Gives a message another text. → [`Outcome::Message`]
    Edit {
        /// Which.
        message: MessageId,
        /// Clean.
        text: String,
    },
    /// Deletes a message for everyone. → [`Outcome::Message`]
    Delete {
        /// Which.
        message: MessageId,
    },
    /// Hides a message from the actor. → [`Outcome::Done`]
    Hide {
        /// Which.
        message: MessageId,
    },
    /// Hides all that was said until now from everyone. → [`Outcome::Done`]
    ClearHistory {
        /// Where.
        room: RoomId,
    },
    /// Says up to when the actor has seen the room. → [`Outcome::Done`]
    MarkSeen {
        /// Which.
        room: RoomId,
        /// Up to when; earlier than before changes nothing.
        at: Timestamp,
    },
    /// Makes a room. → [`Outcome::Room`]
    CreateRoom {
        /// Checked; empty: made from the title, with `-2`, `-3`… when taken.
        name: String,
        /// Empty: the name.
        title: String,
        /// Free text.
        description: String,
        /// Public or private.
        kind: RoomKind,
        /// Argon2id, PHC string form.
        password: Option<String>,
        /// The actor owns it (accounts only).
        owned: bool,
    },
    /// Makes the actor a member of a room. → [`Outcome::Room`]
    Enter {
        /// Which.
        room: RoomSelector,
        /// The stored password that was checked against what the actor gave.
        password: Option<String>,
        /// The id alone is enough for a private room: the session got it for the exact name.
        known: bool,
        /// Makes a public room of the selector's name where there is none.
        create: bool,
    },
    /// Ends the actor's membership. → [`Outcome::Room`]
    Leave {
        /// Which.
        room: RoomId,
    },
    /// The direct room with a user, made if absent. → [`Outcome::Room`]
    OpenDirect {
        /// The other.
        user: UserId,
    },
    /// Ends a room. → [`Outcome::Done`]
    DeleteRoom {
        /// Which.
        room: RoomId,
    },
    /// Another name. → [`Outcome::Room`]
    RenameRoom {
        /// Which.
        room: RoomId,
        /// Checked.
        name: String,
    },
    /// Another title. → [`Outcome::Room`]
    SetTitle {
        /// Which.
        room: RoomId,
        /// Checked.
        title: String,
    },
    /// Another description. → [`Outcome::Room`]
    SetDescription {
        /// Which.
        room: RoomId,
        /// Free text.
        description: String,
    },
    /// Another password, or none. → [`Outcome::Room`]
    SetRoomPassword {
        /// Which.
        room: RoomId,
        /// Argon2id, PHC string form.
        password: Option<String>,
    },
    /// Private or public. → [`Outcome::Room`]
    SetPrivate {
        /// Which.
        room: RoomId,
        /// Which of the two.
        private: bool,
    },
    /// Makes somebody a member. → [`Outcome::Done`]
    AddMember {
        /// Which room.
        room: RoomId,
        /// Who.
        user: UserId,
    },
    /// Ends somebody's membership. → [`Outcome::Done`]
    RemoveMember {
        /// Which room.
        room: RoomId,
        /// Who.
        user: UserId,
    },
    /// Bans somebody. → [`Outcome::Done`]
    Ban {
        /// Which room.
        room: RoomId,
        /// Who.
        user: UserId,
    },
    /// Lifts a ban. → [`Outcome::Done`]
    Unban {
        /// Which room.
        room: RoomId,
        /// Who.
        user: UserId,
    },
    /// Gives a member another role. → [`Outcome::Done`]
    SetRole {
        /// Which room.
        room: RoomId,
        /// Who.
        user: UserId,
        /// Not [`Role::Banned`].
        role: Role,
    },
}

/// What came of a change that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done; there is nothing to say.
    Done,
    /// The user as it is now.
    User(Arc<UserRow>),
    /// A session may open.
    Opened {
        /// Whose.
        user: Arc<UserRow>,
        /// Where the user is a member (not banned), direct rooms included.
        rooms: Vec<(Arc<RoomRow>, Membership)>,
        /// The token made for the session.
        token: Option<TokenId>,
    },
    /// The message as it is now.
    Message(Arc<Message>),
    /// The room as it is now.
    Room {
        /// The room.
        room: Arc<RoomRow>,
        /// It was made by this change.
        created: bool,
        /// The room's last change, this one's included.
        seq: Seq,
    },
    /// The token that was kept.
    Token(TokenInfo),
    /// The tokens that ended.
    Tokens(Vec<TokenId>),
}
