//! `tolmach backup`: all that is kept, in one archive.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::config::Config;
use crate::copies::{self, CopyError, Places, Progress, Target};
use clap::Args;
use indicatif::HumanBytes;

use super::failure::{Failure, Outcome};
use super::progress::{refuse_closed_output, say_copied, watched};
use super::source::Source;

/// The database, the files of messages, and the certificate that the gateway made for itself with its key; not the
/// configuration, nor certificates that it names. All that was answered before the command began is in it. Passwords and
/// tokens are in it as they are kept, hashed: the archive can be read by its owner alone.
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The archive, a tar file that is not there yet; - is standard output (the database is copied to $TMPDIR first)
    file: PathBuf,
}

impl BackupArgs {
    pub(super) async fn run(self, config: &Config) -> Outcome<ExitCode> {
        let file = self.file.clone();
        let is_stream = file == Path::new("-");
        if is_stream && io::stdout().is_terminal() {
            return Err(Failure::because(
                "standard output is a terminal; name a file, or send it somewhere",
            ));
        }
        if is_stream {
            refuse_closed_output()?;
        }
        let source = Source::of(config).await?;
        let places = source.places.clone();
        let made = watched(move |progress| made(&places, &file, progress)).await?;
        let made = made.map_err(|error| Failure::because(error.to_string()))?;
        let mut said = format!(
            "copied {} messages and {} files to {} ({})",
            made.messages,
            made.files,
            self.file.display(),
            HumanBytes(made.bytes)
        );
        if made.missing > 0 {
            said += &format!(
                "; {} files that messages have were not there to be copied",
                made.missing
            );
        }
        say_copied(&said, made.missing, is_stream)
    }
}

fn made(
    places: &Places,
    file: &Path,
    progress: &dyn Progress,
) -> Result<copies::Backup, CopyError> {
    if file == Path::new("-") {
        copies::backup(places, Target::Stream(&mut io::stdout().lock()), progress)
    } else {
        copies::backup(places, Target::File(file), progress)
    }
}
