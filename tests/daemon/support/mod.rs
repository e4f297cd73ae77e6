//! A gateway of a test's own, and the clients that talk to it.

mod client;
mod field;
mod jim;
pub(crate) mod network;
mod past;
mod purpose;
mod shapes;
mod stores;
mod talker;
pub(crate) mod tls;
pub(crate) mod transfer;
pub(crate) mod uchat;
mod voice;
mod wall_clock;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::io::DuplexStream;
use tolmach::commands::{self, Command};
use tolmach::config::{Config, ConfigError, Log, Threads};
use tolmach::daemon::{Program, ReloadError};
use tolmach::gateway::{Gateway, Pulse, Transport};
use tolmach::hub::Hub;
use tolmach::model::{RoomKind, RoomSelector, Secret, SessionInfo, UserSelector};

pub(crate) use client::{Client, PATIENCE, from_elsewhere};
pub(crate) use field::{FieldClient, LONG, with_field};
pub(crate) use jim::{Jim, authenticate, bare_msg, presence};
pub(crate) use past::Past;
pub(crate) use purpose::{
    Fields, Frame, Message, Purpose, byte_of, frame, int, login, long, messages, reason, text,
};
pub(crate) use stores::{Fault, FaultyStore, HeldInbox, failing_hub, held_hub, hub_over};
pub(crate) use talker::Talker;
pub(crate) use uchat::Uchat;
pub(crate) use voice::{Kind, Place, Told, Voice};
pub(crate) use wall_clock::WallClock;

/// The password of every account.
pub(crate) const PASSWORD: &str = "CorrectHorseBatteryStaple";

/// A running gateway with one listener per dialect.
pub(crate) struct Daemon {
    gateway: Running,
    config: Config,
    dir: Option<TempDir>,
}

/// What stands in a configuration beside what [`config`] says.
pub(crate) struct Written {
    dir: PathBuf,
    more: Mutex<String>,
}

impl Program for Written {
    fn configuration(&self) -> Result<Config, ConfigError> {
        try_config(&self.dir, "memory:", &self.more.lock().unwrap())
    }

    fn set_log(&self, _log: &Log) {}

    fn connections(&self, config: &Config) -> usize {
        config.limits.connections
    }

    fn socket(&self, _listener: &str) -> std::io::Result<Option<std::net::TcpListener>> {
        Ok(None)
    }
}

/// With what a program has around it, or alone.
enum Running {
    Daemon(tolmach::daemon::Daemon),
    Gateway(Gateway),
}

impl Running {
    fn gateway(&self) -> &Gateway {
        match self {
            Self::Daemon(daemon) => daemon.gateway(),
            Self::Gateway(gateway) => gateway,
        }
    }

    async fn stop(self) {
        match self {
            Self::Daemon(daemon) => daemon.stop().await,
            Self::Gateway(gateway) => gateway.stop().await,
        }
    }
}

impl Daemon {
    /// A gateway whose store is memory, with more configuration.
    pub(crate) async fn start(more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = config(dir.path(), "memory:", more);
        let gateway = Running::Daemon(tolmach::daemon::Daemon::start(&config).await.unwrap());
        Self {
            gateway,
            config,
            dir: Some(dir),
        }
    }

    /// As [`Daemon::start`], with what of its configuration can be written anew.
    pub(crate) async fn reloadable(more: &str) -> (Self, Arc<Written>) {
        let dir = tempfile::tempdir().unwrap();
        let written = Arc::new(Written {
            dir: dir.path().to_owned(),
            more: Mutex::new(more.to_owned()),
        });
        let config = written.configuration().unwrap();
        let daemon = tolmach::daemon::Daemon::start_for(&config, Some(written.clone())).await;
        let daemon = Self {
            gateway: Running::Daemon(daemon.unwrap()),
            config,
            dir: Some(dir),
        };
        (daemon, written)
    }

    /// Has it read its configuration again, which is written anew: what changed.
    pub(crate) async fn reload(
        &self,
        written: &Written,
        more: &str,
    ) -> Result<Vec<String>, ReloadError> {
        *written.more.lock().unwrap() = more.to_owned();
        match &self.gateway {
            Running::Daemon(daemon) => daemon.running().reload(false).await,
            Running::Gateway(_) => Err(ReloadError::Unsupported),
        }
    }

    /// A gateway whose store is SQLite in `dir`.
    pub(crate) async fn on_disk(dir: &Path, more: &str) -> Self {
        let config = config(dir, "sqlite:tolmach.db", more);
        let gateway = Running::Daemon(tolmach::daemon::Daemon::start(&config).await.unwrap());
        Self {
            gateway,
            config,
            dir: None,
        }
    }

    /// A gateway over a hub of the test's own.
    pub(crate) async fn over(hub: Hub, more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = config(dir.path(), "memory:", more);
        let builder = tolmach::daemon::gateway(hub, &config).unwrap();
        let gateway = Running::Gateway(builder.start().await.unwrap());
        Self {
            gateway,
            config,
            dir: Some(dir),
        }
    }

    pub(crate) async fn stop(self) {
        self.gateway.stop().await;
        drop(self.dir);
    }

    pub(crate) fn hub(&self) -> &Hub {
        self.gateway.gateway().hub()
    }

    pub(crate) fn pulse(&self) -> Pulse {
        self.gateway.gateway().pulse()
    }

    pub(crate) fn address(&self, listener: &str) -> SocketAddr {
        self.gateway
            .gateway()
            .addresses()
            .into_iter()
            .find(|(name, _)| name == listener)
            .unwrap()
            .1
    }

    /// A connection to a listener.
    pub(crate) async fn client(&self, listener: &str) -> Client {
        Client::tcp(self.address(listener)).await
    }

    /// A connection inside the process, whose two directions hold at most so many bytes.
    pub(crate) fn memory(&self, listener: &str, bytes: usize) -> Client {
        Client::over(self.duplex(listener, bytes))
    }

    pub(crate) fn duplex(&self, listener: &str, bytes: usize) -> DuplexStream {
        self.connect(listener, bytes, |transport| transport)
    }

    /// As [`duplex`](Self::duplex), with hands shaken for WebSocket.
    pub(crate) fn web_socket(&self, listener: &str, bytes: usize) -> DuplexStream {
        let speaking = |transport: Transport| transport.with_web_socket(bytes::BytesMut::new());
        self.connect(listener, bytes, speaking)
    }

    fn connect(
        &self,
        listener: &str,
        bytes: usize,
        speaking: impl FnOnce(Transport) -> Transport,
    ) -> DuplexStream {
        let (near, far) = tokio::io::duplex(bytes);
        let settings = &self
            .config
            .listeners
            .iter()
            .find(|one| one.name == listener)
            .unwrap()
            .settings;
        let dialect = settings.serve(&self.config.dialect_options());
        self.gateway
            .gateway()
            .connect(dialect, speaking(Transport::memory(far)));
        near
    }

    /// A JIM connection that has said nothing.
    pub(crate) async fn jim(&self) -> Jim {
        Jim::new(self.client("jim").await)
    }

    /// A JIM guest.
    pub(crate) async fn guest(&self, name: &str) -> Jim {
        let mut jim = self.jim().await;
        jim.hello(name).await;
        jim
    }

    /// A JIM guest in a room.
    pub(crate) async fn guest_in(&self, name: &str, room: &str) -> Jim {
        let mut jim = self.guest(name).await;
        jim.join(room).await;
        jim
    }

    /// A JIM connection of an account.
    pub(crate) async fn authenticated(&self, login: &str) -> Jim {
        let mut jim = self.jim().await;
        jim.authenticate(login).await;
        jim
    }

    /// A Talker connection that has said nothing.
    pub(crate) async fn talker(&self) -> Talker {
        Talker::new(self.client("talker").await)
    }

    /// A Talker connection of an account in a room.
    pub(crate) async fn talker_in(&self, login: &str, room: &str) -> Talker {
        let mut talker = self.talker().await;
        talker.enter(login, room).await;
        talker
    }

    /// A purpose connection that has said nothing.
    pub(crate) async fn purpose(&self, revision: u8) -> Purpose {
        let client = self.client(&format!("purpose.{revision}")).await;
        Purpose::new(client, revision)
    }

    /// A purpose connection of an account.
    pub(crate) async fn purpose_of(&self, revision: u8, login: &str) -> Purpose {
        let mut purpose = self.purpose(revision).await;
        purpose.log_in(login).await;
        purpose
    }

    /// A purpose connection of an account in a chat.
    pub(crate) async fn purpose_in(&self, revision: u8, login: &str, chat: i32) -> Purpose {
        let mut purpose = self.purpose_of(revision, login).await;
        purpose.accepted("JOIN_CHAT", int(chat)).await;
        purpose
    }

    /// Makes an account whose token is `token-LOGIN`; its number.
    pub(crate) async fn account(&self, login: &str) -> i32 {
        account(self.hub(), login).await
    }

    pub(crate) async fn operate<C: Command>(&self, command: C) -> C::Reply {
        self.hub().operate(command).await.unwrap()
    }

    pub(crate) async fn create_room(
        &self,
        name: &str,
        kind: RoomKind,
        password: Option<&str>,
    ) -> i32 {
        let command = commands::CreateRoom {
            name: name.to_owned(),
            title: String::new(),
            description: String::new(),
            kind,
            password: password.map(Secret::password),
        };
        self.operate(command).await.room.id.0
    }

    pub(crate) async fn sessions(&self) -> Vec<SessionInfo> {
        self.operate(commands::Sessions).await.sessions
    }

    /// The texts of a room's history, oldest first.
    pub(crate) async fn history(&self, room: RoomSelector) -> Vec<String> {
        let mut query = tolmach::model::HistoryQuery::page(room, None, 1_000_000);
        let mut texts = Vec::new();
        loop {
            let page = self.operate(commands::History(query.clone())).await;
            let (messages, omitted) = (page.messages, page.omitted);
            texts.extend(messages.iter().map(|message| message.text.clone()));
            match messages.last() {
                Some(last) if omitted > 0 => query.after = Some(last.id),
                _ => return texts,
            }
        }
    }
}

/// Makes an account whose token is `token-LOGIN`; its number.
pub(crate) async fn account(hub: &Hub, login: &str) -> i32 {
    let secret = Secret::Password(PASSWORD.to_owned());
    let (name, description) = (String::new(), String::new());
    let register = commands::Register {
        login: login.to_owned(),
        secret,
        name,
        description,
    };
    let id = hub.operate(register).await.unwrap().id.0;
    let token = commands::CreateToken {
        user: user(login),
        value: Some(token(login).into()),
    };
    hub.operate(token).await.unwrap();
    id
}

pub(crate) fn token(login: &str) -> String {
    format!("token-{login}")
}

pub(crate) fn room(name: &str) -> RoomSelector {
    RoomSelector::Name(name.to_owned())
}

pub(crate) fn user(login: &str) -> UserSelector {
    UserSelector::Login(login.to_owned())
}

pub(crate) fn config(dir: &Path, store: &str, more: &str) -> Config {
    try_config(dir, store, more).unwrap_or_else(|error| panic!("{error}\n{more}"))
}

/// One, whose time can be made up, unless `TEST_THREADS` says otherwise.
fn threads() -> NonZeroUsize {
    let count = std::env::var("TEST_THREADS");
    count.map_or(NonZeroUsize::MIN, |count| count.parse().unwrap())
}

fn try_config(dir: &Path, store: &str, more: &str) -> Result<Config, ConfigError> {
    // Where all must show a certificate, nothing is plain.
    let tls = if more.contains("tls.client = 'required'") {
        "tls = 'required'\n"
    } else {
        ""
    };
    let http = match more.contains("http.") || more.contains("[http]") {
        true => "",
        false => "http.address = ''\n",
    };
    let text = format!(
        "data_dir = '{}'\nstore.url = '{store}'\n{http}{more}\n\
         [[listener]]\n{tls}dialect = 'jim'\naddress = '127.0.0.1:0'\n\
         [[listener]]\n{tls}dialect = 'talker'\naddress = '127.0.0.1:0'\n\
         [[listener]]\n{tls}dialect = 'purpose'\naddress = '127.0.0.1:0'\nrevision = 1\n\
         [[listener]]\n{tls}dialect = 'purpose'\naddress = '127.0.0.1:0'\nrevision = 2\n\
         [[listener]]\n{tls}dialect = 'uchat'\naddress = '127.0.0.1:0'\n",
        dir.display()
    );
    let mut config = Config::from_toml(&text)?;
    if !more.contains("runtime.threads") {
        config.runtime.threads = Threads::Count(threads());
    }
    // Most tests say more at once than people do.
    if !more.contains("messages_per_second") {
        config.limits.messages_per_second = 0;
    }
    Ok(config)
}
