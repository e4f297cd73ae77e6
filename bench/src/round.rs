//! One measurement: a server under a load.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use tolmach_load::{Crowd, Measured, Newcomer, Plan, Wire};
use tolmach_reliability::Outcome;

use crate::Measure;
use crate::cores::{Cores, Spent};
use crate::server::Server;
use crate::shape::{Load, Shape};
use crate::subject::{Kind, Subject};
use crate::wires::{Bare, DialectWire, Redis, TEXT_BYTES};

/// All measurements of a run. A server runs from when it is first measured to the end.
pub(crate) struct Rounds {
    cores: Cores,
    tolmach: PathBuf,
    dir: PathBuf,
    count: usize,
    warm_up: Duration,
    time: Duration,
    servers: HashMap<Kind, Server>,
    left_out: HashSet<Kind>,
    /// How many rooms there were, so that none is entered twice.
    rooms: usize,
}

/// What was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// CPU-µs of the server for a delivery.
    pub(crate) cost: f64,
    /// CPU-µs of the load for a delivery.
    pub(crate) own_cost: f64,
    /// Which part of its core the server used.
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
        let (rounds, seconds) = if measure.quick { (1, 1.5) } else { (3, 3.0) };
        let time = Duration::try_from_secs_f64(measure.seconds.unwrap_or(seconds))?;
        Ok(Self {
            cores: Cores::part(measure.server_cores)?,
            tolmach,
            dir: measure.dir.clone(),
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
        self.servers.remove(&subject.kind());
    }

    /// Measures a server under a load; nothing where it is not installed.
    ///
    /// # Errors
    /// It does not start, or does not do what it should.
    pub(crate) fn measure(&mut self, subject: Subject, shape: Shape) -> Outcome<Option<Found>> {
        let (kind, load) = (subject.kind(), shape.load());
        if self.left_out.contains(&kind) {
            return Ok(None);
        }
        if !self.servers.contains_key(&kind) {
            let start = || Server::start(kind, &self.tolmach, &self.dir);
            match self.cores.for_server(start)? {
                Some(server) => self.servers.insert(kind, server),
                None => {
                    self.left_out.insert(kind);
                    return Ok(None);
                }
            };
        }
        let Some(server) = self.servers.get_mut(&kind) else {
            return Ok(None);
        };
        let newcomers = newcomers(subject, server, load, self.rooms)?;
        self.rooms += load.rooms;
        let mut crowd = Crowd::gather(newcomers)?;
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
}

/// Those who are to come, into rooms that are numbered from `first`.
fn newcomers(
    subject: Subject,
    server: &mut Server,
    load: Load,
    first: usize,
) -> Outcome<Vec<Newcomer>> {
    let address = server.address(subject.dialect())?;
    let mut newcomers = Vec::with_capacity(load.rooms * load.members);
    for room in 0..load.rooms {
        let number = first + room;
        let tolmach = match (&mut *server, subject.dialect()) {
            (Server::Tolmach(gateway), Some(dialect)) => {
                Some((gateway.room(format!("room{number}"))?, dialect))
            }
            _ => None,
        };
        for member in 0..load.members {
            let wire: Box<dyn Wire> = match (&tolmach, &mut *server) {
                (Some((room, dialect)), Server::Tolmach(gateway)) => {
                    let who = gateway.account(*dialect, newcomers.len())?;
                    Box::new(DialectWire::new(*dialect, &who, room))
                }
                _ => match subject.kind() {
                    Kind::Bare(echo) => Box::new(Bare::new(number, echo, false)),
                    Kind::Redis | Kind::Tolmach(_) => Box::new(Redis::new(number)),
                },
            };
            newcomers.push(Newcomer {
                address,
                room,
                speaks: member < load.senders,
                wire,
            });
        }
    }
    Ok(newcomers)
}

impl Found {
    fn of(measured: &Measured<Spent>) -> Self {
        let seconds = measured.time.as_secs_f64();
        let deliveries = measured.deliveries.max(1) as f64;
        let (before, after) = (measured.before, measured.after);
        let server = (after.server - before.server).as_secs_f64();
        let own = (after.own - before.own).as_secs_f64();
        let at = |histogram: &hdrhistogram::Histogram<u64>| {
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
        }
    }
}
