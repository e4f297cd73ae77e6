//! What a write reads and writes inside one transaction.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::cluster::Identity;
use crate::dial::Dial;
use crate::model::{
    BanSubject, Error, GatewayBan, GuestBan, Membership, Message, MessageId, News, NodeId, Room,
    RoomEvent, RoomId, RoomKind, RoomRef, RoomSelector, Seq, Timestamp, TokenId, TokenInfo, User,
    UserId, UserRef, UserSelector, fold_login, fold_room_name,
};

/// What the configuration says to those who decide in a transaction. 0 stands for no limit. Numbers may be turned while
/// the store is open.
#[derive(Debug, Clone)]
pub struct Limits {
    /// What the gateway calls itself; the actor's name where the command line acts.
    pub gateway: String,
    /// In how many rooms a user may be.
    pub rooms_per_user: Dial,
    /// How many members a room may have.
    pub members_per_room: Dial,
    /// Bytes that a store leaves free on its disk; one without a disk does not look at it.
    pub disk_free: Dial,
    /// On whose behalf it writes, where several nodes share it: once that node is gone, nothing is committed for it.
    pub node: Option<Arc<Identity>>,
}

/// A user with its secret, which no `Debug` shows.
#[derive(Clone, PartialEq, Eq)]
pub struct UserRow {
    /// What is known of the user beside its secrets; shared by its sessions.
    pub user: Arc<User>,
    /// What others see of it; shared by all events.
    pub reference: Arc<UserRef>,
    /// By which two logins are the same; `None` for a guest that is gone and an account that was removed.
    pub folded: Option<String>,
    /// Argon2id, PHC string form; `None` for a guest.
    pub password: Option<String>,
    /// Where a present guest came from; `None` from inside the process, and for everybody else.
    pub address: Option<IpAddr>,
    /// The node that a present guest is at, where several share the store. A store that only one can use keeps none.
    pub node: Option<NodeId>,
    /// What it said and its names are being removed; nothing opens the account.
    pub erasing: bool,
    /// When the account was last logged in to, to the minute.
    pub last_login: Option<Timestamp>,
}

/// What a `Debug` shows of something secret: whether it is there.
const HIDDEN: fmt::Arguments<'_> = format_args!("…");

impl fmt::Debug for UserRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            user,
            reference: _,
            folded,
            password,
            address,
            node,
            erasing,
            last_login,
        } = self;
        f.debug_struct("UserRow")
            .field("user", user)
            .field("folded", folded)
            .field("password", &password.as_ref().map(|_| HIDDEN))
            .field("address", address)
            .field("node", node)
            .field("erasing", erasing)
            .field("last_login", last_login)
            .finish_non_exhaustive()
    }
}

impl UserRow {
    /// Whether it is a guest that is absent, or an account that was removed or is being erased: nobody comes in as it any more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.folded.is_none() || self.erasing
    }

    /// A row whose `reference` follows from `user`.
    #[must_use]
    pub fn new(
        user: impl Into<Arc<User>>,
        folded: Option<String>,
        password: Option<String>,
    ) -> Self {
        let user = user.into();
        let reference = Arc::new(user.to_ref());
        Self {
            user,
            reference,
            folded,
            password,
            address: None,
            node: None,
            erasing: false,
            last_login: None,
        }
    }

    /// Whether it has the name of a ban, or comes from where that was put on: as a guest, or when it becomes an account.
    #[must_use]
    pub fn is_bound_by(&self, ban: &GuestBan) -> bool {
        let from_there = |address| ban.network.is_some_and(|there| there.contains(address));
        self.folded.as_ref() == Some(&ban.folded) || self.address.is_some_and(from_there)
    }
}

/// A room with its secret, which no `Debug` shows.
///
/// Its `room.seq` and `room.last_message` are those of the moment it was loaded; [`Transaction::advance`] has the ones that hold.
#[derive(Clone, PartialEq, Eq)]
pub struct RoomRow {
    /// What is known of the room beside its secrets.
    pub room: Room,
    /// What events say of it; shared by all of them.
    pub reference: Arc<RoomRef>,
    /// Argon2id, PHC string form.
    pub password: Option<String>,
}

impl fmt::Debug for RoomRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomRow")
            .field("room", &self.room)
            .field("password", &self.password.as_ref().map(|_| HIDDEN))
            .finish_non_exhaustive()
    }
}

impl RoomRow {
    /// A row whose `reference` and `room.protected` follow from the rest.
    #[must_use]
    pub fn new(mut room: Room, password: Option<String>) -> Self {
        room.protected = password.is_some();
        let reference = Arc::new(room.to_ref());
        Self {
            room,
            reference,
            password,
        }
    }

    /// Whether anybody may know of it.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.room.kind == RoomKind::Public
    }
}

/// A token with its secret, which no `Debug` shows.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// What is listed of it.
    pub info: TokenInfo,
    /// SHA-256 of its text.
    pub hash: [u8; 32],
}

impl fmt::Debug for TokenRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRow")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

/// Why a row could not be read or written: the store's own trouble, never a rule. The whole transaction is lost.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RowsError(pub Box<dyn std::error::Error + Send + Sync>);

/// Why a change was not carried out.
#[derive(Debug)]
pub enum ApplyError {
    /// A rule or a state forbids it; no row was touched, the transaction goes on with the next change.
    Refused(Error),
    /// The store is in trouble.
    Broken(RowsError),
}

impl From<Error> for ApplyError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<RowsError> for ApplyError {
    fn from(error: RowsError) -> Self {
        Self::Broken(error)
    }
}

/// Something that cannot be guessed.
pub type SecretBytes = [u8; 32];

/// What came of asking that what is gone is wiped from the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scrub {
    /// It is asked for now, or is not done yet.
    Asked,
    /// It was done since it was asked for.
    Done,
    /// It could not be done; it may be asked for again.
    Failed,
}

/// One transaction's view of what is stored.
///
/// Every method sees what the ones before it wrote in the same transaction. Nothing is visible to anyone else, nor
/// durable, before the transaction's commit. An implementation may keep rows it has read in memory, as long as a
/// rollback forgets what it should; it is the only writer.
///
/// "Folded" names are compared byte by byte.
pub trait Transaction {
    /// Whether the disk has room for more than it must keep free ([`Limits::disk_free`]).
    fn has_room(&self) -> bool {
        true
    }

    /// A user by number.
    fn user(&mut self, id: UserId) -> Result<Option<Arc<UserRow>>, RowsError>;
    /// The account or present guest whose folded login this is.
    fn user_by_login(&mut self, folded: &str) -> Result<Option<Arc<UserRow>>, RowsError>;
    /// Keeps a new user under the next free number (1, 2, 3…, never used before), which it returns in the row.
    /// `row.user.id` is ignored.
    fn add_user(&mut self, row: UserRow) -> Result<Arc<UserRow>, RowsError>;
    /// Replaces a user's row.
    fn put_user(&mut self, row: UserRow) -> Result<Arc<UserRow>, RowsError>;
    /// Forgets a user that never said anything.
    fn remove_user(&mut self, id: UserId) -> Result<(), RowsError>;
    /// Guests that hold a folded login, that is: are present; of that node, or all.
    fn guests(&mut self, node: Option<NodeId>) -> Result<Vec<UserId>, RowsError>;
    /// Whether any message has this sender.
    fn has_spoken(&mut self, id: UserId) -> Result<bool, RowsError>;

    /// Whom a user has on its contact list, in the order of numbers.
    fn contacts(&mut self, user: UserId) -> Result<Vec<UserId>, RowsError>;
    /// Puts somebody on a user's contact list who is not on it.
    fn add_contact(&mut self, user: UserId, contact: UserId) -> Result<(), RowsError>;
    /// Takes somebody from a user's contact list.
    fn remove_contact(&mut self, user: UserId, contact: UserId) -> Result<(), RowsError>;
    /// Ends a user's contact list, and takes the user from all others.
    fn forget_contact(&mut self, user: UserId) -> Result<(), RowsError>;

    /// Keeps a token under the next free number (never used before), which it returns; `row.info.id` is ignored.
    /// A token whose hash is already there is not kept: `None`.
    fn add_token(&mut self, row: TokenRow) -> Result<Option<TokenInfo>, RowsError>;
    /// A token by number.
    fn token(&mut self, id: TokenId) -> Result<Option<TokenRow>, RowsError>;
    /// The tokens of a user, in the order of their numbers.
    fn tokens(&mut self, user: UserId) -> Result<Vec<TokenInfo>, RowsError>;
    /// Sets when and from where a token was last used.
    fn touch_token(
        &mut self,
        id: TokenId,
        used: Timestamp,
        address: Option<&str>,
    ) -> Result<(), RowsError>;
    /// Ends a token: its text opens nothing any more.
    fn remove_token(&mut self, id: TokenId) -> Result<(), RowsError>;
    /// Ends the tokens of kind session that were last used (or, if never, made) before this.
    fn expire_tokens(&mut self, before: Timestamp) -> Result<(), RowsError>;

    /// A room by number.
    fn room(&mut self, id: RoomId) -> Result<Option<Arc<RoomRow>>, RowsError>;
    /// The public or private room whose folded name this is.
    fn room_by_name(&mut self, folded: &str) -> Result<Option<Arc<RoomRow>>, RowsError>;
    /// The direct room of two users, in either order.
    fn direct_room(&mut self, a: UserId, b: UserId) -> Result<Option<Arc<RoomRow>>, RowsError>;
    /// Keeps a new room under the next free number (never used before); `row.room.id` is ignored.
    fn add_room(&mut self, row: RoomRow) -> Result<Arc<RoomRow>, RowsError>;
    /// Replaces a room's row, but for `seq` and `last_message`, which only [`Transaction::advance`] moves.
    fn put_room(&mut self, row: RoomRow) -> Result<Arc<RoomRow>, RowsError>;
    /// The rooms that a user owns, in the order of their numbers.
    fn owned_rooms(&mut self, user: UserId) -> Result<Vec<RoomId>, RowsError>;
    /// Ends a room: its row, members and bans. Its messages, changes and hidden marks are found by nobody from then on, and may
    /// stay until [`Transaction::forget`] removes them.
    fn remove_room(&mut self, id: RoomId) -> Result<(), RowsError>;
    /// Gives the room's next sequence number, and for a message (`message_at`, the clock's time) the time it bears: that, or
    /// a later one where the last message is not earlier. No other message of the room bears it. Where the last message
    /// is more than ten minutes ahead of the clock, the time falls: the clock is believed again.
    fn advance(
        &mut self,
        id: RoomId,
        message_at: Option<Timestamp>,
    ) -> Result<(Seq, Timestamp), RowsError>;
    /// The room's last sequence number; 0 before the first.
    fn seq(&mut self, id: RoomId) -> Result<Seq, RowsError>;
    /// Keeps a change for those who missed it: anything but [`RoomChange::Posted`](crate::model::RoomChange::Posted), which the
    /// message itself tells. Of a message in it only the id is kept; whoever reads gets the message as it is then.
    fn log(&mut self, event: &RoomEvent) -> Result<(), RowsError>;

    /// In what is kept of changes, of at most `looks` of them after a place, gives this user this name; where to go on, if there
    /// are more.
    fn rename_in_log(
        &mut self,
        user: &Arc<UserRef>,
        after: (RoomId, Seq),
        looks: usize,
    ) -> Result<Option<(RoomId, Seq)>, RowsError>;
    /// Asks that what is gone now is wiped from the disk after this transaction; says what came of the asking before.
    fn scrub(&mut self) -> Scrub;

    /// One membership or ban.
    fn member(&mut self, room: RoomId, user: UserId) -> Result<Option<Membership>, RowsError>;
    /// A room's members and banned, in the order of `joined`, then of user.
    fn members(&mut self, room: RoomId) -> Result<Vec<Membership>, RowsError>;
    /// A user's memberships and bans.
    fn memberships(&mut self, user: UserId) -> Result<Vec<Membership>, RowsError>;
    /// How many members a room has, banned ones not counted.
    fn member_count(&mut self, room: RoomId) -> Result<u64, RowsError>;
    /// In how many rooms a user is a member: not banned, direct rooms not counted.
    fn room_count(&mut self, user: UserId) -> Result<u64, RowsError>;
    /// Keeps or replaces a membership.
    fn put_member(&mut self, membership: Membership) -> Result<(), RowsError>;
    /// Ends a membership or ban.
    fn remove_member(&mut self, room: RoomId, user: UserId) -> Result<(), RowsError>;

    /// The bans of guests from a room (`None`: from all rooms), in the order of room and name.
    fn guest_bans(&mut self, room: Option<RoomId>) -> Result<Vec<GuestBan>, RowsError>;
    /// Keeps a ban; one of the same room, name and network is replaced.
    fn put_guest_ban(&mut self, ban: GuestBan) -> Result<(), RowsError>;
    /// Lifts a ban of a guest, if it is there.
    fn remove_guest_ban(&mut self, ban: &GuestBan) -> Result<(), RowsError>;

    /// The bans from the whole gateway, in the order of their subjects; those whose time is over, too.
    fn gateway_bans(&mut self) -> Result<Vec<GatewayBan>, RowsError>;
    /// Keeps a ban; one of the same subject is replaced. Of a login, it is the folded one.
    fn put_gateway_ban(&mut self, ban: GatewayBan) -> Result<(), RowsError>;
    /// Lifts the ban of this subject.
    fn remove_gateway_ban(&mut self, subject: &BanSubject) -> Result<(), RowsError>;

    /// What only nodes on this store know, by what it is for; where there is none yet, this is kept. It is in no export.
    fn secret(&mut self, name: &str, new: SecretBytes) -> Result<SecretBytes, RowsError>;

    /// The next message number, greater than all before.
    fn next_message_id(&mut self) -> Result<MessageId, RowsError>;
    /// Keeps a new message.
    fn add_message(&mut self, message: &Message) -> Result<(), RowsError>;
    /// A message by number.
    fn message(&mut self, id: MessageId) -> Result<Option<Message>, RowsError>;
    /// When a user last said something in a room later than `after` and earlier than `before`, as far back as to the
    /// newest message of the room that is not later than `after`.
    fn last_said(
        &mut self,
        room: RoomId,
        user: UserId,
        after: Timestamp,
        before: Timestamp,
    ) -> Result<Option<Timestamp>, RowsError>;
    /// Replaces a message's kind, text, `updated`, `deleted` and file.
    fn update_message(&mut self, message: &Message) -> Result<(), RowsError>;
    /// Up to where a room's messages after its mark ([`Room::pruned`]) are over age: said before `before`. Of those that bear a
    /// later time than `now`, because the clock ran ahead, each is as old as the next one that does not. `None`: none is.
    fn over_age(
        &mut self,
        room: RoomId,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Seq>, RowsError>;
    /// How many messages a room has after its mark ([`Room::pruned`]), deleted ones too.
    fn messages_left(&mut self, room: RoomId) -> Result<u64, RowsError>;
    /// Removes the oldest messages and other changes up to a room's mark ([`Room::pruned`]), at most `limit` of each, with
    /// what is kept of them; of a room that was removed, of all. Whether nothing is left up to there, and whether some of it had
    /// files.
    fn forget(&mut self, room: RoomId, limit: usize) -> Result<(bool, bool), RowsError>;
    /// Keeps news for the other nodes, which [`Store::news`](super::Store::news) tells them. A store that only one process can
    /// open has nobody to tell.
    fn add_news(&mut self, _news: &News) -> Result<(), RowsError> {
        Ok(())
    }

    /// Hides a message from a user.
    fn hide_message(&mut self, user: UserId, message: MessageId) -> Result<(), RowsError>;
    /// From whom a message of a room is hidden, in the order of numbers.
    fn hidden_from(&mut self, room: RoomId, message: MessageId) -> Result<Vec<UserId>, RowsError>;
}

/// A row that a write will look at, as far as that is known before it runs. No `Debug` of it shows a token's hash.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// A user by number.
    User(UserId),
    /// A user by folded login.
    Login(String),
    /// A room by number.
    Room(RoomId),
    /// A room by folded name.
    RoomName(String),
    /// The direct room of two users.
    Direct(UserId, UserId),
    /// A user's place in a room.
    Member(RoomId, UserId),
    /// A message by number.
    Message(MessageId),
    /// A token by number.
    Token(TokenId),
    /// A token by the SHA-256 of its text.
    TokenHash([u8; 32]),
    /// All of a user's places in rooms, and these rooms.
    Places(UserId),
    /// All bans from the whole gateway.
    Bans,
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "User({user:?})"),
            Self::Login(folded) => write!(f, "Login({folded:?})"),
            Self::Room(room) => write!(f, "Room({room:?})"),
            Self::RoomName(folded) => write!(f, "RoomName({folded:?})"),
            Self::Direct(one, other) => write!(f, "Direct({one:?}, {other:?})"),
            Self::Member(room, user) => write!(f, "Member({room:?}, {user:?})"),
            Self::Message(message) => write!(f, "Message({message:?})"),
            Self::Token(token) => write!(f, "Token({token:?})"),
            Self::TokenHash(_) => f.write_str("TokenHash(…)"),
            Self::Places(user) => write!(f, "Places({user:?})"),
            Self::Bans => f.write_str("Bans"),
        }
    }
}

/// The rows that writes say they will look at, so that a store behind a network fetches those of a whole batch at
/// once. What can only be found by way of one of these (the room of a message, the members of a room) is not named.
#[derive(Debug, Default)]
pub struct RowKeys {
    keys: Vec<RowKey>,
    actor: Option<UserId>,
    room: Option<RoomId>,
}

impl RowKeys {
    /// Begins the rows of a write, on whose behalf it is (`None`: the gateway's own).
    pub fn begin(&mut self, actor: Option<UserId>) {
        (self.actor, self.room) = (actor, None);
        self.keys.extend(actor.map(RowKey::User));
    }

    /// Names a row that will be looked at.
    pub fn add(&mut self, key: RowKey) {
        self.keys.push(key);
    }

    /// Names a message that will be looked at.
    pub fn message(&mut self, id: &MessageId) {
        self.add(RowKey::Message(*id));
    }

    /// Names a token that will be looked at.
    pub fn token(&mut self, id: &TokenId) {
        self.add(RowKey::Token(*id));
    }

    /// Adds the user that is meant, and its place in the room that was named before.
    pub fn user(&mut self, user: &UserSelector) {
        match user {
            UserSelector::Id(id) => {
                self.add(RowKey::User(*id));
                let place = self.room.map(|room| RowKey::Member(room, *id));
                self.keys.extend(place);
            }
            UserSelector::Login(login) => self.login(login),
        }
    }

    /// Adds the user of a login.
    pub fn login(&mut self, login: &str) {
        if let Ok(folded) = fold_login(login) {
            self.add(RowKey::Login(folded));
        }
    }

    /// Adds the direct room of the actor and another.
    pub fn direct(&mut self, user: &UserSelector) {
        self.user(user);
        if let (Some(own), UserSelector::Id(other)) = (self.actor, user) {
            self.add(RowKey::Direct(own, *other));
        }
    }

    /// Adds the room that is meant, and the actor's place in it.
    pub fn room(&mut self, room: &RoomSelector) {
        match room {
            RoomSelector::Id(id) => {
                self.room = Some(*id);
                self.add(RowKey::Room(*id));
                self.keys
                    .extend(self.actor.map(|own| RowKey::Member(*id, own)));
            }
            RoomSelector::Name(name) => self.add(RowKey::RoomName(fold_room_name(name))),
            RoomSelector::NameOrPublicId(name) => {
                self.add(RowKey::RoomName(fold_room_name(name)));
                if let Ok(id) = name.parse() {
                    self.add(RowKey::Room(RoomId(id)));
                }
            }
            RoomSelector::Direct(a, b) => {
                self.login(a);
                self.login(b);
            }
        }
    }

    /// What was added, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[RowKey] {
        &self.keys
    }
}
