//! `tolmach serve`: the gateway, until it is told to stop.

use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;
use std::process::ExitCode;

use crate::config::{Config, StoreUrl};
use crate::daemon::notify::Notify;
use crate::daemon::{Daemon, StartError};
use crate::dialects::Dialects;
use clap::Args;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::{Failure, Outcome};
use super::line_queue::LineQueue;
use super::{logging, no_runtime};

/// Prints one line `ready NAME=ADDRESS:PORT …` when clients can connect; logs go to standard error. SIGTERM and SIGINT
/// stop it.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The IP address that every listener listens on; ports stay
    #[arg(short, long, value_name = "ADDR", value_parser = ip_address)]
    address: Option<IpAddr>,
    /// The port of the first listener of the dialect that is listed first (`tolmach dialects`); 0 lets the system choose one
    #[arg(short, long, value_name = "JIM_PORT")]
    port: Option<u16>,
}

/// An IP address, an IPv6 one with or without brackets; nothing stands for all addresses.
fn ip_address(text: &str) -> Result<IpAddr, String> {
    if text.is_empty() {
        return Ok(Ipv6Addr::UNSPECIFIED.into());
    }
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    bare.unwrap_or(text).parse().map_err(|_| {
        format!("`{text}` is not an IP address; write one like 127.0.0.1 or ::1, or nothing for all addresses")
    })
}

impl ServeArgs {
    /// The configuration with what the command line says instead.
    pub(super) fn apply(&self, mut config: Config, dialects: Dialects) -> Outcome<Config> {
        if let Some(address) = self.address {
            config.override_address(address);
        }
        if let Some(port) = self.port {
            let first = dialects.first().map_or("", |first| first.name());
            config
                .override_port(first, port)
                .map_err(Failure::Configuration)?;
        }
        Ok(config)
    }
}

/// Runs the gateway until a signal stops it.
pub(super) fn run(mut config: Config, file: Option<&Path>) -> Outcome<ExitCode> {
    let _log = logging::start(&config.log.level, config.log.format)?;
    let path = |path: &Path| tracing::field::display(path.display().to_string());
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        configuration = file.map(path),
        data_dir = path(&config.data_dir),
        store = match &config.store.url {
            StoreUrl::Sqlite(file) => Some(path(file)),
            StoreUrl::Memory => None,
        },
        "starting"
    );
    config.limits.connections = fitting(&config);
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(no_runtime)?;
    runtime.block_on(async {
        // From here on a signal ends the gateway in good order, also while it starts.
        let mut stop = StopSignals::watch().map_err(no_runtime)?;
        let notify = Notify::from_environment();
        let daemon = Daemon::start(&config).await.map_err(|error| match error {
            StartError::Configuration(error) => Failure::Configuration(error),
            error => Failure::because(error.to_string()),
        })?;
        say_ready(daemon.gateway().ready_line());
        notify.ready();
        let (alive, pulse) = (notify.clone(), daemon.gateway().pulse());
        let telling = tokio::spawn(async move { alive.tell_of(pulse).await });
        daemon
            .run_until(async {
                stop.received().await;
                notify.stopping();
            })
            .await;
        telling.abort();
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    })
}

/// Descriptors that are kept back beside two for each listener: about 40 for the store and what a process has anyway, 16
/// for the control socket, and 16 for connections that are told that they are too many.
const RESERVE: u64 = 72;

/// How many connections there may be: `limits.connections`, unless the system lets this process open too few files,
/// which is said. A connection may have a file beside its socket.
fn fitting(config: &Config) -> usize {
    let connections = config.limits.connections;
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, hard)| {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
        Ok(hard)
    });
    let files = match raised.or_else(|error| {
        tracing::warn!(%error, "the limit of open files could not be raised");
        getrlimit(Resource::RLIMIT_NOFILE).map(|(soft, _)| soft)
    }) {
        Ok(files) => files,
        Err(error) => {
            tracing::warn!(%error, "how many files may be open is not known");
            return connections;
        }
    };
    let reserve = RESERVE.saturating_add(2 * config.listeners.len() as u64);
    let most = usize::try_from(files.saturating_sub(reserve) / 2).unwrap_or(usize::MAX);
    if connections != 0 && connections <= most {
        return connections;
    }
    let most = most.max(1);
    tracing::warn!(
        files,
        wanted = connections,
        "only {most} connections at once: the system lets this process open no more files (`ulimit -n`, LimitNOFILE=)"
    );
    most
}

/// Whoever started the gateway may not want to know, or not read it now.
fn say_ready(line: String) {
    match LineQueue::start(io::stdout(), |_| Vec::new()) {
        Ok(stdout) => stdout.push((line + "\n").as_bytes()),
        Err(error) => tracing::warn!(%error, "the ready line could not be said"),
    }
}

struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn watch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn received(&mut self) {
        let name = tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        };
        tracing::info!(reason = name, "stopping");
    }
}
