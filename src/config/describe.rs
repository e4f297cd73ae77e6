//! A configuration for a person: every value that holds, and where it came from.

use std::collections::BTreeMap;

use super::error::Origin;
use super::listener::Listener;
use super::{Config, keys};
use crate::settings::{Key, Show, quoted};

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

    pub(super) fn of(&self, key: &str) -> Origin {
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

/// The configuration as TOML, with comments that name the origins.
pub(super) fn describe(config: &Config) -> String {
    let mut lines = Vec::new();
    let mut section = "";
    for (name, shown) in Key::shown(keys::GENERAL, config) {
        let (inside, key) = name.split_once('.').unwrap_or(("", name));
        if inside != section {
            lines.extend(no_listeners(config, section));
            lines.extend([String::new(), format!("[{inside}]")]);
            section = inside;
        }
        lines.push(line(key, shown, &config.origins.of(name)));
    }
    for listener in &config.listeners {
        lines.extend([String::new(), "[[listener]]".into()]);
        lines.extend(listener_lines(&config.origins, listener));
    }
    lines.join("\n") + "\n"
}

/// An empty list must be said, above the first section; otherwise the default set would hold.
fn no_listeners(config: &Config, section: &str) -> Option<String> {
    let none = section.is_empty() && config.listeners.is_empty();
    none.then(|| {
        line(
            "listener",
            Some("[]".into()),
            &config.origins.of("listener"),
        )
    })
}

fn listener_lines(origins: &Origins, listener: &Listener) -> Vec<String> {
    let dialect = listener.settings.dialect();
    let general = [
        ("name", listener.name.show()),
        ("dialect", Some(quoted(dialect))),
        ("address", listener.address.show()),
        ("tls", listener.tls.show()),
        ("proxy", listener.proxy.show()),
    ];
    let all = general.into_iter().chain(listener.settings.shown());
    all.map(|(key, shown)| line(key, shown, &origins.of_listener(listener, key)))
        .collect()
}

fn line(key: &str, shown: Option<String>, origin: &Origin) -> String {
    let set = match shown {
        Some(value) => format!("{key} = {value}"),
        None => format!("# {key} is not set"),
    };
    format!("{set:<40}  # {origin}")
}
