//! What sessions and operators ask of the hub, and what they get back.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    FileInfo, Membership, Message, MessageId, MessageKind, Present, Role, Room, RoomId, RoomKind,
    SeenMarks, Seq, SessionId, Timestamp, TokenId, User, UserId, UserRef,
};

/// A password, or its lower-case hexadecimal SHA-256, whichever the dialect sends.
///
/// Its `Debug` shows neither.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Secret {
    /// The password itself.
    Password(String),
    /// 64 hexadecimal digits.
    Sha256(String),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Which user is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserSelector {
    /// By number.
    Id(UserId),
    /// By login, without regard to case.
    Login(String),
}

/// Which room is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomSelector {
    /// By number.
    Id(RoomId),
    /// By name, without regard to case.
    Name(String),
    /// By a name of digits, else the public room with that number.
    NameOrPublicId(String),
    /// The direct room of two users.
    Direct(String, String),
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// To a room's members.
    Room(RoomSelector),
    /// To one user, by way of the direct room of the two.
    User(UserSelector),
}

/// What becomes of a private message whose recipient has no open session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Offline {
    /// [`Error::RecipientOffline`](super::Error::RecipientOffline), and nothing is stored.
    Refuse,
    /// It is stored: the sender's dialect has a history to show it in.
    Store,
}

/// A message that somebody wants to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Where it goes.
    pub to: Target,
    /// Text, emote, sticker or file.
    pub kind: MessageKind,
    /// As written; the hub makes it clean.
    pub text: String,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// For [`MessageKind::File`].
    pub file: Option<FileInfo>,
    /// Fields of the sender's dialect that the model has no place for.
    pub extra: String,
    /// For a private message to somebody who is offline.
    pub offline: Offline,
}

impl Draft {
    /// A text, or an emote where it begins with `/me `.
    #[must_use]
    pub fn text(to: Target, text: impl Into<String>) -> Self {
        let text = text.into();
        let (kind, text) = match text.strip_prefix("/me ") {
            Some(action) => (MessageKind::Emote, action.to_owned()),
            None => (MessageKind::Text, text),
        };
        Self {
            to,
            kind,
            text,
            reply_to: None,
            file: None,
            extra: String::new(),
            offline: Offline::Refuse,
        }
    }
}

/// In which order a history comes, and from which end the limit takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HistoryOrder {
    /// Oldest first.
    Oldest,
    /// Newest first.
    Newest,
}

/// Which messages of a room are wanted. All bounds that are given hold together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryQuery {
    /// The room.
    pub room: RoomSelector,
    /// Only messages with a greater id.
    pub after: Option<MessageId>,
    /// Only messages with a smaller id.
    pub before: Option<MessageId>,
    /// Only messages created at this time or later.
    pub from: Option<Timestamp>,
    /// Only messages created at this time or earlier.
    pub to: Option<Timestamp>,
    /// Only messages whose place in the room is this or an earlier one.
    pub upto: Option<Seq>,
    /// `from` and `to` also hold a message that was edited or deleted between them.
    pub touched: bool,
    /// The order of the answer; the limit takes from its beginning.
    pub order: HistoryOrder,
    /// Most messages in the answer.
    pub limit: usize,
    /// The answer grows past `limit` so that it does not end between messages of one `created`.
    pub whole_times: bool,
}

impl HistoryQuery {
    /// The whole history of a room, oldest first, at most `limit` messages after `after`.
    #[must_use]
    pub fn page(room: RoomSelector, after: Option<MessageId>, limit: usize) -> Self {
        Self {
            room,
            after,
            before: None,
            from: None,
            to: None,
            upto: None,
            touched: false,
            order: HistoryOrder::Oldest,
            limit,
            whole_times: false,
        }
    }
}

/// What becomes of the token that opened a session when that logs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenEnd {
    /// It stays.
    Never,
    /// It ends where a login made it; one that was made to be kept stays.
    IfOfLogin,
    /// It ends.
    Always,
}

/// Anything that can be asked of the hub. Each has one outcome: a [`Reply`] or an [`Error`](super::Error).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    // Who one is.
    /// Makes an account. A guest who registers under its own name becomes the account and keeps its id.
    /// → [`Reply::User`]
    Register {
        /// The login, as it is to be shown.
        login: String,
        /// Its password.
        secret: Secret,
        /// The display name; empty: the login.
        name: String,
        /// Free text.
        description: String,
    },
    /// Opens a session of an account. → [`Reply::Welcome`]
    LogIn {
        /// The account.
        login: String,
        /// Its password.
        secret: Secret,
        /// A session token is wanted.
        token: bool,
    },
    /// Opens a session by a token. → [`Reply::Welcome`]
    LogInToken {
        /// The token's text.
        token: String,
        /// Its number, where the client tells that too: another's is not let in.
        id: Option<TokenId>,
    },
    /// Says who one is by a token, without opening a session: to hand in or fetch a file. → [`Reply::User`]
    Identify {
        /// The token's text.
        token: String,
    },
    /// Makes a second session token for this session; the one that it was opened by holds until
    /// [`Command::UseToken`]. → [`Reply::Token`]
    RenewToken,
    /// The session, and all others that were opened by the same token, are held by this one from now on; that token
    /// ends. → [`Reply::Done`]
    UseToken {
        /// What [`Command::RenewToken`] gave.
        id: TokenId,
        /// Whose place it takes.
        old: TokenId,
    },
    /// Opens a session of a new guest. → [`Reply::Welcome`]
    LogInGuest {
        /// The guest's name.
        name: String,
    },
    /// Ends the session with its dialect's farewell: the user is absent at once. → [`Reply::Done`]
    LogOut {
        /// Whether the token that opened the session ends too, and with it the other sessions of that token.
        token: TokenEnd,
    },

    // Being there.
    /// Attaches the session to a room; an account (or guest) becomes a member. → [`Reply::Entered`]
    Enter {
        /// The room.
        room: RoomSelector,
        /// For a protected room that one is not a member of.
        password: Option<String>,
        /// Makes a public room of that name where there is none and the configuration lets it.
        create: bool,
    },
    /// Ends one's membership. → [`Reply::Done`]
    Leave {
        /// The room.
        room: RoomSelector,
    },
    /// Sets the status text that others see; `None` takes it away. → [`Reply::Done`]
    SetStatus {
        /// The text.
        status: Option<String>,
    },
    /// Sets more attributes for others, as members of a JSON object. → [`Reply::Done`]
    SetProfile {
        /// `"k":v,…`
        profile: String,
    },

    // Messages.
    /// Says something. → [`Reply::Posted`]
    Send(Draft),
    /// Gives an own message another text. → [`Reply::Posted`]
    Edit {
        /// Which.
        message: MessageId,
        /// Its text from now on.
        text: String,
    },
    /// Deletes a message for everyone. → [`Reply::Done`]
    Delete {
        /// Which.
        message: MessageId,
    },
    /// Hides a message from oneself only. → [`Reply::Done`]
    Hide {
        /// Which.
        message: MessageId,
    },
    /// Shows nobody what was said in the room until now. → [`Reply::Done`]
    ClearHistory {
        /// The room.
        room: RoomSelector,
    },
    /// Reads what was said. → [`Reply::History`]
    History(HistoryQuery),
    /// Finds text messages of a room without regard to case, newest first. → [`Reply::History`]
    Search {
        /// The room.
        room: RoomSelector,
        /// What they contain.
        text: String,
        /// Only those that begin with it.
        prefix: bool,
        /// Most messages in the answer.
        limit: usize,
    },
    /// Finds the newest message with these low 31 bits that one may see. → [`Reply::Message`]
    FindMessage {
        /// What a 31-bit dialect showed.
        low_bits: i32,
        /// Only in this room.
        room: Option<RoomSelector>,
    },
    /// Says up to when one has seen the room. → [`Reply::Done`]
    MarkSeen {
        /// The room.
        room: RoomSelector,
        /// Up to when.
        at: Timestamp,
    },
    /// Up to when one has seen the room. → [`Reply::Seen`]
    Seen {
        /// The room.
        room: RoomSelector,
    },
    /// Up to when a room's members have seen it. → [`Reply::SeenMarks`]
    SeenMarks {
        /// The room.
        room: RoomSelector,
    },

    // Rooms.
    /// Makes a room; the asker, if an account, owns it and is its member. → [`Reply::Entered`]
    CreateRoom {
        /// The name; empty: one is made from the title.
        name: String,
        /// The title; empty: the name.
        title: String,
        /// Free text.
        description: String,
        /// Public or private.
        kind: RoomKind,
        /// Newcomers must give it.
        password: Option<String>,
    },
    /// Ends a room and all that was said in it. → [`Reply::Done`]
    DeleteRoom {
        /// The room.
        room: RoomSelector,
    },
    /// Gives a room another name. → [`Reply::Done`]
    RenameRoom {
        /// The room.
        room: RoomSelector,
        /// Its name from now on.
        name: String,
    },
    /// Gives a room another title. → [`Reply::Done`]
    SetTitle {
        /// The room.
        room: RoomSelector,
        /// Its title from now on.
        title: String,
    },
    /// Gives a room another description. → [`Reply::Done`]
    SetDescription {
        /// The room.
        room: RoomSelector,
        /// Its description from now on.
        description: String,
    },
    /// Sets, changes or ends a room's password. → [`Reply::Done`]
    SetRoomPassword {
        /// The room.
        room: RoomSelector,
        /// `None` ends it.
        password: Option<String>,
    },
    /// Makes a room private or public. → [`Reply::Done`]
    SetPrivate {
        /// The room.
        room: RoomSelector,
        /// Which.
        private: bool,
    },
    /// A room that one may know of. → [`Reply::Room`]
    FindRoom {
        /// Which.
        room: RoomSelector,
    },
    /// Rooms that are not private, whose title or name begins with this. → [`Reply::Rooms`]
    SearchRooms {
        /// Without regard to case; empty: all.
        prefix: String,
    },
    /// All rooms but direct ones; operators only. → [`Reply::Rooms`]
    Rooms,
    /// The rooms one is a member of, direct ones too. → [`Reply::Rooms`]
    MyRooms,
    /// A room's members; those of a public room without a password for anybody who may enter it. → [`Reply::Members`]
    Members {
        /// The room.
        room: RoomSelector,
    },
    /// Who is online or idle in a room; of a public one without a password for anybody who may enter it.
    /// → [`Reply::Present`]
    Who {
        /// The room.
        room: RoomSelector,
    },
    /// The direct room with a user. → [`Reply::Room`]
    Direct {
        /// The other.
        user: UserSelector,
        /// Makes it where there is none; else [`Error::NoSuchRoom`](super::Error::NoSuchRoom).
        create: bool,
    },

    // Members.
    /// Makes somebody a member. → [`Reply::Done`]
    AddMember {
        /// The room.
        room: RoomSelector,
        /// Who.
        user: UserSelector,
    },
    /// Ends somebody's membership; they may come back. → [`Reply::Done`]
    RemoveMember {
        /// The room.
        room: RoomSelector,
        /// Who.
        user: UserSelector,
    },
    /// Ends somebody's membership and keeps them out. → [`Reply::Done`]
    Ban {
        /// The room.
        room: RoomSelector,
        /// Who.
        user: UserSelector,
    },
    /// Lifts a ban. → [`Reply::Done`]
    Unban {
        /// The room.
        room: RoomSelector,
        /// Who.
        user: UserSelector,
    },
    /// Gives a member a role; the former owner becomes an admin where the new one is owner. → [`Reply::Done`]
    SetRole {
        /// The room.
        room: RoomSelector,
        /// Who.
        user: UserSelector,
        /// Not [`Role::Banned`].
        role: Role,
    },

    // Users.
    /// A user. → [`Reply::User`]
    FindUser {
        /// Which.
        user: UserSelector,
    },
    /// Gives oneself another description. → [`Reply::Done`]
    SetOwnDescription {
        /// Free text.
        description: String,
    },
    /// All accounts; operators only. → [`Reply::Users`]
    Users,
    /// Gives an account another password and ends the sessions that came in by the old one. → [`Reply::Done`]
    SetPassword {
        /// The account.
        user: UserSelector,
        /// Its password from now on.
        secret: Secret,
    },
    /// Switches an account off or on; off ends all its sessions. Operators only. → [`Reply::Done`]
    SetDisabled {
        /// The account.
        user: UserSelector,
        /// Off.
        disabled: bool,
    },
    /// Ends an account, its sessions, tokens and memberships; what it said stays. Operators only. → [`Reply::Done`]
    RemoveUser {
        /// The account.
        user: UserSelector,
    },

    // Contacts.
    /// One's contact list. → [`Reply::Contacts`]
    Contacts,
    /// Puts somebody on one's contact list; whom one has already stays there. A guest's list ends with it. → [`Reply::Done`]
    AddContact {
        /// Whom.
        user: UserSelector,
    },
    /// Takes somebody from one's contact list; [`Error::NoSuchUser`](super::Error::NoSuchUser) where they are not on it.
    /// → [`Reply::Done`]
    RemoveContact {
        /// Whom.
        user: UserSelector,
    },

    // Tokens and sessions.
    /// Makes an API token. Operators, or the account itself. → [`Reply::Token`]
    CreateToken {
        /// The account.
        user: UserSelector,
        /// A token that clients already have; else one is made.
        value: Option<String>,
    },
    /// An account's tokens. → [`Reply::Tokens`]
    Tokens {
        /// The account.
        user: UserSelector,
    },
    /// Ends a token, or all of an account, and the sessions they opened. → [`Reply::Done`]
    RevokeToken {
        /// The account.
        user: UserSelector,
        /// That one; else all.
        id: Option<TokenId>,
    },
    /// The open sessions: all for operators, else one's own. → [`Reply::Sessions`]
    Sessions,
    /// Closes a session. → [`Reply::Done`]
    CloseSession {
        /// Which.
        id: SessionId,
    },
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Done; there is nothing to say.
    Done,
    /// A session is open.
    Welcome {
        /// The session.
        session: SessionId,
        /// Who one is now.
        user: Arc<User>,
        /// The token made for this session, if one was wanted: its id and text.
        token: Option<(TokenId, String)>,
    },
    /// The session is attached to a room.
    Entered {
        /// The room.
        room: Arc<Room>,
        /// It did not exist before.
        created: bool,
        /// The user was not there before: neither online nor idle.
        arrived: bool,
        /// The room's last change before the session was attached: what comes after, it hears.
        seq: Seq,
        /// Everyone online or idle there, the new one too.
        present: Vec<Present>,
    },
    /// A message was accepted.
    Posted {
        /// As it is now.
        message: Arc<Message>,
    },
    /// A message.
    Message(Arc<Message>),
    /// Messages.
    History {
        /// The room they are from.
        room: Arc<Room>,
        /// In the order that was asked for.
        messages: Vec<Arc<Message>>,
        /// How many more there were beyond the limit.
        omitted: u64,
    },
    /// Up to when one has seen a room; 0 = never said.
    Seen(Timestamp),
    /// Up to when members have seen a room.
    SeenMarks(SeenMarks),
    /// A room.
    Room(Arc<Room>),
    /// Rooms.
    Rooms(Vec<Arc<Room>>),
    /// A room's members, banned ones too.
    Members(Vec<(Membership, Arc<UserRef>)>),
    /// Who is online or idle.
    Present(Vec<Present>),
    /// A user.
    User(Arc<User>),
    /// Users.
    Users(Vec<Arc<User>>),
    /// Whom one has on one's contact list, in the order of their numbers.
    Contacts(Vec<Arc<UserRef>>),
    /// A token, told this once.
    Token {
        /// Its number.
        id: TokenId,
        /// Its text.
        value: String,
    },
    /// Tokens, without their texts.
    Tokens(Vec<TokenInfo>),
    /// Open sessions.
    Sessions(Vec<SessionInfo>),
}

/// A token as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenInfo {
    /// Its number.
    pub id: TokenId,
    /// The account it opens.
    pub user: UserId,
    /// `session` or `api`.
    pub kind: TokenKind,
    /// When it was made.
    pub created: Timestamp,
    /// When it last opened something.
    pub used: Option<Timestamp>,
    /// From which address it was last used.
    pub address: Option<String>,
}

/// Where a token comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// From a login.
    Session,
    /// From the command line, or asked for.
    Api,
}

impl TokenKind {
    /// As lists and the store write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Api => "api",
        }
    }
}

/// An open session as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Its number.
    pub id: SessionId,
    /// Whose.
    pub user: Arc<UserRef>,
    /// Over what.
    pub dialect: String,
    /// From where.
    pub address: String,
    /// Since when.
    pub since: Timestamp,
}
