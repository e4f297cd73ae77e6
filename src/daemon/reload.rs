//! A configuration that is read again while the gateway runs.
//!
//! ```text
//!  read ─▶ compare ─▶ certificates ─▶ bind new listeners ─┬─▶ listeners, limits, log, rooms
//!    └────────────────────┴──────────────────┴─ wrong: nothing has changed
//! ```

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Encryption, Fates, Program, Shown, builder, listeners, open, passed};
#[cfg(feature = "http")]
use crate::config::HTTP;
use crate::config::{Config, ConfigError, Fate, Plan};
use crate::control::{ListenerAddress, Operated, Reloaded};
use crate::gateway::{BindError, Gateway, bind};
use crate::hub::Hub;

/// Why a gateway goes on as before.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The configuration is wrong.
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    /// A new listener cannot be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The gateway is about to end.
    #[error("the gateway is stopping")]
    Stopping,
    /// The program cannot read its configuration again.
    #[error("this program does not read its configuration again; start it anew")]
    Unsupported,
}

/// A gateway that runs, and what it was configured to be.
pub struct Running {
    gateway: Gateway,
    program: Option<Arc<dyn Program>>,
    /// Held by whoever changes it: one after another.
    changing: tokio::sync::Mutex<Phase>,
    config: Mutex<Config>,
    #[cfg(feature = "http")]
    http: super::http::Speaker,
}

/// Of what connections are shown.
enum Phase {
    /// TLS is served with this certificate.
    Serving(Shown),
    Closed,
}

impl Running {
    pub(super) fn new(
        gateway: Gateway,
        config: Config,
        shown: Shown,
        program: Option<Arc<dyn Program>>,
        #[cfg_attr(not(feature = "http"), expect(unused_variables))] fates: Fates,
    ) -> Self {
        Self {
            gateway,
            program,
            changing: tokio::sync::Mutex::new(Phase::Serving(shown)),
            config: Mutex::new(config),
            #[cfg(feature = "http")]
            http: fates.http.1,
        }
    }

    pub(super) fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// As [`Gateway::close`]. From then on nothing is reloaded.
    pub(super) async fn close(&self) -> Hub {
        *self.changing.lock().await = Phase::Closed;
        self.gateway.clone().close().await
    }

    fn config(&self) -> MutexGuard<'_, Config> {
        self.config.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the configuration again, and becomes what it describes: what changed, a line each. The log tells it, too.
    /// `check`: what would change, and nothing does.
    ///
    /// # Errors
    /// Why nothing changed.
    pub async fn reload(&self, check: bool) -> Result<Vec<String>, ReloadError> {
        let program = self.program.clone().ok_or(ReloadError::Unsupported)?;
        if check {
            return self.become_what(&program, check).await;
        }
        program.reloading();
        let outcome = self.become_what(&program, check).await;
        program.reloaded();
        match &outcome {
            Ok(changes) => {
                for change in changes {
                    tracing::info!(change, "changed by a reload");
                }
                let count = changes.len();
                tracing::info!(changes = count, "the configuration was read again");
            }
            Err(ReloadError::Configuration(wrong)) => {
                for error in wrong.all() {
                    tracing::error!(%error, "a reload was refused");
                }
            }
            Err(error) => tracing::error!(%error, "a reload was refused"),
        }
        outcome
    }

    /// What the program has for a configuration now.
    async fn become_what(
        &self,
        program: &Arc<dyn Program>,
        check: bool,
    ) -> Result<Vec<String>, ReloadError> {
        let mut phase = self.changing.lock().await;
        let Phase::Serving(shown) = &*phase else {
            return Err(ReloadError::Stopping);
        };
        let before = self.config().clone();
        let (reader, addresses) = (program.clone(), self.gateway.addresses());
        let prepare = move || {
            let running = |name: &str| {
                let found = addresses.iter().find(|(listener, _)| listener == name);
                found.map(|(_, address)| *address)
            };
            let passed = |name: &str| reader.socket(name).ok()??.local_addr().ok();
            let plan = Plan::new(&before, reader.configuration()?, running, passed);
            let encryption = match check {
                true => Encryption::look(&plan.config)?,
                false => Encryption::load(&plan.config)?,
            };
            Ok((plan, encryption))
        };
        // Files are read there, and perhaps a key is made: nobody waits for that.
        let prepared = tokio::task::spawn_blocking(prepare).await;
        let (mut plan, encryption) = prepared.unwrap_or_else(|_| Err(ReloadError::Stopping))?;
        let now = encryption.shown.clone();
        let is_another = shown.certificate != now.certificate;
        for (what, was, is) in [
            (
                "certificate is another",
                &shown.certificate,
                &now.certificate,
            ),
            (
                "authorities that vouch for clients are others",
                &shown.authorities,
                &now.authorities,
            ),
        ] {
            if let (Some(was), Some(is)) = (was, is)
                && was != is
            {
                plan.lines
                    .push(format!("tls: the {what}: SHA-256 {was} -> {is}"));
            }
        }
        if check {
            self.try_addresses(&plan, &**program)?;
            return Ok(plan.lines);
        }
        let Plan {
            lines,
            listeners,
            config,
        } = plan;
        let (hub, told) = (self.gateway.hub(), encryption.clone());
        let fates = Fates {
            listeners,
            #[cfg(feature = "http")]
            http: (self.fate_of_http(&config), self.http.clone()),
        };
        let gateway = builder(hub, &config, encryption, Some(&**program), &fates)?;
        self.gateway.change(gateway).await?;
        #[cfg(feature = "http")]
        if let Some(http) = self.http.get() {
            http.set(&config);
        }
        if is_another {
            told.tell();
        }
        hub.set_options(open::options(&config));
        program.set_log(&config.log);
        *phase = Phase::Serving(now);
        *self.config() = config.clone();
        drop(phase);
        if let Err(error) = open::make_rooms(hub, &config).await {
            tracing::error!(%error, "rooms of rooms.create were not made");
        }
        Ok(lines)
    }

    /// Where HTTP is listened on at the same address its socket stays.
    #[cfg(feature = "http")]
    fn fate_of_http(&self, config: &Config) -> Fate {
        let is_same = self.config().http.address == config.http.address;
        let mut running = self.gateway.addresses().into_iter();
        match is_same && running.any(|(name, _)| name == HTTP) {
            true => Fate::Kept {
                running: HTTP.to_owned(),
                speaks_otherwise: false,
            },
            false => Fate::Added,
        }
    }

    /// Whether new listeners could be bound, as far as no running one is to let go the port first.
    fn try_addresses(&self, plan: &Plan, program: &dyn Program) -> Result<(), BindError> {
        let running = self.gateway.addresses();
        let is_ours = |port| running.iter().any(|(_, address)| address.port() == port);
        let fates = plan.listeners.iter();
        #[cfg(feature = "http")]
        let http = self.fate_of_http(&plan.config);
        #[cfg(feature = "http")]
        let fates = fates.chain([&http]);
        for (door, fate) in plan.config.doors().zip(fates) {
            if *fate != Fate::Added || passed(Some(program), door.name)?.is_some() {
                continue;
            }
            if let Err(error) = bind(door.address)
                && !(error.kind() == io::ErrorKind::AddrInUse && is_ours(door.address.port()))
                && !plan.config.does_without(door, &error)
            {
                let (name, address) = (door.name.to_owned(), door.address.to_string());
                return Err(BindError {
                    name,
                    address,
                    error,
                });
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Operated for Running {
    fn listeners(&self) -> Vec<ListenerAddress> {
        listeners(&self.gateway, &self.config())
    }

    async fn reload(&self, check: bool) -> Reloaded {
        match self.reload(check).await {
            Ok(lines) => Reloaded::Done(lines),
            Err(ReloadError::Configuration(wrong)) => {
                Reloaded::Wrong(wrong.all().map(ToString::to_string).collect())
            }
            Err(error) => Reloaded::Failed(error.to_string()),
        }
    }
}
