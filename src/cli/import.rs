//! `tolmach import`: what an export holds, in an empty store, or a room of it in one that is used.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::config::Config;
use crate::config::StoreUrl;
use crate::copies::{self, CopyError, Imported, Places, Progress, StagedRoom};
use crate::daemon::lock::{DataDirLock, LockError};
use crate::model::validate_room_name;
use clap::Args;

use super::about::About;
use super::failure::{Failure, Outcome};
use super::operator::Operator;
use super::output::Output;
use super::progress::{input, places, unless_broken_off, watched};
use super::room_name::{RoomName, new_name};

/// Into an empty store, where no gateway runs: everything comes back as it was, with its numbers, times, and hashes of
/// passwords and tokens. What was cut off or contradicts itself is refused with the line that is wrong, and nothing is left.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// What `tolmach export` wrote; - is standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// What came of `export --room` becomes a new room of this name, in a store that is there, while its gateway serves or not: with
    /// new numbers and its old times
    #[arg(long, value_name = "ROOM", value_parser = new_name)]
    room: Option<RoomName>,
}

impl ImportArgs {
    pub(super) async fn run(self, config: &Config) -> Outcome<ExitCode> {
        if self.file == Path::new("-") && io::stdin().is_terminal() {
            return Err(Failure::because(
                "standard input is a terminal; name a file, or send an export there",
            ));
        }
        let imported = match &self.room {
            None => self.everything(config).await?,
            Some(room) => self.room(room, config).await?,
        };
        let mut out = Output::standard();
        let mut said = format!(
            "imported {} messages and {} files of {} to {}",
            imported.messages,
            imported.files,
            imported.created,
            place(config)
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

    /// Fills an empty store.
    async fn everything(&self, config: &Config) -> Outcome<Imported> {
        #[cfg(feature = "postgres")]
        let url = match &config.store.url {
            StoreUrl::Postgres(url) => Some(url.clone()),
            StoreUrl::Memory | StoreUrl::Sqlite(_) => None,
        };
        #[cfg(feature = "postgres")]
        let places = match &url {
            Some(_) => Places::without_database(config),
            None => places(config)?,
        };
        #[cfg(not(feature = "postgres"))]
        let places = places(config)?;
        let (file, rooms) = (self.file.clone(), config.rooms.create.clone());
        let gateway = config.name.clone();
        let claim = DataDirLock::claim(&places.data_dir).map_err(|error| match error {
            LockError::InUse { .. } => Failure::because(format!(
                "{error}; stop it first, or import one room beside it (--room)"
            )),
            LockError::Io { .. } => Failure::because(error.to_string()),
        })?;
        let take = move |progress: &dyn Progress| {
            let export = opened(&file, progress)?;
            #[cfg(feature = "postgres")]
            if let Some(url) = &url {
                return copies::import_to_postgres(
                    &places, url, &rooms, &gateway, export, progress,
                );
            }
            copies::import(&places, &rooms, &gateway, export, progress)
        };
        let imported = watched(take).await?;
        let imported = imported.map_err(|error| self.failed(&error))?;
        claim.keep();
        Ok(imported)
    }

    /// Brings a room beside the store, and has the gateway there, or a hub in its place, take it in.
    async fn room(&self, room: &RoomName, config: &Config) -> Outcome<Imported> {
        let valid = validate_room_name("room", room.bare());
        valid.map_err(|error| Failure::because(error.to_string()))?;
        let mut operator = Operator::new(config.clone());
        operator.prepare().await?;
        let places = Places::of(config).unwrap_or_else(|| Places::without_database(config));
        let (file, gateway) = (self.file.clone(), config.name.clone());
        let stage = move |progress: &dyn Progress| {
            let export = opened(&file, progress)?;
            StagedRoom::begin(&places, &gateway, export, progress)
        };
        let staged = watched(stage).await;
        let done = match staged {
            Ok(Ok(staged)) => {
                let brought = staged.named(room.bare());
                let taken = unless_broken_off(operator.import(About::room(room), brought)).await;
                taken.map(|()| staged.into_imported())
            }
            Ok(Err(error)) => Err(self.failed(&error)),
            Err(failure) => Err(failure),
        };
        operator.finish().await;
        done
    }

    fn failed(&self, error: &CopyError) -> Failure {
        Failure::because(match error {
            CopyError::Import(_) | CopyError::Archive(_) | CopyError::NewerDatabase { .. } => {
                format!("{}: {error}", input(&self.file))
            }
            other => other.to_string(),
        })
    }
}

/// Where what was imported went.
fn place(config: &Config) -> String {
    match &config.store.url {
        #[cfg(feature = "postgres")]
        StoreUrl::Postgres(url) => url.to_string(),
        StoreUrl::Memory | StoreUrl::Sqlite(_) => config.data_dir.display().to_string(),
    }
}

/// The export that is named.
fn opened(file: &Path, progress: &dyn Progress) -> Result<Box<dyn BufRead>, CopyError> {
    if file == Path::new("-") {
        progress.begin("importing", None);
        return Ok(Box::new(io::stdin().lock()));
    }
    let failed = |error| CopyError::Io {
        path: file.to_owned(),
        error,
    };
    let export = File::open(file).map_err(failed)?;
    let length = export.metadata().map_err(failed)?.len();
    progress.begin("importing", Some(length));
    Ok(Box::new(BufReader::new(export)))
}
