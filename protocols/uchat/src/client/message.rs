//! Saying something, and changing and deleting what was said.

use super::ClientFrame;
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::key::Key;
use crate::number::MessageType;
use crate::object::Object;
use crate::request::RequestType;

pub(super) fn read(
    request: RequestType,
    fields: &Fields<'_>,
) -> Option<Result<ClientFrame, BadFrame>> {
    match request {
        RequestType::Message => Some(message(fields)),
        RequestType::Edit => Some(edit(fields)),
        RequestType::Delete => Some(delete(fields)),
        RequestType::ClearHistory => Some(clear_history(fields)),
        _ => None,
    }
}

const KIND: &str = "0 for a text or 3 for a sticker";

fn message(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::Message {
        room: fields.id(Key::RoomId)?,
        message: fields.text(Key::Message)?,
        kind: fields.number(Key::MsgType, KIND, sendable)?,
    })
}

fn edit(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::Edit {
        room: fields.id(Key::RoomId)?,
        message: fields.id(Key::MsgId)?,
        text: fields.text(Key::Msg)?,
    })
}

fn delete(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::Delete {
        room: fields.id(Key::RoomId)?,
        message: fields.id(Key::MsgId)?,
    })
}

fn clear_history(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::ClearHistory {
        room: fields.id(Key::RoomId)?,
    })
}

/// "msg_type (0 or 3)".
fn sendable(number: i64) -> Option<MessageType> {
    MessageType::from_number(number).filter(|kind| kind.is_sendable())
}

pub(super) fn write(frame: &ClientFrame, object: &mut Object<'_>) {
    match frame {
        ClientFrame::Message {
            room,
            message,
            kind,
        } => {
            object
                .number(Key::RoomId, room)
                .text(Key::Message, message)
                .number(Key::MsgType, kind.number());
        }
        ClientFrame::Edit {
            room,
            message,
            text,
        } => {
            object
                .number(Key::RoomId, room)
                .number(Key::MsgId, message)
                .text(Key::Msg, text);
        }
        ClientFrame::Delete { room, message } => {
            object.number(Key::RoomId, room).number(Key::MsgId, message);
        }
        ClientFrame::ClearHistory { room } => {
            object.number(Key::RoomId, room);
        }
        _ => {}
    }
}
