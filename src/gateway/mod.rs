//! The gateway: listeners, the one connection loop that every dialect shares, limits, shutdown.

mod connection;
mod dialect;
mod frame_capture;
mod listener;
mod open;
mod transport;
mod writer;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

pub use connection::ConnectionLimits;
pub use dialect::{Adapter, Content, Dialect, RequestContext, Response, SessionOptions};
pub use listener::{Serve, serving};
pub use open::{StartError, open_hub};
pub use transport::Transport;
pub use writer::{Numbering, Pacing};

use crate::config::{Config, TlsMode};
use crate::control::ControlServer;
use crate::control::lock::DataDirLock;
use crate::hub::{Bounds, Hub};
use listener::{ConnectionLimiter, Listening};

/// A running gateway: a hub, the listeners that lead to it, and the control socket.
pub struct Gateway {
    hub: Hub,
    limiter: Arc<ConnectionLimiter>,
    listening: Vec<Listening>,
    control: Option<ControlServer>,
    shutdown: watch::Sender<bool>,
    grace: Duration,
    // Given back last.
    _lock: Option<DataDirLock>,
}

impl Gateway {
    /// Starts what a configuration describes. Whoever can connect when this returns is served.
    ///
    /// # Errors
    /// The first thing that cannot be had; what was started before is stopped.
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        let lock = DataDirLock::acquire(&config.data_dir)
            .map_err(|error| StartError::DataDir(error.to_string()))?;
        // What this build cannot do is said before anything is opened.
        let served = served(config)?;
        let mut gateway = Self::with(open_hub(config).await?, config, served).await?;
        gateway._lock = Some(lock);
        let path = crate::control::socket_path(&config.data_dir);
        match crate::control::listen(gateway.hub.clone(), &path).await {
            Ok(control) => gateway.control = Some(control),
            Err(error) => {
                gateway.stop().await;
                return Err(StartError::Control { path, error });
            }
        }
        Ok(gateway)
    }

    /// A gateway over a hub that was started elsewhere: the configuration's listeners and limits, without its store, its data
    /// directory and the control socket.
    ///
    /// # Errors
    /// [`StartError::Listener`]; [`StartError::Bind`], then the hub is stopped.
    pub async fn over(hub: Hub, config: &Config) -> Result<Self, StartError> {
        Self::with(hub, config, served(config)?).await
    }

    async fn with(
        hub: Hub,
        config: &Config,
        served: Vec<Arc<dyn Serve>>,
    ) -> Result<Self, StartError> {
        let (shutdown, down) = watch::channel(false);
        let limiter = Arc::new(ConnectionLimiter::new(
            hub.clone(),
            limits(config),
            config,
            down,
        ));
        let grace = config.shutdown.grace;
        let mut gateway = Self {
            hub,
            limiter,
            listening: Vec::new(),
            control: None,
            shutdown,
            grace,
            _lock: None,
        };
        for (listener, dialect) in config.listeners.iter().zip(served) {
            if let Err(error) = gateway.listen(&listener.name, listener.address, dialect) {
                gateway.stop().await;
                return Err(error);
            }
        }
        Ok(gateway)
    }

    /// Opens one more listener, for a dialect of this crate or of another.
    ///
    /// # Errors
    /// [`StartError::Bind`].
    pub fn listen(
        &mut self,
        name: &str,
        address: SocketAddr,
        dialect: Arc<dyn Serve>,
    ) -> Result<SocketAddr, StartError> {
        let listening = self.limiter.clone().listen(name, address, dialect)?;
        let address = listening.address;
        self.listening.push(listening);
        Ok(address)
    }

    /// Serves a connection that did not come through a listener.
    pub fn connect(&self, dialect: Arc<dyn Serve>, transport: Transport) {
        self.limiter.clone().admit(dialect, transport);
    }

    /// The hub.
    #[must_use]
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The real addresses of the listeners, by name, in the order of the configuration.
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

    /// Stops accepting, tells clients, waits for at most `shutdown.grace` until they have it, closes the store.
    pub async fn stop(mut self) {
        for listening in self.listening.drain(..) {
            listening.close().await;
        }
        self.hub.suppress_presence();
        // Nobody may be left to hear it.
        let _ = self.shutdown.send(true);
        if tokio::time::timeout(self.grace, self.limiter.empty())
            .await
            .is_err()
        {
            tracing::warn!("not all connections took their last words in time");
        }
        if let Some(control) = self.control.take() {
            control.stop().await;
        }
        self.hub.stop().await;
    }
}

fn served(config: &Config) -> Result<Vec<Arc<dyn Serve>>, StartError> {
    let mut served = Vec::new();
    for listener in &config.listeners {
        if listener.tls == TlsMode::Required {
            return Err(StartError::Listener {
                name: listener.name.clone(),
                reason: "this build has no TLS yet; use tls = \"auto\" or \"off\"".to_owned(),
            });
        }
        served.push(listener.settings.serve(&config.dialect_options()));
    }
    Ok(served)
}

fn limits(config: &Config) -> ConnectionLimits {
    let limits = &config.limits;
    ConnectionLimits {
        bounds: Bounds {
            events: limits.queue_events,
            bytes: limits.queue_bytes,
        },
        login_timeout: limits.login_timeout,
        requests_per_second: limits.requests_per_second,
        burst: limits.burst,
    }
}
