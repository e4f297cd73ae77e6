//! Where what a gateway keeps lies.

use std::path::{Path, PathBuf};

use crate::config::{Config, FilesUrl, StoreUrl};
#[cfg(feature = "s3")]
use crate::files::S3Options;

/// The places of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The data directory of the gateway.
    pub data_dir: PathBuf,
    /// The file of the database.
    pub database: PathBuf,
    /// The directory of the contents of files: unless one is configured, it lies beside the database, with its name.
    pub files: PathBuf,
    /// The bucket of the contents of files, where they are not in that directory.
    #[cfg(feature = "s3")]
    pub bucket: Option<S3Options>,
    /// The directory of the certificate that the gateway made for itself.
    pub tls: PathBuf,
}

impl Places {
    /// `None`: the store is no file.
    #[must_use]
    pub fn of(config: &Config) -> Option<Self> {
        match &config.store.url {
            StoreUrl::Memory => None,
            #[cfg(feature = "postgres")]
            StoreUrl::Postgres(_) => None,
            StoreUrl::Sqlite(database) => Some(Self::around(config, database)),
        }
    }

    /// Those beside a gateway whose store is no file: there is none, unless a copy of it is made.
    #[must_use]
    pub fn without_database(config: &Config) -> Self {
        let name = match &config.store.url {
            #[cfg(feature = "postgres")]
            StoreUrl::Postgres(_) => "postgres.db",
            StoreUrl::Memory | StoreUrl::Sqlite(_) => "memory.db",
        };
        Self::around(config, &config.data_dir.join(name))
    }

    fn around(config: &Config, database: &Path) -> Self {
        Self {
            data_dir: config.data_dir.clone(),
            database: database.to_owned(),
            files: match &config.files.url {
                FilesUrl::Beside => database.with_extension("files"),
                FilesUrl::Directory(path) => path.clone(),
                #[cfg(feature = "s3")]
                FilesUrl::S3 { .. } => database.with_extension("files"),
            },
            #[cfg(feature = "s3")]
            bucket: config.files.bucket(),
            tls: tls_in(&config.data_dir),
        }
    }
}

/// Where the gateway's own certificate is.
#[must_use]
pub(crate) fn tls_in(data_dir: &Path) -> PathBuf {
    data_dir.join("tls")
}
