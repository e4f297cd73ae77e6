//! A hub in memory with one room, and a gateway that serves connections inside the process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::commands;
use crate::dialects::{DialectOptions, Settings};
use crate::gateway::{Gateway, Limits, Serve, Transport};
use crate::hub::{Hub, Options, Scope, Session};
use crate::model::{
    Error, HistoryQuery, MessageId, Role, RoomId, RoomSelector, Secret, UserSelector,
};

use super::wire::{PIPE, Wire};
use crate::cli::failure::{Failure, Outcome};
use crate::dialects::client::{Account, Room, VirtualClient};

/// Everybody's; nobody else comes to this hub.
const PASSWORD: &str = "transcode";

pub(super) struct VirtualHub {
    gateway: Gateway,
    pub(super) room: Room,
}

impl VirtualHub {
    /// A hub with this room. `files`: a directory of its own holds files that are sent, until the end.
    pub(super) async fn open(room: &str, files: bool) -> Outcome<Self> {
        let hub = hub(files).await?;
        let create = commands::CreateRoom::public(room);
        let id = match hub.operate(create).await {
            Ok(made) => made.room.id.0,
            Err(error) => return Err(Failure::because(error.to_string())),
        };
        let name = room.to_owned();
        let gateway = Gateway::builder(hub).limits(limits()).start().await;
        Ok(Self {
            gateway: gateway.map_err(|error| Failure::because(error.to_string()))?,
            room: Room { name, id },
        })
    }

    /// What serves connections of a dialect with these settings.
    pub(super) fn dialect(&self, settings: &Settings) -> Arc<dyn Serve> {
        settings.serve(&DialectOptions::default())
    }

    /// The client's end of a new connection.
    pub(super) fn connect(&self, dialect: Arc<dyn Serve>, client: Arc<dyn VirtualClient>) -> Wire {
        let (near, far) = tokio::io::duplex(PIPE);
        self.gateway.connect(dialect, Transport::memory(far));
        Wire::new(near, client)
    }

    /// An account, made where there is none, and what opens it.
    pub(super) async fn identity(&self, login: &str) -> Result<Account, String> {
        let register = commands::Register {
            login: login.to_owned(),
            secret: Secret::Password(PASSWORD.to_owned()),
            name: String::new(),
            description: String::new(),
        };
        match self.gateway.hub().operate(register).await {
            Ok(_) | Err(Error::NameTaken) => {}
            Err(error) => return Err(format!("{login} cannot appear: {error}")),
        }
        Ok(Account {
            login: login.to_owned(),
            password: PASSWORD,
            token: self.token(login).await?,
        })
    }

    /// A new token of an account, and its number.
    pub(super) async fn token(&self, login: &str) -> Result<(i32, String), String> {
        let create = commands::CreateToken {
            user: UserSelector::Login(login.to_owned()),
            value: None,
        };
        match self.gateway.hub().operate(create).await {
            Ok(token) => Ok((token.id.0, token.value.0)),
            Err(error) => Err(format!("{login} cannot appear: {error}")),
        }
    }

    /// Gives somebody in the room the role for all that a recording may change there.
    pub(super) async fn appoint(&self, login: &str) -> Result<(), String> {
        let role = commands::SetRole {
            room: self.room(),
            user: UserSelector::Login(login.to_owned()),
            role: Role::Admin,
        };
        let given = self.gateway.hub().operate(role).await;
        given.map(drop).map_err(|error| error.to_string())
    }

    /// Makes whose token it is present, in no room and without a dialect.
    pub(super) async fn ear(&self, token: String) -> Result<Session, String> {
        let (mut session, _) = self.gateway.hub().attach("transcode", Scope::OneRoom);
        let token = token.into();
        let log_in = commands::LogInToken { token, id: None };
        match session.call(log_in).await {
            Ok(_) => Ok(session),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The numbers of so many messages that were said in the room after this one, in their order.
    pub(super) async fn said_after(&self, message: i64, count: usize) -> Vec<i64> {
        let query = HistoryQuery::page(self.room(), Some(MessageId(message)), count);
        match self.gateway.hub().operate(commands::History(query)).await {
            Ok(page) => page.messages.iter().map(|said| said.id.0).collect(),
            Err(_) => Vec::new(),
        }
    }

    fn room(&self) -> RoomSelector {
        RoomSelector::Id(RoomId(self.room.id))
    }
}

/// No limit but those of the wires: a recording is no flood.
fn limits() -> Limits {
    Limits::default()
        .connections(0)
        .login_timeout(Duration::ZERO)
        .requests_per_second(0)
        .messages_per_second(0)
}

async fn hub(files: bool) -> Outcome<Hub> {
    let builder = Hub::builder().options(Options::default().failed_logins(0));
    let builder = match files {
        true => builder.temporary_files(new_directory()),
        false => builder,
    };
    let hub = builder.start().await;
    hub.map_err(|error| Failure::because(error.to_string()))
}

fn new_directory() -> PathBuf {
    let name = format!("tolmach-transcode-{:016x}", rand::random::<u64>());
    std::env::temp_dir().join(name)
}
