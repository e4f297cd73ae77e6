//! `tolmach restore`: what a backup holds, where nothing is yet.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::config::Config;
use crate::copies::{self, CopyError, Places, Progress, Restored};
use crate::daemon::lock::{DataDirLock, LockError};
use clap::Args;

use super::failure::{Failure, Outcome};
use super::output::Output;
use super::progress::{input, places, watched};

/// The whole archive is checked before anything is put in place; one that was cut off or changed, or that a newer tolmach
/// made, is refused. data_dir and store.url of the configuration say where it goes, and nothing may be there.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The archive that `tolmach backup` made; - is standard input
    file: PathBuf,
}

impl RestoreArgs {
    pub(super) async fn run(self, config: &Config) -> Outcome<ExitCode> {
        let places = places(config)?;
        if self.file == Path::new("-") && io::stdin().is_terminal() {
            return Err(Failure::because(
                "standard input is a terminal; name a file, or send a backup there",
            ));
        }
        let (data_dir, file) = (places.data_dir.clone(), self.file.clone());
        let claim = DataDirLock::claim(&data_dir).map_err(|error| match error {
            LockError::InUse { .. } => Failure::because(format!(
                "{error}; stop it first, and move what it keeps away"
            )),
            LockError::Io { .. } => Failure::because(error.to_string()),
        })?;
        let restored = watched(move |progress| restored(&places, &file, progress)).await?;
        let restored = restored.map_err(|error| {
            Failure::because(match error {
                CopyError::Archive(_) | CopyError::NewerDatabase { .. } => {
                    format!("{}: {error}", input(&self.file))
                }
                other => other.to_string(),
            })
        })?;
        claim.keep();
        let mut said = format!(
            "restored {} messages and {} files of {} to {}",
            restored.messages,
            restored.files,
            restored.created,
            data_dir.display()
        );
        if restored.missing > 0 {
            said += &format!(
                "; {} files that messages have are not in this backup",
                restored.missing
            );
        }
        let mut out = Output::standard();
        out.line(&said)?;
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}

fn restored(places: &Places, file: &Path, progress: &dyn Progress) -> Result<Restored, CopyError> {
    if file == Path::new("-") {
        progress.begin("restoring", None);
        return copies::restore(places, io::stdin().lock(), progress);
    }
    let failed = |error| CopyError::Io {
        path: file.to_owned(),
        error,
    };
    let archive = File::open(file).map_err(failed)?;
    let length = archive.metadata().map_err(failed)?.len();
    progress.begin("restoring", Some(length));
    copies::restore(places, io::BufReader::new(archive), progress)
}
