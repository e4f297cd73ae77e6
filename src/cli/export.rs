//! `tolmach export`: all that is kept, as lines of JSON.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::config::Config;
use crate::copies::{self, CopyError, Exported, Places, Progress, Target};
use crate::model::RoomSelector;
use clap::Args;

use super::failure::{Failure, Outcome};
use super::progress::{refuse_closed_output, say_copied, watched};
use super::room_name::RoomName;
use super::source::Source;

/// One object a line, files in base64; docs/export-format.md says what is in it. All that was answered before the command
/// began is in it, of one moment, while a gateway serves or not (of a store in memory, while it serves). Hashes of passwords and tokens are in it, but not with --room.
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
        let file = self.file.clone();
        let is_stream = file == Path::new("-");
        if is_stream {
            refuse_closed_output()?;
        }
        let source = Source::of(config).await?;
        let places = source.places.clone();
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
        say_copied(&said, made.missing, is_stream)
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
