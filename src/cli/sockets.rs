//! Sockets that a service manager has bound and passes on (`LISTEN_FDS`): connections wait there while no gateway runs.

use std::env;
use std::io;
use std::net::TcpListener;

use listenfd::ListenFd;

use super::failure::{Failure, Outcome};
use crate::config::Config;

/// What a service manager calls a socket of which it says no name.
const UNNAMED: &str = "unknown";

/// Sockets that listen, by the names of their listeners.
pub(super) struct PassedSockets(Vec<(String, TcpListener)>);

impl PassedSockets {
    /// Takes those that were passed to this process; `LISTEN_FDNAMES` has their names. Must be called once, before there are
    /// other threads.
    pub(super) fn take() -> Outcome<Self> {
        let all = env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = all.split(':');
        let mut passed = ListenFd::from_env();
        let mut sockets = Vec::new();
        for index in 0..passed.len() {
            let name = names.next().filter(|name| !name.is_empty());
            let name = name.unwrap_or(UNNAMED).to_owned();
            let taken = passed.take_tcp_listener(index).map_err(|error| {
                let reason = format!(
                    "the socket {name:?} that was passed (LISTEN_FDS) is none to listen on: {error}"
                );
                Failure::because(reason)
            })?;
            sockets.extend(taken.map(|socket| (name, socket)));
        }
        Ok(Self(sockets))
    }

    /// Each must be some listener's, and no other's.
    pub(super) fn fit(&self, config: &Config) -> Outcome<()> {
        let wrong = |name: &str, wrong: &str| {
            let listeners = config.doors().map(|door| door.name);
            let listeners = listeners.collect::<Vec<_>>().join(", ");
            Failure::because(format!(
                "{wrong} (LISTEN_FDNAMES): {name:?}; the listeners are {listeners}: name each socket \
                 as its listener (FileDescriptorName= in its .socket unit)"
            ))
        };
        for (place, (name, _)) in self.0.iter().enumerate() {
            if config.doors().all(|door| door.name != name) {
                return Err(wrong(name, "a socket was passed that is no listener's"));
            }
            if self.0.iter().take(place).any(|(other, _)| other == name) {
                return Err(wrong(name, "two sockets were passed of one name"));
            }
        }
        Ok(())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The socket of a listener, if one was passed. It stays here, too: after a reload it may be needed again.
    pub(super) fn of(&self, listener: &str) -> io::Result<Option<TcpListener>> {
        let found = self.0.iter().find(|(name, _)| name == listener);
        found.map(|(_, socket)| socket.try_clone()).transpose()
    }
}
