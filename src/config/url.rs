//! The URLs of the store, of the files and the bus. Messages never repeat more than the scheme: the rest may hold a password.

use std::path::Path;

use super::section::{BusUrl, FilesUrl, StoreUrl};
use crate::settings::{ValueError, Written, read};

/// Reads the URL of a store: `sqlite:PATH` or `memory:`.
pub(super) fn store(written: &Written) -> Result<StoreUrl, ValueError> {
    let right = "write \"sqlite:PATH\" or \"memory:\"";
    let fault = match read::text(written)?.split_once(':') {
        Some(("memory", "")) => return Ok(StoreUrl::Memory),
        Some(("memory", _)) => "memory: takes no path".into(),
        Some(("sqlite", "")) => "sqlite: needs a path".into(),
        Some(("sqlite", ":memory:")) => "the store in memory has a name of its own".into(),
        Some(("sqlite", path)) if path.starts_with("//") => "a path does not begin with //".into(),
        Some(("sqlite", path)) => return Ok(StoreUrl::Sqlite(path.into())),
        Some(("postgres" | "postgresql", _)) => "this build has no PostgreSQL store".into(),
        Some((scheme, _)) => format!("there is no store {scheme:?}"),
        None => "this is not a store's URL".into(),
    };
    Err(ValueError::new(fault, right))
}

/// Reads the URL of the place for files: `file:///PATH`, or nothing.
pub(super) fn files(written: &Written) -> Result<FilesUrl, ValueError> {
    let right = "write \"file:///PATH\", or \"\" for a directory beside the database";
    let fault = match read::text(written)?.split_once(':') {
        None if read::text(written)?.is_empty() => return Ok(FilesUrl::Beside),
        None => "this is not a URL of a place for files".into(),
        Some(("file", path)) => match path.strip_prefix("//").map(Path::new) {
            Some(path) if path.is_absolute() && path.parent().is_some() => {
                return Ok(FilesUrl::Directory(path.to_owned()));
            }
            Some(_) => "file:// needs an absolute path behind it, of a directory below /".into(),
            None => "file: needs // and an absolute path behind it".into(),
        },
        Some(("s3", _)) => "this build cannot keep files in S3".into(),
        Some((scheme, _)) => format!("there is no place for files of kind {scheme:?}"),
    };
    Err(ValueError::new(fault, right))
}

/// Reads the URL of a bus, which is `local:`.
pub(super) fn bus(written: &Written) -> Result<BusUrl, ValueError> {
    let fault = match read::text(written)?.split_once(':') {
        Some(("local", "")) => return Ok(BusUrl::Local),
        Some(("local", _)) => "local: takes nothing behind it".into(),
        Some(("nats" | "tls", _)) => "this build has no NATS bus".into(),
        Some((scheme, _)) => format!("there is no bus {scheme:?}"),
        None => "this is not a bus's URL".into(),
    };
    Err(ValueError::new(fault, "write \"local:\""))
}
