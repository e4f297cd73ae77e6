//! The operator's way to the hub: by the gateway that runs, else by a hub of its own over the same store.
//!
//! ```text
//!           ┌──▶ connect to control.sock ── accepted ───────────────────────────▶ Gateway
//!  asked ───┤         │ nobody there
//!           │         ▼
//!           │    lock data_dir ── locked ── open the store, start a hub ────────▶ Here
//!           │         │ held by another: a gateway that starts or ends, or another command
//!           └─ again ─┘ for 5 s
//! ```

use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use crate::commands::{AnyCommand, Command};
use crate::config::{Config, StoreUrl};
use crate::control::audit::{self, Act, By};
use crate::control::{ControlClient, ControlError, socket_path};
use crate::daemon::lock::{DataDirLock, LockError};
use crate::daemon::open_hub;
use crate::hub::Hub;

use super::about::About;
use super::failure::{Failure, Outcome};

/// How long to wait for whoever holds the lock and does not listen.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often to look.
const STEP: Duration = Duration::from_millis(20);

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
        self.request(command)
            .await?
            .map_err(|error| about.explain(error))
    }

    /// As [`Operator::ask`], for a caller who knows better what an error means.
    pub(super) async fn request<C>(&mut self, command: C) -> Outcome<Result<C::Reply, ControlError>>
    where
        C: Command + Into<AnyCommand> + Clone,
        C::Reply: DeserializeOwned,
    {
        if matches!(self.way, Way::Unknown) {
            self.way = self.find().await?;
        }
        Ok(match &mut self.way {
            Way::Gateway(client) => client.call(command).await,
            Way::Here(hub) => {
                let data_dir = &self.config.data_dir;
                let keep = |act: Act| {
                    if let Err(error) = act.keep(data_dir) {
                        tracing::error!(%error, "what was done is not kept for the log");
                    }
                };
                let done = audit::operate(hub, By::this_process(), command, keep);
                done.await.map_err(ControlError::Refused)
            }
            Way::Unknown => Err(ControlError::NotRunning),
        })
    }

    /// Closes what was opened.
    pub(super) async fn finish(self) {
        if let Way::Here(hub) = self.way {
            hub.stop().await;
        }
    }

    async fn find(&self) -> Outcome<Way> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(gateway) = self.connect().await? {
                return Ok(Way::Gateway(gateway));
            }
            match self.lock() {
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
            Err(error) => Err(Failure::because(format!("{}: {error}", path.display()))),
        }
    }

    fn lock(&self) -> Result<Option<DataDirLock>, LockError> {
        let nothing_there = self.is_in_memory() && !self.config.data_dir.exists();
        if nothing_there {
            Ok(None)
        } else {
            DataDirLock::acquire_for_command(&self.config.data_dir).map(Some)
        }
    }

    async fn open(&self, lock: Option<DataDirLock>) -> Outcome<Hub> {
        if self.is_in_memory() {
            let data_dir = self.config.data_dir.display();
            return Err(Failure::because(format!(
                "store.url is \"memory:\" and no gateway runs on {data_dir}: there is nothing to work on"
            )));
        }
        // The lock goes back when the process ends and its store is surely closed.
        std::mem::forget(lock);
        open_hub(&self.config)
            .await
            .map_err(|error| Failure::because(error.to_string()))
    }

    fn is_in_memory(&self) -> bool {
        self.config.store.url == StoreUrl::Memory
    }
}
