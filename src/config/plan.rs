//! What a reload comes to: what a configuration that was read again means beside the one that holds.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::keys::{GENERAL, NEEDS_RESTART};
use super::{Config, FilesUrl, Listener, StoreUrl};
use crate::settings::{Key, Shown};

/// What changes from one configuration to another.
pub(crate) struct Plan {
    /// A line for a person each.
    pub(crate) lines: Vec<String>,
    /// What becomes of each new listener, in their order.
    pub(crate) listeners: Vec<Fate>,
    /// What will hold: the new one, with what cannot change while a gateway runs from the old one.
    pub(crate) config: Config,
}

/// What a listener of the new configuration is to the running gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is to be bound.
    Added,
    /// Its socket is that of this running one. `speaks_otherwise`: connections are served in another way from now on.
    Kept {
        running: String,
        speaks_otherwise: bool,
    },
}

impl Plan {
    /// By a listener's name, `running` is where it listens now, and `passed` where the socket is bound that was passed to the
    /// process for it.
    pub(crate) fn new(
        old: &Config,
        new: Config,
        running: impl Fn(&str) -> Option<SocketAddr>,
        passed: impl Fn(&str) -> Option<SocketAddr>,
    ) -> Self {
        let (meant_before, meant) = (meant(old), meant(&new));
        let mut lines = Vec::new();
        // Passwords inside, which are not shown.
        let is_file = matches!(meant.store.url, StoreUrl::Sqlite(_));
        let is_other_store = !is_file && meant_before.store.url != meant.store.url;
        let is_other_bus = meant_before.bus.url != meant.bus.url;
        let unseen = [("store.url", is_other_store), ("bus.url", is_other_bus)];
        let was = Key::shown(GENERAL, &meant_before);
        for (was, is) in was.iter().zip(&Key::shown(GENERAL, &meant)) {
            let differs = was != is || unseen.contains(&(is.name, true));
            if differs && NEEDS_RESTART.contains(&is.name) {
                lines.push(format!("{}: needs a restart", is.name));
            } else if differs {
                lines.push(said(was, is));
            }
        }
        let mut config = new;
        config.data_dir.clone_from(&old.data_dir);
        config.name.clone_from(&old.name);
        config.store.clone_from(&old.store);
        config.files.clone_from(&old.files);
        config.bus.clone_from(&old.bus);
        config.node.clone_from(&old.node);
        config.runtime.clone_from(&old.runtime);
        let mut left: Vec<&Listener> = old.listeners.iter().collect();
        // An address beats a name: it is what clients know.
        let mut before: Vec<Option<&Listener>> = vec![None; config.listeners.len()];
        let is_same_name = |old: &Listener, new: &Listener| {
            old.name == new.name && (old.address == new.address || passed(&new.name).is_some())
        };
        for is_same in [
            &is_same_address as &dyn Fn(&Listener, &Listener) -> bool,
            &is_same_name,
        ] {
            for (place, listener) in config.listeners.iter().enumerate() {
                if before[place].is_none()
                    && let Some(found) = left.iter().position(|old| is_same(old, listener))
                {
                    before[place] = Some(left.remove(found));
                }
            }
        }
        lines.extend(left.iter().map(|gone| {
            let address = running(&gone.name).unwrap_or(gone.address);
            format!("listener {}: removed from {address}", gone.name)
        }));
        let of_all = [&meant_before, &meant].map(|config| config.dialect_options());
        let mut listeners = Vec::new();
        for (new, old) in config.listeners.iter().zip(before) {
            let Some(old) = old else {
                let address = passed(&new.name).unwrap_or(new.address);
                lines.push(format!("listener {}: added on {address}", new.name));
                listeners.push(Fate::Added);
                continue;
            };
            lines.extend(listener_lines(old, new));
            listeners.push(Fate::Kept {
                running: old.name.clone(),
                speaks_otherwise: old.settings != new.settings || of_all[0] != of_all[1],
            });
        }
        Self {
            lines,
            listeners,
            config,
        }
    }
}

/// Port 0 is another one each time.
fn is_same_address(old: &Listener, new: &Listener) -> bool {
    old.address == new.address && new.address.port() != 0
}

fn listener_lines(old: &Listener, new: &Listener) -> Vec<String> {
    let mut lines: Vec<_> = differences(&old.shown(), &new.shown())
        .iter()
        .map(|(was, is)| match is.name {
            // It is passed, else it would be another listener.
            "address" => format!(
                "listener {}: address: the socket that was passed stays",
                new.name
            ),
            _ => format!("listener {}: {}", new.name, said(was, is)),
        })
        .collect();
    // Another dialect's keys are others.
    if old.settings.dialect() != new.settings.dialect() {
        lines.retain(|line| line.contains(": dialect: ") || line.contains(": name: "));
    }
    lines
}

/// The keys of both that do not mean the same.
fn differences(old: &[Shown], new: &[Shown]) -> Vec<(Shown, Shown)> {
    let pairs = new.iter().filter_map(|is| {
        let was = old.iter().find(|was| was.name == is.name)?;
        (was != is).then(|| (was.clone(), is.clone()))
    });
    pairs.collect()
}

fn said(was: &Shown, is: &Shown) -> String {
    let [was, now] = [was, is].map(|shown| shown.value().unwrap_or("not set").to_owned());
    match was == now {
        // What nobody may see.
        true => format!("{}: changed", is.name),
        false => format!("{}: {was} -> {now}", is.name),
    }
}

/// The same, written in one way.
fn meant(config: &Config) -> Config {
    let mut config = config.clone();
    let here = |path: &mut PathBuf| *path = meant_path(path);
    let mut tls = [
        &mut config.tls.certificate,
        &mut config.tls.key,
        &mut config.tls.client_ca,
    ];
    tls.iter_mut()
        .filter_map(|path| path.as_mut())
        .for_each(here);
    if let StoreUrl::Sqlite(path) = &mut config.store.url {
        here(path);
    }
    if let FilesUrl::Directory(path) = &mut config.files.url {
        here(path);
    }
    here(&mut config.data_dir);
    config.rooms.create.sort();
    // Of two directives for one target the later one holds.
    let mut directives: Vec<_> = config.log.level.split(',').collect();
    directives.sort_by_key(|directive| directive.split_once('=').map(|(target, _)| target));
    config.log.level = directives.join(",");
    config
}

/// One that is not there yet is taken as it is written.
fn meant_path(path: &Path) -> PathBuf {
    let found = fs::canonicalize(path).or_else(|_| std::path::absolute(path));
    found.unwrap_or_else(|_| path.to_owned())
}
