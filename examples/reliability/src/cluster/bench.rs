//! What is tried: three nodes, with what they share.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use tempfile::TempDir;
use tokio::task::spawn_blocking;
use tolmach_test_servers::{NatsServer, Postgres};

use crate::Outcome;
use crate::client::{Dialect, Room};
use crate::server::{Account, Server};
use crate::writers::{Places, Writers};

/// How many nodes there are.
pub(super) const NODES: usize = 3;
/// How long a node may be unheard of.
pub(super) const LEASE: Duration = Duration::from_secs(2);

/// The nodes, their servers, and who takes part.
pub(super) struct Nodes {
    program: PathBuf,
    directory: TempDir,
    pub(super) nats: NatsServer,
    postgres: Arc<Postgres>,
    database: String,
    servers: Vec<Option<Arc<Server>>>,
    pub(super) places: Places,
    pub(super) writers: Vec<Account>,
    /// One for each dialect at each node.
    pub(super) readers: Vec<Account>,
    /// One for each node.
    pub(super) witnesses: Vec<Account>,
    /// Whose name all want.
    pub(super) wanted: Account,
}

impl Nodes {
    /// `None` where PostgreSQL or NATS is not installed.
    pub(super) async fn start(program: &Path) -> Outcome<Option<Self>> {
        let Some(nats) = NatsServer::start() else {
            return Ok(None);
        };
        let Some(postgres) = spawn_blocking(Postgres::durable).await? else {
            return Ok(None);
        };
        let mut nodes = Self {
            program: program.to_owned(),
            directory: tempfile::tempdir()?,
            nats,
            database: postgres.database(),
            postgres: Arc::new(postgres),
            servers: Vec::new(),
            places: Places::default(),
            writers: Vec::new(),
            readers: Vec::new(),
            witnesses: Vec::new(),
            wanted: Account::default(),
        };
        for node in 0..NODES {
            nodes.servers.push(None);
            nodes.start_again(node).await?;
        }
        let each = Dialect::ALL.len() * NODES;
        (nodes.writers, nodes.readers, nodes.witnesses, nodes.wanted) = nodes
            .with_server(move |server| {
                Ok((
                    server.accounts("writer", each)?,
                    server.accounts("reader", each)?,
                    server.accounts("witness", NODES)?,
                    server.account("wanted")?,
                ))
            })
            .await?;
        Ok(Some(nodes))
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    fn command(&self, node: usize) -> Outcome<Command> {
        let bus = self.nats.url().replace("://", "://user:secret@");
        let files = self.directory.path().join("files");
        let settings = [
            ("STORE__URL", self.database.as_str()),
            ("BUS__URL", &bus),
            ("FILES__URL", &format!("file://{}", files.display())),
            ("NODE__NAME", &format!("node{node}")),
            ("NODE__LEASE", &format!("{}s", LEASE.as_secs())),
            ("PRESENCE__GRACE", "1s"),
            ("HTTP__ADDRESS", ""),
            ("LOG__LEVEL", "warn"),
            // What one may say in a second is not what is tried.
            ("LIMITS__MESSAGES_PER_SECOND", "0"),
        ];
        let own = self.directory.path().join(format!("node{node}"));
        let mut command = Server::command(&self.program, &own, &settings);
        command.stderr(File::options().create(true).append(true).open(self.log())?);
        Ok(command)
    }

    /// Starts a node that does not run.
    pub(super) async fn start_again(&mut self, node: usize) -> Outcome<()> {
        let command = self.command(node)?;
        let server = spawn_blocking(move || Server::spawn(command)).await??;
        self.places.set(node, &server)?;
        self.servers[node] = Some(Arc::new(server));
        Ok(())
    }

    /// As `kill -9` does.
    pub(super) fn kill(&mut self, node: usize) -> Outcome<()> {
        let server = self.servers[node].take().ok_or("it does not run")?;
        let server = Arc::into_inner(server).ok_or("somebody uses it")?;
        server.kill()
    }

    pub(super) fn signal(&self, node: usize, signal: Signal) -> Outcome<()> {
        let server = self.servers[node].as_ref().ok_or("it does not run")?;
        server.signal(signal)
    }

    /// Does something with the database's server that takes a while.
    pub(super) async fn with_postgres(
        &self,
        work: impl FnOnce(&Postgres, &str) + Send + 'static,
    ) -> Outcome<()> {
        let (postgres, database) = (self.postgres.clone(), self.database.clone());
        Ok(spawn_blocking(move || work(&postgres, &database)).await?)
    }

    /// Does something by a node's command line.
    async fn with_server<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Server) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let server = self.servers[0].clone().ok_or("it does not run")?;
        spawn_blocking(move || work(&server)).await?
    }

    /// Makes a public room.
    pub(super) async fn room(&self, name: &str) -> Outcome<Room> {
        let name = name.to_owned();
        self.with_server(move |server| {
            let id = server.room(&name)?;
            Ok(Room { name, id })
        })
        .await
    }

    /// All that was said in a room, oldest first.
    pub(super) async fn history(&self, room: &str) -> Outcome<Vec<serde_json::Value>> {
        let room = room.to_owned();
        self.with_server(move |server| server.list(&["history", &room]))
            .await
    }

    pub(super) fn write(&self, room: &Room, rest: Duration) -> Writers {
        Writers::start(&self.places, room, &self.writers, rest)
    }

    /// How many defects the nodes have logged since it was asked last.
    pub(super) fn defects(&self) -> Outcome<u64> {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let defects = log.lines().filter(|line| line.contains("a defect"));
        let defects: Vec<&str> = defects.collect();
        defects.iter().for_each(|line| eprintln!("{line}"));
        fs::write(self.log(), "")?;

        Ok(u64::try_from(defects.len())?)
    }
}
