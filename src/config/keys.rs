//! The tables of keys: one row for each, with how it is read and how it is shown.

use super::Config;
use super::choice::choice;
use super::error::Wrong;
use super::listener::{JimSettings, PurposeSettings, Settings, TalkerSettings, UchatSettings};
use super::read::{
    duration, flag, frame_bytes, level, life, limit, notices, path, revision, some_path, whole,
};
use super::section::StoreUrl;
use super::show::{Show, quoted};
use super::written::Written;
use super::{name, url};

/// One key of `T`: a field, or a field of a section.
pub(super) struct Key<T> {
    pub(super) name: &'static str,
    pub(super) read: fn(&mut T, &Written) -> Result<(), Wrong>,
    /// As TOML; `None` where nothing is set.
    pub(super) show: fn(&T) -> Option<String>,
}

macro_rules! key {
    ($first:ident $(. $second:ident)? : $read:expr) => {
        Key {
            name: concat!(stringify!($first) $(, ".", stringify!($second))?),
            read: |of, written| {
                of.$first $(.$second)? = $read(written)?;
                Ok(())
            },
            show: |of| of.$first $(.$second)?.show(),
        }
    };
}

/// The keys that are not about listeners. Those of a section stand together, those of none come first.
pub(super) const GENERAL: &[Key<Config>] = &[
    key!(data_dir: path),
    key!(name: name::gateway),
    Key {
        name: "store.url",
        read: |config, written| {
            config.store.url = url::store(written)?;
            Ok(())
        },
        show: store_url,
    },
    key!(bus.url: url::bus),
    key!(accounts.registration: choice),
    key!(accounts.guests: flag),
    key!(accounts.session_life: life),
    key!(rooms.create_on_join: flag),
    key!(rooms.create: name::rooms),
    key!(tls.certificate: some_path),
    key!(tls.key: some_path),
    key!(presence.grace: duration),
    key!(limits.connections: limit),
    key!(limits.connections_per_address: limit),
    key!(limits.login_timeout: duration),
    key!(limits.handshakes: limit),
    key!(limits.frame_bytes: frame_bytes),
    key!(limits.file_bytes: limit),
    key!(limits.queue_events: limit),
    key!(limits.queue_bytes: limit),
    key!(limits.requests_per_second: limit),
    key!(limits.burst: limit),
    key!(limits.failed_logins: limit),
    key!(limits.rooms_per_user: limit),
    key!(limits.members_per_room: limit),
    key!(log.level: level),
    key!(log.format: choice),
    key!(shutdown.grace: duration),
];

const JIM: &[Key<JimSettings>] = &[
    key!(flavor: choice),
    key!(probe_after: duration),
    key!(notices: notices),
    key!(everyone: name::room),
    key!(pace: duration),
];

const TALKER: &[Key<TalkerSettings>] = &[
    key!(flavor: choice),
    key!(idle_after: duration),
    key!(close_after: duration),
    key!(replay: whole),
];

const PURPOSE: &[Key<PurposeSettings>] = &[key!(revision: revision), key!(probe_after: duration)];

const UCHAT: &[Key<UchatSettings>] = &[key!(flavor: choice)];

/// The keys of a `[[listener]]` beside those of its dialect.
pub(super) const LISTENER: [&str; 4] = ["name", "dialect", "address", "tls"];

impl Settings {
    /// Sets one key of the dialect's; `None` if it has no such key.
    pub(super) fn set(&mut self, name: &str, written: &Written) -> Option<Result<(), Wrong>> {
        match self {
            Self::Jim(jim) => set(JIM, jim, name, written),
            Self::Talker(talker) => set(TALKER, talker, name, written),
            Self::Purpose(purpose) => set(PURPOSE, purpose, name, written),
            Self::Uchat(uchat) => set(UCHAT, uchat, name, written),
        }
    }

    /// The dialect's keys with their values as TOML.
    pub(super) fn shown(&self) -> Vec<(&'static str, Option<String>)> {
        match self {
            Self::Jim(jim) => shown(JIM, jim),
            Self::Talker(talker) => shown(TALKER, talker),
            Self::Purpose(purpose) => shown(PURPOSE, purpose),
            Self::Uchat(uchat) => shown(UCHAT, uchat),
        }
    }

    /// The names of the dialect's keys.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.shown().into_iter().map(|(name, _)| name).collect()
    }
}

/// Sets the key of this name; `None` if there is none.
pub(super) fn set<T>(
    keys: &[Key<T>],
    of: &mut T,
    name: &str,
    written: &Written,
) -> Option<Result<(), Wrong>> {
    keys.iter()
        .find(|key| key.name == name)
        .map(|key| (key.read)(of, written))
}

pub(super) fn shown<T>(keys: &[Key<T>], of: &T) -> Vec<(&'static str, Option<String>)> {
    keys.iter().map(|key| (key.name, (key.show)(of))).collect()
}

/// Every key of the file but those inside a `[[listener]]`: `name`, `limits.burst`, `jim.pace`, `listener`.
pub(super) fn all() -> Vec<String> {
    let general = GENERAL.iter().map(|key| key.name.to_owned());
    let dialect = |of: &Settings| {
        of.names()
            .into_iter()
            .map(|key| format!("{}.{key}", of.dialect()))
            .collect::<Vec<_>>()
    };
    general
        .chain(Settings::defaults().iter().flat_map(dialect))
        .chain(["listener".into()])
        .collect()
}

/// Whether the file has a `[name]`.
pub(super) fn is_section(name: &str) -> bool {
    all().iter().any(|key| {
        key.split_once('.')
            .is_some_and(|(section, _)| section == name)
    })
}

/// A path under `data_dir` is shown as it would be written, without it.
fn store_url(config: &Config) -> Option<String> {
    Some(match &config.store.url {
        StoreUrl::Memory => quoted("memory:"),
        StoreUrl::Sqlite(path) => {
            let path = path.strip_prefix(&config.data_dir).unwrap_or(path);
            quoted(&format!("sqlite:{}", path.display()))
        }
    })
}
