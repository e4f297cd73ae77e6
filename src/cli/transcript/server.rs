//! The gateway that a transcript is run against: one of its own in memory, or the one that runs.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::commands::{self, AnyCommand};
use crate::config::{Config, StoreUrl, Threads};
use crate::control::{ControlClient, ListenerAddress};
use crate::daemon::{self, open_hub};
use crate::dialects::client::{Conversation, PASSWORD, Stream};
use crate::dialects::{AnyDialect, Dialects};
use crate::gateway::{Gateway, Transport};
use crate::hub::{Hub, Scope};
use crate::model::{MessageId, RoomSelector, Secret, Target, UserSelector};

/// How many bytes a connection inside the process holds in each direction.
const HELD: usize = 1024 * 1024;

/// The gateway that a transcript is run against, in this process or over its control socket.
pub struct Server {
    dialects: Dialects,
    listeners: Vec<ListenerAddress>,
    way: Way,
}

enum Way {
    Own(Box<Own>),
    Running {
        control: ControlClient,
        /// In place of the listeners' addresses.
        host: Option<String>,
        accounts: i64,
    },
}

/// A gateway in memory.
struct Own {
    hub: Hub,
    config: Config,
    gateway: Option<Gateway>,
    stopping: Option<JoinHandle<()>>,
    /// Connections do not go over sockets.
    inside: bool,
}

impl Server {
    /// Starts a gateway of this configuration, but for its store, which is memory, its data directory, which is a new one
    /// for files that are sent, its one thread, and its addresses, which are this machine's. `inside`: its connections stay within
    /// the process.
    ///
    /// # Errors
    /// Why it cannot be started.
    pub async fn own(mut config: Config, dialects: Dialects, inside: bool) -> Result<Self, String> {
        let name = format!("tolmach-replay-{:016x}", rand::random::<u64>());
        config.data_dir = std::env::temp_dir().join(name);
        config.store.url = StoreUrl::Memory;
        config.runtime.threads = Threads::Count(NonZeroUsize::MIN);
        config.http.address = None;
        for listener in &mut config.listeners {
            listener.address = ([127, 0, 0, 1], 0).into();
        }
        let hub = open_hub(&config, Duration::ZERO)
            .await
            .map_err(|error| error.to_string())?;
        let gateway = daemon::gateway(hub.clone(), &config).map_err(|error| error.to_string())?;
        let gateway = gateway.start().await.map_err(|error| error.to_string())?;
        Ok(Self {
            dialects,
            listeners: daemon::listeners(&gateway, &config),
            way: Way::Own(Box::new(Own {
                hub,
                config,
                gateway: Some(gateway),
                stopping: None,
                inside,
            })),
        })
    }

    /// The gateway that runs behind a control socket; `host` is where its listeners are, if not at their addresses.
    ///
    /// # Errors
    /// It cannot be used: people were there already, so that numbers would not be a transcript's; or the socket's own.
    pub async fn running(
        mut control: ControlClient,
        host: Option<String>,
        dialects: Dialects,
    ) -> Result<Self, String> {
        let listeners = control.listeners().await;
        let mut server = Self {
            dialects,
            listeners: listeners.map_err(|error| error.to_string())?,
            way: Way::Running {
                control,
                host,
                accounts: 0,
            },
        };
        let count = |list: &Value| list.as_array().map_or(0, Vec::len);
        let users = server.ask(commands::Users).await?;
        let rooms = server.ask(commands::Rooms).await?;
        let ids = rooms.as_array().into_iter().flatten();
        let last = ids.filter_map(|room| room["id"].as_u64()).max();
        if count(&users) > 0 || last.unwrap_or(0) > count(&rooms) as u64 {
            return Err(used());
        }
        Ok(server)
    }

    /// Has a command carried out as the operator's: its reply as JSON.
    pub(super) async fn ask(&mut self, command: impl Into<AnyCommand>) -> Result<Value, String> {
        let command = command.into();
        match &mut self.way {
            Way::Own(own) => match own.hub.operate(command).await {
                Ok(reply) => serde_json::to_value(reply).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            },
            Way::Running { control, .. } => {
                let reply = control.call_any(&command).await;
                reply.map_err(|error| error.to_string())
            }
        }
    }

    /// Makes an account with the password and the token of transcripts.
    pub(super) async fn account(&mut self, login: &str) -> Result<(), String> {
        let register = commands::Register {
            login: login.to_owned(),
            secret: Secret::password(PASSWORD),
            name: String::new(),
            description: String::new(),
        };
        let made = self.ask(register).await?;
        let user = || UserSelector::Login(login.to_owned());
        if let Way::Running { accounts, .. } = &mut self.way {
            *accounts += 1;
            if made["id"].as_i64() != Some(*accounts) {
                self.ask(commands::RemoveUser { user: user() }).await?;
                return Err(used());
            }
        }
        let token = commands::CreateToken {
            user: user(),
            value: Some(format!("token-{login}").into()),
        };
        self.ask(token).await.map(drop)
    }

    /// The number of the room of this name; or why there is none.
    pub(super) async fn room(&mut self, name: &str) -> Result<i32, String> {
        let room = RoomSelector::Name(name.to_owned());
        let found = self.ask(commands::FindRoom { room }).await?;
        let id = found["id"].as_i64().and_then(|id| id.try_into().ok());
        id.ok_or_else(|| format!("room {name} has no number"))
    }

    /// A new connection's side of the dialect that a listener speaks.
    pub(super) fn conversation(&self, listener: &str) -> Result<Box<dyn Conversation>, String> {
        let (listener, dialect) = self.listener(listener)?;
        match dialect.and_then(AnyDialect::conversation) {
            Some(make) => Ok(make(listener.revision)),
            None => Err(format!("{} cannot be in a transcript", listener.dialect)),
        }
    }

    /// A connection to a listener.
    pub(super) async fn connect(&self, listener: &str) -> Result<Box<dyn Stream>, String> {
        let (listener, _) = self.listener(listener)?;
        let mut address = listener.address;
        if address.ip().is_unspecified() {
            address.set_ip([127, 0, 0, 1].into());
        }
        let connected = match &self.way {
            Way::Own(own) if own.inside => return own.connect(&listener.name),
            Way::Running {
                host: Some(host), ..
            } => TcpStream::connect((host.as_str(), address.port())).await,
            Way::Own(_) | Way::Running { .. } => TcpStream::connect(address).await,
        };
        let unreached = |error| format!("{}: {error}", listener.name);
        let stream = connected.map_err(unreached)?;
        stream.set_nodelay(true).map_err(unreached)?;
        Ok(Box::new(stream))
    }

    /// A listener by its name, else the first of the dialect, with its revision, that has this name.
    fn listener(
        &self,
        name: &str,
    ) -> Result<(&ListenerAddress, Option<&'static dyn AnyDialect>), String> {
        let kind = |listener: &ListenerAddress| {
            let mut kinds = self.dialects.iter().copied();
            kinds.find(|kind| kind.name() == listener.dialect)
        };
        let speaks = |listener: &&ListenerAddress| {
            let settings = kind(listener).map(AnyDialect::settings);
            settings.is_some_and(|of| of.with_revision(listener.revision).default_name() == name)
        };
        let mut listeners = self.listeners.iter();
        let named = listeners.find(|listener| listener.name == name);
        let found = named.or_else(|| self.listeners.iter().find(speaks));
        let found = found.ok_or_else(|| format!("the gateway has no listener {name}"))?;
        Ok((found, kind(found)))
    }

    /// Somebody answers a message, over a connection of her own beside those that she has.
    pub(super) async fn reply(
        &self,
        login: &str,
        room: &str,
        message: MessageId,
        text: &str,
    ) -> Result<(), String> {
        let room = Target::Room(RoomSelector::Name(room.to_owned()));
        let mut draft = commands::Send::text(room, text);
        draft.reply_to = Some(message);
        let log_in = commands::LogInToken {
            token: format!("token-{login}").into(),
            id: None,
        };
        let (mut session, _events) = self.own_gateway()?.hub.attach("bot", Scope::AllRooms);
        let logged_in = session.call(log_in).await;
        logged_in.map_err(|error| error.to_string())?;
        let said = session.call(draft).await;
        said.map(drop).map_err(|error| error.to_string())
    }

    /// Begins to stop; it takes until everybody has been told.
    pub(super) fn shut_down(&mut self) -> Result<(), String> {
        match &mut self.way {
            Way::Own(own) => own.shut_down(),
            Way::Running { .. } => return Err(NOT_OWN.to_owned()),
        }
        Ok(())
    }

    fn own_gateway(&self) -> Result<&Own, String> {
        match &self.way {
            Way::Own(own) => Ok(own),
            Way::Running { .. } => Err(NOT_OWN.to_owned()),
        }
    }

    /// Stops a gateway of its own; leaves one that runs.
    pub async fn stop(self) {
        if let Way::Own(mut own) = self.way {
            own.shut_down();
            if let Some(stopping) = own.stopping.take() {
                // It has told its last words, or it has nothing to say.
                let _ = stopping.await;
            }
        }
    }
}

/// What to do where no gateway runs that can be used.
pub const FRESH: &str =
    "start one whose store is fresh (TOLMACH_STORE__URL=memory: tolmach serve), or give --own";
const NOT_OWN: &str = "this is done only to a gateway of replay's own";

/// Why a gateway that runs cannot be used.
fn used() -> String {
    format!(
        "people or rooms were on this gateway before, and a transcript counts accounts, rooms and messages from 1: {FRESH}"
    )
}

impl Own {
    fn shut_down(&mut self) {
        if let Some(gateway) = self.gateway.take() {
            self.stopping = Some(tokio::spawn(gateway.stop()));
        }
    }

    fn connect(&self, listener: &str) -> Result<Box<dyn Stream>, String> {
        let mut listeners = self.config.listeners.iter();
        let listener = listeners.find(|one| one.name == listener);
        let (Some(gateway), Some(listener)) = (&self.gateway, listener) else {
            return Err("the gateway has stopped".to_owned());
        };
        let (near, far) = tokio::io::duplex(HELD);
        let dialect = listener.settings.serve(&self.config.dialect_options());
        gateway.connect(dialect, Transport::memory(far));
        Ok(Box::new(near))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let dir: &PathBuf = &self.config.data_dir;
        // It was made here; what is left of it is the system's to clean.
        let _ = std::fs::remove_dir_all(dir);
    }
}
