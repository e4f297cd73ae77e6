//! What a person sets: defaults, then a TOML file, then the environment.
//!
//! Every key is one row of the tables in `keys`: its name, how it is read, how it is shown. The environment's
//! names, the check for unknown keys, [`Config::describe`] and the test that holds `docs/configuration.md` to the
//! code all come from these rows, so a new key is a field, its default, a row there, and a line in the reference.
//!
//! ```text
//! a file ─────▶ entries ─┐
//!                        ├─apply─▶ draft (at first: defaults) ─finish─▶ Config
//! TOLMACH_… ──▶ entries ─┘
//! ```

mod address;
mod choice;
mod describe;
mod draft;
mod environment;
mod error;
mod keys;
mod listener;
mod listeners;
mod name;
mod read;
mod section;
mod show;
mod suggest;
#[cfg(test)]
mod tests;
mod url;
mod written;

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

pub use describe::Origins;
pub use error::{ConfigError, Origin};
pub use listener::{
    JimFlavor, JimSettings, Listener, PurposeSettings, Settings, TalkerFlavor, TalkerSettings,
    TlsMode, UchatFlavor, UchatSettings,
};
pub use section::{
    Accounts, Bus, BusUrl, Limits, Log, LogFormat, Presence, Registration, Rooms, Shutdown, Store,
    StoreUrl, Tls,
};

use draft::{Draft, Machine};
use written::Source;

/// The dialects that have settings here, in the order of the default listeners.
pub const DIALECTS: [&str; 4] = ["jim", "talker", "purpose", "uchat"];

/// Everything that can be set. The reference of the keys is `docs/configuration.md`.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where the gateway keeps its data: database, lock, control socket. A relative path starts at the current directory.
    pub data_dir: PathBuf,
    /// What the gateway calls itself in notices and as a user: at most 25 characters, no white space.
    pub name: String,
    /// Where durable things are kept.
    pub store: Store,
    /// What carries events between nodes.
    pub bus: Bus,
    /// Who may come in.
    pub accounts: Accounts,
    /// Which rooms there are without anyone asking.
    pub rooms: Rooms,
    /// What the gateway listens on; their names are unique.
    pub listeners: Vec<Listener>,
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

impl Default for Config {
    /// What holds when nothing is set: every dialect on its default port.
    fn default() -> Self {
        let mut config = Self {
            listeners: listeners::defaults(&DIALECTS),
            ..Draft::default().config
        };
        config.resolve();
        config
    }
}

impl Config {
    /// Defaults, then `file`, then the variables of `environment` whose names begin with `TOLMACH_`
    /// (others are passed over, and so is `TOLMACH_PASSWORD`, which the chat client reads).
    ///
    /// `known` names the dialects that this build has: without a `[[listener]]` each of them listens on its default
    /// port, and a listener of another dialect is refused. `[::]` becomes `0.0.0.0` where the machine has no IPv6.
    ///
    /// # Errors
    ///
    /// The first thing wrong: a file that cannot be read, text that is not TOML, an unknown key or variable, a
    /// value that the key does not take, listeners that cannot stand together.
    pub fn load<K: Into<OsString>, V: Into<OsString>>(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (K, V)>,
        known: &[&str],
    ) -> Result<Self, ConfigError> {
        let mut draft = Draft::default();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .map_err(|error| ConfigError::unreadable(path, &error))?;
            draft.apply_all(written::document(&text, &Source::File(path.to_owned()))?)?;
        }
        draft.apply_all(environment::entries(environment)?)?;
        draft.finish(&Machine::this(known))
    }

    /// Defaults, then `text`; no environment. For tests and for programs that embed the gateway.
    /// All of [`DIALECTS`] may be used.
    ///
    /// # Errors
    ///
    /// As [`Config::load`]; the errors say `line 3` where they would name a file.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let mut draft = Draft::default();
        draft.apply_all(written::document(text, &Source::Text)?)?;
        draft.finish(&Machine::this(&DIALECTS))
    }

    /// `serve -a`: every listener listens on this address, on its own port.
    pub fn override_address(&mut self, ip: IpAddr) {
        for listener in &mut self.listeners {
            listener.address.set_ip(ip);
            self.origins
                .set_listener(&listener.name, "address", Origin::CommandLine("-a"));
        }
        listeners::fit(&mut self.listeners, Machine::this(&[]).has_ipv6);
    }

    /// `serve -p`: the first JIM listener listens on this port; 0 lets the system choose one.
    ///
    /// # Errors
    ///
    /// There is no JIM listener, or another listener has that address and port.
    pub fn override_jim_port(&mut self, port: u16) -> Result<(), ConfigError> {
        let origin = Origin::CommandLine("-p");
        let is_jim = |listener: &&mut Listener| matches!(listener.settings, Settings::Jim(_));
        let Some(jim) = self.listeners.iter_mut().find(is_jim) else {
            return Err(ConfigError::new(
                origin,
                "",
                "there is no jim listener",
                "add one, or leave -p out",
            ));
        };
        jim.address.set_port(port);
        self.origins
            .set_listener(&jim.name, "address", origin.clone());
        let jim = jim.clone();
        let same =
            |other: &&Listener| other.address == jim.address && other.name != jim.name && port != 0;
        let other = self.listeners.iter().find(same);
        other.map_or(Ok(()), |other| {
            Err(listeners::alike(origin, &other.name, &jim))
        })
    }

    /// What this configuration means, for a person (`tolmach check`): every value that holds, and where it came from.
    ///
    /// The text is TOML, and as a configuration file it would mean the same.
    pub fn describe(&self) -> String {
        describe::describe(self)
    }

    /// Puts a relative database path under `data_dir`.
    fn resolve(&mut self) {
        if let StoreUrl::Sqlite(path) = &mut self.store.url {
            *path = self.data_dir.join(&path);
        }
    }
}
