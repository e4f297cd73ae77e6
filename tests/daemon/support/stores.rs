//! Stores whose commits are held back, and stores that fail.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use async_trait::async_trait;
use tolmach::commands::{ExpireTokens, TouchTokens};
use tolmach::hub::{Hub, Options};
use tolmach::model::{
    Error, GatewayBan, GuestBan, HistoryQuery, Membership, Message, MessageId, Result, RoomEvent,
    RoomId, SearchQuery, SeenMarks, Seq, Timestamp, TokenId, TokenInfo, UserId, UserRef,
};
use tolmach::store::{
    Commit, CommitSink, Limits, MemoryStore, Page, RoomRow, Store, TokenRow, UserRow, Write,
};

/// A hub over a store that the test has, too, once it is open.
pub(crate) async fn hub_over<S: Store>(
    options: Options,
    files: Option<&Path>,
    open: impl FnOnce(Limits, Arc<dyn CommitSink>) -> S + Send + 'static,
) -> (Hub, Arc<S>) {
    let (give, given) = mpsc::channel();
    let mut builder = Hub::builder().options(options).store(move |limits, sink| {
        let store = Arc::new(open(limits, sink));
        give.send(store.clone())?;
        Ok(store)
    });
    if let Some(files) = files {
        builder = builder.files(files);
    }
    let hub = builder.start().await.unwrap();
    (hub, given.recv().unwrap())
}

/// A hub in memory whose commits can be held back.
pub(crate) async fn held_hub() -> (Hub, Arc<HeldInbox>) {
    let (give, given) = mpsc::channel();
    let hub = Hub::builder().store(move |limits, sink| {
        let held = Arc::new(HeldInbox::new(sink));
        give.send(held.clone())?;
        Ok(Arc::new(MemoryStore::open(limits, held)))
    });
    (hub.start().await.unwrap(), given.recv().unwrap())
}

/// A hub in memory, without grace, whose store can fail.
pub(crate) async fn failing_hub() -> (Hub, Arc<FaultyStore<MemoryStore>>) {
    let options = Options::default().grace(Duration::ZERO);
    hub_over(options, None, |limits, sink| {
        FaultyStore::new(MemoryStore::open(limits, sink.clone()), sink)
    })
    .await
}

/// A hub's inbox that hears of commits only when it is let.
pub(crate) struct HeldInbox {
    inbox: Arc<dyn CommitSink>,
    held: Mutex<Option<Vec<Commit>>>,
}

impl HeldInbox {
    pub(crate) fn new(inbox: Arc<dyn CommitSink>) -> Self {
        Self {
            inbox,
            held: Mutex::new(None),
        }
    }

    /// From now on what is committed waits.
    pub(crate) fn hold(&self) {
        self.held.lock().unwrap().get_or_insert_default();
    }

    /// How many commits wait.
    pub(crate) fn waiting(&self) -> usize {
        self.held.lock().unwrap().as_ref().map_or(0, Vec::len)
    }

    /// Waits until so many commits wait.
    pub(crate) async fn until(&self, waiting: usize) {
        let there = async {
            while self.waiting() < waiting {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(super::PATIENCE, there)
            .await
            .expect("no commit came");
    }

    pub(crate) fn let_go(&self) {
        let mut held = self.held.lock().unwrap();
        if let Some(commits) = held.take() {
            self.inbox.committed(commits);
        }
    }
}

impl CommitSink for HeldInbox {
    fn committed(&self, batch: Vec<Commit>) {
        let mut held = self.held.lock().unwrap();
        match &mut *held {
            Some(held) => held.extend(batch),
            None => self.inbox.committed(batch),
        }
    }
}

/// What becomes of what is said and changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// The store refuses, and nothing is kept.
    Unavailable,
    /// The store cannot say.
    Unknown,
    /// It is a fault of ours.
    Internal,
}

/// A store that fails when it is told to.
pub(crate) struct FaultyStore<S> {
    store: S,
    sink: Arc<dyn CommitSink>,
    fault: Mutex<Fault>,
    /// Why nobody can be found by what one comes in with, where nobody can.
    blind: Mutex<Option<Error>>,
    /// How many writes are carried out before it fails.
    spared: AtomicUsize,
}

impl<S: Store> FaultyStore<S> {
    pub(crate) fn new(store: S, sink: Arc<dyn CommitSink>) -> Self {
        Self {
            store,
            sink,
            fault: Mutex::new(Fault::None),
            blind: Mutex::new(None),
            spared: AtomicUsize::new(0),
        }
    }

    /// From now on nobody is found by a token or a login, for this reason, where there is one.
    pub(crate) fn find_nobody(&self, why: Option<Error>) {
        *self.blind.lock().unwrap() = why;
    }

    fn finds(&self) -> Result<()> {
        self.blind.lock().unwrap().clone().map_or(Ok(()), Err)
    }

    pub(crate) fn fail(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    /// The same, once so many more writes were carried out.
    pub(crate) fn fail_after(&self, writes: usize, fault: Fault) {
        self.spared.store(writes, Ordering::SeqCst);
        self.fail(fault);
    }
}

#[async_trait]
impl<S: Store> Store for FaultyStore<S> {
    fn submit(&self, write: Box<dyn Write>) {
        let housekeeping = [
            std::any::type_name::<TouchTokens>(),
            std::any::type_name::<ExpireTokens>(),
        ]
        .contains(&write.name());
        let one_less = |spared: usize| spared.checked_sub(1);
        let (set, fetch) = (Ordering::SeqCst, Ordering::SeqCst);
        if !housekeeping && self.spared.fetch_update(set, fetch, one_less).is_ok() {
            return self.store.submit(write);
        }
        let error = match *self.fault.lock().unwrap() {
            Fault::Unavailable if !housekeeping => Error::Unavailable,
            Fault::Unknown if !housekeeping => Error::OutcomeUnknown,
            Fault::Internal if !housekeeping => Error::Internal,
            _ => return self.store.submit(write),
        };
        self.sink.committed(vec![Commit {
            write,
            outcome: Err(error),
            events: Vec::new(),
        }]);
    }

    async fn close(&self) {
        self.store.close().await;
    }

    async fn user(&self, id: UserId) -> Result<Option<Arc<UserRow>>> {
        self.store.user(id).await
    }

    async fn user_by_login(&self, folded: &str) -> Result<Option<Arc<UserRow>>> {
        self.finds()?;
        self.store.user_by_login(folded).await
    }

    async fn accounts(&self) -> Result<Vec<Arc<UserRow>>> {
        self.store.accounts().await
    }

    async fn ended_accounts(&self) -> Result<Vec<Arc<UserRow>>> {
        self.store.ended_accounts().await
    }

    async fn erasing_accounts(&self) -> Result<Vec<UserId>> {
        self.store.erasing_accounts().await
    }

    async fn contacts(&self, user: UserId) -> Result<Vec<Arc<UserRef>>> {
        self.store.contacts(user).await
    }

    async fn token(&self, hash: [u8; 32]) -> Result<Option<TokenRow>> {
        self.finds()?;
        self.store.token(hash).await
    }

    async fn token_by_id(&self, id: TokenId) -> Result<Option<TokenRow>> {
        self.store.token_by_id(id).await
    }

    async fn tokens(&self, user: UserId) -> Result<Vec<TokenInfo>> {
        self.store.tokens(user).await
    }

    async fn room(&self, id: RoomId) -> Result<Option<Arc<RoomRow>>> {
        self.store.room(id).await
    }

    async fn room_by_name(&self, folded: &str) -> Result<Option<Arc<RoomRow>>> {
        self.store.room_by_name(folded).await
    }

    async fn direct_room(&self, a: UserId, b: UserId) -> Result<Option<Arc<RoomRow>>> {
        self.store.direct_room(a, b).await
    }

    async fn rooms(&self) -> Result<Vec<Arc<RoomRow>>> {
        self.store.rooms().await
    }

    async fn public_rooms(&self, folded_prefix: &str) -> Result<Vec<Arc<RoomRow>>> {
        self.store.public_rooms(folded_prefix).await
    }

    async fn rooms_of(&self, user: UserId) -> Result<Vec<(Arc<RoomRow>, Membership)>> {
        self.store.rooms_of(user).await
    }

    async fn member(&self, room: RoomId, user: UserId) -> Result<Option<Membership>> {
        self.store.member(room, user).await
    }

    async fn members(&self, room: RoomId) -> Result<Vec<(Membership, Arc<UserRef>)>> {
        self.store.members(room).await
    }

    async fn guest_bans(&self, room: RoomId) -> Result<Vec<GuestBan>> {
        self.store.guest_bans(room).await
    }

    async fn gateway_bans(&self) -> Result<Vec<GatewayBan>> {
        self.store.gateway_bans().await
    }

    async fn member_count(&self, room: RoomId) -> Result<u64> {
        self.store.member_count(room).await
    }

    async fn seen_marks(&self, room: RoomId) -> Result<SeenMarks> {
        self.store.seen_marks(room).await
    }

    async fn history(
        &self,
        room: RoomId,
        viewer: Option<UserId>,
        query: &HistoryQuery,
    ) -> Result<Page> {
        self.store.history(room, viewer, query).await
    }

    async fn search(
        &self,
        room: RoomId,
        viewer: Option<UserId>,
        query: &SearchQuery,
    ) -> Result<Vec<Arc<Message>>> {
        self.store.search(room, viewer, query).await
    }

    async fn removed_rooms(&self) -> Result<Vec<RoomId>> {
        self.store.removed_rooms().await
    }

    async fn prunable(&self, now: Timestamp, keep: Duration) -> Result<Vec<RoomId>> {
        self.store.prunable(now, keep).await
    }

    async fn files(&self, room: RoomId) -> Result<Vec<String>> {
        self.store.files(room).await
    }

    async fn message(&self, id: MessageId) -> Result<Option<Arc<Message>>> {
        self.store.message(id).await
    }

    async fn said_by(
        &self,
        user: UserId,
        after: MessageId,
        looks: usize,
    ) -> Result<(Vec<Arc<Message>>, Option<MessageId>)> {
        self.store.said_by(user, after, looks).await
    }

    async fn is_hidden(&self, user: UserId, message: MessageId) -> Result<bool> {
        self.store.is_hidden(user, message).await
    }

    async fn hidden_by(&self, user: UserId) -> Result<Vec<(RoomId, MessageId)>> {
        self.store.hidden_by(user).await
    }

    async fn last_message_id(&self) -> Result<MessageId> {
        self.store.last_message_id().await
    }

    async fn changes(&self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<RoomEvent>> {
        self.store.changes(room, after, limit).await
    }
}
