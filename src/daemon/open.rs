//! From a configuration to a running hub.

use std::path::{Path, PathBuf};
#[cfg(any(feature = "nats", feature = "postgres"))]
use std::sync::Arc;

use std::time::Duration;

use super::StartError;
#[cfg(feature = "nats")]
use crate::bus::{NatsBus, NatsOptions};
use crate::commands;
#[cfg(feature = "nats")]
use crate::config::NatsServers;
use crate::config::{BusUrl, Config, Registration, StoreUrl};
#[cfg(feature = "sqlite")]
use crate::copies;
use crate::copies::Places;
use crate::hub::{self, Hub, HubBuilder, Options};
use crate::model::Error;
#[cfg(all(feature = "postgres", feature = "nats"))]
use crate::store::PostgresRegistry;
#[cfg(feature = "postgres")]
use crate::store::{Neighbours, PostgresStore, PostgresUrl, Store};

/// Opens the store and starts the hub that a configuration describes, and makes the rooms that exist from the start.
///
/// The caller holds the lock on the data directory. `patience`: how long a bus is waited for that does not answer.
///
/// # Errors
/// [`StartError::Hub`].
pub async fn open_hub(config: &Config, patience: Duration) -> Result<Hub, StartError> {
    #[cfg(feature = "sqlite")]
    refuse_half_restored(config)?;
    let hub = with_bus(builder(config)?, config, patience)
        .await?
        .start()
        .await?;
    make_rooms(&hub, config)
        .await
        .map_err(hub::StartError::from)?;
    Ok(hub)
}

/// Makes the rooms that exist from the start, where they are not.
pub(super) async fn make_rooms(hub: &Hub, config: &Config) -> Result<(), Error> {
    for name in &config.rooms.create {
        match hub.operate(commands::CreateRoom::public(name)).await {
            Ok(_) | Err(Error::NameTaken) => {}
            Err(Error::Unavailable) => tracing::warn!(name, "a room cannot be made now"),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What was not brought back whole is no store.
#[cfg(feature = "sqlite")]
pub(crate) fn refuse_half_restored(config: &Config) -> Result<(), StartError> {
    match Places::of(config) {
        Some(places) if copies::is_broken_off(&places) => Err(StartError::DataDir(format!(
            "{}: what was brought back there was broken off; do it again",
            config.data_dir.display()
        ))),
        _ => Ok(()),
    }
}

/// Where the contents of files lie; those of a bucket, until they have come in.
#[must_use]
pub fn files_directory(config: &Config) -> PathBuf {
    let places = Places::of(config).unwrap_or_else(|| Places::without_database(config));
    places.files
}

fn builder(config: &Config) -> Result<HubBuilder, StartError> {
    let builder = Hub::builder()
        .options(options(config))
        .node_name(config.node.shown_name());
    Ok(match &config.store.url {
        StoreUrl::Memory => {
            tracing::warn!("the store is memory: everything is lost when the gateway stops");
            builder.temporary_files(files_directory(config))
        }
        StoreUrl::Sqlite(path) => with_files(over_sqlite(builder, path), config),
        #[cfg(feature = "postgres")]
        StoreUrl::Postgres(url) => over_postgres(builder, config, url)?,
    })
}

#[cfg(feature = "postgres")]
fn over_postgres(
    builder: HubBuilder,
    config: &Config,
    url: &PostgresUrl,
) -> Result<HubBuilder, StartError> {
    let (builder, neighbours) = match &config.bus.url {
        BusUrl::Local => (builder, Neighbours::None),
        #[cfg(feature = "nats")]
        BusUrl::Nats(_) => {
            let registry = PostgresRegistry::open(url)
                .map_err(|error| hub::StartError::Store(Box::new(error)))?;
            let builder = builder.registry(Arc::new(registry), config.node.lease);
            (builder, Neighbours::OnTheBus)
        }
    };
    let (url, connections) = (url.clone(), config.store.connections);
    let builder = builder.store(move |limits, sink| {
        let store = PostgresStore::open(&url, connections, neighbours, limits, sink)?;
        Ok(Arc::new(store) as Arc<dyn Store>)
    });
    Ok(match config.has_files() {
        true => with_files(builder, config),
        false => builder,
    })
}

fn with_files(builder: HubBuilder, config: &Config) -> HubBuilder {
    let directory = files_directory(config);
    #[cfg(feature = "s3")]
    if let Some(bucket) = config.files.bucket() {
        return builder.files_in_s3(bucket, directory);
    }
    builder.files(directory)
}

/// Joins it to the other nodes, if there can be any.
#[cfg_attr(
    not(feature = "nats"),
    expect(unused_variables, reason = "a bus of this process is there at once")
)]
async fn with_bus(
    builder: HubBuilder,
    config: &Config,
    patience: Duration,
) -> Result<HubBuilder, StartError> {
    match &config.bus.url {
        BusUrl::Local => Ok(builder),
        #[cfg(feature = "nats")]
        BusUrl::Nats(servers) => {
            let options = nats(config, servers, patience);
            let bus = NatsBus::connect(&options).await?;
            Ok(builder.bus(Arc::new(bus)))
        }
    }
}

/// How the bus of a configuration is reached.
#[cfg(feature = "nats")]
pub(super) fn nats(config: &Config, servers: &NatsServers, patience: Duration) -> NatsOptions {
    NatsOptions {
        servers: servers.servers.clone(),
        credentials: servers.credentials.clone(),
        authorities: config.bus.ca.clone(),
        prefix: config.bus.prefix.clone(),
        patience,
    }
}

#[cfg(feature = "sqlite")]
fn over_sqlite(builder: HubBuilder, path: &Path) -> HubBuilder {
    builder.sqlite(path)
}

#[cfg(not(feature = "sqlite"))]
fn over_sqlite(builder: HubBuilder, _: &Path) -> HubBuilder {
    builder.store(|_, _| Err("this build has no sqlite; use store.url = \"memory:\"".into()))
}

/// What a configuration says to the hub.
pub(super) fn options(config: &Config) -> Options {
    Options::default()
        .name(&config.name)
        .open_registration(config.accounts.registration == Registration::Open)
        .guests(config.accounts.guests)
        .create_on_join(config.rooms.create_on_join)
        .session_life(config.accounts.session_life)
        .grace(config.presence.grace)
        .keep(config.rooms.keep)
        .failed_logins(config.limits.failed_logins)
        .passwords_waiting(config.limits.passwords_waiting)
        .registrations_per_hour(config.limits.registrations_per_hour)
        .rooms_made_per_hour(config.limits.rooms_made_per_hour)
        .password_min(config.accounts.password_min)
        .queue_total_bytes(config.limits.queue_total_bytes)
        .rooms_per_user(config.limits.rooms_per_user as u64)
        .members_per_room(config.limits.members_per_room as u64)
        .disk_free(config.limits.disk_free)
}
