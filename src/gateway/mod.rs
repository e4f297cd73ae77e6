//! The gateway: listeners, the one connection loop that every dialect shares, limits, shutdown.

mod balancer;
mod builder;
#[cfg(feature = "http")]
mod byte_stream;
mod change;
mod connection;
mod dialect;
mod frame_capture;
mod hits;
mod limits;
mod listener;
mod listening;
mod liveness;
mod opening;
mod options;
mod pace;
pub mod proxy;
mod pulse;
mod receiving;
mod refusals;
mod serve;
mod threads;
#[cfg(feature = "tls")]
pub mod tls;
mod transport;
#[cfg(feature = "http")]
mod web_socket;
mod wire;
mod writer;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

pub use builder::{BindError, GatewayBuilder};
#[cfg(feature = "http")]
pub(crate) use byte_stream::ByteStream;
pub use dialect::{
    Adapter, Content, Cut, DecodedOf, Dialect, FrameLength, Messages, RequestContext, Response,
    SessionOptions,
};
pub use limits::Limits;
#[cfg(feature = "http")]
pub(crate) use listener::Permit;
pub use listening::bind;
pub use options::{ListenerOptions, TlsMode};
pub use pulse::Pulse;
pub use serve::{Serve, serving};
pub use transport::Transport;
pub use writer::{Numbering, Pacing};

use crate::hub::Hub;
use crate::model::EndReason;
#[cfg(feature = "tls")]
use crate::turns::Turns;
use listener::ConnectionLimiter;
use listening::{Listening, Shutdown};
use liveness::PeerTimeout;
use threads::Threads;

/// A running gateway: a hub, and the listeners that lead to it. A handle: clones are the same gateway. With the last of them
/// its listeners are closed and its connections end, though nobody waits for either, and the hub runs on: to end one well, [`Gateway::stop`].
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

struct Inner {
    hub: Hub,
    limiter: Arc<ConnectionLimiter>,
    state: Mutex<State>,
    /// Held by whoever changes what is listened on, or ends it.
    changing: tokio::sync::Mutex<()>,
    /// Says to connections that came through no listener that they end.
    shutdown: Shutdown,
    /// Looks after peers that vanished.
    watch: JoinHandle<()>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

struct State {
    listening: Vec<Listening>,
    is_closed: bool,
    grace: Duration,
    /// Who may shake hands at the same time, and how many that are.
    #[cfg(feature = "tls")]
    turns: (usize, Arc<Turns>),
}

impl Gateway {
    /// A gateway that leads to this hub, to be told on what it listens.
    pub fn builder(hub: Hub) -> GatewayBuilder {
        GatewayBuilder::new(hub)
    }

    fn new(
        hub: Hub,
        threads: usize,
        limits: Limits,
        grace: Duration,
        peer_timeout: PeerTimeout,
    ) -> Self {
        let threads = Threads::start(threads, &hub);
        let limiter = ConnectionLimiter::new(hub.clone(), threads, limits, peer_timeout);
        let limiter = Arc::new(limiter);
        let watch = tokio::spawn(limiter.clone().watch_peers());
        let state = State {
            listening: Vec::new(),
            is_closed: false,
            grace,
            #[cfg(feature = "tls")]
            turns: (limits.handshakes, limits.turns()),
        };
        let inner = Inner {
            hub,
            shutdown: Shutdown::new(limiter.clone()),
            limiter,
            state: Mutex::new(state),
            changing: tokio::sync::Mutex::default(),
            watch,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Serves a connection that did not come through a listener, on the runtime that this is called in; outside of any, on
    /// the hub's.
    pub fn connect(&self, dialect: Arc<dyn Serve>, transport: Transport) {
        let is_outside = Handle::try_current().is_err();
        let _inside = is_outside.then(|| self.hub().runtime().enter());
        let shutdown = self.inner.shutdown.subscribe();
        self.inner
            .limiter
            .clone()
            .admit(dialect, transport, shutdown);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The hub that the connections lead to.
    #[must_use]
    pub fn hub(&self) -> &Hub {
        &self.inner.hub
    }

    /// How it is, from now on.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        Pulse {
            limiter: self.inner.limiter.clone(),
            hub: self.hub().clone(),
        }
    }

    /// The real addresses of the listeners, by name, in the order in which they were given.
    #[must_use]
    pub fn addresses(&self) -> Vec<(String, SocketAddr)> {
        let state = self.state();
        let listening = state.listening.iter();
        listening
            .map(|listening| (listening.name.clone(), listening.address))
            .collect()
    }

    /// The line that says that the gateway can be talked to: `ready jim=[::]:7777 talker=…`.
    #[must_use]
    pub fn ready_line(&self) -> String {
        let addresses = self.addresses().into_iter();
        let addresses = addresses.map(|(name, address)| format!(" {name}={address}"));
        format!("ready{}", addresses.collect::<String>())
    }

    /// Runs until `shutdown` is done, then stops.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) {
        shutdown.await;
        self.stop().await;
    }

    /// Stops accepting, tells clients, waits for at most the shutdown's grace until they have it, stops the hub.
    pub async fn stop(self) {
        self.close().await.stop().await;
    }

    /// As [`Gateway::stop`], but the hub runs on, where nobody is told of anybody's presence any more.
    pub async fn close(self) -> Hub {
        let inner = &self.inner;
        let _changing = inner.changing.lock().await;
        let (mut all, grace) = {
            let mut state = self.state();
            state.is_closed = true;
            (std::mem::take(&mut state.listening), state.grace)
        };
        for listening in &mut all {
            listening.pause().await;
        }
        inner.hub.suppress_presence();
        let connections = inner.limiter.inside();
        inner.shutdown.say(EndReason::Shutdown);
        for listening in all {
            listening.end(EndReason::Shutdown);
        }
        let gone = tokio::time::timeout(grace, inner.limiter.empty()).await;
        tracing::info!(connections, "farewell said");
        if gone.is_err() {
            let connections = inner.limiter.inside();
            tracing::warn!(
                connections,
                "not all connections took their last words in time"
            );
        }
        inner.watch.abort();
        inner.limiter.threads().stop(grace).await;
        inner.hub.clone()
    }
}
