//! A gateway of a test's own.

use std::net::SocketAddr;

use tempfile::TempDir;
use tolmach::commands::{self, Command};
use tolmach::config::Config;
use tolmach::daemon::Daemon;
use tolmach::model::{Secret, UserSelector};

/// The password of every account.
pub const PASSWORD: &str = "CorrectHorseBatteryStaple";

/// A running gateway with a store on disk, whose ports stay the same when it is started again.
pub struct Gateway {
    daemon: Option<Daemon>,
    ports: Vec<(String, SocketAddr)>,
    dir: TempDir,
}

impl Gateway {
    /// Starts one on ports that the system chooses.
    pub async fn start() -> Self {
        let mut gateway = Self {
            daemon: None,
            ports: Vec::new(),
            dir: tempfile::tempdir().unwrap(),
        };
        gateway.run().await;
        gateway
    }

    /// Stops it.
    pub async fn stop(&mut self) {
        self.daemon.take().unwrap().stop().await;
    }

    /// Starts it, again where it was.
    pub async fn run(&mut self) {
        let listener = |name| {
            format!(
                "[[listener]]\ndialect = '{name}'\naddress = '{}'\n",
                self.at(name)
            )
        };
        let text = format!(
            "data_dir = '{}'\nhttp.address = '{}'\n{}{}{}",
            self.dir.path().display(),
            self.at("http"),
            listener("uchat"),
            listener("talker"),
            listener("jim")
        );
        let config = Config::from_toml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let daemon = Daemon::start(&config).await.unwrap();
        self.ports = daemon.gateway().addresses();
        self.daemon = Some(daemon);
    }

    /// The address of one of its pages.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.at("http"))
    }

    /// Where it listens for a dialect, or HTTP; before it did: any port.
    #[must_use]
    pub fn at(&self, name: &str) -> SocketAddr {
        let found = self.ports.iter().find(|(listener, _)| listener == name);
        found.map_or_else(
            || SocketAddr::from(([127, 0, 0, 1], 0)),
            |(_, address)| *address,
        )
    }

    /// Makes an account.
    pub async fn account(&self, login: &str) {
        let register = commands::Register {
            login: login.to_owned(),
            secret: Secret::Password(PASSWORD.to_owned()),
            name: String::new(),
            description: String::new(),
        };
        self.operate(register).await;
    }

    /// Makes an account that operates.
    pub async fn operator(&self, login: &str) {
        self.account(login).await;
        let user = UserSelector::login(login);
        self.operate(commands::SetOperator {
            user,
            operator: true,
        })
        .await;
    }

    /// A token of an account.
    pub async fn token(&self, login: &str) -> String {
        let user = UserSelector::login(login);
        let value = None;
        let made = self.operate(commands::CreateToken { user, value }).await;
        made.value.0
    }

    /// Does something as whoever embeds the hub.
    pub async fn operate<C: Command>(&self, command: C) -> C::Reply {
        let hub = self.daemon.as_ref().unwrap().gateway().hub();
        hub.operate(command).await.unwrap()
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway")
            .field("ports", &self.ports)
            .finish_non_exhaustive()
    }
}
