#![forbid(unsafe_code)]
//! What a delivery costs: servers under one load in one run, beside a bare loop that copies lines and parses nothing.
//!
//! ```text
//!  core 0                 core 1
//!  tolmach, redis, … ◀──▶ this program: tolmach-load's Crowd, a wire for each protocol
//!  the bare loop     ◀──▶ (itself another process of this program)
//! ```
//!
//! `bench/run` builds all that is needed and runs it; `bench/run --help` tells what there is to choose. Read it in this order:
//! [`shape`] (the loads), [`subject`] (who is put under them), [`server`] and [`gateway`] (how those are started), [`bare`],
//! [`wires`] (how each is spoken to), [`round`] (one measurement), [`table`], [`document`]; [`cluster`] (several nodes). Linux only.

mod bare;
mod cluster;
mod cores;
mod document;
mod gateway;
mod round;
mod server;
mod shape;
mod subject;
mod table;
mod wires;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use clap::{Args, Parser, Subcommand};
use tolmach_reliability::Outcome;

use crate::round::Rounds;
use crate::shape::{Group, Shape};
use crate::subject::Subject;
use crate::table::Table;

/// The command line.
#[derive(Debug, Parser)]
#[command(about = "What a delivery costs, beside a bare loop and other servers")]
struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    measure: Measure,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The bare loop: what others are measured by
    #[command(hide = true)]
    Bare(bare::Loop),
    /// What several nodes cost beside one, with PostgreSQL and NATS on the same cores
    Cluster(cluster::Cluster),
}

/// What is measured.
#[derive(Debug, Args)]
struct Measure {
    /// The `tolmach` program; the one beside this program where none is named
    #[arg(long, value_name = "PATH")]
    tolmach: Option<PathBuf>,
    /// Where databases are kept while it runs; by default a file system in memory, where a sync costs nothing
    #[arg(long, value_name = "DIR", default_value = "/dev/shm")]
    dir: PathBuf,
    /// Where databases are kept whose syncs count
    #[arg(long, value_name = "DIR", default_value = ".")]
    disk: PathBuf,
    /// Some shapes and short windows: less than two minutes
    #[arg(long)]
    quick: bool,
    /// These servers alone
    #[arg(long, value_name = "SERVER", value_delimiter = ',', value_parser = Subject::parse)]
    only: Vec<Subject>,
    /// These loads alone
    #[arg(long, value_name = "SHAPE", value_delimiter = ',', value_parser = Shape::parse)]
    shape: Vec<Shape>,
    /// How many times each server is measured under each load, in turn with the others; medians count
    #[arg(long, value_name = "NUMBER")]
    rounds: Option<usize>,
    /// How many seconds each counts
    #[arg(long, value_name = "NUMBER")]
    seconds: Option<f64>,
    /// How many cores servers may use; the load has the last core of the machine for itself
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    server_cores: usize,
    /// Write what was found into this document, between its marks, with plots beside it
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Arguments { action, measure } = Arguments::parse();
    let outcome = match action {
        Some(Action::Bare(bare)) => bare.run().map_err(Into::into),
        Some(Action::Cluster(cluster)) => cluster.run(),
        None => run(&measure),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tolmach-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(measure: &Measure) -> Outcome<()> {
    let mut rounds = Rounds::new(measure)?;
    let mut table = Table::default();
    for round in 0..rounds.count() {
        for shape in Shape::all().filter(|shape| measure.takes_shape(*shape)) {
            // One round shows a curve.
            let is_curve = matches!(
                shape.load().group,
                Group::Rate | Group::Members | Group::Rooms
            );
            if round > 0 && is_curve {
                continue;
            }
            for subject in Subject::all().filter(|subject| measure.takes(*subject, shape)) {
                match rounds.measure(subject, shape) {
                    Ok(Some(found)) => {
                        eprintln!("{subject}, {shape}: {found}");
                        table.add(subject, shape, found);
                    }
                    Ok(None) => {}
                    Err(error) => {
                        eprintln!("{subject}, {shape}: {error}");
                        rounds.give_up(subject);
                    }
                }
            }
        }
    }
    println!("{}", table.markdown(|_| String::new())?);
    if let Some(document) = &measure.write {
        document::write(&table, document, &conditions(&measure.disk)?)?;
    }
    Ok(())
}

impl Measure {
    fn takes_shape(&self, shape: Shape) -> bool {
        match self.shape.is_empty() {
            true => !self.quick || shape.is_quick(),
            false => self.shape.contains(&shape),
        }
    }

    fn takes(&self, subject: Subject, shape: Shape) -> bool {
        match self.only.is_empty() {
            true => subject.is_in(shape.load().group),
            false => self.only.contains(&subject),
        }
    }
}

/// How long a sync of a page takes, in the middle of some.
pub(crate) fn sync_time(disk: &Path) -> Outcome<Duration> {
    let mut file = tempfile::tempfile_in(disk)?;
    let mut times = Vec::new();
    for _ in 0..200 {
        file.write_all(&[0; 4096])?;
        let began = Instant::now();
        file.sync_data()?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

/// When it was, and on what machine.
fn conditions(disk: &Path) -> Outcome<String> {
    let told = |program: &str, arguments: &[&str]| -> Outcome<String> {
        let output = Command::new(program).args(arguments).output()?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    let cpus = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = cpus.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split_once(": "));
    let load = std::fs::read_to_string("/proc/loadavg")?;
    Ok(format!(
        "{}, revision {}, Linux {}, {} cores of {}, load at the end {}; a sync of the disk took {:.2} ms.",
        told("date", &["-u", "+%F"])?,
        told("git", &["describe", "--always", "--dirty"])?,
        told("uname", &["-r"])?,
        cpus.matches("processor\t").count(),
        model.map_or("unknown make", |(_, model)| model),
        load.split(' ').next().unwrap_or_default(),
        sync_time(disk)?.as_secs_f64() * 1e3,
    ))
}
