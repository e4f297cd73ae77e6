//! What a key of the gateway takes beside what any key may take.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::section::Threads;
use crate::settings::read::{duration, limit, text, whole};
use crate::settings::{ValueError, Written};

/// Frames below this would stop every dialect from logging in.
pub(super) fn frame_bytes(written: &Written) -> Result<usize, ValueError> {
    match limit(written)? {
        few @ 1..1024 => Err(ValueError::new(
            format!("{few} is too small"),
            "write at least 1024, or 0 for no limit",
        )),
        bytes => Ok(bytes),
    }
}

/// A number above 0 and within reason, or `auto`.
pub(super) fn threads(written: &Written) -> Result<Threads, ValueError> {
    const MAX: usize = 1024;
    let right = "write a whole number from 1 to 1024, or \"auto\"";
    if written.text() == Some("auto") {
        return Ok(Threads::Auto);
    }
    let wrong = || {
        ValueError::new(
            format!("{} is no number of threads", written.quote()),
            right,
        )
    };
    let count = whole(written).ok().filter(|count| *count <= MAX);
    let count = count.and_then(NonZeroUsize::new);
    count.map(Threads::Count).ok_or_else(wrong)
}

/// A number of connections to a database.
pub(super) fn connections(written: &Written) -> Result<usize, ValueError> {
    let count = whole(written).ok();
    count
        .filter(|count| (1..=1_000).contains(count))
        .ok_or_else(|| {
            let wrong = format!("{} is no number of connections", written.quote());
            ValueError::new(wrong, "write a whole number from 1 to 1000")
        })
}

/// A duration above 0.
pub(super) fn life(written: &Written) -> Result<Duration, ValueError> {
    match duration(written)? {
        Duration::ZERO => Err(ValueError::new(
            "no session could ever be used",
            "write more than \"0s\", as \"90d\"",
        )),
        life => Ok(life),
    }
}

/// Shorter ones are lost by a pause that is none, longer ones keep names for too long.
pub(super) fn lease(written: &Written) -> Result<Duration, ValueError> {
    match duration(written)? {
        lease if (2..=300).contains(&lease.as_secs()) => Ok(lease),
        _ => Err(ValueError::new("a lease is 2 s to 5 min", "write \"10s\"")),
    }
}

pub(super) fn path(written: &Written) -> Result<PathBuf, ValueError> {
    match text(written)? {
        "" => Err(ValueError::new("the path is empty", "write a path")),
        path => Ok(path.into()),
    }
}

pub(super) fn some_path(written: &Written) -> Result<Option<PathBuf>, ValueError> {
    path(written).map(Some)
}

/// Levels as `tracing` has them, alone or as `target=level`, with commas between.
pub(super) fn level(written: &Written) -> Result<String, ValueError> {
    let right =
        "write one of off, error, warn, info, debug, trace, or as \"info,tolmach::hub=debug\"";
    let directives: Vec<_> = text(written)?.split(',').map(str::trim).collect();
    match directives.iter().find(|directive| !is_directive(directive)) {
        Some(bad) => Err(ValueError::new(format!("{bad:?} is not a level"), right)),
        None => Ok(directives
            .iter()
            .map(lower_level)
            .collect::<Vec<_>>()
            .join(",")),
    }
}

/// `INFO` is `info`; a target stays as it is.
fn lower_level(directive: &&str) -> String {
    match directive.rsplit_once('=') {
        Some((target, level)) => format!("{target}={}", level.to_lowercase()),
        None => directive.to_lowercase(),
    }
}

fn is_directive(directive: &str) -> bool {
    let (target, level) = directive.split_once('=').unwrap_or(("any", directive));
    let in_path = |character: char| character.is_ascii_alphanumeric() || "_:-".contains(character);
    let known = ["off", "error", "warn", "info", "debug", "trace"];
    !target.is_empty()
        && target.chars().all(in_path)
        && known.iter().any(|word| word.eq_ignore_ascii_case(level))
}
