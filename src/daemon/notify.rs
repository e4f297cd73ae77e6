//! What a service manager is told by the protocol of `sd_notify`: `NOTIFY_SOCKET` names a socket, and each datagram to it is
//! one message. What the socket does not take now is told later, in order, where it says what the gateway does; signs of life are
//! lost then.

use std::collections::VecDeque;
use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::fd::AsRawFd;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
#[cfg(target_os = "linux")]
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};
use nix::time::{ClockId, clock_gettime};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::gateway::Pulse;

/// How often it is told how many are connected.
const STATUS_EVERY: Duration = Duration::from_secs(10);
/// How long the end waits for what was not told yet.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The service manager, if there is one. A handle: clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Notify {
    manager: Option<Arc<Manager>>,
    /// How long the service manager waits for a sign of life.
    watchdog: Option<Duration>,
}

#[derive(Debug)]
struct Manager {
    socket: UnixDatagram,
    /// What its socket did not take; a thread tells the first of it.
    waiting: Mutex<VecDeque<String>>,
    told: Condvar,
}

impl Notify {
    /// The one that the environment of this process names. That it cannot be reached is logged.
    #[must_use]
    pub fn from_environment() -> Self {
        let Some(path) = env::var_os("NOTIFY_SOCKET") else {
            return Self::default();
        };
        let socket = match connect(&path) {
            Ok(socket) => socket,
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "the service manager cannot be told anything");
                return Self::default();
            }
        };
        let number = |name| env::var(name).ok()?.parse().ok();
        let is_other = |pid: u64| pid != u64::from(std::process::id());
        let watchdog = number("WATCHDOG_USEC").filter(|micros| *micros > 0);
        let watchdog = watchdog.filter(|_| !number("WATCHDOG_PID").is_some_and(is_other));
        let manager = Manager {
            socket,
            waiting: Mutex::default(),
            told: Condvar::new(),
        };
        Self {
            manager: Some(Arc::new(manager)),
            watchdog: watchdog.map(Duration::from_micros),
        }
    }

    /// The gateway serves: after its start, or after a reload however that went.
    pub fn ready(&self) {
        self.tell_surely("READY=1");
    }

    /// The configuration is read again.
    pub fn reloading(&self) {
        let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from);
        let micros = now.unwrap_or_default().as_micros();
        self.tell_surely(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    /// The gateway begins to stop.
    pub fn stopping(&self) {
        self.tell_surely("STOPPING=1");
    }

    /// Waits for what is not told yet, for a second at most; blocks the thread.
    pub fn last_words(&self) {
        if let Some(manager) = &self.manager {
            let waiting = manager.waiting();
            let told = manager
                .told
                .wait_timeout_while(waiting, LAST_WORDS, |it| !it.is_empty());
            if told.is_ok_and(|(_, timeout)| timeout.timed_out()) {
                tracing::warn!("the service manager was not told all");
            }
        }
    }

    /// Tells how many are connected and how much they say, every 10 s, and that the gateway is alive, as often as the service
    /// manager wants it: while it answers. Runs for ever.
    pub async fn tell_of(&self, pulse: Pulse) {
        let mut status = interval(STATUS_EVERY);
        let every = self.watchdog.map_or(STATUS_EVERY, |patience| patience / 2);
        let mut sign = interval(every.max(Duration::from_millis(1)));
        sign.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut since, mut before) = (Instant::now(), pulse.messages());
        loop {
            tokio::select! {
                _ = status.tick() => {
                    let (now, messages) = (Instant::now(), pulse.messages());
                    let seconds = (now - since).as_secs_f64();
                    let rate = match seconds > 0.0 {
                        true => (messages - before) as f64 / seconds,
                        false => 0.0,
                    };
                    (since, before) = (now, messages);
                    let connections = pulse.connections();
                    self.tell(&format!("STATUS={connections} connections, {rate:.1} messages/s"));
                }
                _ = sign.tick(), if self.watchdog.is_some() => {
                    pulse.answers().await;
                    self.tell("WATCHDOG=1");
                }
            }
        }
    }

    fn tell(&self, message: &str) {
        let Some(manager) = &self.manager else { return };
        if let Err(error) = manager.send_now(message) {
            tracing::debug!(%error, message, "the service manager was not told");
        }
    }

    fn tell_surely(&self, message: &str) {
        let Some(manager) = &self.manager else { return };
        let mut waiting = manager.waiting();
        if waiting.is_empty() {
            match manager.send_now(message) {
                Err(Errno::EAGAIN | Errno::EINTR) => {}
                Err(error) => {
                    return tracing::warn!(%error, message, "the service manager was not told");
                }
                Ok(()) => return,
            }
            let manager = manager.clone();
            let thread = thread::Builder::new().name("notify".to_owned());
            if let Err(error) = thread.spawn(move || manager.catch_up()) {
                return tracing::warn!(%error, message, "the service manager was not told");
            }
        }
        waiting.push_back(message.to_owned());
    }
}

impl Manager {
    fn waiting(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody waits for the socket to take it.
    fn send_now(&self, message: &str) -> nix::Result<()> {
        let (socket, flags) = (self.socket.as_raw_fd(), MsgFlags::MSG_DONTWAIT);
        send(socket, message.as_bytes(), flags).map(drop)
    }

    /// Tells what waits, until nothing does.
    fn catch_up(&self) {
        let mut next = self.waiting().front().cloned();
        while let Some(message) = next {
            if let Err(error) = self.socket.send(message.as_bytes()) {
                tracing::warn!(%error, message, "the service manager was not told");
            }
            let mut waiting = self.waiting();
            waiting.pop_front();
            next = waiting.front().cloned();
            self.told.notify_all();
        }
    }
}

fn connect(path: &OsStr) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address(path)?)?;
    Ok(socket)
}

/// A path, or, behind an `@`, a name in Linux's abstract namespace.
fn address(path: &OsStr) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = path.as_bytes().strip_prefix(b"@") {
        return SocketAddr::from_abstract_name(name);
    }
    SocketAddr::from_pathname(path)
}
