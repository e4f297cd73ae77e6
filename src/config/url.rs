//! The URLs of the store and the bus. Messages never repeat more than the scheme: the rest may hold a password.

use super::section::{BusUrl, StoreUrl};
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
