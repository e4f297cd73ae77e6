//! What would keep a gateway from starting, found out without taking anything; what is tried is undone at once.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use nix::unistd::{AccessFlags, access};

use super::files_directory;
use super::lock::DataDirLock;
use crate::config::{Config, StoreUrl};
use crate::control::socket_path;
use crate::gateway::{BindError, bind};
use crate::refusal::{of_file, words};
#[cfg(feature = "nats")]
use {super::StartError, crate::config::BusUrl, std::time::Duration};

/// What would keep a gateway of this configuration from starting now, a sentence each. Where one runs on its data directory
/// already, its database and its addresses are in use as they should be, and not tried. A bus that nobody answers for is told of, too:
/// a gateway starts without it, and hears late of the others.
#[must_use]
pub fn obstacles(config: &Config) -> Vec<String> {
    let mut found = Vec::new();
    let here = usable(&config.data_dir, true).err();
    let is_usable = here.is_none();
    found.extend(here);
    if is_usable && DataDirLock::is_held(&config.data_dir) {
        return found;
    }
    let files = [config.data_dir.join("lock"), socket_path(&config.data_dir)];
    let in_the_way = files.iter().filter(|file| file.is_dir());
    found.extend(in_the_way.map(|file| of_file(file, &ErrorKind::IsADirectory.into())));
    if let StoreUrl::Sqlite(path) = &config.store.url {
        let directory = path.parent().unwrap_or(path);
        if directory != config.data_dir && (is_usable || !directory.starts_with(&config.data_dir)) {
            found.extend(usable(directory, false).err());
        }
        found.extend(not_ours(path));
    }
    let files = files_directory(config);
    if config.has_files() && (is_usable || !files.starts_with(&config.data_dir)) {
        let files = usable(&files, true).err();
        found.extend(files.filter(|said| !found.contains(said)));
    }
    #[cfg(feature = "s3")]
    if let Some(bucket) = config.files.bucket() {
        let usable = crate::files::Bucket::is_usable(&bucket);
        found.extend(usable.err().map(|fault| fault.to_string()));
    }
    #[cfg(feature = "postgres")]
    if let StoreUrl::Postgres(url) = &config.store.url {
        let looked = crate::store::PostgresStore::is_there(url);
        found.extend(looked.err().map(|error| error.to_string()));
    }
    #[cfg(feature = "nats")]
    if let BusUrl::Nats(servers) = &config.bus.url {
        use crate::bus::NatsBus;
        let tried = NatsBus::is_usable(&super::open::nats(config, servers, Duration::ZERO));
        found.extend(tried.err().map(|fault| StartError::Bus(fault).to_string()));
    }
    for door in config.doors() {
        // The socket is let go at once.
        if let Err(error) = bind(door.address)
            && !config.does_without(door, &error)
        {
            let error = BindError {
                name: door.name.to_owned(),
                address: door.address.to_string(),
                error,
            };
            found.push(error.to_string());
        }
    }
    found
}

/// A directory that is there, or can be made where that is done, and can be written.
fn usable(directory: &Path, is_made: bool) -> Result<(), String> {
    let shown = directory.display();
    match fs::metadata(directory) {
        Ok(is) if !is.is_dir() => Err(format!(
            "{shown} is not a directory: move it away, or name another place"
        )),
        Ok(_) => access(directory, AccessFlags::W_OK | AccessFlags::X_OK)
            .map_err(|error| of_file(directory, &error.into()))
            .and_then(|()| tried(directory)),
        Err(_) if directory.is_symlink() => Err(format!(
            "{shown} is a link that leads nowhere: make what it leads to, or remove it"
        )),
        Err(error) if is_made && error.kind() == ErrorKind::NotFound => match directory.parent() {
            Some(parent) if parent.as_os_str().is_empty() => usable(Path::new("."), true),
            Some(parent) => usable(parent, true),
            None => Err(of_file(directory, &error)),
        },
        Err(error) => Err(of_file(directory, &error)),
    }
}

/// Some file systems let root write and take nothing all the same, such as /proc.
fn tried(directory: &Path) -> Result<(), String> {
    let made = directory.join(format!(".tolmach-check-{:016x}", rand::random::<u64>()));
    let tried = fs::create_dir(&made).and_then(|()| fs::remove_dir(&made));
    let shown = directory.display();
    tried.map_err(|error| format!("{shown}: nothing can be made there: {}", words(&error)))
}

#[cfg(feature = "sqlite")]
fn not_ours(path: &Path) -> Option<String> {
    let checked = crate::store::SqliteStore::check(path);
    checked.err().map(|error| error.to_string())
}

#[cfg(not(feature = "sqlite"))]
fn not_ours(_: &Path) -> Option<String> {
    Some("this build has no sqlite; use store.url = \"memory:\"".to_owned())
}
