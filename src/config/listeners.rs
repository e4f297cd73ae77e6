//! From what a `[[listener]]` says to a listener, and what listeners must be together.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use super::error::{ConfigError, Origin, Wrong};
use super::listener::{Listener, PurposeSettings, Settings, TlsMode};
use super::written::{Source, Written};
use super::{Config, Origins, address, choice, keys, name, suggest};

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
    fn wrong(&self, key: &str, written: &Written, wrong: Wrong) -> ConfigError {
        let origin = self.source.at(wrong.line.unwrap_or(written.line));
        ConfigError::new(origin, format!("listener.{key}"), wrong.wrong, wrong.right)
    }

    /// The settings of its dialect, as the dialect's section has them.
    fn dialect(&self, dialects: &[Settings], known: &[&str]) -> Result<Settings, ConfigError> {
        let right = match known {
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
        let named = written.text().filter(|name| known.contains(name));
        let found = dialects
            .iter()
            .find(|settings| Some(settings.dialect()) == named);
        found.cloned().ok_or_else(|| {
            let wrong = format!("there is no dialect {} here", written.quote());
            self.wrong(key, written, Wrong::new(wrong, right))
        })
    }
}

/// The listeners that someone asked for.
pub(super) fn given(
    items: &[Item],
    dialects: &[Settings],
    known: &[&str],
    origins: &mut Origins,
) -> Result<Vec<Listener>, ConfigError> {
    let mut listeners: Vec<Listener> = Vec::new();
    for item in items {
        let settings = item.dialect(dialects, known)?;
        let mut listener = read_item(item, settings)?;
        listener.name = free_name(&listeners, listener.name);
        origins.set_listener(&listener.name, "dialect", item.source.at(item.line));
        for (key, written) in &item.fields {
            origins.set_listener(&listener.name, key, item.source.at(written.line));
        }
        listeners.push(listener);
    }
    Ok(listeners)
}

fn read_item(item: &Item, mut settings: Settings) -> Result<Listener, ConfigError> {
    let (mut name, mut address, mut tls) = (None, None, TlsMode::Auto);
    for (key, written) in &item.fields {
        let done = match key.as_str() {
            "dialect" => Ok(()),
            "name" => name::listener(written).map(|given| name = Some(given)),
            "address" => address::address(written).map(|given| address = Some(given)),
            "tls" => choice::choice(written).map(|given| tls = given),
            _ => settings
                .set(key, written)
                .unwrap_or_else(|| Err(no_such_key(&settings, key))),
        };
        done.map_err(|wrong| item.wrong(key, written, wrong))?;
    }
    let name = name.unwrap_or_else(|| settings.default_name());
    let address = address.unwrap_or_else(|| settings.default_address());
    Ok(Listener {
        name,
        address,
        tls,
        settings,
    })
}

fn no_such_key(settings: &Settings, key: &str) -> Wrong {
    let others = Settings::defaults();
    let of_other = others.iter().find(|other| other.names().contains(&key));
    let known: Vec<_> = keys::LISTENER
        .into_iter()
        .chain(settings.names())
        .map(str::to_owned)
        .collect();
    match of_other {
        Some(other) => Wrong::new(
            format!(
                "this is a key of {}, and the listener's dialect is {}",
                other.dialect(),
                settings.dialect()
            ),
            format!(
                "a {} listener takes {}",
                settings.dialect(),
                known.join(", ")
            ),
        ),
        None => suggest::unknown(key, known),
    }
}

/// Every known dialect on its default port; `purpose` in both revisions.
pub(super) fn defaults(known: &[&str]) -> Vec<Listener> {
    let first = |revision| {
        Settings::Purpose(PurposeSettings {
            revision,
            ..Default::default()
        })
    };
    let each = Settings::defaults()
        .into_iter()
        .flat_map(|settings| match settings {
            Settings::Purpose(_) => vec![first(1), first(2)],
            other => vec![other],
        });
    let known = each.filter(|settings| known.contains(&settings.dialect()));
    known
        .map(|settings| Listener {
            name: settings.default_name(),
            address: settings.default_address(),
            tls: TlsMode::Auto,
            settings,
        })
        .collect()
}

/// Gives a default listener what its dialect's section says, but the revision, which is its own.
pub(super) fn take_settings(listener: &mut Listener, dialects: &[Settings], origins: &mut Origins) {
    let own = listener.settings.clone();
    if let Some(section) = dialects
        .iter()
        .find(|section| section.dialect() == own.dialect())
    {
        listener.settings = section.clone();
    }
    if let (Settings::Purpose(settings), Settings::Purpose(own)) = (&mut listener.settings, own) {
        settings.revision = own.revision;
        origins.set_listener(&listener.name, "revision", Origin::Default);
    }
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

/// No two listeners have one address and port (port 0 is a new one each time).
pub(super) fn no_two_alike(config: &Config) -> Result<(), ConfigError> {
    let mut seen = HashMap::new();
    for listener in config
        .listeners
        .iter()
        .filter(|listener| listener.address.port() != 0)
    {
        if let Some(first) = seen.insert(listener.address, &listener.name) {
            let origin = config.origins.of_address(&listener.name);
            return Err(alike(origin, first, listener));
        }
    }
    Ok(())
}

/// Says that a listener took the address of one that was there before it.
pub(super) fn alike(origin: Origin, first: &str, listener: &Listener) -> ConfigError {
    let wrong = format!(
        "{} is the address of the listener {first} too",
        listener.address
    );
    ConfigError::new(origin, "listener.address", wrong, "give each its own port")
}
