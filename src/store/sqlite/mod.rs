//! `sqlite:PATH`: one file, one thread that writes, a few that read; beside it an index for searches, with a thread of
//! its own.
//!
//! ```text
//!  submit ─▶ queue ─▶ writer ── BEGIN, apply…, COMMIT ──▶ sink
//!                       ▲ last pass                log ▲
//!                 checkpointer ── log into file, sync   │
//!  read ───▶ queue ─▶ readers ── one moment's rows ─────┤
//!  search ──▶    "       "    ◀── candidates ── index ◀──┘ indexer
//! ```

mod aged;
mod backend;
mod bans;
mod build;
mod cache;
mod changes;
mod checkpoint;
mod copy;
mod damage;
mod faults;
mod history;
mod open;
mod readers;
mod reads;
mod refold;
mod room_copy;
mod rows;
mod search;
#[cfg(test)]
mod tests;
mod times;
#[cfg(test)]
mod twins;
mod unkept;
mod unreadable;
mod values;
mod written;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

pub use self::build::{DatabaseBuilder, RowError};
pub use self::copy::{CopiedFile, DatabaseCopy};
pub use self::faults::Fault;
pub use self::open::OpenError;
pub use self::room_copy::RoomCopy;
pub use self::search::IndexMoment;
#[cfg(test)]
pub(super) use self::tests::use_up_numbers;

use self::backend::SqliteBackend;
use self::checkpoint::{Checkpointer, Checkpoints};
use self::damage::Damage;
use self::open::Lock;
use self::readers::Readers;
use self::reads::Senders;
use self::search::{Index, Indexer, Search};
use super::batch::Backend;
use super::page::Findings;
use super::writer::Writer;
use super::{CommitSink, Limits, Page, RoomRow, Store, TokenRow, UserRow, Write};
use crate::free_space::FreeSpace;
use crate::model::{
    GatewayBan, GuestBan, HistoryQuery, Membership, Message, MessageId, Result, RoomEvent, RoomId,
    SearchQuery, SeenMarks, Seq, Timestamp, TokenId, TokenInfo, UserId, UserRef,
};

/// A store in one SQLite file (write-ahead log, every commit synced).
///
/// Nobody else may write to the file meanwhile; a lock on a file beside it (`-lock`) keeps other stores out.
/// Searches in long rooms use an index in another file beside it (`-search`), which may be removed while the store is
/// not open: it is made anew, and no answer depends on it.
/// [`Store::close`] ends its threads, leaves the files without their logs and lets another store have them, as dropping it does; reads
/// go on after it, each by a connection of its own.
pub struct SqliteStore {
    // Dropped in this order: the connection that is closed last empties the log.
    writer: Writer,
    readers: Readers,
    indexer: Indexer,
    index: Arc<Index>,
    checkpointer: Checkpointer,
    gateway: Arc<UserRef>,
    // Given back last.
    lock: Mutex<Option<Lock>>,
}

impl SqliteStore {
    /// Opens a database, or makes it; its directory must be there. Waits up to 1 s for another store that has it.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the file.
    pub fn open(path: &Path, limits: Limits, sink: Arc<dyn CommitSink>) -> Result<Self, OpenError> {
        Self::over(path, limits, sink, None, |backend| backend)
    }

    /// What keeps a database from being opened, as far as a start looks, which is half a second. Makes and locks nothing. No file is none
    /// that could not be opened. Must not be called while this process has the database open.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the file.
    pub fn check(path: &Path) -> Result<(), OpenError> {
        open::usable(path)?;
        if open::is_locked(path) {
            let path = path.to_owned();
            return Err(OpenError::InUse { path });
        }
        open::check_header(path)?;
        // Without its log the file alone may look worse than it is.
        match path.exists() && !open::has_log(path) {
            true => damage::look_through(&copy::unwritten(path)?, path),
            false => Ok(()),
        }
    }

    /// Takes away a database in which nobody is and nothing was said, with no room but of these names, and what is beside it.
    /// `false`: there is more in it.
    ///
    /// # Errors
    /// [`OpenError`]; it is in use, or cannot be read.
    pub fn remove_unused(path: &Path, rooms: &[String]) -> Result<bool, OpenError> {
        let _lock = Lock::acquire(path)?;
        open::remove_unused(path, rooms)
    }

    /// As [`SqliteStore::open`], with something around the backend, and another number of messages from which on a room
    /// is indexed.
    pub(super) fn over<B: Backend + 'static>(
        path: &Path,
        limits: Limits,
        sink: Arc<dyn CommitSink>,
        indexed_from: Option<i64>,
        backend: impl FnOnce(SqliteBackend) -> B,
    ) -> Result<Self, OpenError> {
        let failed = |error| OpenError::io(path, error);
        let name = &limits.gateway;
        let gateway = Arc::new(UserRef {
            id: UserId::GATEWAY,
            login: name.clone(),
            name: name.clone(),
        });
        let checkpoints = Arc::new(Checkpoints::default());
        open::usable(path)?;
        let lock = Lock::acquire(path)?;
        open::make(path)?;
        damage::examine(path)?;
        let conn = open::writing(path)?;
        let file = open::sync_handle(path).map_err(failed)?;
        let checkpointer =
            Checkpointer::start(open::writing(path)?, file, checkpoints.clone()).map_err(failed)?;
        let readers = Readers::open(path, Damage::of(path))?;
        let index = Arc::new(Index::beside(path, indexed_from));
        let indexer = Indexer::start(open::reading(path)?, index.clone()).map_err(failed)?;
        let directory = path.parent().unwrap_or(Path::new(""));
        let space = FreeSpace::new(directory, limits.disk_free.clone());
        let inner = SqliteBackend::new(
            path,
            conn,
            gateway.clone(),
            checkpoints,
            index.clone(),
            space,
        );
        let writer = Writer::start(backend(inner), limits, sink).map_err(failed)?;
        Ok(Self {
            writer,
            readers,
            indexer,
            index,
            checkpointer,
            gateway,
            lock: Mutex::new(Some(lock)),
        })
    }

    /// How many transactions were committed.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    /// Blocks until the search index holds everything that was committed before. `false`: it cannot be written now;
    /// searches are slower, and right all the same.
    pub fn wait_for_index(&self) -> bool {
        self.index.wait()
    }

    fn senders(&self) -> Senders {
        Senders::new(self.gateway.clone())
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn submit(&self, write: Box<dyn Write>) {
        self.writer.submit(write);
    }

    async fn close(&self) {
        self.writer.close().await;
        // In the order of the fields, too.
        self.readers.close();
        self.indexer.close();
        self.checkpointer.close();
        drop(
            self.lock
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
    }

    async fn user(&self, id: UserId) -> Result<Option<Arc<UserRow>>> {
        self.readers.read(move |conn| reads::user(conn, id)).await
    }

    async fn user_by_login(&self, folded: &str) -> Result<Option<Arc<UserRow>>> {
        let folded = folded.to_owned();
        self.readers
            .read(move |conn| reads::user_by_login(conn, &folded))
            .await
    }

    async fn accounts(&self) -> Result<Vec<Arc<UserRow>>> {
        self.readers.read(|conn| reads::accounts(conn, false)).await
    }

    async fn ended_accounts(&self) -> Result<Vec<Arc<UserRow>>> {
        self.readers.read(|conn| reads::accounts(conn, true)).await
    }

    async fn erasing_accounts(&self) -> Result<Vec<UserId>> {
        self.readers.read(reads::erasing_accounts).await
    }

    async fn contacts(&self, user: UserId) -> Result<Vec<Arc<UserRef>>> {
        self.readers
            .read(move |conn| reads::contacts(conn, user))
            .await
    }

    async fn token(&self, hash: [u8; 32]) -> Result<Option<TokenRow>> {
        self.readers
            .read(move |conn| reads::token(conn, &hash))
            .await
    }

    async fn token_by_id(&self, id: TokenId) -> Result<Option<TokenRow>> {
        self.readers
            .read(move |conn| reads::token_by_id(conn, id))
            .await
    }

    async fn tokens(&self, user: UserId) -> Result<Vec<TokenInfo>> {
        self.readers
            .read(move |conn| rows::tokens(conn, user))
            .await
    }

    async fn room(&self, id: RoomId) -> Result<Option<Arc<RoomRow>>> {
        self.readers
            .read_of(id, move |conn| reads::room(conn, id))
            .await
    }

    async fn room_by_name(&self, folded: &str) -> Result<Option<Arc<RoomRow>>> {
        let folded = folded.to_owned();
        self.readers
            .read(move |conn| reads::room_by_name(conn, &folded))
            .await
    }

    async fn direct_room(&self, a: UserId, b: UserId) -> Result<Option<Arc<RoomRow>>> {
        self.readers
            .read(move |conn| reads::direct_room(conn, a, b))
            .await
    }

    async fn rooms(&self) -> Result<Vec<Arc<RoomRow>>> {
        self.readers.read(reads::rooms).await
    }

    async fn public_rooms(&self, folded_prefix: &str) -> Result<Vec<Arc<RoomRow>>> {
        let prefix = folded_prefix.to_owned();
        self.readers
            .read(move |conn| reads::public_rooms(conn, &prefix))
            .await
    }

    async fn rooms_of(&self, user: UserId) -> Result<Vec<(Arc<RoomRow>, Membership)>> {
        self.readers
            .read(move |conn| reads::rooms_of(conn, user))
            .await
    }

    async fn member(&self, room: RoomId, user: UserId) -> Result<Option<Membership>> {
        self.readers
            .read_of(room, move |conn| reads::member(conn, room, user))
            .await
    }

    async fn members(&self, room: RoomId) -> Result<Vec<(Membership, Arc<UserRef>)>> {
        self.readers
            .read_of(room, move |conn| reads::members(conn, room))
            .await
    }

    async fn guest_bans(&self, room: RoomId) -> Result<Vec<GuestBan>> {
        self.readers
            .read(move |conn| bans::guest_bans(conn, Some(room)))
            .await
    }

    async fn gateway_bans(&self) -> Result<Vec<GatewayBan>> {
        self.readers.read(bans::gateway_bans).await
    }

    async fn member_count(&self, room: RoomId) -> Result<u64> {
        self.readers
            .read_of(room, move |conn| reads::member_count(conn, room))
            .await
    }

    async fn seen_marks(&self, room: RoomId) -> Result<SeenMarks> {
        self.readers
            .read_of(room, move |conn| reads::seen_marks(conn, room))
            .await
    }

    async fn history(
        &self,
        room: RoomId,
        viewer: Option<UserId>,
        query: &HistoryQuery,
    ) -> Result<Page> {
        let (query, senders) = (query.clone(), self.senders());
        self.readers
            .read_of(room, move |conn| {
                history::history(conn, senders, room, viewer, &query)
            })
            .await
    }

    async fn search(
        &self,
        room: RoomId,
        viewer: Option<UserId>,
        query: &SearchQuery,
    ) -> Result<Vec<Arc<Message>>> {
        let search = Arc::new(Search {
            room,
            viewer,
            query: query.clone(),
        });
        let (mut findings, mut left) = (Findings::new(query.limit), Some(search::ALL));
        while let Some(next) = left.filter(|_| !findings.are_complete()) {
            let (search, senders, index) = (search.clone(), self.senders(), self.index.clone());
            (findings, left) = self
                .readers
                .read_of(room, move |conn| {
                    let left = search::step(conn, &index, senders, &search, next, &mut findings)?;
                    Ok((findings, left))
                })
                .await?;
        }
        Ok(findings.into_messages())
    }

    async fn prunable(&self, now: Timestamp, keep: Duration) -> Result<Vec<RoomId>> {
        self.readers
            .read(move |conn| aged::prunable(conn, now, keep))
            .await
    }

    async fn removed_rooms(&self) -> Result<Vec<RoomId>> {
        self.readers.read(aged::removed_rooms).await
    }

    async fn files(&self, room: RoomId) -> Result<Vec<String>> {
        self.readers
            .read_of(room, move |conn| reads::files(conn, room))
            .await
    }

    async fn message(&self, id: MessageId) -> Result<Option<Arc<Message>>> {
        let mut senders = self.senders();
        self.readers
            .read(move |conn| reads::message(conn, &mut senders, id))
            .await
    }

    async fn said_by(
        &self,
        user: UserId,
        after: MessageId,
        looks: usize,
    ) -> Result<(Vec<Arc<Message>>, Option<MessageId>)> {
        let senders = self.senders();
        self.readers
            .read(move |conn| reads::said_by(conn, senders, user, after, looks))
            .await
    }

    async fn is_hidden(&self, user: UserId, message: MessageId) -> Result<bool> {
        self.readers
            .read(move |conn| reads::is_hidden(conn, user, message))
            .await
    }

    async fn hidden_by(&self, user: UserId) -> Result<Vec<(RoomId, MessageId)>> {
        self.readers
            .read(move |conn| reads::hidden_by(conn, user))
            .await
    }

    async fn last_message_id(&self) -> Result<MessageId> {
        self.readers.read(reads::last_message_id).await
    }

    async fn changes(&self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<RoomEvent>> {
        let senders = self.senders();
        self.readers
            .read_of(room, move |conn| {
                changes::changes(conn, senders, room, after, limit)
            })
            .await
    }
}
