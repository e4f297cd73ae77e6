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
//! [`wires`] (how each is spoken to), [`round`] (one measurement), [`table`]. Linux only.

mod bare;
mod cores;
mod gateway;
mod round;
mod server;
mod shape;
mod subject;
mod table;
mod wires;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use tolmach_reliability::Outcome;

use crate::shape::Shape;
use crate::subject::Subject;

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
    /// Some shapes and short windows: less than two minutes
    #[arg(long)]
    quick: bool,
    /// These servers alone
    #[arg(long, value_name = "SERVER", value_delimiter = ',')]
    only: Vec<Subject>,
    /// These loads alone
    #[arg(long, value_name = "SHAPE", value_delimiter = ',')]
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
}

fn main() -> ExitCode {
    let Arguments { action, measure } = Arguments::parse();
    let outcome = match action {
        Some(Action::Bare(bare)) => bare.run().map_err(Into::into),
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
    let mut rounds = round::Rounds::new(measure)?;
    let shapes = chosen(&measure.shape, Shape::ALL, |shape| {
        !measure.quick || shape.is_quick()
    });
    let subjects = chosen(&measure.only, Subject::ALL, |_| true);
    let mut table = table::Table::new(&shapes, &subjects);
    for _ in 0..rounds.count() {
        for shape in &shapes {
            for subject in &subjects {
                match rounds.measure(*subject, *shape) {
                    Ok(Some(found)) => table.add(*subject, *shape, found),
                    Ok(None) => {}
                    Err(error) => {
                        eprintln!("{subject}, {shape}: {error}");
                        rounds.give_up(*subject);
                    }
                }
            }
        }
    }
    print!("{table}");
    Ok(())
}

/// What was named, else all of this kind.
fn chosen<T: Copy>(named: &[T], all: &[T], is_usual: impl Fn(&T) -> bool) -> Vec<T> {
    match named {
        [] => all.iter().copied().filter(is_usual).collect(),
        named => named.to_vec(),
    }
}
