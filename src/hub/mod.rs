//! The hub: accounts, rooms, presence, routing, history.
//!
//! To embed it, begin with the example of [`Hub::attach`].
//!
//! Sessions give [`Command`]s and get [`Event`](crate::model::Event)s. The way of what lasts:
//!
//! ```text
//!  Session ──command──▶ Hub ──write──▶ Store (decides and commits, in order)
//!                                        │ commits
//!  Sink ◀──effects── HubState ◀── delivery ◀─┘
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
mod delivery;
mod embed;
pub mod encoder;
mod files;
mod hashing;
mod login;
mod rooms;
mod session;
mod shared;
mod sink;
mod state;
mod talk;
pub mod tap;
mod timers;
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

use crate::bus::{Bus, Envelope, Payload, VERSION};
use crate::files::FileArea;
use crate::ledger::{Actor, Change, Outcome, Policy, Write};
use crate::model::{
    Command, EndReason, Error, NodeId, Origin, Reply, Result, SessionId, Timestamp,
};
use crate::store::{Store, Ticket};
use attempts::Attempts;
use hashing::Hashing;
use shared::Shared;
use state::HubState;
use state::effects::Moment;

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
    state: Shared,
    tap: tap::Tap,
    completions: DashMap<Ticket, Mutex<Completion>>,
    next_ticket: AtomicU64,
    hashing: Hashing,
    attempts: Attempts,
    departures: Notify,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    stopped: AtomicBool,
}

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
        let grace = options.grace;
        let inner = Arc::new(Inner {
            attempts: Attempts::new(options.failed_logins),
            options,
            node,
            store,
            bus: bus.clone(),
            files,
            sweeps: files::Sweeps::default(),
            commit_queue,
            state: Shared::new(HubState::new(node, tap.clone(), grace, Moment::now())),
            tap,
            completions: DashMap::new(),
            next_ticket: AtomicU64::new(1),
            hashing: Hashing::new(),
            departures: Notify::new(),
            tasks: Mutex::new(Vec::new()),
            stopped: AtomicBool::new(false),
        });
        bus.join(node, delivery::subscriber(inner.commit_queue.clone()));
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
        let Moment { instant, at } = Moment::now();
        (instant, at)
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
