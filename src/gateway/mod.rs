//! The gateway: listeners, the one connection loop that every dialect shares, limits, shutdown.

mod balancer;
mod builder;
mod connection;
mod dialect;
mod frame_capture;
mod hits;
mod limits;
mod listener;
mod liveness;
mod opening;
mod options;
mod pace;
pub mod proxy;
mod pulse;
mod receiving;
#[cfg(feature = "tls")]
pub mod tls;
mod transport;
mod writer;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use builder::{BindError, GatewayBuilder};
pub use dialect::{
    Adapter, Content, Dialect, FrameLength, RequestContext, Response, SessionOptions,
};
pub use limits::Limits;
pub use listener::{Serve, bind, serving};
pub use options::{ListenerOptions, TlsMode};
pub use pulse::Pulse;
pub use transport::Transport;
pub use writer::{Numbering, Pacing};

use crate::hub::Hub;
use listener::{ConnectionLimiter, Listening};
use liveness::PeerTimeout;
use opening::Opening;

/// A running gateway: a hub, and the listeners that lead to it.
pub struct Gateway {
    hub: Hub,
    limiter: Arc<ConnectionLimiter>,
    listening: Vec<Listening>,
    shutdown: watch::Sender<bool>,
    grace: Duration,
    /// Looks after peers that vanished.
    watch: JoinHandle<()>,
}

impl Gateway {
    /// A gateway that leads to this hub, to be told on what it listens.
    pub fn builder(hub: Hub) -> GatewayBuilder {
        GatewayBuilder::new(hub)
    }

    fn new(hub: Hub, limits: Limits, grace: Duration, peer_timeout: PeerTimeout) -> Self {
        let (shutdown, down) = watch::channel(false);
        let limiter = ConnectionLimiter::new(hub.clone(), limits, peer_timeout, down);
        let limiter = Arc::new(limiter);
        let watch = tokio::spawn(limiter.clone().watch_peers());
        Self {
            hub,
            limiter,
            listening: Vec::new(),
            shutdown,
            grace,
            watch,
        }
    }

    fn accept(
        &mut self,
        name: &str,
        socket: TcpListener,
        dialect: Arc<dyn Serve>,
        opening: Opening,
    ) -> io::Result<()> {
        let limiter = self.limiter.clone();
        let listening = limiter.listen(name, socket, dialect, opening)?;
        self.listening.push(listening);
        Ok(())
    }

    /// Serves a connection that did not come through a listener.
    pub fn connect(&self, dialect: Arc<dyn Serve>, transport: Transport) {
        self.limiter.clone().admit(dialect, transport);
    }

    /// The hub that the connections lead to.
    #[must_use]
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// How it is, from now on.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        Pulse {
            limiter: self.limiter.clone(),
            hub: self.hub.clone(),
        }
    }

    /// The real addresses of the listeners, by name, in the order in which they were given.
    #[must_use]
    pub fn addresses(&self) -> Vec<(String, SocketAddr)> {
        self.listening
            .iter()
            .map(|listening| (listening.name.clone(), listening.address))
            .collect()
    }

    /// The line that says that the gateway can be talked to: `ready jim=[::]:7777 talker=…`.
    #[must_use]
    pub fn ready_line(&self) -> String {
        let addresses = self
            .listening
            .iter()
            .map(|listening| format!(" {}={}", listening.name, listening.address));
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
    pub async fn close(mut self) -> Hub {
        for listening in self.listening.drain(..) {
            listening.close().await;
        }
        self.hub.suppress_presence();
        let connections = self.limiter.inside();
        // Nobody may be left to hear it.
        let _ = self.shutdown.send(true);
        let all = tokio::time::timeout(self.grace, self.limiter.empty()).await;
        tracing::info!(connections, "farewell said");
        if all.is_err() {
            let connections = self.limiter.inside();
            tracing::warn!(
                connections,
                "not all connections took their last words in time"
            );
        }
        self.watch.abort();
        self.hub
    }
}
