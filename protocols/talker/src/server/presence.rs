//! `connected`, `users`, `join`, `idle`, `back`, `leave`: who is in the room.

use super::{Fields, ServerFrame};
use crate::error::DecodeError;
use crate::field::Field;
use crate::flavor::Flavor;
use crate::kind::EventKind;
use crate::user::User;
use crate::write;
use bytes::BytesMut;
use serde_json::value::RawValue;

pub(super) fn read(event: EventKind, fields: &Fields<'_>) -> Result<ServerFrame, DecodeError> {
    let hash = || User::read(event, fields.user, false);
    let time = || fields.time(event);
    Ok(match event {
        EventKind::Connected => ServerFrame::Connected { user: hash()? },
        EventKind::Join => ServerFrame::Join {
            user: hash()?,
            time: time()?,
        },
        EventKind::Idle => ServerFrame::Idle {
            user: hash()?,
            time: time()?,
        },
        EventKind::Back => ServerFrame::Back {
            user: hash()?,
            time: time()?,
        },
        EventKind::Leave => ServerFrame::Leave {
            user: User::read(event, fields.user, true)?,
            time: time()?,
        },
        _ => ServerFrame::Users {
            users: read_users(fields)?,
        },
    })
}

fn read_users(fields: &Fields<'_>) -> Result<Vec<User>, DecodeError> {
    let field = Field::new(
        EventKind::Users,
        "users",
        "a list of hashes with `id` and `name`",
        fields.users,
    );
    let users: Vec<&RawValue> = field.required(|value| serde_json::from_str(value.get()).ok())?;
    users
        .into_iter()
        .map(|user| User::read(EventKind::Users, Some(user), false))
        .collect()
}

/// Writes what follows `{"type":"join`, but for the time and the end.
pub(super) fn write_user(user: &User, flavor: Flavor, out: &mut BytesMut) {
    write::raw(out, "\",\"user\":");
    user.write(flavor, out);
}

/// Writes what follows `{"type":"leave`, but for the end: "`user` in `leave` is the bare id, as printed".
pub(super) fn write_bare(id: i32, time: i64, out: &mut BytesMut) {
    write::raw(out, "\",\"user\":");
    write::integer_as_string(out, id);
    write_time(time, out);
}

/// Writes the list that follows `{"type":"users`, but for the end.
pub(super) fn write_users(users: &[User], flavor: Flavor, out: &mut BytesMut) {
    write::raw(out, "\",\"users\":[");
    for (index, user) in users.iter().enumerate() {
        if index > 0 {
            write::raw(out, ",");
        }
        user.write(flavor, out);
    }
    write::raw(out, "]");
}

/// Writes the time after other members.
pub(super) fn write_time(time: i64, out: &mut BytesMut) {
    write::raw(out, ",\"time\":");
    write::integer(out, time);
}
