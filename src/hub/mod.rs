//! The hub: accounts, rooms, presence, routing, history.
//!
//! To embed it, begin with the example of [`Hub::attach`].
//!
//! Sessions give [`Command`]s and get [`Event`](crate::model::Event)s. The way of what lasts:
//!
//! ```text
//!  Session ──command──▶ Hub ──write──▶ Store (decides and commits, in order)
//!                                        │ commits
//!  Sink ◀──delivery── HubState ◀── deliver ◀─┘
//! ```
//!
//! The delivery takes the commits in their order, tells the state of each, and only then answers who asked. So
//! nobody is told of anything before it is durable, and all sessions see a room's changes in the order of their `seq`.
//!
//! Locks: the state's is taken alone, never across an await, and while it is held only sinks' own locks are
//! taken. The hub knows no dialect: a session brings its [`SharedEncoder`].

mod accounts;
mod attempts;
mod commit_queue;
mod embed;
pub mod encoder;
mod files;
mod hashing;
mod login;
mod rooms;
mod session;
mod sink;
mod state;
mod talk;
pub mod tap;
pub mod translation;
mod under_way;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dashmap::DashMap;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

pub use commit_queue::CommitQueue;
pub use embed::Events;
pub use encoder::{Audience, Encoded, Encoding, EventEncoder, SharedEncoder};
pub use session::{ConnectionInfo, Session};
pub use sink::{Bounds, Delivery, Overflow, Sink, Waiting};
pub use state::Scope;

use crate::bus::{Bus, Envelope, Listener, Payload, VERSION};
use crate::files::FileArea;
use crate::ledger::{Actor, Change, Outcome, Policy, Write};
use crate::model::{
    Command, EndReason, Error, NodeId, Origin, Reply, Result, RoomEvent, RoomId, Seq, SessionId,
    Timestamp, UserId,
};
use crate::store::{Commit, Store, Ticket};
use attempts::Attempts;
use commit_queue::Arrival;
use hashing::Hashing;
use state::HubState;

/// What a hub is told of its configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// What the gateway calls itself.
    pub name: String,
    /// Anybody may make an account; else only the operator.
    pub open_registration: bool,
    /// Clients without an account are let in.
    pub guests: bool,
    /// Entering a room that does not exist makes it.
    pub create_on_join: bool,
    /// A session token unused for so long is gone.
    pub session_life: Duration,
    /// From a broken connection to absent.
    pub grace: Duration,
    /// Failed logins a minute, by account and address together; 0: no limit.
    pub failed_logins: u32,
    /// In how many rooms a user may be; 0: no limit.
    pub rooms_per_user: u64,
    /// How many members a room may have; 0: no limit.
    pub members_per_room: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: "tolmach".to_owned(),
            open_registration: true,
            guests: true,
            create_on_join: true,
            session_life: Duration::from_secs(90 * 24 * 3600),
            grace: Duration::from_secs(30),
            failed_logins: 10,
            rooms_per_user: 1000,
            members_per_room: 0,
        }
    }
}

impl Options {
    /// What the store needs to know to decide.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy {
            gateway: self.name.clone(),
            rooms_per_user: self.rooms_per_user,
            members_per_room: self.members_per_room,
        }
    }
}

/// See the module. A handle: clones are the same hub.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

/// What is done with the state when a write was committed or refused.
type Completion = Box<dyn FnOnce(&mut HubState, Result<Outcome>) + Send>;

struct Inner {
    options: Options,
    node: NodeId,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    files: Option<FileArea>,
    sweeps: files::Sweeps,
    commit_queue: Arc<CommitQueue>,
    state: Mutex<HubState>,
    tap: tap::Tap,
    completions: DashMap<Ticket, Mutex<Completion>>,
    next_ticket: AtomicU64,
    hashing: Hashing,
    attempts: Attempts,
    departures: Notify,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    stopped: AtomicBool,
}

/// How many sinks one delivery flushes before it lets others run.
const FLUSHES: usize = 128;
/// How many commits one telling of the state takes, so that no queue is filled by one of them.
const SLICE_COMMITS: usize = 128;
/// After how many bytes of text a telling ends.
const SLICE_BYTES: usize = 256 * 1024;
/// When what the store could not do for a gone guest is tried again.
const GUEST_RETRY: Duration = Duration::from_secs(5);
/// How often tokens that nobody used are looked for.
const TOKEN_ROUND: Duration = Duration::from_secs(3600);

impl Hub {
    /// Starts a hub over a store whose commit sink is `inbox`. Must be called in a tokio runtime. Files cannot be sent.
    ///
    /// # Errors
    /// What the store answers to the first writes.
    pub async fn start(
        options: Options,
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        commit_queue: Arc<CommitQueue>,
    ) -> Result<Self> {
        Self::start_with(options, store, bus, commit_queue, None).await
    }

    /// As [`Hub::start`], with a place for the contents of files. What no message has is removed from it.
    ///
    /// # Errors
    /// What the store answers to the first writes; [`Error::Unavailable`] where the place cannot be swept.
    pub async fn start_with(
        options: Options,
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        commit_queue: Arc<CommitQueue>,
        files: Option<FileArea>,
    ) -> Result<Self> {
        let node = NodeId(rand::random());
        let tap = tap::Tap::default();
        let inner = Arc::new(Inner {
            attempts: Attempts::new(options.failed_logins),
            options,
            node,
            store,
            bus: bus.clone(),
            files,
            sweeps: files::Sweeps::default(),
            commit_queue,
            state: Mutex::new(HubState::new(node, tap.clone())),
            tap,
            completions: DashMap::new(),
            next_ticket: AtomicU64::new(1),
            hashing: Hashing::new(),
            departures: Notify::new(),
            tasks: Mutex::new(Vec::new()),
            stopped: AtomicBool::new(false),
        });
        bus.join(node, Arc::new(BusSubscriber(inner.commit_queue.clone())));
        let hub = Self { inner };
        let tasks = [
            tokio::spawn(hub.clone().deliver()),
            tokio::spawn(hub.clone().watch_departures()),
            tokio::spawn(hub.clone().expire_tokens()),
        ];
        hub.inner
            .tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(tasks);
        hub.write(Actor::Operator, None, Change::EndAllGuests)
            .await?;
        hub.sweep_all_files().await?;
        Ok(hub)
    }

    /// From now on nobody hears of anybody's presence: all are about to go, and each would be told of each.
    pub fn suppress_presence(&self) {
        self.with_state(|state| state.presence_suppressed = true);
    }

    /// Ends every session with [`EndReason::Shutdown`].
    pub fn end_all(&self) {
        self.with_state(|state| state.end_all(EndReason::Shutdown));
    }

    /// Carries out what is under way and closes the store.
    pub async fn stop(&self) {
        self.end_all();
        self.inner.bus.leave(self.inner.node);
        self.inner.store.close().await;
        let tasks = std::mem::take(
            &mut *self
                .inner
                .tasks
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        for task in tasks {
            task.abort();
            // It ends by being aborted.
            let _ = task.await;
        }
        // From here on nobody delivers: what was still committed, and what is refused later, is told by whoever is here.
        self.inner.stopped.store(true, Ordering::SeqCst);
        self.deliver_last();
    }

    /// Tells what waits, after the end of the delivery.
    fn deliver_last(&self) {
        for arrival in self.inner.commit_queue.take() {
            if let Arrival::Commits(commits) = arrival {
                self.with_state(|state| self.tell_commits(state, commits));
            }
        }
    }

    /// Opens the way for a connection; nobody is logged in yet.
    #[must_use]
    pub fn connect(&self, connection: ConnectionInfo) -> Session {
        Session::new(self.clone(), connection)
    }

    /// Carries out a command of the operator, who may do all.
    ///
    /// # Errors
    /// The command's.
    pub async fn operate(&self, command: Command) -> Result<Reply> {
        self.execute(Caller::OPERATOR, command).await
    }

    /// From now on this one counts translations, in place of the one before.
    pub fn observe(&self, observer: Arc<dyn translation::Observer>) {
        self.with_state(|state| state.observe(observer));
    }

    /// By which one can watch what happens.
    #[must_use]
    pub fn tap(&self) -> &tap::Tap {
        &self.inner.tap
    }

    /// What the hub was told of its configuration.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    fn now(&self) -> (Instant, Timestamp) {
        (tokio::time::Instant::now().into_std(), Timestamp::now())
    }

    /// Does something with the state, then sends what that gave sessions to read.
    fn with_state<R>(&self, work: impl FnOnce(&mut HubState) -> R) -> R {
        let (result, dirty) = self.on_state(work);
        for sink in dirty {
            sink.flush();
        }
        result
    }

    fn on_state<R>(&self, work: impl FnOnce(&mut HubState) -> R) -> (R, Vec<Arc<dyn Sink>>) {
        let (now, at) = self.now();
        let mut state = self
            .inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (departure, unended) = (state.next_departure(), state.unended_guests.len());
        let result = work(&mut state);
        let dirty = state.take_dirty(now, self.inner.options.grace, at);
        let sooner = state.next_departure() != departure || state.unended_guests.len() > unended;
        let gone = std::mem::take(&mut state.gone_guests);
        let touched = std::mem::take(&mut state.unused_tokens);
        let published = std::mem::take(&mut state.published);
        drop(state);
        if sooner {
            self.inner.departures.notify_one();
        }
        for user in gone {
            self.end_guest(user);
        }
        for id in touched {
            self.submit(
                Actor::Operator,
                None,
                Change::TouchToken { id },
                Box::new(|_, _| {}),
            );
        }
        if !published.is_empty() && self.inner.bus.has_others(self.inner.node) {
            for event in published {
                self.publish(Payload::Presence(event));
            }
        }
        (result, dirty)
    }

    /// A guest became absent. What the store cannot do now is tried again.
    fn end_guest(&self, user: UserId) {
        let completion: Completion = Box::new(move |state, outcome| {
            if outcome.is_err() {
                state.unended_guests.push(user);
            }
        });
        self.submit(Actor::Operator, None, Change::EndGuest { user }, completion);
    }

    fn publish(&self, payload: Payload) {
        self.inner.bus.publish(Envelope {
            version: VERSION,
            node: self.inner.node,
            payload,
        });
    }

    /// Queues a change; `completion` runs with the state once it is committed and told, or refused.
    fn submit(
        &self,
        actor: Actor,
        session: Option<SessionId>,
        change: Change,
        completion: Completion,
    ) {
        let ticket = self.inner.next_ticket.fetch_add(1, Ordering::Relaxed);
        self.inner
            .completions
            .insert(ticket, Mutex::new(completion));
        let origin = session.map(|session| Origin {
            node: self.inner.node,
            session,
        });
        self.inner.store.submit(
            ticket,
            Write {
                actor,
                origin,
                at: Timestamp::now(),
                change,
            },
        );
        if self.inner.stopped.load(Ordering::SeqCst) {
            self.deliver_last();
        }
    }

    /// Carries out a change and waits for it.
    async fn write(
        &self,
        actor: Actor,
        session: Option<SessionId>,
        change: Change,
    ) -> Result<Outcome> {
        self.write_then(actor, session, change, |_, outcome| outcome)
            .await
    }

    /// Carries out a change and, at its place in the order of changes, does something with the state.
    async fn write_then<T: Send + 'static>(
        &self,
        actor: Actor,
        session: Option<SessionId>,
        change: Change,
        then: impl FnOnce(&mut HubState, Result<Outcome>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (tell, told) = oneshot::channel();
        let completion: Completion = Box::new(move |state, outcome| {
            // Who asked may be gone; what was committed stays so.
            let _ = tell.send(then(state, outcome));
        });
        self.submit(actor, session, change, completion);
        told.await.unwrap_or(Err(Error::Unavailable))
    }

    async fn deliver(self) {
        loop {
            let arrivals = self.inner.commit_queue.next().await;
            let mut commits = Vec::new();
            for arrival in arrivals {
                match arrival {
                    Arrival::Commits(batch) => commits.extend(batch),
                    Arrival::Envelope(envelope) => {
                        self.deliver_commits(std::mem::take(&mut commits)).await;
                        self.deliver_envelope(envelope).await;
                    }
                }
            }
            self.deliver_commits(commits).await;
        }
    }

    async fn deliver_commits(&self, commits: Vec<Commit>) {
        if commits.is_empty() {
            return;
        }
        if self.inner.bus.has_others(self.inner.node) {
            let events: Vec<_> = commits
                .iter()
                .flat_map(|commit| commit.events.iter().cloned())
                .collect();
            if !events.is_empty() {
                self.publish(Payload::Rooms(events));
            }
        }
        // A little at a time, so that what one connection says at once does not fill the others' queues.
        let mut commits = commits.into_iter().peekable();
        while commits.peek().is_some() {
            let slice = next_slice(&mut commits);
            let ((), dirty) = self.on_state(|state| self.tell_commits(state, slice));
            flush(dirty).await;
            if commits.peek().is_some() {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Tells the state of each commit, then who asked for it.
    fn tell_commits(&self, state: &mut HubState, commits: Vec<Commit>) {
        for commit in commits {
            for event in commit.events {
                self.files_after(&event);
                state.room_event(event);
            }
            if let Some((_, completion)) = self.inner.completions.remove(&commit.ticket) {
                let completion = completion
                    .into_inner()
                    .unwrap_or_else(PoisonError::into_inner);
                completion(state, commit.outcome);
            }
        }
    }

    /// What another node told. A gap in a room's numbers is read from the store first.
    async fn deliver_envelope(&self, envelope: Envelope) {
        if envelope.version != VERSION {
            tracing::warn!(
                version = envelope.version,
                "an envelope of another version was dropped"
            );
            return;
        }
        match envelope.payload {
            Payload::Rooms(events) => {
                for event in events {
                    let told = self.with_state(|state| {
                        state
                            .live_rooms
                            .get(&event.room.id)
                            .and_then(|live_room| live_room.seq)
                    });
                    if let Some(told) = told {
                        self.catch_up(event.room.id, told, event.seq).await;
                    }
                    let ((), dirty) = self.on_state(|state| {
                        state.room_event(event);
                    });
                    flush(dirty).await;
                }
            }
            Payload::Presence(event) => {
                let ((), dirty) = self.on_state(|state| {
                    let room = event.room.id;
                    state.broadcast(room, &Arc::new(crate::model::Event::Presence(event)), None);
                });
                flush(dirty).await;
            }
        }
    }

    /// Tells what happened in a room between these two changes, page after page.
    async fn catch_up(&self, room: RoomId, mut told: Seq, next: Seq) {
        while told.0 + 1 < next.0 {
            let limit = usize::try_from(next.0 - told.0 - 1).unwrap_or(usize::MAX);
            let missed = match self.inner.store.changes(room, told, limit).await {
                Ok(missed) => missed,
                Err(error) => {
                    tracing::warn!(%error, %room, "what another node told before cannot be read");
                    return;
                }
            };
            let Some(last) = missed.last() else { return };
            told = last.seq;
            let ((), dirty) = self.on_state(|state| {
                for event in missed {
                    state.room_event(event);
                }
            });
            flush(dirty).await;
        }
    }

    async fn watch_departures(self) {
        loop {
            let (departure, unended) =
                self.with_state(|state| (state.next_departure(), !state.unended_guests.is_empty()));
            tokio::select! {
                () = self.inner.departures.notified() => {}
                () = until(departure) => {
                    let (now, at) = self.now();
                    self.with_state(|state| state.depart(now, at));
                }
                () = tokio::time::sleep(GUEST_RETRY), if unended => {
                    for user in self.with_state(|state| std::mem::take(&mut state.unended_guests)) {
                        self.end_guest(user);
                    }
                }
            }
        }
    }

    async fn expire_tokens(self) {
        let life = i64::try_from(self.inner.options.session_life.as_millis()).unwrap_or(i64::MAX);
        loop {
            // An open connection is use.
            for id in self.with_state(|state| {
                state
                    .sessions
                    .values()
                    .filter_map(|entry| entry.token)
                    .collect::<Vec<_>>()
            }) {
                self.submit(
                    Actor::Operator,
                    None,
                    Change::TouchToken { id },
                    Box::new(|_, _| {}),
                );
            }
            let before = Timestamp(Timestamp::now().0.saturating_sub(life));
            self.submit(
                Actor::Operator,
                None,
                Change::ExpireTokens { before },
                Box::new(|_, _| {}),
            );
            tokio::time::sleep(TOKEN_ROUND).await;
        }
    }
}

async fn until(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when.into()).await,
        None => std::future::pending().await,
    }
}

/// The next commits to be told together.
fn next_slice(commits: &mut impl Iterator<Item = Commit>) -> Vec<Commit> {
    let (mut slice, mut bytes) = (Vec::new(), 0);
    while slice.len() < SLICE_COMMITS && bytes < SLICE_BYTES {
        let Some(commit) = commits.next() else { break };
        bytes += commit
            .events
            .iter()
            .map(RoomEvent::text_bytes)
            .sum::<usize>();
        slice.push(commit);
    }
    slice
}

async fn flush(dirty: Vec<Arc<dyn Sink>>) {
    for some in dirty.chunks(FLUSHES) {
        for sink in some {
            sink.flush();
        }
        if some.len() == FLUSHES {
            tokio::task::yield_now().await;
        }
    }
}

/// Who asks for a command.
#[derive(Debug, Clone, Copy)]
struct Caller {
    actor: Actor,
    session: Option<SessionId>,
}

impl Caller {
    const OPERATOR: Self = Self {
        actor: Actor::Operator,
        session: None,
    };
}

struct BusSubscriber(Arc<CommitQueue>);

impl Listener for BusSubscriber {
    fn receive(&self, envelope: Envelope) {
        self.0.arrive(Arrival::Envelope(envelope));
    }
}
