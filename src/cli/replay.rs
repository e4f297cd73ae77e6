//! `tolmach replay`: saved transcripts against a gateway.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::failure::{Failure, Outcome};
use super::operator::{not_running, unreachable};
use super::output::Output;
use super::transcript::{FRESH, Server, Transcript, Wrong, left_out, run};
use crate::config::{Config, ConfigError};
use crate::control::{ControlClient, ControlError, socket_path};
use crate::dialects::Dialects;
use crate::model::without_mark;
use crate::refusal::words;

const EXAMPLE: &str = "\
Whether a client's conversation goes the same way after an upgrade:
  tolmach tap --save talk.txt     while the client speaks to the gateway
  tolmach replay --own talk.txt   by the program of the new version

Against a gateway that runs, whose store must be fresh, as a transcript counts accounts, rooms and messages from 1:
  TOLMACH_STORE__URL=memory: tolmach serve -c tolmach.toml &
  tolmach replay -c tolmach.toml talk.txt

Exit codes: 0 all went as they say, 1 one did not, 2 a file cannot be read.";

/// Plays what each person of a transcript sends, and holds what each is told to it. The accounts are made before, with the
/// password CorrectHorseBatteryStaple and the tokens token-LOGIN. What cannot be done here, such as a clock that is paused, is
/// said, and its file left out.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct ReplayArgs {
    /// Start a gateway in memory for each file, of this configuration and what the file says of it; data_dir is not touched
    #[arg(long)]
    own: bool,
    /// Where the gateway that runs is connected to, if not at the addresses that it listens on
    #[arg(long, value_name = "HOST", conflicts_with = "own")]
    host: Option<String>,
    /// One object a line for each file: file, outcome (ok, differs, left_out), line, why
    #[arg(long)]
    json: bool,
    /// Transcripts, as `tolmach tap --save` writes them; - is standard input. More than one need --own
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// How one file went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Ok,
    Differs,
    LeftOut,
}

#[derive(Serialize)]
struct Report<'a> {
    file: &'a Path,
    outcome: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl ReplayArgs {
    /// Replays the files. `load` is the configuration with variables in place of those of the environment.
    pub(super) async fn run(
        self,
        load: impl Fn(Vec<(String, String)>) -> Result<Config, ConfigError>,
        dialects: Dialects,
    ) -> Outcome<ExitCode> {
        let files = self.files.iter().map(|path| Ok((path, read(path)?)));
        let files: Vec<_> = files.collect::<Outcome<_>>()?;
        if files.len() > 1 && !self.own {
            return Err(Failure::Unusable(
                "a gateway that runs is fresh for one file only; give --own, and each has one of its own"
                    .to_owned(),
            ));
        }
        let config = load(Vec::new()).map_err(Failure::Configuration)?;
        let (mut out, mut verdicts) = (Output::standard(), Vec::new());
        for (path, transcript) in &files {
            let wanted = load(transcript.variables())
                .map_err(|error| Failure::Unusable(format!("{}: {error}", path.display())))?;
            let (outcome, wrong) =
                match left_out(transcript, (!self.own).then_some(config == wanted)) {
                    Some(wrong) => (Verdict::LeftOut, Some(wrong)),
                    None => {
                        let mut server = self.server(wanted, dialects).await?;
                        let wrong = run(transcript, &mut server, false).await.err();
                        server.stop().await;
                        let outcome = wrong.as_ref().map_or(Verdict::Ok, |_| Verdict::Differs);
                        (outcome, wrong)
                    }
                };
            verdicts.push(outcome);
            self.print(&mut out, path, outcome, wrong)?;
            out.flush()?;
        }
        self.sum_up(&mut out, &verdicts)?;
        let code = u8::from(verdicts.contains(&Verdict::Differs));
        out.flush().map(|()| ExitCode::from(code))
    }

    async fn server(&self, config: Config, dialects: Dialects) -> Outcome<Server> {
        if self.own {
            let own = Server::own(config, dialects, false).await;
            return own.map_err(Failure::because);
        }
        let control = ControlClient::connect(&socket_path(&config.data_dir)).await;
        let control = control.map_err(|error| match error {
            ControlError::NotRunning => {
                Failure::because(format!("{}; {FRESH}", not_running(&config)))
            }
            error => unreachable(&config, error),
        })?;
        let running = Server::running(control, self.host.clone(), dialects).await;
        running.map_err(Failure::because)
    }

    fn print(
        &self,
        out: &mut Output,
        file: &Path,
        outcome: Verdict,
        wrong: Option<Wrong>,
    ) -> Outcome<()> {
        let (line, why) = wrong.unzip();
        if self.json {
            return out.json(&Report {
                file,
                outcome,
                line,
                why,
            });
        }
        let text = match (outcome, line, why) {
            (Verdict::Ok, ..) => format!("ok {}", file.display()),
            (outcome, line, why) => format!(
                "{} {}:{}: {}",
                if outcome == Verdict::LeftOut {
                    "left out"
                } else {
                    "differs"
                },
                file.display(),
                line.unwrap_or_default(),
                why.unwrap_or_default()
            ),
        };
        text.lines().try_for_each(|line| out.line(line))
    }

    fn sum_up(&self, out: &mut Output, verdicts: &[Verdict]) -> Outcome<()> {
        if self.json {
            return Ok(());
        }
        let count = |wanted| {
            verdicts
                .iter()
                .filter(|verdict| **verdict == wanted)
                .count()
        };
        out.line(&format!(
            "{} ok, {} differ, {} left out",
            count(Verdict::Ok),
            count(Verdict::Differs),
            count(Verdict::LeftOut)
        ))
    }
}

/// A file, or what cannot be read in it.
fn read(path: &Path) -> Outcome<Transcript> {
    let name = path.display();
    let text = match path.to_str() {
        Some("-") => io::read_to_string(io::stdin()),
        _ => std::fs::read_to_string(path),
    };
    let text = text.map_err(|error| Failure::Unusable(format!("{name}: {}", words(&error))))?;
    Transcript::read(without_mark(&text))
        .map_err(|(line, wrong)| Failure::Unusable(format!("{name}:{line}: {wrong}")))
}
