//! The operator's way to the hub: by the gateway that runs, else by a hub of its own over the same store.
//!
//! ```text
//!           ┌──▶ connect to control.sock ── accepted ───────────────────────────▶ Gateway
//!  asked ───┤         │ nobody there, but a store
//!           │         ▼
//!           │    lock data_dir ── locked ── open the store, start a hub ────────▶ Here
//!           │         │ held by another: a gateway that starts or ends, or another command
//!           └─ again ─┘ for 5 s
//! ```

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use crate::commands::{AnyCommand, Command, Rooms, Users};
use crate::config::{BusUrl, Config, Origin, StoreUrl};
use crate::control::audit::{self, Act, By};
use crate::control::{ControlClient, ControlError, socket_path};
#[cfg(feature = "sqlite")]
use crate::copies::BroughtRoom;
use crate::daemon::lock::{DataDirLock, LockError};
#[cfg(feature = "sqlite")]
use crate::daemon::refuse_half_restored;
use crate::daemon::{files_directory, open_hub};
#[cfg(feature = "s3")]
use crate::files::Bucket;
use crate::hub::Hub;
use crate::model::{Error, FileInfo, RoomId};
use crate::new_file;
use crate::refusal::of_file;

use super::about::{About, Known};
use super::failure::{Failure, Outcome};

/// How long to wait for whoever holds the lock and does not listen.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often to look.
const STEP: Duration = Duration::from_millis(20);
/// How long a command waits for a bus that does not answer: it needs none, and others find in the store what it did.
const BUS_PATIENCE: Duration = Duration::from_secs(1);

/// What stands behind the name of a node that is a command at work: no gateway's name has a space in it.
pub(super) const COMMAND: &str = " (command)";

/// Carries out the operator's commands; finds out how when it is first asked.
pub(crate) struct Operator {
    config: Config,
    way: Way,
}

enum Way {
    Unknown,
    Gateway(ControlClient),
    Here(Hub),
}

/// Where the contents of files lie.
pub(super) enum Contents {
    Directory(PathBuf),
    #[cfg(feature = "s3")]
    Bucket(Bucket),
}

impl Contents {
    /// Copies that of a message to a new file, which only this user can read.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] where there is none; it cannot be read or written; the file is there.
    pub(super) async fn copy(&self, room: RoomId, file: &FileInfo, into: &Path) -> io::Result<()> {
        match self {
            Self::Directory(directory) => {
                let from = directory.join(room.to_string()).join(&file.stored);
                let mut from = File::open(from)?;
                io::copy(&mut from, &mut new_file::create(into)?).map(|_| ())
            }
            #[cfg(feature = "s3")]
            Self::Bucket(bucket) => {
                let mut from = bucket.read(room, &file.stored, 0..file.size).await?;
                let mut into = tokio::fs::File::from_std(new_file::create(into)?);
                tokio::io::copy(&mut from, &mut into).await?;
                into.sync_all().await
            }
        }
    }
}

impl Operator {
    pub(super) fn new(config: Config) -> Self {
        Self {
            config,
            way: Way::Unknown,
        }
    }

    /// Has a command carried out; `about` is what it concerns, for the error.
    pub(super) async fn ask<C>(&mut self, about: About<'_>, command: C) -> Outcome<C::Reply>
    where
        C: Command + Into<AnyCommand> + Clone,
        C::Reply: DeserializeOwned,
    {
        match self.request(command).await? {
            Ok(reply) => Ok(reply),
            Err(error) => Err(self.explain(about, error).await),
        }
    }

    /// Why a request failed, and how to mend it; where somebody or a room is not there, who was probably meant.
    pub(super) async fn explain(&mut self, about: About<'_>, error: ControlError) -> Failure {
        let known = match (&error, about.known()) {
            (ControlError::Refused(Error::NoSuchUser), Some(Known::Users)) => {
                let users = self.request(Users).await.ok().and_then(Result::ok);
                let logins = users
                    .into_iter()
                    .flatten()
                    .map(|one| one.user.login.clone());
                logins.collect()
            }
            (ControlError::Refused(Error::NoSuchRoom), Some(Known::Rooms)) => {
                let rooms = self.request(Rooms).await.ok().and_then(Result::ok);
                let names = rooms.into_iter().flatten().map(|room| room.name.clone());
                names.collect()
            }
            _ => Vec::new(),
        };
        about.explain(error, &known)
    }

    /// Finds the gateway that runs, for what nobody else can do.
    ///
    /// # Errors
    /// None runs on the data directory.
    pub(super) async fn attach(&mut self) -> Outcome<()> {
        self.find_once(true).await
    }

    /// Finds the gateway that runs. Where its nodes share a bus, they can be reached without one here, too.
    ///
    /// # Errors
    /// None runs on the data directory, and none can be elsewhere.
    pub(super) async fn reach_nodes(&mut self) -> Outcome<()> {
        let is_alone = matches!(self.config.bus.url, BusUrl::Local);
        self.find_once(is_alone).await
    }

    async fn find_once(&mut self, only_gateway: bool) -> Outcome<()> {
        if matches!(self.way, Way::Unknown) {
            let found = self.find(only_gateway).await?;
            self.way = found;
        }
        Ok(())
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// As [`Operator::ask`], for a caller who knows better what an error means.
    pub(super) async fn request<C>(&mut self, command: C) -> Outcome<Result<C::Reply, ControlError>>
    where
        C: Command + Into<AnyCommand> + Clone,
        C::Reply: DeserializeOwned,
    {
        self.find_once(false).await?;
        Ok(match &mut self.way {
            Way::Gateway(client) => client.call(command).await,
            Way::Here(hub) => {
                let keep = kept(&self.config.data_dir);
                let done = audit::operate(&*hub, By::this_process(), command, keep);
                done.await.map_err(ControlError::Refused)
            }
            Way::Unknown => Err(ControlError::NotRunning),
        })
    }

    /// Makes sure that there is a gateway or a store, before work is done for it.
    #[cfg(feature = "sqlite")]
    pub(super) async fn prepare(&mut self) -> Outcome<()> {
        self.find_once(false).await
    }

    /// Has a room taken in that lies beside the store.
    #[cfg(feature = "sqlite")]
    pub(super) async fn import(&mut self, about: About<'_>, room: BroughtRoom) -> Outcome<()> {
        self.prepare().await?;
        let imported = match &mut self.way {
            Way::Gateway(client) => client.import(&room).await,
            Way::Here(hub) => {
                let keep = kept(&self.config.data_dir);
                let done = audit::import(hub, By::this_process(), room, keep);
                done.await.map_err(ControlError::Refused)
            }
            Way::Unknown => Err(ControlError::NotRunning),
        };
        match imported {
            Ok(_) => Ok(()),
            Err(error) => Err(self.explain(about, error).await),
        }
    }

    /// Where the contents of files lie, by the configuration.
    ///
    /// # Errors
    /// What is said of a bucket cannot be.
    pub(super) fn contents(&self) -> Outcome<Contents> {
        #[cfg(feature = "s3")]
        if let Some(bucket) = self.config.files.bucket() {
            let bucket = Bucket::new(&bucket);
            let bucket = bucket.map_err(|fault| Failure::because(fault.to_string()))?;
            return Ok(Contents::Bucket(bucket));
        }
        Ok(Contents::Directory(files_directory(&self.config)))
    }

    /// Closes what was opened.
    pub(super) async fn finish(self) {
        if let Way::Here(hub) = self.way {
            hub.stop().await;
        }
    }

    /// The way to the gateway that runs; where none does and not `only_gateway`, to the store.
    async fn find(&self, only_gateway: bool) -> Outcome<Way> {
        let deadline = Instant::now() + PATIENCE;
        let data_dir = &self.config.data_dir;
        loop {
            if let Some(gateway) = self.connect().await? {
                return Ok(Way::Gateway(gateway));
            }
            let is_free = !DataDirLock::is_held(data_dir);
            if is_free && only_gateway {
                return Err(Failure::because(not_running(&self.config)));
            }
            if is_free && !self.has_store() {
                return Err(self.no_store());
            }
            match DataDirLock::acquire_for_command(data_dir) {
                // It was held, and nothing has come of it.
                Ok(_) if only_gateway || !self.has_store() => {}
                Ok(lock) => return self.open(lock).await.map(Way::Here),
                Err(LockError::InUse { .. }) if Instant::now() < deadline => {
                    tokio::time::sleep(STEP).await
                }
                Err(error @ LockError::InUse { .. }) => {
                    let socket = socket_path(&self.config.data_dir);
                    let socket = socket.display();
                    return Err(Failure::because(format!(
                        "{error}, which does not listen on {socket}; try again"
                    )));
                }
                Err(error) => return Err(Failure::because(error.to_string())),
            }
        }
    }

    async fn connect(&self) -> Outcome<Option<ControlClient>> {
        let path = socket_path(&self.config.data_dir);
        match ControlClient::connect(&path).await {
            Ok(client) => Ok(Some(client)),
            Err(ControlError::NotRunning) => Ok(None),
            Err(error) => Err(unreachable(&self.config, error)),
        }
    }

    async fn open(&self, lock: DataDirLock) -> Outcome<Hub> {
        // The lock goes back when the process ends and its store is surely closed.
        std::mem::forget(lock);
        let mut config = self.config.clone();
        config.node.name = config.node.shown_name() + COMMAND;
        open_hub(&config, BUS_PATIENCE)
            .await
            .map_err(|error| Failure::because(error.to_string()))
    }

    fn has_store(&self) -> bool {
        match &self.config.store.url {
            StoreUrl::Memory => false,
            StoreUrl::Sqlite(path) => path.exists(),
            // One that cannot be reached says so when it is opened.
            #[cfg(feature = "postgres")]
            StoreUrl::Postgres(url) => crate::store::PostgresStore::is_there(url).unwrap_or(true),
        }
    }

    /// Only a gateway makes a store, so that a wrong directory is not taken for an empty one.
    fn no_store(&self) -> Failure {
        #[cfg(feature = "sqlite")]
        if let Err(error) = refuse_half_restored(&self.config) {
            return Failure::because(error.to_string());
        }
        let place = match &self.config.store.url {
            StoreUrl::Memory => {
                let none = not_running(&self.config);
                return Failure::because(format!("store.url is \"memory:\", and {none}"));
            }
            StoreUrl::Sqlite(path) => path.display().to_string(),
            #[cfg(feature = "postgres")]
            StoreUrl::Postgres(url) => url.to_string(),
        };
        let another = another(&self.config);
        Failure::because(format!(
            "there is no store at {place}, and only `tolmach serve` makes one; {another}"
        ))
    }
}

/// Keeps what was done for the log of the next gateway.
fn kept(data_dir: &Path) -> impl FnOnce(Act) {
    move |act| {
        if let Err(error) = act.keep(data_dir) {
            tracing::error!(%error, "what was done is not kept for the log");
        }
    }
}

/// Why the gateway on the data directory cannot be asked, and what to do.
pub(super) fn unreachable(config: &Config, error: ControlError) -> Failure {
    let path = socket_path(&config.data_dir);
    Failure::because(match error {
        ControlError::NotRunning => not_running(config),
        ControlError::Io(error) => of_file(&path, &error),
        error => format!("{}: {error}", path.display()),
    })
}

/// That no gateway runs on the data directory, and how another one is named.
pub(super) fn not_running(config: &Config) -> String {
    let (data_dir, another) = (config.data_dir.display(), another(config));
    format!("no gateway runs on {data_dir}; {another}")
}

/// Where the data directory was named, and how another one is.
fn another(config: &Config) -> String {
    match config.origins.of("data_dir") {
        Origin::Default => {
            "this is the default data_dir; name another with -c FILE or TOLMACH_DATA_DIR".to_owned()
        }
        origin => format!("data_dir is set by {origin}; name another there"),
    }
}
