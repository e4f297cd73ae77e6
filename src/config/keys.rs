//! The keys that a configuration has: one row for each of the gateway's, and those of its dialects.

use super::read::{frame_bytes, level, life, path, some_path};
use super::section::StoreUrl;
use super::{Config, name, suggest, url};
use crate::dialects;
use crate::dialects::Settings;
use crate::key;
use crate::settings::read::{duration, flag, limit, whole};
use crate::settings::{Key, ValueError, choice, quoted};

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
    key!(accounts.password_min: whole),
    key!(accounts.guests: flag),
    key!(accounts.session_life: life),
    key!(rooms.create_on_join: flag),
    key!(rooms.create: name::rooms),
    key!(tls.certificate: some_path),
    key!(tls.key: some_path),
    key!(tls.client_ca: some_path),
    key!(tls.client: choice),
    key!(presence.grace: duration),
    key!(limits.connections: limit),
    key!(limits.connections_per_address: limit),
    key!(limits.login_timeout: duration),
    key!(limits.handshakes: limit),
    key!(limits.frame_bytes: frame_bytes),
    key!(limits.file_bytes: limit),
    key!(limits.queue_events: limit),
    key!(limits.queue_bytes: limit),
    key!(limits.queue_total_bytes: limit),
    key!(limits.receiving_total_bytes: limit),
    key!(limits.requests_per_second: limit),
    key!(limits.burst: limit),
    key!(limits.messages_per_second: limit),
    key!(limits.messages_burst: limit),
    key!(limits.failed_logins: limit),
    key!(limits.registrations_per_hour: limit),
    key!(limits.rooms_made_per_hour: limit),
    key!(limits.rooms_per_user: limit),
    key!(limits.members_per_room: limit),
    key!(limits.disk_free: limit),
    key!(log.level: level),
    key!(log.format: choice),
    key!(shutdown.grace: duration),
];

/// The keys of a `[[listener]]` beside those of its dialect.
pub(super) const LISTENER: [&str; 5] = ["name", "dialect", "address", "tls", "proxy"];

/// What a file with these dialects can hold, by name.
pub(super) struct Keys {
    /// Every key but those inside a `[[listener]]`: `name`, `limits.burst`, `jim.pace`, `listener`.
    pub(super) all: Vec<String>,
    /// Dialects that are known, but not here. Their sections are passed over: a file may serve several builds.
    elsewhere: Vec<&'static str>,
}

impl Keys {
    pub(super) fn of(dialects: &[Settings]) -> Self {
        let general = GENERAL.iter().map(|key| key.name.to_owned());
        let of_dialects = dialects.iter().flat_map(|settings| {
            let keys = settings.shown().into_iter();
            keys.map(|(key, _)| format!("{}.{key}", settings.dialect()))
        });
        let known = dialects::ALL.iter().map(|kind| kind.name());
        let known = known.chain(dialects::LEFT_OUT.iter().copied());
        let is_here = |name: &str| dialects.iter().any(|here| here.dialect() == name);
        Self {
            all: general
                .chain(of_dialects)
                .chain(["listener".into()])
                .collect(),
            elsewhere: known.filter(|name| !is_here(name)).collect(),
        }
    }

    /// Whether the file has a `[name]`.
    pub(super) fn is_section(&self, name: &str) -> bool {
        self.sections().any(|section| section == name)
    }

    /// Whether a key in dotted form is of a dialect that is not here.
    pub(super) fn is_elsewhere(&self, key: &str) -> bool {
        let section = key.split('.').next().unwrap_or(key);
        self.elsewhere.contains(&section)
    }

    fn sections(&self) -> impl Iterator<Item = &str> {
        let dotted = self.all.iter().filter_map(|key| key.split_once('.'));
        dotted.map(|(section, _)| section)
    }

    /// What is wrong with a key that does not exist, and the one that was probably meant.
    pub(super) fn unknown(&self, key: &str) -> ValueError {
        let sections = self.sections().filter(|_| !key.contains('.'));
        suggest::unknown(key, self.all.iter().map(String::as_str).chain(sections))
    }
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
