//! What may be a name: the gateway's, a room's, a listener's.

use std::collections::HashSet;

use crate::model::fold_room_name;
use crate::settings::read::{self, plain, room};
use crate::settings::{ValueError, Written};

/// The gateway's own name. People write to it as to anyone, so it obeys the rules of a login.
pub(super) fn gateway(written: &Written) -> Result<String, ValueError> {
    let right = "write a name of 1 to 25 characters, as \"tolmach\"";
    let name = read::text(written)?;
    plain(name, right)?;
    let fault = match name {
        _ if name.starts_with(['#', '@']) => "begins with # or @",
        _ if name.contains(',') => "has a comma in it",
        _ if name.bytes().all(|byte| byte.is_ascii_digit()) => "is a number",
        _ if ["all", "everyone"]
            .iter()
            .any(|all| name.eq_ignore_ascii_case(all)) =>
        {
            "means everyone"
        }
        _ => return Ok(name.into()),
    };
    Err(ValueError::new(format!("{name:?} {fault}"), right))
}

/// What lists call a node; it may be empty.
pub(super) fn node(written: &Written) -> Result<String, ValueError> {
    let name = read::text(written)?;
    if name.chars().count() > 63 || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
        let fault = "a node's name has at most 63 characters, no white space among them";
        return Err(ValueError::new(
            fault,
            "write a name, as \"east-1\", or \"\"",
        ));
    }
    Ok(name.into())
}

/// Rooms' names of which no two are the same.
pub(super) fn rooms(written: &Written) -> Result<Vec<String>, ValueError> {
    let rooms = read::list(written, "[\"lobby\"], or [] for none", room)?;
    let mut seen = HashSet::new();
    match rooms.iter().find(|name| !seen.insert(fold_room_name(name))) {
        Some(twice) => Err(ValueError::new(
            format!("{twice:?} is there twice"),
            "leave one out, case and form make no difference",
        )),
        None => Ok(rooms),
    }
}

/// A listener's name: it stands in the ready line as `name=address`.
pub(super) fn listener(written: &Written) -> Result<String, ValueError> {
    let right = "write a name of 1 to 25 characters, as \"jim.inside\"";
    let name = read::text(written)?;
    plain(name, right)?;
    if name.contains('=') {
        return Err(ValueError::new(format!("{name:?} has a = in it"), right));
    }
    Ok(name.into())
}
