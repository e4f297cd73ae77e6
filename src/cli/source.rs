//! What is copied: the files of a store, or what a gateway has in memory.

use std::fmt;
use std::fs::{self, File};
use std::path::PathBuf;

use super::failure::{Failure, Outcome};
use super::operator::{not_running, unreachable};
use crate::config::Config;
use crate::control::{ControlClient, ControlError, socket_path};
use crate::copies::Places;
use crate::files::Hold;
use crate::refusal::of_file;
#[cfg(feature = "postgres")]
use {
    super::progress::watched,
    crate::config::StoreUrl,
    crate::copies::{CopyError, temporary},
    crate::new_file,
    crate::store::{PostgresStore, PostgresUrl},
};

/// Where what is to be copied lies, as long as this is kept.
pub(super) struct Source {
    pub(super) places: Places,
    /// What was written for this alone, with the files that messages had then, if there were any; open, where nobody else would remove it.
    made: Option<(PathBuf, Option<Hold>, Option<File>)>,
    /// As people call it.
    name: String,
}

impl Source {
    /// Of a store in memory, what its gateway keeps now; of a database on a server, what is there now.
    ///
    /// # Errors
    /// The store is in memory, and no gateway runs; the database cannot be read.
    pub(super) async fn of(config: &Config) -> Outcome<Self> {
        if let Some(places) = Places::of(config) {
            let name = places.database.display().to_string();
            let made = None;
            return Ok(Self { places, made, name });
        }
        #[cfg(feature = "postgres")]
        if let StoreUrl::Postgres(url) = &config.store.url {
            return Self::copied(config, url).await;
        }
        let mut places = Places::without_database(config);
        let failed = |error| match error {
            ControlError::NotRunning => {
                let none = not_running(config);
                Failure::because(format!("store.url is \"memory:\", and {none}"))
            }
            ControlError::Refused(error) => Failure::because(error.to_string()),
            error => unreachable(config, error),
        };
        let connected = ControlClient::connect(&socket_path(&config.data_dir)).await;
        let mut gateway = connected.map_err(failed)?;
        let hold = Hold::of(&places.files)
            .map_err(|error| Failure::because(of_file(&places.files, &error)))?;
        places.database = gateway.copy().await.map_err(failed)?;
        let made = Some((places.database.clone(), Some(hold), None));
        let name = "memory:".to_owned();
        Ok(Self { places, made, name })
    }

    #[cfg(feature = "postgres")]
    async fn copied(config: &Config, url: &PostgresUrl) -> Outcome<Self> {
        let mut places = Places::without_database(config);
        let hold = match Hold::of(&places.files) {
            Ok(hold) => Some(hold),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::because(of_file(&places.files, &error))),
        };
        places.database = temporary();
        let path = places.database.clone();
        let file = new_file::hold(&path);
        let file = file.map_err(|error| Failure::because(of_file(&path, &error)))?;
        let source = Self {
            places,
            made: Some((path.clone(), hold, Some(file))),
            name: url.to_string(),
        };
        let url = url.clone();
        let copied = watched(move |progress| {
            progress.begin("copying", None);
            if !PostgresStore::is_there(&url)? {
                return Err(CopyError::NoStore(url.to_string()));
            }
            Ok(PostgresStore::copy(&url, &path)?)
        });
        copied
            .await?
            .map_err(|error| Failure::because(error.to_string()))?;
        Ok(source)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if let Some((made, ..)) = &self.made {
            // The gateway's next start removes what stays.
            let _ = fs::remove_file(made);
        }
    }
}
