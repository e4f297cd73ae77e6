//! What was said.

use super::ClientFrame;
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::key::Key;
use crate::object::Object;
use crate::request::RequestType;

pub(super) fn read(
    request: RequestType,
    fields: &Fields<'_>,
) -> Option<Result<ClientFrame, BadFrame>> {
    match request {
        RequestType::NewMessages => Some(new_messages(fields)),
        RequestType::OldMessages => Some(old_messages(fields)),
        RequestType::Search => Some(search(fields)),
        _ => None,
    }
}

fn new_messages(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::NewMessages {
        date: fields.date(Key::Date)?,
        room: fields.id(Key::RoomId)?,
        count: count(fields)?,
    })
}

fn old_messages(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::OldMessages {
        date: fields.date(Key::Date)?,
        room: fields.id(Key::RoomId)?,
        count: count(fields)?,
    })
}

fn search(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::Search {
        text: fields.text(Key::Msg)?,
        room: fields.id(Key::RoomId)?,
    })
}

fn count(fields: &Fields<'_>) -> Result<u32, BadFrame> {
    let count = fields.size(Key::Count)?;
    Ok(count.try_into().unwrap_or(u32::MAX))
}

pub(super) fn write(frame: &ClientFrame, object: &mut Object<'_>) {
    match frame {
        ClientFrame::NewMessages { date, room, count } => {
            object
                .number(Key::Date, date)
                .number(Key::RoomId, room)
                .number(Key::Count, count);
        }
        ClientFrame::OldMessages { date, room, count } => {
            object
                .number(Key::Date, date)
                .number(Key::RoomId, room)
                .number(Key::Count, count);
        }
        ClientFrame::Search { text, room } => {
            object.text(Key::Msg, text).number(Key::RoomId, room);
        }
        _ => {}
    }
}
