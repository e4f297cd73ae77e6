//! Files, each on a connection of its own.

use super::ClientFrame;
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::key::Key;
use crate::object::Object;
use crate::request::RequestType;
use crate::secret::Secret;

pub(super) fn read(
    request: RequestType,
    fields: &Fields<'_>,
) -> Option<Result<ClientFrame, BadFrame>> {
    match request {
        RequestType::Upload => Some(upload(fields)),
        RequestType::Download => Some(download(fields)),
        RequestType::ReadyRead => Some(Ok(ClientFrame::ReadyRead)),
        _ => None,
    }
}

fn upload(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::Upload {
        name: fields.text(Key::Name)?,
        size: fields.size(Key::Size)?,
        room: fields.id(Key::RoomId)?,
        token: Secret(fields.text(Key::Token)?),
    })
}

fn download(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::Download {
        room: fields.id(Key::RoomId)?,
        message: fields.id(Key::MsgId)?,
        token: Secret(fields.text(Key::Token)?),
    })
}

pub(super) fn write(frame: &ClientFrame, object: &mut Object<'_>) {
    match frame {
        ClientFrame::Upload {
            name,
            size,
            room,
            token,
        } => {
            object
                .text(Key::Name, name)
                .number(Key::Size, size)
                .number(Key::RoomId, room)
                .text(Key::Token, &token.0);
        }
        ClientFrame::Download {
            room,
            message,
            token,
        } => {
            object
                .number(Key::RoomId, room)
                .number(Key::MsgId, message)
                .text(Key::Token, &token.0);
        }
        _ => {}
    }
}
