//! Going into rooms and out: `join` and `leave`.

use super::fields::{ROOM, ROOM_PASSWORD};
use crate::client_frame::ClientFrame;
use crate::error::BadFrame;
use tolmach_json::Object;
use tolmach_json::Sink;

/// Reads `join` (PROTOCOL.md 4.4).
pub(crate) fn read_join(object: &Object<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::Join {
        room: read_room(object)?,
        password: ROOM_PASSWORD.optional(object)?.map(Into::into),
    })
}

pub(crate) fn put_join(sink: &mut impl Sink, time: i64, room: &str, password: Option<&str>) {
    sink.raw("{\"action\":\"join\",\"time\":");
    sink.number(time);
    sink.raw(",\"room\":");
    sink.text(room);
    if let Some(password) = password {
        sink.raw(",\"password\":");
        sink.text(password);
    }
    sink.raw("}");
}

/// Reads `leave` (PROTOCOL.md 4.5).
pub(crate) fn read_leave(object: &Object<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::Leave {
        room: read_room(object)?,
    })
}

pub(crate) fn put_leave(sink: &mut impl Sink, time: i64, room: &str) {
    sink.raw("{\"action\":\"leave\",\"time\":");
    sink.number(time);
    sink.raw(",\"room\":");
    sink.text(room);
    sink.raw("}");
}

fn read_room(object: &Object<'_>) -> Result<String, BadFrame> {
    let room = ROOM.required_limited(object)?;
    if !room.starts_with('#') {
        return Err(BadFrame::NoHash {
            field: ROOM.path,
            right: ROOM.right,
        });
    }
    Ok(room.into_owned())
}
