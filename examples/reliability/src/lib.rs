//! What tolmach promises, tried on the real program over real sockets: one scenario after another does something bad to it, or to
//! those who talk through it, and says in figures what came of that.
//!
//! ```text
//! cargo build --release
//! cargo run --release -p tolmach-reliability -- [--server PATH] SCENARIO [--rounds NUMBER] …
//! ```
//!
//! A scenario prints a table, and fails where a promise is broken. Linux only; a full disk and a vanished client need root.
//!
//! Read it in this order: [`server`] (the gateway as a process), [`client`] (one client for all dialects) and [`member`] (with
//! its socket); [`rounds`] (what is accepted is kept: [`writers`], and the [`ledger`] of what they were told); [`latency`]
//! (what one bad client costs the others: [`trouble`]); [`crowd`] (very many connections);
//! [`cluster`] (the same for several nodes, with PostgreSQL and NATS); [`copies`] (what copies cost those who write meanwhile); [`encrypted`] (connections through TLS).

pub mod client;
pub mod cluster;
pub mod copies;
pub mod crowd;
pub mod encrypted;
mod files;
mod harm;
pub mod latency;
pub mod ledger;
mod logins;
pub mod member;
mod namespace;
pub mod rounds;
pub mod server;
pub mod trouble;
pub mod writers;

use std::error::Error;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// What a scenario, or a step of it, comes to.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The command line of the program.
#[derive(Debug, Parser)]
#[command(about = "Tries what tolmach promises")]
pub struct Arguments {
    /// The `tolmach` program; the one beside this program where none is named
    #[arg(long, value_name = "PATH", global = true)]
    pub server: Option<PathBuf>,
    /// What is tried
    #[command(subcommand)]
    pub scenario: Scenario,
}

/// The scenarios that can be tried.
#[derive(Debug, Subcommand)]
pub enum Scenario {
    /// kill -9 while writers of all dialects say, edit, delete and send files
    Kill(rounds::Rounds),
    /// The disk is full for a while
    Disk(rounds::Rounds),
    /// fsync fails for a while
    Sync(rounds::Rounds),
    /// The log cannot be written: closed, full, or read by nobody
    Log(rounds::Rounds),
    /// Three nodes over PostgreSQL and NATS: each of these, and nodes, is killed, paused or cut off
    Cluster(cluster::Faults),
    /// What one who does not read costs the others
    Stalled(latency::Plan),
    /// What one who says all that he can costs the others
    Flooder(latency::Plan),
    /// What one whose network is gone costs the others
    Vanished(latency::Plan),
    /// What a flood of logins costs the others
    Logins(latency::Plan),
    /// What a backup and an export cost those who write meanwhile, and how long all four ways take
    Copies(copies::Copies),
    /// Connections that say nothing, and many that come at once
    Idle(crowd::Crowd),
}

/// Runs the scenario, which prints what it found.
///
/// # Errors
/// It cannot be made here, or a promise is broken.
pub async fn run(arguments: Arguments) -> Outcome<()> {
    let program = match arguments.server {
        Some(program) => program,
        None => std::env::current_exe()?.with_file_name("tolmach"),
    };
    match arguments.scenario {
        Scenario::Kill(rounds) => rounds.run(&program, rounds::Harm::Kill).await,
        Scenario::Disk(rounds) => rounds.run(&program, rounds::Harm::Disk).await,
        Scenario::Sync(rounds) => rounds.run(&program, rounds::Harm::Sync).await,
        Scenario::Log(rounds) => rounds.run(&program, rounds::Harm::Log).await,
        Scenario::Cluster(faults) => faults.run(&program).await,
        Scenario::Stalled(plan) => plan.run(&program, trouble::Kind::Stalled).await,
        Scenario::Flooder(plan) => plan.run(&program, trouble::Kind::Flooder).await,
        Scenario::Vanished(plan) => plan.run(&program, trouble::Kind::Vanished).await,
        Scenario::Logins(plan) => plan.run(&program, trouble::Kind::Logins).await,
        Scenario::Copies(copies) => copies.run(&program).await,
        Scenario::Idle(crowd) => crowd.run(&program).await,
    }
}
