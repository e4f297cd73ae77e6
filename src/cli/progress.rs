//! Long work with files: a bar on a terminal, and an end in good order where it is broken off.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Display, Path};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::config::Config;
use crate::copies::{BrokenOff, CopyError, Places, Progress};
use indicatif::{ProgressBar, ProgressStyle};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::failure::{Failure, Outcome};
use super::no_runtime;
use super::output::Output;

/// How long work that is broken off may take to remove what it made: it may be waiting for a pipe.
const CLEARING: Duration = Duration::from_secs(5);
/// How often the bar moves by itself.
const TICK: Duration = Duration::from_millis(100);

/// What is read, as a failure names it.
pub(super) fn input(file: &Path) -> Display<'_> {
    match file == Path::new("-") {
        true => Path::new("standard input").display(),
        false => file.display(),
    }
}

/// A bar on standard error, where that is a terminal.
struct Bar {
    bar: ProgressBar,
    broken_off: AtomicBool,
}

impl Progress for Bar {
    fn begin(&self, what: &'static str, bytes: Option<u64>) {
        let style = match bytes {
            Some(_) => "{msg} {bar:30} {bytes}/{total_bytes} {eta}",
            None => "{msg} {spinner} {bytes}",
        };
        if let Ok(style) = ProgressStyle::with_template(style) {
            self.bar.set_style(style);
        }
        self.bar.reset();
        self.bar.set_message(what);
        match bytes {
            Some(bytes) => self.bar.set_length(bytes),
            None => self.bar.unset_length(),
        }
    }

    fn add(&self, bytes: u64) -> io::Result<()> {
        self.bar.inc(bytes);
        match self.broken_off.load(Ordering::Relaxed) {
            true => Err(BrokenOff.into()),
            false => Ok(()),
        }
    }
}

/// Says what was copied; where that went to standard output, only the log says that files are missing.
pub(super) fn say_copied(said: &str, missing: u64, is_stream: bool) -> Outcome<ExitCode> {
    if !is_stream {
        let mut out = Output::standard();
        out.line(said)?;
        out.flush()?;
    } else if missing > 0 {
        tracing::error!(missing, "{said}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Does something on a thread of its own; SIGINT and SIGTERM break it off.
pub(super) async fn watched<T: Send + 'static>(
    work: impl FnOnce(&dyn Progress) -> Result<T, CopyError> + Send + 'static,
) -> Outcome<Result<T, CopyError>> {
    let mut interrupted = signal(SignalKind::interrupt()).map_err(no_runtime)?;
    let mut terminated = signal(SignalKind::terminate()).map_err(no_runtime)?;
    let bar = Arc::new(Bar {
        bar: ProgressBar::no_length(),
        broken_off: AtomicBool::new(false),
    });
    bar.bar.enable_steady_tick(TICK);
    let (done, mut told) = oneshot::channel();
    let shown = bar.clone();
    let worker = move || {
        let outcome = work(&*shown);
        shown.bar.finish_and_clear();
        // Whoever asked may have stopped waiting.
        let _ = done.send(outcome);
    };
    let thread = thread::Builder::new().name("copy".to_owned());
    thread.spawn(worker).map_err(no_runtime)?;
    let outcome = tokio::select! {
        outcome = &mut told => outcome,
        _ = interrupted.recv() => match break_off(&bar, told).await {
            Ok(Ok(Ok(done))) => Ok(Ok(done)),
            Ok(_) | Err(_) => return Err(Failure::Interrupted),
        },
        _ = terminated.recv() => break_off(&bar, told).await?,
    };
    outcome.map_err(|_| Failure::because("a defect; the log says where"))
}

async fn break_off<T>(
    bar: &Bar,
    told: oneshot::Receiver<T>,
) -> Outcome<Result<T, oneshot::error::RecvError>> {
    bar.broken_off.store(true, Ordering::Relaxed);
    match tokio::time::timeout(CLEARING, told).await {
        Ok(outcome) => Ok(outcome),
        Err(_) => Err(Failure::because("broken off")),
    }
}

/// Waits for the last step of what was [watched], which may be done though SIGINT or SIGTERM came.
pub(super) async fn unless_broken_off<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let mut interrupted = signal(SignalKind::interrupt()).map_err(no_runtime)?;
    let mut terminated = signal(SignalKind::terminate()).map_err(no_runtime)?;
    let broken_off = || Failure::because("broken off; whether it will be done is not known");
    tokio::select! {
        outcome = work => outcome,
        _ = interrupted.recv() => Err(broken_off()),
        _ = terminated.recv() => Err(broken_off()),
    }
}

/// Refuses to send something where nobody gets it.
pub(super) fn refuse_closed_output() -> Outcome<()> {
    let said = "standard output is closed; name a file, or send it somewhere";
    match is_closed() {
        true => Err(Failure::because(said)),
        false => Ok(()),
    }
}

/// Whether this process was started without a standard output. In its place stands `/dev/null`, open for reading, too.
fn is_closed() -> bool {
    let stdout = io::stdout();
    let is_both = fcntl(&stdout, FcntlArg::F_GETFL)
        .is_ok_and(|flags| OFlag::from_bits_retain(flags) & OFlag::O_ACCMODE == OFlag::O_RDWR);
    let device = stdout.as_fd().try_clone_to_owned().map(File::from);
    let device = device.and_then(|file| Ok(file.metadata()?.rdev()));
    let null = fs::metadata("/dev/null").map(|null| null.rdev());
    is_both && matches!((device, null), (Ok(device), Ok(null)) if device == null)
}

/// Where everything is to be brought back.
pub(super) fn places(config: &Config) -> Outcome<Places> {
    #[cfg(feature = "postgres")]
    if let crate::config::StoreUrl::Postgres(url) = &config.store.url {
        return Err(Failure::because(format!(
            "a backup is brought back into a file first: name an empty data_dir and store.url = \"sqlite:tolmach.db\", then move it \
            (`tolmach export | tolmach import`) to {url}"
        )));
    }
    Places::of(config).ok_or_else(|| {
        Failure::because(
            "store.url is \"memory:\", which lasts no longer than its gateway: everything goes into a store that lasts \
            (store.url = \"sqlite:tolmach.db\"), and a room into that of a gateway that runs (`tolmach import --room`)",
        )
    })
}
