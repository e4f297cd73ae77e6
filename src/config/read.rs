//! What a key takes: each function reads one kind of value, or says what would be right.

use std::path::PathBuf;
use std::time::Duration;

use super::error::Wrong;
use super::written::{Value, Written};

/// Longer durations mean a mistake, and the clock's arithmetic must not overflow.
const LONGEST: Duration = Duration::from_secs(36_500 * 24 * 60 * 60);

pub(super) fn flag(written: &Written) -> Result<bool, Wrong> {
    match written.value {
        Value::Flag(flag) => Ok(flag),
        _ => Err(Wrong::new(
            format!("{} is neither true nor false", written.quote()),
            "write true or false",
        )),
    }
}

/// A whole number in the range of its type.
pub(super) fn whole<T: TryFrom<i128>>(written: &Written) -> Result<T, Wrong> {
    whole_or(written, "write a whole number")
}

/// A whole number where 0 is no limit.
pub(super) fn limit<T: TryFrom<i128>>(written: &Written) -> Result<T, Wrong> {
    whole_or(written, "write a whole number, or 0 for no limit")
}

fn whole_or<T: TryFrom<i128>>(written: &Written, right: &str) -> Result<T, Wrong> {
    let Value::Integer(number) = written.value else {
        return Err(Wrong::new(
            format!("{} is not a whole number", written.quote()),
            right,
        ));
    };
    let size = if number < 0 { "negative" } else { "too large" };
    T::try_from(number).map_err(|_| Wrong::new(format!("{number} is {size}"), right))
}

/// Frames below this would stop every dialect from logging in.
pub(super) fn frame_bytes(written: &Written) -> Result<usize, Wrong> {
    match limit(written)? {
        few @ 1..1024 => Err(Wrong::new(
            format!("{few} is too small"),
            "write at least 1024, or 0 for no limit",
        )),
        bytes => Ok(bytes),
    }
}

pub(super) fn duration(written: &Written) -> Result<Duration, Wrong> {
    let right = "write a number and its unit, as \"30s\", \"500ms\", \"1m 30s\" or \"90d\"";
    let Some(text) = written.text() else {
        return Err(match &written.value {
            Value::Integer(number) => no_unit(&number.to_string()),
            _ => Wrong::new(format!("{} is not a duration", written.quote()), right),
        });
    };
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(no_unit(text));
    }
    let duration = humantime::parse_duration(text)
        .map_err(|_| Wrong::new(format!("{text:?} is not a duration"), right))?;
    if duration > LONGEST {
        return Err(Wrong::new(
            format!("{text:?} is too long"),
            "write at most \"36500d\"",
        ));
    }
    Ok(duration)
}

fn no_unit(number: &str) -> Wrong {
    let seconds = if number.starts_with('-') {
        "30"
    } else {
        number
    };
    Wrong::new(
        format!("{number} has no unit"),
        format!("write \"{seconds}s\" for seconds"),
    )
}

/// A duration above 0.
pub(super) fn life(written: &Written) -> Result<Duration, Wrong> {
    match duration(written)? {
        Duration::ZERO => Err(Wrong::new(
            "no session could ever be used",
            "write more than \"0s\", as \"90d\"",
        )),
        life => Ok(life),
    }
}

pub(super) fn text(written: &Written) -> Result<&str, Wrong> {
    written.text().ok_or_else(|| {
        Wrong::new(
            format!("{} is not text", written.quote()),
            "write it in quotes",
        )
    })
}

pub(super) fn path(written: &Written) -> Result<PathBuf, Wrong> {
    match text(written)? {
        "" => Err(Wrong::new("the path is empty", "write a path")),
        path => Ok(path.into()),
    }
}

pub(super) fn some_path(written: &Written) -> Result<Option<PathBuf>, Wrong> {
    path(written).map(Some)
}

/// A list; what is wrong in an item is told with the item's line.
pub(super) fn list<T>(
    written: &Written,
    example: &str,
    item: impl Fn(&Written) -> Result<T, Wrong>,
) -> Result<Vec<T>, Wrong> {
    let Value::List(items) = &written.value else {
        return Err(Wrong::new(
            format!("{} is not a list", written.quote()),
            format!("write {example}"),
        ));
    };
    let read = |written| {
        item(written).map_err(|wrong| Wrong {
            line: wrong.line.or(Some(written.line)),
            ..wrong
        })
    };
    items.iter().map(read).collect()
}

pub(super) fn notices(written: &Written) -> Result<Vec<u16>, Wrong> {
    list(written, "[101], [100, 101] or []", |item| {
        match item.value {
            Value::Integer(100) => Ok(100),
            Value::Integer(101) => Ok(101),
            _ => Err(Wrong::new(
                format!("{} is not a notice", item.quote()),
                "write [101], [100, 101] or []",
            )),
        }
    })
}

pub(super) fn revision(written: &Written) -> Result<u8, Wrong> {
    match written.value {
        Value::Integer(1) => Ok(1),
        Value::Integer(2) => Ok(2),
        _ => Err(Wrong::new(
            format!("{} is not a revision", written.quote()),
            "write 1 or 2",
        )),
    }
}

/// Levels as `tracing` has them, alone or as `target=level`, with commas between.
pub(super) fn level(written: &Written) -> Result<String, Wrong> {
    let right =
        "write one of off, error, warn, info, debug, trace, or as \"info,tolmach::hub=debug\"";
    let directives: Vec<_> = text(written)?.split(',').map(str::trim).collect();
    match directives.iter().find(|directive| !is_directive(directive)) {
        Some(bad) => Err(Wrong::new(format!("{bad:?} is not a level"), right)),
        None => Ok(directives.join(",")),
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
