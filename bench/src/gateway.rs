//! tolmach, told to hold nobody back, and the accounts of those who speak to it.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use tolmach_reliability::Outcome;
use tolmach_reliability::client::{Dialect, Room};
use tolmach_reliability::encrypted::Encryption;
use tolmach_reliability::server::{Account, PASSWORD, Server};

/// Nobody is too many or too fast, and nothing happens by the mere passing of time.
const SETTINGS: &[(&str, &str)] = &[
    ("LIMITS__CONNECTIONS", "0"),
    ("LIMITS__LOGIN_TIMEOUT", "0s"),
    ("LIMITS__QUEUE_EVENTS", "0"),
    ("LIMITS__QUEUE_BYTES", "0"),
    ("LIMITS__QUEUE_TOTAL_BYTES", "0"),
    ("LIMITS__REQUESTS_PER_SECOND", "0"),
    ("LIMITS__MESSAGES_PER_SECOND", "0"),
    ("LIMITS__ROOMS_PER_USER", "0"),
    ("JIM__PROBE_AFTER", "0s"),
    ("JIM__NOTICES", "[]"),
    ("TALKER__IDLE_AFTER", "0s"),
    ("TALKER__CLOSE_AFTER", "0s"),
    ("PURPOSE__PROBE_AFTER", "0s"),
    ("PRESENCE__GRACE", "0s"),
    ("HTTP__ADDRESS", "127.0.0.1:0"),
];

/// A gateway that runs.
pub(crate) struct Gateway {
    server: Server,
    control: BufReader<UnixStream>,
    accounts: Vec<Account>,
    /// How many guests there were.
    guests: usize,
    dir: TempDir,
}

impl Gateway {
    /// Starts it with these settings, too, and a data directory of its own.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn start(program: &Path, settings: &[(&str, &str)], dir: &Path) -> Outcome<Self> {
        let dir = tempfile::tempdir_in(dir)?;
        let settings = [SETTINGS, settings].concat();
        let server = Server::spawn(Server::command(program, dir.path(), &settings))?;
        let control = UnixStream::connect(dir.path().join("control.sock"))?;
        Ok(Self {
            server,
            control: BufReader::new(control),
            accounts: Vec::new(),
            guests: 0,
            dir,
        })
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.server.id()
    }

    /// Where it listens for a dialect.
    ///
    /// # Errors
    /// It does not.
    pub(crate) fn address(&self, dialect: Dialect) -> Outcome<SocketAddr> {
        self.server.address(dialect.listener())
    }

    /// Where it listens for HTTP.
    ///
    /// # Errors
    /// It does not.
    pub(crate) fn http(&self) -> Outcome<SocketAddr> {
        self.server.address("http")
    }

    /// How hands are shaken with it.
    ///
    /// # Errors
    /// It has no certificate.
    pub(crate) fn encryption(&self) -> Outcome<Encryption> {
        Encryption::to_gateway(self.dir.path())
    }

    /// A new public room.
    ///
    /// # Errors
    /// There is one of the name.
    pub(crate) fn room(&mut self, name: String) -> Outcome<Room> {
        let room = json!({"create_room": {
            "name": name, "title": "", "description": "", "kind": "public", "password": null,
        }});
        let made = self.command(&room)?;
        let id = made["room"]["id"]
            .as_i64()
            .ok_or("a room without a number")?;
        Ok(Room {
            name,
            id: i32::try_from(id)?,
        })
    }

    /// The account for a connection of this number, of so many at most. It is made where there is none, which takes some
    /// milliseconds; a guest needs none.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn account(
        &mut self,
        dialect: Dialect,
        number: usize,
        most: usize,
    ) -> Outcome<Account> {
        if dialect == Dialect::Jim {
            // Those who went may not be gone yet.
            self.guests += 1;
            return Ok(Account {
                login: format!("g{}", self.guests),
                token: String::new(),
                token_id: 0,
            });
        }
        let number = number % most;
        while self.accounts.len() <= number {
            let login = format!("bench{}", self.accounts.len());
            let secret = json!({ "password": PASSWORD });
            self.command(&json!({"register": {
                "login": login, "secret": secret, "name": "", "description": "",
            }}))?;
            let user = json!({ "login": login });
            let made = self.command(&json!({"create_token": { "user": user, "value": null }}))?;
            let token = made["value"].as_str().ok_or("no token")?.to_owned();
            let id = made["id"].as_i64().ok_or("a token without a number")?;
            let token_id = i32::try_from(id)?;
            self.accounts.push(Account {
                login,
                token,
                token_id,
            });
        }
        Ok(self.accounts[number].clone())
    }

    /// What an operator's command comes to.
    fn command(&mut self, command: &Value) -> Outcome<Value> {
        let request = json!({ "version": 2, "command": command });
        writeln!(self.control.get_mut(), "{request}")?;
        let mut answer = String::new();
        self.control.read_line(&mut answer)?;
        let mut answer: Value = serde_json::from_str(&answer)?;
        match answer.get_mut("ok") {
            Some(done) => Ok(done.take()),
            None => Err(format!("{command}: {answer}").into()),
        }
    }
}
