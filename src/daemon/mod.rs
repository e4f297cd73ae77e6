//! The gateway as a program runs it: what a configuration describes, the data directory that it owns, and the control socket.

#[cfg(feature = "http")]
mod http;
pub mod lock;
pub mod notify;
mod obstacles;
mod open;
#[cfg(not(feature = "tls"))]
mod plain;
mod reload;
#[cfg(feature = "tls")]
mod tls;

use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use obstacles::obstacles;
#[cfg(all(feature = "cli", feature = "sqlite"))]
pub(crate) use open::refuse_half_restored;
pub use open::{files_directory, open_hub};
pub use reload::{ReloadError, Running};

use crate::config::{Config, ConfigError, Fate, Log};
use crate::control::{self, ControlServer, ListenerAddress};
use crate::gateway::{BindError, Gateway, GatewayBuilder, Limits, ListenerOptions};
use crate::hub::{self, Hub};
use crate::refusal::of_file;
use lock::DataDirLock;
#[cfg(not(feature = "tls"))]
use plain::Encryption;
#[cfg(feature = "tls")]
use tls::Encryption;

/// What is said where files cannot be sent.
const NO_FILES: &str = "files cannot be sent: several nodes need a place that they share (files.url = \"s3://…\" or \"file:///…\")";

/// How long a gateway waits at its start for a bus that does not answer.
const BUS_PATIENCE: Duration = Duration::from_secs(10);

/// That a configuration has no listener, and how to mend it.
const NO_LISTENER: &str = "there is no listener: nobody can connect; \
    add a [[listener]], or leave `listener` out for one of each dialect";

/// Why a gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The hub cannot be had.
    #[error(transparent)]
    Hub(#[from] hub::StartError),
    /// What carries events between nodes cannot be used.
    #[cfg(feature = "nats")]
    #[error("bus.url: the bus cannot be used: {0}")]
    Bus(#[from] crate::bus::NatsFault),
    /// The data directory cannot be had.
    #[error("{0}")]
    DataDir(String),
    /// The control socket cannot be made.
    #[error("the control socket cannot be made: {}", of_file(.path, .error))]
    Control {
        /// Where the socket was to be.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The configuration asks for what cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    /// A listener's address cannot be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
}

/// What a daemon asks of the program that runs it.
pub trait Program: Send + Sync + 'static {
    /// The configuration, read again from where it was read at the start. It may block for a moment.
    ///
    /// # Errors
    /// What is wrong with it.
    fn configuration(&self) -> Result<Config, ConfigError>;

    /// What is logged from now on, and how.
    fn set_log(&self, log: &Log);

    /// How many connections there may be, by a configuration and by what the system lets this process have.
    fn connections(&self, config: &Config) -> usize;

    /// The socket that was passed to this process for the listener of this name, which is bound and listens already.
    ///
    /// # Errors
    /// There is one, and it cannot be had.
    fn socket(&self, listener: &str) -> io::Result<Option<TcpListener>>;

    /// A reload begins. Whoever waits for that may be told.
    fn reloading(&self) {}

    /// A reload is over, however it went.
    fn reloaded(&self) {}
}

/// A running gateway that owns its data directory and listens on the control socket there.
pub struct Daemon {
    running: Arc<Running>,
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
        Self::start_for(config, None).await
    }

    /// As [`Daemon::start`], for a program that can read its configuration again: [`Daemon::running`] does that, and
    /// `tolmach reload`, over the control socket.
    ///
    /// # Errors
    /// As there.
    pub async fn start_for(
        config: &Config,
        program: Option<Arc<dyn Program>>,
    ) -> Result<Self, StartError> {
        let lock = DataDirLock::acquire(&config.data_dir)
            .map_err(|error| StartError::DataDir(error.to_string()))?;
        control::audit::log_kept(&config.data_dir);
        if config.listeners.is_empty() {
            tracing::warn!("{NO_LISTENER}");
        }
        // What cannot be used is said before anything is opened.
        let encryption = Encryption::load(config)?;
        encryption.tell();
        let hub = open_hub(config, BUS_PATIENCE).await?;
        #[cfg(feature = "s3")]
        if let Some(files) = hub.files()
            && let Err(fault) = files.tried().await
        {
            hub.stop().await;
            return Err(hub::StartError::from(fault).into());
        }
        let shown = encryption.shown.clone();
        let fates = Fates::all_new(config);
        let gateway = match builder(&hub, config, encryption, program.as_deref(), &fates) {
            Ok(builder) => builder.start().await?,
            Err(error) => {
                hub.stop().await;
                return Err(error.into());
            }
        };
        let path = control::socket_path(&config.data_dir);
        let running = Arc::new(Running::new(gateway, config.clone(), shown, program, fates));
        let hub = running.gateway().hub().clone();
        match control::listen(hub, running.clone(), &path).await {
            Ok(control) => Ok(Self {
                running,
                control,
                _lock: lock,
            }),
            Err(error) => {
                running.close().await.stop().await;
                Err(StartError::Control { path, error })
            }
        }
    }

    /// The running gateway, to add connections to.
    #[must_use]
    pub fn gateway(&self) -> &Gateway {
        self.running.gateway()
    }

    /// By which its configuration is read again, also while it is waited for.
    #[must_use]
    pub fn running(&self) -> &Arc<Running> {
        &self.running
    }

    /// Runs until `shutdown` is done, then stops.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) {
        shutdown.await;
        self.stop().await;
    }

    /// As [`Gateway::stop`]; who watches by the control socket is told of it to the end.
    pub async fn stop(self) {
        let hub = self.running.close().await;
        self.control.stop().await;
        hub.stop().await;
    }
}

/// The gateway that a configuration describes, over a hub that was started elsewhere: listeners, limits and threads, without
/// its store, its data directory and the control socket.
///
/// # Errors
/// [`StartError::Configuration`].
pub fn gateway(hub: Hub, config: &Config) -> Result<GatewayBuilder, StartError> {
    let fates = Fates::all_new(config);
    let encryption = Encryption::load(config)?;
    encryption.tell();
    Ok(builder(&hub, config, encryption, None, &fates)?)
}

/// Which certificates there are, by their SHA-256 as `AB:CD:…`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Shown {
    /// The one that is shown, where one is.
    certificate: Option<String>,
    /// Those that vouch for clients, all of them in one, where clients may show one.
    authorities: Option<String>,
}

/// What the listeners of a configuration are to the running gateway.
struct Fates {
    /// What becomes of each listener, in the order of the configuration.
    listeners: Vec<Fate>,
    /// What becomes of the HTTP listener, and what speaks there.
    #[cfg(feature = "http")]
    http: (Fate, http::Speaker),
}

impl Fates {
    fn all_new(config: &Config) -> Self {
        Self {
            listeners: vec![Fate::Added; config.listeners.len()],
            #[cfg(feature = "http")]
            http: (Fate::Added, http::Speaker::default()),
        }
    }
}

/// What a gateway of a configuration is, beside what of it runs already.
fn builder(
    hub: &Hub,
    config: &Config,
    encryption: Encryption,
    program: Option<&dyn Program>,
    fates: &Fates,
) -> Result<GatewayBuilder, BindError> {
    let mut limits = limits(config);
    if let Some(program) = program {
        limits.connections = program.connections(config);
    }
    let builder = Gateway::builder(hub.clone())
        .threads(config.runtime.threads.count())
        .limits(limits)
        .shutdown_grace(config.shutdown.grace);
    let builder = encryption.given_to(builder);
    let dialect_options = config.dialect_options();
    let mut all = config.listeners.iter().zip(&fates.listeners);
    let builder = all.try_fold(builder, |builder, (listener, fate)| {
        let (name, address) = (&listener.name, listener.address);
        let dialect = || listener.settings.serve(&dialect_options);
        let options = ListenerOptions::default()
            .tls(listener.tls)
            .proxy(listener.proxy.clone());
        Ok(match fate {
            Fate::Kept {
                running,
                speaks_otherwise,
            } => builder.keep(running, name, speaks_otherwise.then(dialect), options),
            Fate::Added => match passed(program, name)? {
                Some(socket) => builder.listen_on(name, socket, dialect(), options),
                None => builder.listen_with(name, address, dialect(), options),
            },
        })
    })?;
    #[cfg(feature = "http")]
    let builder = http::listen(builder, hub, config, program, &fates.http)?;
    Ok(builder)
}

fn passed(program: Option<&dyn Program>, name: &str) -> Result<Option<TcpListener>, BindError> {
    let socket = program.map_or(Ok(None), |program| program.socket(name));
    socket.map_err(|error| BindError {
        name: name.to_owned(),
        address: "the socket that was passed".to_owned(),
        error,
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

/// Looks at what a configuration names and only a start uses: the files of TLS. Nothing is made. What it says, a sentence each, keeps
/// no gateway from starting.
///
/// # Errors
/// What a start would refuse.
pub fn check(config: &Config) -> Result<Vec<String>, ConfigError> {
    let none = config.listeners.is_empty().then(|| NO_LISTENER.to_owned());
    let encryption = Encryption::look(config)?;
    let files = (!config.has_files()).then(|| NO_FILES.to_owned());
    Ok(none
        .into_iter()
        .chain(encryption.remark)
        .chain(files)
        .collect())
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
