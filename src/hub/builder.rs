//! From what a hub is to run on to a running hub.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::attempts::Attempts;
use super::authenticator::{self, Authenticator};
use super::backlog::Backlog;
use super::clock::{Clock, CorrectedClock, SystemClock};
use super::commands::{Actor, COMMANDS, EndGuests};
use super::commit_queue::CommitQueue;
use super::hashing::Hashing;
use super::metrics::Counts;
use super::newcomers::Newcomers;
use super::nodes::Cluster;
use super::policy::{self, Policy};
use super::quota::Quota;
use super::shared::Shared;
use super::state::HubState;
use super::state::effects::Moment;
use super::{Hub, Inner, Options, files, tap};
use crate::bus::{Bus, LocalBus};
use crate::cluster::{Identity, Registry};
use crate::files::FileArea;
#[cfg(feature = "s3")]
use crate::files::{Bucket, S3Fault, S3Options};
use crate::model::{Error, has_visible};
use crate::refusal::of_file;
use crate::runtime;
use crate::store::{CommitSink, Dial, Limits, MemoryStore, Store};

/// Why a hub does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no tokio runtime, or it lacks something.
    #[error("the hub cannot run: {0}")]
    Runtime(&'static str),
    /// What it was told cannot be.
    #[error("the hub cannot be so: {0}")]
    Unfit(&'static str),
    /// The store cannot be opened.
    #[error("the store cannot be opened: {0}")]
    Store(#[source] OpenError),
    /// The directory for the contents of files cannot be used.
    #[error("the directory for files cannot be used: {}", of_file(.path, .error))]
    Files {
        /// The directory that the contents of files were to lie in.
        path: PathBuf,
        /// Why it cannot be used.
        error: io::Error,
    },
    /// The bucket for the contents of files cannot be used.
    #[cfg(feature = "s3")]
    #[error("files cannot be kept in {0}")]
    S3(#[from] S3Fault),
    /// The first changes cannot be made, or the files cannot be swept.
    #[error("the hub cannot start: {0}")]
    Hub(#[from] Error),
}

/// Whatever a store says when it cannot be opened.
pub type OpenError = Box<dyn StdError + Send + Sync>;

type OpenStore =
    Box<dyn FnOnce(Limits, Arc<dyn CommitSink>) -> Result<Arc<dyn Store>, OpenError> + Send>;

/// A hub that does not run yet; made by [`Hub::builder`].
#[must_use]
pub struct HubBuilder {
    options: Options,
    store: OpenStore,
    bus: Option<Arc<dyn Bus>>,
    node_name: String,
    place: Option<Place>,
    files: Option<FilesDirectory>,
    authenticator: Option<Arc<dyn Authenticator>>,
    authenticator_timeout: Duration,
    policy: Option<Arc<dyn Policy>>,
    policy_timeout: Duration,
    allow_undecided: bool,
    clock: Arc<dyn Clock>,
}

/// Where a hub is one of several nodes.
struct Place {
    registry: Arc<dyn Registry>,
    lease: Duration,
}

struct FilesDirectory {
    path: PathBuf,
    is_temporary: bool,
    /// Where contents are kept; the directory is for what comes in.
    #[cfg(feature = "s3")]
    s3: Option<S3Options>,
}

impl Hub {
    /// A hub to be told what it runs on: in memory, alone, and without files unless said.
    ///
    /// ```no_run
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// use tolmach::hub::{Hub, Options};
    ///
    /// let options = Options::default().name("tea house").guests(false);
    /// let hub = Hub::builder().options(options).files("tea.files").start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() -> HubBuilder {
        HubBuilder {
            options: Options::default(),
            store: Box::new(|limits, sink| Ok(Arc::new(MemoryStore::open(limits, sink)))),
            bus: None,
            node_name: "node".to_owned(),
            place: None,
            files: None,
            authenticator: None,
            authenticator_timeout: authenticator::TIMEOUT,
            policy: None,
            policy_timeout: policy::TIMEOUT,
            allow_undecided: false,
            clock: Arc::new(SystemClock),
        }
    }
}

impl HubBuilder {
    /// What it is told of its configuration; [`Options::default`] unless said.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Keeps what lasts in the store that `open` gives when the hub starts, instead of in memory.
    ///
    /// The store must decide by the limits and tell its commits to the sink.
    pub fn store(
        mut self,
        open: impl FnOnce(Limits, Arc<dyn CommitSink>) -> Result<Arc<dyn Store>, OpenError>
        + Send
        + 'static,
    ) -> Self {
        self.store = Box::new(open);
        self
    }

    /// Keeps what lasts in a [`SqliteStore`](crate::store::SqliteStore) in this file.
    #[cfg(feature = "sqlite")]
    pub fn sqlite(self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_owned();
        self.store(move |limits, sink| {
            let store = crate::store::SqliteStore::open(&path, limits, sink)?;
            Ok(Arc::new(store))
        })
    }

    /// Shares a bus, and the rows of its store, with other hubs.
    pub fn bus(mut self, bus: Arc<dyn Bus>) -> Self {
        self.bus = Some(bus);
        self
    }

    /// What lists call the node; `node` unless said.
    pub fn node_name(mut self, name: impl Into<String>) -> Self {
        self.node_name = name.into();
        self
    }

    /// Has it be one of the nodes of a registry, which shares the store and the [bus](Self::bus) with the others. It is gone when
    /// the registry has not heard of it for as long as `lease` says, more than zero.
    pub fn registry(mut self, registry: Arc<dyn Registry>, lease: Duration) -> Self {
        self.place = Some(Place { registry, lease });
        self
    }

    /// Lets files be sent, and keeps their contents in this directory, which is made where there is none. What no message
    /// has is removed from it.
    pub fn files(self, path: impl AsRef<Path>) -> Self {
        self.files_in(path.as_ref(), false)
    }

    /// As [`HubBuilder::files`], in a directory that goes with the hub.
    pub fn temporary_files(self, path: impl AsRef<Path>) -> Self {
        self.files_in(path.as_ref(), true)
    }

    fn files_in(mut self, path: &Path, is_temporary: bool) -> Self {
        self.files = Some(FilesDirectory {
            path: path.to_owned(),
            is_temporary,
            #[cfg(feature = "s3")]
            s3: None,
        });
        self
    }

    /// Lets files be sent, and keeps their contents in a bucket, which several nodes may share; what comes in is in the directory of
    /// this node's own, which is made where there is none, until it is whole. What no message has is removed from both. The bucket
    /// is asked nothing at the start; [`FileArea::tried`] does that.
    #[cfg(feature = "s3")]
    pub fn files_in_s3(mut self, options: S3Options, incoming: impl AsRef<Path>) -> Self {
        self.files = Some(FilesDirectory {
            path: incoming.as_ref().to_owned(),
            is_temporary: false,
            s3: Some(options),
        });
        self
    }

    /// Asks this one who somebody is before the hub's own accounts are looked at.
    pub fn authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.authenticator = Some(authenticator);
        self
    }

    /// How long the authenticator may take; 5 s unless said. As [`HubBuilder::policy_timeout`], it ends no code that blocks.
    pub fn authenticator_timeout(mut self, timeout: Duration) -> Self {
        self.authenticator_timeout = timeout;
        self
    }

    /// Has this one decide on what connections do.
    pub fn policy(mut self, policy: Arc<dyn Policy>) -> Self {
        self.policy = Some(policy);
        self
    }

    /// How long a decision of the policy may take; 1 s unless said. It ends what awaits: code that blocks its thread cannot be ended,
    /// and belongs on one of its own (`tokio::task::spawn_blocking`).
    pub fn policy_timeout(mut self, timeout: Duration) -> Self {
        self.policy_timeout = timeout;
        self
    }

    /// Lets happen what the policy does not decide, because it fails or is too slow. Unless said, it is refused with
    /// [`Error::Unavailable`].
    pub fn allow_undecided(mut self) -> Self {
        self.allow_undecided = true;
        self
    }

    /// Takes the time of day from this one; from the machine's unless said.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Opens the store, then the directory for files, and starts the hub, which runs until [`Hub::stop`], or until its runtime
    /// ends: its own tasks hold it, so dropping what this gives ends nothing. Must be called in a tokio runtime with
    /// timers, and with I/O where a store, a bus or files are reached over a network.
    ///
    /// # Errors
    /// The first thing that cannot be had.
    pub async fn start(self) -> Result<Hub, StartError> {
        let runtime = runtime::current().map_err(StartError::Runtime)?;
        self.check()?;
        let hub = Hub {
            inner: Arc::new(self.open(runtime)?),
        };
        hub.enter_cluster().await?;
        let news = hub.inner.store.news(None).await?;
        hub.inner.watch.read_upto(news.next);
        hub.begin();
        let bans = hub.inner.store.gateway_bans().await?;
        hub.with_state(|state| state.bans = bans);
        if hub.inner.cluster.is_none() {
            // The process that held them is gone.
            let all = EndGuests { node: None };
            let ended = hub.commit(Actor::Operator, None, all, |_, ()| Ok(()));
            ended.await?;
        }
        hub.sweep_all_files().await?;
        Ok(hub)
    }

    /// Whether a hub can be as it was told.
    fn check(&self) -> Result<(), StartError> {
        let name = &self.options.name;
        let is_wrong = |c: char| c.is_control() || turns_text(c);
        Err(StartError::Unfit(match &self.place {
            _ if !has_visible(name) => "there is nothing to see in its name",
            _ if name.contains(is_wrong) => {
                "its name has a control character in it, or one that turns the direction of text"
            }
            Some(_) if self.bus.is_none() => "a registry needs a bus that its nodes share",
            Some(place) if place.lease.is_zero() => "a lease is longer than nothing",
            Some(_) | None => return Ok(()),
        }))
    }

    fn open(self, runtime: Handle) -> Result<Inner, StartError> {
        let clock = Arc::new(CorrectedClock::new(self.clock));
        let tap = tap::Tap::new(clock.clone());
        let identity = Arc::<Identity>::default();
        let counts = Arc::new(Counts::new(COMMANDS));
        let commit_queue = Arc::new(CommitQueue::new(counts.clone()));
        let node = self.place.is_some().then(|| identity.clone());
        let limits = limits(&self.options, node);
        let store =
            (self.store)(limits.clone(), commit_queue.clone()).map_err(StartError::Store)?;
        let is_shared = self.bus.is_some();
        let open = |files: FilesDirectory| files.open(limits.disk_free.clone(), is_shared);
        let files = self.files.map(open).transpose()?;
        let grace = self.options.grace;
        let backlog = Arc::new(Backlog::new(self.options.queue_total_bytes, counts.clone()));
        let mut state = HubState::new(
            identity.node(),
            tap.clone(),
            grace,
            Moment::of(clock.as_ref()),
        );
        state.backlog = backlog.clone();
        state.is_shared = is_shared;
        state.count_in(counts.clone());
        let timeout = self.authenticator_timeout;
        let authenticator = self
            .authenticator
            .map(|asked| authenticator::Asked::new(asked, timeout));
        let (timeout, allow_undecided) = (self.policy_timeout, self.allow_undecided);
        let policy = self
            .policy
            .map(|asked| policy::Asked::new(asked, timeout, allow_undecided));
        let hashing = Hashing::new(self.options.passwords_waiting);
        Ok(Inner {
            newcomers: Newcomers::new(),
            counts,
            attempts: Attempts::new(self.options.failed_logins),
            backlog,
            registrations: Quota::new(
                "registrations_per_hour",
                self.options.registrations_per_hour,
            ),
            rooms_made: Quota::new("rooms_made_per_hour", self.options.rooms_made_per_hour),
            options: RwLock::new(Arc::new(self.options)),
            cluster: self
                .place
                .map(|Place { registry, lease }| Cluster::new(registry, identity.clone(), lease)),
            identity,
            node_name: self.node_name,
            since: clock.now(),
            clock,
            store,
            limits,
            bus: self.bus.unwrap_or_else(|| Arc::new(LocalBus::new())),
            is_shared,
            files,
            sweeps: files::Sweeps::default(),
            commit_queue,
            watch: Arc::default(),
            state: Shared::new(state),
            tap,
            hashing,
            authenticator,
            policy,
            departures: Notify::new(),
            aged: Notify::new(),
            tasks: Mutex::default(),
            stopped: AtomicBool::new(false),
            runtime,
        })
    }
}

impl FilesDirectory {
    /// `is_shared`: other nodes have the same files.
    #[cfg_attr(
        not(feature = "s3"),
        expect(unused_variables, reason = "a directory has locks")
    )]
    fn open(self, disk_free: Dial, is_shared: bool) -> Result<FileArea, StartError> {
        let path = self.path;
        #[cfg(feature = "s3")]
        if let Some(options) = &self.s3 {
            let area = FileArea::in_s3(Bucket::new(options)?, is_shared, &path, disk_free);
            return area.map_err(|error| StartError::Files { path, error });
        }
        FileArea::open(&path, self.is_temporary, disk_free)
            .map_err(|error| StartError::Files { path, error })
    }
}

impl Hub {
    /// Joins the bus and starts what goes on beside the sessions.
    fn begin(&self) {
        let inner = &self.inner;
        if inner.is_shared {
            self.join_bus();
        }
        let hub = self.clone();
        let tasks = [
            self.run(async move { hub.deliver().await }),
            self.run(self.clone().watch_departures()),
            self.run(self.clone().expire_tokens()),
            self.run(self.clone().keep_no_longer()),
            self.run(self.clone().finish_erasures()),
            self.run(self.clone().keep_lease()),
        ];
        let mut running = inner.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        running.extend(tasks);
        if inner.is_shared {
            running.push(self.run(self.clone().watch_others()));
        }
    }
}

/// The characters of Unicode that say in which direction text goes.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What the store needs to know to decide.
fn limits(options: &Options, node: Option<Arc<Identity>>) -> Limits {
    Limits {
        gateway: options.name.clone(),
        rooms_per_user: options.rooms_per_user.into(),
        members_per_room: options.members_per_room.into(),
        disk_free: options.disk_free.into(),
        node,
    }
}
