//! The command line: what can be typed, and who carries it out.
//!
//! ```text
//!  arguments ─▶ Config ─┬─▶ serve, check, chat; reload, tap and replay, by the socket of the gateway that runs
//!                       ├─▶ backup, restore, export, import, store, beside the gateway that runs, by the files
//!                       └─▶ user, token, room, ban, session, history ─▶ Operator ─┬─▶ the gateway that runs, by its socket
//!                                                                            └─▶ a hub here, over the same store
//! ```
//!
//! What was asked for goes to standard output, everything else to standard error. Exit codes: 0 done, 1 refused or
//! failed, 2 a wrong command line or configuration.

mod about;
#[cfg(feature = "sqlite")]
mod backup;
mod ban;
mod bench;
mod chat;
mod check;
mod config;
mod confirm;
mod dialects;
mod examples;
#[cfg(feature = "sqlite")]
mod export;
mod failure;
mod history;
#[cfg(feature = "sqlite")]
mod import;
mod line_queue;
mod logging;
mod node;
mod operator;
mod output;
mod pages;
#[cfg(feature = "sqlite")]
mod progress;
mod reload;
mod replay;
#[cfg(feature = "sqlite")]
mod restore;
mod room;
mod room_list;
mod room_name;
mod room_set;
mod secret;
mod serve;
mod session;
mod sockets;
#[cfg(feature = "sqlite")]
mod source;
#[cfg(feature = "sqlite")]
mod store;
mod table;
mod tap;
mod token;
mod transcode;
pub mod transcript;
mod usage;
mod user;
mod user_erase;
mod user_export;
mod yes_no;

use crate::shown::time;
use std::ffi::OsString;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::config::Config;
use crate::dialects::Dialects;
use crate::refusal::words;
use clap::{Command, CommandFactory, Parser, Subcommand};
use tokio::runtime;

use failure::{Failure, Outcome};
use operator::Operator;
use output::Output;

/// A chat gateway: one port per chat protocol, one hub in the middle.
#[derive(Debug, Parser)]
#[command(name = "tolmach", version, max_term_width = 100)]
#[command(after_help = "\
Without a file the defaults and the environment (TOLMACH_…) hold; `tolmach check` shows them.

user, token, room, ban, session and history speak to the gateway that runs on the same data_dir; \
where none runs they work on its store themselves.")]
struct Arguments {
    /// Configuration, a TOML file; its keys can also stand in the environment (TOLMACH_SECTION__KEY)
    #[arg(short, long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Run the gateway until it is told to stop
    Serve(serve::ServeArgs),
    /// Have the gateway that runs read its configuration again, and say what that changes
    Reload(reload::ReloadArgs),
    /// Say what a configuration means, or what is wrong with it and where
    Check(check::CheckArgs),
    /// Print an example of a configuration, or what holds here and why
    #[command(subcommand)]
    Config(config::ConfigAction),
    /// Make and manage accounts
    #[command(subcommand)]
    User(user::UserAction),
    /// Make and revoke API tokens
    #[command(subcommand)]
    Token(token::TokenAction),
    /// Make and manage rooms, and who is in them
    #[command(subcommand)]
    Room(room::RoomAction),
    /// Keep addresses, networks and logins out of the whole gateway
    #[command(subcommand)]
    Ban(ban::BanAction),
    /// See which processes the gateway is
    #[command(subcommand)]
    Node(node::NodeAction),
    /// See who is connected, close connections
    #[command(subcommand)]
    Session(session::SessionAction),
    /// Print what was said in a room, oldest first
    History(history::HistoryArgs),
    /// Copy all that is kept, database and files, into one archive, while serving or stopped
    #[cfg(feature = "sqlite")]
    Backup(backup::BackupArgs),
    /// Bring back what a backup holds, into an empty data directory
    #[cfg(feature = "sqlite")]
    Restore(restore::RestoreArgs),
    /// Write all that is kept, or one room, as lines of JSON
    #[cfg(feature = "sqlite")]
    Export(export::ExportArgs),
    /// Take in what an export wrote: into an empty store, or one room into any
    #[cfg(feature = "sqlite")]
    Import(import::ImportArgs),
    /// See whether all that is kept is whole
    #[cfg(feature = "sqlite")]
    #[command(subcommand)]
    Store(store::StoreAction),
    /// Watch live: frames in, the events they became, frames out; secrets blanked
    Tap(tap::TapArgs),
    /// Run saved transcripts against a gateway, and say what differs
    Replay(replay::ReplayArgs),
    /// Chat over any dialect, by hand or in a pipe
    Chat(chat::ChatArgs),
    /// Put load on a server in any dialect, and see how fast it is
    Bench(bench::BenchArgs),
    /// Replay a client's frames of one dialect as a server's of another
    Transcode(transcode::TranscodeArgs),
    /// Print what becomes of each meaning in each dialect
    Dialects(dialects::DialectsArgs),
    /// Print what makes a shell complete tolmach's commands: `source <(tolmach completions bash)`
    Completions(pages::CompletionsArgs),
    /// Write the manual, a page for each command, into a directory
    Manual(pages::ManualArgs),
}

/// Carries out the command line of this process.
pub fn run() -> ExitCode {
    run_with(crate::dialects::ALL)
}

/// Carries out the command line of this process with these dialects, those of this crate or others.
pub fn run_with(dialects: Dialects) -> ExitCode {
    let Arguments { config, action } = match usage::parse(|| command(dialects)) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    execute(action, config.as_deref(), dialects).unwrap_or_else(Failure::report)
}

/// The command line, with what it says of these dialects.
fn command(dialects: Dialects) -> Command {
    let command = Arguments::command()
        .mut_subcommand("chat", |inner| inner.after_help(chat::help(dialects)))
        .mut_subcommand("bench", |inner| inner.after_help(bench::help(dialects)))
        .mut_subcommand("transcode", |inner| {
            inner.after_help(transcode::help(dialects))
        });
    examples::below(command, dialects)
}

fn execute(action: Action, file: Option<&Path>, dialects: Dialects) -> Outcome<ExitCode> {
    let load_with = |more: Vec<(String, String)>| {
        let is_more = |name: &OsString| more.iter().any(|(other, _)| *name == **other);
        let environment = std::env::vars_os().filter(|(name, _)| !is_more(name));
        let more = more.iter().map(|(name, value)| (name.into(), value.into()));
        Config::load(file, environment.chain(more), dialects)
    };
    let load = || load_with(Vec::new()).map_err(Failure::Configuration);
    match action {
        // A client needs no gateway's configuration; a file that is named is looked at nevertheless.
        Action::Chat(arguments) => {
            file.map(|_| load()).transpose()?;
            on_this_thread(async { Ok(chat::run(arguments, dialects).await) })
        }
        #[cfg(feature = "sqlite")]
        Action::Backup(arguments) => copy(load()?, async |config| arguments.run(config).await),
        #[cfg(feature = "sqlite")]
        Action::Restore(arguments) => copy(load()?, async |config| arguments.run(config).await),
        #[cfg(feature = "sqlite")]
        Action::Export(arguments) => copy(load()?, async |config| arguments.run(config).await),
        #[cfg(feature = "sqlite")]
        Action::Import(arguments) => copy(load()?, async |config| arguments.run(config).await),
        #[cfg(feature = "sqlite")]
        Action::Store(action) => copy(load()?, async |config| action.run(config).await),
        Action::Tap(arguments) => {
            let config = load()?;
            let _log = logging::start("error", config.log.format)?;
            on_this_thread(arguments.run(&config, dialects))
        }
        Action::Replay(arguments) => {
            let _log = logging::start("error", load()?.log.format)?;
            on_this_thread(arguments.run(load_with, dialects))
        }
        Action::Serve(arguments) => serve::run(arguments, file, dialects),
        Action::Reload(arguments) => on_this_thread(arguments.run(load()?)),
        Action::Check(arguments) => arguments.run(&load()?),
        Action::Config(action) => action.run(load, dialects),
        Action::Bench(arguments) => arguments.run(dialects),
        Action::Transcode(arguments) => on_this_thread(transcode::run(arguments, dialects)),
        Action::Dialects(arguments) => arguments.run(dialects).map(|()| ExitCode::SUCCESS),
        Action::Completions(arguments) => arguments.run(command(dialects)),
        Action::Manual(arguments) => arguments.run(command(dialects)),
        Action::User(action) => operate(load()?, async |to, out| action.run(to, out).await),
        Action::Token(action) => operate(load()?, async |to, out| action.run(to, out).await),
        Action::Room(action) => operate(load()?, async |to, out| action.run(to, out).await),
        Action::Ban(action) => operate(load()?, async |to, out| action.run(to, out).await),
        Action::Node(action) => operate(load()?, async |to, out| action.run(to, out).await),
        Action::Session(action) => operate(load()?, async |to, out| action.run(to, out).await),
        Action::History(arguments) => {
            operate(load()?, async |to, out| arguments.run(to, out).await)
        }
    }
}

/// Does long work with what is kept, by its files.
#[cfg(feature = "sqlite")]
fn copy(config: Config, work: impl AsyncFnOnce(&Config) -> Outcome<ExitCode>) -> Outcome<ExitCode> {
    let _log = logging::start("error", config.log.format)?;
    on_this_thread(work(&config))
}

/// Does the operator's work, by the gateway that runs or in its place.
fn operate(
    config: Config,
    work: impl AsyncFnOnce(&mut Operator, &mut Output) -> Outcome<()>,
) -> Outcome<ExitCode> {
    let _log = logging::start("error", config.log.format)?;
    on_this_thread(async {
        let (mut to, mut out) = (Operator::new(config), Output::standard());
        let outcome = work(&mut to, &mut out).await.and_then(|()| out.flush());
        to.finish().await;
        outcome.map(|()| ExitCode::SUCCESS)
    })
}

fn on_this_thread<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(no_runtime)?
        .block_on(work)
}

/// The process may start no threads or open no more files.
fn no_runtime(error: io::Error) -> Failure {
    Failure::because(format!("cannot start: {}", words(&error)))
}
