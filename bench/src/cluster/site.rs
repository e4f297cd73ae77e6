//! All that runs: gateways that are one node, one that is two, and what they need.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tolmach_load::Newcomer;
use tolmach_reliability::Outcome;
use tolmach_reliability::client::Dialect;
use tolmach_test_servers::{NatsServer, Postgres};

use super::load::{Load, Setting};
use crate::cores::{time_of, time_with_children};
use crate::gateway::Gateway;
use crate::wires::{DialectWire, TABLE};

/// How often it is looked whether all is quiet.
const LOOK: Duration = Duration::from_millis(100);
/// How long that is waited for.
const PATIENCE: Duration = Duration::from_secs(3);
/// The part of a core of which all together take less where all is quiet.
const QUIET: f64 = 0.05;
/// How often PostgreSQL alone is given rows, and how many each time.
const BATCHES: [u32; 2] = [200, 100];

/// The servers; they end with this value.
pub(super) struct Site {
    sqlite: [Gateway; 1],
    alone: [Gateway; 1],
    pair: [Gateway; 2],
    nats: NatsServer,
    postgres: Postgres,
    /// The number of its first process.
    postgres_id: u32,
    /// How many rooms there were, so that none is entered twice.
    rooms: usize,
}

/// What processes took so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spent {
    /// Each node; the second takes nothing where there is one.
    pub(super) nodes: [Duration; 2],
    /// All processes of PostgreSQL.
    pub(super) postgres: Duration,
    pub(super) nats: Duration,
    /// This process: the load.
    pub(super) own: Duration,
}

impl Spent {
    /// In the order in which they are shown.
    pub(super) fn each(&self) -> [Duration; 5] {
        let [first, second] = self.nodes;
        [first, second, self.postgres, self.nats, self.own]
    }
}

/// What a node has written, from `/metrics`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    pub(super) writes: f64,
    pub(super) transactions: f64,
    pub(super) round_trips: f64,
}

impl Site {
    /// Starts all of them; `None` where PostgreSQL or NATS is not installed, which is said.
    ///
    /// # Errors
    /// A gateway does not start.
    pub(super) fn start(program: &Path) -> Outcome<Option<Self>> {
        let (Some(nats), Some(postgres)) = (NatsServer::start(), Postgres::durable()) else {
            return Ok(None);
        };
        let bus = nats.url().replace("://", "://user:secret@");
        let (alone, shared) = (postgres.database(), postgres.database());
        let node = |name: &str| {
            let settings = [
                ("STORE__URL", shared.as_str()),
                ("BUS__URL", &bus),
                ("NODE__NAME", name),
            ];
            Gateway::start(program, &settings, &Self::disk())
        };
        let one = |store: &str| Gateway::start(program, &[("STORE__URL", store)], &Self::disk());
        Ok(Some(Self {
            sqlite: [one("sqlite:tolmach.db")?],
            alone: [one(&alone)?],
            pair: [node("node1")?, node("node2")?],
            nats,
            postgres_id: postgres.id(),
            postgres,
            rooms: 0,
        }))
    }

    /// Where all of them keep what lasts.
    pub(super) fn disk() -> PathBuf {
        std::env::temp_dir()
    }

    fn gateways(&mut self, setting: Setting) -> &mut [Gateway] {
        match setting {
            Setting::Sqlite => &mut self.sqlite,
            Setting::Postgres => &mut self.alone,
            Setting::Own | Setting::Half | Setting::Other => &mut self.pair,
        }
    }

    /// Those who are to come, into rooms of their own; half of the rooms are at home at each node.
    ///
    /// # Errors
    /// A room cannot be made.
    pub(super) fn newcomers(&mut self, setting: Setting, load: &Load) -> Outcome<Vec<Newcomer>> {
        let first = self.rooms;
        self.rooms += load.rooms;
        let gateways = self.gateways(setting);
        let mut newcomers = Vec::new();
        for room in 0..load.rooms {
            let home = room % gateways.len();
            let made = gateways[0].room(format!("room{}", first + room))?;
            for place in 0..=load.receivers {
                let node = match setting.is_away(place) {
                    true => gateways.len() - 1 - home,
                    false => home,
                };
                let who = gateways[0].account(Dialect::Jim, 0, 1)?;
                let wire = Box::new(DialectWire::new(Dialect::Jim, &who, &made));
                let address = gateways[node].address(Dialect::Jim)?;
                newcomers.push(Newcomer::new(address, room, place == 0, wire));
            }
        }
        Ok(newcomers)
    }

    /// What the processes took so far that matter in this setting.
    ///
    /// # Errors
    /// One of them is gone.
    pub(super) fn spent(&self, setting: Setting) -> io::Result<Spent> {
        let one = |gateway: &Gateway| Ok::<_, io::Error>([time_of(gateway.id())?, Duration::ZERO]);
        let [first, second] = &self.pair;
        Ok(Spent {
            nodes: match setting {
                Setting::Sqlite => one(&self.sqlite[0])?,
                Setting::Postgres => one(&self.alone[0])?,
                Setting::Own | Setting::Half | Setting::Other => {
                    [time_of(first.id())?, time_of(second.id())?]
                }
            },
            postgres: time_with_children(self.postgres_id)?,
            nats: time_of(self.nats.id())?,
            own: time_of(std::process::id())?,
        })
    }

    /// Waits until those who left are gone, and nobody has anything to do; not for ever.
    ///
    /// # Errors
    /// A process is gone.
    pub(super) fn settle(&self, setting: Setting) -> io::Result<()> {
        let taken = || -> io::Result<Duration> {
            let spent = self.spent(setting)?;
            Ok(spent.nodes.iter().sum::<Duration>() + spent.postgres + spent.nats)
        };
        let until = Instant::now() + PATIENCE;
        let mut before = taken()?;
        while Instant::now() < until {
            std::thread::sleep(LOOK);
            let now = taken()?;
            // Who ends meanwhile counts no more.
            if now.saturating_sub(before) < LOOK.mul_f64(QUIET) {
                break;
            }
            before = now;
        }
        Ok(())
    }

    /// What the node with PostgreSQL alone has written so far.
    ///
    /// # Errors
    /// It does not say.
    pub(super) fn written(&self) -> io::Result<Written> {
        let address = self.alone[0].http().map_err(io::Error::other)?;
        let mut stream = TcpStream::connect(address)?;
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let value = line.and_then(|line| line.trim().parse().ok());
            value.ok_or_else(|| io::Error::other(format!("{name}is not counted")))
        };
        Ok(Written {
            writes: value("tolmach_commit_writes_sum ")?,
            transactions: value("tolmach_commit_writes_count ")?,
            round_trips: value("tolmach_store_round_trips_total ")?,
        })
    }

    /// How many rows a second PostgreSQL takes from one connection, a hundred a transaction, with nobody in between.
    ///
    /// # Errors
    /// The time cannot be told.
    pub(super) fn rows_per_second(&self) -> Outcome<f64> {
        let [batches, rows] = BATCHES;
        let database = self.postgres.database();
        self.postgres.ask(&database, TABLE);
        let begun = Instant::now();
        self.postgres.ask(
            &database,
            &format!(
                "DO $$ BEGIN FOR i IN 1..{batches} LOOP INSERT INTO messages (room, text) \
                 SELECT n, repeat('x', 100) FROM generate_series(1, {rows}) AS n; COMMIT; END LOOP; END $$"
            ),
        );
        Ok(f64::from(batches * rows) / begun.elapsed().as_secs_f64())
    }
}
