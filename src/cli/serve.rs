//! `tolmach serve`: the gateway, until it is told to stop.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv6Addr, TcpListener};
use std::path::{Path, PathBuf, absolute};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::{Config, ConfigError, Log, StoreUrl};
use crate::daemon::notify::Notify;
use crate::daemon::{Daemon, Program, Running, StartError};
use crate::dialects::Dialects;
use clap::Args;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::{Failure, Outcome};
use super::line_queue::LineQueue;
use super::logging::LogHandle;
use super::sockets::PassedSockets;
use super::{logging, no_runtime};

/// Prints one line `ready NAME=ADDRESS:PORT …` when clients can connect; logs go to standard error. SIGHUP has
/// it read its configuration again (`tolmach reload`), SIGTERM and SIGINT stop it.
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
    fn apply(&self, mut config: Config, dialects: Dialects) -> Result<Config, ConfigError> {
        if let Some(address) = self.address {
            config.override_address(address);
        }
        if let Some(port) = self.port {
            let first = dialects.first().map_or("", |first| first.name());
            config.override_port(first, port)?;
        }
        Ok(config)
    }
}

/// Where the configuration of a gateway comes from, each time it is read.
struct Source {
    arguments: ServeArgs,
    file: Option<PathBuf>,
    /// Whether the file had nothing in it when it was read first.
    is_empty: bool,
    dialects: Dialects,
}

impl Source {
    fn read(&self) -> Result<Config, ConfigError> {
        let config = Config::load(self.file.as_deref(), std::env::vars_os(), self.dialects)?;
        self.arguments.apply(config, self.dialects)
    }

    /// As it is now, which is not what a pipe has left, nor a file that somebody is about to write.
    fn read_again(&self) -> Result<Config, ConfigError> {
        let found = self
            .file
            .as_ref()
            .and_then(|file| Some((file, fs::metadata(file).ok()?)));
        match found {
            Some((file, found)) if !found.is_file() => Err(ConfigError::not_again(
                file,
                "this is no plain file, and cannot be read again",
            )),
            Some((file, found)) if found.len() == 0 && !self.is_empty => Err(
                ConfigError::not_again(file, "the file is empty, and was not at the start"),
            ),
            Some(_) | None => self.read(),
        }
    }
}

/// This process, to a daemon that reads its configuration again.
struct Process {
    source: Source,
    log: LogHandle,
    sockets: PassedSockets,
    notify: Notify,
    /// What was said last of how many connections there may be.
    said: Mutex<Option<Fewer>>,
}

/// How many connections were wanted, and how many there may be.
type Fewer = (usize, usize);

impl Program for Process {
    fn configuration(&self) -> Result<Config, ConfigError> {
        self.source.read_again()
    }

    fn set_log(&self, log: &Log) {
        self.log.set(&log.level, log.format);
    }

    fn connections(&self, config: &Config) -> usize {
        let wanted = config.limits.connections;
        let Some(files) = open_files() else {
            return wanted;
        };
        let most = fitting(config, self.sockets.len(), files);
        let fewer = (wanted == 0 || wanted > most).then_some((wanted, most));
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if fewer.is_some() && *said != fewer {
            tracing::warn!(
                files,
                wanted,
                "only {most} connections at once: the system lets this process open no more files (`ulimit -n`, LimitNOFILE=)"
            );
        }
        *said = fewer;
        fewer.map_or(wanted, |(_, most)| most)
    }

    fn socket(&self, listener: &str) -> io::Result<Option<TcpListener>> {
        self.sockets.of(listener)
    }

    fn reloading(&self) {
        self.notify.reloading();
    }

    fn reloaded(&self) {
        self.notify.ready();
    }
}

/// Runs the gateway until a signal stops it.
pub(super) fn run(
    arguments: ServeArgs,
    file: Option<&Path>,
    dialects: Dialects,
) -> Outcome<ExitCode> {
    let mut source = Source {
        arguments,
        file: file.map(Path::to_owned),
        is_empty: file.is_some_and(|file| fs::metadata(file).is_ok_and(|found| found.len() == 0)),
        dialects,
    };
    let config = source.read().map_err(Failure::Configuration)?;
    let sockets = PassedSockets::take()?;
    sockets.fit(&config)?;
    // From now on it is the same file wherever this process is.
    source.file = source.file.map(|file| absolute(&file).unwrap_or(file));
    let log = logging::start(&config.log.level, config.log.format)?;
    let path = |path: &Path| tracing::field::display(path.display().to_string());
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        configuration = file.map(path),
        data_dir = path(&config.data_dir),
        store = match &config.store.url {
            StoreUrl::Sqlite(file) => Some(path(file)),
            StoreUrl::Memory => None,
            #[cfg(feature = "postgres")]
            StoreUrl::Postgres(url) => Some(tracing::field::display(url.to_string())),
        },
        "starting"
    );
    let notify = Notify::from_environment();
    let process = Process {
        notify: notify.clone(),
        source,
        sockets,
        log: log.handle(),
        said: Mutex::default(),
    };
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(no_runtime)?;
    runtime.block_on(async {
        // From here on a signal ends the gateway in good order, also while it starts.
        let mut signals = Signals::watch().map_err(no_runtime)?;
        let daemon = Daemon::start_for(&config, Some(Arc::new(process))).await;
        let daemon = daemon.map_err(|error| match error {
            StartError::Configuration(error) => Failure::Configuration(error),
            error => Failure::because(error.to_string()),
        })?;
        say_ready(daemon.gateway().ready_line());
        notify.ready();
        let (alive, pulse) = (notify.clone(), daemon.gateway().pulse());
        let telling = tokio::spawn(async move { alive.tell_of(pulse).await });
        let running = daemon.running().clone();
        daemon
            .run_until(async {
                signals.obey(running).await;
                notify.stopping();
            })
            .await;
        telling.abort();
        notify.last_words();
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    })
}

/// Descriptors that are kept back beside two for each listener and [`PER_THREAD`] for each thread: about 40 for the store and what a process has anyway, 16
/// for the control socket, and 64 for connections that are told that they are too many.
const RESERVE: u64 = 120;
/// Descriptors of a thread's runtime.
const PER_THREAD: usize = 4;

/// How many connections fit into so many open files; `passed`: sockets that were passed to this process. A connection may have a
/// file beside its socket.
fn fitting(config: &Config, passed: usize, files: u64) -> usize {
    let threads = PER_THREAD.saturating_mul(config.runtime.threads.count().get());
    let reserve = threads.saturating_add(2 * config.doors().count() + passed);
    let reserve = RESERVE.saturating_add(reserve as u64);
    let most = usize::try_from(files.saturating_sub(reserve) / 2).unwrap_or(usize::MAX);
    most.max(1)
}

/// How many files this process may open, after the limit was raised as far as it can be. `None`: it is not known, which is said.
fn open_files() -> Option<u64> {
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, hard)| {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
        Ok(hard)
    });
    let files = raised.or_else(|error| {
        tracing::warn!(%error, "the limit of open files could not be raised");
        getrlimit(Resource::RLIMIT_NOFILE).map(|(soft, _)| soft)
    });
    if let Err(error) = &files {
        tracing::warn!(%error, "how many files may be open is not known");
    }
    files.ok()
}

/// Whoever started the gateway may not want to know, or not read it now.
fn say_ready(line: String) {
    match LineQueue::start(io::stdout(), |_| Vec::new()) {
        Ok(stdout) => stdout.push((line + "\n").as_bytes()),
        Err(error) => tracing::warn!(%error, "the ready line could not be said"),
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn watch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Has the configuration read again as often as SIGHUP comes, until the gateway is to stop.
    async fn obey(&mut self, running: Arc<Running>) {
        loop {
            let name = tokio::select! {
                _ = self.terminate.recv() => "SIGTERM",
                _ = self.interrupt.recv() => "SIGINT",
                _ = self.hangup.recv() => {
                    let running = running.clone();
                    // The log tells what came of it. On its own, so that it keeps no other signal waiting.
                    tokio::spawn(async move { running.reload(false).await });
                    continue;
                }
            };
            tracing::info!(reason = name, "stopping");
            return;
        }
    }
}
