//! The hub: accounts, rooms, presence, routing, history.
//!
//! To embed it, begin with the example of [`Hub::attach`].
//!
//! Sessions give [`commands`] and get [`Event`](crate::model::Event)s. The way of what lasts:
//!
//! ```text
//!  Session ──command──▶ Hub ──change──▶ Store (the command decides in its transaction, in order)
//!                                        │ commits
//!  Sink ◀──effects── HubState ◀── delivery ◀─┘
//! ```
//!
//! The delivery takes the commits in their order, tells the state of each, and only then answers who asked. So
//! nobody is told of anything before it is durable, and all sessions see a room's changes in the order of their `seq`.
//!
//! Locks: the state's is taken alone, never across an await, and while it is held only sinks' own locks are
//! taken, and the one around what a session's connection knows of its user. The hub knows no dialect: a session brings its [`SharedEncoder`].

mod attempts;
pub mod commands;
mod commit_queue;
mod delivery;
mod embed;
pub mod encoder;
mod files;
mod hashing;
mod session;
mod shared;
mod sink;
mod state;
pub mod tap;
mod timers;
pub mod translation;
mod under_way;

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

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
use crate::model::{EndReason, Error, NodeId, Origin, Result, SessionId, Timestamp};
use crate::store::{Limits, Store};
use attempts::Attempts;
use commands::{Actor, Caller, Change, Command, EndAllGuests, Submission};
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
    pub fn limits(&self) -> Limits {
        Limits {
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
        let no_guests = hub.commit(Actor::Operator, None, EndAllGuests, |_, ()| Ok(()));
        no_guests.await?;
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
    pub async fn operate<C: Command>(&self, command: C) -> Result<C::Reply> {
        Caller::operator(self).call(command).await
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

    /// Queues a change of the gateway's own that nobody waits for.
    fn keep_house(&self, change: impl Change) {
        self.submit(Actor::Operator, None, change, |_, _| {});
    }

    /// Queues a change; `then` runs with the state once it is committed and told, or refused.
    fn submit<C: Change>(
        &self,
        actor: Actor,
        session: Option<SessionId>,
        change: C,
        then: impl FnOnce(&mut HubState, Result<C::Outcome>) + Send + 'static,
    ) {
        let origin = session.map(|session| Origin {
            node: self.inner.node,
            session,
        });
        let then = move |state: &mut dyn Any, outcome| match state.downcast_mut() {
            Some(state) => then(state, outcome),
            None => tracing::error!("a commit was told to a stranger"),
        };
        let write = Submission::new(actor, origin, Timestamp::now(), change, then);
        self.inner.store.submit(write);
        if self.inner.stopped.load(Ordering::SeqCst) {
            self.deliver_last();
        }
    }

    /// Has a change carried out and, at its place in the order of changes, does something with the state.
    async fn commit<C: Change, T: Send + 'static>(
        &self,
        actor: Actor,
        session: Option<SessionId>,
        change: C,
        then: impl FnOnce(&mut HubState, C::Outcome) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (tell, told) = oneshot::channel();
        self.submit(actor, session, change, move |state, outcome| {
            // Who asked may be gone; what was committed stays so.
            let _ = tell.send(outcome.and_then(|outcome| then(state, outcome)));
        });
        told.await.unwrap_or(Err(Error::Unavailable))
    }
}
