//! `sqlite:PATH`: one file, one thread that writes, a few that read.
//!
//! ```text
//!  submit ─▶ queue ─▶ writer ── BEGIN, apply…, COMMIT ──▶ sink
//!                       ▲ last pass                log ▲
//!                 checkpointer ── log into file, sync   │
//!  read ───▶ queue ─▶ readers ── one moment's rows ─────┘
//! ```

mod backend;
mod cache;
mod checkpoint;
mod history;
mod open;
mod readers;
mod reads;
mod rows;
#[cfg(test)]
mod tests;
mod values;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

pub use self::open::OpenError;
#[cfg(test)]
pub(super) use self::tests::use_up_numbers;

use self::backend::SqliteBackend;
use self::checkpoint::{Checkpointer, Checkpoints};
use self::open::Lock;
use self::readers::Readers;
use self::reads::Senders;
use super::batch::Backend;
use super::writer::Writer;
use super::{CommitSink, Page, Store, Ticket};
use crate::ledger::{Policy, RoomRow, TokenRow, UserRow, Write};
use crate::model::{
    HistoryQuery, Membership, Message, MessageId, Result, RoomEvent, RoomId, SeenMarks, Seq,
    TokenId, TokenInfo, UserId, UserRef,
};

/// A store in one SQLite file (write-ahead log, every commit synced).
///
/// Nobody else may write to the file meanwhile; a lock on a file beside it (`-lock`) keeps other stores out.
/// Reads go on after [`Store::close`]; dropping the store ends its threads and leaves one file without a log.
pub struct SqliteStore {
    // Dropped in this order: the connection that is closed last empties the log.
    writer: Writer,
    readers: Readers,
    _checkpointer: Checkpointer,
    gateway: Arc<UserRef>,
    // Given back last.
    _lock: Lock,
}

impl SqliteStore {
    /// Opens a database, or makes it; its directory must be there. Waits up to 1 s for another store that has it.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the file.
    pub fn open(path: &Path, policy: Policy, sink: Arc<dyn CommitSink>) -> Result<Self, OpenError> {
        Self::over(path, policy, sink, |backend| backend)
    }

    /// As [`SqliteStore::open`], with something around the backend.
    pub(super) fn over<B: Backend + 'static>(
        path: &Path,
        policy: Policy,
        sink: Arc<dyn CommitSink>,
        backend: impl FnOnce(SqliteBackend) -> B,
    ) -> Result<Self, OpenError> {
        let failed = |error| OpenError::io(path, error);
        let name = &policy.gateway;
        let gateway = Arc::new(UserRef {
            id: UserId::GATEWAY,
            login: name.clone(),
            name: name.clone(),
        });
        let checkpoints = Arc::new(Checkpoints::default());
        let lock = Lock::acquire(path)?;
        let conn = open::writing(path)?;
        let file = open::sync_handle(path).map_err(failed)?;
        let checkpointer =
            Checkpointer::start(open::writing(path)?, file, checkpoints.clone()).map_err(failed)?;
        let readers = Readers::open(path)?;
        let backend = backend(SqliteBackend::new(conn, gateway.clone(), checkpoints));
        let writer = Writer::start(backend, policy, sink).map_err(failed)?;
        Ok(Self {
            writer,
            readers,
            _checkpointer: checkpointer,
            gateway,
            _lock: lock,
        })
    }

    /// How many transactions were committed.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    fn senders(&self) -> Senders {
        Senders::new(self.gateway.clone())
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn submit(&self, ticket: Ticket, write: Write) {
        self.writer.submit(ticket, write);
    }

    async fn close(&self) {
        self.writer.close().await;
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
        self.readers.read(reads::accounts).await
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
        self.readers.read(move |conn| reads::room(conn, id)).await
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
            .read(move |conn| reads::member(conn, room, user))
            .await
    }

    async fn members(&self, room: RoomId) -> Result<Vec<(Membership, Arc<UserRef>)>> {
        self.readers
            .read(move |conn| reads::members(conn, room))
            .await
    }

    async fn seen_marks(&self, room: RoomId) -> Result<SeenMarks> {
        self.readers
            .read(move |conn| reads::seen_marks(conn, room))
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
            .read(move |conn| history::history(conn, senders, room, viewer, &query))
            .await
    }

    async fn search(
        &self,
        room: RoomId,
        viewer: Option<UserId>,
        folded: &str,
        prefix: bool,
        limit: usize,
    ) -> Result<Vec<Arc<Message>>> {
        let needle = Arc::new(history::Needle {
            folded: folded.to_owned(),
            prefix,
        });
        let (mut found, mut before) = (Vec::new(), Some(Seq(i64::MAX)));
        while let Some(end) = before.filter(|_| found.len() < limit) {
            let (needle, senders, limit) = (needle.clone(), self.senders(), limit - found.len());
            let more = move |conn: &_| {
                history::search_chunk(conn, senders, room, viewer, &needle, end, limit)
            };
            let (more, next) = self.readers.read(more).await?;
            found.extend(more);
            before = next;
        }
        Ok(found)
    }

    async fn message(&self, id: MessageId) -> Result<Option<Arc<Message>>> {
        let mut senders = self.senders();
        self.readers
            .read(move |conn| reads::message(conn, &mut senders, id))
            .await
    }

    async fn is_hidden(&self, user: UserId, message: MessageId) -> Result<bool> {
        self.readers
            .read(move |conn| reads::is_hidden(conn, user, message))
            .await
    }

    async fn last_message_id(&self) -> Result<MessageId> {
        self.readers.read(reads::last_message_id).await
    }

    async fn changes(&self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<RoomEvent>> {
        let senders = self.senders();
        self.readers
            .read(move |conn| reads::changes(conn, senders, room, after, limit))
            .await
    }
}
