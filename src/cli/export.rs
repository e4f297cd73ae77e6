//! `tolmach export` and `tolmach import`: all that is kept, as lines of JSON.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::config::Config;
use crate::copies::{self, CopyError, Exported, Imported, Places, Progress, Target};
use crate::daemon::lock::{DataDirLock, LockError};
use crate::model::{RoomSelector, validate_room_name};
use clap::Args;

use super::failure::{Failure, Outcome};
use super::output::Output;
use super::progress::{discard_new, places, watched};
use super::room_name::{RoomName, new_name};

/// One object a line, files in base64; docs/export-format.md says what is in it. All that was answered before the command
/// began is in it, of one moment, while a gateway serves or not. Hashes of passwords and tokens are in it, but not with --room.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// A file that is not there yet; - is standard output (the database is copied to $TMPDIR first)
    #[arg(default_value = "-")]
    file: PathBuf,
    /// This room alone, with those who are or spoke in it; @a,b is the direct room of two
    #[arg(long, value_name = "ROOM")]
    room: Option<RoomName>,
}

impl ExportArgs {
    pub(super) async fn run(self, config: &Config) -> Outcome<ExitCode> {
        let places = places(config)?;
        let file = self.file.clone();
        let is_stream = file == Path::new("-");
        let room = self.room.as_ref().map(RoomName::selector);
        let made = watched(move |progress| made(&places, room.as_ref(), &file, progress)).await?;
        let made = made.map_err(|error| match (error, &self.room) {
            (CopyError::NoSuchRoom, Some(room)) => Failure::because(format!(
                "no room called {room}; `tolmach room list` shows them"
            )),
            (error, _) => Failure::because(error.to_string()),
        })?;
        let mut said = format!(
            "exported {} messages and {} files to {}",
            made.messages,
            made.files,
            self.file.display()
        );
        if made.missing > 0 {
            said += &format!("; {} files that messages have were not there", made.missing);
        }
        if is_stream {
            if made.missing > 0 {
                tracing::error!(missing = made.missing, "{said}");
            }
            return Ok(ExitCode::SUCCESS);
        }
        let mut out = Output::standard();
        out.line(&said)?;
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}

fn made(
    places: &Places,
    room: Option<&RoomSelector>,
    file: &Path,
    progress: &dyn Progress,
) -> Result<Exported, CopyError> {
    if file != Path::new("-") {
        return copies::export(places, room, Target::File(file), progress);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let made = copies::export(places, room, Target::Stream(&mut out), progress)?;
    out.flush().map_err(|error| CopyError::Io {
        path: "standard output".into(),
        error,
    })?;
    Ok(made)
}

/// Into an empty store, where no gateway runs: everything comes back as it was, with its numbers, times, and hashes of
/// passwords and tokens. What was cut off or contradicts itself is refused with the line that is wrong, and nothing is left.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// What `tolmach export` wrote; - is standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// What came of `export --room` becomes a new room of this name, in a store that is there: with new numbers and its old times
    #[arg(long, value_name = "ROOM", value_parser = new_name)]
    room: Option<RoomName>,
}

impl ImportArgs {
    pub(super) async fn run(self, config: &Config) -> Outcome<ExitCode> {
        let places = places(config)?;
        if self.file == Path::new("-") && io::stdin().is_terminal() {
            return Err(Failure::because(
                "standard input is a terminal; name a file, or send an export there",
            ));
        }
        let (data_dir, file) = (places.data_dir.clone(), self.file.clone());
        let to = match &self.room {
            None => To::Everything(config.rooms.create.clone()),
            Some(room) => {
                let valid = validate_room_name("room", room.bare());
                valid.map_err(|error| Failure::because(error.to_string()))?;
                To::Room(room.bare().to_owned())
            }
        };
        let is_new = !data_dir.exists();
        let lock = DataDirLock::acquire_for_command(&data_dir).map_err(|error| match error {
            LockError::InUse { .. } => Failure::because(format!("{error}; stop it first")),
            LockError::Io { .. } => Failure::because(error.to_string()),
        })?;
        let imported = watched(move |progress| taken(&places, &to, &file, progress)).await;
        if is_new && !matches!(imported, Ok(Ok(_))) {
            discard_new(&data_dir);
        }
        drop(lock);
        let imported = imported?.map_err(|error| {
            Failure::because(match error {
                CopyError::Import(_) | CopyError::NewerDatabase { .. } => {
                    format!("{}: {error}", self.file.display())
                }
                other => other.to_string(),
            })
        })?;
        let mut out = Output::standard();
        let mut said = format!(
            "imported {} messages and {} files of {} to {}",
            imported.messages,
            imported.files,
            imported.created,
            data_dir.display()
        );
        if imported.missing > 0 {
            said += &format!(
                "; {} files that messages have are not in this export",
                imported.missing
            );
        }
        out.line(&said)?;
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What an export becomes.
enum To {
    /// All of a store that has these rooms alone, if any.
    Everything(Vec<String>),
    /// A room of this name.
    Room(String),
}

impl To {
    fn take(
        &self,
        places: &Places,
        export: impl BufRead,
        progress: &dyn Progress,
    ) -> Result<Imported, CopyError> {
        match self {
            Self::Everything(rooms) => copies::import(places, rooms, export, progress),
            Self::Room(name) => copies::import_room(places, name, export, progress),
        }
    }
}

fn taken(
    places: &Places,
    to: &To,
    file: &Path,
    progress: &dyn Progress,
) -> Result<Imported, CopyError> {
    if file == Path::new("-") {
        progress.begin("importing", None);
        return to.take(places, io::stdin().lock(), progress);
    }
    let failed = |error| CopyError::Io {
        path: file.to_owned(),
        error,
    };
    let export = File::open(file).map_err(failed)?;
    let length = export.metadata().map_err(failed)?.len();
    progress.begin("importing", Some(length));
    to.take(places, BufReader::new(export), progress)
}
