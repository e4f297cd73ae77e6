//! `memory:`: everything in this process's memory, for as long as it lives.

mod backend;
#[cfg(feature = "sqlite")]
mod copy;
mod news;
mod read;
mod rows;
mod tables;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use self::backend::MemoryBackend;
use self::read::View;
use super::batch::{Backend, Committer, deliver, refused};
use super::{
    CommitSink, Limits, NewsPage, NewsPlace, Page, RoomRow, Store, TokenRow, UserRow, Write,
};
use crate::model::{
    Error, GatewayBan, GuestBan, HistoryQuery, Membership, Message, MessageId, Result, RoomEvent,
    RoomId, SearchQuery, SeenMarks, Seq, Timestamp, TokenId, TokenInfo, UserId, UserRef,
};

/// A store that forgets everything when it is dropped.
///
/// It has no thread: a write is carried out, and its sink told, on the caller's thread, under the one lock that
/// reads take too. So the sink must not call the store; it takes the batch and returns.
///
/// Several hubs can share the rows: see [`MemoryStore::beside`].
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    /// Among those that share the rows.
    number: usize,
    limits: Limits,
    sink: Arc<dyn CommitSink>,
    commits: Arc<AtomicU64>,
    closed: AtomicBool,
}

struct State {
    committer: Committer<Box<dyn InMemory>>,
    /// Whose writes the committer carries out.
    serving: usize,
    opened: usize,
}

/// A backend whose rows are in memory.
trait InMemory: Backend {
    fn view(&self) -> View<'_>;
    #[cfg(test)]
    fn use_up_numbers(&mut self);
}

impl InMemory for MemoryBackend {
    fn view(&self) -> View<'_> {
        View(&self.tables)
    }

    #[cfg(test)]
    fn use_up_numbers(&mut self) {
        (self.tables.last.user, self.tables.last.room) = (i32::MAX - 1, i32::MAX - 1);
    }
}

impl MemoryStore {
    /// A store in which nothing is yet.
    #[must_use]
    pub fn open(limits: Limits, sink: Arc<dyn CommitSink>) -> Self {
        Self::over(Box::new(MemoryBackend::default()), limits, sink)
    }

    /// A store over the same rows, as a second process has it over a database: what is submitted here is decided by these limits
    /// and told to this sink alone.
    #[must_use]
    pub fn beside(&self, limits: Limits, sink: Arc<dyn CommitSink>) -> Self {
        let mut state = self.lock();
        state.opened += 1;
        let number = state.opened;
        drop(state);
        Self {
            state: self.state.clone(),
            number,
            limits,
            sink,
            commits: Arc::default(),
            closed: AtomicBool::new(false),
        }
    }

    fn over(backend: Box<dyn InMemory>, limits: Limits, sink: Arc<dyn CommitSink>) -> Self {
        let committer = Committer::new(backend, limits.clone(), sink.clone());
        let commits = committer.counter();
        Self {
            state: Arc::new(Mutex::new(State {
                committer,
                serving: 0,
                opened: 0,
            })),
            number: 0,
            limits,
            sink,
            commits,
            closed: AtomicBool::new(false),
        }
    }

    /// How many transactions were committed.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, answer: impl FnOnce(View<'_>) -> T) -> T {
        answer(self.lock().committer.backend.view())
    }
}

#[cfg(test)]
impl InMemory for crate::store::contract::Gated<MemoryBackend> {
    fn view(&self) -> View<'_> {
        self.inner.view()
    }

    fn use_up_numbers(&mut self) {
        self.inner.use_up_numbers();
    }
}

#[cfg(test)]
impl MemoryStore {
    /// Leaves one number for users and one for rooms.
    pub(super) fn use_up_numbers(&self) {
        self.lock().committer.backend.use_up_numbers();
    }

    /// An empty store whose commits pass through a gate.
    pub(super) fn behind(
        gate: Arc<crate::store::contract::Gate>,
        limits: Limits,
        sink: Arc<dyn CommitSink>,
    ) -> Self {
        Self::over(
            Box::new(gate.before(MemoryBackend::default())),
            limits,
            sink,
        )
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn submit(&self, write: Box<dyn Write>) {
        let mut state = self.lock();
        if self.closed.load(Ordering::Relaxed) {
            deliver(
                self.sink.as_ref(),
                refused(vec![write], &Error::Unavailable),
            );
            return;
        }
        if state.serving != self.number {
            state.serving = self.number;
            let (limits, sink) = (self.limits.clone(), self.sink.clone());
            state.committer.serve(limits, sink, self.commits.clone());
        }
        state.committer.run(vec![write]);
    }

    async fn close(&self) {
        let _between_writes = self.lock();
        self.closed.store(true, Ordering::Relaxed);
    }

    #[cfg(feature = "sqlite")]
    fn write_to(&self, path: &std::path::Path) -> Result<()> {
        let tables = self.read(|view| view.0.clone());
        copy::write(&tables, path).map_err(|error| Error::invalid("copy", error.to_string()))
    }

    async fn user(&self, id: UserId) -> Result<Option<Arc<UserRow>>> {
        Ok(self.read(|view| view.0.users.get(&id).cloned()))
    }

    async fn user_by_login(&self, folded: &str) -> Result<Option<Arc<UserRow>>> {
        Ok(self.read(|view| view.0.user_by_login(folded).cloned()))
    }

    async fn accounts(&self) -> Result<Vec<Arc<UserRow>>> {
        Ok(self.read(|view| view.accounts(false)))
    }

    async fn ended_accounts(&self) -> Result<Vec<Arc<UserRow>>> {
        Ok(self.read(|view| view.accounts(true)))
    }

    async fn erasing_accounts(&self) -> Result<Vec<UserId>> {
        Ok(self.read(|view| view.erasing_accounts()))
    }

    async fn contacts(&self, user: UserId) -> Result<Vec<Arc<UserRef>>> {
        Ok(self.read(|view| view.contacts(user)))
    }

    async fn token(&self, hash: [u8; 32]) -> Result<Option<TokenRow>> {
        Ok(self.read(|view| view.0.token_by_hash(&hash).cloned()))
    }

    async fn token_by_id(&self, id: TokenId) -> Result<Option<TokenRow>> {
        Ok(self.read(|view| view.0.tokens.get(&id).cloned()))
    }

    async fn tokens(&self, user: UserId) -> Result<Vec<TokenInfo>> {
        Ok(self.read(|view| view.tokens(user)))
    }

    async fn room(&self, id: RoomId) -> Result<Option<Arc<RoomRow>>> {
        Ok(self.read(|view| view.0.rooms.get(&id).map(|entry| entry.current())))
    }

    async fn room_by_name(&self, folded: &str) -> Result<Option<Arc<RoomRow>>> {
        Ok(self.read(|view| view.0.room_by_name(folded).map(|entry| entry.current())))
    }

    async fn direct_room(&self, a: UserId, b: UserId) -> Result<Option<Arc<RoomRow>>> {
        Ok(self.read(|view| view.0.direct_room(a, b).map(|entry| entry.current())))
    }

    async fn rooms(&self) -> Result<Vec<Arc<RoomRow>>> {
        Ok(self.read(|view| view.rooms()))
    }

    async fn public_rooms(&self, folded_prefix: &str) -> Result<Vec<Arc<RoomRow>>> {
        Ok(self.read(|view| view.public_rooms(folded_prefix)))
    }

    async fn rooms_of(&self, user: UserId) -> Result<Vec<(Arc<RoomRow>, Membership)>> {
        Ok(self.read(|view| view.rooms_of(user)))
    }

    async fn member(&self, room: RoomId, user: UserId) -> Result<Option<Membership>> {
        Ok(self.read(|view| view.0.members.get(&(room, user)).cloned()))
    }

    async fn members(&self, room: RoomId) -> Result<Vec<(Membership, Arc<UserRef>)>> {
        Ok(self.read(|view| view.members(room)))
    }

    async fn guest_bans(&self, room: RoomId) -> Result<Vec<GuestBan>> {
        Ok(self.read(|view| view.0.guest_bans(Some(room))))
    }

    async fn gateway_bans(&self) -> Result<Vec<GatewayBan>> {
        Ok(self.read(|view| view.0.gateway_bans()))
    }

    async fn member_count(&self, room: RoomId) -> Result<u64> {
        Ok(self.read(|view| view.member_count(room)))
    }

    async fn seen_marks(&self, room: RoomId) -> Result<SeenMarks> {
        Ok(self.read(|view| view.seen_marks(room)))
    }

    async fn history(
        &self,
        room: RoomId,
        viewer: Option<UserId>,
        query: &HistoryQuery,
    ) -> Result<Page> {
        Ok(self.read(|view| view.history(room, viewer, query)))
    }

    async fn search(
        &self,
        room: RoomId,
        viewer: Option<UserId>,
        query: &SearchQuery,
    ) -> Result<Vec<Arc<Message>>> {
        Ok(self.read(|view| view.search(room, viewer, query)))
    }

    async fn prunable(&self, now: Timestamp, keep: Duration) -> Result<Vec<RoomId>> {
        Ok(self.read(|view| view.prunable(now, keep)))
    }

    async fn removed_rooms(&self) -> Result<Vec<RoomId>> {
        // All of a room goes with it.
        Ok(Vec::new())
    }

    async fn files(&self, room: RoomId) -> Result<Vec<String>> {
        Ok(self.read(|view| view.files(room)))
    }

    async fn message(&self, id: MessageId) -> Result<Option<Arc<Message>>> {
        Ok(self.read(|view| view.message(id)))
    }

    async fn said_by(
        &self,
        user: UserId,
        after: MessageId,
        looks: usize,
    ) -> Result<(Vec<Arc<Message>>, Option<MessageId>)> {
        Ok(self.read(|view| view.said_by(user, after, looks)))
    }

    async fn is_hidden(&self, user: UserId, message: MessageId) -> Result<bool> {
        Ok(self.read(|view| view.is_hidden(user, message)))
    }

    async fn hidden_by(&self, user: UserId) -> Result<Vec<(RoomId, MessageId)>> {
        Ok(self.read(|view| view.hidden_by(user)))
    }

    async fn last_message_id(&self) -> Result<MessageId> {
        Ok(self.read(|view| view.last_message_id()))
    }

    async fn changes(&self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<RoomEvent>> {
        Ok(self.read(|view| view.changes(room, after, limit)))
    }

    async fn seqs(&self, rooms: &[RoomId]) -> Result<Vec<(RoomId, Seq)>> {
        Ok(self.read(|view| view.seqs(rooms)))
    }

    async fn news(&self, after: Option<&NewsPlace>) -> Result<NewsPage> {
        Ok(self.read(|view| view.0.news.page(after)))
    }
}
