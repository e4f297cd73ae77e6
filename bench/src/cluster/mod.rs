//! Several nodes: what they cost beside one, with PostgreSQL, NATS and the load on the same cores.
//!
//! ```text
//!                  ┌─▶ node, SQLite                       own rooms: all at one node
//!  this program ───┼─▶ node ───────────▶ PostgreSQL       half:      receivers at both
//!  (JIM)           └─▶ node 1, node 2 ─▶ PostgreSQL, NATS other:     sender at one, receivers at the other
//! ```
//!
//! Every delivery is checked, as always: lost, twice, out of order or changed ends the measurement, which fails the run.

mod load;
mod site;
mod table;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use hdrhistogram::Histogram;
use tolmach_load::{Crowd, Measured, Plan};
use tolmach_reliability::Outcome;

use crate::cores::open_many_files;
use crate::wires::TEXT_BYTES;
use crate::{conditions, sync_time};
use load::{Load, Setting};
use site::{Site, Spent};
use table::Table;

/// What several nodes cost beside one.
#[derive(Debug, Args)]
pub(crate) struct Cluster {
    /// The `tolmach` program; the one beside this program where none is named
    #[arg(long, value_name = "PATH")]
    server: Option<PathBuf>,
    /// How many times each is measured, in turn with the others; medians count
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    rounds: usize,
    /// How many seconds each counts
    #[arg(long, value_name = "NUMBER", default_value_t = 2.0)]
    seconds: f64,
    /// In these settings alone
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Setting>,
    /// Under these loads alone
    #[arg(long, value_name = "LOAD", value_delimiter = ',', value_parser = Load::parse)]
    load: Vec<Load>,
    /// One round of moments, to see that it works
    #[arg(long, conflicts_with_all = ["rounds", "seconds", "load"])]
    quick: bool,
}

/// What was found of a setting under a load.
#[derive(Debug, Clone, Copy)]
struct Found {
    /// How many messages were accepted a second.
    rate: f64,
    /// ms until half, and 99 %, of the messages were known to be accepted.
    accepted: [f64; 2],
    /// ms until half, and 99 %, of the deliveries came.
    latency: [f64; 2],
    /// CPU-µs for a message: nodes, PostgreSQL, NATS, the load.
    cost: [f64; 5],
    /// CPU-µs of all nodes for a delivery.
    delivery: f64,
    /// How many cores all of them used.
    cores: f64,
}

impl Cluster {
    /// Measures, and prints what it found.
    ///
    /// # Errors
    /// Something was lost, or a server does not start.
    pub(crate) fn run(&self) -> Outcome<()> {
        open_many_files()?;
        let program = match &self.server {
            Some(path) => path.clone(),
            None => std::env::current_exe()?.with_file_name("tolmach"),
        };
        let Some(mut site) = Site::start(&program)? else {
            return Ok(());
        };
        let (rounds, seconds, loads) = match (self.quick, &self.load[..]) {
            (true, _) => (1, 0.2, &Load::QUICK[..]),
            (false, []) => (self.rounds, self.seconds, &Load::ALL[..]),
            (false, chosen) => (self.rounds, self.seconds, chosen),
        };
        let is_meant = |setting: &&Setting| self.only.is_empty() || self.only.contains(setting);
        let time = Duration::try_from_secs_f64(seconds)?;
        let (mut table, mut failed) = (Table::default(), Vec::new());
        for _ in 0..rounds {
            table.syncs.push(sync_time(&Site::disk())?);
            table.inserted.push(site.rows_per_second()?);
            for load in loads.iter().copied() {
                for setting in load.settings().iter().filter(is_meant) {
                    let spent = |site: &Site| site.spent(*setting);
                    match measure(&mut site, *setting, load, time, spent) {
                        Ok(measured) => {
                            let found = Found::of(&measured);
                            eprintln!("{setting}, {load}: {found}");
                            table.add(*setting, load, found);
                        }
                        Err(error) => failed.push(format!("{setting}, {load}: {error}")),
                    }
                }
            }
        }
        let batches = if self.quick { 2 } else { Load::BATCHES.len() };
        for load in Load::BATCHES.into_iter().take(batches) {
            match measure(&mut site, Setting::Postgres, load, time, Site::written) {
                Ok(measured) => table.add_batches(measured.before, measured.after),
                Err(error) => failed.push(format!("{}, {load}: {error}", Setting::Postgres)),
            }
        }
        println!("{}\n\n{table}", conditions(&Site::disk())?);
        match failed.is_empty() {
            true => Ok(()),
            false => Err(failed.join("\n").into()),
        }
    }
}

/// Has a load speak and hear; the watch is read when counting begins and when it ends.
fn measure<W>(
    site: &mut Site,
    setting: Setting,
    load: Load,
    time: Duration,
    watch: impl Fn(&Site) -> io::Result<W>,
) -> Outcome<Measured<W>> {
    let mut crowd = Crowd::gather(site.newcomers(setting, &load)?)?;
    site.settle(setting)?;
    let plan = Plan {
        pace: load.pace(),
        bytes: TEXT_BYTES,
        warm_up: time / 3,
        time,
    };
    let measured = crowd.run(&plan, || watch(site))?;
    drop(crowd);
    site.settle(setting)?;
    Ok(measured)
}

impl Found {
    fn of(measured: &Measured<Spent>) -> Self {
        let seconds = measured.time.as_secs_f64();
        let (before, after) = (measured.before.each(), measured.after.each());
        let taken: [f64; 5] =
            std::array::from_fn(|place| after[place].saturating_sub(before[place]).as_secs_f64());
        let [first, second, ..] = taken;
        let messages = measured.messages.max(1) as f64;
        let at = |histogram: &Histogram<u64>| {
            [0.5, 0.99].map(|part| histogram.value_at_quantile(part) as f64 / 1000.0)
        };
        Self {
            rate: messages / seconds,
            accepted: at(&measured.accepted),
            latency: at(&measured.latency),
            cost: taken.map(|taken| taken * 1e6 / messages),
            delivery: (first + second) * 1e6 / measured.deliveries.max(1) as f64,
            cores: taken.iter().sum::<f64>() / seconds,
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, postgres, nats, own] = self.cost;
        write!(
            f,
            "{:.0}/s, accepted {:.2} ms, heard {:.2} ms; CPU-µs {first:.0} + {second:.0}, {postgres:.0}, {nats:.0}, {own:.0}; {:.1} a delivery",
            self.rate, self.accepted[0], self.latency[0], self.delivery
        )
    }
}
