//! The hub: accounts, rooms, presence, routing, history.
//!
//! To embed it, begin with [`Hub::builder`] and the example of [`Hub::attach`].
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
//! taken, the delivery's queue's, the bus's, and the one around what a session's connection knows of its user. The hub knows no dialect: a session brings its
//! [`SharedEncoder`].

mod attempts;
mod authenticator;
mod backlog;
mod builder;
mod catching_up;
mod clock;
pub mod commands;
mod commit_queue;
mod delivery;
mod embed;
pub mod encoder;
mod external;
mod files;
mod foreign;
mod guarded;
mod hashing;
mod lease;
mod letters;
pub mod metrics;
mod names;
mod newcomers;
mod news;
mod nodes;
mod options;
mod policy;
mod pulse;
mod questions;
mod quota;
mod retention;
mod session;
mod shared;
mod sink;
mod state;
pub mod tap;
mod timers;
pub mod translation;
mod under_way;
mod watched_room;
mod watching;
mod whereabouts;

use std::any::Any;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

pub use authenticator::{Authentication, Authenticator, Credentials};
pub use backlog::{Backlog, CountedWaiting};
pub use builder::{HubBuilder, OpenError, StartError};
pub use clock::{Clock, SystemClock};
pub use embed::Events;
pub use encoder::{Audience, Encoded, Encoding, EventEncoder, SharedEncoder};
pub use external::ExternalError;
pub use options::Options;
pub use policy::{Policy, PolicyRequest, Verdict};
pub use pulse::Readiness;
pub use session::{ConnectionInfo, Session};
pub use sink::{Bounds, Delivery, Overflow, Sink, Waiting};
pub use state::Scope;
pub use watched_room::WatchedRoom;

use crate::bus::{Bus, Envelope, Payload, Topic, VERSION};
use crate::cluster::Identity;
use crate::files::FileArea;
use crate::model::{EndReason, Error, NodeId, Origin, Result, SessionId, Timestamp};
use crate::store::{Limits, Store, Write};
use attempts::Attempts;
use clock::CorrectedClock;
use commands::{Actor, Caller, Change, Command, Mandate, Submission};
use commit_queue::{CommitQueue, Foreign};
use hashing::Hashing;
use metrics::Counts;
use newcomers::Newcomers;
use quota::{Maker, Quota, Taken};
use shared::Shared;
use state::HubState;
use state::effects::Moment;
use watching::Watch;

/// See the module. A handle: clones are the same hub.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    options: RwLock<Arc<Options>>,
    identity: Arc<Identity>,
    node_name: String,
    since: Timestamp,
    cluster: Option<nodes::Cluster>,
    store: Arc<dyn Store>,
    /// What the store decides by.
    limits: Limits,
    bus: Arc<dyn Bus>,
    /// Whether other nodes may be at the bus at all.
    is_shared: bool,
    files: Option<FileArea>,
    sweeps: files::Sweeps,
    commit_queue: Arc<CommitQueue>,
    watch: Arc<Watch>,
    state: Shared,
    tap: tap::Tap,
    hashing: Hashing,
    authenticator: Option<authenticator::Asked>,
    policy: Option<policy::Asked>,
    attempts: Attempts,
    newcomers: Newcomers,
    counts: Arc<Counts>,
    clock: Arc<CorrectedClock>,
    backlog: Arc<Backlog>,
    registrations: Quota,
    rooms_made: Quota,
    departures: Notify,
    /// Something may be over age.
    aged: Notify,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    stopped: AtomicBool,
    runtime: Handle,
}

impl Hub {
    /// From now on nobody hears of anybody's presence: all are about to go, and each would be told of each. To other nodes
    /// the users of this one are idle, as they may come again there.
    pub fn suppress_presence(&self) {
        self.with_state(|state| state.presence_suppressed = true);
        self.say_leaving();
    }

    fn say_leaving(&self) {
        if self.inner.is_shared {
            self.publish(Topic::All, Payload::Leaving);
        }
    }

    /// Ends every session with [`EndReason::Shutdown`].
    pub fn end_all(&self) {
        self.with_state(|state| state.end_all(EndReason::Shutdown));
    }

    /// Carries out what is under way and closes the store, whose file is free from then on, whoever still has a handle or a
    /// session. A hub that is not stopped runs as long as its runtime.
    pub async fn stop(&self) {
        self.end_all();
        self.leave_cluster().await;
        self.say_leaving();
        self.inner.bus.leave(self.node());
        self.inner.watch.end();
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

    /// Whether it was stopped.
    pub(crate) fn is_stopped(&self) -> bool {
        self.inner.stopped.load(Ordering::SeqCst)
    }

    /// The runtime that started it.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.inner.runtime
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
        Caller::from(self).call(command).await
    }

    /// By which one can watch what happens.
    #[must_use]
    pub fn tap(&self) -> &tap::Tap {
        &self.inner.tap
    }

    /// What waits for all connections together: a sink that keeps events in memory counts them there, by a
    /// [`CountedWaiting`].
    #[must_use]
    pub fn backlog(&self) -> &Arc<Backlog> {
        &self.inner.backlog
    }

    /// What the hub was told of its configuration.
    #[must_use]
    pub fn options(&self) -> Arc<Options> {
        let options = self.inner.options.read();
        options.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes by other options from now on; the name stays. Nobody who is in is ended by a limit that is lower now, but for
    /// [`Options::queue_total_bytes`], which is about what waits already.
    pub fn set_options(&self, mut options: Options) {
        let inner = &self.inner;
        options.name.clone_from(&self.options().name);
        inner.attempts.set_limit(options.failed_logins);
        inner.hashing.set_limit(options.passwords_waiting);
        inner
            .registrations
            .set_limit(options.registrations_per_hour);
        inner.rooms_made.set_limit(options.rooms_made_per_hour);
        inner.backlog.set_bound(options.queue_total_bytes);
        inner.limits.rooms_per_user.set(options.rooms_per_user);
        inner.limits.members_per_room.set(options.members_per_room);
        inner.limits.disk_free.set(options.disk_free);
        self.with_state(|state| state.grace = options.grace);
        let mut held = inner
            .options
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *held = Arc::new(options);
    }

    /// What the hub's clock says; see [`HubBuilder::clock`].
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// One of the accounts and guests that may be made from an address in an hour; from inside the process any number.
    fn registration(&self, from: Option<IpAddr>) -> Result<Taken<'_>> {
        let makers = from.map(Maker::of_place).into_iter().collect();
        self.inner.registrations.take(makers, self.now().0)
    }

    /// The node that this hub is now.
    fn node(&self) -> NodeId {
        self.inner.identity.node()
    }

    /// The same, where it is one of several.
    fn node_among_others(&self) -> Option<NodeId> {
        self.inner.cluster.as_ref().map(|_| self.node())
    }

    fn now(&self) -> (Instant, Timestamp) {
        let Moment { instant, at } = Moment::of(self.inner.clock.as_ref());
        (instant, at)
    }

    /// Has the runtime that started the hub run this: what goes on beside the sessions does not end with the thread of one.
    fn run(&self, work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.inner.runtime.spawn(work)
    }

    /// What this node says to others.
    fn envelope(&self, payload: Payload) -> Envelope {
        Envelope {
            version: VERSION,
            node: self.node(),
            payload,
        }
    }

    fn publish(&self, topic: Topic, payload: Payload) {
        let envelope = self.envelope(payload);
        match topic {
            // No bus brings a node what it says itself.
            Topic::Node(node) if node == envelope.node => {
                self.inner.commit_queue.arrive(Foreign::Envelope(envelope));
            }
            _ => self.inner.bus.publish(topic, envelope),
        }
    }

    /// Queues a change of the gateway's own that nobody waits for.
    fn keep_house(&self, change: impl Change) {
        self.submit(Actor::Operator, None, change, |_, _| {});
    }

    /// Queues a change; `then` runs with the state once it is committed and told, or refused.
    fn submit<C: Change>(
        &self,
        mandate: impl Into<Mandate>,
        session: Option<SessionId>,
        change: C,
        then: impl FnOnce(&mut HubState, Result<C::Outcome>) + Send + 'static,
    ) {
        self.hand_in(self.submission(mandate, session, change, then));
    }

    /// Gives a change to the store.
    fn hand_in(&self, write: Box<dyn Write>) {
        self.inner.commit_queue.submitting();
        self.inner.store.submit(write);
        self.deliver_if_stopped();
    }

    /// A change for the store's queue.
    fn submission<C: Change>(
        &self,
        mandate: impl Into<Mandate>,
        session: Option<SessionId>,
        change: C,
        then: impl FnOnce(&mut HubState, Result<C::Outcome>) + Send + 'static,
    ) -> Box<dyn Write> {
        let origin = session.map(|session| Origin {
            node: self.node(),
            session,
        });
        let then = move |state: &mut dyn Any, outcome| match state.downcast_mut() {
            Some(state) => then(state, outcome),
            None => tracing::error!("a commit was told to a stranger"),
        };
        Submission::new(mandate, origin, self.time(), change, then)
    }

    /// Once nobody delivers any more, whoever has queued a change does.
    fn deliver_if_stopped(&self) {
        if self.is_stopped() {
            self.deliver_last();
        }
    }

    /// Has a change carried out and, at its place in the order of changes, does something with the state.
    async fn commit<C: Change, T: Send + 'static>(
        &self,
        mandate: impl Into<Mandate>,
        session: Option<SessionId>,
        change: C,
        then: impl FnOnce(&mut HubState, C::Outcome) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (tell, told) = oneshot::channel();
        self.submit(mandate, session, change, move |state, outcome| {
            // Who asked may be gone; what was committed stays so.
            let _ = tell.send(outcome.and_then(|outcome| then(state, outcome)));
        });
        told.await.unwrap_or(Err(Error::Unavailable))
    }
}
