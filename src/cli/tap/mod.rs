//! `tolmach tap`: what comes in, what it becomes, and what goes out, live.

mod block;
mod fixture;
mod hide;
mod names;
mod operator;
mod save;

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::Config;
use crate::control::tap::{Entry, TapQuery};
use crate::control::{ControlClient, ControlError, TapStream, socket_path};
use crate::dialects::Dialects;
use crate::model::{Error, SessionId};
use crate::new_file;
use crate::refusal::of_file;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::about::About;
use super::failure::{Failure, Outcome};
use super::no_runtime;
use super::operator::{Operator, unreachable};
use super::output::Output;
use super::room_name::RoomName;
use save::Saver;

/// A block for each frame that comes in (>), the event that it became (*) or why it became none (!), and the frames that go
/// out (<), each with its time, connection, dialect and user; + and - are connections that come and go. Ends with the
/// gateway, or by Ctrl-C (exit code 130).
#[derive(Debug, Args)]
pub(crate) struct TapArgs {
    /// Only this room's events, the frames that caused them, and the frames that they became; @a,b is the direct room of two
    #[arg(long)]
    room: Option<RoomName>,
    /// Only this session's frames and the events that it caused; `tolmach session list` shows the numbers
    #[arg(long, value_name = "ID")]
    session: Option<u64>,
    /// One object a line: time, connection, dialect, address, session, user, kind, and what the kind has
    #[arg(long)]
    json: bool,
    /// Write what was seen as a transcript, which `tolmach replay` runs, into a file that is not there yet
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

impl TapArgs {
    pub(super) async fn run(self, config: &Config, dialects: Dialects) -> Outcome<ExitCode> {
        let mut stream = self.attach(config).await?;
        let mut saver = match &self.save {
            // Found out before anybody has worked for it.
            Some(path) => {
                let file = new_file::create(path).map_err(|error| unwritable(path, &error))?;
                Some((Saver::new(dialects), file))
            }
            None => None,
        };
        let mut out = Output::standard();
        let seen = self.follow(&mut stream, &mut out, &mut saver).await;
        if let (Some((saver, mut file)), Some(path)) = (saver, &self.save) {
            let written = file.write_all(saver.finish().as_bytes());
            written
                .and_then(|()| file.sync_all())
                .map_err(|error| unwritable(path, &error))?;
        }
        seen.map(|()| ExitCode::SUCCESS)
    }

    async fn attach(&self, config: &Config) -> Outcome<TapStream> {
        let query = TapQuery {
            room: self.room.as_ref().map(RoomName::selector),
            session: self.session.map(SessionId),
            events: false,
        };
        let client = ControlClient::connect(&socket_path(&config.data_dir)).await;
        let attached = match client {
            Ok(client) => client.tap(&query).await,
            Err(error) => Err(error),
        };
        let error = match attached {
            Ok(stream) => return Ok(stream),
            Err(error) => error,
        };
        Err(match (error, &self.room, self.session) {
            (error @ (ControlError::NotRunning | ControlError::Io(_)), ..) => {
                unreachable(config, error)
            }
            (error @ ControlError::Refused(Error::NoSuchRoom), Some(room), _) => {
                let mut to = Operator::new(config.clone());
                to.explain(About::room(room), error).await
            }
            (ControlError::Refused(Error::NoSuchUser), Some(room), _) => {
                Failure::because(format!("there is no room {room}"))
            }
            (ControlError::Refused(Error::Invalid { field, .. }), _, Some(id))
                if field == "session" =>
            {
                Failure::because(format!(
                    "no session {id} is open; `tolmach session list` shows them"
                ))
            }
            (error, ..) => Failure::because(error.to_string()),
        })
    }

    /// Shows what happens, until the gateway stops or somebody has seen enough.
    async fn follow(
        &self,
        stream: &mut TapStream,
        out: &mut Output,
        saver: &mut Option<(Saver, File)>,
    ) -> Outcome<()> {
        let mut interrupt = signal(SignalKind::interrupt()).map_err(no_runtime)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(no_runtime)?;
        // Who waits for it to be there waits for this line.
        say("watching");
        loop {
            let entry = tokio::select! {
                biased;
                _ = interrupt.recv() => return Err(Failure::Interrupted),
                _ = terminate.recv() => return Ok(()),
                entry = stream.next() => entry,
            };
            let Some(entry) = entry.map_err(|error| Failure::because(error.to_string()))? else {
                say("the gateway has stopped");
                return Ok(());
            };
            if let Some((saver, _)) = saver {
                saver.take(&entry);
            }
            self.print(out, &entry)?;
            out.flush()?;
        }
    }

    fn print(&self, out: &mut Output, entry: &Entry) -> Outcome<()> {
        if self.json {
            return out.json(entry);
        }
        let lines = block::lines(entry);
        lines.iter().try_for_each(|line| out.line(line))
    }
}

fn unwritable(path: &std::path::Path, error: &io::Error) -> Failure {
    Failure::because(of_file(path, error))
}

/// On standard error; nobody may be there to read it.
fn say(what: &str) {
    let _ = writeln!(io::stderr(), "tolmach: {what}");
}
