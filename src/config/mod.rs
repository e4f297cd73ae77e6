//! What a person sets: defaults, then a TOML file, then the environment.
//!
//! Every key is one row of a table, of the gateway's in `keys` or of a dialect's own: its name, how it is read, how it is
//! shown, what it is for. The environment's names, the check for unknown keys, [`Config::describe`], [`Config::example`] and the test that
//! holds `docs/configuration.md` to the code all come from these rows, so a new key is a field, its default, a row, and a line in the reference.
//!
//! ```text
//! a file ─────▶ entries ─┐
//!                        ├─apply─▶ draft (at first: defaults) ─finish─▶ Config
//! TOLMACH_… ──▶ entries ─┘
//! ```

mod address;
mod describe;
mod draft;
mod environment;
mod error;
mod example;
mod http;
mod keys;
mod listener;
mod listeners;
mod name;
mod plan;
mod read;
mod section;
mod suggest;
#[cfg(test)]
mod tests;
mod url;
mod written;

use std::ffi::OsString;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

pub use describe::{Holding, Origins};
pub use error::{ConfigError, Origin};
pub use listener::{Listener, TlsMode};
pub(crate) use plan::{Fate, Plan};
#[cfg(feature = "nats")]
pub use section::NatsServers;
pub use section::{
    Accounts, Bus, BusUrl, ClientMode, Files, FilesUrl, Http, Limits, Log, LogFormat, Node,
    Presence, Registration, Rooms, Runtime, Shutdown, Store, StoreUrl, Threads, Tls,
};

use draft::Draft;
use written::Source;

use crate::dialects;
use crate::dialects::{AnyDialect, DialectOptions};

/// Everything that can be set. The reference of the keys is `docs/configuration.md`.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where the gateway keeps its data: database, lock, control socket. A relative path starts at the current directory.
    pub data_dir: PathBuf,
    /// What the gateway calls itself in notices and as a user: at most 25 characters, no white space.
    pub name: String,
    /// Where durable things are kept.
    pub store: Store,
    /// Where the contents of files are kept.
    pub files: Files,
    /// What carries events between nodes.
    pub bus: Bus,
    /// This process among several that are one gateway.
    pub node: Node,
    /// What the gateway runs on.
    pub runtime: Runtime,
    /// Who may come in.
    pub accounts: Accounts,
    /// Which rooms there are without anyone asking.
    pub rooms: Rooms,
    /// What the gateway listens on; their names are unique.
    pub listeners: Vec<Listener>,
    /// Metrics, API, WebSocket and pages.
    pub http: Http,
    /// The certificate for TLS.
    pub tls: Tls,
    /// When someone counts as absent.
    pub presence: Presence,
    /// What one connection, user or room may take.
    pub limits: Limits,
    /// What is logged, and how.
    pub log: Log,
    /// How the gateway ends.
    pub shutdown: Shutdown,
    /// Where the values came from, for [`Config::describe`]; no part of what they mean, so any two are equal.
    pub origins: Origins,
}

/// What HTTP's listener is called.
pub const HTTP: &str = "http";

/// Where somebody can connect, and how.
#[derive(Debug, Clone, Copy)]
pub struct Door<'a> {
    /// Its name in the ready line.
    pub name: &'a str,
    /// Where it listens; port 0 lets the system choose.
    pub address: SocketAddr,
    /// Whether TLS is spoken.
    pub tls: TlsMode,
}

impl Default for Config {
    /// What holds when nothing is set: every dialect of this build on its default port.
    fn default() -> Self {
        let mut config = Draft::new(dialects::ALL).config;
        let settings: Vec<_> = dialects::ALL.iter().map(|kind| kind.settings()).collect();
        config.listeners = listeners::defaults(&settings, &mut config.origins);
        config.resolve();
        config
    }
}

impl Config {
    /// Defaults, then `file`, then the variables of `environment` whose names begin with `TOLMACH_`
    /// (others are passed over, and so are those that a command reads: `TOLMACH_PASSWORD`, `TOLMACH_ROOM_PASSWORD`, `TOLMACH_TOKEN`).
    ///
    /// Without a `[[listener]]` each of `dialects` listens on its default port, and a listener of another dialect is
    /// refused; sections of dialects that tolmach has elsewhere are passed over. `[::]` becomes `0.0.0.0` where the machine has no IPv6.
    ///
    /// # Errors
    ///
    /// All that is wrong ([`ConfigError::all`]): a file that cannot be read, text that is not TOML, an unknown key or variable, a
    /// value that the key does not take, listeners that cannot stand together.
    pub fn load<K: Into<OsString>, V: Into<OsString>>(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (K, V)>,
        dialects: &[&dyn AnyDialect],
    ) -> Result<Self, ConfigError> {
        let mut draft = Draft::new(dialects);
        if let Some(path) = file {
            let source = Source::File(path.to_owned());
            let entries = match std::fs::read_to_string(path) {
                Ok(text) => written::document(&text, &source, &draft.keys),
                Err(error) => vec![Err(ConfigError::unreadable(path, &error))],
            };
            draft.apply_all(entries);
        }
        draft.apply_all(environment::entries(environment, &draft.keys));
        draft.finish(has_ipv6)
    }

    /// Defaults, then `text`; no environment. For tests and for programs that embed the gateway.
    /// All dialects of this build may be used.
    ///
    /// # Errors
    ///
    /// As [`Config::load`]; the errors say `line 3` where they would name a file.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let mut draft = Draft::new(dialects::ALL);
        draft.apply_all(written::document(text, &Source::Text, &draft.keys));
        draft.finish(has_ipv6)
    }

    /// `serve -a`: every listener listens on this address, on its own port.
    pub fn override_address(&mut self, ip: IpAddr) {
        for listener in &mut self.listeners {
            listener.address.set_ip(ip);
            self.origins
                .set_listener(&listener.name, "address", Origin::CommandLine("-a"));
        }
        listeners::fit(&mut self.listeners, has_ipv6);
    }

    /// `serve -p`: the first listener of this dialect listens on this port; 0 lets the system choose one.
    ///
    /// # Errors
    ///
    /// There is no such listener, or another listener has that address and port.
    pub fn override_port(&mut self, dialect: &str, port: u16) -> Result<(), ConfigError> {
        let origin = Origin::CommandLine("-p");
        let is_meant = |listener: &&mut Listener| listener.settings.dialect() == dialect;
        let Some(first) = self.listeners.iter_mut().find(is_meant) else {
            return Err(ConfigError::new(
                origin,
                "",
                format!("there is no {dialect} listener"),
                "add one, or leave -p out",
            ));
        };
        first.address.set_port(port);
        self.origins
            .set_listener(&first.name, "address", origin.clone());
        let name = first.name.clone();
        let mut doors = self.doors();
        let Some(first) = doors.find(|door| door.name == name) else {
            return Ok(());
        };
        let same = |other: &Door<'_>| {
            listeners::overlap(other.address, first.address) && other.name != name
        };
        let other = self.doors().find(same);
        other.map_or(Ok(()), |other| {
            Err(listeners::alike(origin, "listener.address", other, first))
        })
    }

    /// What this configuration means, for a person (`tolmach check`): every value that holds, and where it came from.
    ///
    /// The text is TOML, and as a configuration file it would mean the same, but for secrets, which are not shown.
    pub fn describe(&self) -> String {
        describe::describe(self)
    }

    /// As [`Config::describe`], for a program (`tolmach config show`): the gateway's keys, then those of each listener.
    #[must_use]
    pub fn holding(&self) -> Vec<Holding> {
        describe::holding(self)
    }

    /// A file to begin with, as TOML: every key with its default and what it is for, all commented out.
    #[must_use]
    pub fn example(dialects: &[&dyn AnyDialect]) -> String {
        example::example(dialects)
    }

    /// What a gateway of this configuration tells its dialects.
    pub fn dialect_options(&self) -> DialectOptions {
        DialectOptions::default()
            .name(&self.name)
            .frame_bytes(self.limits.frame_bytes)
            .file_bytes(self.limits.file_bytes)
            .public_url(match self.http.address {
                Some(_) => &*self.http.public_url,
                None => "",
            })
    }

    /// What is listened on, and how: the listeners, and HTTP behind them.
    pub fn doors(&self) -> impl Iterator<Item = Door<'_>> {
        let listeners = self.listeners.iter().map(|listener| Door {
            name: &listener.name,
            address: listener.address,
            tls: listener.tls,
        });
        let http = self.http.address.map(|address| Door {
            name: HTTP,
            address,
            tls: self.http.tls,
        });
        listeners.chain(http)
    }

    /// Whether a gateway starts without a door whose address cannot be had: nobody asked for HTTP there.
    pub(crate) fn does_without(&self, door: Door<'_>, error: &io::Error) -> bool {
        door.name == HTTP
            && error.kind() == io::ErrorKind::AddrInUse
            && self.origins.of("http.address") == Origin::Default
    }

    /// Finds a key's value wrong that was read and cannot be used.
    pub(crate) fn unusable(
        &self,
        key: &str,
        wrong: impl Into<String>,
        right: impl Into<String>,
    ) -> ConfigError {
        ConfigError::new(self.origins.of(key), key, wrong, right)
    }

    /// Whether files can be sent: several nodes need a place that they share.
    #[must_use]
    pub fn has_files(&self) -> bool {
        self.bus.url == BusUrl::Local || self.files.url != FilesUrl::Beside
    }

    /// Puts a relative database path under `data_dir`.
    fn resolve(&mut self) {
        if let StoreUrl::Sqlite(path) = &mut self.store.url {
            *path = self.data_dir.join(&path);
        }
    }
}

/// A machine has IPv6 if its own address can be bound.
fn has_ipv6() -> bool {
    TcpListener::bind("[::1]:0").is_ok()
}
