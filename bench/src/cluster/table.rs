//! What was found, as Markdown.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use super::Found;
use super::load::{Load, Setting};
use super::site::Written;
use crate::table::median;

/// All that was found.
#[derive(Default)]
pub(super) struct Table {
    found: HashMap<(Setting, Load), Vec<Found>>,
    /// How long a sync of a page took, once a round.
    pub(super) syncs: Vec<Duration>,
    /// How many rows a second PostgreSQL took, once a round.
    pub(super) inserted: Vec<f64>,
    /// Messages and round trips of a transaction.
    batches: Vec<[f64; 2]>,
}

impl Table {
    pub(super) fn add(&mut self, setting: Setting, load: Load, found: Found) {
        self.found.entry((setting, load)).or_default().push(found);
    }

    pub(super) fn add_batches(&mut self, before: Written, after: Written) {
        let transactions = (after.transactions - before.transactions).max(1.0);
        let writes = (after.writes - before.writes) / transactions;
        let trips = (after.round_trips - before.round_trips) / transactions;
        self.batches.push([writes, trips]);
    }

    /// The median of what all rounds found; not a number where nothing was.
    fn of(&self, setting: Setting, load: Load, of: impl Fn(&Found) -> f64) -> f64 {
        let found = self.found.get(&(setting, load)).into_iter().flatten();
        median(found.map(of)).unwrap_or(f64::NAN)
    }

    /// The median of the ratios to another setting in the same round.
    fn ratio(&self, setting: Setting, to: Setting, load: Load, of: impl Fn(&Found) -> f64) -> f64 {
        let found = |setting| self.found.get(&(setting, load)).into_iter().flatten();
        let both = found(setting).zip(found(to));
        median(both.map(|(one, other)| of(one) / of(other))).unwrap_or(f64::NAN)
    }

    fn sync(&self) -> f64 {
        let syncs = self.syncs.iter().map(|sync| sync.as_secs_f64() * 1e3);
        median(syncs).unwrap_or(f64::NAN)
    }

    /// What is shown of a setting under a load; nothing where it was not measured.
    fn cell(&self, setting: Setting, load: Load, shown: impl Fn() -> String) -> String {
        match self.found.contains_key(&(setting, load)) {
            true => shown(),
            false => String::new(),
        }
    }

    /// A row for each setting, with a cell for each of these.
    fn rows(
        &self,
        f: &mut fmt::Formatter<'_>,
        head: &[&str],
        cells: impl Fn(Setting) -> Vec<String>,
    ) -> fmt::Result {
        writeln!(
            f,
            "| {} |\n|{}",
            head.join(" | "),
            "---|".repeat(head.len())
        )?;
        for setting in Setting::ALL {
            writeln!(f, "| {setting} | {} |", cells(setting).join(" | "))?;
        }
        writeln!(f)
    }

    fn throughput(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = [
            "accepted messages a second (ratio to SQLite); ms until one is known to be accepted: p50, p99",
            "at most, nobody hears",
            "at most, two hear each",
            "one at a time",
            "at 500 a second",
        ];
        self.rows(f, &head, |setting| {
            let at_most = |load| {
                self.cell(setting, load, || {
                    let rate = self.of(setting, load, |found| found.rate);
                    let ratio = self.ratio(setting, Setting::Sqlite, load, |found| found.rate);
                    format!("{rate:.0} ({ratio:.2})")
                })
            };
            let accepted = |load, part: usize| self.of(setting, load, |found| found.accepted[part]);
            let known = |load| format!("{:.2}, {:.2}", accepted(load, 0), accepted(load, 1));
            let syncs = || accepted(Load::ONE, 0) / self.sync();
            vec![
                at_most(Load::ACCEPTED),
                at_most(Load::HEARD),
                self.cell(setting, Load::ONE, || {
                    format!("{}; p50 is {:.1} syncs", known(Load::ONE), syncs())
                }),
                self.cell(setting, Load::EVEN, || known(Load::EVEN)),
            ]
        })
    }

    fn costs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = [
            "CPU-µs for a message: nodes, PostgreSQL, NATS, the load; cores in use",
            "at most, nobody hears",
            "at most, two hear each",
            "one at a time",
            "at 500 a second",
        ];
        self.rows(f, &head, |setting| {
            let loads = [Load::ACCEPTED, Load::HEARD, Load::ONE, Load::EVEN];
            let cell = |load| {
                self.cell(setting, load, || {
                    let cost = |place: usize| self.of(setting, load, |found| found.cost[place]);
                    let second = match setting {
                        Setting::Sqlite | Setting::Postgres => String::new(),
                        Setting::Own | Setting::Half | Setting::Other => {
                            format!(" + {:.0}", cost(1))
                        }
                    };
                    format!(
                        "{:.0}{second}, {:.0}, {:.0}, {:.0}; {:.2}",
                        cost(0),
                        cost(2),
                        cost(3),
                        cost(4),
                        self.of(setting, load, |found| found.cores)
                    )
                })
            };
            loads.map(cell).to_vec()
        })
    }

    fn deliveries(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = [
            "ms until a message is heard: p50, p99; CPU-µs of the nodes for a delivery (ratio to those at the sender's node)",
            "one at a time, two hear",
            "at 500 a second, two hear each",
            "20 hear each, 2,000 deliveries a second",
            "200 hear each, 4,000",
        ];
        self.rows(f, &head, |setting| {
            let loads = [Load::ONE, Load::EVEN, Load::TEN, Load::HUNDRED];
            let cell = |load| {
                self.cell(setting, load, || {
                    let late = |part: usize| self.of(setting, load, |found| found.latency[part]);
                    let late = format!("{:.2}, {:.2}", late(0), late(1));
                    let cost = self.of(setting, load, |found| found.delivery);
                    let ratio = self.ratio(setting, Setting::Own, load, |found| found.delivery);
                    match load {
                        Load::TEN | Load::HUNDRED => format!("{late}; {cost:.1} ({ratio:.2})"),
                        _ => late,
                    }
                })
            };
            loads.map(cell).to_vec()
        })
    }

    fn round_trips(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |what: &str, place: usize| {
            let cells = self
                .batches
                .iter()
                .map(|batch| format!("{:.1}", batch[place]));
            format!("| {what} | {} |", cells.collect::<Vec<_>>().join(" | "))
        };
        writeln!(
            f,
            "{}\n|---|{}\n{}\n",
            row("messages in a transaction", 0),
            "---|".repeat(self.batches.len()),
            row("round trips for it", 1)
        )
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = median(self.inserted.iter().copied()).unwrap_or(f64::NAN);
        writeln!(
            f,
            "PostgreSQL alone took {rows:.0} rows/s of one connection, a hundred a transaction; a sync took {:.2} ms.\n",
            self.sync()
        )?;
        self.throughput(f)?;
        self.costs(f)?;
        self.deliveries(f)?;
        self.round_trips(f)
    }
}
