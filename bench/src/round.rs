//! One measurement: a server under a load.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use hdrhistogram::Histogram;
use rustls::pki_types::ServerName;
use tolmach_load::{Crowd, Measured, Newcomer, Plan, WebSocket, Wire};
use tolmach_reliability::Outcome;
use tolmach_reliability::client::Dialect;
use tolmach_reliability::server::resident_of;

use crate::Measure;
use crate::cores::{Cores, Spent};
use crate::server::Server;
use crate::shape::{Group, Load, Shape};
use crate::subject::{About, Kind, Over, Subject};
use crate::wires::{Bare, DialectWire, Irc, JetStream, Mqtt, Nats, Postgres, Redis, TEXT_BYTES};

/// How many accounts there are at most: beyond that, some have several connections.
const ACCOUNTS: usize = 1000;
/// How many there are where nobody says anything, and the server is a new one.
const IDLE_ACCOUNTS: usize = 100;

/// All measurements of a run. A server runs from when it is first measured to the end.
pub(crate) struct Rounds {
    cores: Cores,
    tolmach: PathBuf,
    dir: PathBuf,
    disk: PathBuf,
    count: usize,
    warm_up: Duration,
    time: Duration,
    servers: HashMap<Kind, Server>,
    left_out: HashSet<Kind>,
    /// How many rooms there were, so that none is entered twice.
    rooms: usize,
}

/// What was found.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Found {
    /// CPU-µs of the server for a delivery, or for a message where nobody hears it.
    pub(crate) cost: f64,
    /// CPU-µs of the load for a delivery.
    pub(crate) own_cost: f64,
    /// Which part of a core the server used.
    pub(crate) busy: f64,
    /// Which part of its core the load used.
    pub(crate) own_busy: f64,
    /// Messages a second.
    pub(crate) rate: f64,
    /// Which part of what was due did not come in time.
    pub(crate) behind: f64,
    /// ms until half, and 99 %, of the deliveries came, from when they were meant to be sent.
    pub(crate) latency: [f64; 2],
    /// ms until half, and 99 %, of the messages were known to be accepted.
    pub(crate) accepted: [f64; 2],
    /// Bytes of a connection that says nothing, where that alone was measured.
    pub(crate) bytes: f64,
}

impl Rounds {
    /// Prepares what was chosen.
    ///
    /// # Errors
    /// There are too few cores, or no `tolmach`.
    pub(crate) fn new(measure: &Measure) -> Outcome<Self> {
        let tolmach = match &measure.tolmach {
            Some(path) => path.clone(),
            None => std::env::current_exe()?.with_file_name("tolmach"),
        };
        let (rounds, seconds) = if measure.quick { (1, 1.0) } else { (2, 1.5) };
        let time = Duration::try_from_secs_f64(measure.seconds.unwrap_or(seconds))?;
        Ok(Self {
            cores: Cores::part(measure.server_cores)?,
            tolmach,
            dir: measure.dir.clone(),
            disk: measure.disk.clone(),
            count: measure.rounds.unwrap_or(rounds),
            warm_up: time / 3,
            time,
            servers: HashMap::new(),
            left_out: HashSet::new(),
            rooms: 0,
        })
    }

    /// How many times each is measured.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// A server that failed is started anew for its next measurement.
    pub(crate) fn give_up(&mut self, subject: Subject) {
        self.servers.remove(&subject.about().kind);
    }

    /// Measures a server under a load; nothing where it is not installed.
    ///
    /// # Errors
    /// It does not start, or does not do what it should.
    pub(crate) fn measure(&mut self, subject: Subject, shape: Shape) -> Outcome<Option<Found>> {
        let (about, load) = (subject.about(), shape.load());
        let first = self.rooms;
        self.rooms += load.rooms;
        if load.group == Group::Idle {
            // One that has no memory of others.
            return match self.start(about.kind)? {
                Some(mut server) => idle(about, &mut server, load, first).map(Some),
                None => Ok(None),
            };
        }
        if !self.servers.contains_key(&about.kind)
            && let Some(server) = self.start(about.kind)?
        {
            self.servers.insert(about.kind, server);
        }
        let Some(server) = self.servers.get_mut(&about.kind) else {
            return Ok(None);
        };
        let mut crowd = Crowd::gather(newcomers(about, server, load, first, ACCOUNTS)?)?;
        let plan = Plan {
            pace: load.pace,
            bytes: TEXT_BYTES,
            warm_up: self.warm_up,
            time: self.time,
        };
        let id = server.id();
        let measured = crowd.run(&plan, || Spent::read(id))?;
        Ok(Some(Found::of(&measured)))
    }

    fn start(&mut self, kind: Kind) -> Outcome<Option<Server>> {
        if self.left_out.contains(&kind) {
            return Ok(None);
        }
        let start = || Server::start(kind, &self.tolmach, [&self.dir, &self.disk]);
        let started = self.cores.for_server(start)?;
        if started.is_none() {
            self.left_out.insert(kind);
        }
        Ok(started)
    }
}

/// Has all of them come and say nothing. What is there once, however many come, is there after the first of each room.
fn idle(about: &About, server: &mut Server, load: &Load, first: usize) -> Outcome<Found> {
    let newcomers = newcomers(about, server, load, first, IDLE_ACCOUNTS)?;
    let is_first = |place: usize| place.is_multiple_of(load.members);
    let (mut first, mut others) = (Vec::new(), Vec::new());
    for (place, one) in newcomers.into_iter().enumerate() {
        match is_first(place) {
            true => first.push(one),
            false => others.push(one),
        }
    }
    let _first = Crowd::gather(first)?;
    let (before, count) = (resident_of(server.id())?, others.len());
    let _others = Crowd::gather(others)?;
    let grown = resident_of(server.id())?.saturating_sub(before);
    Ok(Found {
        bytes: grown as f64 / count as f64,
        ..Found::default()
    })
}

/// Those who are to come, as so many accounts, into rooms that are numbered from `first`.
fn newcomers(
    about: &About,
    server: &mut Server,
    load: &Load,
    first: usize,
    accounts: usize,
) -> Outcome<Vec<Newcomer>> {
    let mut newcomers = Vec::with_capacity(load.rooms * load.members);
    let encryption = match server {
        Server::Tolmach(gateway) if about.over == Over::Tls => Some(gateway.encryption()?.config()),
        _ => None,
    };
    for room in 0..load.rooms {
        let number = first + room;
        let made = match server {
            Server::Tolmach(gateway) => Some(gateway.room(format!("room{number}"))?),
            Server::Peer { .. } => None,
        };
        for member in 0..load.members {
            let speaks = member < load.senders;
            let dialect = about.dialects.map(|[speak, hear]| match speaks {
                true => speak,
                false => hear,
            });
            let wire: Box<dyn Wire> = match (&mut *server, &made, dialect) {
                (Server::Tolmach(gateway), Some(room), Some(dialect)) => {
                    let who = gateway.account(dialect, newcomers.len(), accounts)?;
                    let wire = Box::new(DialectWire::new(dialect, &who, room));
                    match about.over {
                        Over::WebSocket => Box::new(WebSocket::new(wire, &path(dialect))),
                        Over::Tcp | Over::Tls => wire,
                    }
                }
                _ => wire(about.kind, number, member),
            };
            let one = Newcomer::new(server.address(dialect, about.over)?, room, speaks, wire);
            newcomers.push(match &encryption {
                Some(config) => one.through(config.clone(), ServerName::try_from("localhost")?),
                None => one,
            });
        }
    }
    Ok(newcomers)
}

/// Where a dialect is spoken over WebSocket.
fn path(dialect: Dialect) -> String {
    // Revisions are not part of the name.
    let name = dialect.listener().split('.').next().unwrap_or_default();
    format!("/ws/{name}")
}

/// How a peer is spoken to.
fn wire(kind: Kind, room: usize, member: usize) -> Box<dyn Wire> {
    match kind {
        Kind::Bare { echo, answers } => Box::new(Bare::new(room, echo, answers)),
        Kind::Inspircd => Box::new(Irc::new(room, member)),
        Kind::Nats => Box::new(Nats::new(room)),
        Kind::JetStream => Box::new(JetStream::new(room, member)),
        Kind::Postgres => Box::new(Postgres::new(room)),
        Kind::Mosquitto => Box::new(Mqtt::new(room, member)),
        Kind::Redis | Kind::Tolmach(_) | Kind::OnDisk(_) => Box::new(Redis::new(room)),
    }
}

impl Found {
    fn of(measured: &Measured<Spent>) -> Self {
        let seconds = measured.time.as_secs_f64();
        // Who is alone and does not hear itself hears nothing.
        let deliveries = measured.deliveries.max(measured.messages).max(1) as f64;
        let (before, after) = (measured.before, measured.after);
        let server = (after.server - before.server).as_secs_f64();
        let own = (after.own - before.own).as_secs_f64();
        let at = |histogram: &Histogram<u64>| {
            [0.5, 0.99].map(|part| histogram.value_at_quantile(part) as f64 / 1000.0)
        };
        Self {
            cost: server * 1e6 / deliveries,
            own_cost: own * 1e6 / deliveries,
            busy: server / seconds,
            own_busy: own / seconds,
            rate: measured.messages as f64 / seconds,
            behind: measured.behind(),
            latency: at(&measured.latency),
            accepted: at(&measured.accepted),
            bytes: 0.0,
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bytes {
            0.0 => write!(f, "{:.2} CPU-µs a delivery", self.cost),
            bytes => write!(f, "{bytes:.0} bytes a connection"),
        }
    }
}
