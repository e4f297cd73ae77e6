//! Several nodes as one gateway, over a PostgreSQL and a NATS of their own, under load: each is killed, paused or cut off, one
//! after the other, and what was accepted must be there, once and in one order for all; no name is ever held twice.

mod bench;
mod contest;
mod readers;
mod witness;

use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use nix::sys::signal::Signal;
use tokio::time::sleep;

use crate::Outcome;
use crate::client::Room;
use crate::ledger::{FAULTS, Found, Ledger, Sums, Then};
use crate::writers::Writers;
use crate::{client::Dialect, files};
use bench::{LEASE, NODES, Nodes};
use contest::Contest;
use readers::Readers;
use witness::Witnesses;

/// How often each thing fails.
#[derive(Debug, Args)]
pub struct Faults {
    /// How often a node is killed
    #[arg(long, default_value_t = 50)]
    pub kills: u64,
    /// How often each other thing is done
    #[arg(long, default_value_t = 20)]
    pub others: u64,
    /// These alone
    #[arg(long, value_enum, value_delimiter = ',')]
    pub only: Vec<Fault>,
}

/// What is done while everybody writes and reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// kill -9 of a node, which is started again.
    NodeKilled,
    /// kill -9 of NATS, which is started again.
    NatsKilled,
    /// NATS stands still for a while.
    NatsPaused,
    /// All of PostgreSQL is killed, as by a power cut, and started again.
    PostgresKilled,
    /// PostgreSQL ends all connections, several times.
    BackendsEnded,
    /// A node stands still for longer than its lease.
    NodePaused,
}

impl Fault {
    const ALL: [Self; 6] = [
        Self::NodeKilled,
        Self::NatsKilled,
        Self::NatsPaused,
        Self::PostgresKilled,
        Self::BackendsEnded,
        Self::NodePaused,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::NodeKilled => "node killed",
            Self::NatsKilled => "NATS killed",
            Self::NatsPaused => "NATS paused",
            Self::PostgresKilled => "PostgreSQL killed",
            Self::BackendsEnded => "backends ended",
            Self::NodePaused => "node paused",
        }
    }
}

/// Beside the faults of a ledger.
const HELD_TWICE: &str = "names held twice";
const UNSETTLED: &str = "presence not settled";
const LATE: &str = "accepted again too late";
const DEFECTS: &str = "defects logged";
/// How often a name was taken, and somebody spoke by it.
const TAKEN: &str = "names taken";
/// Within which time something is accepted again, once a fault is over.
const AGAIN: Duration = Duration::from_secs(5);
/// How long that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long writers rest between two messages: what is tried is not how many there can be.
const REST: Duration = Duration::from_millis(20);

impl Faults {
    /// Runs all rounds and prints what came of them.
    ///
    /// # Errors
    /// It cannot be tried here, or a promise is broken.
    pub async fn run(&self, program: &std::path::Path) -> Outcome<()> {
        let Some(mut trial) = Trial::new(program).await? else {
            return Ok(());
        };
        let mut columns = Vec::new();
        let is_meant = |fault: &Fault| self.only.is_empty() || self.only.contains(fault);
        for fault in Fault::ALL.into_iter().filter(is_meant) {
            let rounds = match fault {
                Fault::NodeKilled => self.kills,
                _ => self.others,
            };
            let mut column = Column::new(fault);
            for round in 0..rounds {
                let begun = Instant::now();
                let (found, again) = trial.round(fault, round).await?;
                let broken = broken(&found);
                eprintln!(
                    "{} {} of {rounds}: {:.1?}, accepted again after {again:.1?} {}",
                    fault.name(),
                    round + 1,
                    begun.elapsed(),
                    broken.join(", ")
                );
                column.sums += found;
                column.again.push(again);
            }
            columns.push(column);
        }
        print(&columns);
        for (reason, count) in &trial.reasons {
            eprintln!("{count:>8}  {reason}");
        }
        let all = columns.iter().flat_map(|column| {
            let broken = broken(&column.sums).into_iter();
            broken.map(|what| format!("{}: {what}", column.fault.name()))
        });
        let all: Vec<String> = all.collect();
        match all.is_empty() {
            true => Ok(()),
            false => Err(format!("a promise is broken: {}", all.join(", ")).into()),
        }
    }
}

fn broken(sums: &Sums) -> Vec<&'static str> {
    let all = FAULTS
        .into_iter()
        .chain([HELD_TWICE, UNSETTLED, LATE, DEFECTS]);
    all.filter(|fault| sums.of(fault) > 0).collect()
}

/// What all rounds of a fault came to.
struct Column {
    fault: Fault,
    sums: Sums,
    /// How long it took each time, once the fault was over, until something was accepted.
    again: Vec<Duration>,
}

impl Column {
    fn new(fault: Fault) -> Self {
        Self {
            fault,
            sums: Sums::default(),
            again: Vec::new(),
        }
    }

    /// The middle one and the longest, in ms.
    fn again(&self) -> String {
        let mut again = self.again.clone();
        again.sort_unstable();
        let middle = again.get(again.len() / 2).copied().unwrap_or_default();
        let longest = again.last().copied().unwrap_or_default();
        format!("{}, {}", middle.as_millis(), longest.as_millis())
    }
}

/// A table as documentation has it.
fn print(columns: &[Column]) {
    let line = |what: &str, cell: &dyn Fn(&Column) -> String| {
        let cells: Vec<String> = columns.iter().map(cell).collect();
        println!("| {what} | {} |", cells.join(" | "));
    };
    line("", &|column| column.fault.name().to_owned());
    println!("|{}", "---|".repeat(columns.len() + 1));
    line("rounds", &|column| column.again.len().to_string());
    let mut rows: Vec<&str> = Vec::new();
    for (what, _) in columns.iter().flat_map(|column| &column.sums.0) {
        if !rows.contains(what) {
            rows.push(what);
        }
    }
    for what in rows {
        line(what, &|column| column.sums.of(what).to_string());
    }
    line("accepted again after ms: middle, longest", &Column::again);
}

/// What all rounds share.
struct Trial {
    nodes: Nodes,
    reasons: std::collections::HashMap<String, usize>,
    count: u64,
}

impl Trial {
    /// `None` where PostgreSQL or NATS is not installed, which is said.
    async fn new(program: &std::path::Path) -> Outcome<Option<Self>> {
        let Some(nodes) = Nodes::start(program).await? else {
            return Ok(None);
        };
        Ok(Some(Self {
            nodes,
            reasons: std::collections::HashMap::new(),
            count: 0,
        }))
    }

    /// What came of it, and how long it took, once the fault was over, until something was accepted.
    async fn round(&mut self, fault: Fault, round: u64) -> Outcome<(Sums, Duration)> {
        self.count += 1;
        let nodes = &mut self.nodes;
        let name = format!("round{}", self.count);
        let room = nodes.room(&name).await?;
        let contested = nodes.room(&format!("{name}-contest")).await?;
        let readers = Readers::start(nodes, &room);
        let writers = nodes.write(&room, REST);
        let contest = Contest::begin(nodes, &contested);
        sleep(Duration::from_millis(500 + round * 370 % 1000)).await;
        strike(nodes, fault, round).await?;
        let again = accepts_again(&writers).await;
        sleep(Duration::from_secs(2)).await;
        let mut ledgers = writers.stop().await?;
        let (taken, twice) = contest.end().await?;
        let mut sums = Sums::default();
        sums.count(LATE, u64::from(again > AGAIN));
        let settled = Witnesses::agree(nodes, &room).await;
        sums.count(UNSETTLED, u64::from(settled.is_err()));
        match settled {
            Ok(witnesses) => ledgers.extend(witnesses.farewell().await?),
            Err(error) => eprintln!("{error}"),
        }
        // What is lost is noticed within that time.
        sleep(Duration::from_secs(2)).await;
        ledgers.extend(readers.stop().await?);
        let rows = nodes.history(&name).await?;
        self.look_at_files(&room, &rows, &mut ledgers)?;
        sums += Found::new(&rows).judge(&ledgers);
        sums.count(TAKEN, taken);
        sums.count(HELD_TWICE, twice);
        sums.count(DEFECTS, self.nodes.defects()?);
        for (reason, count) in ledgers.into_iter().flat_map(|ledger| ledger.reasons) {
            *self.reasons.entry(reason).or_default() += count;
        }
        Ok((sums, again))
    }

    fn look_at_files(
        &self,
        room: &Room,
        rows: &[serde_json::Value],
        ledgers: &mut [Ledger],
    ) -> Outcome<()> {
        let from = self.nodes.places.address(0, Dialect::Uchat)?;
        // The last one speaks uchat.
        let member = self.nodes.writers.last().ok_or("no writers")?;
        for row in rows {
            let (Some(name), Some(id)) = (row["file"]["name"].as_str(), row["id"].as_i64()) else {
                continue;
            };
            let mut said = ledgers.iter_mut().flat_map(|ledger| &mut ledger.said);
            if let Some(entry) = said.find(|entry| entry.key == name) {
                let is_whole = files::is_whole(from, name, id, room, member)?;
                entry.then = Then::File { is_whole };
            }
        }
        Ok(())
    }
}

/// How long it takes from now on until something is accepted.
async fn accepts_again(writers: &Writers) -> Duration {
    let (begun, before) = (Instant::now(), writers.accepted());
    while writers.accepted() == before && begun.elapsed() < PATIENCE {
        sleep(Duration::from_millis(5)).await;
    }
    begun.elapsed()
}

/// Does it, and heals it after another time in each round.
async fn strike(nodes: &mut Nodes, fault: Fault, round: u64) -> Outcome<()> {
    let node = usize::try_from(round * 7 % 11)? % NODES;
    // From at once to beyond a lease.
    let pause = LEASE * u32::try_from(round * 5 % 8)? / 5;
    match fault {
        Fault::NodeKilled => {
            nodes.kill(node)?;
            sleep(pause).await;
            nodes.start_again(node).await?;
        }
        Fault::NatsKilled => {
            nodes.nats.kill();
            sleep(pause).await;
            nodes.nats.start_again();
        }
        Fault::NatsPaused => {
            nodes.nats.pause();
            sleep(pause.max(LEASE)).await;
            nodes.nats.go_on();
        }
        Fault::PostgresKilled => {
            nodes.with_postgres(|server, _| server.kill()).await?;
            sleep(pause / 2).await;
            nodes.with_postgres(|server, _| server.serve()).await?;
        }
        Fault::BackendsEnded => {
            for _ in 0..3 {
                nodes
                    .with_postgres(|server, url| server.terminate(url))
                    .await?;
                sleep(pause / 4).await;
            }
        }
        Fault::NodePaused => {
            nodes.signal(node, Signal::SIGSTOP)?;
            sleep(LEASE * 2 + pause).await;
            nodes.signal(node, Signal::SIGCONT)?;
        }
    }
    Ok(())
}
