//! A configuration for a person: every value that holds, and where it came from.

use std::collections::BTreeMap;

use super::error::Origin;
use super::listener::Listener;
use super::{Config, keys};
use crate::settings::{Key, Shown};

/// Where the values of a [`Config`] came from. It is no part of what they mean: any two are equal.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    /// By key; those inside a listener as `listener.NAME.KEY`.
    by_key: BTreeMap<String, Origin>,
}

impl PartialEq for Origins {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Origins {
    pub(super) fn set(&mut self, key: String, origin: Origin) {
        self.by_key.insert(key, origin);
    }

    pub(super) fn set_listener(&mut self, name: &str, key: &str, origin: Origin) {
        self.set(format!("listener.{name}.{key}"), origin);
    }

    /// Where the value of a key came from that is of no listener.
    pub fn of(&self, key: &str) -> Origin {
        self.by_key.get(key).cloned().unwrap_or(Origin::Default)
    }

    /// A key inside a listener: it may come from the dialect's section.
    fn of_listener(&self, listener: &Listener, key: &str) -> Origin {
        let inside = self
            .by_key
            .get(&format!("listener.{}.{key}", listener.name));
        inside
            .cloned()
            .unwrap_or_else(|| self.of(&format!("{}.{key}", listener.settings.dialect())))
    }

    /// Where a listener's address was given, else the listener itself.
    pub(super) fn of_address(&self, name: &str) -> Origin {
        match self.of(&format!("listener.{name}.address")) {
            Origin::Default => self.of(&format!("listener.{name}.dialect")),
            given => given,
        }
    }
}

/// A key, what holds for it, and why.
#[derive(Clone)]
pub struct Holding {
    /// The listener that it is a key of, by name; none for the gateway's own.
    pub listener: Option<String>,
    /// The key, and what holds for it.
    pub shown: Shown,
    /// Where that was said.
    pub origin: Origin,
}

impl Holding {
    /// The key in full: `limits.burst`, `listener.jim.pace`.
    #[must_use]
    pub fn key(&self) -> String {
        match &self.listener {
            None => self.shown.name.to_owned(),
            Some(listener) => format!("listener.{listener}.{}", self.shown.name),
        }
    }
}

/// Every key that holds: the gateway's own, then those of each listener.
pub(super) fn holding(config: &Config) -> Vec<Holding> {
    let general = Key::shown(keys::GENERAL, config).into_iter();
    let general = general.map(|shown| Holding {
        listener: None,
        origin: config.origins.of(shown.name),
        shown,
    });
    let listeners = config.listeners.iter();
    let of_listeners = listeners.flat_map(|listener| {
        let of = |shown: Shown| Holding {
            listener: Some(listener.name.clone()),
            origin: config.origins.of_listener(listener, shown.name),
            shown,
        };
        listener.shown().into_iter().map(of)
    });
    general.chain(of_listeners).collect()
}

/// The configuration as TOML, with comments that name the origins.
pub(super) fn describe(config: &Config) -> String {
    let mut lines = Vec::new();
    let (mut section, mut listener) = ("", None);
    for holding in holding(config) {
        let (inside, key) = match holding.listener {
            None => holding
                .shown
                .name
                .split_once('.')
                .unwrap_or(("", holding.shown.name)),
            Some(_) => ("[listener]", holding.shown.name),
        };
        if inside != section || holding.listener != listener {
            if section.is_empty() {
                lines.extend(no_listeners(config));
            }
            lines.extend([String::new(), format!("[{inside}]")]);
            (section, listener) = (inside, holding.listener);
        }
        lines.push(line(key, holding.shown.value(), &holding.origin));
    }
    lines.join("\n") + "\n"
}

/// An empty list must be said, above the first section; otherwise the default set would hold.
fn no_listeners(config: &Config) -> Option<String> {
    let none = config.listeners.is_empty();
    none.then(|| line("listener", Some("[]"), &config.origins.of("listener")))
}

fn line(key: &str, value: Option<&str>, origin: &Origin) -> String {
    let set = match value {
        Some(value) => format!("{key} = {value}"),
        None => format!("# {key} is not set"),
    };
    format!("{set:<40}  # {origin}")
}
