//! `connected`, `users`, `join`, `idle`, `back`, `leave`: who is in the room.

use super::ServerFrame;
use crate::error::DecodeError;
use crate::event::Event;
use crate::flavor::Flavor;
use crate::kind::EventKind;
use crate::user::User;
use crate::value;
use bytes::BytesMut;
use tolmach_json::{Sink, for_each_item};

pub(super) fn read(event: &Event<'_>) -> Result<ServerFrame, DecodeError> {
    if event.kind == EventKind::Users {
        let users = read_users(event)?;
        return Ok(ServerFrame::Users { users });
    }
    let user = User::read(event, event.kind == EventKind::Leave)?;
    if event.kind == EventKind::Connected {
        return Ok(ServerFrame::Connected { user });
    }
    let time = read_time(event)?;
    Ok(match event.kind {
        EventKind::Join => ServerFrame::Join { user, time },
        EventKind::Idle => ServerFrame::Idle { user, time },
        EventKind::Back => ServerFrame::Back { user, time },
        _ => ServerFrame::Leave { user, time },
    })
}

fn read_users(event: &Event<'_>) -> Result<Vec<User>, DecodeError> {
    let right = "a list of hashes with `id` and `name`";
    let users = event.required("users", right, |json| {
        let mut users = Vec::new();
        for_each_item(json, |user| users.push(user)).ok()?;
        Some(users)
    })?;
    let users = users.into_iter();
    users
        .map(|user| User::of(event.kind, Some(user), false))
        .collect()
}

/// Reads the time of an event.
pub(super) fn read_time(event: &Event<'_>) -> Result<i64, DecodeError> {
    let right = "seconds since the epoch, a whole number";
    Ok(event.required("time", right, value::integer)?)
}

/// Writes what follows `{"type":"join`, but for the time and the end.
pub(super) fn write_user(user: &User, flavor: Flavor, out: &mut BytesMut) {
    out.raw("\",\"user\":");
    user.write(flavor, out);
}

/// Writes what follows `{"type":"leave`, but for the end: a bare id (PROTOCOL.md 6.1).
pub(super) fn write_bare(id: i32, time: i64, out: &mut BytesMut) {
    out.raw("\",\"user\":");
    out.number_as_text(id.into());
    write_time(time, out);
}

/// Writes the list that follows `{"type":"users`, but for the end.
pub(super) fn write_users(users: &[User], flavor: Flavor, out: &mut BytesMut) {
    out.raw("\",\"users\":[");
    for (index, user) in users.iter().enumerate() {
        if index > 0 {
            out.raw(",");
        }
        user.write(flavor, out);
    }
    out.raw("]");
}

/// Writes the time after other members.
pub(super) fn write_time(time: i64, out: &mut BytesMut) {
    out.raw(",\"time\":");
    out.number(time);
}
