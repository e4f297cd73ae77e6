//! The door that every connection comes through.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

use super::balancer::Balancers;
use super::hits::{Hit, Hits};
use super::limits::Limits;
use super::listening::Reception;
use super::liveness::PeerTimeout;
use super::opening::Opening;
use super::pace::{MessagePaces, Rate};
use super::receiving::{Receiving, ReceivingTotal};
use super::refusals::{Refusal, Refusals};
use super::serve::Serve;
use super::threads::{Place, Threads};
use super::transport::Transport;
use super::writer::{Counted, Writer};
use crate::hub::Hub;
use crate::hub::metrics::OpenPlace;
use crate::model::{EndReason, Network};
#[cfg(feature = "http")]
use crate::model::{RoomId, User};
use crate::throttle::Throttle;
use crate::word::Word;

/// How long to wait when a connection cannot be accepted (too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How many connections are looked at before others may run.
const MAX_LOOKS: usize = 128;
/// How often it is said that connections from where nobody may come were refused.
const BANNED_SAID: Duration = Duration::from_secs(1);
/// How often it is said that connections cannot be accepted.
const UNACCEPTED_SAID: Duration = Duration::from_secs(60);

/// Counts who is in, and turns away who is too many.
pub(super) struct ConnectionLimiter {
    hub: Hub,
    threads: Threads,
    limits: RwLock<Limits>,
    peer_timeout: PeerTimeout,
    request_rate: RwLock<Option<Rate>>,
    message_paces: MessagePaces,
    receiving: Arc<ReceivingTotal>,
    writers: Mutex<Vec<Weak<Writer>>>,
    inside: AtomicUsize,
    /// Connections that are in, of each household.
    by_address: Mutex<HashMap<Network, usize>>,
    left: Notify,
    refusals: Refusals,
    hits: Arc<Hits>,
    banned: Arc<Throttle<IpAddr>>,
    unaccepted: Arc<Throttle<io::Error>>,
}

impl ConnectionLimiter {
    pub(super) fn new(
        hub: Hub,
        threads: Threads,
        limits: Limits,
        peer_timeout: PeerTimeout,
    ) -> Self {
        let paces = MessagePaces::new(limits.messages_per_second, limits.messages_burst);
        let request_rate = Rate::new(limits.requests_per_second, limits.burst);
        Self {
            hub,
            threads,
            limits: RwLock::new(limits),
            peer_timeout,
            request_rate: RwLock::new(request_rate),
            message_paces: paces,
            receiving: ReceivingTotal::new(limits.receiving_total_bytes),
            writers: Mutex::default(),
            inside: AtomicUsize::new(0),
            by_address: Mutex::default(),
            left: Notify::new(),
            refusals: Refusals::default(),
            hits: Arc::default(),
            banned: Throttle::new(BANNED_SAID),
            unaccepted: Throttle::new(UNACCEPTED_SAID),
        }
    }

    pub(super) fn limits(&self) -> Limits {
        *self.limits.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Other limits from now on, for all connections; but a queue keeps the bounds that it was made with. Nobody is turned out.
    pub(super) fn set_limits(&self, limits: Limits) {
        let Limits {
            messages_per_second,
            messages_burst,
            receiving_total_bytes,
            requests_per_second,
            burst,
            ..
        } = limits;
        let request_rate = Rate::new(requests_per_second, burst);
        let mut rate = self
            .request_rate
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *rate = request_rate;
        drop(rate);
        self.message_paces.set(messages_per_second, messages_burst);
        self.receiving.set_limit(receiving_total_bytes);
        *self.limits.write().unwrap_or_else(PoisonError::into_inner) = limits;
    }

    /// Connections of this dialect may come to a listener of this name: they are counted from 0.
    pub(super) fn expect_at(&self, listener: &str, dialect: &'static str) {
        self.hub.counts().listens(listener.into(), dialect);
    }

    /// Lets in who connects, until this is dropped.
    pub(super) async fn accept(
        self: Arc<Self>,
        listener: TcpListener,
        reception: watch::Receiver<Reception>,
        shutdown: watch::Receiver<Option<EndReason>>,
    ) {
        let mut spare = spare_file();
        loop {
            match listener.accept().await {
                Ok((socket, _)) => {
                    let Reception { dialect, opening } = reception.borrow().clone();
                    self.clone()
                        .come_in(dialect, socket, opening, shutdown.clone());
                    // Whoever is refused is told why before the next one needs its descriptor.
                    tokio::task::yield_now().await;
                }
                Err(error) => {
                    self.unaccepted.note(error, |times, error| {
                        tracing::warn!(%error, times, "connections could not be accepted");
                    });
                    // With the one that was kept back one connection at a time is told so.
                    drop(spare.take());
                    let accepted = tokio::time::timeout(ACCEPT_PAUSE, listener.accept()).await;
                    if let Ok(Ok((socket, _))) = accepted {
                        let dialect = reception.borrow().dialect.clone();
                        let reason = EndReason::TooManyConnections;
                        let refusal = self.refusal(dialect, Transport::tcp(socket), reason);
                        refusal.run_alone().await;
                    }
                    spare = spare_file();
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// A balancer's connection is served once it has said from where it comes.
    fn come_in(
        self: Arc<Self>,
        dialect: Arc<dyn Serve>,
        socket: TcpStream,
        opening: Opening,
        shutdown: watch::Receiver<Option<EndReason>>,
    ) {
        let transport = Transport::tcp(socket);
        let peer = transport.peer();
        let of_balancer =
            |balancers: &Arc<Balancers>| peer.is_some_and(|peer| balancers.include(peer));
        match opening.balancers.clone().filter(of_balancer) {
            None => self.admit(dialect, transport.with_opening(opening), shutdown),
            Some(balancers) => {
                let transport = transport.with_opening(opening.behind_header());
                let come_in = self.come_in_for(dialect, transport, balancers, shutdown);
                tokio::spawn(come_in);
            }
        }
    }

    /// Awaits the header of a balancer's connection, which counts as a connection meanwhile.
    async fn come_in_for(
        self: Arc<Self>,
        dialect: Arc<dyn Serve>,
        mut transport: Transport,
        balancers: Arc<Balancers>,
        mut shutdown: watch::Receiver<Option<EndReason>>,
    ) {
        if !self.is_ready(&transport) {
            return;
        }
        let Some(permit) = self.clone().enter() else {
            return self.refuse(dialect, transport);
        };
        let header = tokio::select! {
            header = transport.read_header(self.limits().login_timeout) => header,
            _ = shutdown.wait_for(Option::is_some) => return,
        };
        if let Err(reason) = header {
            return balancers.complain(transport.peer(), &reason);
        }
        match permit.of_address(transport.peer()) {
            Some(permit) => self.serve(&dialect, transport, shutdown, permit),
            None => self.refuse(dialect, transport),
        }
    }

    /// Serves a connection on a task of its own, unless there are too many, or its address is banned.
    pub(super) fn admit(
        self: Arc<Self>,
        dialect: Arc<dyn Serve>,
        transport: Transport,
        shutdown: watch::Receiver<Option<EndReason>>,
    ) {
        if !self.is_ready(&transport) {
            return;
        }
        let permit = self.clone().enter();
        match permit.and_then(|permit| permit.of_address(transport.peer())) {
            Some(permit) => self.serve(&dialect, transport, shutdown, permit),
            None => self.refuse(dialect, transport),
        }
    }

    fn is_ready(&self, transport: &Transport) -> bool {
        let ready = transport.prepare(self.peer_timeout);
        if let Err(error) = &ready {
            tracing::debug!(%error, "a connection was gone before it was served");
        }
        ready.is_ok()
    }

    fn serve(
        &self,
        dialect: &Arc<dyn Serve>,
        transport: Transport,
        shutdown: watch::Receiver<Option<EndReason>>,
        mut permit: Permit,
    ) {
        let (dialect, hub, limits) = (dialect.clone(), self.hub.clone(), self.limits());
        permit.speak(dialect.name(), transport.listener());
        self.threads.run(transport, move |transport, place| {
            permit.place = place;
            dialect.serve(transport, &hub, limits, shutdown, permit);
        });
    }

    /// Lets one more in, whose address is not known yet.
    fn enter(self: Arc<Self>) -> Option<Permit> {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        let most = self.limits().connections;
        let permit = Permit {
            limiter: self,
            counted: None,
            place: None,
            open: None,
        };
        (most == 0 || inside <= most).then_some(permit)
    }

    /// How many connections are in.
    pub(super) fn inside(&self) -> usize {
        self.inside.load(Ordering::SeqCst)
    }

    /// The threads that carry connections.
    pub(super) fn threads(&self) -> &Threads {
        &self.threads
    }

    /// Where it is told which limits were hit.
    pub(super) fn hits(&self) -> &Arc<Hits> {
        &self.hits
    }

    /// Has a connection told on a task of its own that it is one too many, or comes from where nobody may.
    fn refuse(&self, dialect: Arc<dyn Serve>, transport: Transport) {
        let reason = match transport.peer() {
            Some(peer) if self.hub.is_banned(peer) => {
                self.banned.note(peer, |times, peer| {
                    tracing::info!(%peer, times, "connections from banned addresses were refused");
                });
                EndReason::AddressBanned
            }
            peer => {
                let most = self.limits().connections;
                let limit = match most > 0 && self.inside() >= most {
                    true => "connections",
                    false => "connections_per_address",
                };
                self.hits.note(limit, Hit::from(peer));
                EndReason::TooManyConnections
            }
        };
        self.refusals
            .begin(self.refusal(dialect, transport, reason));
    }

    /// What is left is to run it; it is counted.
    fn refusal(&self, dialect: Arc<dyn Serve>, transport: Transport, reason: EndReason) -> Refusal {
        let counted = Counted::at(&self.hub, dialect.name());
        self.hub
            .counts()
            .refused(dialect.name(), Word(reason).to_string());
        Refusal {
            last: dialect.refusal(reason),
            transport,
            peer_timeout: self.peer_timeout,
            counted,
        }
    }

    fn by_address(&self) -> MutexGuard<'_, HashMap<Network, usize>> {
        self.by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives up connections whose peers have vanished, as long as the gateway runs.
    pub(super) async fn watch_peers(self: Arc<Self>) {
        loop {
            tokio::time::sleep(self.peer_timeout.round()).await;
            let writers = {
                let mut all = self.writers();
                all.retain(|writer| writer.strong_count() > 0);
                all.clone()
            };
            for some in writers.chunks(MAX_LOOKS) {
                for writer in some.iter().filter_map(Weak::upgrade) {
                    writer.look();
                    if writer.silence().is_some() {
                        writer.abort();
                    }
                }
                tokio::task::yield_now().await;
            }
        }
    }

    /// Has every connection look whether it ends.
    pub(super) fn wake_all(&self) {
        let writers = self.writers().clone();
        for writer in writers.iter().filter_map(Weak::upgrade) {
            writer.wake();
        }
    }

    fn writers(&self) -> MutexGuard<'_, Vec<Weak<Writer>>> {
        self.writers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody is in.
    pub(super) async fn empty(&self) {
        loop {
            let left = self.left.notified();
            if self.inside() == 0 {
                return;
            }
            left.await;
        }
    }
}

/// Somebody is in until this is dropped.
pub struct Permit {
    limiter: Arc<ConnectionLimiter>,
    /// Where it counts as one of an address.
    counted: Option<Network>,
    /// On which thread, where there are several.
    place: Option<Place>,
    /// Where it counts as open, once it is served.
    open: Option<OpenPlace>,
}

impl Permit {
    /// The connection is looked after from now on.
    pub(super) fn watch(&self, writer: &Arc<Writer>) {
        self.limiter.writers().push(Arc::downgrade(writer));
    }

    /// It counts as one of this dialect from now on, and no longer as one of another that it spoke before.
    pub(super) fn speak(&mut self, dialect: &'static str, listener: Option<&Arc<str>>) {
        let counts = self.limiter.hub.counts();
        self.open = Some(match self.open.take() {
            Some(before) => counts.changed(before, listener, dialect),
            None => counts.came_in(listener, dialect),
        });
    }

    /// Where it is told which limits were hit.
    pub(super) fn hits(&self) -> &Arc<Hits> {
        &self.limiter.hits
    }

    /// How long somebody may take to say who it is; 0 is for ever.
    pub(super) fn login_timeout(&self) -> Duration {
        self.limiter.limits().login_timeout
    }

    /// How fast its requests are taken, where that is limited.
    pub(super) fn request_rate(&self) -> Option<Rate> {
        let rate = self.limiter.request_rate.read();
        *rate.unwrap_or_else(PoisonError::into_inner)
    }

    /// How fast users say something.
    pub(super) fn message_paces(&self) -> &MessagePaces {
        &self.limiter.message_paces
    }

    /// When the next message of a user in a room is due that is said over it, if that is not now: then it is logged.
    #[cfg(feature = "http")]
    pub(crate) fn message_due(
        &self,
        user: &User,
        room: RoomId,
        peer: Option<IpAddr>,
    ) -> Option<tokio::time::Instant> {
        let due = self.message_paces().take(user.id, room)?;
        let hit = Hit {
            user: Some(user.login.clone()),
            ..Hit::from(peer)
        };
        self.hits().note("messages_per_second", hit);
        Some(due)
    }

    /// Its part of what all connections may hold of unfinished frames.
    pub(super) fn receiving(&self) -> Receiving {
        self.limiter.receiving.part()
    }

    /// When its peer counts as gone.
    pub(super) fn peer_timeout(&self) -> PeerTimeout {
        self.limiter.peer_timeout
    }

    /// Counts it as one from this address; none where that has as many as it may, or is banned.
    fn of_address(mut self, peer: Option<IpAddr>) -> Option<Self> {
        if peer.is_some_and(|address| self.limiter.hub.is_banned(address)) {
            return None;
        }
        let most = self.limiter.limits().connections_per_address;
        // Counted without a limit, too: there may be one later.
        if let Some(network) = peer.map(Network::of_place) {
            let limiter = self.limiter.clone();
            let mut by_address = limiter.by_address();
            let here = by_address.entry(network).or_insert(0);
            if most > 0 && *here >= most {
                drop(by_address);
                return None;
            }
            *here += 1;
            self.counted = Some(network);
        }
        Some(self)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(place) = self.open {
            self.limiter.hub.counts().left(place);
        }
        if let Some(network) = self.counted {
            let mut by_address = self.limiter.by_address();
            if let Entry::Occupied(mut here) = by_address.entry(network) {
                *here.get_mut() -= 1;
                if *here.get() == 0 {
                    here.remove();
                }
            }
        }
        self.limiter.inside.fetch_sub(1, Ordering::SeqCst);
        self.limiter.left.notify_waiters();
    }
}

/// A descriptor that is given up for a moment when no other is left.
fn spare_file() -> Option<File> {
    File::open("/dev/null").ok()
}
