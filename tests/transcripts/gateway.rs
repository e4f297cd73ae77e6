//! The gateway that a transcript is run against.

use std::path::Path;

use tempfile::TempDir;
use tokio::task::JoinHandle;
use tolmach::commands::{self, Command};
use tolmach::config::Config;
use tolmach::daemon;
use tolmach::gateway::{Gateway, Transport};
use tolmach::hub::Hub;
use tolmach::model::{RoomSelector, Secret, UserSelector};

use crate::PASSWORD;
use crate::connection::Stream;

/// How many bytes a connection inside the process holds in each direction.
const HELD: usize = 1024 * 1024;

/// A running gateway with a listener per dialect, on ports that the kernel gives.
pub(crate) struct Daemon {
    gateway: Option<daemon::Daemon>,
    stopping: Option<JoinHandle<()>>,
    hub: Hub,
    config: Config,
    dir: TempDir,
}

impl Daemon {
    /// A gateway whose store is memory, with more configuration.
    pub(crate) async fn start(more: &str) -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let config = config(dir.path(), more)?;
        let gateway = daemon::Daemon::start(&config)
            .await
            .map_err(|error| error.to_string())?;
        Ok(Self {
            hub: gateway.gateway().hub().clone(),
            gateway: Some(gateway),
            stopping: None,
            config,
            dir,
        })
    }

    /// Begins to stop; it takes until everybody has been told.
    pub(crate) fn shut_down(&mut self) {
        if let Some(gateway) = self.gateway.take() {
            self.stopping = Some(tokio::spawn(gateway.stop()));
        }
    }

    pub(crate) async fn stop(mut self) {
        self.shut_down();
        if let Some(stopping) = self.stopping {
            stopping.await.unwrap();
        }
        drop(self.dir);
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.hub
    }

    fn gateway(&self) -> Result<&Gateway, String> {
        let gateway = self.gateway.as_ref().map(daemon::Daemon::gateway);
        gateway.ok_or_else(|| "the gateway has stopped".to_owned())
    }

    /// A connection to a listener, over a socket, or inside the process.
    pub(crate) async fn connect(&self, listener: &str, inside: bool) -> Result<Stream, String> {
        let unknown = || format!("there is no listener {listener:?}");
        if inside {
            let (near, far) = tokio::io::duplex(HELD);
            let mut listeners = self.config.listeners.iter();
            let settings = listeners.find(|one| one.name == listener);
            let settings = &settings.ok_or_else(unknown)?.settings;
            let dialect = settings.serve(&self.config.dialect_options());
            self.gateway()?.connect(dialect, Transport::memory(far));
            return Ok(Box::new(near));
        }
        let mut addresses = self.gateway()?.addresses().into_iter();
        let address = addresses.find(|(name, _)| name == listener);
        let (_, address) = address.ok_or_else(unknown)?;
        let socket = tokio::net::TcpStream::connect(address).await;
        let socket = socket.map_err(|error| error.to_string())?;
        socket
            .set_nodelay(true)
            .map_err(|error| error.to_string())?;
        Ok(Box::new(socket))
    }

    /// Makes an account whose token is `token-LOGIN`.
    pub(crate) async fn account(&self, login: &str) -> Result<(), String> {
        let register = commands::Register {
            login: login.to_owned(),
            secret: Secret::Password(PASSWORD.to_owned()),
            name: String::new(),
            description: String::new(),
        };
        self.operate(register).await?;
        let token = commands::CreateToken {
            user: UserSelector::Login(login.to_owned()),
            value: Some(format!("token-{login}").into()),
        };
        self.operate(token).await.map(|_| ())
    }

    pub(crate) async fn operate<C: Command>(&self, command: C) -> Result<C::Reply, String> {
        let reply = self.hub.operate(command).await;
        reply.map_err(|error| error.to_string())
    }

    /// A room's number.
    pub(crate) async fn room(&self, name: &str) -> Result<i32, String> {
        let room = RoomSelector::Name(name.to_owned());
        Ok(self.operate(commands::FindRoom { room }).await?.id.0)
    }
}

fn config(dir: &Path, more: &str) -> Result<Config, String> {
    let mut text = format!(
        "data_dir = '{}'\nstore.url = 'memory:'\n{more}\n",
        dir.display()
    );
    for (dialect, rest) in [
        ("jim", ""),
        ("talker", ""),
        ("purpose", "revision = 1"),
        ("purpose", "revision = 2"),
        ("uchat", ""),
    ] {
        text += &format!("[[listener]]\ndialect = '{dialect}'\naddress = '127.0.0.1:0'\n{rest}\n");
    }
    Config::from_toml(&text).map_err(|error| format!("{error}\n{text}"))
}
