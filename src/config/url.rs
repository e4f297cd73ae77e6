//! The URLs of the store, of the files and the bus. Messages never repeat more than the scheme: the rest may hold a password.

use std::path::Path;

#[cfg(feature = "nats")]
use super::section::NatsServers;
use super::section::{BusUrl, FilesUrl, StoreUrl};
use crate::settings::{ValueError, Written, read};
#[cfg(feature = "postgres")]
use crate::store::PostgresUrl;

/// Reads the URL of a store: `sqlite:PATH`, `postgres://…` or `memory:`.
pub(super) fn store(written: &Written) -> Result<StoreUrl, ValueError> {
    let right = "write \"sqlite:PATH\", \"postgres://USER@HOST/DATABASE\" or \"memory:\"";
    let url = read::text(written)?;
    let fault = match url.split_once(':') {
        Some(("memory", "")) => return Ok(StoreUrl::Memory),
        Some(("memory", _)) => "memory: takes no path".into(),
        Some(("sqlite", "")) => "sqlite: needs a path".into(),
        Some(("sqlite", ":memory:")) => "the store in memory has a name of its own".into(),
        Some(("sqlite", path)) if path.starts_with("//") => "a path does not begin with //".into(),
        Some(("sqlite", path)) => return Ok(StoreUrl::Sqlite(path.into())),
        #[cfg(feature = "postgres")]
        Some(("postgres" | "postgresql", _)) => match PostgresUrl::parse(url) {
            Ok(url) => return Ok(StoreUrl::Postgres(Box::new(url))),
            Err(fault) => fault,
        },
        #[cfg(not(feature = "postgres"))]
        Some(("postgres" | "postgresql", _)) => "this build has no PostgreSQL store".into(),
        Some((scheme, _)) => format!("there is no store {scheme:?}"),
        None => "this is not a store's URL".into(),
    };
    Err(ValueError::new(fault, right))
}

/// Reads the URL of the place for files: `file:///PATH`, `s3://BUCKET/PREFIX`, or nothing.
pub(super) fn files(written: &Written) -> Result<FilesUrl, ValueError> {
    let right = "write \"file:///PATH\", \"s3://BUCKET/PREFIX\", or \"\" for a directory beside the database";
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
        #[cfg(feature = "s3")]
        Some(("s3", place)) => match bucket(place) {
            Ok(url) => return Ok(url),
            Err(fault) => fault.into(),
        },
        #[cfg(not(feature = "s3"))]
        Some(("s3", _)) => "this build cannot keep files in S3".into(),
        Some((scheme, _)) => format!("there is no place for files of kind {scheme:?}"),
    };
    Err(ValueError::new(fault, right))
}

#[cfg(feature = "s3")]
fn bucket(place: &str) -> Result<FilesUrl, &'static str> {
    let place = place
        .strip_prefix("//")
        .ok_or("s3: needs // and a bucket behind it")?;
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(is_plain) {
        return Err(
            "a bucket's name is 3 to 63 letters, digits, - and . (keys have keys of their own)",
        );
    }
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    let is_part =
        |part: &str| !part.is_empty() && part != "." && part != ".." && part.chars().all(is_plain);
    if !prefix.is_empty() && !prefix.split('/').all(is_part) {
        return Err("a prefix is letters, digits, -, _ and ., with / between");
    }
    Ok(FilesUrl::S3 {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
    })
}

/// Reads where a server of S3 is.
pub(super) fn endpoint(written: &Written) -> Result<Option<String>, ValueError> {
    let url = read::text(written)?;
    let place = url.strip_prefix("http://").or(url.strip_prefix("https://"));
    let place = place.map(|place| place.strip_suffix('/').unwrap_or(place));
    let is_place = |place: &&str| !place.is_empty() && !place.contains(['@', '/', '?', '#', ' ']);
    match place.filter(is_place) {
        Some(_) => Ok(Some(url.to_owned())),
        None => Err(ValueError::new(
            "this is no server's URL",
            "write \"https://HOST\" or, where nobody else is on the network, \"http://HOST:PORT\"",
        )),
    }
}

/// Reads a word that a server knows.
pub(super) fn word(written: &Written) -> Result<Option<String>, ValueError> {
    match read::text(written)? {
        text if !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic()) => {
            Ok(Some(text.to_owned()))
        }
        _ => Err(ValueError::new(
            "this is no word",
            "write it without spaces, or leave it out",
        )),
    }
}

/// Reads the URL of a bus: `local:`, or servers as `nats://USER:PASSWORD@HOST:PORT`, with commas between.
pub(super) fn bus(written: &Written) -> Result<BusUrl, ValueError> {
    let text = read::text(written)?;
    let fault = match text.split_once(':') {
        Some(("local", "")) => return Ok(BusUrl::Local),
        Some(("local", _)) => "local: takes nothing behind it".into(),
        #[cfg(feature = "nats")]
        Some(("nats" | "tls", _)) => match nats(text) {
            Ok(servers) => return Ok(BusUrl::Nats(servers)),
            Err(fault) => fault.into(),
        },
        #[cfg(not(feature = "nats"))]
        Some(("nats" | "tls", _)) => "this build has no NATS bus".into(),
        Some((scheme, _)) => format!("there is no bus {scheme:?}"),
        None => "this is not a bus's URL".into(),
    };
    let right = match cfg!(feature = "nats") {
        true => "write \"local:\", or \"nats://HOST:PORT\", several with commas between",
        false => "write \"local:\"",
    };
    Err(ValueError::new(fault, right))
}

#[cfg(feature = "nats")]
fn nats(text: &str) -> Result<NatsServers, &'static str> {
    let mut read = NatsServers::default();
    for (number, server) in text.split(',').enumerate() {
        let (scheme, rest) = match server.trim().split_once("://") {
            Some((scheme @ ("nats" | "tls"), rest)) => (scheme, rest),
            _ => return Err("each server begins with nats:// or tls://"),
        };
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, rest),
        };
        if place.is_empty() || place.contains(['/', '?', '#', ' ']) {
            return Err("a server is a host and a port");
        }
        let credentials = user.map(|user| match user.split_once(':') {
            Some((user, password)) => (user.to_owned(), Some(password.to_owned())),
            None => (user.to_owned(), None),
        });
        match number {
            0 => read.credentials = credentials,
            _ if credentials.is_some() && credentials != read.credentials => {
                return Err("all servers take the credentials of the first");
            }
            _ => {}
        }
        read.servers.push(format!("{scheme}://{place}"));
    }
    Ok(read)
}

/// Reads what subjects begin with: one or more words with dots between.
pub(super) fn prefix(written: &Written) -> Result<String, ValueError> {
    let text = read::text(written)?;
    let is_word = |word: &str| {
        let mut letters = word.chars();
        !word.is_empty() && letters.all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    if text.split('.').all(is_word) {
        return Ok(text.to_owned());
    }
    let wrong = format!("{} is not the beginning of a subject", written.quote());
    let right = "write letters, digits, - and _, with dots between";
    Err(ValueError::new(wrong, right))
}
