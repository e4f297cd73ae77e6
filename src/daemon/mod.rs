//! The gateway as a program runs it: what a configuration describes, the data directory that it owns, and the control socket.

pub mod lock;
pub mod notify;
mod obstacles;
mod open;
#[cfg(feature = "tls")]
mod tls;

use std::future::Future;
use std::path::PathBuf;

pub use obstacles::obstacles;
#[cfg(all(feature = "cli", feature = "sqlite"))]
pub(crate) use open::refuse_half_restored;
pub use open::{files_directory, open_hub};

#[cfg(not(feature = "tls"))]
use crate::config::TlsMode;
use crate::config::{Config, ConfigError};
use crate::control::{self, ControlServer, ListenerAddress};
use crate::gateway::{BindError, Gateway, GatewayBuilder, Limits, ListenerOptions};
use crate::hub::{self, Hub};
use crate::refusal::of_file;
use lock::DataDirLock;

/// That a configuration has no listener, and how to mend it.
pub const NO_LISTENER: &str = "there is no listener: nobody can connect; \
    add a [[listener]], or leave `listener` out for one of each dialect";

/// Why a gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The hub cannot be had.
    #[error(transparent)]
    Hub(#[from] hub::StartError),
    /// The data directory cannot be had.
    #[error("{0}")]
    DataDir(String),
    /// The control socket cannot be made.
    #[error("the control socket cannot be made: {}", of_file(.path, .error))]
    Control {
        /// Where the socket was to be.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The configuration asks for what cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    /// A listener's address cannot be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
}

/// A running gateway that owns its data directory and listens on the control socket there.
pub struct Daemon {
    gateway: Gateway,
    control: ControlServer,
    // Given back last.
    _lock: DataDirLock,
}

impl Daemon {
    /// Starts what a configuration describes. Whoever can connect when this returns is served.
    ///
    /// # Errors
    /// The first thing that cannot be had; what was started before is stopped.
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        let lock = DataDirLock::acquire(&config.data_dir)
            .map_err(|error| StartError::DataDir(error.to_string()))?;
        control::audit::log_kept(&config.data_dir);
        if config.listeners.is_empty() {
            tracing::warn!("{NO_LISTENER}");
        }
        // What cannot be used is said before anything is opened.
        let encryption = encryption(config)?;
        let hub = open_hub(config).await?;
        let gateway = builder(hub, config, encryption).start().await?;
        let path = control::socket_path(&config.data_dir);
        let listeners = listeners(&gateway, config);
        match control::listen(gateway.hub().clone(), listeners, &path).await {
            Ok(control) => Ok(Self {
                gateway,
                control,
                _lock: lock,
            }),
            Err(error) => {
                gateway.stop().await;
                Err(StartError::Control { path, error })
            }
        }
    }

    /// The running gateway, to add listeners or connections to.
    #[must_use]
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Runs until `shutdown` is done, then stops.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) {
        shutdown.await;
        self.stop().await;
    }

    /// As [`Gateway::stop`]; who watches by the control socket is told of it to the end.
    pub async fn stop(self) {
        let hub = self.gateway.close().await;
        self.control.stop().await;
        hub.stop().await;
    }
}

/// The gateway that a configuration describes, over a hub that was started elsewhere: listeners and limits, without its
/// store, its data directory and the control socket.
///
/// # Errors
/// [`StartError::Configuration`].
pub fn gateway(hub: Hub, config: &Config) -> Result<GatewayBuilder, StartError> {
    Ok(builder(hub, config, encryption(config)?))
}

fn builder(hub: Hub, config: &Config, encryption: Encryption) -> GatewayBuilder {
    let builder = Gateway::builder(hub)
        .limits(limits(config))
        .shutdown_grace(config.shutdown.grace);
    #[cfg(feature = "tls")]
    let builder = match encryption {
        Some(tls) => builder.tls(tls),
        None => builder,
    };
    #[cfg(not(feature = "tls"))]
    let Encryption = encryption;
    let options = config.dialect_options();
    config.listeners.iter().fold(builder, |builder, listener| {
        let dialect = listener.settings.serve(&options);
        let options = ListenerOptions::default()
            .tls(listener.tls)
            .proxy(listener.proxy.clone());
        builder.listen_with(&listener.name, listener.address, dialect, options)
    })
}

/// Where clients can connect to a gateway that has this configuration's listeners.
#[must_use]
pub fn listeners(gateway: &Gateway, config: &Config) -> Vec<ListenerAddress> {
    let pairs = config.listeners.iter().zip(gateway.addresses());
    let listeners = pairs.map(|(listener, (name, address))| ListenerAddress {
        name,
        dialect: listener.settings.dialect().to_owned(),
        revision: listener.settings.revision(),
        address,
    });
    listeners.collect()
}

/// By what connections are encrypted.
#[cfg(feature = "tls")]
type Encryption = Option<crate::gateway::tls::Tls>;
#[cfg(not(feature = "tls"))]
struct Encryption;

#[cfg(feature = "tls")]
fn encryption(config: &Config) -> Result<Encryption, ConfigError> {
    tls::load(config)
}

#[cfg(not(feature = "tls"))]
fn encryption(config: &Config) -> Result<Encryption, ConfigError> {
    let mut listeners = config.listeners.iter();
    match listeners.find(|listener| listener.tls == TlsMode::Required) {
        None => Ok(Encryption),
        Some(listener) => Err(config.unusable(
            "listener.tls",
            format!(
                "this build has no TLS, and the listener {} requires it",
                listener.name
            ),
            "write \"auto\" or \"off\"",
        )),
    }
}

/// Looks at what a configuration names and only a start uses: the files of TLS. Nothing is made.
///
/// # Errors
/// What a start would refuse.
pub fn check(config: &Config) -> Result<(), ConfigError> {
    #[cfg(feature = "tls")]
    return tls::check(config);
    #[cfg(not(feature = "tls"))]
    encryption(config).map(drop)
}

fn limits(config: &Config) -> Limits {
    let of = &config.limits;
    Limits::default()
        .connections(of.connections)
        .connections_per_address(of.connections_per_address)
        .login_timeout(of.login_timeout)
        .handshakes(of.handshakes)
        .queue_events(of.queue_events)
        .queue_bytes(of.queue_bytes)
        .receiving_total_bytes(of.receiving_total_bytes)
        .requests_per_second(of.requests_per_second)
        .burst(of.burst)
        .messages_per_second(of.messages_per_second)
        .messages_burst(of.messages_burst)
}
