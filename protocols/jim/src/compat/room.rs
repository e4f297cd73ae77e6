//! `join` and `leave`, which may lack the `#`: PROTOCOL.md 7.3.

use super::first_of;
use crate::client_frame::ClientFrame;
use crate::document::fields::{ROOM, ROOM_PASSWORD};
use crate::error::BadFrame;
use tolmach_json::Object;

pub(super) fn read_join(object: &Object<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::Join {
        room: with_hash(&ROOM.required_limited(object)?),
        password: ROOM_PASSWORD.optional(object)?.map(Into::into),
    })
}

pub(super) fn read_leave(object: &Object<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(match first_of(object, &[&ROOM])? {
        Some(room) => ClientFrame::Leave {
            room: with_hash(&room),
        },
        None => ClientFrame::LeaveLast,
    })
}

fn with_hash(room: &str) -> String {
    format!("#{}", room.strip_prefix('#').unwrap_or(room))
}
