//! What is copied: the files of a store, or what a gateway has in memory.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use super::failure::{Failure, Outcome};
use super::operator::{not_running, unreachable};
use crate::config::Config;
use crate::control::{ControlClient, ControlError, socket_path};
use crate::copies::Places;
use crate::files::Hold;
use crate::refusal::of_file;

/// Where what is to be copied lies, as long as this is kept.
pub(super) struct Source {
    pub(super) places: Places,
    /// What a gateway wrote for this alone, with the files that messages had then.
    made: Option<(PathBuf, Hold)>,
}

impl Source {
    /// Of a store in memory, what its gateway keeps now.
    ///
    /// # Errors
    /// The store is in memory, and no gateway runs.
    pub(super) async fn of(config: &Config) -> Outcome<Self> {
        if let Some(places) = Places::of(config) {
            return Ok(Self { places, made: None });
        }
        let mut places = Places::of_memory(config);
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
        let made = Some((places.database.clone(), hold));
        Ok(Self { places, made })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.made {
            Some(_) => f.write_str("memory:"),
            None => self.places.database.display().fmt(f),
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if let Some((made, _)) = &self.made {
            // The gateway's next start removes what stays.
            let _ = fs::remove_file(made);
        }
    }
}
