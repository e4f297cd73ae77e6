//! What a key takes: each function reads one kind of value, or says what is wrong with it and what would be right.

use std::time::Duration;

use super::value::{Value, ValueError, Written};
use crate::model::{is_direct_name, validate_room_name};

/// Longer durations mean a mistake, and the clock's arithmetic must not overflow.
const LONGEST: Duration = Duration::from_secs(36_500 * 24 * 60 * 60);
/// Characters of a login or a room's name, at most.
const LONGEST_NAME: usize = 25;

/// Reads a truth value, `true` or `false`.
///
/// # Errors
/// It is neither.
pub fn flag(written: &Written) -> Result<bool, ValueError> {
    match written.value {
        Value::Flag(flag) => Ok(flag),
        _ => Err(ValueError::new(
            format!("{} is neither true nor false", written.quote()),
            "write true or false",
        )),
    }
}

/// A whole number in the range of its type.
///
/// # Errors
/// It is none, negative or too large.
pub fn whole<T: TryFrom<i128>>(written: &Written) -> Result<T, ValueError> {
    whole_or(written, "write a whole number")
}

/// A whole number where 0 is no limit.
///
/// # Errors
/// It is none, negative or too large.
pub fn limit<T: TryFrom<i128>>(written: &Written) -> Result<T, ValueError> {
    whole_or(written, "write a whole number, or 0 for no limit")
}

fn whole_or<T: TryFrom<i128>>(written: &Written, right: &str) -> Result<T, ValueError> {
    let Value::Integer(number) = written.value else {
        return Err(ValueError::new(
            format!("{} is not a whole number", written.quote()),
            right,
        ));
    };
    let size = if number < 0 { "negative" } else { "too large" };
    T::try_from(number).map_err(|_| ValueError::new(format!("{number} is {size}"), right))
}

/// A duration with its units: `"30s"`, `"1m 30s"`.
///
/// # Errors
/// It is none, has no unit, or is longer than a hundred years.
pub fn duration(written: &Written) -> Result<Duration, ValueError> {
    let right = "write a number and its unit, as \"30s\", \"500ms\", \"1m 30s\" or \"90d\"";
    let Some(text) = written.text() else {
        return Err(match &written.value {
            Value::Integer(number) => no_unit(&number.to_string()),
            _ => ValueError::new(format!("{} is not a duration", written.quote()), right),
        });
    };
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(no_unit(text));
    }
    let duration = humantime::parse_duration(text)
        .map_err(|_| ValueError::new(format!("{text:?} is not a duration"), right))?;
    if duration > LONGEST {
        return Err(ValueError::new(
            format!("{text:?} is too long"),
            "write at most \"36500d\"",
        ));
    }
    Ok(duration)
}

fn no_unit(number: &str) -> ValueError {
    let seconds = if number.starts_with('-') {
        "30"
    } else {
        number
    };
    ValueError::new(
        format!("{number} has no unit"),
        format!("write \"{seconds}s\" for seconds"),
    )
}

/// Text, without quotes in a variable.
///
/// # Errors
/// It is something else.
pub fn text(written: &Written) -> Result<&str, ValueError> {
    written.text().ok_or_else(|| {
        ValueError::new(
            format!("{} is not text", written.quote()),
            "write it in quotes",
        )
    })
}

/// A list, each item read by `item`; `example` is what would be right in its place.
///
/// # Errors
/// It is no list; an item's error, told with the item's line.
pub fn list<T>(
    written: &Written,
    example: &str,
    item: impl Fn(&Written) -> Result<T, ValueError>,
) -> Result<Vec<T>, ValueError> {
    let Value::List(items) = &written.value else {
        return Err(ValueError::new(
            format!("{} is not a list", written.quote()),
            format!("write {example}"),
        ));
    };
    let read = |written| {
        item(written).map_err(|wrong| ValueError {
            line: wrong.line.or(Some(written.line)),
            ..wrong
        })
    };
    items.iter().map(read).collect()
}

/// As [`list`], of what has no order and is there once.
///
/// # Errors
/// As [`list`].
pub fn set<T: Ord>(
    written: &Written,
    example: &str,
    item: impl Fn(&Written) -> Result<T, ValueError>,
) -> Result<Vec<T>, ValueError> {
    let mut items = list(written, example, item)?;
    items.sort();
    items.dedup();
    Ok(items)
}

/// A room's name, without the `#` that some dialects put in front.
///
/// # Errors
/// No room can have this name.
pub fn room(written: &Written) -> Result<String, ValueError> {
    let right = "write a room's name of 1 to 25 characters, as \"lobby\"";
    let name = text(written)?;
    plain(name, right)?;
    if name.contains('#') {
        return Err(ValueError::new(format!("{name:?} has a # in it"), right));
    }
    if validate_room_name("", name).is_err() {
        let fault = format!("{name:?} has a character in it that cannot be seen");
        return Err(ValueError::new(fault, right));
    }
    if is_direct_name(name) {
        let fault = format!("{name:?} is what the direct room of two is called");
        return Err(ValueError::new(fault, right));
    }
    Ok(name.into())
}

/// What any name obeys: 1 to 25 characters, all of them visible.
pub(crate) fn plain(name: &str, right: &str) -> Result<(), ValueError> {
    let length = name.chars().count();
    let fault = match length {
        0 => "the name is empty".into(),
        _ if length > LONGEST_NAME => format!("{name:?} has {length} characters"),
        _ if name.contains(char::is_whitespace) => format!("{name:?} has white space in it"),
        _ if name.contains(char::is_control) => format!("{name:?} has a control character in it"),
        _ => return Ok(()),
    };
    Err(ValueError::new(fault, right))
}
