//! `tolmach completions` and `tolmach manual`: the command line as shells and `man` know it, from the definitions that
//! `--help` shows.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;

use super::failure::{Failure, Outcome};
use super::output::Output;
use crate::refusal::of_file;

/// Which shell it is for.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Known,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Known {
    Bash,
    Zsh,
    Fish,
}

impl From<Known> for Shell {
    fn from(shell: Known) -> Self {
        match shell {
            Known::Bash => Self::Bash,
            Known::Zsh => Self::Zsh,
            Known::Fish => Self::Fish,
        }
    }
}

impl CompletionsArgs {
    pub(super) fn run(&self, mut command: Command) -> Outcome<ExitCode> {
        let name = command.get_name().to_owned();
        // It would panic where it cannot write.
        let mut script = Vec::new();
        clap_complete::generate(Shell::from(self.shell), &mut command, name, &mut script);
        let mut out = Output::standard();
        let script = String::from_utf8_lossy(&script);
        script.lines().try_for_each(|line| out.line(line))?;
        out.flush().map(|()| ExitCode::SUCCESS)
    }
}

/// Where the manual's pages go.
#[derive(Debug, Args)]
pub(crate) struct ManualArgs {
    /// The directory, made if it is not there: `/usr/local/share/man/man1`
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

impl ManualArgs {
    pub(super) fn run(&self, command: Command) -> Outcome<ExitCode> {
        let directory = &self.directory;
        let written = fs::create_dir_all(directory)
            .and_then(|()| clap_mangen::generate_to(command, directory));
        match written {
            Ok(()) => {
                let mut out = Output::standard();
                out.line(&format!("wrote the manual to {}", directory.display()))?;
                out.flush().map(|()| ExitCode::SUCCESS)
            }
            Err(error) => Err(Failure::because(of_file(directory, &error))),
        }
    }
}
