//! Where everything that lasts is kept.
//!
//! A [`Store`] carries out [`Write`]s in transactions and answers reads. The promises that its callers build on:
//!
//! - **Atomic.** A write happens whole or not at all.
//! - **Ordered.** Writes are carried out in the order of [`Store::submit`]; their commits reach the [`CommitSink`]
//!   in that same order, once each, and never two calls at a time.
//! - **Durable first.** The sink hears of a write after the commit that holds it, never before.
//! - **Shared.** Writes that wait together share one transaction (group commit).
//! - **Honest.** A commit that failed and left nothing: every write in it gets [`Error::Unavailable`](crate::model::Error::Unavailable). A commit of
//!   which the store cannot say whether it holds: [`Error::OutcomeUnknown`](crate::model::Error::OutcomeUnknown). Where it can only be found after a crash, before
//!   anything else is written, or where nothing that is written next depends on it, writes go on; else the store refuses all writes with [`Error::Unavailable`](crate::model::Error::Unavailable) from then on,
//!   until it is opened again. Reads go on.
//! - A read sees every write whose commit the sink was told before the read began, and nothing of one under way.
//! - A defect (a panic) in a write: that write gets [`Error::Internal`](crate::model::Error::Internal), those that shared its transaction
//!   [`Error::Unavailable`](crate::model::Error::Unavailable), and the store goes on.
//! - Who is named in an answer (a sender, an actor) is named as it is now; what is said of an unknown room or user is
//!   nothing: `None`, or an empty list.

mod batch;
#[cfg(test)]
mod contract;
mod logged;
mod memory;
mod page;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "daemon", feature = "sqlite"))]
mod row;
#[cfg(feature = "sqlite")]
mod sqlite;
mod time;
mod transaction;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod worker;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod writer;

pub use crate::dial::Dial;
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::{Neighbours, PostgresError, PostgresRegistry, PostgresStore, PostgresUrl};
#[cfg(any(feature = "daemon", feature = "sqlite"))]
pub use row::{Row, SEQUENCE};
#[cfg(feature = "sqlite")]
pub use sqlite::{
    CopiedFile, DatabaseBuilder, DatabaseCopy, Fault, IndexMoment, OpenError, RoomCopy, RowError,
    SqliteStore,
};
pub use transaction::{
    ApplyError, Limits, RoomRow, RowKey, RowKeys, RowsError, Scrub, SecretBytes, TokenRow,
    Transaction, UserRow,
};

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::model::{
    GatewayBan, GuestBan, HistoryQuery, Membership, Message, MessageId, News, Result, RoomEvent,
    RoomId, SearchQuery, SeenMarks, Seq, Timestamp, TokenId, TokenInfo, UserId, UserRef,
};

/// After how many bytes of text a page of a history, the answer to a search and that of [`Store::changes`] ends, whatever
/// its limit; each holds one entry at least.
pub const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// Something that is to last: a store carries it out, at most once, and hands the same box back in its [`Commit`].
pub trait Write: Send {
    /// What it is, for logs.
    fn name(&self) -> &'static str;

    /// When it was submitted, if it says so.
    fn submitted(&self) -> Option<Instant> {
        None
    }

    /// The rows it will look at, as far as it knows them before. A store that has them at hand need not ask.
    fn rows(&self, keys: &mut RowKeys);

    /// Whether all that it changes lies in rooms that it names, or that messages are in which it names: their messages,
    /// members' marks and places in the order of changes. It makes no room, but for a direct one that it names.
    fn stays_in_rooms(&self) -> bool {
        false
    }

    /// Whether more is kept after it than before: where the disk has no room it is refused with
    /// [`Error::Unavailable`](crate::model::Error::Unavailable) before it is looked at.
    fn needs_room(&self) -> bool {
        true
    }

    /// Carries it out, and says what there is to tell of it, in order.
    ///
    /// # Errors
    /// [`ApplyError::Refused`]: a rule or the present state forbids it, no row was touched. [`ApplyError::Broken`]: the
    /// store is in trouble, the transaction must be rolled back.
    fn apply(
        &mut self,
        limits: &Limits,
        rows: &mut dyn Transaction,
    ) -> Result<Vec<RoomEvent>, ApplyError>;

    /// Once it was carried out: at which places in the order of their rooms' changes it found users to be members.
    fn footings(&self) -> Vec<Footing> {
        Vec::new()
    }

    /// Once it was carried out: whether there are [`News`] of it.
    fn has_news(&self) -> bool {
        false
    }

    /// Answers whoever submitted it: `committed` says whether it holds; `state` is what the one who is told of
    /// commits keeps. No store calls this.
    fn complete(self: Box<Self>, committed: Result<()>, state: &mut dyn Any);
}

/// A user was a member of a room when that had so many changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footing {
    /// The room in which the membership was found.
    pub room: RoomId,
    /// Who was a member of it.
    pub user: UserId,
    /// The place of its last change then.
    pub seq: Seq,
}

/// What came of one submitted write.
pub struct Commit {
    /// The very box that was submitted, with what came of it.
    pub write: Box<dyn Write>,
    /// Whether the commit holds that it was part of.
    pub outcome: Result<()>,
    /// What there is to tell of it, in order.
    pub events: Vec<RoomEvent>,
}

impl Commit {
    /// Whether it was part of a transaction that holds, be it to no effect.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        use crate::model::Error::{Internal, OutcomeUnknown, Unavailable};
        !matches!(self.outcome, Err(Internal | OutcomeUnknown | Unavailable))
    }
}

/// Whoever is told of commits. It should take the batch and return.
///
/// Called on the store's own thread, or on a submitter's ([`MemoryStore`], and what comes after [`Store::close`]). It
/// must not call the store: that may wait for the very call it is in.
pub trait CommitSink: Send + Sync {
    /// These are committed, in this order, after all that was told before.
    fn committed(&self, batch: Vec<Commit>);
}

/// Messages of a room, in the order that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The messages of the page, in the order that was asked for.
    pub messages: Vec<Arc<Message>>,
    /// How many more there were beyond the limit, or beyond [`PAGE_BYTES`].
    pub omitted: u64,
}

/// Up to where somebody has read the [`News`] of a store. What the numbers mean is the store's own affair.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewsPlace {
    /// All before it was read.
    pub from: i64,
    /// What else was read.
    pub read: Vec<i64>,
}

/// A page of what [`Store::news`] has after a place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewsPage {
    /// In the order of their commits, as far as one of them could build on another.
    pub news: Vec<News>,
    /// Where to go on.
    pub next: NewsPlace,
    /// Some were not kept so long: anything may have happened.
    pub is_torn: bool,
}

/// A place for everything that lasts; see the module's promises.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Queues a write. Returns at once; the sink hears what came of it.
    fn submit(&self, write: Box<dyn Write>);

    /// Carries out what was submitted and stops taking writes; from then on they are [`Error::Unavailable`](crate::model::Error::Unavailable).
    async fn close(&self);

    /// How often something was asked of a database in another process in order to write, answers that came together counted
    /// once; 0 where the store is in this process.
    fn round_trips(&self) -> u64 {
        0
    }

    /// Writes all rows, as they are at one moment, to the empty file at `path`, as a database that
    /// [`DatabaseCopy::open`] takes. Blocks the thread.
    ///
    /// # Errors
    /// [`Error::Unsupported`](crate::model::Error::Unsupported) where others can read the rows by themselves; else it cannot be
    /// written.
    #[cfg(feature = "sqlite")]
    fn write_to(&self, _path: &std::path::Path) -> Result<()> {
        let why = "the store is a file, which can be copied without its gateway";
        Err(crate::model::Error::Unsupported(why.to_owned()))
    }

    /// A user by number.
    async fn user(&self, id: UserId) -> Result<Option<Arc<UserRow>>>;
    /// The account or present guest whose folded login this is.
    async fn user_by_login(&self, folded: &str) -> Result<Option<Arc<UserRow>>>;
    /// All accounts, in the order of their numbers.
    async fn accounts(&self) -> Result<Vec<Arc<UserRow>>>;
    /// All accounts that were removed or erased, in the order of their numbers.
    async fn ended_accounts(&self) -> Result<Vec<Arc<UserRow>>>;
    /// The accounts whose erasure was begun and is not over, in the order of their numbers.
    async fn erasing_accounts(&self) -> Result<Vec<UserId>>;
    /// Whom a user has on its contact list, in the order of their numbers.
    async fn contacts(&self, user: UserId) -> Result<Vec<Arc<UserRef>>>;
    /// A token by the SHA-256 of its text.
    async fn token(&self, hash: [u8; 32]) -> Result<Option<TokenRow>>;
    /// A token by number.
    async fn token_by_id(&self, id: TokenId) -> Result<Option<TokenRow>>;
    /// A user's tokens, in the order of their numbers.
    async fn tokens(&self, user: UserId) -> Result<Vec<TokenInfo>>;

    /// A room by number; its `seq` and `last_message` are current.
    async fn room(&self, id: RoomId) -> Result<Option<Arc<RoomRow>>>;
    /// The public or private room whose folded name this is.
    async fn room_by_name(&self, folded: &str) -> Result<Option<Arc<RoomRow>>>;
    /// The direct room of two users, in either order.
    async fn direct_room(&self, a: UserId, b: UserId) -> Result<Option<Arc<RoomRow>>>;
    /// Public and private rooms, in the order of their numbers.
    async fn rooms(&self) -> Result<Vec<Arc<RoomRow>>>;
    /// Public rooms whose folded name or folded title begins with this, in the order of their numbers.
    async fn public_rooms(&self, folded_prefix: &str) -> Result<Vec<Arc<RoomRow>>>;
    /// The rooms where a user is a member or banned, direct rooms included, in the order of their numbers.
    async fn rooms_of(&self, user: UserId) -> Result<Vec<(Arc<RoomRow>, Membership)>>;
    /// One membership or ban.
    async fn member(&self, room: RoomId, user: UserId) -> Result<Option<Membership>>;
    /// A room's members and banned, in the order of `joined`, then of user.
    async fn members(&self, room: RoomId) -> Result<Vec<(Membership, Arc<UserRef>)>>;
    /// How many members a room has, banned ones not counted.
    async fn member_count(&self, room: RoomId) -> Result<u64>;
    /// The bans of guests from a room, in the order of their names.
    async fn guest_bans(&self, room: RoomId) -> Result<Vec<GuestBan>>;
    /// The bans from the whole gateway, in the order of their subjects; those whose time is over, too.
    async fn gateway_bans(&self) -> Result<Vec<GatewayBan>>;
    /// The two latest seen marks among a room's members.
    async fn seen_marks(&self, room: RoomId) -> Result<SeenMarks>;

    /// Messages of a room as `query` says (its `room` is not looked at), at most [`PAGE_BYTES`] at a time, without those up to the place that [`Room::hidden_upto`](crate::model::Room::hidden_upto)
    /// says of `viewer` and those that it hid. Deleted ones are there, without text.
    async fn history(
        &self,
        room: RoomId,
        viewer: Option<UserId>,
        query: &HistoryQuery,
    ) -> Result<Page>;
    /// Messages of a room as `query` says (its text is folded), whatever their kind: see
    /// [`MessageKind::searched`](crate::model::MessageKind::searched). As [`Store::history`] sees them, without deleted ones,
    /// at most [`PAGE_BYTES`].
    async fn search(
        &self,
        room: RoomId,
        viewer: Option<UserId>,
        query: &SearchQuery,
    ) -> Result<Vec<Arc<Message>>>;
    /// The rooms in which something may be over age at this time, or was marked so and is still there: where `keep` (zero: for
    /// ever) holds for those that say nothing of it themselves. In the order of their numbers.
    async fn prunable(&self, now: Timestamp, keep: Duration) -> Result<Vec<RoomId>>;
    /// The rooms that were removed and of which something is still kept, though nobody finds it: [`Transaction::forget`] removes
    /// it. In the order of their numbers.
    async fn removed_rooms(&self) -> Result<Vec<RoomId>>;
    /// Under which names the file area holds the files of a room's messages, without deleted ones and those at or
    /// before the mark of a cleared history or of what is kept no longer.
    async fn files(&self, room: RoomId) -> Result<Vec<String>>;
    /// A message by number.
    async fn message(&self, id: MessageId) -> Result<Option<Arc<Message>>>;
    /// What a user said after this message, among the `looks` next of the gateway, deleted messages and those shown to nobody
    /// too, in the order of their numbers and at most [`PAGE_BYTES`]; and where to go on, if there are more.
    async fn said_by(
        &self,
        user: UserId,
        after: MessageId,
        looks: usize,
    ) -> Result<(Vec<Arc<Message>>, Option<MessageId>)>;
    /// Whether a user hid a message from itself.
    async fn is_hidden(&self, user: UserId, message: MessageId) -> Result<bool>;
    /// The messages that a user hid from itself, with their rooms, in the order of rooms, then of numbers.
    async fn hidden_by(&self, user: UserId) -> Result<Vec<(RoomId, MessageId)>>;
    /// The newest message's number; 0 before the first.
    async fn last_message_id(&self) -> Result<MessageId>;
    /// A room's changes after a place, in order, at most `limit` and at most [`PAGE_BYTES`] (there may be more after the
    /// last of them): how those who saw a gap catch up. Gapless from the first that is kept
    /// ([`Room::pruned`](crate::model::Room::pruned)) on.
    ///
    /// Rooms, users and messages in them are as they are now: of a message that was deleted since, or lies behind the mark
    /// of a cleared history or of what is kept no longer, nothing is told but that it was there and is deleted. `origin` is `None`.
    async fn changes(&self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<RoomEvent>>;

    /// The places of the last changes of those of these rooms that there are, in any order: how a node finds what it did not
    /// hear. A room with a later change has it in [`Store::changes`].
    async fn seqs(&self, rooms: &[RoomId]) -> Result<Vec<(RoomId, Seq)>> {
        let mut seqs = Vec::with_capacity(rooms.len());
        for room in rooms {
            seqs.extend(self.room(*room).await?.map(|row| (*room, row.room.seq)));
        }
        Ok(seqs)
    }

    /// The news that were committed since a place, by this process or another; `None`: none, but where they end now. Each comes at
    /// least once. A store that only one process can open has none.
    async fn news(&self, _after: Option<&NewsPlace>) -> Result<NewsPage> {
        Ok(NewsPage::default())
    }
}
