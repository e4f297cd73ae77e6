//! Several nodes as one gateway, over a PostgreSQL and a NATS of their own, under load: each is killed, paused or cut off, one
//! after the other, and what was accepted must be there, once and in one order for all; no name is ever held twice.

mod bench;
mod contest;
mod readers;
mod witness;

use std::time::{Duration, Instant};

use clap::Args;
use nix::sys::signal::Signal;
use tokio::time::sleep;

use crate::Outcome;
use crate::client::Room;
use crate::ledger::{FAULTS, Found, Ledger, Sums, Then};
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
}

/// What is done while everybody writes and reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
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
const DEFECTS: &str = "defects logged";
/// How often a name was taken, and somebody spoke by it.
const TAKEN: &str = "names taken";
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
        for fault in Fault::ALL {
            let rounds = match fault {
                Fault::NodeKilled => self.kills,
                _ => self.others,
            };
            let mut sums = Sums::default();
            for round in 0..rounds {
                let begun = Instant::now();
                let found = trial.round(fault, round).await?;
                let broken = broken(&found);
                eprintln!(
                    "{} {} of {rounds}: {:.1?} {}",
                    fault.name(),
                    round + 1,
                    begun.elapsed(),
                    broken.join(", ")
                );
                sums += found;
            }
            columns.push((fault.name(), rounds, sums));
        }
        print(&columns);
        for (reason, count) in &trial.reasons {
            eprintln!("{count:>8}  {reason}");
        }
        let all = columns.iter().flat_map(|(fault, _, sums)| {
            let broken = broken(sums).into_iter();
            broken.map(move |what| format!("{fault}: {what}"))
        });
        let all: Vec<String> = all.collect();
        match all.is_empty() {
            true => Ok(()),
            false => Err(format!("a promise is broken: {}", all.join(", ")).into()),
        }
    }
}

fn broken(sums: &Sums) -> Vec<&'static str> {
    let all = FAULTS.into_iter().chain([HELD_TWICE, UNSETTLED, DEFECTS]);
    all.filter(|fault| sums.of(fault) > 0).collect()
}

/// A table as documentation has it.
fn print(columns: &[(&str, u64, Sums)]) {
    let line = |what: &str, cells: Vec<String>| println!("| {what} | {} |", cells.join(" | "));
    line(
        "",
        columns
            .iter()
            .map(|(name, ..)| (*name).to_owned())
            .collect(),
    );
    println!("|{}", "---|".repeat(columns.len() + 1));
    let rounds = columns.iter().map(|(_, rounds, _)| rounds.to_string());
    line("rounds", rounds.collect());
    let mut rows: Vec<&str> = Vec::new();
    for (what, _) in columns.iter().flat_map(|(.., sums)| &sums.0) {
        if !rows.contains(what) {
            rows.push(what);
        }
    }
    for what in rows {
        let cells = columns.iter().map(|(.., sums)| sums.of(what).to_string());
        line(what, cells.collect());
    }
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

    async fn round(&mut self, fault: Fault, round: u64) -> Outcome<Sums> {
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
        sleep(Duration::from_secs(2)).await;
        let mut ledgers = writers.stop().await?;
        let (taken, twice) = contest.end().await?;
        let mut sums = Sums::default();
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
        Ok(sums)
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
