//! From a configuration to a running hub.

use std::sync::Arc;

use super::StartError;
use crate::bus::{Bus, LocalBus};
use crate::commands;
use crate::config::{BusUrl, Config, Registration, StoreUrl};
use crate::files::FileArea;
use crate::hub::{CommitQueue, Hub, Options};
use crate::model::Error;
use crate::store::{MemoryStore, Store};

/// Opens the store and starts the hub that a configuration describes, and makes the rooms that exist from the start.
///
/// The caller holds the lock on the data directory.
///
/// # Errors
/// [`StartError::Store`], [`StartError::Hub`].
pub async fn open_hub(config: &Config) -> Result<Hub, StartError> {
    let options = options(config);
    let inbox = Arc::new(CommitQueue::new());
    let store = open_store(config, &options, inbox.clone())?;
    let bus: Arc<dyn Bus> = match config.bus.url {
        BusUrl::Local => Arc::new(LocalBus::new()),
    };
    let files = Some(open_files(config)?);
    let hub = Hub::start_with(options, store, bus, inbox, files)
        .await
        .map_err(StartError::Hub)?;
    for name in &config.rooms.create {
        match hub.operate(commands::CreateRoom::public(name)).await {
            Ok(_) | Err(Error::NameTaken) => {}
            Err(error) => return Err(StartError::Hub(error)),
        }
    }
    Ok(hub)
}

/// The contents of files lie beside the database, with its name.
fn open_files(config: &Config) -> Result<FileArea, StartError> {
    let (path, temporary) = match &config.store.url {
        StoreUrl::Memory => (config.data_dir.join("memory.files"), true),
        StoreUrl::Sqlite(path) => (path.with_extension("files"), false),
    };
    FileArea::open(&path, temporary).map_err(|error| StartError::Files { path, error })
}

fn options(config: &Config) -> Options {
    Options {
        name: config.name.clone(),
        open_registration: config.accounts.registration == Registration::Open,
        guests: config.accounts.guests,
        create_on_join: config.rooms.create_on_join,
        session_life: config.accounts.session_life,
        grace: config.presence.grace,
        failed_logins: config.limits.failed_logins,
        rooms_per_user: config.limits.rooms_per_user as u64,
        members_per_room: config.limits.members_per_room as u64,
    }
}

fn open_store(
    config: &Config,
    options: &Options,
    inbox: Arc<CommitQueue>,
) -> Result<Arc<dyn Store>, StartError> {
    match &config.store.url {
        StoreUrl::Memory => {
            tracing::warn!("the store is memory: everything is lost when the gateway stops");
            Ok(Arc::new(MemoryStore::open(options.limits(), inbox)))
        }
        #[cfg(feature = "sqlite")]
        StoreUrl::Sqlite(path) => {
            match crate::store::SqliteStore::open(path, options.limits(), inbox) {
                Ok(store) => Ok(Arc::new(store)),
                Err(error) => Err(StartError::Store(error.to_string())),
            }
        }
        #[cfg(not(feature = "sqlite"))]
        StoreUrl::Sqlite(_) => Err(StartError::Store(
            "this build has no sqlite; use store.url = \"memory:\"".to_owned(),
        )),
    }
}
