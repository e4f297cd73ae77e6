//! From what a `[[listener]]` says to a listener, and what listeners must be together.

use std::net::{Ipv4Addr, SocketAddr};

use super::error::{ConfigError, Origin};
use super::listener::Listener;
use super::written::Source;
use super::{Config, Door, HTTP, Origins, address, keys, name, suggest};
use crate::dialects::Settings;
use crate::settings::{ValueError, Written, choice};
use crate::suggest::nearest;

/// One `[[listener]]` as written.
pub(super) struct Item {
    source: Source,
    line: usize,
    fields: Vec<(String, Written)>,
}

impl Item {
    /// `index` counts from 0; `line` is that of its beginning.
    pub(super) fn new(
        source: &Source,
        index: usize,
        line: usize,
        fields: Vec<(String, Written)>,
    ) -> Self {
        let source = match source {
            Source::Variable(name) => Source::Variable(format!("{name}, listener {}", index + 1)),
            other => other.clone(),
        };
        Self {
            source,
            line,
            fields,
        }
    }

    /// Finds what is wrong at its place.
    fn wrong(&self, key: &str, written: &Written, wrong: ValueError) -> ConfigError {
        let origin = self.source.at(wrong.line.unwrap_or(written.line));
        ConfigError::new(origin, format!("listener.{key}"), wrong.wrong, wrong.right)
    }

    /// The settings of its dialect, as the dialect's section has them.
    fn dialect(&self, dialects: &[Settings]) -> Result<Settings, ConfigError> {
        let known: Vec<_> = dialects.iter().map(Settings::dialect).collect();
        let right = match known.as_slice() {
            [] => "this build has no dialect".into(),
            _ => format!("this build has {}", known.join(", ")),
        };
        let Some((key, written)) = self.fields.iter().find(|(key, _)| key == "dialect") else {
            return Err(ConfigError::new(
                self.source.at(self.line),
                "listener.dialect",
                "not given",
                right,
            ));
        };
        let found = dialects
            .iter()
            .find(|settings| Some(settings.dialect()) == written.text());
        found.cloned().ok_or_else(|| {
            let wrong = format!("there is no dialect {} here", written.quote());
            let meant = nearest(written.text().unwrap_or_default(), known.iter().copied());
            let right = meant.map_or(right.clone(), |meant| {
                format!("did you mean {meant}? {right}")
            });
            self.wrong(key, written, ValueError::new(wrong, right))
        })
    }
}

/// The listeners that someone asked for; `errors` gets what is wrong with them.
pub(super) fn given(
    items: &[Item],
    dialects: &[Settings],
    origins: &mut Origins,
    errors: &mut Vec<ConfigError>,
) -> Vec<Listener> {
    let mut listeners: Vec<Listener> = Vec::new();
    for item in items {
        let settings = item.dialect(dialects).map_err(|error| errors.push(error));
        let Some(mut listener) = read_item(item, settings.ok(), dialects, errors) else {
            continue;
        };
        listener.name = free_name(&listeners, listener.name);
        origins.set_listener(&listener.name, "dialect", item.source.at(item.line));
        for (key, written) in &item.fields {
            origins.set_listener(&listener.name, key, item.source.at(written.line));
        }
        listeners.push(listener);
    }
    listeners
}

/// None where its dialect is not known; what else is wrong with it is found all the same.
fn read_item(
    item: &Item,
    mut settings: Option<Settings>,
    dialects: &[Settings],
    errors: &mut Vec<ConfigError>,
) -> Option<Listener> {
    let (mut name, mut address, mut tls, mut proxy) = (None, None, None, None);
    for (key, written) in &item.fields {
        let done = match key.as_str() {
            "dialect" => Ok(()),
            "name" => name::listener(written).map(|given| name = Some(given)),
            "address" => address::address(written).map(|given| address = Some(given)),
            "tls" => choice(written).map(|given| tls = Some(given)),
            "proxy" => address::networks(written).map(|given| proxy = Some(given)),
            _ => match &mut settings {
                Some(settings) => settings
                    .set(key, written)
                    .unwrap_or_else(|| Err(no_such_key(settings, key, dialects))),
                None => of_any(key, dialects),
            },
        };
        errors.extend(done.err().map(|wrong| item.wrong(key, written, wrong)));
    }
    let default = Listener::new(settings?);
    Some(Listener {
        name: name.unwrap_or(default.name),
        address: address.unwrap_or(default.address),
        tls: tls.unwrap_or(default.tls),
        proxy: proxy.unwrap_or(default.proxy),
        settings: default.settings,
    })
}

fn general() -> impl Iterator<Item = &'static str> {
    keys::LISTENER.into_iter().map(|(name, _)| name)
}

fn names(of: &Settings) -> impl Iterator<Item = &'static str> {
    of.shown().into_iter().map(|key| key.name)
}

/// Whether a listener of any dialect takes the key.
fn of_any(key: &str, dialects: &[Settings]) -> Result<(), ValueError> {
    let known: Vec<_> = general().chain(dialects.iter().flat_map(names)).collect();
    match known.contains(&key) {
        true => Ok(()),
        false => Err(suggest::unknown(key, known, str::to_owned)),
    }
}

fn no_such_key(settings: &Settings, key: &str, dialects: &[Settings]) -> ValueError {
    let of_other = dialects
        .iter()
        .find(|other| names(other).any(|name| name == key));
    let known: Vec<_> = general().chain(names(settings)).collect();
    let Some(other) = of_other else {
        return suggest::unknown(key, known, str::to_owned);
    };
    let (dialect, other) = (settings.dialect(), other.dialect());
    ValueError::new(
        format!("this is a key of {other}, and the listener's dialect is {dialect}"),
        format!("a {dialect} listener takes {}", known.join(", ")),
    )
}

/// Every dialect on its default port, in all its revisions, with what else its section says.
pub(super) fn defaults(dialects: &[Settings], origins: &mut Origins) -> Vec<Listener> {
    let mut listeners = Vec::new();
    for settings in dialects {
        let revisions = settings.kind().revisions();
        for revision in 1..=revisions {
            let listener = Listener::new(settings.clone().with_revision(revision));
            if revisions > 1 {
                origins.set_listener(&listener.name, "revision", Origin::Default);
            }
            listeners.push(listener);
        }
    }
    listeners
}

/// The name itself, or with the first of `-2`, `-3`… that nobody has.
fn free_name(listeners: &[Listener], name: String) -> String {
    let taken = |name: &str| listeners.iter().any(|other| other.name == name);
    let mut free = name.clone();
    let mut number = 2_usize;
    while taken(&free) {
        free = format!("{name}-{number}");
        number += 1;
    }
    free
}

/// `[::]` becomes `0.0.0.0` where the machine has no IPv6.
pub(super) fn fit(listeners: &mut [Listener], has_ipv6: fn() -> bool) {
    let all = |listener: &&mut Listener| {
        listener.address.is_ipv6() && listener.address.ip().is_unspecified()
    };
    let mut everywhere = listeners.iter_mut().filter(all).peekable();
    if everywhere.peek().is_some() && !has_ipv6() {
        everywhere.for_each(|listener| listener.address.set_ip(Ipv4Addr::UNSPECIFIED.into()));
    }
}

/// Each listener that would listen where one before it does, or is called what only HTTP is.
pub(super) fn no_two_alike(config: &Config) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    let named = config.listeners.iter().filter(|one| one.name == HTTP);
    errors.extend(named.map(|one| {
        let origin = config.origins.of_address(&one.name);
        let wrong = "only the listener of [http] is called http";
        ConfigError::new(origin, "listener.name", wrong, "give it another name")
    }));
    for (place, listener) in config.doors().enumerate() {
        let mut before = config.doors().take(place);
        if let Some(first) = before.find(|first| overlap(first.address, listener.address)) {
            let (origin, key) = match place < config.listeners.len() {
                true => (config.origins.of_address(listener.name), "listener.address"),
                false => (config.origins.of("http.address"), "http.address"),
            };
            errors.push(alike(origin, key, first, listener));
        }
    }
    errors
}

/// Whether two cannot be listened on at once: `[::]` hears both families, port 0 is a new one each time.
pub(super) fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let covers = |all: SocketAddr, one: SocketAddr| {
        let family = all.is_ipv6() || one.ip().to_canonical().is_ipv4();
        all.ip().is_unspecified() && family
    };
    let same = one.ip().to_canonical() == other.ip().to_canonical();
    one.port() == other.port()
        && one.port() != 0
        && (same || covers(one, other) || covers(other, one))
}

/// Says that a listener took the address of one that was there before it.
pub(super) fn alike(origin: Origin, key: &str, first: Door<'_>, second: Door<'_>) -> ConfigError {
    let (address, name) = (second.address, first.name);
    let wrong = match first.address == address {
        true => format!("{address} is the address of the listener {name} too"),
        false => {
            let theirs = first.address;
            format!("{address} is heard by the listener {name} on {theirs} already")
        }
    };
    ConfigError::new(origin, key, wrong, "give each its own port")
}
