//! `tolmach bench`: load on a gateway that runs, in any dialect, by the clients of `chat`.
//!
//! ```text
//!  BenchArgs ──▶ a ChatClient each ──ChatWire──▶ tolmach_load::Crowd ◀──▶ gateway
//!                                                     │
//!                                              report ◀ Measured
//! ```

mod report;
mod wire;

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tolmach_load::{Crowd, Newcomer, Pace, Plan, Stamp};

use super::chat::{self, ServerArgs};
use super::failure::{Failure, Outcome};
use super::output::Output;
use crate::dialects::Dialects;
use crate::dialects::client::{ChatSide, Identity, Key};
use crate::model::without_mark;
use crate::refusal::of_file;

/// Where the password of all accounts comes from.
const PASSWORD_VARIABLE: &str = "TOLMACH_PASSWORD";

/// How long is spoken before anything is counted.
const WARM_UP: Duration = Duration::from_millis(500);

/// Puts load on a server, checks that nothing is lost, changed or out of order, and says how fast that was
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// The dialect to speak, one of those below
    dialect: String,
    #[command(flatten)]
    server: ServerArgs,
    /// The revision of the dialect, where it has several [default: the last]
    #[arg(long, value_name = "NUMBER")]
    revision: Option<u8>,
    /// Connections that speak, spread over the rooms
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    senders: u32,
    /// Connections that only hear, spread over the rooms
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    receivers: u32,
    /// Rooms, named by --room and a number from 1 where there are several
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    rooms: u32,
    /// The room, or what the rooms' names begin with; nobody else is to put load there
    #[arg(long, value_name = "NAME", default_value = "bench")]
    room: String,
    /// Messages a second of all senders together, whatever becomes of them
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// As fast as it goes: each sender has so many messages under way, at most 32
    #[arg(long, value_name = "NUMBER", default_value_t = 1, conflicts_with = "rate", value_parser = clap::value_parser!(u32).range(1..=32))]
    in_flight: u32,
    /// Bytes of each text, at least 39
    #[arg(long, value_name = "BYTES", default_value_t = 100, value_parser = size)]
    size: usize,
    /// How long is counted; half a second more goes before
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    time: Duration,
    /// What the names of all begin with; a number from 1 follows
    #[arg(long, value_name = "NAME", default_value = "bench")]
    user: String,
    /// A token for each connection instead: the lines of a file, from the first again where there are too few
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    /// Make the accounts first, where the dialect can and there are none
    #[arg(long)]
    signup: bool,
    /// One object: what was asked for, rates, and latencies in ms
    #[arg(long)]
    json: bool,
}

/// What stands below the options in `--help`.
pub(crate) fn help(dialects: Dialects) -> String {
    let mut help = "Dialects:\n".to_owned();
    for (dialect, chat) in chat::with_chat(dialects) {
        let proof = match chat.key {
            Key::Password => "guests, or accounts of one password",
            Key::Token => "--tokens FILE",
            Key::Either => "accounts of one password, or --tokens FILE",
        };
        help += &format!("  {:8} {proof}\n", dialect.name());
    }
    help + HELP
}

const HELP: &str = "
The password of all accounts is TOLMACH_PASSWORD.

Each text says who says it, as which of its messages, and when it was due; so
latencies hold what a message waited for before it could be sent. A gateway
reads one who says more than limits.messages_per_second in a room more slowly.
";

fn size(text: &str) -> Result<usize, String> {
    let size = text.parse();
    match size.map_err(|_| "it is not a whole number")? {
        size if size < Stamp::LEAST_BYTES => Err(format!("at least {}", Stamp::LEAST_BYTES)),
        size => Ok(size),
    }
}

impl BenchArgs {
    pub(super) fn run(self, dialects: Dialects) -> Outcome<ExitCode> {
        let (dialect, chat) = chat::find(dialects, &self.dialect).map_err(Failure::Unusable)?;
        let revision = dialect.revision(self.revision).map_err(Failure::Unusable)?;
        if self.signup && !chat.signs_up {
            let reason = format!("{} has no --signup", dialect.name());
            return Err(Failure::Unusable(reason));
        }
        let port = dialect.port(revision);
        let (host, port) = self.server.address(port).map_err(Failure::Unusable)?;
        let newcomers = self.newcomers(chat, revision, host, reach(host, port)?)?;
        allow_files();
        let failed = |error: tolmach_load::Failure| Failure::because(error.to_string());
        let mut crowd = Crowd::gather(newcomers).map_err(failed)?;
        let plan = Plan {
            pace: match self.rate {
                Some(rate) => Pace::PerSecond(rate),
                None => Pace::InFlight(self.in_flight),
            },
            bytes: self.size,
            warm_up: WARM_UP,
            time: self.time,
        };
        let measured = crowd.run(&plan, || Ok(())).map_err(failed)?;
        let mut out = Output::standard();
        report::print(&self, &measured, &mut out)?;
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }

    /// All who are to come: those who speak before the others, in the rooms in turn.
    fn newcomers(
        &self,
        chat: &ChatSide,
        revision: u8,
        host: &str,
        address: SocketAddr,
    ) -> Outcome<Vec<Newcomer>> {
        let tokens = self.read_tokens()?;
        let password = std::env::var(PASSWORD_VARIABLE).ok();
        let password = password.filter(|password| !password.is_empty());
        let throughs = self.through(host)?;
        (0..self.senders + self.receivers)
            .map(|number| {
                let room = number % self.rooms;
                let token = tokens.get(number as usize % tokens.len().max(1)).cloned();
                let identity = Identity {
                    user: token
                        .is_none()
                        .then(|| format!("{}{}", self.user, number + 1)),
                    password: password.clone().filter(|_| token.is_none()),
                    token,
                    room: self.room_of(room),
                    revision,
                    sign_up: self.signup,
                    ..Identity::default()
                };
                let client = (chat.client)(identity).map_err(|wrong| self.refused(chat, wrong))?;
                let wire = Box::new(wire::ChatWire::new(client));
                let speaks = number < self.senders;
                Ok(throughs(Newcomer::new(
                    address,
                    room as usize,
                    speaks,
                    wire,
                )))
            })
            .collect()
    }

    fn room_of(&self, number: u32) -> String {
        let name = self.room.strip_prefix('#').unwrap_or(&self.room);
        match self.rooms {
            1 => name.to_owned(),
            _ => format!("{name}{}", number + 1),
        }
    }

    fn read_tokens(&self) -> Outcome<Vec<String>> {
        let Some(file) = &self.tokens else {
            return Ok(Vec::new());
        };
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::Unusable(of_file(file, &error)))?;
        let lines = without_mark(&text)
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty());
        let tokens: Vec<_> = lines.map(ToOwned::to_owned).collect();
        match tokens.is_empty() {
            true => Err(Failure::Unusable(format!(
                "{} has no token",
                file.display()
            ))),
            false => Ok(tokens),
        }
    }

    /// Why a dialect's client cannot be one of those, by the names that things have here.
    fn refused(&self, chat: &ChatSide, wrong: &str) -> Failure {
        Failure::Unusable(match (chat.key, &self.tokens) {
            (Key::Token, None) => format!("{} needs --tokens FILE", self.dialect),
            (Key::Either, None) => format!(
                "{} needs --tokens FILE, or a password for all accounts in {PASSWORD_VARIABLE}",
                self.dialect
            ),
            (_, Some(file)) => format!("a token of {}: {wrong}", file.display()),
            (Key::Password, None) => wrong.to_owned(),
        })
    }

    #[cfg(feature = "tls")]
    fn through(&self, host: &str) -> Outcome<impl Fn(Newcomer) -> Newcomer> {
        let failed = |error: chat::Failure| Failure::because(error.to_string());
        let tls = chat::tls(&self.server).map_err(failed)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = tls.map(|tls| Ok((tls.config(), chat::server_name(host)?)));
        let name = name.transpose().map_err(failed)?;
        Ok(move |one: Newcomer| match &name {
            Some((config, name)) => one.through(config.clone(), name.clone()),
            None => one,
        })
    }

    #[cfg(not(feature = "tls"))]
    fn through(&self, _: &str) -> Outcome<impl Fn(Newcomer) -> Newcomer> {
        match self.server.tls {
            true => Err(Failure::Unusable("this build has no --tls".to_owned())),
            false => Ok(|one| one),
        }
    }
}

/// The address of a server that takes connections.
fn reach(host: &str, port: u16) -> Outcome<SocketAddr> {
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let reached = || -> io::Result<SocketAddr> {
        let addresses: Vec<_> = (name, port).to_socket_addrs()?.collect();
        TcpStream::connect(&addresses[..])?.peer_addr()
    };
    reached().map_err(|source| {
        let host = host.to_owned();
        let unreachable = chat::Failure::Connect { host, port, source };
        Failure::because(unreachable.to_string())
    })
}

/// As many connections as the system lets this process have; where that is not enough, one of them says so.
fn allow_files() {
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most);
    }
}
